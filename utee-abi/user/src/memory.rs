// SPDX-License-Identifier: BSD-2-Clause
//! Memory of the TA (GlobalPlatform TEE Internal Core API 1.3.1, section 4.11).

use crate::Result;
use crate::raw::{self, Word};
use utee_abi::sysnum::Syscall;

pub use utee_abi::access::{AccessFlags, CacheOperation};

/// Whether this TA has `rights` on `len` bytes at `address` (TEE_CheckMemoryAccessRights).
///
/// Without [`AccessFlags::ANY_OWNER`] memory of parameters and shareable mappings is refused as well.
///
/// # Errors
/// ACCESS_DENIED.
pub fn check_access_rights(rights: AccessFlags, address: *const u8, len: usize) -> Result<()> {
    // SAFETY: the kernel looks at its region table and touches no memory.
    unsafe { raw::call(Syscall::CheckAccessRights, [Word::number(rights.bits()), Word::from_ptr(address), Word::size(len)]) }
}

/// Cleans, flushes or invalidates the caches over memory that is not private (TEE_CacheClean, TEE_CacheFlush,
/// TEE_CacheInvalidate).
///
/// # Errors
/// NOT_SUPPORTED without the flag `cache-maintenance`; ACCESS_DENIED.
pub fn maintain_cache(operation: CacheOperation, address: *mut u8, len: usize) -> Result<()> {
    let args = [Word::from_mut(address), Word::size(len), Word::number(operation as u32)];
    // SAFETY: the kernel refuses memory that this TA may not write.
    unsafe { raw::call(Syscall::CacheOperation, args) }
}
