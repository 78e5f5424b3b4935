// SPDX-License-Identifier: BSD-2-Clause
//! Page lists: buffers by the addresses of their pages (OP-TEE ABI, message protocol, NONCONTIG).

use super::{PAGE_SIZE, Shareable};
use utee_abi::msg::{NONCONTIG_LINK, PAGES_PER_LIST};

/// Bytes of an entry.
const ENTRY: usize = 8;

/// Number of pages that `len` bytes from byte `offset` of a page touch; at least one.
pub(super) const fn pages(offset: usize, len: usize) -> usize {
    let pages = offset.saturating_add(len).div_ceil(PAGE_SIZE);
    if pages == 0 { 1 } else { pages }
}

/// Bytes of a list of `pages` pages.
pub(super) const fn bytes(pages: usize) -> usize {
    pages.div_ceil(PAGES_PER_LIST).saturating_mul(PAGE_SIZE)
}

/// Writes a list of `count` pages into `memory` from byte `at`, which starts a page; gives its physical address.
/// `None` when a page has no address or the list does not fit.
pub(super) fn write<M: Shareable>(memory: &M, at: usize, count: usize, page: impl Fn(usize) -> Option<u64>) -> Option<u64> {
    let list_page = |index: usize| Some(memory.page((at / PAGE_SIZE).checked_add(index)?)).filter(|pa| *pa != 0);
    for index in 0..count {
        let (list, entry) = (index / PAGES_PER_LIST, index % PAGES_PER_LIST);
        let start = at.checked_add(list.checked_mul(PAGE_SIZE)?)?;
        if entry == 0 && list > 0 {
            let link = start.checked_sub(PAGE_SIZE)?.checked_add(NONCONTIG_LINK)?;
            memory.write(link, &list_page(list)?.to_le_bytes()).then_some(())?;
        }
        let place = start.checked_add(entry * ENTRY)?;
        memory.write(place, &page(index)?.to_le_bytes()).then_some(())?;
    }
    list_page(0)
}
