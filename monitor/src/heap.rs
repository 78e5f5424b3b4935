// SPDX-License-Identifier: BSD-2-Clause
//! The kernel heap.

use core::alloc::{GlobalAlloc, Layout};
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};
use talc::TalcLock;
use talc::source::Manual;
use tee_arch::lock::IrqSpinLock;
use tee_core::ports::PoolUsage;

/// An allocator that knows how much of it is in use.
pub struct Heap {
    talc: TalcLock<IrqSpinLock, Manual>,
    used: AtomicUsize,
    peak: AtomicUsize,
    size: AtomicUsize,
    failures: AtomicUsize,
    largest_failure: AtomicUsize,
    used_at_failure: AtomicUsize,
}

#[global_allocator]
static HEAP: Heap = Heap {
    talc: TalcLock::new(Manual),
    used: AtomicUsize::new(0),
    peak: AtomicUsize::new(0),
    size: AtomicUsize::new(0),
    failures: AtomicUsize::new(0),
    largest_failure: AtomicUsize::new(0),
    used_at_failure: AtomicUsize::new(0),
};

// SAFETY: memory comes from and goes to the wrapped allocator unchanged; the counters are only read for quotas and statistics.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller of this.
        let memory = unsafe { self.talc.alloc(layout) };
        if memory.is_null() {
            self.note_failure(layout.size());
        } else {
            let used = self.used.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
            // Two CPUs may lose the higher of two peaks to each other for a moment: it is a statistic.
            if used > self.peak.load(Ordering::Relaxed) {
                self.peak.store(used, Ordering::Relaxed);
            }
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.used.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller of this.
        unsafe { self.talc.dealloc(memory, layout) };
    }
}

impl Heap {
    #[cold]
    fn note_failure(&self, bytes: usize) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if bytes >= self.largest_failure.load(Ordering::Relaxed) {
            self.largest_failure.store(bytes, Ordering::Relaxed);
            self.used_at_failure.store(self.used.load(Ordering::Relaxed), Ordering::Relaxed);
        }
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

/// What the heap was asked for; `reset` forgets all but what is given out now.
pub fn statistics(reset: bool) -> PoolUsage {
    let get = |counter: &AtomicUsize, value: usize| {
        if reset { counter.swap(value, Ordering::Relaxed) } else { counter.load(Ordering::Relaxed) }
    };
    let used = HEAP.used.load(Ordering::Relaxed);
    PoolUsage {
        size: HEAP.size.load(Ordering::Relaxed),
        used,
        peak: get(&HEAP.peak, used).max(used),
        failures: get(&HEAP.failures, 0),
        largest_failure: get(&HEAP.largest_failure, 0),
        used_at_failure: get(&HEAP.used_at_failure, 0),
    }
}
