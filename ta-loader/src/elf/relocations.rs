// SPDX-License-Identifier: BSD-2-Clause
//! From relocation tables to the words to write.

use super::class::{Class, RawRelocation, Section};
use super::content::{Content, content_from, holds};
use super::dynamic::{Area, Dynamic};
use super::symbols::Symbols;
use crate::error::{ElfError, LoadError};
use crate::link::TCB_SIZE;
use crate::plan::{Import, ImportKind, Limits, Relocation, Relocations, Value};
use alloc::vec::Vec;
use goblin::elf::section_header::{SHF_ALLOC, SHN_ABS, SHT_REL, SHT_RELA};

const ABSOLUTE: u16 = SHN_ABS as u16;

/// Tables of relocations at most. A linker script may keep one for each section that it relocates.
const MAX_TABLES: usize = 64;

/// What a kind of relocation asks for: load base B, symbol S, addend A, place P.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Nothing.
    None,
    /// B + A
    Relative,
    /// S + A
    Symbol,
    /// S
    SymbolAlone,
    /// S + A - P
    Distance,
    /// Id of the module that has S.
    TlsModule,
    /// S + A, S being counted from the start of its module's thread-local storage
    TlsOffset,
    /// S + A, S being counted from the thread pointer
    TlsThread,
}

/// Meaning of the kinds of relocation of a machine.
pub(crate) type KindOf = fn(u32) -> Result<Kind, ElfError>;

/// How symbols are resolved.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) kind_of: KindOf,
    /// The file is a library, whose symbols another module may define instead.
    pub(crate) is_library: bool,
    /// Symbols that the file does not define may be in another module.
    pub(crate) has_others: bool,
}

struct Table<'a> {
    area: Area,
    bytes: &'a [u8],
    has_addends: bool,
}

/// What the relocations of a file come to.
pub(crate) struct Relocated {
    /// Words whose value the file alone tells.
    pub(crate) relocations: Relocations,
    /// Words whose value depends on the other modules.
    pub(crate) imports: Vec<Import>,
}

/// Every word to write; notes on each segment whether one is in it.
///
/// The tables are those that the dynamic section names and those that are sections of their own: linker scripts that
/// keep a relocation section for each section, as OP-TEE's does, leave some out of the former.
pub(crate) fn relocations<'a, C: Class>(
    content: &mut Content<'a>,
    dynamic: &Dynamic,
    sections: impl Iterator<Item = Section>,
    symbols: &Symbols<'a, C>,
    rules: Rules,
    limits: &Limits,
) -> Result<Relocated, LoadError> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    for section in sections.filter(|section| section.flags & u64::from(SHF_ALLOC) != 0) {
        if matches!(section.kind, SHT_REL | SHT_RELA) {
            let area = Area { vaddr: section.addr, len: section.len };
            add::<C>(&mut tables, content, area, section.kind == SHT_RELA)?;
        }
    }
    for (area, has_addends) in [(dynamic.rel, false), (dynamic.rela, true), (dynamic.plt, dynamic.plt_is_rela)] {
        // Where there is a section, it knows its length: linkers count all tables as one here, whatever lies between them.
        if !tables.iter().any(|table| table.has_addends == has_addends && table.area.vaddr == area.vaddr) {
            add::<C>(&mut tables, content, area, has_addends)?;
        }
    }
    let count = |table: &Table<'_>| table.bytes.len().checked_div(entry_size::<C>(table.has_addends)).unwrap_or(0);
    let total = tables.iter().fold(0usize, |total, table| total.saturating_add(count(table)));
    if total > limits.relocations {
        return Err(LoadError::Memory);
    }
    let mut out = Relocated { relocations: Relocations::with_capacity(total)?, imports: Vec::new() };
    let mut resolver = Resolver { content, symbols, rules, last: 0 };
    for table in &tables {
        for bytes in table.bytes.chunks_exact(entry_size::<C>(table.has_addends)) {
            let raw = if table.has_addends { C::rela(bytes) } else { C::rel(bytes) };
            match resolver.resolve(&raw.ok_or(ElfError::RelocationTable)?)? {
                Some(Resolved::Here(relocation)) => out.relocations.push(relocation)?,
                Some(Resolved::Elsewhere(import)) => {
                    out.imports.try_reserve(1).map_err(|_| LoadError::Memory)?;
                    out.imports.push(import);
                }
                None => {}
            }
        }
    }
    Ok(out)
}

fn entry_size<C: Class>(has_addends: bool) -> usize {
    if has_addends { C::RELA } else { C::REL }
}

/// Adds a table, unless it is empty or part of one that is there.
fn add<'a, C: Class>(tables: &mut Vec<Table<'a>>, content: &Content<'a>, area: Area, has_addends: bool) -> Result<(), LoadError> {
    let range = area.range();
    let covers = |table: &Table<'_>| {
        let other = table.area.range();
        table.has_addends == has_addends && other.start <= range.start && range.end <= other.end
    };
    if area.len == 0 || tables.iter().any(covers) {
        return Ok(());
    }
    if tables.len() >= MAX_TABLES {
        return Err(LoadError::Memory);
    }
    let bytes = content.at(area.vaddr, area.len).ok_or(ElfError::RelocationTable)?;
    if bytes.len().checked_rem(entry_size::<C>(has_addends)) != Some(0) {
        return Err(ElfError::EntrySize.into());
    }
    tables.try_reserve(1).map_err(|_| LoadError::Memory)?;
    tables.push(Table { area, bytes, has_addends });
    Ok(())
}

/// Where the value of a word comes from.
enum Resolved {
    Here(Relocation),
    Elsewhere(Import),
}

struct Resolver<'r, 'a, C> {
    content: &'r mut Content<'a>,
    symbols: &'r Symbols<'a, C>,
    rules: Rules,
    /// Segment of the last relocation, which is most often the one of the next as well.
    last: usize,
}

impl<C: Class> Resolver<'_, '_, C> {
    fn resolve(&mut self, raw: &RawRelocation) -> Result<Option<Resolved>, ElfError> {
        let kind = (self.rules.kind_of)(raw.kind)?;
        if matches!(kind, Kind::None) {
            return Ok(None);
        }
        let in_place = self.target(raw.vaddr)?;
        let addend = match kind {
            // Without the addend of its own, the word of the file is not one.
            Kind::SymbolAlone | Kind::TlsModule => raw.addend.unwrap_or(0),
            _ => raw.addend.unwrap_or(in_place),
        };
        if let Some(kind) = self.import(kind, raw)? {
            return Ok(Some(Resolved::Elsewhere(Import { vaddr: raw.vaddr, symbol: raw.symbol, kind, addend })));
        }
        let value = match kind {
            Kind::None => return Ok(None),
            Kind::Relative => Value::Relative(addend),
            Kind::Symbol | Kind::SymbolAlone => self.value(raw.symbol, addend)?,
            Kind::Distance => match self.value(raw.symbol, addend)? {
                // Place and symbol move together, so that the distance is the same wherever the image is.
                Value::Relative(target) => Value::Absolute(target.wrapping_sub(raw.vaddr) & C::MASK),
                Value::Absolute(_) => return Err(ElfError::RelativeToAbsolute),
            },
            // The TA is the first module.
            Kind::TlsModule => Value::Absolute(1),
            Kind::TlsOffset => Value::Absolute(self.tls_offset(raw.symbol, addend)?),
            Kind::TlsThread => Value::Absolute(self.tls_offset(raw.symbol, addend)?.wrapping_add(TCB_SIZE) & C::MASK),
        };
        Ok(Some(Resolved::Here(Relocation { vaddr: raw.vaddr, value })))
    }

    /// What to ask the other modules for, if it takes them.
    fn import(&self, kind: Kind, raw: &RawRelocation) -> Result<Option<ImportKind>, ElfError> {
        let import = match kind {
            Kind::None | Kind::Relative => return Ok(None),
            Kind::Symbol | Kind::SymbolAlone => ImportKind::Address,
            Kind::Distance => ImportKind::Distance,
            Kind::TlsModule => ImportKind::TlsModule,
            Kind::TlsOffset => ImportKind::TlsOffset,
            Kind::TlsThread => ImportKind::TlsThread,
        };
        // What module a library is, and where its storage lies, only a TA knows by now.
        let is_own_tls = self.rules.is_library && matches!(kind, Kind::TlsModule | Kind::TlsThread);
        if raw.symbol == 0 {
            return Ok(is_own_tls.then_some(import));
        }
        let symbol = self.symbols.get(raw.symbol).ok_or(ElfError::NoSymbol)?;
        let is_global = !symbol.is_local();
        // What the TA defines is what every module finds first.
        let asks = if symbol.is_undefined() { self.rules.has_others } else { self.rules.is_library && is_global };
        Ok((asks || is_own_tls).then_some(import))
    }

    /// Notes that the segment at `vaddr` is relocated; gives the word that the file has there, 0 in zero-filled memory.
    fn target(&mut self, vaddr: u64) -> Result<u64, ElfError> {
        let elf = self.content.elf;
        let segments = &mut self.content.segments;
        if !segments.get(self.last).is_some_and(|segment| holds(segment, vaddr, C::WORD as u64)) {
            self.last = segments.partition_point(|segment| segment.vaddr <= vaddr).saturating_sub(1);
        }
        let segment = segments.get_mut(self.last).filter(|segment| holds(segment, vaddr, C::WORD as u64));
        let segment = segment.ok_or(ElfError::RelocationTarget)?;
        segment.relocated = true;
        Ok(match content_from(elf, segment, vaddr) {
            Some(bytes) if bytes.len() >= C::WORD => C::word(bytes).unwrap_or(0),
            // A word of which the file holds the start only.
            Some(bytes) => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            None => 0,
        })
    }

    /// Where symbol `index` stands in the thread-local storage of this module, plus `addend`.
    fn tls_offset(&self, index: u64, addend: u64) -> Result<u64, ElfError> {
        if index == 0 {
            return Ok(addend);
        }
        self.value(index, addend).map(|value| match value {
            Value::Relative(offset) | Value::Absolute(offset) => offset,
        })
    }

    /// Symbol `index` plus `addend`; index 0 is the image itself.
    fn value(&self, index: u64, addend: u64) -> Result<Value, ElfError> {
        if index == 0 {
            return Ok(Value::Relative(addend));
        }
        let symbol = self.symbols.get(index).ok_or(ElfError::NoSymbol)?;
        let sum = symbol.value.wrapping_add(addend) & C::MASK;
        match symbol.section {
            _ if symbol.is_undefined() && symbol.is_weak() => Ok(Value::Absolute(addend)),
            _ if symbol.is_undefined() => Err(ElfError::Undefined(self.symbols.name(&symbol))),
            ABSOLUTE => Ok(Value::Absolute(sum)),
            _ => Ok(Value::Relative(sum)),
        }
    }
}
