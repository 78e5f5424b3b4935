// SPDX-License-Identifier: BSD-2-Clause
//! Floating-point and NEON registers, switched on first use. The kernel is built soft-float; what it
//! does with NEON by hand borrows the registers for a moment ([`borrow`]).

use super::cp15;
use super::percpu::{PerCpu, this_cpu};
use super::user::UserRegs;
use crate::lock::{mask_interrupts, restore_interrupts};
use core::arch::{asm, global_asm};
use core::mem::MaybeUninit;
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
/// CPACR.ASEDIS and D32DIS, by which the normal world may take NEON or half of the registers from both worlds.
const CPACR_CURTAILED: u32 = 3 << 30;
const FPEXC_EN: u32 = 1 << 30;
/// MVFR1: NEON loads and stores, and integer instructions.
const MVFR1_NEON: u32 = 0xFF << 8;

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
    ".global vfp_mvfr1",
    "vfp_mvfr1:",
    "vmrs r0, mvfr1",
    "bx lr",
);

unsafe extern "C" {
    fn vfp_save(regs: *mut VfpRegs);
    fn vfp_load(regs: *const VfpRegs);
    fn vfp_fpexc() -> u32;
    fn vfp_set_fpexc(value: u32);
    fn vfp_mvfr1() -> u32;
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
        cp15::set_cpacr((*cpu).normal_cpacr & !(CPACR_OPEN | CPACR_CURTAILED));
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

/// Tells whether this CPU has NEON.
pub fn has_neon() -> bool {
    let masked = mask_interrupts();
    let before = cp15::cpacr();
    // SAFETY: interrupts are masked, and the register is put back as it was; the unit is read only where access could be opened.
    let has = unsafe {
        cp15::set_cpacr(before & !CPACR_CURTAILED | CPACR_OPEN);
        cp15::isb();
        let has = cp15::cpacr() & CPACR_OPEN == CPACR_OPEN && vfp_mvfr1() & MVFR1_NEON != 0;
        cp15::set_cpacr(before);
        cp15::isb();
        has
    };
    restore_interrupts(masked);
    has
}

/// Runs `f` with d0 to d31 free for it. Afterwards they hold what they held, whoever's it is, and nothing of `f`.
///
/// Interrupts are masked meanwhile: `f` may take some thousand instructions.
pub fn borrow<R>(f: impl FnOnce() -> R) -> R {
    let mut regs = MaybeUninit::<VfpRegs>::uninit();
    let masked = mask_interrupts();
    let before = cp15::cpacr();
    // SAFETY: interrupts are masked, so that nobody else uses the unit of this CPU before it is as it was again; `regs` has room for
    // all that is saved, and is loaded only after that.
    let result = unsafe {
        cp15::set_cpacr(before & !CPACR_CURTAILED | CPACR_OPEN);
        cp15::isb();
        let fpexc = vfp_fpexc();
        vfp_set_fpexc(FPEXC_EN);
        vfp_save(regs.as_mut_ptr());
        let result = f();
        vfp_load(regs.as_ptr());
        vfp_set_fpexc(fpexc);
        cp15::set_cpacr(before);
        cp15::isb();
        result
    };
    restore_interrupts(masked);
    result
}
