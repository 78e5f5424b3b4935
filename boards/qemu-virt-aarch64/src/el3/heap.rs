// SPDX-License-Identifier: BSD-2-Clause
//! Memory for what EL3 makes once, on the boot CPU: the device tree of Linux. Nothing is taken back.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Bytes: the tree of eight CPUs takes 12 KiB, and the buffer that it grows in doubles.
const SIZE: usize = 128 << 10;

struct Heap {
    memory: UnsafeCell<[u128; SIZE / 16]>,
    used: AtomicUsize,
}

// SAFETY: each byte is given out once.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap { memory: UnsafeCell::new([0; SIZE / 16]), used: AtomicUsize::new(0) };

// SAFETY: gives out each part of its memory once, aligned as is asked for.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.memory.get().cast::<u8>();
        let place = |used: usize| {
            let start = base.addr().checked_add(used)?.checked_next_multiple_of(layout.align())?.checked_sub(base.addr())?;
            start.checked_add(layout.size()).filter(|end| *end <= SIZE).map(|end| (start, end))
        };
        let before = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| place(used).map(|(_, end)| end));
        match before.ok().and_then(place) {
            // SAFETY: `place` keeps inside the memory.
            Some((start, _)) => unsafe { base.add(start) },
            None => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _memory: *mut u8, _layout: Layout) {}
}
