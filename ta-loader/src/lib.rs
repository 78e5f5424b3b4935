// SPDX-License-Identifier: BSD-2-Clause
//! Image verification and ELF planning: bytes in, a [`LoadPlan`] out, no effects.
//!
//! [`image::verify`] believes nothing of a signed TA before its signature and digest hold; [`plan::plan`] turns the
//! ELF file inside into what has to be mapped, copied and relocated. Neither panics on any input.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

extern crate alloc;

mod elf;
pub mod error;
pub mod image;
pub mod link;
pub mod plan;
mod relocations;
mod rsa;

pub use error::LoadError;
pub use image::{RootKey, VerifiedImage, verify, verify_with};
pub use plan::{Limits, LoadPlan, plan};
