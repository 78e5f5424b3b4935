// SPDX-License-Identifier: BSD-2-Clause
//! Secure page frames for TAs: a pool, and what is taken from it.

use crate::cache;
use crate::lock::IrqSpinLock;
use crate::page_bits::{Bits, Extent, MAX_PAGES};
use alloc::vec::Vec;
use core::ops::Range;
use lock_api::Mutex;
use tee_core::ports::{Frames, PAGE_SIZE, PoolUsage, Sealed};
use utee_abi::result::TeeError;

struct Map {
    used: Bits,
    /// Pages that are zero.
    clean: Bits,
    base: usize,
    pages: usize,
    /// How much of it is given out.
    usage: PoolUsage,
}

/// The secure RAM that TAs get.
pub struct FramePool {
    map: Mutex<IrqSpinLock, Map>,
}

impl FramePool {
    /// A pool without pages.
    pub const fn new() -> Self {
        let usage = PoolUsage { size: 0, used: 0, peak: 0, failures: 0, largest_failure: 0, used_at_failure: 0 };
        let map = Map { used: Bits::new(), clean: Bits::new(), base: 0, pages: 0, usage };
        Self { map: Mutex::new(map) }
    }

    /// Gives the pool its memory.
    ///
    /// # Safety
    /// The range is page-aligned RAM, mapped readable and writable at its own address, and nobody else's for ever.
    pub unsafe fn provide(&self, range: Range<usize>) {
        let mut map = self.map.lock();
        map.base = range.start;
        map.pages = (range.len() / PAGE_SIZE).min(MAX_PAGES);
        map.usage.size = map.pages * PAGE_SIZE;
    }

    /// Bytes free and in all.
    pub fn usage(&self) -> (usize, usize) {
        let map = self.map.lock();
        (map.usage.size - map.usage.used, map.usage.size)
    }

    /// What the pool was asked for; `reset` forgets all but what is given out now.
    pub fn statistics(&self, reset: bool) -> PoolUsage {
        let mut map = self.map.lock();
        if reset { map.usage.reset() } else { map.usage }
    }

    /// Gives out `pages` zeroed pages, in one run where there is one.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn take(&'static self, pages: usize) -> Result<SecureFrames, TeeError> {
        let mut frames = SecureFrames { pool: self, extents: Vec::new(), pages: 0, base: 0 };
        while frames.pages < pages {
            frames.extents.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
            let mut map = self.map.lock();
            let fits = frames.pages != 0 || (map.usage.size - map.usage.used) / PAGE_SIZE >= pages;
            let Some(extent) = fits.then(|| map.claim(pages - frames.pages)).flatten() else {
                map.usage.fail(pages.saturating_mul(PAGE_SIZE));
                return Err(TeeError::OUT_OF_MEMORY);
            };
            frames.base = map.base;
            frames.pages += extent.pages;
            frames.extents.push(extent);
        }
        frames.clean();
        Ok(frames)
    }

    /// Gives out `pages` zeroed pages in one run, as high as there is one, so that the short-lived ones below find room.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn take_run(&'static self, pages: usize) -> Result<SecureFrames, TeeError> {
        let mut extents = Vec::new();
        extents.try_reserve_exact(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let mut map = self.map.lock();
        let Some(extent) = map.claim_run(pages) else {
            map.usage.fail(pages.saturating_mul(PAGE_SIZE));
            return Err(TeeError::OUT_OF_MEMORY);
        };
        extents.push(extent);
        let frames = SecureFrames { pool: self, extents, pages, base: map.base };
        drop(map);
        frames.clean();
        Ok(frames)
    }
}

impl SecureFrames {
    /// Zeroes the pages that are not. A page of another owner is never touched: these are claimed.
    fn clean(&self) {
        for extent in &self.extents {
            for page in extent.first..extent.first + extent.pages {
                let clean = self.pool.map.lock().clean.get(page);
                if !clean {
                    wipe(self.base + page * PAGE_SIZE, PAGE_SIZE);
                    self.pool.map.lock().clean.set(Extent { first: page, pages: 1 }, true);
                }
            }
        }
    }
}

impl Default for FramePool {
    fn default() -> Self {
        Self::new()
    }
}

impl Map {
    /// Claims `wanted` pages of the first run that has as many, or the longest there is.
    fn claim(&mut self, wanted: usize) -> Option<Extent> {
        let mut best = Extent { first: 0, pages: 0 };
        for run in self.used.clear_runs(self.pages) {
            if run.pages > best.pages {
                best = Extent { pages: run.pages.min(wanted), ..run };
            }
            if best.pages == wanted {
                break;
            }
        }
        (best.pages != 0).then(|| self.mark(best))
    }

    /// Claims the highest run of exactly `wanted` pages.
    fn claim_run(&mut self, wanted: usize) -> Option<Extent> {
        let run = self.used.clear_runs(self.pages).filter(|run| run.pages >= wanted && wanted != 0).last()?;
        Some(self.mark(Extent { first: run.first + run.pages - wanted, pages: wanted }))
    }

    fn mark(&mut self, extent: Extent) -> Extent {
        self.used.set(extent, true);
        self.usage.take(extent.pages * PAGE_SIZE);
        extent
    }
}

fn wipe(address: usize, len: usize) {
    // SAFETY: pages of the pool that the caller has claimed, mapped writable at their own address.
    unsafe { core::ptr::write_bytes(address as *mut u8, 0, len) };
    // A compiler that sees the pages freed may not drop the wipe.
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
}

/// Pages that somebody has.
pub struct SecureFrames {
    pool: &'static FramePool,
    extents: Vec<Extent>,
    pages: usize,
    base: usize,
}

impl SecureFrames {
    /// Physical address of page `index`.
    pub fn address(&self, index: usize) -> Option<usize> {
        let mut left = index;
        for extent in &self.extents {
            if left < extent.pages {
                return Some(self.base + (extent.first + left) * PAGE_SIZE);
            }
            left -= extent.pages;
        }
        None
    }

    /// Calls `f(address, done, len)` for each contiguous part of a byte range; false when it passes the end.
    fn parts(&self, offset: usize, len: usize, mut f: impl FnMut(usize, usize, usize)) -> bool {
        if offset.checked_add(len).is_none_or(|end| end > self.pages * PAGE_SIZE) {
            return false;
        }
        if let [extent] = self.extents.as_slice() {
            // One run, as nearly always.
            f(self.base + extent.first * PAGE_SIZE + offset, 0, len);
            return true;
        }
        let (mut skip, mut done) = (offset, 0);
        for extent in &self.extents {
            let size = extent.pages * PAGE_SIZE;
            if skip >= size {
                skip -= size;
                continue;
            }
            let part = (size - skip).min(len - done);
            f(self.base + extent.first * PAGE_SIZE + skip, done, part);
            done += part;
            skip = 0;
            if done == len {
                break;
            }
        }
        true
    }
}

/// Memory that nobody writes any more.
pub struct SealedFrames {
    bytes: &'static [u8],
    physical: usize,
    /// Wiped and given back when this is dropped.
    _frames: Option<SecureFrames>,
}

impl SealedFrames {
    /// Memory that is not of a pool.
    ///
    /// # Safety
    /// `bytes` stands at physical address `physical`, in secure memory that never changes, and what of it may be executed
    /// is visible to instruction fetches.
    pub const unsafe fn fixed(bytes: &'static [u8], physical: usize) -> Self {
        Self { bytes, physical, _frames: None }
    }

    /// Physical address of page `index`, if all of the page is in it.
    pub(crate) fn address(&self, index: usize) -> Option<usize> {
        let at = index.checked_mul(PAGE_SIZE)?;
        let inside = self.physical.is_multiple_of(PAGE_SIZE) && at.checked_add(PAGE_SIZE)? <= self.bytes.len();
        inside.then_some(self.physical + at)
    }
}

impl Sealed for SealedFrames {
    fn bytes(&self) -> &[u8] {
        self.bytes
    }
}

impl Frames for SecureFrames {
    type Sealed = SealedFrames;

    fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        let [extent] = self.extents.as_slice() else { return None };
        let address = self.base + extent.first * PAGE_SIZE;
        // SAFETY: one run of pages that this value holds, mapped writable at its own address. The caller has the only
        // reference and the core maps frames nowhere before they are shared, so nobody else reads or writes them.
        Some(unsafe { core::slice::from_raw_parts_mut(address as *mut u8, extent.pages * PAGE_SIZE) })
    }

    fn seal(self) -> Result<SealedFrames, TeeError> {
        let [extent] = self.extents.as_slice() else { return Err(TeeError::OUT_OF_MEMORY) };
        let (address, len) = (self.base + extent.first * PAGE_SIZE, extent.pages * PAGE_SIZE);
        // SAFETY: pages that the kernel has mapped at their own address.
        unsafe { cache::sync_code(address, len) };
        // SAFETY: as in `bytes_mut`; from here on nobody has a way to write them until they are dropped, after the slice.
        let bytes = unsafe { core::slice::from_raw_parts(address as *const u8, len) };
        Ok(SealedFrames { bytes, physical: address, _frames: Some(self) })
    }

    fn pages(&self) -> usize {
        self.pages
    }

    fn read(&self, offset: usize, out: &mut [u8]) -> bool {
        let to = out.as_mut_ptr();
        self.parts(offset, out.len(), |address, done, len| {
            // SAFETY: `address` and `len` lie in pages that this value holds, `done + len` within `out`. A TA on
            // another CPU may write meanwhile: the bytes are then its old or its new ones, and no reference is made.
            unsafe { core::ptr::copy_nonoverlapping(address as *const u8, to.add(done), len) };
        })
    }

    fn write(&self, offset: usize, data: &[u8]) -> bool {
        if let (Ok(word), [extent]) = (<[u8; 4]>::try_from(data), self.extents.as_slice()) {
            // Handles, counts and flags: one store.
            // Nothing wraps: the pages are there.
            let address = self.base.wrapping_add(extent.first.wrapping_mul(PAGE_SIZE)).wrapping_add(offset);
            if offset.is_multiple_of(4) && offset < self.pages.wrapping_mul(PAGE_SIZE) {
                // SAFETY: an aligned word of a page that this value holds, as just checked.
                unsafe { (address as *mut u32).write_volatile(u32::from_ne_bytes(word)) };
                return true;
            }
        }
        let from = data.as_ptr();
        self.parts(offset, data.len(), |address, done, len| {
            // SAFETY: as in `read`.
            unsafe { core::ptr::copy_nonoverlapping(from.add(done), address as *mut u8, len) };
        })
    }
}

impl Drop for SecureFrames {
    fn drop(&mut self) {
        for extent in &self.extents {
            for page in extent.first..extent.first + extent.pages {
                wipe(self.base + page * PAGE_SIZE, PAGE_SIZE);
            }
            let mut map = self.pool.map.lock();
            map.clean.set(*extent, true);
            map.used.set(*extent, false);
            map.usage.give(extent.pages * PAGE_SIZE);
        }
    }
}
