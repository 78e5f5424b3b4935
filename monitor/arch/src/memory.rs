// SPDX-License-Identifier: BSD-2-Clause
//! The only code that touches normal-world memory. The normal world can change it at any time, so bytes are copied
//! once and no reference to them is ever made.

use core::ops::Range;

/// Normal-world RAM, mapped non-secure at its physical addresses.
#[derive(Clone, Copy)]
pub struct NormalRam<'r> {
    ranges: &'r [Range<u64>],
}

impl<'r> NormalRam<'r> {
    /// Access to these ranges.
    ///
    /// # Safety
    /// They are mapped at their physical addresses, non-secure, readable and writable, and hold nothing of the kernel.
    pub const unsafe fn new(ranges: &'r [Range<u64>]) -> Self {
        Self { ranges }
    }

    fn holds(&self, pa: u64, len: usize) -> bool {
        let end = pa.checked_add(len as u64);
        end.is_some_and(|end| self.ranges.iter().any(|range| range.start <= pa && end <= range.end))
    }

    /// Copies out of it; false when the range is not wholly in it.
    #[must_use]
    pub fn read(&self, pa: u64, out: &mut [u8]) -> bool {
        let inside = self.holds(pa, out.len());
        if inside {
            // SAFETY: `holds` and the contract of `new` say that the range is mapped and not the kernel's; what the
            // normal world writes meanwhile only changes which bytes arrive.
            unsafe { core::ptr::copy_nonoverlapping(pa as usize as *const u8, out.as_mut_ptr(), out.len()) };
        }
        inside
    }

    /// Copies into it; false when the range is not wholly in it.
    #[must_use]
    pub fn write(&self, pa: u64, data: &[u8]) -> bool {
        let inside = self.holds(pa, data.len());
        if inside {
            // SAFETY: as in `read`.
            unsafe { core::ptr::copy_nonoverlapping(data.as_ptr(), pa as usize as *mut u8, data.len()) };
        }
        inside
    }
}
