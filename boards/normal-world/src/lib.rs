// SPDX-License-Identifier: BSD-2-Clause
//! The normal-world kernel that ships
#![no_std]
