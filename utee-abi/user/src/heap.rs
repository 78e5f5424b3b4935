// SPDX-License-Identifier: BSD-2-Clause
//! The heap of a TA: a static of the size in `ta.toml`, managed by `talc`, and the C allocation functions on it.

use alloc::alloc::{alloc, alloc_zeroed, dealloc};
use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::ptr;

/// How much of the heap is and was in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes in use.
    pub allocated: usize,
    /// Most bytes in use at a time.
    pub max_allocated: usize,
    /// Bytes in all.
    pub size: usize,
    /// Requests that failed.
    pub failures: usize,
    /// Bytes of the biggest of them.
    pub biggest_failure: usize,
    /// Bytes in use when it failed.
    pub allocated_at_failure: usize,
}

/// Memory that a heap is made of.
#[derive(Debug)]
pub struct Arena {
    base: *mut u8,
    len: usize,
}

// SAFETY: plain numbers; whoever uses the memory vouches for it.
unsafe impl Sync for Arena {}

impl Arena {
    /// An arena of `len` bytes at `base`.
    #[must_use]
    pub const fn new(base: *mut u8, len: usize) -> Self {
        Self { base, len }
    }

    /// The arena in a static.
    #[must_use]
    pub const fn of<const N: usize>(memory: &'static Memory<N>) -> Self {
        Self::new(memory.0.get().cast(), N)
    }
}

/// A static that a heap is made of.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Memory<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: only the allocator touches it, under its lock.
unsafe impl<const N: usize> Sync for Memory<N> {}

impl<const N: usize> Memory<N> {
    /// Zeroed memory.
    #[must_use]
    pub const fn new() -> Self {
        Self(UnsafeCell::new([0; N]))
    }
}

impl<const N: usize> Default for Memory<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(any(target_arch = "arm", oxtee_ta), not(feature = "fake")))]
mod global {
    use super::{Arena, Statistics};
    use core::alloc::{GlobalAlloc, Layout};
    use spin::Mutex;
    use talc::TalcLock;
    use talc::source::Manual;

    struct Heap {
        talc: TalcLock<spin::Mutex<()>, Manual>,
        statistics: Mutex<Statistics>,
    }

    #[global_allocator]
    static HEAP: Heap = Heap {
        talc: TalcLock::new(Manual),
        statistics: Mutex::new(Statistics {
            allocated: 0,
            max_allocated: 0,
            size: 0,
            failures: 0,
            biggest_failure: 0,
            allocated_at_failure: 0,
        }),
    };

    // SAFETY: talc does the work; the numbers beside it have no part in it.
    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: passed on.
            let memory = unsafe { self.talc.alloc(layout) };
            let mut statistics = self.statistics.lock();
            if memory.is_null() {
                statistics.failed(layout.size())
            } else {
                statistics.took(layout.size())
            }
            memory
        }

        unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
            // SAFETY: passed on.
            unsafe { self.talc.dealloc(memory, layout) };
            self.statistics.lock().gave(layout.size());
        }

        unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: passed on.
            let memory = unsafe { self.talc.realloc(memory, layout, size) };
            let mut statistics = self.statistics.lock();
            if memory.is_null() {
                statistics.failed(size);
            } else {
                statistics.gave(layout.size());
                statistics.took(size);
            }
            memory
        }
    }

    pub(super) unsafe fn start(arena: &Arena) {
        // SAFETY: the caller gives the arena away.
        let claimed = unsafe { HEAP.talc.lock().claim(arena.base, arena.len) };
        HEAP.statistics.lock().size = if claimed.is_some() { arena.len } else { 0 };
    }

    pub(super) fn statistics() -> Statistics {
        *HEAP.statistics.lock()
    }
}

/// Without a TA around, the heap is the development machine's.
#[cfg(any(not(any(target_arch = "arm", oxtee_ta)), feature = "fake"))]
mod global {
    use super::{Arena, Statistics};

    pub(super) unsafe fn start(arena: &Arena) {
        let _ = (arena.base, arena.len);
    }

    pub(super) fn statistics() -> Statistics {
        Statistics::default()
    }
}

#[cfg(any(test, all(any(target_arch = "arm", oxtee_ta), not(feature = "fake"))))]
impl Statistics {
    pub(crate) fn took(&mut self, bytes: usize) {
        self.allocated = self.allocated.saturating_add(bytes);
        self.max_allocated = self.max_allocated.max(self.allocated);
    }

    pub(crate) fn gave(&mut self, bytes: usize) {
        self.allocated = self.allocated.saturating_sub(bytes);
    }

    pub(crate) fn failed(&mut self, bytes: usize) {
        self.failures = self.failures.saturating_add(1);
        if bytes >= self.biggest_failure {
            self.biggest_failure = bytes;
            self.allocated_at_failure = self.allocated;
        }
    }
}

/// Makes `arena` the heap.
///
/// # Safety
/// Called once, with memory that nothing else uses from now on.
pub(crate) unsafe fn start(arena: &Arena) {
    // SAFETY: passed on.
    unsafe { global::start(arena) };
}

/// How much of the heap is in use.
#[must_use]
pub fn statistics() -> Statistics {
    global::statistics()
}

/// Stands before what [`malloc`] and the like return.
#[derive(Clone, Copy)]
#[repr(C)]
struct Header {
    size: usize,
    align: usize,
}

/// Whether new memory is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// All zero.
    Zero,
    /// Left as it is.
    None,
}

fn layout(size: usize, align: usize) -> Option<(Layout, usize)> {
    let align = align.max(align_of::<u64>()).max(align_of::<Header>());
    let offset = size_of::<Header>().checked_next_multiple_of(align)?;
    let layout = Layout::from_size_align(size.checked_add(offset)?, align).ok()?;
    Some((layout, offset))
}

/// Allocates `size` bytes at a multiple of `align` (a power of two; 8 at least); NULL when there is not enough.
#[must_use]
pub fn allocate(size: usize, align: usize, fill: Fill) -> *mut u8 {
    let Some((layout, offset)) = layout(size, align) else { return ptr::null_mut() };
    // SAFETY: the layout has the header's size at least.
    let base = unsafe {
        match fill {
            Fill::Zero => alloc_zeroed(layout),
            Fill::None => alloc(layout),
        }
    };
    if base.is_null() {
        return base;
    }
    // SAFETY: `offset` is inside and leaves room for the header before it; the alignment is the header's at least.
    unsafe {
        let memory = base.add(offset);
        memory.cast::<Header>().sub(1).write(Header { size, align });
        memory
    }
}

/// Frees what [`allocate`] or [`reallocate`] returned; NULL is nothing.
///
/// # Safety
/// `memory` is NULL, or is from them and was not freed.
pub unsafe fn free(memory: *mut u8) {
    if memory.is_null() {
        return;
    }
    // SAFETY: `allocate` put the header there.
    let Header { size, align } = unsafe { memory.cast::<Header>().sub(1).read() };
    let Some((layout, offset)) = layout(size, align) else { return };
    // SAFETY: the base and the layout that `allocate` used.
    unsafe { dealloc(memory.sub(offset), layout) };
}

/// Moves an allocation to one of `size` bytes, the new part cleared; NULL, and the old one kept, when there is not enough.
///
/// # Safety
/// As [`free`].
pub unsafe fn reallocate(memory: *mut u8, size: usize) -> *mut u8 {
    let (old, align) = if memory.is_null() {
        (0, align_of::<u64>())
    } else {
        // SAFETY: `allocate` put the header there.
        let header = unsafe { memory.cast::<Header>().sub(1).read() };
        (header.size, header.align)
    };
    let new = allocate(size, align, Fill::Zero);
    if !new.is_null() && !memory.is_null() {
        // SAFETY: two allocations of `old` and `size` bytes; the old one is the caller's to give.
        unsafe {
            ptr::copy_nonoverlapping(memory, new, old.min(size));
            free(memory);
        }
    }
    new
}

/// Bytes that an allocation has for its user.
///
/// # Safety
/// `memory` is from [`allocate`] or [`reallocate`] and was not freed.
#[must_use]
pub unsafe fn usable_size(memory: *const u8) -> usize {
    // SAFETY: `allocate` put the header there.
    unsafe { memory.cast::<Header>().sub(1).read() }.size
}
