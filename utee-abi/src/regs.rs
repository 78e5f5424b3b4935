// SPDX-License-Identifier: BSD-2-Clause
//! Registers of a system call, decoded once (OP-TEE ABI, system calls, convention).

use crate::result::TeeError;
use crate::uaddr::UserSlice;

/// Arguments of a system call at most.
pub const MAX_ARGS: usize = 8;

/// Arguments that A32 passes in registers; the rest stands on the user stack.
pub const A32_REGISTER_ARGS: usize = 4;

/// Bytes of an A32 argument on the user stack.
const WORD: usize = 4;

/// A system call as it stands in the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawSyscall {
    /// Number: r7, w8.
    pub number: u32,
    /// Register arguments: r0..r3, x0..x7.
    pub args: [u64; MAX_ARGS],
    /// A32: address and number of further words on the user stack (r5, r6). A64 has none.
    pub extra: Option<(u64, u32)>,
}

impl RawSyscall {
    /// The arguments; `read` copies the words on the user stack.
    ///
    /// # Errors
    /// GENERIC for more extra words than there are arguments, ACCESS_DENIED when they cannot be read.
    pub fn decode(&self, read: impl FnOnce(UserSlice, &mut [u8]) -> bool) -> Result<[u64; MAX_ARGS], TeeError> {
        let mut args = self.args;
        let Some((address, count)) = self.extra else { return Ok(args) };
        let count = usize::try_from(count).map_err(|_| TeeError::GENERIC)?;
        if count > MAX_ARGS - A32_REGISTER_ARGS {
            return Err(TeeError::GENERIC);
        }
        if count > 0 {
            let mut bytes = [0u8; (MAX_ARGS - A32_REGISTER_ARGS) * WORD];
            let words = bytes.get_mut(..count.saturating_mul(WORD)).ok_or(TeeError::GENERIC)?;
            let slice = UserSlice::new(address, words.len() as u64).ok_or(TeeError::ACCESS_DENIED)?;
            if !read(slice, words) {
                return Err(TeeError::ACCESS_DENIED);
            }
            for (arg, word) in args.iter_mut().skip(A32_REGISTER_ARGS).zip(words.chunks_exact(WORD)) {
                *arg = word.try_into().map(u32::from_le_bytes).map_or(0, u64::from);
            }
        }
        Ok(args)
    }
}

/// Arguments of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyscallArgs<'v>(&'v [u64]);

impl<'v> SyscallArgs<'v> {
    /// From values, missing ones being 0.
    #[must_use]
    pub const fn new(values: &'v [u64]) -> Self {
        Self(values)
    }

    /// Argument `index` as an address or a native length.
    #[must_use]
    pub fn addr(&self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// Argument `index` as a u32: its low half, as C passes it.
    #[must_use]
    pub fn u32(&self, index: usize) -> u32 {
        (self.addr(index) & u64::from(u32::MAX)) as u32
    }

    /// Arguments `addr` and `len` as a claim on memory; `None` when its end wraps around.
    #[must_use]
    pub fn slice(&self, addr: usize, len: usize) -> Option<UserSlice> {
        UserSlice::new(self.addr(addr), self.addr(len))
    }
}

#[cfg(test)]
mod tests {
    use super::{RawSyscall, SyscallArgs};
    use crate::result::TeeError;

    #[test]
    fn extra_words_follow_the_registers() {
        let raw = RawSyscall { number: 3, args: [1, 2, 3, 4, 9, 9, 9, 9], extra: Some((0x1000, 2)) };
        let args = raw
            .decode(|slice, out| {
                assert_eq!((slice.addr(), slice.len()), (0x1000, 8));
                out.copy_from_slice(&[5, 0, 0, 0, 6, 0, 0, 0]);
                true
            })
            .unwrap();
        let args = SyscallArgs::new(&args);
        assert_eq!((args.u32(0), args.u32(3), args.u32(4), args.u32(5)), (1, 4, 5, 6));
    }

    #[test]
    fn too_many_extra_words_are_refused() {
        let raw = RawSyscall { number: 3, args: [0; 8], extra: Some((0x1000, 5)) };
        assert_eq!(raw.decode(|_, _| true), Err(TeeError::GENERIC));
        let raw = RawSyscall { extra: Some((0x1000, 4)), ..raw };
        assert_eq!(raw.decode(|_, _| false), Err(TeeError::ACCESS_DENIED));
    }
}
