// SPDX-License-Identifier: BSD-2-Clause
//! The GlobalPlatform TEE Client API 1.0 in Rust, over a [`Transport`].
//!
//! A [`Context`] is a line to a TEE, a [`Session`] one to a trusted application in it. [`Session::invoke`] takes a command
//! and an [`Operation`] with up to four typed parameters: values, temporary buffers that are borrowed for the call, and
//! [`SharedMemory`] that both worlds keep seeing. Sessions may be used from several threads at once.
//!
//! With the feature `loopback` there is a transport into a TEE in the same process, for tests.
//!
//! * [`transport::linux`] calls the TEE of a Linux system, at `/dev/tee0`;
//! * [`transport::smc`] speaks OP-TEE's SMC and message protocol, for a kernel without an operating system around it.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod context;
mod error;
mod memory;
mod operation;
pub mod transport;

pub use context::{Cancellation, Context, Identity, Session};
pub use error::Error;
pub use memory::{SharedBytes, SharedMemory};
pub use operation::{Direction, Memref, Operation, Param, Temporary};
pub use transport::Transport;
pub use utee_abi::msg::Login;
pub use utee_abi::result::{Origin, TeeError};
pub use utee_abi::uuid::Uuid;
