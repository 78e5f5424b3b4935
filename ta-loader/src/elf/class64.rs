// SPDX-License-Identifier: BSD-2-Clause
//! Files of class 64.

use super::class::{Class, FileHeader, Program, RawRelocation, Section, Symbol, Table, read};
use goblin::elf64::dynamic::Dyn;
use goblin::elf64::header::Header;
use goblin::elf64::program_header::ProgramHeader;
use goblin::elf64::reloc::{Rel, Rela};
use goblin::elf64::section_header::SectionHeader;
use goblin::elf64::sym::Sym;
use utee_abi::bytes::u64_at;

/// ELFCLASS64
pub(crate) enum Class64 {}

impl Class for Class64 {
    const IDENT: u8 = 2;
    const WORD: usize = 8;
    const MASK: u64 = u64::MAX;
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
            entry: header.e_entry,
            programs: Table { offset: header.e_phoff, count: header.e_phnum, entry_size: header.e_phentsize },
            sections: Table { offset: header.e_shoff, count: header.e_shnum, entry_size: header.e_shentsize },
            section_names: header.e_shstrndx,
        })
    }

    fn program(bytes: &[u8]) -> Option<Program> {
        let program: ProgramHeader = read(bytes)?;
        Some(Program {
            kind: program.p_type,
            flags: program.p_flags,
            offset: program.p_offset,
            vaddr: program.p_vaddr,
            file_len: program.p_filesz,
            mem_len: program.p_memsz,
            align: program.p_align,
        })
    }

    fn section(bytes: &[u8]) -> Option<Section> {
        let section: SectionHeader = read(bytes)?;
        Some(Section {
            name: section.sh_name,
            kind: section.sh_type,
            flags: section.sh_flags,
            addr: section.sh_addr,
            offset: section.sh_offset,
            len: section.sh_size,
        })
    }

    fn symbol(bytes: &[u8]) -> Option<Symbol> {
        let symbol: Sym = read(bytes)?;
        Some(Symbol {
            name: symbol.st_name,
            value: symbol.st_value,
            binding: symbol.st_info >> 4,
            kind: symbol.st_info & 0xF,
            section: symbol.st_shndx,
        })
    }

    fn dynamic(bytes: &[u8]) -> Option<(u64, u64)> {
        let entry: Dyn = read(bytes)?;
        Some((entry.d_tag, entry.d_val))
    }

    fn rel(bytes: &[u8]) -> Option<RawRelocation> {
        let rel: Rel = read(bytes)?;
        Some(relocation(rel.r_offset, rel.r_info, None))
    }

    fn rela(bytes: &[u8]) -> Option<RawRelocation> {
        let rela: Rela = read(bytes)?;
        Some(relocation(rela.r_offset, rela.r_info, Some(rela.r_addend.cast_unsigned())))
    }

    fn word(bytes: &[u8]) -> Option<u64> {
        u64_at(bytes, 0)
    }
}

fn relocation(vaddr: u64, info: u64, addend: Option<u64>) -> RawRelocation {
    RawRelocation { vaddr, kind: (info & 0xFFFF_FFFF) as u32, symbol: info >> 32, addend }
}
