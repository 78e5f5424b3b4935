// SPDX-License-Identifier: BSD-2-Clause
//! Hello-world TA
#![no_std]
