// SPDX-License-Identifier: BSD-2-Clause
//! Start-up of the CPUs and exception vectors. Threads run on SP_EL0, and what takes exceptions on SP_EL1, so that a thread
//! whose stack is over can still be told.

use super::cpu::system;
use crate::layout::{STACK_SLOT, THREADS};
use crate::{entry, probe};
use core::arch::{asm, global_asm};

global_asm!(
    ".section .text.reset, \"ax\"",
    ".global _start",
    "_start:",
    "mov x19, x0",
    "bl enter_el1",
    "ldr x1, =__bss_start",
    "ldr x2, =__bss_end",
    "1: cmp x1, x2",
    "b.hs 2f",
    "stp xzr, xzr, [x1], #16",
    "b 1b",
    "2: bl set_stacks",
    "mov x0, x19",
    "bl kernel_main",
    ".global secondary_start",
    "secondary_start:",
    "bl enter_el1",
    "bl set_stacks",
    "bl secondary_main",
    // Leaves EL2, if this CPU starts there: EL1 is in AArch64 state, has the timers and the interrupt controller, and nothing is
    // trapped. System registers of EL1 are as after a reset, whatever ran before.
    ".global enter_el1",
    "enter_el1:",
    "msr daifset, #0xF",
    "ldr x10, ={sctlr}",
    "msr sctlr_el1, x10",
    "mrs x9, currentel",
    "cmp x9, #8",
    "b.ne 3f",
    "mov x9, #(1 << 31)",
    "msr hcr_el2, x9",
    "mov x9, #3",
    "msr cnthctl_el2, x9",
    "msr cntvoff_el2, xzr",
    "mov x9, #0x33FF",
    "msr cptr_el2, x9",
    "msr hstr_el2, xzr",
    "mrs x9, midr_el1",
    "msr vpidr_el2, x9",
    "mrs x9, mpidr_el1",
    "msr vmpidr_el2, x9",
    "mrs x9, id_aa64dfr0_el1",
    "ubfx x9, x9, #8, #4",
    "cbz x9, 4f",
    "mrs x9, pmcr_el0",
    "ubfx x9, x9, #11, #5",
    "msr mdcr_el2, x9",
    "4: mrs x9, id_aa64pfr0_el1",
    "ubfx x9, x9, #24, #4",
    "cbz x9, 5f",
    // ICC_SRE_EL2: EL1 uses the registers of the interrupt controller.
    "mov x9, #9",
    "msr s3_4_c12_c9_5, x9",
    "isb",
    "msr s3_4_c12_c11_0, xzr",
    "5: mov x9, #0x3C5",
    "msr spsr_el2, x9",
    "msr elr_el2, x30",
    "eret",
    "3: isb",
    "ret",
    // Sets the stacks of this CPU: thread slot n for SP_EL0, exception slot n for SP_EL1.
    ".global set_stacks",
    "set_stacks:",
    "mrs x9, mpidr_el1",
    "and x9, x9, #0xFF",
    "add x9, x9, #1",
    "ldr x10, =__stacks_start",
    "ldr x11, ={slot}",
    "madd x10, x9, x11, x10",
    "ldr x11, ={exceptions}",
    "add x11, x10, x11",
    "msr spsel, #1",
    "mov sp, x11",
    "msr spsel, #0",
    "mov sp, x10",
    "ret",
    ".ltorg",
    ".macro vector name",
    ".balign 0x80",
    "stp x0, x1, [sp, #-192]!",
    "stp x30, xzr, [sp, #144]",
    "bl save_registers",
    "bl \\name",
    "b restore_registers",
    ".endm",
    ".balign 0x800",
    ".global vectors",
    "vectors:",
    // In a thread.
    "vector on_fault",
    "vector on_irq",
    "vector on_stray",
    "vector on_stray",
    // In what handles exceptions; user mode, which is not used.
    ".rept 12",
    "vector on_stray",
    ".endr",
    ".balign 0x80",
    "save_registers:",
    "stp x2, x3, [sp, #16]",
    "stp x4, x5, [sp, #32]",
    "stp x6, x7, [sp, #48]",
    "stp x8, x9, [sp, #64]",
    "stp x10, x11, [sp, #80]",
    "stp x12, x13, [sp, #96]",
    "stp x14, x15, [sp, #112]",
    "stp x16, x17, [sp, #128]",
    "str x18, [sp, #152]",
    "mrs x0, elr_el1",
    "mrs x1, spsr_el1",
    "stp x0, x1, [sp, #160]",
    "ret",
    // x0: how many bytes to go on behind.
    "restore_registers:",
    "ldp x1, x2, [sp, #160]",
    "add x1, x1, x0",
    "msr elr_el1, x1",
    "msr spsr_el1, x2",
    "ldp x2, x3, [sp, #16]",
    "ldp x4, x5, [sp, #32]",
    "ldp x6, x7, [sp, #48]",
    "ldp x8, x9, [sp, #64]",
    "ldp x10, x11, [sp, #80]",
    "ldp x12, x13, [sp, #96]",
    "ldp x14, x15, [sp, #112]",
    "ldp x16, x17, [sp, #128]",
    "ldp x30, x18, [sp, #144]",
    "ldp x0, x1, [sp], #192",
    "eret",
    ".text",
    slot = const STACK_SLOT,
    exceptions = const THREADS * STACK_SLOT,
    sctlr = const 0x30D0_0800u64,
);

unsafe extern "C" {
    static vectors: [u32; 512];
    /// Where a CPU that PSCI switches on begins.
    pub(crate) fn secondary_start();
}

/// Points this CPU at the exception vectors.
pub(crate) fn init_vectors() {
    // SAFETY: the vector table above.
    unsafe { asm!("msr vbar_el1, {}", "isb", in(reg) &raw const vectors as u64, options(nostack, preserves_flags)) };
}

/// An interrupt; the thread goes on where it was.
#[unsafe(no_mangle)]
extern "C" fn on_irq() -> u64 {
    entry::interrupt();
    0
}

/// A fault of a thread: a probe goes on behind the instruction.
#[unsafe(no_mangle)]
extern "C" fn on_fault(pc: u64) -> u64 {
    /// Exception classes of ESR_EL1.
    const UNKNOWN: u64 = 0;
    const SMC: u64 = 0x17;
    const SYSTEM_REGISTER: u64 = 0x18;
    const DATA_ABORT: u64 = 0x25;
    let (syndrome, address) = (system::esr(), system::far());
    let known = match syndrome >> 26 {
        DATA_ABORT => probe::faulted(syndrome as u32 & super::access::FAULT),
        UNKNOWN | SMC | SYSTEM_REGISTER => probe::faulted(probe::UNDEFINED),
        _ => false,
    };
    if !known {
        panic!("exception at {pc:#010x}: address {address:#010x}, syndrome {syndrome:#x}");
    }
    4
}

/// An exception that this kernel has no use for.
#[unsafe(no_mangle)]
extern "C" fn on_stray(pc: u64) -> u64 {
    panic!("stray exception at {pc:#010x}: address {:#010x}, syndrome {:#x}", system::far(), system::esr());
}
