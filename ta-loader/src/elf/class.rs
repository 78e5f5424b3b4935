// SPDX-License-Identifier: BSD-2-Clause
//! File structures in one form for both classes. What differs between the classes is behind [`Class`].

use goblin::elf::section_header::SHN_UNDEF;
use goblin::elf::sym::{STB_LOCAL, STB_WEAK};
use plain::Plain;

/// The file header, as far as loading asks it.
pub(crate) struct FileHeader {
    pub(crate) ident: [u8; 16],
    pub(crate) kind: u16,
    pub(crate) machine: u16,
    pub(crate) flags: u32,
    pub(crate) entry: u64,
    pub(crate) programs: Table,
    pub(crate) sections: Table,
    /// Index of the section that holds the names of sections.
    pub(crate) section_names: u16,
}

/// A table of the file: offset, number and size of its entries.
pub(crate) struct Table {
    pub(crate) offset: u64,
    pub(crate) count: u16,
    pub(crate) entry_size: u16,
}

/// A program header.
pub(crate) struct Program {
    pub(crate) kind: u32,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    pub(crate) vaddr: u64,
    pub(crate) file_len: u64,
    pub(crate) mem_len: u64,
    pub(crate) align: u64,
}

/// A section header.
pub(crate) struct Section {
    pub(crate) name: u32,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) addr: u64,
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

/// A symbol.
#[derive(Clone)]
pub(crate) struct Symbol {
    pub(crate) name: u32,
    pub(crate) value: u64,
    pub(crate) binding: u8,
    pub(crate) kind: u8,
    pub(crate) section: u16,
}

impl Symbol {
    /// True when the file leaves it to another one.
    pub(crate) fn is_undefined(&self) -> bool {
        self.section == SHN_UNDEF as u16
    }

    /// True when other files do not see it.
    pub(crate) fn is_local(&self) -> bool {
        self.binding == STB_LOCAL
    }

    /// True when it need not exist.
    pub(crate) fn is_weak(&self) -> bool {
        self.binding == STB_WEAK
    }
}

/// A relocation. `addend` is `None` where the relocated word holds it.
pub(crate) struct RawRelocation {
    pub(crate) vaddr: u64,
    pub(crate) kind: u32,
    pub(crate) symbol: u64,
    pub(crate) addend: Option<u64>,
}

/// One of the two classes of ELF files.
pub(crate) trait Class {
    /// EI_CLASS
    const IDENT: u8;
    /// Bytes of an address.
    const WORD: usize;
    /// Bits of an address; what is past them does not exist.
    const MASK: u64;
    /// Bytes of the structures.
    const PROGRAM: usize;
    /// Bytes of a section header.
    const SECTION: usize;
    /// Bytes of a symbol.
    const SYMBOL: usize;
    /// Bytes of an entry of the dynamic section.
    const DYNAMIC: usize;
    /// Bytes of a relocation without addend.
    const REL: usize;
    /// Bytes of a relocation with addend.
    const RELA: usize;

    /// The file header at the start of `bytes`.
    fn header(bytes: &[u8]) -> Option<FileHeader>;
    /// A program header.
    fn program(bytes: &[u8]) -> Option<Program>;
    /// A section header.
    fn section(bytes: &[u8]) -> Option<Section>;
    /// A symbol.
    fn symbol(bytes: &[u8]) -> Option<Symbol>;
    /// Tag and value of an entry of the dynamic section.
    fn dynamic(bytes: &[u8]) -> Option<(u64, u64)>;
    /// A relocation without addend.
    fn rel(bytes: &[u8]) -> Option<RawRelocation>;
    /// A relocation with addend.
    fn rela(bytes: &[u8]) -> Option<RawRelocation>;
    /// An address at the start of `bytes`.
    fn word(bytes: &[u8]) -> Option<u64>;
}

/// A structure at the start of `bytes`.
pub(crate) fn read<T: Plain + Default>(bytes: &[u8]) -> Option<T> {
    let mut value = T::default();
    value.copy_from_bytes(bytes.get(..size_of::<T>())?).ok()?;
    Some(value)
}

/// Entry `index` of a table of entries of `size` bytes.
pub(crate) fn entry(table: &[u8], index: u64, size: usize) -> Option<&[u8]> {
    let start = usize::try_from(index).ok()?.checked_mul(size)?;
    table.get(start..start.checked_add(size)?)
}
