// SPDX-License-Identifier: BSD-2-Clause
//! The dynamic section: where symbols, hash tables and relocations stand.

use super::class::Class;
use super::content::Content;
use crate::error::{ElfError, Name};
use core::ops::Range;
use goblin::elf::dynamic::{
    DT_FINI_ARRAY, DT_FINI_ARRAYSZ, DT_GNU_HASH, DT_HASH, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_JMPREL, DT_NEEDED, DT_NULL, DT_PLTREL,
    DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELAENT, DT_RELASZ, DT_RELENT, DT_RELSZ, DT_STRSZ, DT_STRTAB, DT_SYMENT, DT_SYMTAB,
};

const DT_RELR: u64 = 36;
const DT_ANDROID_REL: u64 = 0x6000_000F;
const DT_ANDROID_RELA: u64 = 0x6000_0011;

/// What the dynamic section says, by address in the image. Lengths are in bytes.
#[derive(Default)]
pub(crate) struct Dynamic {
    pub(crate) symbols: Option<u64>,
    pub(crate) strings: Option<u64>,
    strings_len: Option<u64>,
    pub(crate) hash: Option<u64>,
    pub(crate) gnu_hash: Option<u64>,
    pub(crate) rel: Area,
    pub(crate) rela: Area,
    pub(crate) plt: Area,
    /// The relocations of the procedure linkage table have addends.
    pub(crate) plt_is_rela: bool,
    pub(crate) init_array: Area,
    pub(crate) fini_array: Area,
    /// Name of a library, as offset in the strings.
    needed: Option<u64>,
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
    pub(crate) fn read<C: Class>(content: &Content<'_>) -> Result<Self, ElfError> {
        let mut this = Self::default();
        let Some(range) = content.dynamic.clone() else { return Ok(this) };
        let bytes = content.at(range.start, range.end.saturating_sub(range.start)).ok_or(ElfError::Dynamic)?;
        for entry in bytes.chunks_exact(C::DYNAMIC) {
            match C::dynamic(entry).ok_or(ElfError::Dynamic)? {
                (DT_NULL, _) => break,
                (tag, value) => this.note::<C>(tag, value)?,
            }
        }
        match this.needed {
            Some(name) => Err(ElfError::Needed(this.string(content, name))),
            None => Ok(this),
        }
    }

    fn note<C: Class>(&mut self, tag: u64, value: u64) -> Result<(), ElfError> {
        let size = |size: usize| if value == size as u64 { Ok(()) } else { Err(ElfError::EntrySize) };
        match tag {
            DT_NEEDED => self.needed = self.needed.or(Some(value)),
            DT_SYMTAB => self.symbols = Some(value),
            DT_SYMENT => size(C::SYMBOL)?,
            DT_STRTAB => self.strings = Some(value),
            DT_STRSZ => self.strings_len = Some(value),
            DT_HASH => self.hash = Some(value),
            DT_GNU_HASH => self.gnu_hash = Some(value),
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

    /// The string table: no further than it says, nor than the content of its segment.
    pub(crate) fn string_table<'a>(&self, content: &Content<'a>) -> &'a [u8] {
        let strings = self.strings.and_then(|strings| content.from(strings)).unwrap_or_default();
        let len = self.strings_len.and_then(|len| usize::try_from(len).ok());
        len.and_then(|len| strings.get(..len)).unwrap_or(strings)
    }

    fn string(&self, content: &Content<'_>, at: u64) -> Name {
        let strings = self.string_table(content);
        let name = usize::try_from(at).ok().and_then(|at| strings.get(at..));
        Name::new(name.unwrap_or_default())
    }
}
