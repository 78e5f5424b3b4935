// SPDX-License-Identifier: BSD-2-Clause
//! Reserved shared memory: which of its pages are in use.

use super::PAGE_SIZE;
use alloc::vec::Vec;
use core::ops::Range;
use spin::Mutex;

/// The region and a bit for each page of it.
pub(super) struct Reserved {
    base: u64,
    used: Mutex<Vec<bool>>,
}

impl Reserved {
    /// The region at `base`, all free.
    pub(super) fn new(base: u64, size: usize) -> Self {
        let mut used = Vec::new();
        used.resize(size / PAGE_SIZE, false);
        Self { base, used: Mutex::new(used) }
    }

    /// Takes a run of pages for `bytes` bytes.
    pub(super) fn take(&self, bytes: usize) -> Option<Range<usize>> {
        let wanted = bytes.div_ceil(PAGE_SIZE).max(1);
        let mut used = self.used.lock();
        let start = used.windows(wanted).position(|run| run.iter().all(|page| !page))?;
        let range = start..start.checked_add(wanted)?;
        used.get_mut(range.clone())?.fill(true);
        Some(range)
    }

    /// Gives a run of pages back.
    pub(super) fn give_back(&self, range: Range<usize>) {
        if let Some(run) = self.used.lock().get_mut(range) {
            run.fill(false);
        }
    }

    /// Physical address of a page.
    pub(super) fn address(&self, page: usize) -> u64 {
        self.base.saturating_add((page as u64).saturating_mul(PAGE_SIZE as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE_SIZE, Reserved};

    #[test]
    fn runs_do_not_overlap_and_come_back() {
        let region = Reserved::new(0x4200_0000, 4 * PAGE_SIZE);
        let first = region.take(1).unwrap();
        let second = region.take(PAGE_SIZE + 1).unwrap();
        assert_eq!((first.clone(), second.clone()), (0..1, 1..3));
        assert_eq!(region.take(2 * PAGE_SIZE), None);
        region.give_back(first);
        assert_eq!(region.take(2 * PAGE_SIZE), None);
        region.give_back(second);
        assert_eq!(region.take(4 * PAGE_SIZE), Some(0..4));
        assert_eq!(region.address(2), 0x4200_2000);
    }
}
