// SPDX-License-Identifier: BSD-2-Clause
//! Registers of SVE, for the test that they outlive calls, and one that EL3 keeps from this world.

use core::arch::{asm, global_asm};

/// Bytes of the longest vector that the architecture has; a predicate has an eighth.
const VECTOR: usize = 256;

/// z0 to z31, then p0 to p15, each as long as the CPU's.
#[derive(Clone, PartialEq, Eq)]
#[repr(C, align(16))]
pub(crate) struct Registers {
    vectors: [[u8; VECTOR]; 32],
    predicates: [[u8; VECTOR / 8]; 16],
}

impl Registers {
    /// Every byte another than its neighbours'.
    pub(crate) fn pattern() -> Self {
        let mut all = Self { vectors: [[0; VECTOR]; 32], predicates: [[0; VECTOR / 8]; 16] };
        all.vectors.as_flattened_mut().iter_mut().zip(1u32..).for_each(|(byte, value)| *byte = (value % 251) as u8);
        all.predicates.as_flattened_mut().iter_mut().zip(1u32..).for_each(|(byte, value)| *byte = (value % 241) as u8);
        all
    }
}

global_asm!(
    ".arch_extension sve",
    ".macro sve_each instruction",
    ".irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "\\instruction z\\number, [x0, #\\number, mul vl]",
    ".endr",
    ".irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
    "\\instruction p\\number, [x1, #\\number, mul vl]",
    ".endr",
    ".endm",
    // x0: vectors, x1: predicates.
    ".global sve_load",
    "sve_load:",
    "sve_each ldr",
    "ret",
    ".global sve_store",
    "sve_store:",
    "sve_each str",
    "ret",
    ".arch_extension nosve",
);

unsafe extern "C" {
    fn sve_load(vectors: *const [u8; VECTOR], predicates: *const [u8; VECTOR / 8]);
    fn sve_store(vectors: *mut [u8; VECTOR], predicates: *mut [u8; VECTOR / 8]);
}

fn features() -> u64 {
    let features: u64;
    // SAFETY: reading an identification register has no effect.
    unsafe { asm!("mrs {}, id_aa64pfr0_el1", out(reg) features, options(nomem, nostack, preserves_flags)) };
    features
}

/// What `call` gives, and whether these registers are afterwards what they were; `None` on a CPU without SVE.
pub(crate) fn outlive<R>(registers: &Registers, after: &mut Registers, call: impl FnOnce() -> R) -> Option<R> {
    if features() >> 32 & 0xF == 0 {
        return None;
    }
    // SAFETY: opens SVE, with vectors as long as they are (ZCR_EL1), to this kernel, which is built without it: the registers
    // are this test's alone.
    unsafe {
        asm!("mrs {0}, cpacr_el1", "orr {0}, {0}, #(3 << 16)", "orr {0}, {0}, #(3 << 20)", "msr cpacr_el1, {0}", "isb",
            "msr s3_0_c1_c2_0, {1}", "isb", out(reg) _, in(reg) 0xFu64);
        sve_load(registers.vectors.as_ptr(), registers.predicates.as_ptr());
    }
    let given = call();
    // SAFETY: as above.
    unsafe { sve_store(after.vectors.as_mut_ptr(), after.predicates.as_mut_ptr()) };
    Some(given)
}

/// Reads SCXTNUM_EL1, which EL3 lets nobody use; false on a CPU that does not have it.
///
/// # Safety
/// The handler of undefined instructions skips it.
pub(crate) unsafe fn kept() -> bool {
    let there = features() >> 56 & 0xF >= 2;
    if there {
        // SAFETY: a read.
        unsafe { asm!("mrs {}, s3_0_c13_c0_7", out(reg) _, options(nostack, preserves_flags)) };
    }
    there
}
