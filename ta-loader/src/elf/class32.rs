// SPDX-License-Identifier: BSD-2-Clause
//! Files of class 32.

use super::class::{Class, FileHeader, Program, RawRelocation, Section, Symbol, Table, read};
use goblin::elf32::dynamic::Dyn;
use goblin::elf32::header::Header;
use goblin::elf32::program_header::ProgramHeader;
use goblin::elf32::reloc::{Rel, Rela};
use goblin::elf32::section_header::SectionHeader;
use goblin::elf32::sym::Sym;
use utee_abi::bytes::u32_at;

/// ELFCLASS32
pub(crate) enum Class32 {}

impl Class for Class32 {
    const IDENT: u8 = 1;
    const WORD: usize = 4;
    const MASK: u64 = 0xFFFF_FFFF;
    const PROGRAM: usize = size_of::<ProgramHeader>();
    const SECTION: usize = size_of::<SectionHeader>();
    const SYMBOL: usize = size_of::<Sym>();
    const DYNAMIC: usize = size_of::<Dyn>();
    const REL: usize = size_of::<Rel>();
    const RELA: usize = size_of::<Rela>();

    fn header(bytes: &[u8]) -> Option<FileHeader> {
        let header: Header = read(bytes)?;
        Some(FileHeader {
            ident: header.e_ident,
            kind: header.e_type,
            machine: header.e_machine,
            flags: header.e_flags,
            entry: header.e_entry.into(),
            programs: Table { offset: header.e_phoff.into(), count: header.e_phnum, entry_size: header.e_phentsize },
            sections: Table { offset: header.e_shoff.into(), count: header.e_shnum, entry_size: header.e_shentsize },
            section_names: header.e_shstrndx,
        })
    }

    fn program(bytes: &[u8]) -> Option<Program> {
        let program: ProgramHeader = read(bytes)?;
        Some(Program {
            kind: program.p_type,
            flags: program.p_flags,
            offset: program.p_offset.into(),
            vaddr: program.p_vaddr.into(),
            file_len: program.p_filesz.into(),
            mem_len: program.p_memsz.into(),
            align: program.p_align.into(),
        })
    }

    fn section(bytes: &[u8]) -> Option<Section> {
        let section: SectionHeader = read(bytes)?;
        Some(Section {
            name: section.sh_name,
            kind: section.sh_type,
            flags: section.sh_flags.into(),
            addr: section.sh_addr.into(),
            offset: section.sh_offset.into(),
            len: section.sh_size.into(),
        })
    }

    fn symbol(bytes: &[u8]) -> Option<Symbol> {
        let symbol: Sym = read(bytes)?;
        Some(Symbol {
            name: symbol.st_name,
            value: symbol.st_value.into(),
            binding: symbol.st_info >> 4,
            kind: symbol.st_info & 0xF,
            section: symbol.st_shndx,
        })
    }

    fn dynamic(bytes: &[u8]) -> Option<(u64, u64)> {
        let entry: Dyn = read(bytes)?;
        Some((entry.d_tag.into(), entry.d_val.into()))
    }

    fn rel(bytes: &[u8]) -> Option<RawRelocation> {
        let rel: Rel = read(bytes)?;
        Some(relocation(rel.r_offset, rel.r_info, None))
    }

    fn rela(bytes: &[u8]) -> Option<RawRelocation> {
        let rela: Rela = read(bytes)?;
        Some(relocation(rela.r_offset, rela.r_info, Some(u64::from(rela.r_addend.cast_unsigned()))))
    }

    fn word(bytes: &[u8]) -> Option<u64> {
        u32_at(bytes, 0).map(u64::from)
    }
}

fn relocation(offset: u32, info: u32, addend: Option<u64>) -> RawRelocation {
    RawRelocation { vaddr: offset.into(), kind: info & 0xFF, symbol: u64::from(info >> 8), addend }
}
