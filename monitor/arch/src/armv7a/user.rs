// SPDX-License-Identifier: BSD-2-Clause
//! User mode: the registers of a TA, entering it and the reasons it comes back for.

use super::cp15;
use super::percpu::{PerCpu, this_cpu};
use super::vfp::{self, VfpRegs};
use crate::lock::{mask_interrupts, restore_interrupts};
use aarch32_cpu::register::{Dfar, Dfsr, Ifar, Ifsr};
use core::arch::global_asm;
use core::hint::black_box;
use core::mem::offset_of;
use tee_core::ports::{Abort, AbortKind, Machine, Position, UserContext, UserReturn};
use utee_abi::regs::{A32_REGISTER_ARGS, RawSyscall};

/// Registers of user mode.
#[repr(C)]
pub struct UserRegs {
    /// r0 to r12.
    pub r: [u32; 13],
    /// Stack pointer.
    pub sp: u32,
    /// Link register.
    pub lr: u32,
    /// Program counter.
    pub pc: u32,
    /// Program status.
    pub cpsr: u32,
    /// TPIDRURW and TPIDRURO.
    pub tpid: [u32; 2],
    /// Floating-point registers while they are not in the CPU; all zero unless `vfp_used`.
    pub vfp: VfpRegs,
    /// True once this entry has used floating point.
    pub vfp_used: bool,
}

/// Names of r0 to r12.
pub(super) const R_NAMES: [&str; 13] = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12"];

/// Bits of the CPSR that are user mode's own: flags, Q, GE, IT and T.
const CPSR_USER_BITS: u32 = 0xF80F_FC20;
const MODE_USR: u32 = 0x10;
const CPSR_T: u32 = 1 << 5;

pub(super) const RETURN_SVC: u32 = 0;
pub(super) const RETURN_IRQ: u32 = 1;
pub(super) const RETURN_FIQ: u32 = 2;
pub(super) const RETURN_DATA: u32 = 3;
pub(super) const RETURN_PREFETCH: u32 = 4;
pub(super) const RETURN_UNDEF: u32 = 5;

global_asm!(
    // r0: UserRegs. SVC mode, interrupts masked. Returns r0: why user mode came back.
    ".global user_enter",
    "user_enter:",
    "push {{r0, r4-r12, lr}}",
    "ldr r1, [r0, #{cpsr}]",
    "ldr lr, [r0, #{pc}]",
    "msr spsr_cxsf, r1",
    "add r1, r0, #{sp}",
    "ldmia r1, {{sp, lr}}^",
    "nop",
    "ldmia r0, {{r0-r12}}",
    "movs pc, lr",
    // Supervisor call. The word on the stack is the UserRegs.
    ".global user_svc",
    "user_svc:",
    "push {{r0}}",
    "ldr r0, [sp, #4]",
    "str lr, [r0, #{pc}]",
    "mov lr, r0",
    "pop {{r0}}",
    "stmia lr!, {{r0-r12}}",
    "stmia lr, {{sp, lr}}^",
    "mrs r1, spsr",
    "str r1, [lr, #({cpsr} - {sp})]",
    "mov r0, #{svc}",
    "add sp, sp, #4",
    "pop {{r4-r12, pc}}",
    // Any other exception from user mode: r0 holds the reason, and on the stack lie the user's r0, pc, cpsr and
    // then the UserRegs.
    ".global user_exception",
    "user_exception:",
    "push {{r0}}",
    "ldr r0, [sp, #16]",
    "add lr, r0, #4",
    "stmia lr, {{r1-r12}}",
    "add lr, r0, #{sp}",
    "stmia lr, {{sp, lr}}^",
    "pop {{r4-r7}}", // reason, r0, pc, cpsr
    "str r5, [r0]",
    "str r6, [r0, #{pc}]",
    "str r7, [r0, #{cpsr}]",
    "mov r0, r4",
    "add sp, sp, #4",
    "pop {{r4-r12, pc}}",
    pc = const offset_of!(UserRegs, pc),
    cpsr = const offset_of!(UserRegs, cpsr),
    sp = const offset_of!(UserRegs, sp),
    svc = const RETURN_SVC,
);

const _: () = assert!(offset_of!(UserRegs, r) == 0 && offset_of!(UserRegs, sp) == 13 * 4);
const _: () = assert!(offset_of!(UserRegs, lr) == offset_of!(UserRegs, sp) + 4);

unsafe extern "C" {
    fn user_enter(regs: *mut UserRegs) -> u32;
}

/// Enters user mode with `regs` in the space that `select` puts into TTBR0 of this CPU, whose data it gets.
///
/// To be called on a secure thread.
pub(super) fn enter(regs: &mut UserRegs, select: impl Fn(*mut PerCpu)) -> UserReturn {
    let regs: *mut UserRegs = regs;
    loop {
        let before = mask_interrupts();
        // SAFETY: SVC mode on a secure thread with interrupts masked. The CPSR is forced to user mode with interrupts
        // on, so that nothing the core wrote can keep privileges. `regs` outlives the entry.
        let why = unsafe {
            (*regs).cpsr = (*regs).cpsr & CPSR_USER_BITS | MODE_USR;
            let cpu = this_cpu();
            select(cpu);
            cp15::set_tpidrurw((*regs).tpid[0]);
            cp15::set_tpidruro((*regs).tpid[1]);
            vfp::prepare(cpu, regs);
            let why = user_enter(regs);
            // TPIDRURO cannot have changed.
            (*regs).tpid[0] = cp15::tpidrurw();
            why
        };
        if why == RETURN_SVC {
            restore_interrupts(before);
            return UserReturn::Syscall;
        }
        // SAFETY: interrupts are still masked, and `regs` is what was just left.
        let exception = unsafe { exception(why, regs) };
        restore_interrupts(before);
        if let Some(result) = exception {
            return result;
        }
    }
}

/// What any other exception than a system call comes to; `None` when the TA is to go on. Kept out of the way of system calls.
///
/// # Safety
/// Interrupts have been masked since the exception, and `regs` is the context that was left by it.
#[cold]
#[inline(never)]
unsafe fn exception(why: u32, regs: *mut UserRegs) -> Option<UserReturn> {
    // SAFETY: as the caller says; a first floating-point instruction is tried again with the unit open.
    if why == RETURN_UNDEF && unsafe { vfp::open_for(regs) } {
        return None;
    }
    // SAFETY: as the caller says; the fault registers are those of the exception that was just taken.
    Some(unsafe { reason(why, (*regs).pc) })
}

fn reason(why: u32, pc: u32) -> UserReturn {
    const DFSR_WRITE: u32 = 1 << 11;
    let abort = |kind, address: u32, status| UserReturn::Abort(Abort { kind, address: u64::from(address), status });
    match why {
        RETURN_IRQ => UserReturn::ForeignInterrupt,
        RETURN_FIQ => UserReturn::SecureInterrupt,
        RETURN_DATA => {
            let status = Dfsr::read().raw_value();
            let kind = if status & DFSR_WRITE != 0 { AbortKind::Write } else { AbortKind::Read };
            abort(kind, Dfar::read().0, status)
        }
        RETURN_PREFETCH => abort(AbortKind::Execute, Ifar::read().0, Ifsr::read().raw_value()),
        _ => abort(AbortKind::Undefined, pc, 0),
    }
}

impl UserContext for UserRegs {
    fn new() -> Self {
        Self { r: [0; 13], sp: 0, lr: 0, pc: 0, cpsr: MODE_USR, tpid: [0; 2], vfp: VfpRegs::new(), vfp_used: false }
    }

    fn start(&mut self, _machine: Machine, entry: u64, stack: u64, args: [u64; 4]) {
        let [a, b, c, d] = args.map(|arg| arg as u32);
        // Zeros that the compiler knows of become a call of memset, which takes longer than to store them.
        let zero = black_box(0);
        self.r = [a, b, c, d, zero, zero, zero, zero, zero, zero, zero, zero, zero];
        self.lr = 0;
        self.cpsr = MODE_USR;
        self.sp = stack as u32;
        self.pc = entry as u32 & !1;
        if entry & 1 != 0 {
            self.cpsr |= CPSR_T;
        }
    }

    fn stop(&mut self) {
        if !self.vfp_used {
            return;
        }
        self.vfp_used = false;
        let before = mask_interrupts();
        // SAFETY: interrupts are masked and this context is not being entered.
        unsafe { vfp::forget(self) };
        restore_interrupts(before);
    }

    fn short_syscall(&self) -> (u32, [u64; A32_REGISTER_ARGS]) {
        let [a, b, c, d, ..] = self.r;
        (self.r[7], [a, b, c, d].map(u64::from))
    }

    fn syscall(&self) -> RawSyscall {
        let (number, [a, b, c, d]) = self.short_syscall();
        RawSyscall { number, args: [a, b, c, d, 0, 0, 0, 0], extra: Some((u64::from(self.r[5]), self.r[6])) }
    }

    fn set_result(&mut self, result: u32) {
        self.r[0] = result;
    }

    fn position(&self) -> Position {
        let fp = if self.cpsr & CPSR_T != 0 { self.r[7] } else { self.r[11] };
        Position { pc: u64::from(self.pc), sp: u64::from(self.sp), lr: u64::from(self.lr), fp: u64::from(fp) }
    }

    fn for_each_register(&self, f: &mut dyn FnMut(&'static str, u64)) {
        for (name, value) in R_NAMES.iter().zip(self.r) {
            f(name, u64::from(value));
        }
        for (name, value) in [("sp", self.sp), ("lr", self.lr), ("pc", self.pc), ("cpsr", self.cpsr)] {
            f(name, u64::from(value));
        }
    }
}
