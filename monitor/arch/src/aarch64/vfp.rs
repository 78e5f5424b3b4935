// SPDX-License-Identifier: BSD-2-Clause
//! Floating-point and SIMD registers, switched on first use. The kernel is built without them; what
//! it does with them by hand borrows them for a moment ([`borrow`]).
//!
//! CPACR_EL1 is the secure world's own (EL3 switches it) and closed but while the TA runs that has the registers.

use super::percpu::{PerCpu, this_cpu};
use super::sysreg;
use super::user::UserRegs;
use crate::lock::{mask_interrupts, restore_interrupts};
use core::arch::global_asm;
use core::mem::MaybeUninit;
use core::ptr::null_mut;

/// q0 to q31, FPCR and FPSR.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub struct VfpRegs {
    q: [[u64; 2]; 32],
    fpcr: u64,
    fpsr: u64,
}

impl VfpRegs {
    /// All zero.
    pub const fn new() -> Self {
        Self { q: [[0; 2]; 32], fpcr: 0, fpsr: 0 }
    }
}

impl Default for VfpRegs {
    fn default() -> Self {
        Self::new()
    }
}

/// CPACR_EL1.FPEN: no trap.
const CPACR_OPEN: u64 = 3 << 20;

global_asm!(
    ".arch_extension fp",
    ".arch_extension simd",
    ".macro vfp_each instruction",
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
    ".global vfp_save",
    "vfp_save:", // x0: VfpRegs
    "vfp_each stp",
    "mrs x1, fpcr",
    "mrs x2, fpsr",
    "add x0, x0, #512",
    "stp x1, x2, [x0]",
    "ret",
    ".global vfp_load",
    "vfp_load:", // x0: VfpRegs
    "vfp_each ldp",
    "add x0, x0, #512",
    "ldp x1, x2, [x0]",
    "msr fpcr, x1",
    "msr fpsr, x2",
    "ret",
    ".arch_extension nofp",
);

unsafe extern "C" {
    fn vfp_save(regs: *mut VfpRegs);
    fn vfp_load(regs: *const VfpRegs);
}

/// Opens or closes the registers.
unsafe fn set_open(open: bool) {
    // SAFETY: the kernel uses no floating point: what is closed concerns TAs only.
    unsafe { sysreg::set_cpacr(if open { CPACR_OPEN } else { 0 }) };
    sysreg::isb();
}

/// Gives the registers back to the normal world as it left them.
///
/// # Safety
/// Interrupts masked; `cpu` is this CPU's data.
#[inline]
pub unsafe fn give_back(cpu: *mut PerCpu) {
    // SAFETY: `cpu` is this CPU's.
    unsafe {
        if !(*cpu).vfp_owner.is_null() {
            evict(cpu);
            vfp_load(&raw const (*cpu).normal_vfp);
            (*cpu).vfp_owner = null_mut();
            set_open(false);
        }
    }
}

/// Saves the registers of the TA that has them. They are open afterwards.
unsafe fn evict(cpu: *mut PerCpu) {
    // SAFETY: `vfp_owner` is the context of a TA that has not stopped (see `forget`), so it is still there.
    unsafe {
        set_open(true);
        vfp_save(&raw mut (*(*cpu).vfp_owner).vfp);
    }
}

/// Opens the registers for the TA with this context, after it has trapped; false when they were open already.
///
/// # Safety
/// Interrupts masked; `regs` is the context that was just left on this CPU.
pub unsafe fn open_for(regs: *mut UserRegs) -> bool {
    let cpu = this_cpu();
    // SAFETY: `cpu` is this CPU's and `regs` the caller's.
    unsafe {
        if (*cpu).vfp_owner == regs && sysreg::cpacr() & CPACR_OPEN == CPACR_OPEN {
            return false;
        }
        if (*cpu).vfp_owner.is_null() {
            set_open(true);
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

/// Closes or opens the registers for the TA that is about to be entered: open only when they hold its state.
///
/// # Safety
/// Interrupts masked; `regs` is the context that is about to be entered on this CPU.
#[inline]
pub unsafe fn prepare(cpu: *mut PerCpu, regs: *mut UserRegs) {
    // SAFETY: `cpu` is this CPU's.
    unsafe {
        if !(*cpu).vfp_owner.is_null() {
            set_open((*cpu).vfp_owner == regs);
        }
    }
}

/// Forgets the floating-point state of a TA whose entry is over; the registers are the normal world's again.
///
/// # Safety
/// Interrupts masked; `regs` is not being entered.
pub unsafe fn forget(regs: *mut UserRegs) {
    let cpu = this_cpu();
    // SAFETY: `cpu` is this CPU's; a context is owned by the CPU that its thread runs on or by none.
    unsafe {
        (*regs).vfp = VfpRegs::new();
        if (*cpu).vfp_owner == regs {
            set_open(true);
            vfp_load(&raw const (*cpu).normal_vfp);
            (*cpu).vfp_owner = null_mut();
            set_open(false);
        }
    }
}

/// Runs `f` with q0 to q31 free for it. Afterwards they hold what they held, whoever's it is, and nothing of `f`.
///
/// Interrupts are masked meanwhile: `f` may take some thousand instructions.
pub fn borrow<R>(f: impl FnOnce() -> R) -> R {
    let mut regs = MaybeUninit::<VfpRegs>::uninit();
    let masked = mask_interrupts();
    let was_open = sysreg::cpacr() & CPACR_OPEN == CPACR_OPEN;
    // SAFETY: interrupts are masked, so that nobody else uses the registers of this CPU before they are as they were again; `regs` has
    // room for all that is saved, and is loaded only after that.
    let result = unsafe {
        set_open(true);
        vfp_save(regs.as_mut_ptr());
        let result = f();
        vfp_load(regs.as_ptr());
        set_open(was_open);
        result
    };
    restore_interrupts(masked);
    result
}
