// SPDX-License-Identifier: BSD-2-Clause
//! Device drivers: typed registers, one file a block, usable from either world.
//!
//! A driver is made from the base address of its block by an unsafe constructor, whose caller answers for the address;
//! everything after that is safe.
#![no_std]

extern crate alloc;

pub mod block;
pub mod device_tree;
pub mod fw_cfg;
pub mod gicv2;
pub mod gicv3;
pub mod imx6;
pub mod mmio;
pub mod pl011;
pub mod pl031;
pub mod pl061;
pub mod semihosting;
