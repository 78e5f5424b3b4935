// SPDX-License-Identifier: BSD-2-Clause
//! Memory access flags and cache operations.

use bitflags::bitflags;
use num_enum::TryFromPrimitive;

bitflags! {
    /// Flags of TEE_CheckMemoryAccessRights, with OP-TEE's two for the world that memory belongs to.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AccessFlags: u32 {
        /// TEE_MEMORY_ACCESS_READ
        const READ = 1;
        /// TEE_MEMORY_ACCESS_WRITE
        const WRITE = 2;
        /// TEE_MEMORY_ACCESS_ANY_OWNER
        const ANY_OWNER = 4;
        /// TEE_MEMORY_ACCESS_NONSECURE
        const NONSECURE = 0x1000_0000;
        /// TEE_MEMORY_ACCESS_SECURE
        const SECURE = 0x2000_0000;
    }
}

/// Cache operations of system call 70.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TryFromPrimitive)]
#[repr(u32)]
pub enum CacheOperation {
    /// Write back.
    Clean = 0,
    /// Write back and invalidate.
    Flush = 1,
    /// Invalidate.
    Invalidate = 2,
}
