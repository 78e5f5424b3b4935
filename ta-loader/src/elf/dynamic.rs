// SPDX-License-Identifier: BSD-2-Clause
//! The dynamic section: where symbols, hash tables and relocations stand.

use super::class::Class;
use super::content::{Content, content_at};
use crate::error::{ElfError, LoadError, Name};
use crate::plan::{MAX_LIBRARIES, Segment};
use alloc::vec::Vec;
use core::ops::Range;
use goblin::elf::dynamic::{
    DT_FINI_ARRAY, DT_FINI_ARRAYSZ, DT_GNU_HASH, DT_HASH, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_JMPREL, DT_NEEDED, DT_NULL, DT_PLTREL,
    DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELAENT, DT_RELASZ, DT_RELENT, DT_RELSZ, DT_SONAME, DT_STRSZ, DT_STRTAB, DT_SYMENT, DT_SYMTAB,
};
use utee_abi::uuid::Uuid;

const DT_RELR: u64 = 36;
const DT_ANDROID_REL: u64 = 0x6000_000F;
const DT_ANDROID_RELA: u64 = 0x6000_0011;

/// What the dynamic section says, by address in the image. Lengths are in bytes.
#[derive(Default)]
pub(crate) struct Dynamic {
    pub(crate) tables: SymbolTables,
    pub(crate) rel: Area,
    pub(crate) rela: Area,
    pub(crate) plt: Area,
    /// The relocations of the procedure linkage table have addends.
    pub(crate) plt_is_rela: bool,
    pub(crate) init_array: Area,
    pub(crate) fini_array: Area,
    /// Libraries, in the order in which they are named.
    pub(crate) needed: Vec<Uuid>,
    /// Name of this library, as address.
    pub(crate) name: Option<u64>,
}

/// Where symbols and what finds them stand, by address in the image.
#[derive(Clone, Debug, Default)]
pub(crate) struct SymbolTables {
    pub(crate) symbols: Option<u64>,
    pub(crate) strings: Option<u64>,
    pub(crate) strings_len: Option<u64>,
    pub(crate) hash: Option<u64>,
    pub(crate) gnu_hash: Option<u64>,
}

/// A range of the image.
#[derive(Clone, Copy, Default)]
pub(crate) struct Area {
    pub(crate) vaddr: u64,
    pub(crate) len: u64,
}

impl Area {
    /// First and last address.
    pub(crate) fn range(self) -> Range<u64> {
        self.vaddr..self.vaddr.saturating_add(self.len)
    }
}

impl Dynamic {
    /// Reads the section, if there is one.
    pub(crate) fn read<C: Class>(content: &Content<'_>) -> Result<Self, LoadError> {
        let mut this = Self::default();
        let Some(range) = content.dynamic.clone() else { return Ok(this) };
        let bytes = content.at(range.start, range.end.saturating_sub(range.start)).ok_or(ElfError::Dynamic)?;
        let entries = || bytes.chunks_exact(C::DYNAMIC).map_while(C::dynamic).take_while(|(tag, _)| *tag != DT_NULL);
        for (tag, value) in entries() {
            this.note::<C>(tag, value)?;
        }
        // Names are offsets in the strings, whose place may be told behind them.
        for (_, at) in entries().filter(|(tag, _)| *tag == DT_NEEDED) {
            this.need(content, at)?;
        }
        let name = entries().find(|(tag, _)| *tag == DT_SONAME);
        this.name = name.and_then(|(_, at)| this.tables.strings?.checked_add(at));
        Ok(this)
    }

    /// The UUID that a library is named by.
    pub(crate) fn uuid(&self, content: &Content<'_>) -> Option<Uuid> {
        uuid(content.from(self.name?)?)
    }

    /// Notes a library, once.
    fn need(&mut self, content: &Content<'_>, at: u64) -> Result<(), LoadError> {
        let strings = self.tables.string_table(content.elf, &content.segments);
        let bytes = usize::try_from(at).ok().and_then(|at| strings.get(at..)).unwrap_or_default();
        let uuid = uuid(bytes).ok_or_else(|| ElfError::Needed(Name::new(bytes)))?;
        if self.needed.contains(&uuid) {
            return Ok(());
        }
        if self.needed.len() >= MAX_LIBRARIES {
            return Err(LoadError::Memory);
        }
        self.needed.try_reserve_exact(1).map_err(|_| LoadError::Memory)?;
        self.needed.push(uuid);
        Ok(())
    }

    fn note<C: Class>(&mut self, tag: u64, value: u64) -> Result<(), ElfError> {
        let size = |size: usize| if value == size as u64 { Ok(()) } else { Err(ElfError::EntrySize) };
        match tag {
            DT_SYMTAB => self.tables.symbols = Some(value),
            DT_SYMENT => size(C::SYMBOL)?,
            DT_STRTAB => self.tables.strings = Some(value),
            DT_STRSZ => self.tables.strings_len = Some(value),
            DT_HASH => self.tables.hash = Some(value),
            DT_GNU_HASH => self.tables.gnu_hash = Some(value),
            DT_REL => self.rel.vaddr = value,
            DT_RELSZ => self.rel.len = value,
            DT_RELENT => size(C::REL)?,
            DT_RELA => self.rela.vaddr = value,
            DT_RELASZ => self.rela.len = value,
            DT_RELAENT => size(C::RELA)?,
            DT_JMPREL => self.plt.vaddr = value,
            DT_PLTRELSZ => self.plt.len = value,
            DT_PLTREL => self.plt_is_rela = value == DT_RELA,
            DT_INIT_ARRAY => self.init_array.vaddr = value,
            DT_INIT_ARRAYSZ => self.init_array.len = value,
            DT_FINI_ARRAY => self.fini_array.vaddr = value,
            DT_FINI_ARRAYSZ => self.fini_array.len = value,
            DT_RELR | DT_ANDROID_REL | DT_ANDROID_RELA => return Err(ElfError::PackedRelocations),
            _ => {}
        }
        Ok(())
    }
}

/// A UUID up to the first NUL.
fn uuid(bytes: &[u8]) -> Option<Uuid> {
    let text = bytes.split(|byte| *byte == 0).next()?;
    core::str::from_utf8(text).ok()?.parse().ok()
}

impl SymbolTables {
    /// The string table: no further than it says, nor than the content of its segment.
    pub(crate) fn string_table<'a>(&self, elf: &'a [u8], segments: &[Segment]) -> &'a [u8] {
        let strings = self.strings.and_then(|strings| content_at(elf, segments, strings)).unwrap_or_default();
        let len = self.strings_len.and_then(|len| usize::try_from(len).ok());
        len.and_then(|len| strings.get(..len)).unwrap_or(strings)
    }
}
