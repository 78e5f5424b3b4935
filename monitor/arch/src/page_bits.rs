// SPDX-License-Identifier: BSD-2-Clause
//! Which pages of a pool are in use, a bit each. Everything goes by words: it happens with interrupts masked.

/// Pages of a pool at most (64 MiB).
pub const MAX_PAGES: usize = 16_384;
const WORD: usize = 32;

/// A run of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// First page.
    pub first: usize,
    /// Their number.
    pub pages: usize,
}

/// A bit for each page.
pub struct Bits([u32; MAX_PAGES / WORD]);

impl Default for Bits {
    fn default() -> Self {
        Self::new()
    }
}

impl Bits {
    /// All clear.
    pub const fn new() -> Self {
        Self([0; MAX_PAGES / WORD])
    }

    /// The bit of a page.
    pub fn get(&self, page: usize) -> bool {
        self.0[page / WORD] >> (page % WORD) & 1 != 0
    }

    /// Sets or clears the bits of `pages` pages, a word at a time: the lock that they stand behind masks interrupts.
    pub fn set(&mut self, extent: Extent, value: bool) {
        let (mut page, end) = (extent.first, extent.first + extent.pages);
        while page < end {
            let (bit, len) = (page % WORD, (WORD - page % WORD).min(end - page));
            let mask = (u32::MAX >> (WORD - len)) << bit;
            let word = &mut self.0[page / WORD];
            *word = if value { *word | mask } else { *word & !mask };
            page += len;
        }
    }

    /// First page from `page` on, below `end`, whose bit is `value`; `end` when there is none.
    fn find(&self, page: usize, end: usize, value: bool) -> usize {
        let mut at = page;
        while at < end {
            let word = if value { self.0[at / WORD] } else { !self.0[at / WORD] };
            let rest = word >> (at % WORD);
            if rest != 0 {
                return (at + rest.trailing_zeros() as usize).min(end);
            }
            at = (at / WORD + 1) * WORD;
        }
        end
    }

    /// The runs of clear bits below `end`.
    pub fn clear_runs(&self, end: usize) -> impl Iterator<Item = Extent> {
        let mut page = 0;
        core::iter::from_fn(move || {
            let first = self.find(page, end, false);
            page = self.find(first, end, true);
            (first < end).then_some(Extent { first, pages: page - first })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Bits, Extent};
    use std::vec::Vec;

    /// Runs of clear bits, page by page.
    fn runs(used: &[bool]) -> Vec<Extent> {
        let mut out: Vec<Extent> = Vec::new();
        for (page, used) in used.iter().enumerate() {
            match out.last_mut() {
                _ if *used => {}
                Some(run) if run.first + run.pages == page => run.pages += 1,
                _ => out.push(Extent { first: page, pages: 1 }),
            }
        }
        out
    }

    #[test]
    fn words_and_pages_agree() {
        const PAGES: usize = 150;
        let mut used = [false; PAGES];
        let mut bits = Bits::new();
        let mut number = 1u32;
        for _ in 0..2000 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let first = (number >> 8) as usize % PAGES;
            let pages = (number >> 20) as usize % (PAGES - first + 1);
            let value = number >> 31 != 0;
            bits.set(Extent { first, pages }, value);
            used[first..first + pages].fill(value);
            assert!(used.iter().enumerate().all(|(page, used)| bits.get(page) == *used));
            assert_eq!(bits.clear_runs(PAGES).collect::<Vec<_>>(), runs(&used));
            assert_eq!(bits.clear_runs(70).collect::<Vec<_>>(), runs(&used[..70]));
        }
    }
}
