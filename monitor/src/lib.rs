// SPDX-License-Identifier: BSD-2-Clause
//! Puts core, arch and a board together: boot, per-CPU set-up, run loop
#![no_std]
