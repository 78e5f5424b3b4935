// SPDX-License-Identifier: BSD-2-Clause
//! Everything only a CPU can do: vectors, world switch, user mode, MMU
#![no_std]
