// SPDX-License-Identifier: BSD-2-Clause
//! The whole of the CPU's registers, for the test that looks after them.

use core::arch::global_asm;

/// A register.
pub(crate) type Word = u64;
/// Registers that calls are made with, from x0 on; x29 and x30 are this kernel's.
pub(crate) const WORDS: usize = 29;
/// Double words of the floating-point registers.
pub(crate) const FP_WORDS: usize = 64;

global_asm!(
    ".arch_extension fp",
    ".arch_extension simd",
    ".macro fp_each instruction",
    "\\instruction q0, q1, [x0]",
    "\\instruction q2, q3, [x0, #32]",
    "\\instruction q4, q5, [x0, #64]",
    "\\instruction q6, q7, [x0, #96]",
    "\\instruction q8, q9, [x0, #128]",
    "\\instruction q10, q11, [x0, #160]",
    "\\instruction q12, q13, [x0, #192]",
    "\\instruction q14, q15, [x0, #224]",
    "\\instruction q16, q17, [x0, #256]",
    "\\instruction q18, q19, [x0, #288]",
    "\\instruction q20, q21, [x0, #320]",
    "\\instruction q22, q23, [x0, #352]",
    "\\instruction q24, q25, [x0, #384]",
    "\\instruction q26, q27, [x0, #416]",
    "\\instruction q28, q29, [x0, #448]",
    "\\instruction q30, q31, [x0, #480]",
    ".endm",
    // x0: 64 double words.
    ".global fp_load",
    "fp_load:",
    "fp_each ldp",
    "ret",
    ".global fp_store",
    "fp_store:",
    "fp_each stp",
    "ret",
    ".arch_extension nofp",
    ".global fp_enable",
    "fp_enable:",
    "mrs x0, cpacr_el1",
    "orr x0, x0, #(3 << 20)",
    "msr cpacr_el1, x0",
    "isb",
    "ret",
    // x0: 29 double words that x0 to x28 are loaded from and stored to.
    ".global smc_registers",
    "smc_registers:",
    "stp x19, x20, [sp, #-112]!",
    "stp x21, x22, [sp, #16]",
    "stp x23, x24, [sp, #32]",
    "stp x25, x26, [sp, #48]",
    "stp x27, x28, [sp, #64]",
    "stp x29, x30, [sp, #80]",
    "str x0, [sp, #96]",
    "mov x29, x0",
    "ldp x0, x1, [x29]",
    "ldp x2, x3, [x29, #16]",
    "ldp x4, x5, [x29, #32]",
    "ldp x6, x7, [x29, #48]",
    "ldp x8, x9, [x29, #64]",
    "ldp x10, x11, [x29, #80]",
    "ldp x12, x13, [x29, #96]",
    "ldp x14, x15, [x29, #112]",
    "ldp x16, x17, [x29, #128]",
    "ldp x18, x19, [x29, #144]",
    "ldp x20, x21, [x29, #160]",
    "ldp x22, x23, [x29, #176]",
    "ldp x24, x25, [x29, #192]",
    "ldp x26, x27, [x29, #208]",
    "ldr x28, [x29, #224]",
    "smc #0",
    "ldr x29, [sp, #96]",
    "stp x0, x1, [x29]",
    "stp x2, x3, [x29, #16]",
    "stp x4, x5, [x29, #32]",
    "stp x6, x7, [x29, #48]",
    "stp x8, x9, [x29, #64]",
    "stp x10, x11, [x29, #80]",
    "stp x12, x13, [x29, #96]",
    "stp x14, x15, [x29, #112]",
    "stp x16, x17, [x29, #128]",
    "stp x18, x19, [x29, #144]",
    "stp x20, x21, [x29, #160]",
    "stp x22, x23, [x29, #176]",
    "stp x24, x25, [x29, #192]",
    "stp x26, x27, [x29, #208]",
    "str x28, [x29, #224]",
    "ldp x21, x22, [sp, #16]",
    "ldp x23, x24, [sp, #32]",
    "ldp x25, x26, [sp, #48]",
    "ldp x27, x28, [sp, #64]",
    "ldp x29, x30, [sp, #80]",
    "ldp x19, x20, [sp], #112",
    "ret",
);

unsafe extern "C" {
    pub(crate) fn fp_load(values: *const [u64; FP_WORDS]);
    pub(crate) fn fp_store(values: *mut [u64; FP_WORDS]);
    pub(crate) fn fp_enable();
    pub(crate) fn smc_registers(registers: *mut [Word; WORDS]);
}
