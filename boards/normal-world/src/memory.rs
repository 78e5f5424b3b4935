// SPDX-License-Identifier: BSD-2-Clause
//! The address space (everything where it is; the kernel's own part by pages, never writable and executable at once, no page
//! under a stack), the heap, and pages to share.

use crate::board::board;
use crate::cpu::cp;
use crate::layout::{IRQ_GUARD, PAGE, STACK_SLOT, STACKS, THREADS};
use core::arch::asm;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use spin::Mutex;
use talc::TalcLock;
use talc::lock_api::RawMutex;
use talc::source::Manual;

const SECTION: u64 = 1 << 20;
/// Section: normal memory, write-back, shareable, read and write, never executed.
const RAM: u32 = 0x0001_141E;
/// Section: device memory, read and write, never executed.
const DEVICE: u32 = 0x0000_0416;
/// Section: a table of pages.
const PAGES: u32 = 0x1;
/// Page: normal memory as above, read and execute.
const TEXT: u32 = 0x65E;
/// Page: read only.
const RODATA: u32 = 0x65F;
/// Page: read and write, never executed.
const DATA: u32 = 0x45F;
/// Translation tables are shareable and cached, inner and outer.
const TABLE_ATTRIBUTES: u32 = 0x4A;

/// Reserved shared memory.
pub(crate) fn reserved_shm() -> Range<u64> {
    board().reserved_shm.clone()
}

/// Sections of the kernel's image and stacks.
const OWN_SECTIONS: usize = 6;
/// Bytes of the heap.
const HEAP: usize = 8 << 20;

#[repr(C, align(16384))]
struct Table([u32; 4096]);
#[repr(C, align(1024))]
struct PageTables([[u32; 256]; OWN_SECTIONS]);

static mut TABLE: Table = Table([0; 4096]);
static mut OWN: PageTables = PageTables([[0; 256]; OWN_SECTIONS]);

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

/// Writes the tables. Once, by the boot CPU, before it switches its MMU on.
pub(crate) fn build() {
    // The rest of the RAM this kernel does not use.
    let board = board();
    // SAFETY: nobody else uses the tables yet.
    let (table, own) = unsafe { (&mut *(&raw mut TABLE).cast::<Table>(), &mut *(&raw mut OWN).cast::<PageTables>()) };
    for (index, entry) in table.0.iter_mut().enumerate() {
        let address = index as u64 * SECTION;
        // The secure world's memory is mapped as well, for the proof that it is out of reach.
        let touches = |range: &Range<u64>| range.start < address + SECTION && address < range.end;
        *entry = match address {
            _ if board.ram.contains(&address) => address as u32 | RAM,
            _ if touches(&board.secure_ram) || board.devices.iter().any(touches) => address as u32 | DEVICE,
            _ => 0,
        };
    }
    let first = (board.entry / SECTION) as usize;
    for (section, (pages, entry)) in own.0.iter_mut().zip(table.0.iter_mut().skip(first)).enumerate() {
        *entry = pages.as_ptr().addr() as u32 | PAGES;
        for (index, page) in pages.iter_mut().enumerate() {
            *page = own_page(board.entry as usize + section * SECTION as usize + index * PAGE);
        }
    }
}

/// Descriptor of a page of the kernel's own part.
fn own_page(address: usize) -> u32 {
    let rights = match address {
        _ if address < (&raw const __text_end).addr() => TEXT,
        _ if address < (&raw const __rodata_end).addr() => RODATA,
        _ if is_guard(address) => return 0,
        _ => DATA,
    };
    address as u32 | rights
}

fn is_guard(address: usize) -> bool {
    let Some(offset) = address.checked_sub(stacks()).filter(|offset| *offset < STACKS * STACK_SLOT) else { return false };
    let within = offset % STACK_SLOT;
    within == 0 || offset / STACK_SLOT >= THREADS && within == IRQ_GUARD
}

/// Switches MMU and caches of this CPU on.
pub(crate) fn enable_mmu() {
    // SAFETY: the tables map everything that this kernel uses where it is.
    unsafe {
        cp::set_ttbcr(0);
        cp::set_ttbr0((&raw const TABLE).addr() as u32 | TABLE_ATTRIBUTES);
        cp::set_dacr(1);
        asm!("dsb");
        cp::set_tlbiall(0);
        asm!("dsb", "isb");
        // MMU, data cache, branch prediction and instruction cache on; alignment checks off.
        cp::set_sctlr(cp::sctlr() & !(1 << 1) | 1 | 1 << 2 | 1 << 11 | 1 << 12);
    }
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
    assert!(start <= board().entry as usize + OWN_SECTIONS * SECTION as usize, "the image is larger than its page tables");
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

/// Copies bytes that the other world may be changing: in instructions that the compiler does not see through.
///
/// # Safety
/// Both ranges are valid for `len` bytes, and do not overlap.
#[inline]
pub(crate) unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    let (mut to, mut from, mut len) = (to, from, len);
    if (to.addr() | from.addr()) % 4 == 0 {
        let blocks = len / 16;
        if blocks > 0 {
            // SAFETY: whole blocks inside both ranges.
            unsafe {
                asm!(
                    "2:", "ldmia {from}!, {{r2, r3, r12, lr}}", "subs {blocks}, {blocks}, #1", "stmia {to}!, {{r2, r3, r12, lr}}", "bne 2b",
                    from = inout(reg) from, to = inout(reg) to, blocks = inout(reg) blocks => _,
                    out("r2") _, out("r3") _, out("r12") _, out("lr") _, options(nostack)
                );
            }
            len %= 16;
        }
    }
    for _ in 0..len {
        // SAFETY: inside both ranges.
        unsafe {
            to.write_volatile(from.read_volatile());
            (to, from) = (to.add(1), from.add(1));
        }
    }
}
