// SPDX-License-Identifier: BSD-2-Clause
//! User pointers as claims: an address and a length that do not wrap, and nothing more.

/// A claim on user memory. Only the region table of the TA turns it into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserSlice {
    addr: u64,
    len: u64,
}

impl UserSlice {
    /// A claim on `len` bytes at `addr`; `None` when its end wraps around.
    #[must_use]
    pub const fn new(addr: u64, len: u64) -> Option<Self> {
        match addr.checked_add(len) {
            Some(_) => Some(Self { addr, len }),
            None => None,
        }
    }

    /// First address.
    #[must_use]
    pub const fn addr(self) -> u64 {
        self.addr
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> u64 {
        self.len
    }

    /// True for no bytes at all.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// First address past it.
    #[must_use]
    pub const fn end(self) -> u64 {
        // `new` has checked that this does not wrap.
        self.addr.wrapping_add(self.len)
    }

    /// The claim in parts of `size` bytes at most.
    pub fn parts(self, size: u64) -> impl Iterator<Item = Self> {
        let size = size.max(1);
        (0..self.len.div_ceil(size)).map(move |index| {
            let done = index.saturating_mul(size);
            Self { addr: self.addr.saturating_add(done), len: self.len.saturating_sub(done).min(size) }
        })
    }
}
