// SPDX-License-Identifier: BSD-2-Clause
//! The kernel's translation tables, built once at boot, and switching the MMU on.

use super::{guards, pauth, sysreg};
use crate::descriptor::{self, BLOCK, ENTRIES, GIGABYTE, Kernel, L1_ENTRIES, PAGE, USER_START, VA_BITS};
use core::arch::asm;
use core::cell::UnsafeCell;

/// Tables of level 2 and 3 that the kernel has.
const KERNEL_TABLES: usize = 12;

#[repr(C, align(64))]
struct Level1([u64; L1_ENTRIES]);

#[repr(C, align(4096))]
struct Lower([[u64; ENTRIES]; KERNEL_TABLES]);

struct Tables {
    l1: UnsafeCell<Level1>,
    lower: UnsafeCell<Lower>,
}

// SAFETY: written by the boot CPU only, before any other CPU is let out of its pen; afterwards only read.
unsafe impl Sync for Tables {}

static TABLES: Tables =
    Tables { l1: UnsafeCell::new(Level1([0; L1_ENTRIES])), lower: UnsafeCell::new(Lower([[0; ENTRIES]; KERNEL_TABLES])) };

const SCTLR_M: u64 = 1;
const SCTLR_C: u64 = 1 << 2;
/// Stack pointers are checked for their alignment.
const SCTLR_SA: u64 = 1 << 3;
/// Barriers of A32 through CP15 work in TAs.
const SCTLR_CP15BEN: u64 = 1 << 5;
const SCTLR_I: u64 = 1 << 12;
/// TAs may zero memory by lines, and sleep.
const SCTLR_USER: u64 = 1 << 14 | 1 << 16 | 1 << 18;
/// What is writable is never executed.
const SCTLR_WXN: u64 = 1 << 19;
/// Exceptions leave PAN as it is; without the bit they set it.
const SCTLR_SPAN: u64 = 1 << 23;
/// PACIASP and PACIBSP are landing pads for calls and for jumps by x16 and x17 only, like BTI c, of TAs and of the kernel.
const SCTLR_STRICT_PADS: u64 = 1 << 35 | 1 << 36;
/// Bits that are one on CPUs without the features that they belong to, and mean what the kernel expects on those with them.
const SCTLR_RES1: u64 = 1 << 11 | 1 << 20 | 1 << 22 | 1 << 28 | 1 << 29;

/// Writes the kernel's tables.
pub struct Builder {
    used: usize,
    /// What the entries of code get beside the rest.
    code: u64,
}

impl Builder {
    /// Begins with empty tables.
    ///
    /// # Safety
    /// Once, on the boot CPU, with the MMU off.
    pub unsafe fn new() -> Self {
        Self { used: 0, code: if guards::kernel_has_landing_pads() { descriptor::GUARDED } else { 0 } }
    }

    /// Maps `len` bytes at `va` to `pa`, both of which are aligned to pages; by blocks where they are aligned to them.
    ///
    /// # Panics
    /// When the board maps user addresses, or more separate places than there are tables: a fault of the board, seen at boot.
    pub fn map(&mut self, va: u64, pa: u64, len: u64, kind: Kernel) {
        assert!(va.checked_add(len).is_some_and(|end| end <= USER_START), "a mapping among user addresses");
        let more = if kind == Kernel::Text { self.code } else { 0 };
        let l1 = TABLES.l1.get().cast::<u64>();
        let mut done = 0;
        while done < len {
            let (va, pa, left) = (va + done, pa + done, len - done);
            let fits = |size: u64| va % size == 0 && pa % size == 0 && left >= size;
            // SAFETY: an entry of the level-1 table, by the boot CPU with the MMU off.
            let entry = unsafe { l1.add((va / GIGABYTE) as usize) };
            if fits(GIGABYTE) {
                // SAFETY: as above.
                unsafe { entry.write(descriptor::kernel_block(pa, kind) | more) };
                done += GIGABYTE;
                continue;
            }
            let l2 = self.table(entry);
            // SAFETY: an entry of a level-2 table, as above.
            let entry = unsafe { l2.add((va / BLOCK) as usize % ENTRIES) };
            if fits(BLOCK) {
                // SAFETY: as above.
                unsafe { entry.write(descriptor::kernel_block(pa, kind) | more) };
                done += BLOCK;
            } else {
                let l3 = self.table(entry);
                // SAFETY: an entry of a level-3 table, as above.
                unsafe { l3.add((va / PAGE) as usize % ENTRIES).write(descriptor::kernel_page(pa, kind) | more) };
                done += PAGE;
            }
        }
    }

    /// The table below an entry, which gets one if it has none.
    fn table(&mut self, entry: *mut u64) -> *mut u64 {
        // SAFETY: `entry` is in a table of the kernel; what stands there was written by this builder.
        unsafe {
            if let Some(address) = descriptor::table_address(entry.read()) {
                return address as *mut u64;
            }
            assert!(entry.read() == 0 && self.used < KERNEL_TABLES, "mappings overlap, or need too many tables");
            let table = TABLES.lower.get().cast::<u64>().add(self.used * ENTRIES);
            self.used += 1;
            entry.write(descriptor::kernel_table(table as u64));
            table
        }
    }
}

/// Switches MMU and caches of this CPU on.
///
/// # Safety
/// The tables map the code that runs, its stack and its data at their physical addresses.
pub unsafe fn enable() {
    /// Walks through cached, inner-shareable tables; nothing in the upper half of the address space.
    const TCR: u64 = (64 - VA_BITS as u64) | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | (64 - VA_BITS as u64) << 16 | 2 << 30;
    let physical = sysreg::id_aa64mmfr0() & 0xF;
    let pan = has_pan();
    let span = if pan { 0 } else { SCTLR_SPAN };
    pauth::init();
    let pads = if guards::has_landing_pads() { SCTLR_STRICT_PADS } else { 0 };
    // SAFETY: the caller answers for the tables; the order is the one of the ARM ARM: registers, TLB, barrier, enable.
    unsafe {
        // Lines that the emulator, the loader or a cache from before the reset may hold.
        asm!("ic iallu", "dsb nsh", "isb", options(nostack, preserves_flags));
        sysreg::set_mair(descriptor::MAIR);
        sysreg::set_tcr(TCR | physical.min(5) << 32);
        sysreg::set_ttbr0(kernel_ttbr0());
        sysreg::set_cpacr(0);
        sysreg::set_cntkctl(0);
        sysreg::isb();
        sysreg::tlb_flush_local();
        let on = SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA | SCTLR_WXN;
        sysreg::set_sctlr(SCTLR_RES1 | SCTLR_CP15BEN | SCTLR_USER | span | pads | on);
        sysreg::isb();
        if pan {
            // msr pan, #1: the kernel reaches memory of TAs by addresses of its own only.
            asm!(".inst 0xd500419f", options(nostack, preserves_flags));
        }
    }
}

/// True when the CPU keeps the kernel from addresses that TAs have access to.
pub(super) fn has_pan() -> bool {
    sysreg::id_aa64mmfr1() >> 20 & 0xF != 0
}

/// TTBR0 while no TA runs: the kernel's own table, with ASID 0.
pub(super) fn kernel_ttbr0() -> u64 {
    TABLES.l1.get() as u64
}

/// The kernel's level-1 entries, which every space begins with.
pub(super) fn kernel_entries() -> [u64; L1_ENTRIES] {
    // SAFETY: complete since boot, and never written again.
    unsafe { (*TABLES.l1.get()).0 }
}
