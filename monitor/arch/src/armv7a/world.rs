// SPDX-License-Identifier: BSD-2-Clause
//! Entering the normal world from the run loop, and coming back by SMC or FIQ.

use super::cp15;
use super::percpu::{NormalRegs, PerCpu, this_cpu};
use super::user::R_NAMES;
use core::arch::{asm, global_asm};
use core::mem::offset_of;
use tee_core::ports::{NormalExit, NormalWorld};

/// SCR while the normal world runs: NS, and FIQ to Monitor mode. Aborts stay its own (EA = 0), and it can neither
/// mask FIQ nor see secure aborts (FW = AW = 0).
const SCR_NORMAL: u32 = 1 | 1 << 2;
/// SCR while the secure world runs.
const SCR_SECURE: u32 = 0;

/// CPSR that a CPU of the normal world starts with: SVC, A32, asynchronous aborts and IRQ masked. FIQ is not: it is the
/// secure world's, and a normal world that finds it masked would keep it so.
const CPSR_START: u32 = 0x193;

const EXIT_SMC: u32 = 0;
const EXIT_FIQ: u32 = 1;

global_asm!(
    ".arch_extension sec",
    // r0: NormalRegs. Runs in Monitor mode; returns r0: why the normal world came back.
    ".global world_enter",
    "world_enter:",
    "push {{r4-r12, lr}}",
    "push {{r0, r1}}",
    "ldr lr, [r0, #{pc}]",
    "ldr r1, [r0, #{cpsr}]",
    "msr spsr_cxsf, r1",
    "mov r1, #{scr_normal}",
    "mcr p15, 0, r1, c1, c1, 0",
    "ldmia r0, {{r0-r12}}",
    "movs pc, lr",
    // From here on in Monitor mode again, with the normal world's r0-r12.
    ".global world_smc",
    "world_smc:",
    "push {{r0, r1}}",
    "mov r1, #{exit_smc}",
    "b 1f",
    ".global world_fiq",
    "world_fiq:",
    "sub lr, lr, #4",
    "push {{r0, r1}}",
    "mov r1, #{exit_fiq}",
    "1:",
    "mov r0, #{scr_secure}",
    "mcr p15, 0, r0, c1, c1, 0",
    "isb",
    "mcr p15, 0, r0, c7, c5, 6", // BPIALL: no branch prediction trained by the normal world
    "ldr r0, [sp, #8]",
    "str lr, [r0, #{pc}]",
    "mrs lr, spsr",
    "str lr, [r0, #{cpsr}]",
    "add lr, r0, #8",
    "stmia lr, {{r2-r12}}",
    "mov lr, r1",
    "pop {{r2, r3}}",
    "stmia r0, {{r2, r3}}",
    "clrex",
    "mov r0, lr",
    "add sp, sp, #8",
    "pop {{r4-r12, pc}}",
    pc = const offset_of!(NormalRegs, pc),
    cpsr = const offset_of!(NormalRegs, cpsr),
    scr_normal = const SCR_NORMAL,
    scr_secure = const SCR_SECURE,
    exit_smc = const EXIT_SMC,
    exit_fiq = const EXIT_FIQ,
);

const _: () = assert!(offset_of!(NormalRegs, r) == 0);

unsafe extern "C" {
    fn world_enter(regs: *mut NormalRegs) -> u32;
}

/// The normal world of the CPU that holds this.
pub struct World {
    cpu: *mut PerCpu,
}

impl World {
    /// The normal world of this CPU.
    ///
    /// # Safety
    /// To be called in Monitor mode, once on each CPU after its [`super::percpu::PerCpuCell::install`]; the value
    /// stays on that CPU and in that mode.
    pub unsafe fn new() -> Self {
        Self { cpu: this_cpu() }
    }

    fn regs(&mut self) -> &mut NormalRegs {
        // SAFETY: the data of this CPU; nothing else refers to `normal` while the run loop has control.
        unsafe { &mut (*self.cpu).normal }
    }
}

impl NormalWorld for World {
    fn start(&mut self, entry: u64, args: [u64; 3]) {
        let regs = self.regs();
        regs.r = [0; 13];
        for (register, arg) in regs.r.iter_mut().zip(args) {
            *register = arg as u32;
        }
        regs.pc = entry as u32 & !1;
        regs.cpsr = CPSR_START | (entry as u32 & 1) << 5;
        reset_banked();
    }

    fn enter(&mut self) -> NormalExit {
        // SAFETY: Monitor mode and this CPU's registers, by the contract of `new`.
        let why = unsafe { world_enter(&raw mut (*self.cpu).normal) };
        if why == EXIT_FIQ {
            return NormalExit::SecureInterrupt;
        }
        let r = &self.regs().r;
        NormalExit::Smc([r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]])
    }

    fn for_each_register(&self, f: &mut dyn FnMut(&'static str, u64)) {
        // SAFETY: as in `regs`.
        let regs = unsafe { &(*self.cpu).normal };
        for (name, value) in R_NAMES.iter().zip(regs.r) {
            f(name, u64::from(value));
        }
        f("pc", u64::from(regs.pc));
        f("cpsr", u64::from(regs.cpsr));
    }

    fn set_result(&mut self, result: [u32; 4]) {
        let regs = self.regs();
        regs.r[0] = result[0];
        regs.r[1] = result[1];
        regs.r[2] = result[2];
        regs.r[3] = result[3];
    }
}

/// Puts the normal world's copy of the registers that decide how it starts into their reset state.
fn reset_banked() {
    const SCTLR_RESET: u32 = 0x00C5_0078;
    // SAFETY: Monitor mode with SCR.NS set reaches the normal world's copies, which no secure code uses.
    unsafe {
        cp15::set_scr(SCR_NORMAL);
        cp15::isb();
        cp15::set_sctlr(SCTLR_RESET);
        cp15::set_vbar(0);
        if has_hyp_mode() {
            // CNTVOFF: the virtual counter is the physical one.
            asm!("mcrr p15, 4, {0}, {0}, c14", in(reg) 0, options(nostack, preserves_flags));
        }
        cp15::set_scr(SCR_SECURE);
        cp15::isb();
    }
}

/// True when the CPU has Hyp mode, and with it an offset of the virtual counter.
fn has_hyp_mode() -> bool {
    cp15::id_pfr1() >> 12 & 0xF != 0
}
