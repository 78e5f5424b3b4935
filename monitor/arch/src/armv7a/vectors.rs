// SPDX-License-Identifier: BSD-2-Clause
//! Exception vectors: of Monitor mode for the normal world, and of the secure kernel for threads and TAs.

use super::cp15;
use super::percpu::PerCpu;
use super::probe;
use super::thread;
use super::user::{RETURN_DATA, RETURN_FIQ, RETURN_IRQ, RETURN_PREFETCH, RETURN_UNDEF};
use aarch32_cpu::register::{Dfar, Dfsr, Ifar, Ifsr};
use core::arch::global_asm;
use core::fmt;
use core::mem::offset_of;
use core::sync::atomic::{AtomicUsize, Ordering};
use tee_core::ports::ThreadExit;

// An exception that a thread or a TA may cause: the return state goes to the SVC stack, and the rest happens there.
// From user mode it ends the entry (user_exception); from a thread the kernel handles it in place.
global_asm!(
    ".macro exception name, adjust, reason, kernel",
    "\\name:",
    ".if \\adjust",
    "sub lr, lr, #\\adjust",
    ".endif",
    "srsdb sp!, #0x13",
    "cpsid if, #0x13",
    "push {{r0}}",
    "ldr r0, [sp, #8]",
    "tst r0, #0xF",
    "mov r0, #\\reason",
    "beq user_exception",
    "b \\kernel",
    ".endm",
    // An exception that only a TA may cause; in the kernel it is fatal but for a probe's, and the stack is not to be trusted.
    ".macro fault name, adjust, reason",
    "\\name:",
    "mrs sp, spsr",
    "tst sp, #0xF",
    "bne kernel_fault_\\name",
    "sub lr, lr, #\\adjust",
    "srsdb sp!, #0x13",
    "cpsid if, #0x13",
    "push {{r0}}",
    "mov r0, #\\reason",
    "b user_exception",
    "kernel_fault_\\name:",
    "mrc p15, 0, sp, c13, c0, 4",
    "ldr sp, [sp, #{emergency}]",
    "push {{r0-r12, lr}}",
    "mov r0, #\\reason",
    "mov r1, sp",
    "mrs r2, spsr",
    "bl kernel_fault",
    "pop {{r0-r12, lr}}",
    "movs pc, lr",
    ".endm",
    ".section .text.vectors, \"ax\"",
    ".balign 32",
    ".global secure_vectors",
    "secure_vectors:",
    "b .", // reset
    "b vector_undef",
    "b user_svc",
    "b vector_prefetch",
    "b vector_data",
    "b .",
    "b vector_irq",
    "b vector_fiq",
    ".balign 32",
    ".global monitor_vectors",
    "monitor_vectors:",
    "b .",
    "b .",
    "b world_smc",
    "b .",
    "b .",
    "b .",
    "b .",
    "b world_fiq",
    "exception vector_irq, 4, {irq}, kernel_interrupt_entry",
    "exception vector_fiq, 4, {fiq}, kernel_interrupt_entry",
    "fault vector_data, 8, {data}",
    "fault vector_prefetch, 4, {prefetch}",
    // The program counter of an undefined instruction itself, so that it can be tried again.
    "vector_undef:",
    "mrs sp, spsr",
    "tst sp, #0xF",
    "bne kernel_fault_vector_undef",
    "tst sp, #0x20",
    "subeq lr, lr, #4",
    "subne lr, lr, #2",
    "srsdb sp!, #0x13",
    "cpsid if, #0x13",
    "push {{r0}}",
    "mov r0, #{undef}",
    "b user_exception",
    "kernel_fault_vector_undef:",
    "mrc p15, 0, sp, c13, c0, 4",
    "ldr sp, [sp, #{emergency}]",
    "push {{r0-r12, lr}}",
    "mov r0, #{undef}",
    "mov r1, sp",
    "mrs r2, spsr",
    "bl kernel_fault",
    "pop {{r0-r12, lr}}",
    "movs pc, lr",
    // An interrupt while a thread runs in the kernel; on the stack lie r0, pc and cpsr.
    "kernel_interrupt_entry:",
    "push {{r1-r4, r12, lr}}",
    "mov r4, sp",
    "bic sp, sp, #7",
    "bl kernel_interrupt",
    "mov sp, r4",
    "pop {{r1-r4, r12, lr}}",
    "pop {{r0}}",
    "clrex",
    "rfeia sp!",
    ".text",
    irq = const RETURN_IRQ,
    fiq = const RETURN_FIQ,
    data = const RETURN_DATA,
    prefetch = const RETURN_PREFETCH,
    undef = const RETURN_UNDEF,
    emergency = const offset_of!(PerCpu, emergency_stack),
);

unsafe extern "C" {
    static secure_vectors: [u32; 8];
    static monitor_vectors: [u32; 8];
}

/// Points this CPU's vector bases at the kernel's vectors.
pub fn install() {
    // SAFETY: the tables are the kernel's own, aligned as the registers want, and mapped for ever.
    unsafe {
        cp15::set_vbar(&raw const secure_vectors as u32);
        cp15::set_mvbar(&raw const monitor_vectors as u32);
    }
    cp15::isb();
}

/// What the board does with a secure interrupt and with a fault of the kernel.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Handles the pending secure interrupt.
    pub secure_interrupt: fn(),
    /// Reports a fault of the kernel and stops.
    pub fault: fn(&Fault) -> !,
}

/// A fault of the kernel itself.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What happened.
    pub what: &'static str,
    /// Faulting address.
    pub address: u32,
    /// Fault status.
    pub status: u32,
    /// Link register of the exception: near the instruction.
    pub pc: u32,
    /// Program status of the kernel.
    pub cpsr: u32,
    /// r0 to r12.
    pub r: [u32; 13],
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, address, status, pc, cpsr, r } = self;
        write!(f, "{what} address {address:#x} status {status:#x} pc {pc:#x} cpsr {cpsr:#x} r {r:x?}")
    }
}

static HOOKS: AtomicUsize = AtomicUsize::new(0);

/// Sets the hooks.
pub fn set_hooks(hooks: &'static Hooks) {
    HOOKS.store(core::ptr::from_ref(hooks) as usize, Ordering::Release);
}

fn hooks() -> Option<&'static Hooks> {
    let pointer = HOOKS.load(Ordering::Acquire) as *const Hooks;
    // SAFETY: null, or what `set_hooks` got: a static.
    unsafe { pointer.as_ref() }
}

/// An interrupt while a thread runs in the kernel: a normal-world one suspends the thread, a secure one is handled here.
#[unsafe(no_mangle)]
extern "C" fn kernel_interrupt(reason: u32) {
    if reason == RETURN_IRQ {
        thread::leave(ThreadExit::ForeignInterrupt);
    } else if let Some(hooks) = hooks() {
        (hooks.secure_interrupt)();
    }
}

#[unsafe(no_mangle)]
extern "C" fn kernel_fault(reason: u32, frame: *mut [u32; 14], cpsr: u32) {
    // SAFETY: the vector has just pushed r0 to r12 and lr there, and pops them when this returns.
    let lr = unsafe { &mut (*frame)[13] };
    // The link register is 8 past an instruction that aborted on data, and 4 past any other.
    if let Some(next) = probe::recovery(*lr - if reason == RETURN_DATA { 8 } else { 4 }) {
        *lr = next;
        return;
    }
    let (what, address, status) = match reason {
        RETURN_DATA => ("data abort", Dfar::read().0, Dfsr::read().raw_value()),
        RETURN_PREFETCH => ("prefetch abort", Ifar::read().0, Ifsr::read().raw_value()),
        _ => ("undefined instruction", 0, 0),
    };
    // SAFETY: as above.
    let saved = unsafe { *frame };
    let mut r = [0; 13];
    r.copy_from_slice(&saved[..13]);
    if let Some(hooks) = hooks() {
        (hooks.fault)(&Fault { what, address, status, pc: saved[13], cpsr, r });
    }
    loop {
        core::hint::spin_loop();
    }
}
