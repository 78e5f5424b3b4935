// SPDX-License-Identifier: BSD-2-Clause
//! What the normal world is not to use, and traps here: it gets the exception of an undefined instruction, as if the CPU did
//! not have it, so that it cannot stop the machine (Arm ARM, D1.3, "Exception entry").

use crate::context::has_el2;
use core::arch::asm;

/// SPSR: mode and stack pointer, AArch32, masks, condition flags.
const MODE: u64 = 0xF;
const AARCH32: u64 = 1 << 4;
const MASKED: u64 = 0x3C0;
const FLAGS: u64 = 0xF << 28;
const EL1H: u64 = 0x5;
const EL2H: u64 = 0x9;
/// SPSR: PAN, and MTE's TCO, set by an exception.
const PAN: u64 = 1 << 22;
const TCO: u64 = 1 << 25;
/// SCTLR: PAN stays as it is.
const SPAN: u64 = 1 << 23;
/// HCR_EL2: exceptions of EL0 go to EL2; EL2 has a host.
const TGE: u64 = 1 << 27;
const E2H: u64 = 1 << 34;
/// ESR of an instruction of 32 bits that is not known.
const UNKNOWN_INSTRUCTION: u64 = 1 << 25;

macro_rules! read {
    ($name:literal) => {{
        let value: u64;
        // SAFETY: reading a register of a lower level has no effect.
        unsafe { asm!(concat!("mrs {}, ", $name), out(reg) value, options(nomem, nostack, preserves_flags)) };
        value
    }};
}

/// The exception class of a trap whose instruction can be taken for one that does not exist: unknown, system registers,
/// floating point, SVE, pointer authentication, SME.
pub(crate) fn is_trap(class: u64) -> bool {
    matches!(class, 0x00 | 0x07 | 0x09 | 0x18 | 0x19 | 0x1D)
}

/// Where the exception of an instruction goes to that was at `elr` in the state `spsr` of the normal world: the new place and state.
/// Nothing for AArch32, whose exceptions have other registers.
pub(crate) fn raise(elr: u64, spsr: u64) -> Option<(u64, u64)> {
    if spsr & AARCH32 != 0 {
        return None;
    }
    let level = (spsr & MODE) >> 2;
    let hcr = if has_el2() { read!("hcr_el2") } else { 0 };
    let to_el2 = level == 2 || (level == 0 && hcr & TGE != 0);
    let (vectors, control, mode) =
        if to_el2 { (read!("vbar_el2"), read!("sctlr_el2"), EL2H) } else { (read!("vbar_el1"), read!("sctlr_el1"), EL1H) };
    if to_el2 {
        // SAFETY: what an exception that EL2 takes writes; EL2 exists, and does not run now.
        unsafe {
            asm!("msr elr_el2, {}", "msr spsr_el2, {}", "msr esr_el2, {}", in(reg) elr, in(reg) spsr, in(reg) UNKNOWN_INSTRUCTION,
                options(nostack, preserves_flags));
        }
    } else {
        // SAFETY: likewise of EL1, whose registers are the normal world's now.
        unsafe {
            asm!("msr elr_el1, {}", "msr spsr_el1, {}", "msr esr_el1, {}", in(reg) elr, in(reg) spsr, in(reg) UNKNOWN_INSTRUCTION,
                options(nostack, preserves_flags));
        }
    }
    let own_level = level == mode >> 2;
    let offset = match (own_level, spsr & 1 != 0) {
        (true, false) => 0x000,
        (true, true) => 0x200,
        (false, _) => 0x400,
    };
    let guarded = has_pan() && control & SPAN == 0 && (!to_el2 || hcr & (E2H | TGE) == E2H | TGE);
    let pan = if guarded { PAN } else { spsr & PAN };
    let tags = if has_tags() { TCO } else { 0 };
    Some((vectors.wrapping_add(offset), spsr & FLAGS | MASKED | mode | pan | tags))
}

fn has_pan() -> bool {
    read!("id_aa64mmfr1_el1") >> 20 & 0xF != 0
}

fn has_tags() -> bool {
    read!("id_aa64pfr1_el1") >> 8 & 0xF >= 2
}
