// SPDX-License-Identifier: BSD-2-Clause
//! Message digests (GlobalPlatform TEE Internal Core API 1.3.1, section 6.3).

use crate::Result;
use crate::raw::{self, Word};
use utee_abi::sysnum::Syscall;

pub use utee_abi::crypto::Algorithm;
use utee_abi::crypto::OperationMode;

/// A running digest. Dropping it frees the kernel's state.
#[derive(Debug)]
pub struct Digest {
    state: u32,
    algorithm: u32,
}

impl Digest {
    /// Starts a digest.
    ///
    /// # Errors
    /// NOT_SUPPORTED for an algorithm that the TEE lacks; OUT_OF_MEMORY.
    pub fn new(algorithm: Algorithm) -> Result<Self> {
        Self::by_id(algorithm.into())
    }

    /// Starts a digest by its algorithm id.
    ///
    /// # Errors
    /// As [`Digest::new`].
    pub fn by_id(algorithm: u32) -> Result<Self> {
        let digest = Self { state: allocate(algorithm)?, algorithm };
        digest.start()?;
        Ok(digest)
    }

    /// The algorithm's id.
    #[must_use]
    pub fn algorithm(&self) -> u32 {
        self.algorithm
    }

    fn start(&self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::HashInit, [Word::number(self.state), Word::ZERO, Word::ZERO]) }
    }

    /// Adds data.
    ///
    /// # Errors
    /// Those of the kernel; none for memory of this TA.
    pub fn update(&mut self, data: &[u8]) -> Result<()> {
        // SAFETY: the kernel reads `data`.
        unsafe { self.update_raw(data.as_ptr(), data.len()) }
    }

    /// Adds data at any address that the TA may read, memory of parameters for one.
    ///
    /// # Safety
    /// The kernel checks the range; no Rust value may be in the way of its reading.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub unsafe fn update_raw(&mut self, data: *const u8, len: usize) -> Result<()> {
        // SAFETY: passed on.
        unsafe { raw::call(Syscall::HashUpdate, [Word::number(self.state), Word::from_ptr(data), Word::size(len)]) }
    }

    /// Adds the memory of a parameter, as it is at this moment.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn update_shared(&mut self, data: crate::params::Shared<'_>) -> Result<()> {
        // SAFETY: memory of a parameter has no Rust references into it.
        unsafe { self.update_raw(data.as_ptr(), data.len()) }
    }

    /// Adds `data` and writes the digest; its length. The digest starts anew.
    ///
    /// # Errors
    /// SHORT_BUFFER; the digest goes on then.
    pub fn finish(&mut self, data: &[u8], hash: &mut [u8]) -> Result<usize> {
        // SAFETY: the kernel reads `data` and writes `hash`.
        let (result, len) = unsafe { self.finish_raw(data.as_ptr(), data.len(), hash.as_mut_ptr(), hash.len()) };
        result.map(|()| len)
    }

    /// As [`Digest::finish`] at any address; the length is that of the digest also when the buffer is too short.
    ///
    /// # Safety
    /// The kernel checks both ranges; no Rust value may be in the way of its reading and writing.
    pub unsafe fn finish_raw(&mut self, data: *const u8, len: usize, hash: *mut u8, hash_len: usize) -> (Result<()>, usize) {
        let mut size = hash_len as u64;
        let args = [Word::number(self.state), Word::from_ptr(data), Word::size(len), Word::from_mut(hash), Word::from_mut(&raw mut size)];
        // SAFETY: passed on; the kernel writes the u64 `size`.
        let result = unsafe { raw::call(Syscall::HashFinal, args) }.and_then(|()| self.start());
        (result, usize::try_from(size).unwrap_or(usize::MAX))
    }

    /// Forgets all data.
    ///
    /// # Errors
    /// Those of the kernel.
    pub fn reset(&mut self) -> Result<()> {
        self.start()
    }

    /// A second digest with the same data so far (TEE_CopyOperation).
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn try_clone(&self) -> Result<Self> {
        let mut copy = Self::by_id(self.algorithm)?;
        copy.copy_from(self)?;
        Ok(copy)
    }

    /// Takes over the data of another digest of the same algorithm.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another algorithm.
    pub fn copy_from(&mut self, from: &Self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::CrypStateCopy, [Word::number(self.state), Word::number(from.state)]) }
    }
}

impl Drop for Digest {
    fn drop(&mut self) {
        // A state that cannot be freed has no other remedy; the kernel frees it with the instance.
        // SAFETY: no memory is named.
        let _ = unsafe { raw::call(Syscall::CrypStateFree, [Word::number(self.state)]) };
    }
}

fn allocate(algorithm: u32) -> Result<u32> {
    let mut state = 0u32;
    let mode = OperationMode::Digest.into();
    let args = [Word::number(algorithm), Word::number(mode), Word::ZERO, Word::ZERO, Word::from_mut(&raw mut state)];
    // SAFETY: the kernel writes the u32 `state`.
    unsafe { raw::call(Syscall::CrypStateAlloc, args) }?;
    Ok(state)
}

/// The digest of `data` in one go; its length.
///
/// # Errors
/// SHORT_BUFFER, NOT_SUPPORTED, OUT_OF_MEMORY.
pub fn digest(algorithm: Algorithm, data: &[u8], hash: &mut [u8]) -> Result<usize> {
    Digest::new(algorithm)?.finish(data, hash)
}
