// SPDX-License-Identifier: BSD-2-Clause
//! Everything only a CPU can do: vectors, world switch, user mode, MMU, caches, and access to memory that is not
//! the kernel's own. The unsafe of the project lives here; what is pure is compiled and tested on the host as well.
#![no_std]

#[cfg(test)]
extern crate std;

extern crate alloc;

#[path = "armv7a/descriptor.rs"]
pub mod descriptor;
pub mod page_bits;

#[cfg(target_arch = "arm")]
use memory_functions as _;

#[cfg(target_arch = "arm")]
mod armv7a;
#[cfg(target_arch = "arm")]
pub use armv7a::*;
