// SPDX-License-Identifier: BSD-2-Clause
//! User pointers as claims: an address and a length that do not wrap, and nothing more.

/// A user address, and nothing but the claim that it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserAddr(u64);

impl UserAddr {
    /// From an argument.
    #[must_use]
    pub const fn new(addr: u64) -> Self {
        Self(addr)
    }

    /// The address.
    #[must_use]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// True for NULL.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// A claim on `len` bytes here; `None` when its end wraps around.
    #[must_use]
    pub const fn slice(self, len: u64) -> Option<UserSlice> {
        UserSlice::new(self.0, len)
    }

    /// The address `offset` bytes further; `None` when that wraps around.
    #[must_use]
    pub const fn checked_add(self, offset: u64) -> Option<Self> {
        match self.0.checked_add(offset) {
            Some(addr) => Some(Self(addr)),
            None => None,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::{UserAddr, UserSlice};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn a_claim_never_wraps(addr in any::<u64>(), len in any::<u64>()) {
            match UserSlice::new(addr, len) {
                Some(slice) => prop_assert_eq!((slice.end(), slice.is_empty()), (addr + len, len == 0)),
                None => prop_assert!(addr.checked_add(len).is_none()),
            }
            prop_assert_eq!(UserAddr::new(addr).slice(len), UserSlice::new(addr, len));
            prop_assert_eq!(UserAddr::new(addr).checked_add(len).map(UserAddr::raw), addr.checked_add(len));
        }

        #[test]
        fn parts_cover_a_claim(addr in any::<u32>(), len in 0u64..5000, size in 0u64..700) {
            let slice = UserSlice::new(addr.into(), len).unwrap();
            let mut next = slice.addr();
            for part in slice.parts(size) {
                prop_assert_eq!(part.addr(), next);
                prop_assert!(!part.is_empty() && part.len() <= size.max(1));
                next = part.end();
            }
            prop_assert_eq!(next, slice.end());
        }
    }
}
