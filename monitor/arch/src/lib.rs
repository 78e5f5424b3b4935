// SPDX-License-Identifier: BSD-2-Clause
//! Everything only a CPU can do: vectors, world switch, user mode, MMU, caches, and access to memory that is not
//! the kernel's own. The unsafe of the project lives here; what is pure is compiled and tested on the host as well.
#![no_std]

#[cfg(test)]
extern crate std;

extern crate alloc;

#[cfg(not(target_arch = "aarch64"))]
#[path = "armv7a/descriptor.rs"]
pub mod descriptor;
#[cfg(target_arch = "aarch64")]
#[path = "aarch64/descriptor.rs"]
pub mod descriptor;
#[cfg(all(test, not(target_arch = "aarch64")))]
#[allow(dead_code, unreachable_pub, reason = "its tests run wherever the others do")]
#[path = "aarch64/descriptor.rs"]
mod descriptor_a64;
pub mod mapping;
pub mod page_bits;

#[cfg(target_arch = "arm")]
use memory_functions as _;

#[cfg(target_os = "none")]
pub mod frames;
#[cfg(target_os = "none")]
pub mod lock;
#[cfg(target_os = "none")]
pub mod memory;

#[cfg(all(target_os = "none", target_arch = "aarch64"))]
mod aarch64;
#[cfg(all(target_os = "none", target_arch = "aarch64"))]
pub use aarch64::*;
#[cfg(all(target_os = "none", target_arch = "arm"))]
mod armv7a;
#[cfg(all(target_os = "none", target_arch = "arm"))]
pub use armv7a::*;
