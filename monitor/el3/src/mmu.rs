// SPDX-License-Identifier: BSD-2-Clause
//! The MMU and the caches of EL3. Every CPU uses the same tables; what EL3 needs for its start alone is taken away again.

use crate::table::{ADDRESS_BITS, Kind, Tables};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::ops::Range;

struct Cell(UnsafeCell<Tables>);

// SAFETY: written by the boot CPU, before another one uses them, or by the contract of `forget`.
unsafe impl Sync for Cell {}

static TABLES: Cell = Cell(UnsafeCell::new(Tables::new()));

/// MAIR_EL3: attribute 0 is normal memory, write-back, allocating; attribute 1 is device memory, nGnRE. `table` uses the numbers.
const MAIR: u64 = 0x04FF;
/// TCR_EL3: walks through cached, inner-shareable tables. The bits of physical addresses are the CPU's.
const TCR: u64 = (64 - ADDRESS_BITS) | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 1 << 31;
/// SCTLR_EL3: MMU, caches, checks of alignment and of stack pointers; what is writable is never executed.
const SCTLR: u64 = 0x30C5_0830 | 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 12 | 1 << 19;

global_asm!(
    ".text",
    // Switches the MMU and the caches of this CPU on; the tables are complete. No stack; changes x0 to x2.
    ".global el3_mmu_on",
    "el3_mmu_on:",
    "ic iallu",
    "tlbi alle3",
    "dsb sy",
    "isb",
    "mov x0, #{mair}",
    "msr mair_el3, x0",
    // As many bits of physical addresses as the CPU has, up to 48.
    "mrs x0, id_aa64mmfr0_el1",
    "and x0, x0, #0xF",
    "mov x1, #5",
    "cmp x0, x1",
    "csel x0, x0, x1, lo",
    "ldr x1, ={tcr}",
    "orr x0, x1, x0, lsl #16",
    "msr tcr_el3, x0",
    "ldr x0, ={tables} + {top}",
    "msr ttbr0_el3, x0",
    "isb",
    "ldr x0, ={sctlr}",
    "msr sctlr_el3, x0",
    "isb",
    "ret",
    ".ltorg",
    mair = const MAIR,
    tcr = const TCR,
    sctlr = const SCTLR,
    tables = sym TABLES,
    top = const offset_of!(Tables, top),
);

unsafe extern "C" {
    /// For the boot CPU; the others call it before they have a stack.
    fn el3_mmu_on();
}

/// Maps these ranges to themselves and switches the MMU and the caches on. False, with the MMU off, when they cannot be mapped.
///
/// # Safety
/// At EL3 on the boot CPU, once, with the MMU off and nothing in the caches; among the ranges are this image with its stacks,
/// and every device that EL3 uses.
pub unsafe fn enable(ranges: &[(Range<u64>, Kind)]) -> bool {
    // SAFETY: the boot CPU, alone.
    let tables = unsafe { &mut *TABLES.0.get() };
    let mapped = ranges.iter().try_for_each(|(range, kind)| tables.map(range.clone(), *kind));
    if mapped.is_some() {
        // SAFETY: the ranges hold all that runs, says the caller.
        unsafe { el3_mmu_on() };
    }
    mapped.is_some()
}

/// Takes away ranges that were given to [`enable`], on every CPU. False when one of them was not.
///
/// # Safety
/// On the boot CPU, which is the only one that does so; nobody uses these ranges any more.
pub unsafe fn forget(ranges: &[Range<u64>]) -> bool {
    // SAFETY: the only reference; other CPUs walk the tables and see each entry as it was or gone.
    let tables = unsafe { &mut *TABLES.0.get() };
    let gone = ranges.iter().try_for_each(|range| tables.unmap(range.clone()));
    // SAFETY: what is mapped no more is used no more, says the caller.
    unsafe { asm!("dsb ish", "tlbi alle3is", "dsb ish", "isb", options(nostack, preserves_flags)) };
    gone.is_some()
}

/// Has what was written to a mapped range in memory, where a CPU with its caches off reads it, as code among it.
pub fn clean(range: Range<u64>) {
    let ctr: u64;
    // SAFETY: reading it has no effect.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack, preserves_flags)) };
    // CTR_EL0.DminLine: words of the smallest line of a data cache, as a power of two.
    let line = 4u64 << (ctr >> 16 & 0xF);
    let mut at = range.start & !(line - 1);
    while at < range.end {
        // SAFETY: writes back what was written.
        unsafe { asm!("dc cvac, {}", in(reg) at, options(nostack, preserves_flags)) };
        at += line;
    }
    // SAFETY: waits for that; instructions are only fetched again.
    unsafe { asm!("dsb sy", "ic ialluis", "dsb sy", "isb", options(nostack, preserves_flags)) };
}
