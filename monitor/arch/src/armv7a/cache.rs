// SPDX-License-Identifier: BSD-2-Clause
//! Cache maintenance by address.

use super::cp15::{dsb, isb};
use core::arch::asm;

/// Smallest data cache line that any supported CPU has, in bytes.
const LINE: usize = 32;

/// What is done to the data cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maintenance {
    /// Write back to memory.
    Clean,
    /// Write back and drop.
    CleanInvalidate,
    /// Drop.
    Invalidate,
}

/// Maintains the data cache for a mapped range, to the point of coherency.
///
/// # Safety
/// The range must be mapped; for [`Maintenance::Invalidate`] nobody may rely on what was written to it last.
pub unsafe fn maintain(start: usize, len: usize, what: Maintenance) {
    let mut line = start & !(LINE - 1);
    let end = start.saturating_add(len);
    while line < end {
        // SAFETY: the caller says that the range is mapped.
        unsafe {
            match what {
                Maintenance::Clean => asm!("mcr p15, 0, {}, c7, c10, 1", in(reg) line, options(nostack, preserves_flags)),
                Maintenance::CleanInvalidate => asm!("mcr p15, 0, {}, c7, c14, 1", in(reg) line, options(nostack, preserves_flags)),
                Maintenance::Invalidate => asm!("mcr p15, 0, {}, c7, c6, 1", in(reg) line, options(nostack, preserves_flags)),
            }
        }
        line = line.saturating_add(LINE);
    }
    dsb();
}

/// Makes code that was written to a mapped range visible to instruction fetches of all CPUs.
///
/// # Safety
/// The range must be mapped.
pub unsafe fn sync_code(start: usize, len: usize) {
    // SAFETY: as the caller says; ICIALLUIS and BPIALLIS only cost refetches.
    unsafe {
        maintain(start, len, Maintenance::Clean);
        asm!("mcr p15, 0, {0}, c7, c1, 0", "mcr p15, 0, {0}, c7, c1, 6", in(reg) 0, options(nostack, preserves_flags));
    }
    dsb();
    isb();
}
