// SPDX-License-Identifier: BSD-2-Clause
//! Device drivers: typed registers, one file a block
#![no_std]
