// SPDX-License-Identifier: BSD-2-Clause
//! What the CPU loses while it sleeps.

use core::arch::global_asm;

global_asm!(
    // r0 to r3: a0 to a3 of the call, whose entry point is power_up. Comes back with r0: an error, or the context.
    ".global power_down",
    "power_down:",
    "push {{r4-r11, lr}}",
    "ldr r12, ={saved}",
    "str sp, [r12]",
    ".arch_extension sec",
    "smc #0",
    "pop {{r4-r11, pc}}",
    ".global power_up",
    "power_up:",
    "cpsid aif, #0x13",
    "mov r8, r0",
    "bl set_stacks",
    "ldr r12, ={saved}",
    "ldr sp, [r12]",
    "bl power_restored",
    "mov r0, r8",
    "pop {{r4-r11, pc}}",
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
