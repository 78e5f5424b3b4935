// SPDX-License-Identifier: BSD-2-Clause
//! Floating-point and NEON registers, switched on first use. The kernel is built soft-float and has no use of its own.

use super::cp15;
use super::percpu::{PerCpu, this_cpu};
use super::user::UserRegs;
use core::arch::{asm, global_asm};
use core::ptr::null_mut;

/// d0 to d31 and FPSCR.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct VfpRegs {
    d: [u64; 32],
    fpscr: u32,
}

impl VfpRegs {
    /// All zero.
    pub const fn new() -> Self {
        Self { d: [0; 32], fpscr: 0 }
    }
}

impl Default for VfpRegs {
    fn default() -> Self {
        Self::new()
    }
}

/// CPACR: full access to coprocessors 10 and 11.
const CPACR_OPEN: u32 = 0x00F0_0000;
const FPEXC_EN: u32 = 1 << 30;

global_asm!(
    ".fpu neon",
    ".global vfp_save",
    "vfp_save:", // r0: VfpRegs
    "vstmia r0!, {{d0-d15}}",
    "vstmia r0!, {{d16-d31}}",
    "vmrs r1, fpscr",
    "str r1, [r0]",
    "bx lr",
    ".global vfp_load",
    "vfp_load:", // r0: VfpRegs
    "vldmia r0!, {{d0-d15}}",
    "vldmia r0!, {{d16-d31}}",
    "ldr r1, [r0]",
    "vmsr fpscr, r1",
    "bx lr",
    ".global vfp_fpexc",
    "vfp_fpexc:",
    "vmrs r0, fpexc",
    "bx lr",
    ".global vfp_set_fpexc",
    "vfp_set_fpexc:",
    "vmsr fpexc, r0",
    "bx lr",
);

unsafe extern "C" {
    fn vfp_save(regs: *mut VfpRegs);
    fn vfp_load(regs: *const VfpRegs);
    fn vfp_fpexc() -> u32;
    fn vfp_set_fpexc(value: u32);
}

/// Closes the floating-point unit before a secure thread runs: the first use by a TA traps.
///
/// # Safety
/// Interrupts masked; `cpu` is this CPU's data.
#[inline]
pub unsafe fn close(cpu: *mut PerCpu) {
    // SAFETY: `cpu` is this CPU's; the kernel uses no floating point, so closing it affects TAs only.
    unsafe {
        (*cpu).normal_cpacr = cp15::cpacr();
        cp15::set_cpacr((*cpu).normal_cpacr & !CPACR_OPEN);
    }
}

/// Gives the floating-point unit back to the normal world as it left it.
///
/// # Safety
/// As [`close`], which came before.
#[inline]
pub unsafe fn give_back(cpu: *mut PerCpu) {
    // SAFETY: `cpu` is this CPU's.
    unsafe {
        if !(*cpu).vfp_owner.is_null() {
            evict(cpu);
            cp15::set_cpacr((*cpu).normal_cpacr | CPACR_OPEN);
            cp15::isb();
            vfp_set_fpexc(FPEXC_EN);
            vfp_load(&raw const (*cpu).normal_vfp);
            vfp_set_fpexc((*cpu).normal_fpexc);
            (*cpu).vfp_owner = null_mut();
        }
        cp15::set_cpacr((*cpu).normal_cpacr);
    }
}

/// Saves the registers of the TA that has them. The unit is open afterwards.
unsafe fn evict(cpu: *mut PerCpu) {
    // SAFETY: `vfp_owner` is the context of a TA that has not stopped (see `forget`), so it is still there.
    unsafe {
        cp15::set_cpacr(cp15::cpacr() | CPACR_OPEN);
        cp15::isb();
        vfp_save(&raw mut (*(*cpu).vfp_owner).vfp);
    }
}

/// Opens the unit for the TA with this context, after it has trapped; false when it was open already, so that
/// the instruction is really undefined.
///
/// # Safety
/// Interrupts masked; `regs` is the context that was just left on this CPU.
pub unsafe fn open_for(regs: *mut UserRegs) -> bool {
    let cpu = this_cpu();
    // SAFETY: `cpu` is this CPU's and `regs` the caller's.
    unsafe {
        if (*cpu).vfp_owner == regs && cp15::cpacr() & CPACR_OPEN == CPACR_OPEN {
            return false;
        }
        if (*cpu).vfp_owner.is_null() {
            cp15::set_cpacr(cp15::cpacr() | CPACR_OPEN);
            cp15::isb();
            (*cpu).normal_fpexc = vfp_fpexc();
            vfp_set_fpexc(FPEXC_EN);
            vfp_save(&raw mut (*cpu).normal_vfp);
        } else {
            evict(cpu);
        }
        vfp_load(&raw const (*regs).vfp);
        (*regs).vfp_used = true;
        (*cpu).vfp_owner = regs;
    }
    true
}

/// Closes or opens the unit for the TA that is about to be entered: open only when its state is in the registers.
///
/// # Safety
/// Interrupts masked; `regs` is the context that is about to be entered on this CPU.
#[inline]
pub unsafe fn prepare(cpu: *mut PerCpu, regs: *mut UserRegs) {
    // SAFETY: `cpu` is this CPU's.
    unsafe {
        if !(*cpu).vfp_owner.is_null() {
            let open = if (*cpu).vfp_owner == regs { CPACR_OPEN } else { 0 };
            cp15::set_cpacr(cp15::cpacr() & !CPACR_OPEN | open);
            cp15::isb();
        }
    }
}

/// Forgets the floating-point state of a TA whose entry is over. The registers may still hold it, but nobody is let
/// at them before they are overwritten with the normal world's.
///
/// # Safety
/// Interrupts masked; `regs` is not being entered.
pub unsafe fn forget(regs: *mut UserRegs) {
    let cpu = this_cpu();
    // SAFETY: `cpu` is this CPU's; a context is owned by the CPU that its thread runs on or by none.
    unsafe {
        (*regs).vfp = VfpRegs::new();
        if (*cpu).vfp_owner == regs {
            cp15::set_cpacr(cp15::cpacr() | CPACR_OPEN);
            cp15::isb();
            vfp_load(&raw const (*cpu).normal_vfp);
            vfp_set_fpexc((*cpu).normal_fpexc);
            (*cpu).vfp_owner = null_mut();
            cp15::set_cpacr(cp15::cpacr() & !CPACR_OPEN);
            asm!("isb", options(nostack, preserves_flags));
        }
    }
}
