// SPDX-License-Identifier: BSD-2-Clause
//! Translation tables of EL3 (Arm ARM, D8.3): 4 KiB pages, addresses below 4 GiB, each mapped to itself. No effects: the bits only.

use core::ops::Range;

/// Bytes that an entry of the first level covers.
const GIGABYTE: u64 = 1 << 30;
/// Bytes that an entry of the second level covers.
const BLOCK: u64 = 1 << 21;
/// Bytes of a page.
pub const PAGE: u64 = 1 << 12;
/// Bits of an address.
pub const ADDRESS_BITS: u64 = 32;
/// Entries of the first level.
const TOP: usize = 1 << (ADDRESS_BITS - 30);
/// Entries of a table below it.
const ENTRIES: usize = 512;
/// Tables below the first level.
const LOWER: usize = 8;

const VALID: u64 = 1 << 0;
/// A table, or at the third level a page.
const TABLE_OR_PAGE: u64 = 1 << 1;
const DEVICE: u64 = 1 << 2;
const NS: u64 = 1 << 5;
/// One in a regime without lower levels.
const AP_RES1: u64 = 1 << 6;
const READ_ONLY: u64 = 1 << 7;
const INNER_SHAREABLE: u64 = 3 << 8;
const ACCESSED: u64 = 1 << 10;
const EXECUTE_NEVER: u64 = 1 << 54;
/// Bits of an address in an entry.
const ADDRESS: u64 = 0x0000_FFFF_FFFF_F000;

/// What a range holds, and so what EL3 may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Code: read and executed.
    Text,
    /// Constants: read.
    Rodata,
    /// Data: read and written.
    Data,
    /// Registers of devices.
    Device,
    /// Memory of the normal world: read and written.
    NormalWorld,
}

/// The tables of EL3.
#[repr(C, align(4096))]
#[derive(Debug)]
pub struct Tables {
    lower: [[u64; ENTRIES]; LOWER],
    pub(crate) top: [u64; TOP],
    used: usize,
}

impl Tables {
    /// Tables that map nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { lower: [[0; ENTRIES]; LOWER], top: [0; TOP], used: 0 }
    }

    /// Maps a range of whole pages to itself. `None` when it is not that, when some of it is mapped already, and when there are
    /// not tables enough; what comes before that place is mapped then.
    #[must_use]
    pub fn map(&mut self, range: Range<u64>, kind: Kind) -> Option<()> {
        self.each(range, |entry, at, page| {
            let free = *entry == 0;
            *entry = leaf(at, kind) | if page { TABLE_OR_PAGE } else { 0 };
            free.then_some(())
        })
    }

    /// Takes away a range that was mapped as one. `None` when it was not.
    #[must_use]
    pub fn unmap(&mut self, range: Range<u64>) -> Option<()> {
        self.each(range, |entry, _, _| {
            let there = *entry != 0;
            *entry = 0;
            there.then_some(())
        })
    }

    /// Calls `f` with each entry of a range, its address, and whether it is one of the third level.
    fn each(&mut self, range: Range<u64>, f: impl Fn(&mut u64, u64, bool) -> Option<()>) -> Option<()> {
        if !range.start.is_multiple_of(PAGE) || !range.end.is_multiple_of(PAGE) || range.end > 1 << ADDRESS_BITS {
            return None;
        }
        let mut at = range.start;
        while at < range.end {
            let fits = |size: u64| at.is_multiple_of(size) && range.end - at >= size;
            let (first, second, third) = (index(at, GIGABYTE), index(at, BLOCK), index(at, PAGE));
            let entry = self.top.get(first).copied()?;
            if fits(GIGABYTE) {
                f(self.top.get_mut(first)?, at, false)?;
                at += GIGABYTE;
                continue;
            }
            let (middle, entry) = self.below(entry)?;
            *self.top.get_mut(first)? = entry;
            let entry = self.lower.get(middle)?.get(second).copied()?;
            if fits(BLOCK) {
                f(self.lower.get_mut(middle)?.get_mut(second)?, at, false)?;
                at += BLOCK;
                continue;
            }
            let (last, entry) = self.below(entry)?;
            *self.lower.get_mut(middle)?.get_mut(second)? = entry;
            f(self.lower.get_mut(last)?.get_mut(third)?, at, true)?;
            at += PAGE;
        }
        Some(())
    }

    /// The number of the table that an entry points at, and that entry: a new one when it was empty.
    fn below(&mut self, entry: u64) -> Option<(usize, u64)> {
        let start = (&raw const self.lower).addr() as u64;
        if entry & (VALID | TABLE_OR_PAGE) == VALID | TABLE_OR_PAGE {
            let number = (entry & ADDRESS).checked_sub(start)? / (ENTRIES as u64 * 8);
            return Some((usize::try_from(number).ok()?, entry));
        }
        let number = self.used;
        if entry != 0 || number == LOWER {
            return None;
        }
        self.used += 1;
        Some((number, (start + number as u64 * ENTRIES as u64 * 8) & ADDRESS | VALID | TABLE_OR_PAGE))
    }
}

impl Default for Tables {
    fn default() -> Self {
        Self::new()
    }
}

/// Number of an address's entry in a table whose entries cover `size` bytes.
fn index(address: u64, size: u64) -> usize {
    (address / size) as usize % ENTRIES
}

/// An entry that maps `address`.
fn leaf(address: u64, kind: Kind) -> u64 {
    let bits = match kind {
        Kind::Text => READ_ONLY,
        Kind::Rodata => READ_ONLY | EXECUTE_NEVER,
        Kind::Data => EXECUTE_NEVER,
        Kind::Device => DEVICE | EXECUTE_NEVER,
        Kind::NormalWorld => NS | EXECUTE_NEVER,
    };
    address & ADDRESS | VALID | AP_RES1 | INNER_SHAREABLE | ACCESSED | bits
}

#[cfg(test)]
mod tests {
    use super::{ADDRESS, BLOCK, ENTRIES, EXECUTE_NEVER, GIGABYTE, Kind, NS, PAGE, READ_ONLY, TABLE_OR_PAGE, Tables, VALID, index, leaf};
    use std::boxed::Box;

    /// What the CPU finds for an address: the entry and the bytes that it covers.
    fn walk(tables: &Tables, address: u64) -> Option<(u64, u64)> {
        let mut entry = tables.top[index(address, GIGABYTE)];
        for (size, below) in [(GIGABYTE, BLOCK), (BLOCK, PAGE)] {
            if entry & VALID == 0 {
                return None;
            }
            if entry & TABLE_OR_PAGE == 0 {
                return Some((entry, size));
            }
            let table = tables.lower.iter().find(|table| table.as_ptr().addr() as u64 == entry & ADDRESS).unwrap();
            entry = table[index(address, below)];
        }
        (entry & VALID != 0).then_some((entry, PAGE))
    }

    #[test]
    fn nothing_is_writable_and_executable() {
        for kind in [Kind::Text, Kind::Rodata, Kind::Data, Kind::Device, Kind::NormalWorld] {
            let entry = leaf(0x0e00_1000, kind);
            assert!(entry & READ_ONLY != 0 || entry & EXECUTE_NEVER != 0, "{kind:?}");
            assert_eq!(entry & NS != 0, kind == Kind::NormalWorld, "{kind:?}");
        }
        assert_eq!(leaf(0x0e00_1000, Kind::Text), 0x0E00_17C1);
        assert_eq!(leaf(0x0900_0000, Kind::Device), 0x0040_0000_0900_0745);
    }

    #[test]
    fn ranges_are_mapped_to_themselves_by_the_largest_entries() {
        let mut tables = Box::new(Tables::new());
        let ranges =
            [(0x0e00_0000..0x0e00_3000, Kind::Text), (0x0e0f_f000..0x0e60_1000, Kind::Data), (0x4000_0000..0xC000_0000, Kind::NormalWorld)];
        for (range, kind) in ranges.clone() {
            assert!(tables.map(range, kind).is_some());
        }
        for (address, size) in
            [(0x0e00_2fff, PAGE), (0x0e0f_f000, PAGE), (0x0e20_0000, BLOCK), (0x0e60_0123, PAGE), (0x8000_0000, GIGABYTE)]
        {
            let (entry, covers) = walk(&tables, address).unwrap();
            assert_eq!((entry & ADDRESS, covers), (address / size * size, size), "{address:#x}");
            let kind = ranges.iter().find(|(range, _)| range.contains(&address)).unwrap().1;
            assert_eq!(entry & !TABLE_OR_PAGE, leaf(address / size * size, kind), "{address:#x}");
        }
        for address in [0, 0x0e00_3000, 0x0e0f_efff, 0x0e60_1000, 0x3fff_ffff, 0xC000_0000] {
            assert_eq!(walk(&tables, address), None, "{address:#x}");
        }
    }

    #[test]
    fn what_is_taken_away_is_gone_and_the_rest_stays() {
        let mut tables = Box::new(Tables::new());
        assert!(tables.map(0x0e00_0000..0x0e10_0000, Kind::Data).is_some());
        assert!(tables.map(0x0e10_0000..0x0f00_0000, Kind::Data).is_some());
        assert!(tables.unmap(0x0e10_0000..0x0f00_0000).is_some());
        assert!(walk(&tables, 0x0e0f_f000).is_some());
        for address in [0x0e10_0000, 0x0e1f_f000, 0x0e20_0000, 0x0eff_f000] {
            assert_eq!(walk(&tables, address), None, "{address:#x}");
        }
        assert!(tables.unmap(0x0e10_0000..0x0f00_0000).is_none(), "it is not there any more");
    }

    #[test]
    fn what_cannot_be_mapped_is_refused() {
        let mut tables = Box::new(Tables::new());
        assert!(tables.map(0x800..0x1000, Kind::Data).is_none(), "no whole page");
        assert!(tables.map(0xFFFF_F000..0x1_0000_1000, Kind::Data).is_none(), "past the end");
        assert!(tables.map(0x20_0000..0x40_0000, Kind::Data).is_some());
        assert!(tables.map(0x20_1000..0x20_2000, Kind::Text).is_none(), "mapped as a block");
        assert!(tables.map(0x20_0000..0x40_0000, Kind::Text).is_none(), "mapped already");
        let more = (1..).take_while(|block| tables.map(block * 2 * BLOCK..block * 2 * BLOCK + PAGE, Kind::Data).is_some()).count();
        assert!(more > 2 && more < ENTRIES, "there is an end of tables: {more}");
    }
}
