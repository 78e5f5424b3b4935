// SPDX-License-Identifier: BSD-2-Clause
//! Translation tables with 4 KiB pages for the addresses below 4 GiB, and the copy that the compiler does not see through.

use super::cpu::system;
use crate::board::board;
use crate::layout::PAGE;
use crate::memory;
use core::arch::asm;
use core::ops::Range;

const GIGABYTE: u64 = 1 << 30;
const BLOCK: u64 = 1 << 21;
const ENTRIES: usize = 512;

/// MAIR_EL1: attribute 0 is normal memory, write-back; attribute 1 is device memory, nGnRE.
const MAIR: u64 = 0x04FF;
const TABLE: u64 = 0x3;
/// A level-3 entry.
const PAGES: u64 = 0x2;
const NEVER_EXECUTED: u64 = 3 << 53;
const ONLY_BY_KERNEL: u64 = 1 << 54;
const READ_ONLY: u64 = 1 << 7;
/// Block: normal memory, shareable, read and write, never executed.
const RAM: u64 = 0x701 | NEVER_EXECUTED;
/// Block: device memory, read and write, never executed.
const DEVICE: u64 = 0x405 | NEVER_EXECUTED;
/// Page: normal memory, read and execute.
const TEXT: u64 = 0x701 | PAGES | READ_ONLY | ONLY_BY_KERNEL;
/// Page: read only.
const RODATA: u64 = RAM | PAGES | READ_ONLY;
/// Page: read and write, never executed.
const DATA: u64 = RAM | PAGES;

/// Level-2 entries of the kernel's image and stacks.
const OWN_BLOCKS: usize = 3;
/// Bytes that are mapped by pages, from the kernel's start on.
pub(crate) const OWN_BYTES: usize = OWN_BLOCKS * BLOCK as usize;

#[repr(C, align(4096))]
struct Tables<const N: usize>([[u64; ENTRIES]; N]);
#[repr(C, align(64))]
struct Level1([u64; 4]);

static mut LEVEL1: Level1 = Level1([0; 4]);
static mut LEVEL2: Tables<4> = Tables([[0; ENTRIES]; 4]);
static mut LEVEL3: Tables<OWN_BLOCKS> = Tables([[0; ENTRIES]; OWN_BLOCKS]);

/// Writes the tables. Once, by the boot CPU, before it switches its MMU on.
pub(crate) fn build() {
    let board = board();
    // SAFETY: nobody else uses the tables yet.
    let (level1, level2, level3) = unsafe {
        let level3 = &mut *(&raw mut LEVEL3).cast::<Tables<OWN_BLOCKS>>();
        (&mut *(&raw mut LEVEL1).cast::<Level1>(), &mut *(&raw mut LEVEL2).cast::<Tables<4>>(), level3)
    };
    for (gigabyte, (entry, table)) in level1.0.iter_mut().zip(level2.0.iter_mut()).enumerate() {
        *entry = table.as_ptr().addr() as u64 | TABLE;
        for (index, entry) in table.iter_mut().enumerate() {
            let address = gigabyte as u64 * GIGABYTE + index as u64 * BLOCK;
            // The secure world's memory is mapped as well, for the proof that it is out of reach.
            let touches = |range: &Range<u64>| range.start < address + BLOCK && address < range.end;
            *entry = match address {
                _ if board.ram.contains(&address) => address | RAM,
                _ if touches(&board.secure_ram) || board.devices.iter().any(touches) => address | DEVICE,
                _ => 0,
            };
        }
    }
    let first = (board.entry / BLOCK) as usize;
    for (block, (pages, entry)) in level3.0.iter_mut().zip(level2.0.as_flattened_mut().iter_mut().skip(first)).enumerate() {
        *entry = pages.as_ptr().addr() as u64 | TABLE;
        for (index, page) in pages.iter_mut().enumerate() {
            *page = own_page(board.entry as usize + block * BLOCK as usize + index * PAGE);
        }
    }
}

/// Descriptor of a page of the kernel's own part.
fn own_page(address: usize) -> u64 {
    let rights = match address {
        _ if (address as u64) < memory::text_end() => TEXT,
        _ if (address as u64) < memory::rodata_end() => RODATA,
        _ if memory::is_guard(address) => return 0,
        _ => DATA,
    };
    address as u64 | rights
}

/// Switches MMU and caches of this CPU on.
pub(crate) fn enable_mmu() {
    /// Addresses of 32 bits; walks through cached, inner-shareable tables; nothing in the upper half of the address space.
    const TCR: u64 = 32 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 32 << 16 | 2 << 30;
    let physical = (system::id_aa64mmfr0() & 0xF).min(5);
    // SAFETY: the tables map everything that this kernel uses where it is.
    unsafe {
        asm!(
            "dsb ish",
            "msr mair_el1, {mair}",
            "msr tcr_el1, {tcr}",
            "msr ttbr0_el1, {table}",
            "isb",
            "tlbi vmalle1",
            "ic iallu",
            "dsb nsh",
            "isb",
            mair = in(reg) MAIR,
            tcr = in(reg) TCR | physical << 32,
            table = in(reg) &raw const LEVEL1 as u64,
            options(nostack, preserves_flags),
        );
        // MMU, data cache and instruction cache on; alignment checks off.
        system::set_sctlr(system::sctlr() & !(1 << 1) | 1 | 1 << 2 | 1 << 12);
    }
}

/// Copies bytes that the other world may be changing: in instructions that the compiler does not see through.
///
/// # Safety
/// Both ranges are valid for `len` bytes, and do not overlap.
#[inline]
pub(crate) unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    let (mut to, mut from) = (to, from);
    let blocks = len / 16;
    if blocks > 0 {
        // SAFETY: whole blocks inside both ranges.
        unsafe {
            asm!(
                "2:", "ldp {a}, {b}, [{from}], #16", "subs {blocks}, {blocks}, #1", "stp {a}, {b}, [{to}], #16", "b.ne 2b",
                from = inout(reg) from, to = inout(reg) to, blocks = inout(reg) blocks => _, a = out(reg) _, b = out(reg) _,
                options(nostack)
            );
        }
    }
    for _ in 0..len % 16 {
        // SAFETY: inside both ranges.
        unsafe {
            to.write_volatile(from.read_volatile());
            (to, from) = (to.add(1), from.add(1));
        }
    }
}
