// SPDX-License-Identifier: BSD-2-Clause
//! What belongs to one CPU. TPIDRPRW points at it, so that vectors find it without a stack.

use super::cp15;
use super::thread::ThreadContext;
use super::user::UserRegs;
use super::vfp::VfpRegs;
use core::cell::UnsafeCell;
use core::ptr::null_mut;

/// State of the normal world on this CPU while the secure world runs.
#[repr(C)]
pub struct NormalRegs {
    /// r0 to r12.
    pub r: [u32; 13],
    /// Where it goes on.
    pub pc: u32,
    /// Its CPSR.
    pub cpsr: u32,
    /// SPSR, sp, lr of SVC, IRQ, ABT, UND, FIQ; sp, lr of USR: while a secure thread runs.
    pub banked: [u32; 17],
}

/// One CPU's data.
#[repr(C)]
pub struct PerCpu {
    /// Stack for the last words after a fault in the kernel.
    pub emergency_stack: u32,
    /// Index of the CPU.
    pub index: u32,
    /// State of the normal world.
    pub normal: NormalRegs,
    /// The thread that runs on this CPU.
    pub thread: *mut ThreadContext,
    /// Normal-world CPACR while a secure thread runs.
    pub normal_cpacr: u32,
    /// Normal-world FPEXC while a TA has the floating-point registers.
    pub normal_fpexc: u32,
    /// Normal-world floating-point registers while a TA has them.
    pub normal_vfp: VfpRegs,
    /// The TA whose floating-point state is in the registers; null when it is the normal world's.
    pub vfp_owner: *mut UserRegs,
    /// ASID of the space in TTBR0, 0 for none.
    pub asid: u32,
}

impl PerCpu {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            emergency_stack: 0,
            index: 0,
            normal: NormalRegs { r: [0; 13], pc: 0, cpsr: 0, banked: [0; 17] },
            thread: null_mut(),
            normal_cpacr: 0,
            normal_fpexc: 0,
            normal_vfp: VfpRegs::new(),
            vfp_owner: null_mut(),
            asid: 0,
        }
    }
}

impl Default for PerCpu {
    fn default() -> Self {
        Self::new()
    }
}

/// A place for a CPU's data in a static.
pub struct PerCpuCell(UnsafeCell<PerCpu>);

// SAFETY: each cell is used by one CPU only, the one that `install` was called on.
unsafe impl Sync for PerCpuCell {}

impl PerCpuCell {
    /// An empty cell.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(PerCpu::new()))
    }

    /// Makes this cell the data of the CPU that runs this.
    ///
    /// # Safety
    /// To be called once on each CPU, with a cell that no other CPU has, before interrupts, threads or worlds are
    /// switched; `emergency_stack` is the top of a stack for fatal faults.
    pub unsafe fn install(&'static self, index: usize, emergency_stack: usize) {
        let this = self.0.get();
        // SAFETY: the cell is this CPU's alone, says the caller; the pointer stays valid for ever.
        unsafe {
            (*this).index = index as u32;
            (*this).emergency_stack = emergency_stack as u32;
            cp15::set_tpidrprw(this as u32);
        }
    }
}

impl Default for PerCpuCell {
    fn default() -> Self {
        Self::new()
    }
}

/// This CPU's data. A thread may move to another CPU whenever interrupts are not masked, so the pointer is only good
/// while they are.
#[inline]
pub fn this_cpu() -> *mut PerCpu {
    cp15::tpidrprw() as *mut PerCpu
}
