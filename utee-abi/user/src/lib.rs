// SPDX-License-Identifier: BSD-2-Clause
//! The TA side of the TEE: the GlobalPlatform TEE Internal Core API as safe Rust.
//!
//! A TA implements [`Ta`] and names it once with [`ta!`]; `utee-build` in its build script makes the header from `ta.toml`.
//! System calls go through [`raw::RawSyscalls`]: `svc #0` in a TA, `fake` on the development machine, so that TAs have
//! host tests. C TAs get the same functions from the crate `libutee`.
//!
//! Neighbours: [`utee_abi`] has every number; `ta-examples` shows the use.
#![no_std]

extern crate alloc;
#[cfg(any(not(any(target_arch = "arm", oxtee_ta)), feature = "fake"))]
extern crate std;

pub mod arithmetic;
pub mod base64;
pub mod cancellation;
pub mod crypto;
pub mod digest;
pub mod entry;
#[cfg(any(not(any(target_arch = "arm", oxtee_ta)), feature = "fake"))]
pub mod fake;
pub mod heap;
pub mod image;
mod init;
pub mod library;
pub mod memory;
#[cfg(all(any(target_arch = "arm", oxtee_ta), not(feature = "fake")))]
pub mod modules;
pub mod net;
pub mod panic;
pub mod params;
pub mod property;
mod pseudo;
pub mod random;
pub mod raw;
pub mod session;
pub mod storage;
pub mod system;
#[cfg(test)]
mod tests;
pub mod time;
pub mod trace;
pub mod traits;

pub use entry::Ta;
pub use params::{MemrefInout, MemrefInput, MemrefOutput, Param, Parameters, ValueInout, ValueInput, ValueOutput};
pub use utee_abi;
pub use utee_abi::result::{Origin, TeeError};
pub use utee_abi::uuid::Uuid;

/// What the functions of a TA return; the error is the TEE_Result that the caller gets.
pub type Result<T, E = TeeError> = core::result::Result<T, E>;
