// SPDX-License-Identifier: BSD-2-Clause
//! Cache maintenance by address.

use super::sysreg::{ctr, dsb, isb};
use core::arch::asm;

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
    // SAFETY: the caller says that the range is mapped.
    lines(start, len, |line| unsafe {
        match what {
            Maintenance::Clean => asm!("dc cvac, {}", in(reg) line, options(nostack, preserves_flags)),
            Maintenance::CleanInvalidate => asm!("dc civac, {}", in(reg) line, options(nostack, preserves_flags)),
            Maintenance::Invalidate => asm!("dc ivac, {}", in(reg) line, options(nostack, preserves_flags)),
        }
    });
    // SAFETY: a barrier; devices and CPUs without caches read memory as well.
    unsafe { asm!("dsb sy", options(nostack, preserves_flags)) };
}

/// Makes code that was written to a mapped range visible to instruction fetches of all CPUs.
///
/// # Safety
/// The range must be mapped.
pub unsafe fn sync_code(start: usize, len: usize) {
    // SAFETY: as the caller says.
    lines(start, len, |line| unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) });
    dsb();
    // SAFETY: instructions are only fetched again.
    unsafe { asm!("ic ialluis", options(nostack, preserves_flags)) };
    dsb();
    isb();
}

/// Calls `f` with the address of each line of the data cache in a range.
fn lines(start: usize, len: usize, f: impl Fn(usize)) {
    // CTR_EL0.DminLine: words of the smallest data cache line, as a power of two.
    let size = 4 << (ctr() >> 16 & 0xF);
    let mut line = start & !(size - 1);
    let end = start.saturating_add(len);
    while line < end {
        f(line);
        line = line.saturating_add(size);
    }
}
