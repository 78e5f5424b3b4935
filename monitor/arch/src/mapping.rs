// SPDX-License-Identifier: BSD-2-Clause
//! What a mapping is for; how it is encoded stands in `descriptor.rs` of each architecture.

/// Rights of the kernel in a mapping of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Read and execute.
    Text,
    /// Read.
    Rodata,
    /// Read and write.
    Data,
    /// Read and write, device memory.
    Device,
    /// Read and write, of the normal world.
    NormalWorld,
}

/// The world that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// Secure.
    Secure,
    /// Non-secure.
    Normal,
}
