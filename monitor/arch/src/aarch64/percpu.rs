// SPDX-License-Identifier: BSD-2-Clause
//! What belongs to one CPU. TPIDR_EL1 points at it, so that vectors find it without a stack.

use super::pauth::Pair;
use super::sysreg;
use super::thread::ThreadContext;
use super::user::UserRegs;
use super::vfp::VfpRegs;
use core::cell::UnsafeCell;
use core::ptr::null_mut;

/// One CPU's data.
#[repr(C)]
pub struct PerCpu {
    /// Stack for the last words after a fault in the kernel.
    pub emergency_stack: u64,
    /// Index of the CPU.
    pub index: u64,
    /// x0 to x7 that EL3 entered this kernel with.
    pub call: [u64; 8],
    /// Stack pointer of the run loop while a thread runs.
    pub loop_sp: u64,
    /// The thread that runs on this CPU.
    pub thread: *mut ThreadContext,
    /// Normal-world floating-point registers while a TA has them.
    pub normal_vfp: VfpRegs,
    /// The TA whose floating-point state is in the registers; null when it is the normal world's.
    pub vfp_owner: *mut UserRegs,
    /// ASID of the space in TTBR0, 0 for none.
    pub asid: u64,
    /// The keys that change with each way into and out of user mode.
    pub(super) keys: Pair,
}

impl PerCpu {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            emergency_stack: 0,
            index: 0,
            call: [0; 8],
            loop_sp: 0,
            thread: null_mut(),
            normal_vfp: VfpRegs::new(),
            vfp_owner: null_mut(),
            asid: 0,
            keys: Pair::NONE,
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
    /// To be called on each CPU whenever it starts, with a cell that no other CPU has, before interrupts, threads or worlds
    /// are switched; `emergency_stack` is the top of a stack for fatal faults.
    pub unsafe fn install(&'static self, index: usize, emergency_stack: usize) {
        let this = self.0.get();
        // SAFETY: the cell is this CPU's alone, says the caller; the pointer stays valid for ever. A CPU that was off has
        // forgotten its TTBR0, and left no floating-point state.
        unsafe {
            (*this).index = index as u64;
            (*this).emergency_stack = emergency_stack as u64;
            (*this).asid = 0;
            sysreg::set_tpidr_el1(this as u64);
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
    sysreg::tpidr_el1() as *mut PerCpu
}
