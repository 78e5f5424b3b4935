// SPDX-License-Identifier: BSD-2-Clause
//! Where the boot archive stands: in the secure flash behind this image, where our own EL3 leaves it, or in secure RAM, where
//! another one has loaded it or the entry code has put it.

use core::ops::Range;
use monitor::layout::{self, PAGE};
use qemu_virt::map;
use tee_arch::cache;
use tee_arch::frames::SealedFrames;
use utee_abi::boot_image::{Archive, HEADER_SIZE};

/// A boot archive that nobody writes any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    bytes: &'static [u8],
    physical: usize,
}

/// The archive at physical address `at`, which EL3 says to be `len` bytes long (0 when it does not say); `None` when there is
/// none, or not all of it in memory that is this kernel's and has no other use.
pub(crate) fn find(at: u64, len: u64) -> Option<Place> {
    in_flash(at).or_else(|| in_ram(usize::try_from(at).ok()?, usize::try_from(len).ok()?))
}

fn in_flash(at: u64) -> Option<Place> {
    let offset = at.checked_sub(map::FLASH).filter(|offset| (1..map::FLASH_SIZE).contains(offset))? as usize;
    let start = map::FLASH_VIRTUAL_A64 as usize + offset;
    // SAFETY: the secure flash up to its end, mapped read-only for ever; the normal world cannot reach it and nobody writes it.
    let bytes = unsafe { core::slice::from_raw_parts(start as *const u8, map::FLASH_SIZE as usize - offset) };
    Some(Place { bytes, physical: map::FLASH as usize + offset })
}

fn in_ram(at: usize, len: usize) -> Option<Place> {
    let free = layout::ta_pool();
    let fits = |len: usize| at.is_multiple_of(PAGE) && at >= free.start && at.checked_add(len).is_some_and(|end| end <= free.end);
    if !fits(HEADER_SIZE) {
        return None;
    }
    // SAFETY: secure RAM that is mapped and that nobody has been given yet.
    let header = unsafe { core::slice::from_raw_parts(at as *const u8, HEADER_SIZE) };
    let total = Archive::length(header).filter(|total| len == 0 || *total <= len)?.checked_next_multiple_of(PAGE)?;
    if !fits(total) {
        return None;
    }
    // SAFETY: as above; TAs execute from there, and whoever wrote it may have left it in a cache.
    unsafe { cache::sync_code(at, total) };
    // SAFETY: as above, and `Place::pool` keeps it from whoever would write it.
    let bytes = unsafe { core::slice::from_raw_parts(at as *const u8, total) };
    Some(Place { bytes, physical: at })
}

impl Place {
    /// The archive, for TAs to be executed from.
    pub(crate) fn sealed(self) -> SealedFrames {
        // SAFETY: `find` has looked that nobody writes it, that it stands at that address, and that code can be fetched from it.
        unsafe { SealedFrames::fixed(self.bytes, self.physical) }
    }

    /// The longest part of the TA pool beside it.
    pub(crate) fn pool(self) -> Range<usize> {
        let free = layout::ta_pool();
        let end = self.physical.saturating_add(self.bytes.len());
        if self.physical < free.start || self.physical >= free.end {
            return free;
        }
        let (before, after) = (free.start..self.physical, end..free.end);
        if before.len() >= after.len() { before } else { after }
    }
}
