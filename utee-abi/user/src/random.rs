// SPDX-License-Identifier: BSD-2-Clause
//! Random data (GlobalPlatform TEE Internal Core API 1.3.1, section 6.9).

use crate::raw::{self, Word};
use utee_abi::sysnum::Syscall;

/// Fills `buffer` with random bytes (TEE_GenerateRandom); the TA panics when the TEE cannot.
pub fn fill(buffer: &mut [u8]) {
    // SAFETY: the kernel writes `buffer` and nothing else.
    let result = unsafe { raw::call(Syscall::RandomNumberGenerate, [Word::from_mut(buffer.as_mut_ptr()), Word::size(buffer.len())]) };
    crate::panic::or_panic(result);
}

/// A random number.
#[must_use]
pub fn next_u32() -> u32 {
    let mut bytes = [0; 4];
    fill(&mut bytes);
    u32::from_le_bytes(bytes)
}

/// A random number.
#[must_use]
pub fn next_u64() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
