// SPDX-License-Identifier: BSD-2-Clause
//! Memory that the normal world shares: registered objects, page lists of temporary ones, reserved shared memory.
//!
//! A page list is copied once when the object is made and every page of it checked to be normal-world RAM;
//! from then on only the copy is used.

use crate::limits::{MAX_SHM, MAX_SHM_PAGES, MAX_THREADS, admit};
use crate::lock::Lock;
use crate::ports::{PAGE_SIZE, Platform, ThreadId};
use crate::table;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering, fence};
use utee_abi::msg::{NONCONTIG_LINK, PAGES_PER_LIST};
use utee_abi::result::TeeError;

const PAGE: u64 = PAGE_SIZE as u64;

/// Pages that are handed on at a time.
const CHUNK: usize = 8;

/// The pages of an object.
enum Pages {
    /// One run of pages from this physical address on.
    Run(u64),
    /// Page frame numbers (physical address / 4096).
    List(Vec<u32>),
}

/// A shared-memory object. Its content can change at any time; its pages and size cannot.
pub struct Shm {
    pages: Pages,
    count: usize,
    offset: usize,
    size: u64,
}

impl Shm {
    /// A contiguous buffer of `size` bytes at physical address `pa` in normal-world RAM.
    ///
    /// # Errors
    /// BAD_PARAMETERS when it is not wholly in normal-world RAM, OUT_OF_MEMORY when it is larger than an object may be.
    pub fn contiguous<P: Platform>(platform: &P, pa: u64, size: u64) -> Result<Self, TeeError> {
        if !in_normal_ram(platform, pa, size) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let (count, offset) = extent(pa, size)?;
        Ok(Self { pages: Pages::Run(pa & !(PAGE - 1)), count, offset, size })
    }

    /// A buffer by page list: bits 63:12 of `list` are the address of the first list page, bits 11:0 the offset of
    /// the buffer in its first page (OP-TEE ABI, message protocol, NONCONTIG).
    ///
    /// # Errors
    /// BAD_PARAMETERS when a list page or a page is not normal-world RAM, OUT_OF_MEMORY.
    pub fn from_list<P: Platform>(platform: &P, list: u64, size: u64) -> Result<Self, TeeError> {
        let (count, offset) = extent(list, size)?;
        admit(platform, count.saturating_mul(size_of::<u32>()))?;
        let mut pages = Vec::new();
        pages.try_reserve_exact(count).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let mut list_page = list & !(PAGE - 1);
        while pages.len() < count {
            let wanted = count.saturating_sub(pages.len()).min(PAGES_PER_LIST);
            read_list_page(platform, list_page, wanted, &mut pages)?;
            if pages.len() < count {
                let mut link = [0; 8];
                if !platform.normal_read(list_page.saturating_add(NONCONTIG_LINK as u64), &mut link) {
                    return Err(TeeError::BAD_PARAMETERS);
                }
                list_page = u64::from_le_bytes(link);
                if !list_page.is_multiple_of(PAGE) {
                    return Err(TeeError::BAD_PARAMETERS);
                }
            }
        }
        Ok(Self { pages: Pages::List(pages), count, offset, size })
    }

    /// Size of the buffer in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Offset of the buffer in its first page.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Number of pages.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Physical address of page `index`.
    pub fn page(&self, index: usize) -> Option<u64> {
        if index >= self.count {
            return None;
        }
        match &self.pages {
            Pages::Run(first) => (index as u64).checked_mul(PAGE).and_then(|at| first.checked_add(at)),
            Pages::List(pages) => pages.get(index).map(|number| u64::from(*number).saturating_mul(PAGE)),
        }
    }

    /// Gives the addresses of `count` pages from `first` on to `f(index within them, addresses)`, some at a time.
    ///
    /// # Errors
    /// BAD_PARAMETERS past the end, and what `f` fails with.
    pub fn with_pages(&self, first: usize, count: usize, mut f: impl FnMut(usize, &[u64]) -> Result<(), TeeError>) -> Result<(), TeeError> {
        if count == 1 {
            return f(0, &[self.page(first).ok_or(TeeError::BAD_PARAMETERS)?]);
        }
        let mut chunk = [0; CHUNK];
        let mut done = 0usize;
        while done < count {
            let len = count.saturating_sub(done).min(chunk.len());
            for (index, slot) in chunk.iter_mut().take(len).enumerate() {
                let page = first.saturating_add(done).saturating_add(index);
                *slot = self.page(page).ok_or(TeeError::BAD_PARAMETERS)?;
            }
            f(done, chunk.get(..len).ok_or(TeeError::BAD_PARAMETERS)?)?;
            done = done.saturating_add(len);
        }
        Ok(())
    }

    /// Copies from byte `at` counted from the first page.
    #[must_use]
    pub fn read_pages<P: Platform>(&self, platform: &P, at: usize, out: &mut [u8]) -> bool {
        let len = out.len();
        if let Some(pa) = self.within_page(at, len) {
            return platform.normal_read(pa, out);
        }
        self.each_part(at, len, |pa, done, part| {
            let target = done.checked_add(part).and_then(|end| out.get_mut(done..end));
            target.is_some_and(|target| platform.normal_read(pa, target))
        })
    }

    /// Copies to byte `at` counted from the first page.
    #[must_use]
    pub fn write_pages<P: Platform>(&self, platform: &P, at: usize, data: &[u8]) -> bool {
        if let Some(pa) = self.within_page(at, data.len()) {
            return platform.normal_write(pa, data);
        }
        self.each_part(at, data.len(), |pa, done, part| {
            let source = done.checked_add(part).and_then(|end| data.get(done..end));
            source.is_some_and(|source| platform.normal_write(pa, source))
        })
    }

    /// Physical address of a range that lies in one page, as messages do.
    fn within_page(&self, at: usize, len: usize) -> Option<u64> {
        let inside = at % PAGE_SIZE;
        let pa = self.page(at / PAGE_SIZE)?;
        (len <= PAGE_SIZE.saturating_sub(inside)).then_some(pa | inside as u64)
    }

    fn each_part(&self, at: usize, len: usize, mut f: impl FnMut(u64, usize, usize) -> bool) -> bool {
        let mut done = 0usize;
        while done < len {
            let Some(position) = at.checked_add(done) else { return false };
            let inside = position % PAGE_SIZE;
            let left = len.saturating_sub(done);
            let part = match self.pages {
                // A run is contiguous: one copy does, as long as it ends in the last page.
                Pages::Run(_) if position.checked_add(left).is_some_and(|end| end <= self.count.saturating_mul(PAGE_SIZE)) => left,
                _ => left.min(PAGE_SIZE.saturating_sub(inside)),
            };
            let Some(pa) = self.page(position / PAGE_SIZE).and_then(|pa| pa.checked_add(inside as u64)) else {
                return false;
            };
            if !f(pa, done, part) {
                return false;
            }
            done = done.saturating_add(part);
        }
        true
    }
}

/// Number of pages that a buffer touches, and its offset in the first one.
fn extent(address: u64, size: u64) -> Result<(usize, usize), TeeError> {
    let offset = address % PAGE;
    let end = offset.checked_add(size).ok_or(TeeError::BAD_PARAMETERS)?;
    let count = end.div_ceil(PAGE).max(1);
    if count > u64::from(u32::MAX) {
        // No machine has that much to share: the size is nonsense rather than too much.
        return Err(TeeError::BAD_PARAMETERS);
    }
    if count > MAX_SHM_PAGES {
        return Err(TeeError::OUT_OF_MEMORY);
    }
    let fits = |value: u64| usize::try_from(value).map_err(|_| TeeError::OUT_OF_MEMORY);
    Ok((fits(count)?, fits(offset)?))
}

fn read_list_page<P: Platform>(platform: &P, page: u64, wanted: usize, pages: &mut Vec<u32>) -> Result<(), TeeError> {
    let mut bytes = [0u8; 256];
    let mut at = page;
    let mut left = wanted;
    while left > 0 {
        let len = left.saturating_mul(8).min(bytes.len());
        let part = bytes.get_mut(..len).ok_or(TeeError::BAD_PARAMETERS)?;
        if !platform.normal_read(at, part) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        for entry in part.chunks_exact(8) {
            let address = entry.try_into().map(u64::from_le_bytes).map_err(|_| TeeError::BAD_PARAMETERS)?;
            if !address.is_multiple_of(PAGE) || !in_normal_ram(platform, address, PAGE) {
                return Err(TeeError::BAD_PARAMETERS);
            }
            let number = u32::try_from(address / PAGE).map_err(|_| TeeError::BAD_PARAMETERS)?;
            pages.push(number);
        }
        left = left.saturating_sub(len / 8);
        at = at.saturating_add(len as u64);
    }
    Ok(())
}

/// True when the range lies wholly in one range of normal-world RAM.
pub fn in_normal_ram<P: Platform>(platform: &P, pa: u64, size: u64) -> bool {
    pa.checked_add(size).is_some_and(|end| platform.normal_ram().iter().any(|range| range.start <= pa && end <= range.end))
}

fn bit(thread: ThreadId) -> u32 {
    1u32.checked_shl(thread.0).unwrap_or(0)
}

const _: () = assert!(MAX_THREADS <= 32);

/// Registered objects, sorted by cookie. A cookie may stand for several; each needs its own unregister.
pub struct ShmTable<P: Platform> {
    objects: Lock<P, Vec<(u64, Arc<Shm>)>>,
    /// A bit for each thread that waits until an object is not used any more.
    waiting: AtomicU32,
}

impl<P: Platform> ShmTable<P> {
    /// An empty table.
    pub fn new() -> Self {
        Self { objects: Lock::<P, _>::new(table::empty()), waiting: AtomicU32::new(0) }
    }

    /// Registers an object.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when the quota is used up.
    pub fn register(&self, cookie: u64, shm: Shm) -> Result<(), TeeError> {
        let shm = Arc::new(shm);
        let mut objects = self.objects.lock();
        if objects.len() >= MAX_SHM {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        objects.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let index = objects.partition_point(|(key, _)| *key <= cookie);
        objects.insert(index, (cookie, shm));
        Ok(())
    }

    /// The object that a cookie stands for.
    pub fn get(&self, cookie: u64) -> Option<Arc<Shm>> {
        let objects = self.objects.lock();
        let index = objects.binary_search_by_key(&cookie, |(key, _)| *key).ok()?;
        objects.get(index).map(|(_, shm)| Arc::clone(shm))
    }

    /// Takes one registration of a cookie out of the table.
    pub fn unregister(&self, cookie: u64) -> Option<Arc<Shm>> {
        let mut objects = self.objects.lock();
        let index = objects.binary_search_by_key(&cookie, |(key, _)| *key).ok()?;
        let (_, shm) = objects.remove(index);
        table::give_back(&mut objects, 0);
        Some(shm)
    }

    /// Notes that `thread` is about to look whether an object is used, and to wait if so.
    pub fn begin_wait(&self, thread: ThreadId) {
        self.waiting.fetch_or(bit(thread), Ordering::SeqCst);
        // Whoever ends a use either sees the bit, or this thread sees that the use has ended.
        fence(Ordering::SeqCst);
    }

    /// Ends what [`ShmTable::begin_wait`] noted.
    pub fn end_wait(&self, thread: ThreadId) {
        self.waiting.fetch_and(!bit(thread), Ordering::SeqCst);
    }

    /// Gives each thread that waits to `f`: called when a message has been served and all that it used is given back.
    pub fn use_ended(&self, mut f: impl FnMut(ThreadId)) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut waiting = self.waiting.swap(0, Ordering::SeqCst);
        while waiting != 0 {
            f(ThreadId(waiting.trailing_zeros()));
            waiting &= waiting.wrapping_sub(1);
        }
    }
}

impl<P: Platform> Default for ShmTable<P> {
    fn default() -> Self {
        Self::new()
    }
}
