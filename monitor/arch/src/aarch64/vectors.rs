// SPDX-License-Identifier: BSD-2-Clause
//! Exception vectors of the secure kernel, for threads and TAs.

use super::percpu::PerCpu;
use super::probe;
use super::sysreg;
use super::thread;
use super::user::{RETURN_FIQ, RETURN_IRQ, RETURN_SERROR, RETURN_SYNC};
use core::arch::global_asm;
use core::fmt;
use core::mem::offset_of;
use core::sync::atomic::{AtomicUsize, Ordering};
use tee_core::ports::ThreadExit;

// From user mode an exception ends the entry (user_exception); an interrupt of a thread is handled in place; anything else
// in the kernel is fatal, and its stack is not to be trusted.
global_asm!(
    ".macro user_vector reason",
    ".balign 0x80",
    "stp x0, x1, [sp, #-16]!",
    "mov x1, #\\reason",
    "b user_exception",
    ".endm",
    ".macro kernel_vector reason",
    ".balign 0x80",
    "sub sp, sp, #192",
    "stp x0, x1, [sp]",
    "mov x0, #\\reason",
    "b kernel_interrupt_entry",
    ".endm",
    // SP_EL0 and the thread pointers of EL0 are set before each entry into user mode, so that they may hold registers meanwhile.
    ".macro fault_vector reason",
    ".balign 0x80",
    "msr tpidrro_el0, x0",
    "mov x0, #\\reason",
    "b kernel_fault_entry",
    ".endm",
    ".section .text.vectors, \"ax\"",
    ".balign 0x800",
    ".global secure_vectors",
    "secure_vectors:",
    // On SP_EL0, which the kernel does not use.
    "fault_vector {sync}",
    "fault_vector {irq}",
    "fault_vector {fiq}",
    "fault_vector {serror}",
    // In the kernel.
    "fault_vector {sync}",
    "kernel_vector {irq}",
    "kernel_vector {fiq}",
    "fault_vector {serror}",
    // User mode, AArch64 and AArch32.
    "user_vector {sync}",
    "user_vector {irq}",
    "user_vector {fiq}",
    "user_vector {serror}",
    "user_vector {sync}",
    "user_vector {irq}",
    "user_vector {fiq}",
    "user_vector {serror}",
    ".balign 0x80",
    // An interrupt while a thread runs in the kernel; x0 is the reason, and on the stack lie x0 and x1. The thread may go
    // on on another CPU, after others have taken exceptions.
    "kernel_interrupt_entry:",
    "stp x2, x3, [sp, #16]",
    "stp x4, x5, [sp, #32]",
    "stp x6, x7, [sp, #48]",
    "stp x8, x9, [sp, #64]",
    "stp x10, x11, [sp, #80]",
    "stp x12, x13, [sp, #96]",
    "stp x14, x15, [sp, #112]",
    "stp x16, x17, [sp, #128]",
    "stp x18, x30, [sp, #144]",
    "mrs x1, elr_el1",
    "mrs x2, spsr_el1",
    "stp x1, x2, [sp, #160]",
    "bl kernel_interrupt",
    "ldp x1, x2, [sp, #160]",
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
    "ldp x18, x30, [sp, #144]",
    "ldp x0, x1, [sp]",
    "add sp, sp, #192",
    "eret",
    "dsb nsh",
    "isb",
    // A fault of the kernel: x0 is the reason. The registers and the stack pointer go to another stack, for last words. The
    // fault of a probe goes on instead.
    "kernel_fault_entry:",
    "msr sp_el0, x1",
    "mov x1, sp",
    "msr tpidr_el0, x1",
    "mrs x1, tpidr_el1",
    "ldr x1, [x1, #{emergency}]",
    "mov sp, x1",
    "sub sp, sp, #256",
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
    "str x30, [sp, #240]",
    "mrs x2, tpidrro_el0",
    "mrs x3, sp_el0",
    "stp x2, x3, [sp]",
    "mov x1, sp",
    "bl kernel_fault",
    "msr elr_el1, x0",
    "ldp x2, x3, [sp, #16]",
    "ldp x4, x5, [sp, #32]",
    "ldp x6, x7, [sp, #48]",
    "ldp x8, x9, [sp, #64]",
    "ldp x10, x11, [sp, #80]",
    "ldp x12, x13, [sp, #96]",
    "ldp x14, x15, [sp, #112]",
    "ldp x16, x17, [sp, #128]",
    "ldp x18, x19, [sp, #144]",
    "ldp x20, x21, [sp, #160]",
    "ldp x22, x23, [sp, #176]",
    "ldp x24, x25, [sp, #192]",
    "ldp x26, x27, [sp, #208]",
    "ldp x28, x29, [sp, #224]",
    "ldr x30, [sp, #240]",
    "mrs x0, tpidr_el0",
    "mov sp, x0",
    "eret",
    "dsb nsh",
    "isb",
    ".text",
    sync = const RETURN_SYNC,
    irq = const RETURN_IRQ,
    fiq = const RETURN_FIQ,
    serror = const RETURN_SERROR,
    emergency = const offset_of!(PerCpu, emergency_stack),
);

unsafe extern "C" {
    static secure_vectors: [u32; 512];
}

/// Points this CPU's vector base at the kernel's vectors.
pub fn install() {
    // SAFETY: the table is the kernel's own, aligned as the register wants, and mapped for ever.
    unsafe { sysreg::set_vbar(&raw const secure_vectors as u64) };
    sysreg::isb();
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
    pub address: u64,
    /// Exception syndrome.
    pub status: u64,
    /// Program counter.
    pub pc: u64,
    /// Program status of the kernel.
    pub spsr: u64,
    /// x0 to x30.
    pub x: [u64; 31],
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, address, status, pc, spsr, x } = self;
        write!(f, "{what} address {address:#x} status {status:#x} pc {pc:#x} spsr {spsr:#x} x {x:x?}")
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
extern "C" fn kernel_interrupt(reason: u64) {
    if reason == RETURN_FIQ {
        thread::leave(ThreadExit::ForeignInterrupt);
    } else if let Some(hooks) = hooks() {
        (hooks.secure_interrupt)();
    }
}

#[unsafe(no_mangle)]
extern "C" fn kernel_fault(reason: u64, frame: *const [u64; 31]) -> u64 {
    if let Some(next) = probe::recovery().filter(|_| reason == RETURN_SYNC) {
        return next;
    }
    let status = sysreg::esr();
    let what = match (reason, status >> 26) {
        (RETURN_SERROR, _) => "asynchronous abort",
        (RETURN_SYNC, 0x21) => "instruction abort",
        (RETURN_SYNC, 0x25) => "data abort",
        (RETURN_SYNC, 0x0D) => "indirect branch to no landing pad",
        (RETURN_SYNC, 0x1C) => "pointer that fails authentication",
        (RETURN_SYNC, 0x26) => "stack pointer not aligned",
        (RETURN_SYNC, _) => "exception",
        _ => "interrupt on a stack that is not used",
    };
    // SAFETY: the vector has just saved x0 to x30 there.
    let x = unsafe { *frame };
    if let Some(hooks) = hooks() {
        (hooks.fault)(&Fault { what, address: sysreg::far(), status, pc: sysreg::elr(), spsr: sysreg::spsr(), x });
    }
    loop {
        core::hint::spin_loop();
    }
}
