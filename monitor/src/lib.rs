// SPDX-License-Identifier: BSD-2-Clause
//! Puts core, arch and a board together: boot, per-CPU set-up, run loop.
//!
//! A board implements [`Board`] and calls [`boot::primary`] and [`boot::secondary`] from its entry code; [`Machine`]
//! is the core's platform on such a board.
#![no_std]
#![cfg(target_os = "none")]

extern crate alloc;

pub mod boot;
pub mod heap;
pub mod layout;
pub mod machine;
pub mod panic;
mod timer;

pub use machine::{Board, Machine};
