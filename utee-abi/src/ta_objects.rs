// SPDX-License-Identifier: BSD-2-Clause
//! The objects inside a TA that its loader fills in, for TAs of both widths (OP-TEE ABI, TA ELF and loading).

/// Name of the symbol that gets the program headers of everything that is loaded.
pub const ELF_PHDR_INFO_SYMBOL: &str = "__elf_phdr_info";

/// Name of the symbol that a TA of libutee 3.9.0 gets its init and fini functions by.
pub const INIT_FINI_INFO_SYMBOL: &str = "__init_fini_info";

/// Layout of `__elf_phdr_info`, what dl_iterate_phdr walks: u32 reserved, u16 count, u8 reserved, u8 zero, pointer to the array. An
/// entry is a dl_phdr_info: address, name, headers, count, adds, subs, TLS module, TLS data. All in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhdrInfoLayout {
    /// Bytes of the object.
    pub size: usize,
    /// Offset of the u16 count.
    pub count: usize,
    /// Offset of a byte that is zero, for an empty string.
    pub zero: usize,
    /// Offset of the pointer to the array.
    pub array: usize,
    /// Bytes of an entry.
    pub entry_size: usize,
    /// Offset in an entry of the load base.
    pub entry_addr: usize,
    /// Offset in an entry of the pointer to the name, which is empty for the TA itself.
    pub entry_name: usize,
    /// Offset in an entry of the pointer to the program headers.
    pub entry_phdr: usize,
    /// Offset in an entry of the u16 number of program headers.
    pub entry_phnum: usize,
    /// Offset in an entry of the u64 number of objects that were ever added.
    pub entry_adds: usize,
    /// Offset in an entry of the u64 number of objects that were ever removed.
    pub entry_subs: usize,
    /// Offset in an entry of the id of the TLS module.
    pub entry_tls_module: usize,
    /// Offset in an entry of the pointer to its TLS data.
    pub entry_tls_data: usize,
}

impl PhdrInfoLayout {
    /// In a 32-bit TA.
    pub const A32: Self = Self {
        size: 12,
        count: 4,
        zero: 7,
        array: 8,
        entry_size: 40,
        entry_addr: 0,
        entry_name: 4,
        entry_phdr: 8,
        entry_phnum: 12,
        entry_adds: 16,
        entry_subs: 24,
        entry_tls_module: 32,
        entry_tls_data: 36,
    };
    /// In a 64-bit TA.
    pub const A64: Self = Self {
        size: 16,
        count: 4,
        zero: 7,
        array: 8,
        entry_size: 64,
        entry_addr: 0,
        entry_name: 8,
        entry_phdr: 16,
        entry_phnum: 24,
        entry_adds: 32,
        entry_subs: 40,
        entry_tls_module: 48,
        entry_tls_data: 56,
    };
}

/// Layout of `__init_fini_info`: u32 reserved, u16 count, u16 padding, pointer to the array. An entry is u32 flags, u16 init
/// functions, u16 fini functions, pointers to both arrays. All in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitFiniLayout {
    /// Bytes of the object.
    pub size: usize,
    /// Offset of the u16 number of entries.
    pub count: usize,
    /// Offset of the pointer to the array.
    pub array: usize,
    /// Bytes of an entry.
    pub entry_size: usize,
    /// Offset in an entry of the u16 number of init functions.
    pub entry_init_count: usize,
    /// Offset in an entry of the u16 number of fini functions.
    pub entry_fini_count: usize,
    /// Offset in an entry of the pointer to the init functions.
    pub entry_init: usize,
    /// Offset in an entry of the pointer to the fini functions.
    pub entry_fini: usize,
}

impl InitFiniLayout {
    /// In a 32-bit TA.
    pub const A32: Self =
        Self { size: 12, count: 4, array: 8, entry_size: 16, entry_init_count: 4, entry_fini_count: 6, entry_init: 8, entry_fini: 12 };
    /// In a 64-bit TA.
    pub const A64: Self =
        Self { size: 16, count: 4, array: 8, entry_size: 24, entry_init_count: 4, entry_fini_count: 6, entry_init: 8, entry_fini: 16 };

    /// Flag of an entry: it is valid.
    pub const VALID: u32 = 1 << 0;
    /// Flag of an entry: its init functions have run.
    pub const HAS_RUN: u32 = 1 << 1;
}

#[cfg(test)]
mod tests {
    use super::{InitFiniLayout, PhdrInfoLayout};

    /// What a compiler for the width makes of the structures.
    #[test]
    fn fields_lie_where_c_puts_them() {
        for (pointer, info, functions) in [(4, PhdrInfoLayout::A32, InitFiniLayout::A32), (8, PhdrInfoLayout::A64, InitFiniLayout::A64)] {
            assert_eq!((info.size, info.array + pointer), (8 + pointer, info.size));
            assert_eq!([info.entry_name, info.entry_phdr, info.entry_phnum], [1, 2, 3].map(|fields| fields * pointer));
            assert_eq!(info.entry_adds, (info.entry_phnum + 2).next_multiple_of(8));
            assert_eq!([info.entry_subs, info.entry_tls_module], [8, 16].map(|bytes| info.entry_adds + bytes));
            assert_eq!([info.entry_tls_data, info.entry_size], [1, 2].map(|fields| info.entry_tls_module + fields * pointer));
            assert_eq!((functions.size, functions.array + pointer), (8 + pointer, functions.size));
            assert_eq!([functions.entry_fini, functions.entry_size], [1, 2].map(|fields| functions.entry_init + fields * pointer));
        }
    }
}
