// SPDX-License-Identifier: BSD-2-Clause
//! What boards with an i.MX6UL, ULL or ULZ share, for their images, their normal-world kernel and the host tools: the memory map, what
//! a board says of itself, and what its normal world is granted.
//!
//! **Not tried on hardware.** QEMU's `mcimx6ul-evk` runs the images as far as its model of the chip goes.
#![no_std]

extern crate alloc;

pub mod arguments;
pub mod description;
pub mod map;
pub mod policy;
pub mod script;
