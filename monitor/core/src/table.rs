// SPDX-License-Identifier: BSD-2-Clause
//! Tables that grow with what the normal world has under way, and give memory back when it has gone.

use alloc::vec::Vec;
use core::mem;

/// Entries that a table keeps room for: twice those that a Linux at rest has, so that the room is the same whenever it rests.
const LEAST: usize = 16;

/// An empty table, for boot: with the room that it keeps, so that use leaves nothing behind.
pub(crate) fn empty<T>() -> Vec<T> {
    Vec::with_capacity(LEAST)
}

/// Halves the room of a table of which no more than three eighths are used; `promised` entries have room afterwards, as those that
/// are there. Nothing happens when there is no memory to move it to.
pub(crate) fn give_back<T>(table: &mut Vec<T>, promised: usize) {
    let used = table.len().saturating_add(promised);
    let room = table.capacity();
    if room <= LEAST || used > room / 8 * 3 {
        return;
    }
    let mut smaller = Vec::new();
    if smaller.try_reserve_exact((room / 2).max(LEAST)).is_ok() {
        smaller.append(table);
        mem::swap(table, &mut smaller);
    }
}

#[cfg(test)]
mod tests {
    use super::{LEAST, give_back};
    use alloc::vec::Vec;

    #[test]
    fn an_emptied_table_has_the_least_room() {
        let mut table: Vec<u32> = (0..1000).collect();
        while let Some(last) = table.pop() {
            give_back(&mut table, 0);
            assert!(table.iter().copied().eq(0..last));
        }
        assert_eq!(table.capacity(), LEAST);
    }

    #[test]
    fn promised_entries_keep_their_room() {
        let mut table: Vec<u32> = Vec::with_capacity(64);
        give_back(&mut table, 25);
        assert_eq!(table.capacity(), 64);
        give_back(&mut table, 24);
        assert_eq!(table.capacity(), 32);
    }
}
