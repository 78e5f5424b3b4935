// SPDX-License-Identifier: BSD-2-Clause
//! Memory that the other world may change at any time, pages of it, and a mark that does not survive a fork.
#![allow(unsafe_code)]

use super::kernel::Errno;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU32, Ordering};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Bytes that are copied to and from, and never borrowed.
pub(super) struct Region {
    address: *mut u8,
    len: usize,
}

// SAFETY: a region is an address and a length; its bytes are only copied, and what two threads copy at once may be mixed as
// what the other world does at the same time may.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// # Safety
    /// `len` bytes at `address` are valid for reads and writes as long as the region is used, and nobody has a Rust reference
    /// to them.
    pub(super) unsafe fn new(address: *mut u8, len: usize) -> Self {
        Self { address, len }
    }

    pub(super) fn address(&self) -> *mut u8 {
        self.address
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn at(&self, at: usize, len: usize) -> Option<*mut u8> {
        let inside = at.checked_add(len).is_some_and(|end| end <= self.len);
        inside.then(|| self.address.wrapping_add(at))
    }

    pub(super) fn read(&self, at: usize, out: &mut [u8]) -> bool {
        let Some(from) = self.at(at, out.len()) else { return false };
        // SAFETY: `at` says that the range is inside the region, which is valid; `out` is a Rust slice, so it is elsewhere.
        unsafe { ptr::copy_nonoverlapping(from, out.as_mut_ptr(), out.len()) };
        true
    }

    pub(super) fn write(&self, at: usize, data: &[u8]) -> bool {
        let Some(to) = self.at(at, data.len()) else { return false };
        // SAFETY: as in `read`.
        unsafe { ptr::copy_nonoverlapping(data.as_ptr(), to, data.len()) };
        true
    }

    pub(super) fn clear(&self, at: usize, len: usize) {
        let len = len.min(self.len.saturating_sub(at));
        if let Some(to) = self.at(at, len) {
            // SAFETY: as in `read`.
            unsafe { ptr::write_bytes(to, 0, len) };
        }
    }
}

/// Mapped pages.
pub(super) struct Pages {
    region: Region,
}

impl Pages {
    /// Zeroed pages of the process.
    pub(super) fn anonymous(len: usize) -> Result<Self, Errno> {
        Self::map(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)
    }

    /// The pages of a file, shared.
    pub(super) fn of_file(fd: BorrowedFd<'_>, len: usize) -> Result<Self, Errno> {
        Self::map(len, libc::MAP_SHARED, fd.as_raw_fd())
    }

    fn map(len: usize, flags: i32, fd: i32) -> Result<Self, Errno> {
        // SAFETY: without an address the kernel chooses one where nothing is.
        let address = unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_READ | libc::PROT_WRITE, flags, fd, 0) };
        if address == libc::MAP_FAILED {
            return Err(Errno::of(&io::Error::last_os_error()));
        }
        // SAFETY: the mapping is of that length, readable and writable, and this value's until it is dropped.
        Ok(Self { region: unsafe { Region::new(address.cast(), len) } })
    }

    pub(super) fn region(&self) -> &Region {
        &self.region
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: `map` made exactly this mapping, and nothing refers to it any longer.
        let _ = unsafe { libc::munmap(self.region.address.cast(), self.region.len) };
    }
}

/// A word that is 1 here, and 0 in processes forked from this one.
pub(super) struct ForkMark {
    pages: Pages,
}

impl ForkMark {
    pub(super) fn new() -> Result<Self, Errno> {
        let pages = Pages::anonymous(size_of::<AtomicU32>())?;
        // SAFETY: the mapping is this value's. Where the advice is unknown (before Linux 4.14) forks go unnoticed.
        let _ = unsafe { libc::madvise(pages.region.address.cast(), pages.region.len, libc::MADV_WIPEONFORK) };
        let mark = Self { pages };
        mark.word().store(1, Ordering::Relaxed);
        Ok(mark)
    }

    fn word(&self) -> &AtomicU32 {
        let word = NonNull::new(self.pages.region.address).map_or(NonNull::dangling(), NonNull::cast::<AtomicU32>);
        // SAFETY: a page is aligned and large enough for a word, a mapping is not at address 0, and only atomics touch it.
        unsafe { word.as_ref() }
    }

    /// True once after a fork.
    pub(super) fn forked(&self) -> bool {
        self.word().load(Ordering::Relaxed) == 0 && self.word().swap(1, Ordering::Relaxed) == 0
    }
}
