// SPDX-License-Identifier: BSD-2-Clause
//! Exceptions of both worlds into EL3, and the way back.
//!
//! While a world runs, SP_EL3 points at its [`Context`]; its registers are saved there, and the code of EL3 runs on the stack
//! that the context names.

use crate::context::{Context, ELR, SCR, SP_EL0, STACK};
use core::arch::global_asm;

/// A synchronous exception: mostly `smc`.
pub(crate) const SYNC: u64 = 0;
/// An IRQ, which is not routed here.
pub(crate) const IRQ: u64 = 1;
/// A FIQ: a secure interrupt while the normal world runs.
pub(crate) const FIQ: u64 = 2;
/// An asynchronous abort, which is not routed here.
pub(crate) const SERROR: u64 = 3;
/// Added to what EL3 itself caused.
pub(crate) const OWN: u64 = 4;

global_asm!(
    ".macro lower_vector reason",
    ".balign 0x80",
    "stp x0, x1, [sp]",
    "mov x1, #\\reason",
    "b el3_save",
    ".endm",
    // EL3 itself: nothing is to be gone back to.
    ".macro own_vector reason",
    ".balign 0x80",
    "mov x0, #\\reason",
    "mrs x1, esr_el3",
    "mrs x2, elr_el3",
    "mrs x3, far_el3",
    "b el3_fault",
    ".endm",
    ".section .text.vectors, \"ax\"",
    ".balign 0x800",
    ".global el3_vectors",
    "el3_vectors:",
    "own_vector {own} + {sync}",
    "own_vector {own} + {irq}",
    "own_vector {own} + {fiq}",
    "own_vector {own} + {serror}",
    "own_vector {own} + {sync}",
    "own_vector {own} + {irq}",
    "own_vector {own} + {fiq}",
    "own_vector {own} + {serror}",
    "lower_vector {sync}",
    "lower_vector {irq}",
    "lower_vector {fiq}",
    "lower_vector {serror}",
    "lower_vector {sync}",
    "lower_vector {irq}",
    "lower_vector {fiq}",
    "lower_vector {serror}",
    ".balign 0x80",
    "el3_save:",
    "stp x2, x3, [sp, #16]",
    "stp x4, x5, [sp, #32]",
    "stp x6, x7, [sp, #48]",
    "stp x8, x9, [sp, #64]",
    "stp x10, x11, [sp, #80]",
    "stp x12, x13, [sp, #96]",
    "stp x14, x15, [sp, #112]",
    "stp x16, x17, [sp, #128]",
    "stp x18, x19, [sp, #144]",
    "stp x20, x21, [sp, #160]",
    "stp x22, x23, [sp, #176]",
    "stp x24, x25, [sp, #192]",
    "stp x26, x27, [sp, #208]",
    "stp x28, x29, [sp, #224]",
    "mrs x2, sp_el0",
    "stp x30, x2, [sp, #240]",
    "mrs x2, elr_el3",
    "mrs x3, spsr_el3",
    "stp x2, x3, [sp, #{elr}]",
    "mov x0, sp",
    "ldr x2, [x0, #{stack}]",
    "mov sp, x2",
    "bl el3_exception",
    // x0: the context to run.
    ".global el3_run",
    "el3_run:",
    "mov sp, x0",
    "ldr x1, [sp, #{scr}]",
    "msr scr_el3, x1",
    "ldp x1, x2, [sp, #{elr}]",
    "msr elr_el3, x1",
    "msr spsr_el3, x2",
    "ldr x1, [sp, #{sp_el0}]",
    "msr sp_el0, x1",
    "ldr x30, [sp, #240]",
    "ldp x28, x29, [sp, #224]",
    "ldp x26, x27, [sp, #208]",
    "ldp x24, x25, [sp, #192]",
    "ldp x22, x23, [sp, #176]",
    "ldp x20, x21, [sp, #160]",
    "ldp x18, x19, [sp, #144]",
    "ldp x16, x17, [sp, #128]",
    "ldp x14, x15, [sp, #112]",
    "ldp x12, x13, [sp, #96]",
    "ldp x10, x11, [sp, #80]",
    "ldp x8, x9, [sp, #64]",
    "ldp x6, x7, [sp, #48]",
    "ldp x4, x5, [sp, #32]",
    "ldp x2, x3, [sp, #16]",
    "ldp x0, x1, [sp]",
    "eret",
    "dsb nsh",
    "isb",
    ".text",
    sync = const SYNC,
    irq = const IRQ,
    fiq = const FIQ,
    serror = const SERROR,
    own = const OWN,
    elr = const ELR,
    sp_el0 = const SP_EL0,
    scr = const SCR,
    stack = const STACK,
);

unsafe extern "C" {
    static el3_vectors: [u32; 512];
    pub(crate) fn el3_run(context: *mut Context) -> !;
}

/// Sets up EL3 of this CPU: its vectors, and nothing that traps here but what is meant to.
pub(crate) fn install() {
    // SAFETY: the table is this image's own, aligned as the register wants. Traps for debug are off, and the
    // secure world's events are not counted for the normal world (MDCR_EL3.SPME = 0). Those for floating point are `scalable`'s.
    unsafe {
        core::arch::asm!(
            "msr vbar_el3, {vectors}",
            "msr mdcr_el3, xzr",
            "isb",
            vectors = in(reg) &raw const el3_vectors as u64,
            options(nostack, preserves_flags)
        );
    }
}
