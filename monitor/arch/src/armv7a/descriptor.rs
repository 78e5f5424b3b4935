// SPDX-License-Identifier: BSD-2-Clause
//! Short-descriptor translation tables (Arm ARMv7-A, B3.5): bits only, no memory.

pub use crate::mapping::{Kernel, World};
use tee_core::ports::Prot;

/// Bytes that a first-level entry covers.
pub const SECTION: u64 = 1 << 20;
/// Bytes that a second-level entry covers.
pub const PAGE: u64 = 1 << 12;
/// Entries of a second-level table.
pub const L2_ENTRIES: usize = 256;

/// TTBCR.N: TTBR0 translates the lowest 2^(32-N) bytes.
pub const USER_SPLIT: u32 = 6;
/// Entries of the first-level table of a user space.
pub const USER_L1_ENTRIES: usize = 4096 >> USER_SPLIT;

const XN_PAGE: u32 = 1 << 0;
const PAGE_TYPE: u32 = 1 << 1;
const B: u32 = 1 << 2;
const C: u32 = 1 << 3;
const AP0: u32 = 1 << 4;
const AP1: u32 = 1 << 5;
const TEX0: u32 = 1 << 6;
const APX: u32 = 1 << 9;
const S: u32 = 1 << 10;
const NG: u32 = 1 << 11;

const SECTION_TYPE: u32 = 1 << 1;
const SECTION_XN: u32 = 1 << 4;
const SECTION_NS: u32 = 1 << 19;
const TABLE_TYPE: u32 = 1;
const TABLE_PXN: u32 = 1 << 2;
const TABLE_NS: u32 = 1 << 3;

/// Inner and outer write-back, write-allocate, shareable.
const NORMAL: u32 = TEX0 | C | B | S;
const DEVICE: u32 = B | S;

/// Second-level entry of the kernel.
pub const fn kernel_page(pa: u64, kind: Kernel) -> u32 {
    let bits = match kind {
        Kernel::Text => NORMAL | APX | AP0,
        Kernel::Rodata => NORMAL | APX | AP0 | XN_PAGE,
        Kernel::Data | Kernel::NormalWorld => NORMAL | AP0 | XN_PAGE,
        Kernel::Device => DEVICE | AP0 | XN_PAGE,
    };
    (pa as u32 & !0xFFF) | PAGE_TYPE | bits
}

/// First-level section of the kernel; never executable.
pub const fn kernel_section(pa: u64, kind: Kernel) -> u32 {
    // TEX, AP and APX stand 6 bits higher than in a page; S and nG likewise.
    let (memory, rights) = match kind {
        Kernel::Device => (B | S << 6, AP0 << 6),
        Kernel::Text | Kernel::Rodata => (C | B | (TEX0 | S) << 6, (AP0 | APX) << 6),
        Kernel::Data => (C | B | (TEX0 | S) << 6, AP0 << 6),
        Kernel::NormalWorld => (C | B | (TEX0 | S) << 6 | SECTION_NS, AP0 << 6),
    };
    (pa as u32 & 0xFFF0_0000) | SECTION_TYPE | SECTION_XN | memory | rights
}

/// Second-level entry of a TA: global bit clear, privileged access as user access.
pub const fn user_page(pa: u64, prot: Prot) -> u32 {
    let bits = match prot {
        Prot::Read => AP1 | APX | AP0 | XN_PAGE,
        Prot::ReadWrite => AP1 | AP0 | XN_PAGE,
        Prot::ReadExecute | Prot::GuardedExecute => AP1 | APX | AP0,
    };
    (pa as u32 & !0xFFF) | PAGE_TYPE | NORMAL | NG | bits
}

/// First-level entry that points at a kernel table.
pub const fn kernel_table(pa: u64) -> u32 {
    (pa as u32 & !0x3FF) | TABLE_TYPE
}

/// First-level entry that points at a user table; never executable for the kernel.
pub const fn user_table(pa: u64, world: World) -> u32 {
    let ns = match world {
        World::Secure => 0,
        World::Normal => TABLE_NS,
    };
    (pa as u32 & !0x3FF) | TABLE_TYPE | TABLE_PXN | ns
}

#[cfg(test)]
mod tests {
    use super::{Kernel, World, kernel_page, kernel_section, user_page, user_table};
    use tee_core::ports::Prot;

    /// AP[2:0] of a page: bit 9, then 5:4.
    fn ap(entry: u32) -> u32 {
        (entry >> 9 & 1) << 2 | (entry >> 4 & 3)
    }

    #[test]
    fn nothing_is_writable_and_executable() {
        for kind in [Kernel::Text, Kernel::Rodata, Kernel::Data, Kernel::Device, Kernel::NormalWorld] {
            let page = kernel_page(0x0e00_1000, kind);
            let writable = ap(page) == 0b001;
            assert!(!(writable && page & 1 == 0), "{kind:?}");
            assert_eq!(kernel_section(0x4000_0000, kind) >> 4 & 1, 1, "sections are never executable");
        }
        for prot in [Prot::Read, Prot::ReadWrite, Prot::ReadExecute, Prot::GuardedExecute] {
            let page = user_page(0x0e00_1000, prot);
            assert!(!(ap(page) == 0b011 && page & 1 == 0), "{prot:?}");
            assert_eq!(page >> 11 & 1, 1, "user pages are not global");
        }
    }

    #[test]
    fn known_encodings() {
        assert_eq!(kernel_page(0x0e00_1000, Kernel::Text), 0x0e00_165e);
        assert_eq!(kernel_section(0x4000_0000, Kernel::NormalWorld), 0x4009_141e);
        assert_eq!(user_page(0x0e00_1000, Prot::ReadWrite), 0x0e00_1c7f);
        assert_eq!(user_table(0x0e00_1400, World::Normal), 0x0e00_140d);
    }
}
