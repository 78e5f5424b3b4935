// SPDX-License-Identifier: BSD-2-Clause
//! User mode: the registers of a TA, entering it and the reasons it comes back for.
//!
//! In AArch32 state r0 to r14 are x0 to x14, and the program status has the layout of the CPSR.

use super::pauth::{self, Pair};
use super::percpu::this_cpu;
use super::sysreg;
use super::vfp::{self, VfpRegs};
use crate::cpu::{mask_interrupts, restore_interrupts};
use core::arch::global_asm;
use core::mem::offset_of;
use tee_core::ports::{Abort, AbortKind, Machine, Position, UserContext, UserReturn};
use utee_abi::regs::{A32_REGISTER_ARGS, MAX_ARGS, RawSyscall};

/// Registers of user mode.
#[repr(C)]
pub struct UserRegs {
    /// x0 to x30; r0 to r14 in AArch32 state.
    pub x: [u64; 31],
    /// Stack pointer of AArch64 state; user mode cannot reach it in AArch32 state.
    pub sp: u64,
    /// Program counter.
    pub pc: u64,
    /// Program status.
    pub spsr: u64,
    /// TPIDR_EL0 and TPIDRRO_EL0.
    pub tpid: [u64; 2],
    /// Floating-point registers while they are not in the CPU; all zero unless `vfp_used`.
    pub vfp: VfpRegs,
    /// True once this entry has used floating point.
    pub vfp_used: bool,
    /// User mode runs in AArch64 state. Only [`UserContext::start`] sets it: no exception leaves another one behind.
    wide: bool,
}

/// Bits of an AArch32 program status that are user mode's own: flags, Q, GE, IT and T.
const A32_USER_BITS: u64 = 0xF80F_FC20;
/// Bits of an AArch64 program status that are user mode's own: flags, DIT, SSBS and the type of the last branch.
const A64_USER_BITS: u64 = 0xF100_1C00;
/// AArch32 state, user mode, interrupts not masked.
const MODE_A32_USER: u64 = 0x10;
/// AArch64 state, EL0, interrupts not masked.
const MODE_A64_USER: u64 = 0;
const SPSR_T: u64 = 1 << 5;
/// r13 and r14 of user mode.
const SP: usize = 13;
const LR: usize = 14;
/// Register of the number of a system call, frame pointer and link register of AArch64 state.
const NUMBER: usize = 8;
const FP64: usize = 29;
const LR64: usize = 30;

pub(super) const RETURN_SYNC: u64 = 0;
pub(super) const RETURN_IRQ: u64 = 1;
pub(super) const RETURN_FIQ: u64 = 2;
pub(super) const RETURN_SERROR: u64 = 3;

global_asm!(
    // x0: UserRegs, x1: keys of user mode and kernel, or 0 on a CPU without any. Interrupts masked. Returns x0: why user mode
    // came back. On the stack: x19 to x30, x0, x1. Until user mode has come back, the kernel's own return addresses cannot be checked.
    ".global user_enter",
    "user_enter:",
    "hint #25", // paciasp
    "stp x19, x20, [sp, #-112]!",
    "stp x21, x22, [sp, #16]",
    "stp x23, x24, [sp, #32]",
    "stp x25, x26, [sp, #48]",
    "stp x27, x28, [sp, #64]",
    "stp x29, x30, [sp, #80]",
    "stp x0, x1, [sp, #96]",
    "cbz x1, 1f",
    "ldp x2, x3, [x1, #{user_key}]",
    "msr s3_0_c2_c1_0, x2",
    "msr s3_0_c2_c1_1, x3",
    "1:",
    "ldp x1, x2, [x0, #{sp}]",
    "ldr x3, [x0, #{spsr}]",
    "msr sp_el0, x1",
    "msr elr_el1, x2",
    "msr spsr_el1, x3",
    "ldp x2, x3, [x0, #16]",
    "ldp x4, x5, [x0, #32]",
    "ldp x6, x7, [x0, #48]",
    "ldp x8, x9, [x0, #64]",
    "ldp x10, x11, [x0, #80]",
    "ldp x12, x13, [x0, #96]",
    "ldp x14, x15, [x0, #112]",
    "ldp x16, x17, [x0, #128]",
    "ldp x18, x19, [x0, #144]",
    "ldp x20, x21, [x0, #160]",
    "ldp x22, x23, [x0, #176]",
    "ldp x24, x25, [x0, #192]",
    "ldp x26, x27, [x0, #208]",
    "ldp x28, x29, [x0, #224]",
    "ldr x30, [x0, #240]",
    "ldp x0, x1, [x0]",
    "eret",
    // No speculation past the return.
    "dsb nsh",
    "isb",
    // Any exception from user mode: x1 holds the reason, and on the stack lie the user's x0 and x1, then what
    // `user_enter` pushed.
    ".global user_exception",
    "user_exception:",
    "ldr x0, [sp, #112]",
    "stp x2, x3, [x0, #16]",
    "stp x4, x5, [x0, #32]",
    "stp x6, x7, [x0, #48]",
    "stp x8, x9, [x0, #64]",
    "stp x10, x11, [x0, #80]",
    "stp x12, x13, [x0, #96]",
    "stp x14, x15, [x0, #112]",
    "stp x16, x17, [x0, #128]",
    "stp x18, x19, [x0, #144]",
    "stp x20, x21, [x0, #160]",
    "stp x22, x23, [x0, #176]",
    "stp x24, x25, [x0, #192]",
    "stp x26, x27, [x0, #208]",
    "stp x28, x29, [x0, #224]",
    "str x30, [x0, #240]",
    "ldp x2, x3, [sp], #16",
    "stp x2, x3, [x0]",
    "mrs x2, sp_el0",
    "mrs x3, elr_el1",
    "mrs x4, spsr_el1",
    "stp x2, x3, [x0, #{sp}]",
    "str x4, [x0, #{spsr}]",
    "mov x0, x1",
    "ldr x1, [sp, #104]",
    "cbz x1, 1f",
    "ldp x2, x3, [x1, #{kernel_key}]",
    "msr s3_0_c2_c1_0, x2",
    "msr s3_0_c2_c1_1, x3",
    "isb",
    "1:",
    "ldp x21, x22, [sp, #16]",
    "ldp x23, x24, [sp, #32]",
    "ldp x25, x26, [sp, #48]",
    "ldp x27, x28, [sp, #64]",
    "ldp x29, x30, [sp, #80]",
    "ldp x19, x20, [sp], #112",
    "hint #29", // autiasp
    "ret",
    user_key = const offset_of!(Pair, user),
    kernel_key = const offset_of!(Pair, kernel),
    sp = const offset_of!(UserRegs, sp),
    spsr = const offset_of!(UserRegs, spsr),
);

const _: () = assert!(offset_of!(UserRegs, x) == 0 && offset_of!(UserRegs, pc) == offset_of!(UserRegs, sp) + 8);

unsafe extern "C" {
    fn user_enter(regs: *mut UserRegs, keys: *const Pair) -> u64;
}

/// Exception classes of ESR_EL1.
mod class {
    pub(super) const FLOATING_POINT: u64 = 0x07;
    pub(super) const SVC_A32: u64 = 0x11;
    pub(super) const SVC_A64: u64 = 0x15;
    pub(super) const INSTRUCTION_ABORT: u64 = 0x20;
    pub(super) const LANDING_PAD: u64 = 0x0D;
    pub(super) const POINTER: u64 = 0x1C;
    pub(super) const PC_ALIGNMENT: u64 = 0x22;
    pub(super) const DATA_ABORT: u64 = 0x24;
}

/// Enters user mode with `regs` in the space that `select` puts into TTBR0.
///
/// To be called on a secure thread.
pub(super) fn enter(regs: &mut UserRegs, select: impl Fn()) -> UserReturn {
    let regs: *mut UserRegs = regs;
    loop {
        let before = mask_interrupts();
        // SAFETY: on a secure thread with interrupts masked. The program status is forced to user mode with interrupts
        // on, so that nothing the core wrote can keep privileges. `regs` outlives the entry.
        let why = unsafe {
            (*regs).spsr =
                if (*regs).wide { (*regs).spsr & A64_USER_BITS | MODE_A64_USER } else { (*regs).spsr & A32_USER_BITS | MODE_A32_USER };
            select();
            sysreg::set_tpidr_el0((*regs).tpid[0]);
            sysreg::set_tpidrro_el0((*regs).tpid[1]);
            let cpu = this_cpu();
            vfp::prepare(cpu, regs);
            let why = user_enter(regs, pauth::pair(cpu));
            // TPIDRRO_EL0 cannot have changed.
            (*regs).tpid[0] = sysreg::tpidr_el0();
            why
        };
        // The syndrome is that of the exception that was just taken: interrupts are still masked.
        let (syndrome, address) = (sysreg::esr(), sysreg::far());
        let class = syndrome >> 26;
        // SAFETY: as above; a first floating-point instruction is tried again with the registers open.
        if why == RETURN_SYNC && class == class::FLOATING_POINT && unsafe { vfp::open_for(regs) } {
            restore_interrupts(before);
            continue;
        }
        restore_interrupts(before);
        return match why {
            RETURN_IRQ => UserReturn::SecureInterrupt,
            RETURN_FIQ => UserReturn::ForeignInterrupt,
            RETURN_SYNC if matches!(class, class::SVC_A32 | class::SVC_A64) => UserReturn::Syscall,
            // SAFETY: as above.
            _ => UserReturn::Abort(abort(why, syndrome, address, unsafe { (*regs).pc })),
        };
    }
}

/// What a fault of user mode was.
fn abort(why: u64, syndrome: u64, address: u64, pc: u64) -> Abort {
    const WRITE_NOT_READ: u64 = 1 << 6;
    const CACHE_MAINTENANCE: u64 = 1 << 8;
    // An asynchronous fault says nothing of the access that caused it.
    let class = if why == RETURN_SERROR { 0 } else { syndrome >> 26 };
    let (kind, address) = match class {
        class::DATA_ABORT if syndrome & (WRITE_NOT_READ | CACHE_MAINTENANCE) == WRITE_NOT_READ => (AbortKind::Write, address),
        class::DATA_ABORT => (AbortKind::Read, address),
        class::INSTRUCTION_ABORT | class::PC_ALIGNMENT => (AbortKind::Execute, address),
        class::LANDING_PAD => (AbortKind::Branch, pc),
        class::POINTER => (AbortKind::Pointer, pc),
        _ => (AbortKind::Undefined, pc),
    };
    Abort { kind, address, status: syndrome as u32 }
}

/// Names of the general registers of AArch64 state in crash dumps.
const NAMES_A64: [&str; 31] = [
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19",
    "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
];

impl UserRegs {
    /// A register of AArch32 state. The upper half of what the CPU saved is not the TA's.
    fn r(&self, index: usize) -> u32 {
        self.x.get(index).map_or(0, |value| *value as u32)
    }
}

impl UserContext for UserRegs {
    fn new() -> Self {
        Self { x: [0; 31], sp: 0, pc: 0, spsr: 0, tpid: [0; 2], vfp: VfpRegs::new(), vfp_used: false, wide: true }
    }

    fn start(&mut self, machine: Machine, entry: u64, stack: u64, args: [u64; 4]) {
        self.x = [0; 31];
        self.x[..4].copy_from_slice(&args);
        self.wide = machine == Machine::Aarch64;
        (self.sp, self.pc, self.spsr) = (stack, entry, 0);
        if !self.wide {
            self.x[SP] = stack;
            self.pc = entry & !1;
            self.spsr = if entry & 1 != 0 { SPSR_T } else { 0 };
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
        if self.wide {
            let [a, b, c, d, ..] = self.x;
            return (self.x[NUMBER] as u32, [a, b, c, d]);
        }
        (self.r(7), [self.r(0), self.r(1), self.r(2), self.r(3)].map(u64::from))
    }

    fn syscall(&self) -> RawSyscall {
        let mut args = [0; MAX_ARGS];
        if self.wide {
            args.copy_from_slice(&self.x[..MAX_ARGS]);
            return RawSyscall { number: self.x[NUMBER] as u32, args, extra: None };
        }
        for (index, arg) in args.iter_mut().take(4).enumerate() {
            *arg = u64::from(self.r(index));
        }
        RawSyscall { number: self.r(7), args, extra: Some((u64::from(self.r(5)), self.r(6))) }
    }

    fn set_result(&mut self, result: u32) {
        self.x[0] = u64::from(result);
    }

    fn position(&self) -> Position {
        if self.wide {
            return Position { pc: self.pc, sp: self.sp, lr: self.x[LR64], fp: self.x[FP64] };
        }
        let fp = self.r(if self.spsr & SPSR_T != 0 { 7 } else { 11 });
        let wide = |index| u64::from(self.r(index));
        Position { pc: self.pc, sp: wide(SP), lr: wide(LR), fp: u64::from(fp) }
    }

    fn for_each_register(&self, f: &mut dyn FnMut(&'static str, u64)) {
        const NAMES: [&str; 15] = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr"];
        if self.wide {
            for (name, value) in NAMES_A64.iter().zip(self.x) {
                f(name, value);
            }
            f("sp", self.sp);
            f("pc", self.pc);
            f("pstate", self.spsr);
            return;
        }
        for (index, name) in NAMES.iter().enumerate() {
            f(name, u64::from(self.r(index)));
        }
        f("pc", self.pc);
        f("cpsr", self.spsr);
    }
}
