// SPDX-License-Identifier: BSD-2-Clause
//! Start-up of the CPUs and exception vectors.

use crate::cpu::cp;
use crate::layout::{ABORT_STACK, STACK_SLOT, THREADS};
use crate::{entry, probe};
use core::arch::global_asm;

global_asm!(
    ".section .text.reset, \"ax\"",
    ".global _start",
    "_start:",
    "cpsid aif, #0x13",
    "mov r7, r2",
    "ldr r1, =__bss_start",
    "ldr r2, =__bss_end",
    "mov r3, #0",
    "1: cmp r1, r2",
    "strlo r3, [r1], #4",
    "blo 1b",
    "bl set_stacks",
    "mov r0, r7",
    "bl kernel_main",
    ".global secondary_start",
    "secondary_start:",
    "cpsid aif, #0x13",
    "bl set_stacks",
    "bl secondary_main",
    // Sets the stacks of this CPU: thread slot n for SVC, exception slot n for the modes that take exceptions.
    "set_stacks:",
    "mov r12, lr",
    "mrc p15, 0, r0, c0, c0, 5",
    "and r0, r0, #0xFF",
    "ldr r1, =__stacks_start",
    "ldr r2, ={slot}",
    "mla r3, r0, r2, r1",
    "ldr r4, ={exceptions}",
    "add r4, r3, r4",
    "add r3, r3, r2",
    "add r5, r4, r2",
    "add r6, r4, #{abort}",
    "cps #0x12",
    "mov sp, r5",
    "cps #0x17",
    "mov sp, r6",
    "cps #0x1B",
    "mov sp, r6",
    "cps #0x13",
    "mov sp, r3",
    "bx r12",
    ".ltorg",
    ".balign 32",
    ".global vectors",
    "vectors:",
    "b .",
    "b undefined",
    "b .",
    "b prefetch",
    "b data",
    "b .",
    "b irq",
    "b .",
    "irq:",
    "sub lr, lr, #4",
    "push {{r0-r3, r12, lr}}",
    "bl on_irq",
    "ldm sp!, {{r0-r3, r12, pc}}^",
    // The return address is the instruction behind the one that faulted: a probe goes on there.
    "data:",
    "sub lr, lr, #4",
    "push {{r0-r3, r12, lr}}",
    "sub r0, lr, #4",
    "bl on_data_abort",
    "ldm sp!, {{r0-r3, r12, pc}}^",
    "undefined:",
    "push {{r0-r3, r12, lr}}",
    "sub r0, lr, #4",
    "bl on_undefined",
    "ldm sp!, {{r0-r3, r12, pc}}^",
    "prefetch:",
    "sub r0, lr, #4",
    "bl on_prefetch_abort",
    ".text",
    slot = const STACK_SLOT,
    exceptions = const THREADS * STACK_SLOT,
    abort = const ABORT_STACK,
);

unsafe extern "C" {
    static vectors: [u32; 8];
    /// Where a CPU that PSCI switches on begins.
    pub(crate) fn secondary_start();
}

/// Points this CPU at the exception vectors.
pub(crate) fn init_vectors() {
    // SAFETY: the vector table above.
    unsafe { cp::set_vbar(&raw const vectors as u32) };
}

#[unsafe(no_mangle)]
extern "C" fn on_irq() {
    entry::interrupt();
}

#[unsafe(no_mangle)]
extern "C" fn on_data_abort(pc: u32) {
    let (status, address) = (cp::dfsr(), cp::dfar());
    if !probe::faulted(status) {
        panic!("data abort at {pc:#010x}: address {address:#010x}, status {status:#x}");
    }
}

#[unsafe(no_mangle)]
extern "C" fn on_undefined(pc: u32) {
    if !probe::faulted(probe::UNDEFINED) {
        panic!("undefined instruction at {pc:#010x}");
    }
}

#[unsafe(no_mangle)]
extern "C" fn on_prefetch_abort(pc: u32) -> ! {
    panic!("prefetch abort at {pc:#010x}, status {:#x}", cp::ifsr());
}
