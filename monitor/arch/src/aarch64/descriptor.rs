// SPDX-License-Identifier: BSD-2-Clause
//! Translation tables of AArch64 with 4 KiB pages (Arm ARM, D8.3): bits only, no memory.

pub use crate::mapping::{Kernel, World};
use tee_core::ports::Prot;

/// Bytes that an entry of level 1, 2 and 3 covers.
pub const GIGABYTE: u64 = 1 << 30;
/// Bytes that a level-2 entry covers.
pub const BLOCK: u64 = 1 << 21;
/// Bytes of a page.
pub const PAGE: u64 = 1 << 12;
/// Entries of a table of level 2 or 3.
pub const ENTRIES: usize = 512;

/// Bits of a virtual address: everything lies below 4 GiB.
pub const VA_BITS: u32 = 32;
/// Entries of the level-1 table.
pub const L1_ENTRIES: usize = 1 << (VA_BITS - 30);
/// The level-1 entry of user addresses.
pub const USER_ENTRY: usize = L1_ENTRIES - 1;
/// First user address.
pub const USER_START: u64 = USER_ENTRY as u64 * GIGABYTE;

/// MAIR_EL1: attribute 0 is normal memory, write-back, allocating; attribute 1 is device memory, nGnRE.
pub const MAIR: u64 = 0x04FF;

const VALID: u64 = 1 << 0;
/// A table, or at level 3 a page.
const TABLE_OR_PAGE: u64 = 1 << 1;
const DEVICE: u64 = 1 << 2;
const NS: u64 = 1 << 5;
const AP_USER: u64 = 1 << 6;
const AP_READ_ONLY: u64 = 1 << 7;
const INNER_SHAREABLE: u64 = 3 << 8;
const ACCESSED: u64 = 1 << 10;
const NOT_GLOBAL: u64 = 1 << 11;
/// Indirect branches reach landing pads only. On a CPU without them the bit is none.
pub const GUARDED: u64 = 1 << 50;
const PXN: u64 = 1 << 53;
const UXN: u64 = 1 << 54;
const PXN_TABLE: u64 = 1 << 59;
/// Bits of an address in an entry.
const ADDRESS: u64 = 0x0000_FFFF_FFFF_F000;

/// Level-2 or level-1 block of the kernel.
pub const fn kernel_block(pa: u64, kind: Kernel) -> u64 {
    let bits = match kind {
        Kernel::Text => AP_READ_ONLY | UXN,
        Kernel::Rodata => AP_READ_ONLY | UXN | PXN,
        Kernel::Data => UXN | PXN,
        Kernel::Device => DEVICE | UXN | PXN,
        Kernel::NormalWorld => NS | UXN | PXN,
    };
    pa & ADDRESS | VALID | INNER_SHAREABLE | ACCESSED | bits
}

/// Level-3 entry of the kernel.
pub const fn kernel_page(pa: u64, kind: Kernel) -> u64 {
    kernel_block(pa, kind) | TABLE_OR_PAGE
}

/// Level-3 entry of a TA: not global, never executable for the kernel, privileged access as user access.
pub const fn user_page(pa: u64, prot: Prot, world: World) -> u64 {
    let rights = match prot {
        Prot::Read => AP_READ_ONLY | UXN,
        Prot::ReadWrite => UXN,
        Prot::ReadExecute | Prot::GuardedExecute => AP_READ_ONLY,
    };
    let ns = match world {
        World::Secure => 0,
        World::Normal => NS,
    };
    pa & ADDRESS | VALID | TABLE_OR_PAGE | INNER_SHAREABLE | ACCESSED | AP_USER | NOT_GLOBAL | PXN | rights | ns
}

/// Entry that points at a table of the kernel.
pub const fn kernel_table(pa: u64) -> u64 {
    pa & ADDRESS | VALID | TABLE_OR_PAGE
}

/// Entry that points at a table of a TA: nothing below it is executable for the kernel.
pub const fn user_table(pa: u64) -> u64 {
    kernel_table(pa) | PXN_TABLE
}

/// Address of the table that an entry points at; `None` for a block or an empty entry.
pub const fn table_address(entry: u64) -> Option<u64> {
    if entry & (VALID | TABLE_OR_PAGE) == VALID | TABLE_OR_PAGE { Some(entry & ADDRESS) } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Kernel, World, kernel_block, kernel_page, kernel_table, table_address, user_page, user_table};
    use tee_core::ports::Prot;

    const PXN: u64 = 1 << 53;
    const UXN: u64 = 1 << 54;

    fn writable(entry: u64) -> bool {
        entry >> 7 & 1 == 0
    }

    #[test]
    fn nothing_is_writable_and_executable() {
        for kind in [Kernel::Text, Kernel::Rodata, Kernel::Data, Kernel::Device, Kernel::NormalWorld] {
            for entry in [kernel_page(0x0e10_1000, kind), kernel_block(0x4000_0000, kind)] {
                assert!(!writable(entry) || entry & PXN != 0, "{kind:?}");
                assert_eq!(entry & UXN, UXN, "no TA executes the kernel's memory: {kind:?}");
                assert_eq!(entry >> 6 & 1, 0, "no TA has access: {kind:?}");
                assert_eq!(entry >> 11 & 1, 0, "the kernel is global: {kind:?}");
            }
        }
        for prot in [Prot::Read, Prot::ReadWrite, Prot::ReadExecute, Prot::GuardedExecute] {
            for world in [World::Secure, World::Normal] {
                let page = user_page(0x0e10_1000, prot, world);
                assert!(!writable(page) || page & UXN != 0, "{prot:?}");
                assert_eq!(page & PXN, PXN, "the kernel executes nothing of a TA: {prot:?}");
                assert_eq!(page >> 11 & 1, 1, "user pages are not global");
            }
        }
    }

    #[test]
    fn known_encodings() {
        assert_eq!(kernel_page(0x0e10_1000, Kernel::Text), 0x0040_0000_0e10_1783);
        assert_eq!(kernel_page(0x0e10_1000, Kernel::Data), 0x0060_0000_0e10_1703);
        assert_eq!(kernel_page(0x0900_0000, Kernel::Device), 0x0060_0000_0900_0707);
        assert_eq!(kernel_block(0x4000_0000, Kernel::NormalWorld), 0x0060_0000_4000_0721);
        assert_eq!(user_page(0x0e20_0000, Prot::ReadExecute, World::Secure), 0x0020_0000_0E20_0FC3);
        assert_eq!(user_page(0x4200_0000, Prot::ReadWrite, World::Normal), 0x0060_0000_4200_0F63);
    }

    #[test]
    fn tables_are_found_again() {
        assert_eq!(table_address(kernel_table(0x0e12_3000)), Some(0x0e12_3000));
        assert_eq!(table_address(user_table(0x0e12_3000)), Some(0x0e12_3000));
        assert_eq!(table_address(kernel_block(0x0e00_0000, Kernel::Data)), None);
        assert_eq!(table_address(0), None);
    }
}
