// SPDX-License-Identifier: BSD-2-Clause
//! The address space (everything where it is; the kernel's own part by pages, never writable and executable at once, no page
//! under a stack), the heap, and pages to share.

use crate::arch::mmu;
pub(crate) use crate::arch::mmu::{build, copy, enable_mmu};
use crate::board::board;
use crate::layout::{IRQ_GUARD, PAGE, STACK_SLOT, STACKS, THREADS};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use spin::Mutex;
use talc::TalcLock;
use talc::lock_api::RawMutex;
use talc::source::Manual;

/// Reserved shared memory.
pub(crate) fn reserved_shm() -> Range<u64> {
    board().reserved_shm.clone()
}

/// Bytes of the heap.
const HEAP: usize = 8 << 20;

#[global_allocator]
static ALLOCATOR: TalcLock<HeapLock, Manual> = TalcLock::new(Manual);

/// The lock of the heap. Interrupt handlers do not allocate.
struct HeapLock(AtomicBool);

// SAFETY: the flag is taken by one at a time, and given back by whoever took it.
unsafe impl RawMutex for HeapLock {
    const INIT: Self = Self(AtomicBool::new(false));
    type GuardMarker = talc::lock_api::GuardSend;

    fn lock(&self) {
        while !self.try_lock() {
            core::hint::spin_loop();
        }
    }

    fn try_lock(&self) -> bool {
        !self.0.swap(true, Ordering::Acquire)
    }

    unsafe fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}

unsafe extern "C" {
    static __text_end: u8;
    static __rodata_end: u8;
    static __stacks_start: u8;
    static __memory_start: u8;
    static __memory_end: u8;
}

/// Lowest address of the slots for stacks.
pub(crate) fn stacks() -> usize {
    &raw const __stacks_start as usize
}

/// Address of the first byte behind the code.
pub(crate) fn text_end() -> u64 {
    (&raw const __text_end).addr() as u64
}

/// Address of the first byte behind constants, which follow the code.
pub(crate) fn rodata_end() -> u64 {
    (&raw const __rodata_end).addr() as u64
}

/// True for a page that is not mapped, under a stack.
pub(crate) fn is_guard(address: usize) -> bool {
    let Some(offset) = address.checked_sub(stacks()).filter(|offset| *offset < STACKS * STACK_SLOT) else { return false };
    let within = offset % STACK_SLOT;
    within == 0 || offset / STACK_SLOT >= THREADS && within == IRQ_GUARD
}

/// Shareable pages: a pool that grows upwards, and what came back, by address and number of pages.
struct Pool {
    next: usize,
    end: usize,
    free: alloc::vec::Vec<(usize, usize)>,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { next: 0, end: 0, free: alloc::vec::Vec::new() });

/// Gives heap and pool their memory.
pub(crate) fn init() {
    let start = (&raw const __memory_start).addr();
    assert!(start <= board().entry as usize + mmu::OWN_BYTES, "the image is larger than its page tables");
    // SAFETY: the memory behind the stacks up to the end of what the map gives this kernel is nobody else's.
    let claimed = unsafe { ALLOCATOR.lock().claim(start as *mut u8, HEAP) };
    assert!(claimed.is_some(), "no heap");
    let mut pool = POOL.lock();
    pool.next = start + HEAP;
    pool.end = (&raw const __memory_end).addr();
}

/// Zeroed shareable pages, contiguous.
pub(crate) fn allocate(count: usize) -> Option<u64> {
    let mut pool = POOL.lock();
    let known = pool.free.iter().position(|(_, size)| *size == count);
    let address = match known {
        Some(index) => pool.free.swap_remove(index).0,
        None => {
            let address = pool.next;
            let end = address.checked_add(count.checked_mul(PAGE)?).filter(|end| *end <= pool.end)?;
            pool.next = end;
            address
        }
    };
    drop(pool);
    // SAFETY: pages that nobody has.
    unsafe { core::ptr::write_bytes(address as *mut u8, 0, count * PAGE) };
    Some(address as u64)
}

/// Takes pages back.
pub(crate) fn release(address: u64, count: usize) {
    POOL.lock().free.push((address as usize, count));
}
