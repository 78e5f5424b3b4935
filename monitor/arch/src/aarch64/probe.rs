// SPDX-License-Identifier: BSD-2-Clause
//! Accesses that may fault: the fault vector goes on behind them and says so, instead of stopping the kernel.

use super::sysreg;
use core::arch::global_asm;

global_asm!(
    // Each: the result in x0, and in x1 whether it faulted.
    ".global probe_begin",
    "probe_begin:",
    ".global probe_load",
    "probe_load:",
    "mov x1, #0",
    "ldrb w0, [x0]",
    "ret",
    ".global probe_store",
    "probe_store:",
    "str w1, [x0]",
    "dsb sy",
    "mov x1, #0",
    "ret",
    // To what is no landing pad.
    ".global probe_branch",
    "probe_branch:",
    "hint #34", // bti c
    "mov x1, #0",
    "adr x2, 1f",
    "br x2",
    "1:",
    "ret",
    // Of x0 with a signature that is not its own.
    ".global probe_pointer",
    "probe_pointer:",
    "hint #34",
    "mov x1, #0",
    "mov x2, x0",
    "mov x17, x0",
    "mov x16, sp",
    "hint #8", // pacia1716
    "eor x17, x17, #{signature_bit}",
    "hint #12", // autia1716
    "eor x17, x17, #{signature_bit}",
    "cmp x17, x2",
    "cset x1, ne",
    "ret",
    ".global probe_debug_status",
    "probe_debug_status:",
    "mov x1, #0",
    "mrs x0, dbgauthstatus_el1",
    "ret",
    ".global probe_faulted",
    "probe_faulted:",
    // What was interrupted may have been any kind of branch.
    "hint #38", // bti jc
    "mov x1, #1",
    "ret",
    signature_bit = const SIGNATURE_BIT,
);

/// A bit of the signature in a pointer below 4 GiB.
const SIGNATURE_BIT: u64 = 1 << 40;

/// What a probe returns in x0 and x1.
#[repr(C)]
struct Outcome {
    value: u64,
    faulted: u64,
}

unsafe extern "C" {
    static probe_begin: u8;
    static probe_faulted: u8;
    fn probe_load(address: u64) -> Outcome;
    fn probe_store(address: u64, value: u32) -> Outcome;
    fn probe_branch() -> Outcome;
    fn probe_pointer(address: u64) -> Outcome;
    fn probe_debug_status() -> Outcome;
}

/// Reads a byte; `None` when that faults.
pub fn load(address: usize) -> Option<u8> {
    // SAFETY: memory that is read has no side effect; what faults comes back as a fault.
    let outcome = unsafe { probe_load(address as u64) };
    (outcome.faulted == 0).then_some(outcome.value as u8)
}

/// Writes a word; false when that faults.
///
/// # Safety
/// What is written is not what Rust code relies on, or whoever asked for it takes what comes of it.
pub unsafe fn store(address: usize, word: u32) -> bool {
    // SAFETY: the caller's; what faults comes back as a fault.
    unsafe { probe_store(address as u64, word) }.faulted == 0
}

/// Whether an indirect branch to what is no landing pad faults.
pub(super) fn branch_faults() -> bool {
    // SAFETY: what follows the branch returns; what faults comes back as a fault.
    unsafe { probe_branch() }.faulted != 0
}

/// Whether a wrong signature of a pointer is found: by a fault, or by a pointer that is no good.
pub(super) fn signature_counts() -> bool {
    // SAFETY: nothing follows the pointer; what faults comes back as a fault.
    unsafe { probe_pointer(&raw const probe_begin as u64) }.faulted != 0
}

/// DBGAUTHSTATUS_EL1, which every CPU has; `None` on emulators' models, most of which do not.
pub fn debug_status() -> Option<u32> {
    // SAFETY: reading it has no effect, and where it is undefined that comes back as a fault.
    let outcome = unsafe { probe_debug_status() };
    (outcome.faulted == 0).then_some(outcome.value as u32)
}

/// Where a fault that was just taken goes on, if it is one of the accesses above.
pub(super) fn recovery() -> Option<u64> {
    let (first, end) = (&raw const probe_begin as u64, &raw const probe_faulted as u64);
    (first..end).contains(&sysreg::elr()).then_some(end)
}
