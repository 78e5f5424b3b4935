// SPDX-License-Identifier: BSD-2-Clause
//! Memory that a parameter or a TA mapping stands on: normal-world pages or secure frames.

use crate::msg::shm::Shm;
use crate::ports::{Frames, Platform, Sealed, SealedOf};
use alloc::sync::Arc;
use core::fmt;

/// Whose pages they are.
pub enum Backing<P: Platform> {
    /// Shared by the normal world; it can change under every reader.
    Shm(Arc<Shm>),
    /// Secure frames of a TA.
    Frames(Arc<P::Frames>),
    /// A verified image, which all instances of a TA share.
    Sealed(Arc<SealedOf<P>>),
}

impl<P: Platform> Clone for Backing<P> {
    fn clone(&self) -> Self {
        match self {
            Self::Shm(shm) => Self::Shm(Arc::clone(shm)),
            Self::Frames(frames) => Self::Frames(Arc::clone(frames)),
            Self::Sealed(sealed) => Self::Sealed(Arc::clone(sealed)),
        }
    }
}

impl<P: Platform> Backing<P> {
    /// True when both are the same object.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Shm(a), Self::Shm(b)) => Arc::ptr_eq(a, b),
            (Self::Frames(a), Self::Frames(b)) => Arc::ptr_eq(a, b),
            (Self::Sealed(a), Self::Sealed(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// True for secure memory.
    pub fn is_secure(&self) -> bool {
        !matches!(self, Self::Shm(_))
    }

    /// Copies from byte `at` counted from the first page; false past the end.
    #[must_use]
    pub fn read(&self, platform: &P, at: usize, out: &mut [u8]) -> bool {
        match self {
            Self::Shm(shm) => shm.read_pages(platform, at, out),
            Self::Frames(frames) => frames.read(at, out),
            Self::Sealed(sealed) => {
                let part = at.checked_add(out.len()).and_then(|end| sealed.bytes().get(at..end));
                part.map(|part| out.copy_from_slice(part)).is_some()
            }
        }
    }

    /// Copies to byte `at` counted from the first page; false past the end.
    #[must_use]
    pub fn write(&self, platform: &P, at: usize, data: &[u8]) -> bool {
        match self {
            Self::Shm(shm) => shm.write_pages(platform, at, data),
            Self::Frames(frames) => frames.write(at, data),
            Self::Sealed(_) => false,
        }
    }
}

/// A buffer in such memory. The range was checked against the object when this was made.
pub struct Memory<P: Platform> {
    /// The pages.
    pub backing: Backing<P>,
    /// First byte of the buffer, counted from the start of the first page of `backing`.
    pub offset: usize,
}

impl<P: Platform> Clone for Memory<P> {
    fn clone(&self) -> Self {
        Self { backing: self.backing.clone(), offset: self.offset }
    }
}

impl<P: Platform> fmt::Debug for Memory<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory(secure: {}, offset: {})", self.backing.is_secure(), self.offset)
    }
}

impl<P: Platform> Memory<P> {
    /// Copies from byte `at` of the buffer; false past the end of the pages.
    #[must_use]
    pub fn read(&self, platform: &P, at: usize, out: &mut [u8]) -> bool {
        self.offset.checked_add(at).is_some_and(|at| self.backing.read(platform, at, out))
    }

    /// Copies to byte `at` of the buffer; false past the end of the pages.
    #[must_use]
    pub fn write(&self, platform: &P, at: usize, data: &[u8]) -> bool {
        self.offset.checked_add(at).is_some_and(|at| self.backing.write(platform, at, data))
    }
}
