// SPDX-License-Identifier: BSD-2-Clause
//! The whole of the CPU's registers, for the test that looks after them.

use core::arch::global_asm;

/// A register.
pub(crate) type Word = u32;
/// Registers that calls are made with, from r0 on.
pub(crate) const WORDS: usize = 13;
/// Double words of the floating-point registers.
pub(crate) const FP_WORDS: usize = 32;

global_asm!(
    ".fpu neon",
    // r0: 32 double words.
    ".global fp_load",
    "fp_load: vldmia r0!, {{d0-d15}}",
    "vldmia r0!, {{d16-d31}}",
    "bx lr",
    ".global fp_store",
    "fp_store: vstmia r0!, {{d0-d15}}",
    "vstmia r0!, {{d16-d31}}",
    "bx lr",
    ".global fp_enable",
    "fp_enable: mrc p15, 0, r0, c1, c0, 2",
    "orr r0, r0, #0x00F00000",
    "mcr p15, 0, r0, c1, c0, 2",
    "isb",
    "mov r0, #0x40000000",
    "vmsr fpexc, r0",
    "bx lr",
    ".arch_extension sec",
    // r0: 13 words that r0 to r12 are loaded from and stored to.
    ".global smc_registers",
    "smc_registers: push {{r4-r11, lr}}",
    "push {{r0, r1}}",
    "mov lr, r0",
    "ldm lr, {{r0-r12}}",
    "smc #0",
    "ldr lr, [sp]",
    "stm lr, {{r0-r12}}",
    "add sp, sp, #8",
    "pop {{r4-r11, pc}}",
);

unsafe extern "C" {
    pub(crate) fn fp_load(values: *const [u64; FP_WORDS]);
    pub(crate) fn fp_store(values: *mut [u64; FP_WORDS]);
    pub(crate) fn fp_enable();
    pub(crate) fn smc_registers(registers: *mut [Word; WORDS]);
}
