// SPDX-License-Identifier: BSD-2-Clause
//! The kernel's translation tables, built once at boot, and switching the MMU on.

use super::cp15;
use crate::descriptor::{self, Kernel, L2_ENTRIES, PAGE, SECTION, USER_SPLIT};
use core::cell::UnsafeCell;

/// Second-level tables of the kernel: one for each megabyte that is mapped by pages.
const KERNEL_L2: usize = 24;

#[repr(C, align(16384))]
struct Level1([u32; 4096]);

#[repr(C, align(1024))]
struct Level2([[u32; L2_ENTRIES]; KERNEL_L2]);

/// An empty table for user addresses while no TA runs.
#[repr(C, align(256))]
struct EmptyL1([u32; descriptor::USER_L1_ENTRIES]);

struct Tables {
    l1: UnsafeCell<Level1>,
    l2: UnsafeCell<Level2>,
    empty: EmptyL1,
}

// SAFETY: written by the boot CPU only, before any other CPU is let out of its pen; afterwards only read by the MMU.
unsafe impl Sync for Tables {}

static TABLES: Tables = Tables {
    l1: UnsafeCell::new(Level1([0; 4096])),
    l2: UnsafeCell::new(Level2([[0; L2_ENTRIES]; KERNEL_L2])),
    empty: EmptyL1([0; descriptor::USER_L1_ENTRIES]),
};

/// Table walks: inner and outer write-back write-allocate, shareable.
pub(super) const WALK: u32 = 1 << 6 | 1 << 3 | 1 << 1;

const SCTLR_M: u32 = 1;
const SCTLR_C: u32 = 1 << 2;
const SCTLR_Z: u32 = 1 << 11;
const SCTLR_I: u32 = 1 << 12;
const SCTLR_A: u32 = 1 << 1;
const SCTLR_TRE: u32 = 1 << 28;
const SCTLR_AFE: u32 = 1 << 29;
const SCTLR_V: u32 = 1 << 13;

/// Writes the kernel's tables.
pub struct Builder {
    used: usize,
}

impl Builder {
    /// Begins with empty tables.
    ///
    /// # Safety
    /// Once, on the boot CPU, with the MMU off.
    pub unsafe fn new() -> Self {
        Self { used: 0 }
    }

    /// Maps `len` bytes at `va` to `pa`, both of which are aligned to pages; by sections where they are aligned to them
    /// and are not executable.
    ///
    /// # Panics
    /// When the board maps more separate megabytes by pages than there are tables: a fault of the board, seen at boot.
    pub fn map(&mut self, va: u64, pa: u64, len: u64, kind: Kernel) {
        let l1 = TABLES.l1.get().cast::<u32>();
        let mut done = 0;
        while done < len {
            let (va, pa) = (va + done, pa + done);
            // SAFETY: an entry of the first-level table, by the boot CPU with the MMU off.
            let entry = unsafe { l1.add((va / SECTION) as usize) };
            if va % SECTION == 0 && pa % SECTION == 0 && len - done >= SECTION && kind != Kernel::Text {
                // SAFETY: as above.
                unsafe { entry.write(descriptor::kernel_section(pa, kind)) };
                done += SECTION;
            } else {
                let table = self.table(entry);
                let index = (va / PAGE) as usize % L2_ENTRIES;
                // SAFETY: an entry of a second-level table of this megabyte, as above.
                unsafe { table.add(index).write(descriptor::kernel_page(pa, kind)) };
                done += PAGE;
            }
        }
    }

    fn table(&mut self, entry: *mut u32) -> *mut u32 {
        // SAFETY: `entry` is in the first-level table; what stands there was written by this builder.
        unsafe {
            if entry.read() == 0 {
                assert!(self.used < KERNEL_L2, "too many kernel tables");
                let table = TABLES.l2.get().cast::<u32>().add(self.used * L2_ENTRIES);
                self.used += 1;
                entry.write(descriptor::kernel_table(table as u64));
            }
            (entry.read() & !0x3FF) as *mut u32
        }
    }
}

/// Switches MMU and caches of this CPU on.
///
/// # Safety
/// The tables map the code that runs, its stack and its data at their physical addresses.
pub unsafe fn enable() {
    const ACTLR_SMP: u32 = 1 << 6;
    // SAFETY: the caller answers for the tables; the order is the one of the ARM ARM: registers, TLB, barrier, enable.
    unsafe {
        cp15::set_actlr(cp15::actlr() | ACTLR_SMP);
        cp15::set_dacr(1);
        cp15::set_ttbcr(USER_SPLIT);
        cp15::set_ttbr0(empty_ttbr0());
        cp15::set_ttbr1(TABLES.l1.get() as u32 | WALK);
        cp15::set_contextidr(0);
        cp15::tlb_flush_all();
        let clear = SCTLR_A | SCTLR_TRE | SCTLR_AFE | SCTLR_V;
        cp15::set_sctlr(cp15::sctlr() & !clear | SCTLR_M | SCTLR_C | SCTLR_Z | SCTLR_I);
        cp15::isb();
    }
}

/// TTBR0 while no TA runs: nothing is mapped below the split.
pub(super) fn empty_ttbr0() -> u32 {
    &raw const TABLES.empty as u32 | WALK
}
