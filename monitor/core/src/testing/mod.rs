// SPDX-License-Identifier: BSD-2-Clause
//! The core in a host process: the real code of an SMC's way, on memory and CPUs that are pretended.
//!
//! * [`FakePlatform`] - a value, so that tests run side by side.
//! * [`script`] - TAs as closures that make real system calls from fake user mode.
//! * [`image`] - signed ELF files for them.
//! * [`console`] - an operator, and a chip that separates what is on its bus.
//! * [`normal`] - a small normal world that builds messages byte by byte.

pub mod console;
mod engine;
pub mod image;
pub mod modules;
pub mod normal;
mod platform;
pub mod script;
mod space;
mod threads;

pub use engine::PortableEngine;
pub use platform::{Entropy, FakePlatform, RAM, RESERVED, SECURE_PROBE, Secrets};
pub use space::{FakeContext, FakeFrames, FakeSpace};
