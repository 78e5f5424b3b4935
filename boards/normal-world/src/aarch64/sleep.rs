// SPDX-License-Identifier: BSD-2-Clause
//! What the CPU loses while it sleeps.

use core::arch::global_asm;

global_asm!(
    // x0 to x3: a0 to a3 of the call, whose entry point is power_up. Comes back with w0: an error, or the context. What a
    // function keeps lies on the stack, and so do the masks of interrupts.
    ".global power_down",
    "power_down:",
    "stp x19, x20, [sp, #-112]!",
    "stp x21, x22, [sp, #16]",
    "stp x23, x24, [sp, #32]",
    "stp x25, x26, [sp, #48]",
    "stp x27, x28, [sp, #64]",
    "stp x29, x30, [sp, #80]",
    "mrs x9, daif",
    "str x9, [sp, #96]",
    "ldr x9, ={saved}",
    "mov x10, sp",
    "str x10, [x9]",
    "smc #0",
    "b power_back",
    ".global power_up",
    "power_up:",
    "mov x19, x0",
    "bl enter_el1",
    "bl set_stacks",
    "ldr x9, ={saved}",
    "ldr x10, [x9]",
    "mov sp, x10",
    "bl power_restored",
    "mov x0, x19",
    "power_back:",
    "ldr x9, [sp, #96]",
    "msr daif, x9",
    "ldp x21, x22, [sp, #16]",
    "ldp x23, x24, [sp, #32]",
    "ldp x25, x26, [sp, #48]",
    "ldp x27, x28, [sp, #64]",
    "ldp x29, x30, [sp, #80]",
    "ldp x19, x20, [sp], #112",
    "ret",
    ".ltorg",
    saved = sym SAVED,
);

/// Stack pointer of the CPU that sleeps; one does at a time.
static mut SAVED: usize = 0;

unsafe extern "C" {
    /// A call of PSCI that puts the CPU to sleep; its entry point is [`power_up`]. Gives an error, or the context.
    pub(crate) fn power_down(call: u32, a1: u32, a2: u32, a3: u32) -> u32;
    /// Where the CPU wakes up.
    pub(crate) fn power_up();
}
