// SPDX-License-Identifier: BSD-2-Clause
//! The kernel heap.

use core::alloc::{GlobalAlloc, Layout};
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};
use talc::TalcLock;
use talc::source::Manual;
use tee_arch::lock::IrqSpinLock;

/// An allocator that knows how much of it is in use.
pub struct Heap {
    talc: TalcLock<IrqSpinLock, Manual>,
    used: AtomicUsize,
    size: AtomicUsize,
}

#[global_allocator]
static HEAP: Heap = Heap { talc: TalcLock::new(Manual), used: AtomicUsize::new(0), size: AtomicUsize::new(0) };

// SAFETY: memory comes from and goes to the wrapped allocator unchanged; the counter is only read for quotas.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller of this.
        let memory = unsafe { self.talc.alloc(layout) };
        if !memory.is_null() {
            self.used.fetch_add(layout.size(), Ordering::Relaxed);
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.used.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller of this.
        unsafe { self.talc.dealloc(memory, layout) };
    }
}

/// Gives the heap its memory.
///
/// # Safety
/// Once; the range is mapped, writable and nobody else's for ever.
pub unsafe fn provide(range: Range<usize>) {
    // SAFETY: the caller's.
    let claimed = unsafe { HEAP.talc.lock().claim(range.start as *mut u8, range.len()) };
    HEAP.size.store(if claimed.is_some() { range.len() } else { 0 }, Ordering::Relaxed);
}

/// Bytes free and in all.
pub fn usage() -> (usize, usize) {
    let (size, used) = (HEAP.size.load(Ordering::Relaxed), HEAP.used.load(Ordering::Relaxed));
    (size.saturating_sub(used), size)
}
