// SPDX-License-Identifier: BSD-2-Clause
//! The log of measurements that earlier boot stages left in secure RAM, copied before that memory gets its other uses.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;
use monitor::layout;
use spin::Once;

/// Longest log that is taken, in bytes.
const LONGEST: usize = 64 << 10;

static LOG: Once<Box<[u8]>> = Once::new();

/// The log, once it was taken.
pub(crate) fn get() -> Option<&'static [u8]> {
    LOG.get().map(|log| &**log)
}

/// Takes the log from a physical range; one that lies elsewhere than in free secure RAM, or is too long, is none.
///
/// # Safety
/// Nobody has been given memory of the TA pool yet.
pub(crate) unsafe fn take(range: &Range<u64>) {
    let free = layout::ta_pool();
    let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else { return };
    let len = end.saturating_sub(start);
    if len == 0 || len > LONGEST || start < free.start || end > free.end {
        return;
    }
    // SAFETY: secure RAM, mapped where it lies and, as the caller says, nobody's; only firmware that runs no more wrote there.
    let bytes = unsafe { core::slice::from_raw_parts(start as *const u8, len) };
    let mut copy = Vec::new();
    if copy.try_reserve_exact(len).is_ok() {
        copy.extend_from_slice(bytes);
        LOG.call_once(|| copy.into_boxed_slice());
    }
}
