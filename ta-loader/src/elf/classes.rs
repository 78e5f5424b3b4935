// SPDX-License-Identifier: BSD-2-Clause
//! The two classes of files. goblin has the structures of each under the same names, whose fields differ in their width.

use super::class::{Class, FileHeader, Program, RawRelocation, Section, Symbol, Table, read};
use utee_abi::bytes::{u32_at, u64_at};

/// ELFCLASS32
pub(crate) enum Class32 {}

/// ELFCLASS64
pub(crate) enum Class64 {}

/// Implements [`Class`] with goblin's structures: the class, its module there, ELFCLASS, a word, a reader of one, and the
/// bits of r_info that are the kind, above which is the symbol.
macro_rules! class {
    ($class:ty, $elf:ident, $ident:literal, $size:ty, $word:ident, $kind_bits:literal) => {
        impl Class for $class {
            const IDENT: u8 = $ident;
            const WORD: usize = size_of::<$size>();
            const MASK: u64 = <$size>::MAX as u64;
            const PROGRAM: usize = size_of::<goblin::$elf::program_header::ProgramHeader>();
            const SECTION: usize = size_of::<goblin::$elf::section_header::SectionHeader>();
            const SYMBOL: usize = size_of::<goblin::$elf::sym::Sym>();
            const DYNAMIC: usize = size_of::<goblin::$elf::dynamic::Dyn>();
            const REL: usize = size_of::<goblin::$elf::reloc::Rel>();
            const RELA: usize = size_of::<goblin::$elf::reloc::Rela>();

            fn header(bytes: &[u8]) -> Option<FileHeader> {
                let header: goblin::$elf::header::Header = read(bytes)?;
                Some(FileHeader {
                    ident: header.e_ident,
                    kind: header.e_type,
                    machine: header.e_machine,
                    flags: header.e_flags,
                    entry: u64::from(header.e_entry),
                    programs: Table { offset: u64::from(header.e_phoff), count: header.e_phnum, entry_size: header.e_phentsize },
                    sections: Table { offset: u64::from(header.e_shoff), count: header.e_shnum, entry_size: header.e_shentsize },
                    section_names: header.e_shstrndx,
                })
            }

            fn program(bytes: &[u8]) -> Option<Program> {
                let program: goblin::$elf::program_header::ProgramHeader = read(bytes)?;
                Some(Program {
                    kind: program.p_type,
                    flags: program.p_flags,
                    offset: u64::from(program.p_offset),
                    vaddr: u64::from(program.p_vaddr),
                    file_len: u64::from(program.p_filesz),
                    mem_len: u64::from(program.p_memsz),
                    align: u64::from(program.p_align),
                })
            }

            fn section(bytes: &[u8]) -> Option<Section> {
                let section: goblin::$elf::section_header::SectionHeader = read(bytes)?;
                Some(Section {
                    name: section.sh_name,
                    kind: section.sh_type,
                    flags: u64::from(section.sh_flags),
                    addr: u64::from(section.sh_addr),
                    offset: u64::from(section.sh_offset),
                    len: u64::from(section.sh_size),
                })
            }

            fn symbol(bytes: &[u8]) -> Option<Symbol> {
                let symbol: goblin::$elf::sym::Sym = read(bytes)?;
                Some(Symbol {
                    name: symbol.st_name,
                    value: u64::from(symbol.st_value),
                    binding: symbol.st_info >> 4,
                    kind: symbol.st_info & 0xF,
                    section: symbol.st_shndx,
                })
            }

            fn dynamic(bytes: &[u8]) -> Option<(u64, u64)> {
                let entry: goblin::$elf::dynamic::Dyn = read(bytes)?;
                Some((u64::from(entry.d_tag), u64::from(entry.d_val)))
            }

            fn rel(bytes: &[u8]) -> Option<RawRelocation> {
                let rel: goblin::$elf::reloc::Rel = read(bytes)?;
                Some(relocation($kind_bits, u64::from(rel.r_offset), u64::from(rel.r_info), None))
            }

            fn rela(bytes: &[u8]) -> Option<RawRelocation> {
                let rela: goblin::$elf::reloc::Rela = read(bytes)?;
                Some(relocation(
                    $kind_bits,
                    u64::from(rela.r_offset),
                    u64::from(rela.r_info),
                    Some(u64::from(rela.r_addend.cast_unsigned())),
                ))
            }

            fn word(bytes: &[u8]) -> Option<u64> {
                $word(bytes, 0).map(u64::from)
            }
        }
    };
}

class!(Class32, elf32, 1, u32, u32_at, 8);
class!(Class64, elf64, 2, u64, u64_at, 32);

fn relocation(kind_bits: u32, vaddr: u64, info: u64, addend: Option<u64>) -> RawRelocation {
    let symbol = info >> kind_bits;
    RawRelocation { vaddr, kind: (info ^ symbol << kind_bits) as u32, symbol, addend }
}
