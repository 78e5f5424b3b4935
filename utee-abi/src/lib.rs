// SPDX-License-Identifier: BSD-2-Clause
//! Every number and wire layout of the TEE's interfaces, each exactly once.
//!
//! Towards TAs: [`sysnum`], [`regs`], [`uaddr`], [`param`], [`ta_head`], [`image`], [`crypto`], [`storage`], [`property`],
//! [`time`], [`access`]; [`gp`] names the same numbers as the C headers do.
//! Towards the normal world: [`smc`], [`psci`], [`msg`], [`rpc`], [`linux`], [`htree`]. Both: [`uuid`], [`result`], [`pta`].
//! The boot image's own layout: [`boot_image`]. There is no `usize` and no pointer in any of them.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

pub mod access;
pub mod boot_image;
pub mod bytes;
pub mod call_rule;
pub mod crypto;
pub mod demonstration;
pub mod gp;
pub mod htree;
pub mod image;
pub mod light;
pub mod linux;
pub mod msg;
mod named;
pub mod opteed;
pub mod param;
pub mod property;
pub mod psci;
pub mod pta;
pub mod regs;
pub mod result;
pub mod rpc;
pub mod smc;
pub mod storage;
pub mod sysnum;
pub mod ta_head;
pub mod ta_objects;
pub mod time;
pub mod uaddr;
pub mod uuid;
