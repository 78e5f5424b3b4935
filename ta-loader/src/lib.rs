// SPDX-License-Identifier: BSD-2-Clause
//! Image verification and ELF planning: bytes in, a [`LoadPlan`] out, no effects.
//!
//! [`image::verify`] believes nothing of a signed TA before its signature and digest hold; [`plan::plan`] turns the
//! ELF file inside into what has to be mapped, copied and relocated. Neither panics on any input.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod dynamic;
mod elf32;
pub mod error;
pub mod image;
pub mod plan;

pub use error::LoadError;
pub use image::{RootKey, VerifiedImage, verify};
pub use plan::{Limits, LoadPlan, plan};
