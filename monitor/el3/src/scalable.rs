// SPDX-License-Identifier: BSD-2-Clause
//! Registers of SVE and SME, which are the normal world's.
//!
//! The trusted OS saves the normal world's floating-point registers of 128 bits before it uses them, which destroys what
//! SVE has above those. On a CPU with SVE its first use in a stay in the secure world traps to EL3, which saves the whole
//! registers and puts them back on the way out. The secure world itself has neither extension (Arm ARM, CPTR_EL3).

use crate::MAX_CPUS;
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;

/// CPTR_EL3: SVE may be used, floating point traps, SME may be used.
const EZ: u64 = 1 << 8;
const TFP: u64 = 1 << 10;
const ESM: u64 = 1 << 12;

/// ZCR_EL3.LEN and SMCR_EL3.LEN: vectors as long as the CPU has them.
const LONGEST: u64 = 0xF;
/// SMCR_EL3: all instructions may be used in streaming mode, where the CPU can.
const FA64: u64 = 1 << 31;
/// SVCR: streaming mode.
const STREAMING: u64 = 1;

/// Bytes of the longest vector that the architecture has, and of a predicate for it.
const VECTOR: usize = 256;
const PREDICATE: usize = VECTOR / 8;

/// The normal world's registers on a CPU while the secure world has them: z0 to z31; p0 to p15 and FFR, each as long as the CPU's.
#[repr(C, align(16))]
struct Saved {
    vectors: [[u8; VECTOR]; 32],
    predicates: [[u8; PREDICATE]; 17],
}

struct SavedCell(UnsafeCell<Saved>);

// SAFETY: each cell is used by its own CPU only, which takes no exception while it runs EL3's code.
unsafe impl Sync for SavedCell {}

static SAVED: [SavedCell; MAX_CPUS] =
    [const { SavedCell(UnsafeCell::new(Saved { vectors: [[0; VECTOR]; 32], predicates: [[0; PREDICATE]; 17] })) }; MAX_CPUS];

/// Whose the registers of a CPU are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// The normal world's are in the CPU.
    Normal,
    /// They are saved, and it was in streaming mode or not, with this FPSR.
    Secure { streaming: bool, fpsr: u64 },
}

/// The registers of a CPU.
#[derive(Debug)]
pub(crate) struct Scalable {
    sve: bool,
    sme: bool,
    /// Whether FFR can be read in streaming mode.
    full: bool,
    holder: Holder,
}

impl Scalable {
    /// Of a CPU that was not looked at, as if it had neither.
    pub(crate) const fn new() -> Self {
        Self { sve: false, sme: false, full: false, holder: Holder::Normal }
    }

    /// Looks what this CPU has, and lets vectors be as long as they are. The secure world is next, and has the registers.
    pub(crate) fn install(&mut self) {
        let (pfr0, pfr1, smfr0): (u64, u64, u64);
        // SAFETY: reading identification registers has no effect; the last one, ID_AA64SMFR0_EL1, is named by its encoding.
        unsafe {
            asm!("mrs {}, id_aa64pfr0_el1", "mrs {}, id_aa64pfr1_el1", "mrs {}, s3_0_c0_c4_5",
                out(reg) pfr0, out(reg) pfr1, out(reg) smfr0, options(nomem, nostack, preserves_flags));
        }
        self.sve = pfr0 >> 32 & 0xF != 0;
        self.sme = pfr1 >> 24 & 0xF != 0;
        self.full = smfr0 >> 63 != 0;
        self.open();
        if self.sve {
            // SAFETY: ZCR_EL3, which this CPU has.
            unsafe { asm!("msr s3_6_c1_c2_0, {}", in(reg) LONGEST, options(nostack, preserves_flags)) };
        }
        if self.sme {
            let control = LONGEST | if self.full { FA64 } else { 0 };
            // SAFETY: SMCR_EL3, which this CPU has.
            unsafe { asm!("msr s3_6_c1_c2_6, {}", in(reg) control, options(nostack, preserves_flags)) };
        }
        if self.sve {
            self.holder = Holder::Secure { streaming: false, fpsr: 0 };
        }
        set_traps(0);
    }

    /// Lets EL3 and the normal world use what there is.
    fn open(&self) {
        set_traps(if self.sve { EZ } else { 0 } | if self.sme { ESM } else { 0 });
    }

    /// The secure world is next on CPU `cpu`.
    pub(crate) fn leave_normal(&mut self, cpu: usize) {
        if !self.sve && !self.sme {
            return;
        }
        // In streaming mode the trusted OS could not even save what it knows of.
        if self.sme && streaming_mode() {
            self.save(cpu, true);
        } else {
            set_traps(if self.sve { TFP } else { 0 });
        }
    }

    /// The normal world is next on CPU `cpu`, and goes on.
    pub(crate) fn enter_normal(&mut self, cpu: usize) {
        if !self.sve && !self.sme {
            return;
        }
        self.open();
        if let Holder::Secure { streaming, fpsr } = self.holder {
            self.restore(cpu, streaming, fpsr);
        }
    }

    /// The normal world is next, and begins anew: what was saved is nobody's.
    pub(crate) fn forget(&mut self) {
        self.holder = Holder::Normal;
    }

    /// The secure world on CPU `cpu` was about to use floating point; false when that should not have trapped.
    pub(crate) fn trapped(&mut self, cpu: usize) -> bool {
        let first = self.sve && self.holder == Holder::Normal;
        if first {
            self.open();
            self.save(cpu, false);
        }
        first
    }

    /// Saves the normal world's registers; floating point is the secure world's then.
    fn save(&mut self, cpu: usize, streaming: bool) {
        let mut fpsr = 0;
        if let Some(saved) = SAVED.get(cpu) {
            let saved = saved.0.get();
            let ffr = u64::from(!streaming || self.full);
            // SAFETY: the cell is this CPU's, and has room for the longest registers; the CPU has them, and they are open.
            unsafe { el3_save_scalable((&raw mut (*saved).vectors).cast(), (&raw mut (*saved).predicates).cast(), ffr) };
        }
        if streaming {
            fpsr = status();
            // SAFETY: leaves streaming mode (SMSTOP SM), which clears registers that were saved.
            unsafe { asm!(".inst 0xd503427f", options(nostack, preserves_flags)) };
        }
        self.holder = Holder::Secure { streaming, fpsr };
        set_traps(0);
    }

    /// Puts them back.
    fn restore(&mut self, cpu: usize, streaming: bool, fpsr: u64) {
        if streaming {
            // SAFETY: goes back to streaming mode (SMSTART SM).
            unsafe { asm!(".inst 0xd503437f", options(nostack, preserves_flags)) };
        }
        if let Some(saved) = SAVED.get(cpu) {
            let saved = saved.0.get();
            let ffr = u64::from(!streaming || self.full);
            // SAFETY: as in `save`.
            unsafe { el3_load_scalable((&raw const (*saved).vectors).cast(), (&raw const (*saved).predicates).cast(), ffr) };
        }
        if streaming {
            // A change of the mode sets it.
            // SAFETY: the normal world's own status.
            unsafe { asm!("msr s3_3_c4_c4_1, {}", in(reg) fpsr, options(nostack, preserves_flags)) };
        }
        self.holder = Holder::Normal;
    }
}

/// True in streaming mode: SVCR.SM.
fn streaming_mode() -> bool {
    let control: u64;
    // SAFETY: reading SVCR, which this CPU has, has no effect.
    unsafe { asm!("mrs {}, s3_3_c4_c2_2", out(reg) control, options(nomem, nostack, preserves_flags)) };
    control & STREAMING != 0
}

/// FPSR.
fn status() -> u64 {
    let status: u64;
    // SAFETY: reading FPSR has no effect.
    unsafe { asm!("mrs {}, s3_3_c4_c4_1", out(reg) status, options(nomem, nostack, preserves_flags)) };
    status
}

fn set_traps(cptr: u64) {
    // SAFETY: traps of floating point, which EL3 itself uses only in this file.
    unsafe { asm!("msr cptr_el3, {}", "isb", in(reg) cptr, options(nostack, preserves_flags)) };
}

unsafe extern "C" {
    fn el3_save_scalable(vectors: *mut u8, predicates: *mut u8, ffr: u64);
    fn el3_load_scalable(vectors: *const u8, predicates: *const u8, ffr: u64);
}

// x0: vectors, x1: predicates, x2: 1 when FFR is there, too.
global_asm!(
    ".arch_extension sve",
    ".macro el3_vectors_each instruction",
    ".irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "\\instruction z\\number, [x0, #\\number, mul vl]",
    ".endr",
    ".endm",
    ".macro el3_predicates_each instruction",
    ".irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
    "\\instruction p\\number, [x1, #\\number, mul vl]",
    ".endr",
    ".endm",
    ".pushsection .text.scalable, \"ax\"",
    ".global el3_save_scalable",
    "el3_save_scalable:",
    "el3_vectors_each str",
    "el3_predicates_each str",
    "cbz x2, 1f",
    "rdffr p0.b",
    "str p0, [x1, #16, mul vl]",
    "1: ret",
    ".global el3_load_scalable",
    "el3_load_scalable:",
    "cbz x2, 1f",
    "ldr p0, [x1, #16, mul vl]",
    "wrffr p0.b",
    "1:",
    "el3_vectors_each ldr",
    "el3_predicates_each ldr",
    "ret",
    ".popsection",
    ".arch_extension nosve",
);
