// SPDX-License-Identifier: BSD-2-Clause
//! Random data (GlobalPlatform TEE Internal Core API 1.3.1, section 6.9).

use crate::raw::{self, Word};
use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};
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

/// The TEE's random numbers for crates that want a generator of `rand_core`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TeeRng;

impl TryRng for TeeRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(next_u64())
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        fill(to);
        Ok(())
    }
}

impl TryCryptoRng for TeeRng {}
