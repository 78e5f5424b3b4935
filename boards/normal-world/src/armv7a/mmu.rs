// SPDX-License-Identifier: BSD-2-Clause
//! Translation tables with short descriptors, and the copy that the compiler does not see through.

use crate::board::board;
use crate::cpu::cp;
use crate::layout::PAGE;
use crate::memory;
use core::arch::asm;
use core::ops::Range;

const SECTION: u64 = 1 << 20;
/// Section: normal memory, write-back, shareable, read and write, never executed.
const RAM: u32 = 0x0001_141E;
/// Section: device memory, read and write, never executed.
const DEVICE: u32 = 0x0000_0416;
/// Section: a table of pages.
const PAGES: u32 = 0x1;
/// Page: normal memory as above, read and execute.
const TEXT: u32 = 0x65E;
/// Page: read only.
const RODATA: u32 = 0x65F;
/// Page: read and write, never executed.
const DATA: u32 = 0x45F;
/// Translation tables are shareable and cached, inner and outer.
const TABLE_ATTRIBUTES: u32 = 0x4A;

/// Sections of the kernel's image and stacks.
const OWN_SECTIONS: usize = 6;
/// Bytes that are mapped by pages, from the kernel's start on.
pub(crate) const OWN_BYTES: usize = OWN_SECTIONS * SECTION as usize;

#[repr(C, align(16384))]
struct Table([u32; 4096]);
#[repr(C, align(1024))]
struct PageTables([[u32; 256]; OWN_SECTIONS]);

static mut TABLE: Table = Table([0; 4096]);
static mut OWN: PageTables = PageTables([[0; 256]; OWN_SECTIONS]);

/// Writes the tables. Once, by the boot CPU, before it switches its MMU on.
pub(crate) fn build() {
    // The rest of the RAM this kernel does not use.
    let board = board();
    // SAFETY: nobody else uses the tables yet.
    let (table, own) = unsafe { (&mut *(&raw mut TABLE).cast::<Table>(), &mut *(&raw mut OWN).cast::<PageTables>()) };
    for (index, entry) in table.0.iter_mut().enumerate() {
        let address = index as u64 * SECTION;
        // The secure world's memory is mapped as well, for the proof that it is out of reach.
        let touches = |range: &Range<u64>| range.start < address + SECTION && address < range.end;
        *entry = match address {
            _ if board.ram.contains(&address) => address as u32 | RAM,
            _ if touches(&board.secure_ram) || board.devices.iter().any(touches) => address as u32 | DEVICE,
            _ => 0,
        };
    }
    let first = (board.entry / SECTION) as usize;
    for (section, (pages, entry)) in own.0.iter_mut().zip(table.0.iter_mut().skip(first)).enumerate() {
        *entry = pages.as_ptr().addr() as u32 | PAGES;
        for (index, page) in pages.iter_mut().enumerate() {
            *page = own_page(board.entry as usize + section * SECTION as usize + index * PAGE);
        }
    }
}

/// Descriptor of a page of the kernel's own part.
fn own_page(address: usize) -> u32 {
    let rights = match address {
        _ if (address as u64) < memory::text_end() => TEXT,
        _ if (address as u64) < memory::rodata_end() => RODATA,
        _ if memory::is_guard(address) => return 0,
        _ => DATA,
    };
    address as u32 | rights
}

/// Switches MMU and caches of this CPU on.
pub(crate) fn enable_mmu() {
    // SAFETY: the tables map everything that this kernel uses where it is.
    unsafe {
        cp::set_ttbcr(0);
        cp::set_ttbr0((&raw const TABLE).addr() as u32 | TABLE_ATTRIBUTES);
        cp::set_dacr(1);
        asm!("dsb");
        cp::set_tlbiall(0);
        asm!("dsb", "isb");
        // MMU, data cache, branch prediction and instruction cache on; alignment checks off.
        cp::set_sctlr(cp::sctlr() & !(1 << 1) | 1 | 1 << 2 | 1 << 11 | 1 << 12);
    }
}

/// Copies bytes that the other world may be changing: in instructions that the compiler does not see through.
///
/// # Safety
/// Both ranges are valid for `len` bytes, and do not overlap.
#[inline]
pub(crate) unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    let (mut to, mut from, mut len) = (to, from, len);
    if (to.addr() | from.addr()) % 4 == 0 {
        let blocks = len / 16;
        if blocks > 0 {
            // SAFETY: whole blocks inside both ranges.
            unsafe {
                asm!(
                    "2:", "ldmia {from}!, {{r2, r3, r12, lr}}", "subs {blocks}, {blocks}, #1", "stmia {to}!, {{r2, r3, r12, lr}}", "bne 2b",
                    from = inout(reg) from, to = inout(reg) to, blocks = inout(reg) blocks => _,
                    out("r2") _, out("r3") _, out("r12") _, out("lr") _, options(nostack)
                );
            }
            len %= 16;
        }
    }
    for _ in 0..len {
        // SAFETY: inside both ranges.
        unsafe {
            to.write_volatile(from.read_volatile());
            (to, from) = (to.add(1), from.add(1));
        }
    }
}
