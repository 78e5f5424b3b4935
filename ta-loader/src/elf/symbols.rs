// SPDX-License-Identifier: BSD-2-Clause
//! Dynamic symbols by index and by name.

use super::class::{Class, Symbol, entry};
use super::content::content_at;
use super::dynamic::SymbolTables;
use crate::error::Name;
use crate::plan::Segment;
use core::marker::PhantomData;
use utee_abi::bytes::u32_at;

/// Bytes of a word of a hash table, whatever the class.
const HASH_WORD: usize = 4;

/// The dynamic symbol table with its strings and hash tables.
pub(crate) struct Symbols<'a, C> {
    /// Symbols, and whatever stands behind them.
    table: &'a [u8],
    strings: &'a [u8],
    hash: Option<&'a [u8]>,
    gnu_hash: Option<&'a [u8]>,
    /// Number of symbols where no hash table tells: linkers put the strings behind the symbols.
    guess: u64,
    class: PhantomData<C>,
}

impl<'a, C: Class> Symbols<'a, C> {
    /// The symbols that the dynamic section names.
    pub(crate) fn read(elf: &'a [u8], segments: &[Segment], tables: &SymbolTables) -> Self {
        let table = |at: Option<u64>| at.and_then(|at| content_at(elf, segments, at));
        let guess = match (tables.symbols, tables.strings) {
            (Some(symbols), Some(strings)) => strings.saturating_sub(symbols).checked_div(C::SYMBOL as u64).unwrap_or(0),
            _ => 0,
        };
        Self {
            table: table(tables.symbols).unwrap_or_default(),
            strings: tables.string_table(elf, segments),
            hash: table(tables.hash),
            gnu_hash: table(tables.gnu_hash),
            guess,
            class: PhantomData,
        }
    }

    /// Symbol `index`.
    pub(crate) fn get(&self, index: u64) -> Option<Symbol> {
        entry(self.table, index, C::SYMBOL).and_then(C::symbol)
    }

    /// The name of a symbol, up to the end of the strings.
    pub(crate) fn name(&self, symbol: &Symbol) -> Name {
        Name::new(self.name_bytes(symbol))
    }

    /// The name of a symbol without its NUL; `None` when it does not end.
    pub(crate) fn full_name(&self, symbol: &Symbol) -> Option<&'a [u8]> {
        let bytes = self.name_bytes(symbol);
        bytes.get(..bytes.iter().position(|byte| *byte == 0)?)
    }

    fn name_bytes(&self, symbol: &Symbol) -> &'a [u8] {
        usize::try_from(symbol.name).ok().and_then(|at| self.strings.get(at..)).unwrap_or_default()
    }

    /// The defined symbol `index`, if that is its name.
    fn defined(&self, index: u64, name: &[u8]) -> Option<Symbol> {
        let symbol = self.get(index)?;
        let rest = self.name_bytes(&symbol).strip_prefix(name)?;
        (rest.first() == Some(&0) && !symbol.is_undefined()).then_some(symbol)
    }

    /// Address of the defined symbol `name`.
    pub(crate) fn find(&self, name: &str) -> Option<u64> {
        self.find_symbol(name.as_bytes()).map(|symbol| symbol.value)
    }

    /// The defined symbol `name`.
    pub(crate) fn find_symbol(&self, name: &[u8]) -> Option<Symbol> {
        match (self.gnu_hash, self.hash) {
            (Some(table), _) => self.find_gnu(table, name),
            (None, Some(table)) => self.find_sysv(table, name),
            (None, None) => (1..self.guess).map_while(|index| self.get(index).map(|_| index)).find_map(|index| self.defined(index, name)),
        }
    }

    /// Looks a name up in a GNU hash table: number of buckets, first symbol, words of the Bloom filter, its shift;
    /// filter; buckets; chains. The filter only saves time, and is passed over.
    fn find_gnu(&self, table: &[u8], name: &[u8]) -> Option<Symbol> {
        const HEADER: usize = 16;
        let (buckets, first, filter) = (u32_at(table, 0)?, u32_at(table, 4)?, u32_at(table, 8)?);
        let hash = gnu_hash(name);
        let rest = table.get(HEADER.checked_add(usize::try_from(filter).ok()?.checked_mul(C::WORD)?)?..)?;
        let (bucket_table, chains) = rest.split_at_checked(usize::try_from(buckets).ok()?.checked_mul(HASH_WORD)?)?;
        let start = u32_at(entry(bucket_table, u64::from(hash.checked_rem(buckets)?), HASH_WORD)?, 0)?;
        let chain = chains.get(usize::try_from(start.checked_sub(first)?).ok()?.checked_mul(HASH_WORD)?..)?;
        for (index, link) in (u64::from(start)..).zip(chain.chunks_exact(HASH_WORD)) {
            let link = u32_at(link, 0)?;
            if link | 1 == hash | 1
                && let Some(symbol) = self.defined(index, name)
            {
                return Some(symbol);
            }
            if link & 1 == 1 {
                return None;
            }
        }
        None
    }

    /// Looks a name up in a System V hash table: number of buckets, of symbols; buckets; chains.
    fn find_sysv(&self, table: &[u8], name: &[u8]) -> Option<Symbol> {
        const HEADER: usize = 8;
        let (buckets, symbols) = (u32_at(table, 0)?, u32_at(table, 4)?);
        let rest = table.get(HEADER..)?;
        let (bucket_table, chains) = rest.split_at_checked(usize::try_from(buckets).ok()?.checked_mul(HASH_WORD)?)?;
        let mut index = u32_at(entry(bucket_table, u64::from(sysv_hash(name).checked_rem(buckets)?), HASH_WORD)?, 0)?;
        // A chain that runs in a circle ends after as many steps as there are symbols.
        for _ in 0..symbols {
            if index == 0 {
                return None;
            }
            if let Some(symbol) = self.defined(u64::from(index), name) {
                return Some(symbol);
            }
            index = u32_at(entry(chains, u64::from(index), HASH_WORD)?, 0)?;
        }
        None
    }
}

/// Hash of a name in a GNU hash table: djb2.
fn gnu_hash(name: &[u8]) -> u32 {
    name.iter().fold(5381u32, |hash, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}

/// Hash of a name in a System V hash table (System V ABI, chapter 5).
fn sysv_hash(name: &[u8]) -> u32 {
    name.iter().fold(0u32, |hash, byte| {
        let hash = (hash << 4).wrapping_add(u32::from(*byte));
        let high = hash & 0xF000_0000;
        (hash ^ (high >> 24)) & !high
    })
}
