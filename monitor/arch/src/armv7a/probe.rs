// SPDX-License-Identifier: BSD-2-Clause
//! Accesses that may fault: the fault vector goes on behind them and says so, instead of stopping the kernel.

use core::arch::global_asm;

global_asm!(
    // Each: the result in r0, and in r1 whether it faulted.
    ".global probe_begin",
    "probe_begin:",
    ".global probe_load",
    "probe_load:",
    "mov r1, #0",
    "ldrb r0, [r0]",
    "bx lr",
    ".global probe_store",
    "probe_store:",
    "str r1, [r0]",
    "dsb",
    "mov r1, #0",
    "bx lr",
    ".global probe_debug_status",
    "probe_debug_status:",
    "mov r1, #0",
    "mrc p14, 0, r0, c7, c14, 6", // DBGAUTHSTATUS
    "bx lr",
    ".global probe_faulted",
    "probe_faulted:",
    "mov r1, #1",
    "bx lr",
);

unsafe extern "C" {
    static probe_begin: u8;
    static probe_faulted: u8;
    fn probe_load(address: u32) -> u64;
    fn probe_store(address: u32, value: u32) -> u64;
    fn probe_debug_status() -> u64;
}

fn value(result: u64) -> Option<u32> {
    (result >> 32 == 0).then_some(result as u32)
}

/// Reads a byte; `None` when that faults.
pub fn load(address: usize) -> Option<u8> {
    // SAFETY: memory that is read has no side effect; what faults comes back as a fault.
    value(unsafe { probe_load(address as u32) }).map(|word| word as u8)
}

/// Writes a word; false when that faults.
///
/// # Safety
/// What is written is not what Rust code relies on, or whoever asked for it takes what comes of it.
pub unsafe fn store(address: usize, word: u32) -> bool {
    // SAFETY: the caller's; what faults comes back as a fault.
    value(unsafe { probe_store(address as u32, word) }).is_some()
}

/// DBGAUTHSTATUS; `None` when the CPU has no such register.
pub fn debug_status() -> Option<u32> {
    // SAFETY: reading it has no effect, and where it is undefined that comes back as a fault.
    value(unsafe { probe_debug_status() })
}

/// Where a fault at `pc` goes on, if that is one of the accesses above.
pub(super) fn recovery(pc: u32) -> Option<u32> {
    let (first, end) = (&raw const probe_begin as u32, &raw const probe_faulted as u32);
    (first..end).contains(&pc).then_some(end)
}
