// SPDX-License-Identifier: BSD-2-Clause
//! Pointer authentication (FEAT_PAuth) of TAs: each has keys of its own, which are in the CPU while its space is. The kernel
//! is built without it and signs nothing.

use super::sysreg;
use core::arch::asm;
use core::sync::atomic::{AtomicBool, Ordering};
use tee_core::ports::MAX_KEYS;
use zeroize::Zeroize;

/// Words of the keys: two each for instructions A and B, data A and B, and generic ones.
const WORDS: usize = MAX_KEYS / 8;

/// SCTLR_EL1: keys IA, IB, DA and DB are in use.
const SCTLR_ENABLE: u64 = 1 << 31 | 1 << 30 | 1 << 27 | 1 << 13;

/// The keys of a TA.
pub(super) struct Keys([u64; WORDS]);

impl Keys {
    /// Keys that everybody knows, for a CPU without any.
    pub(super) const NONE: Self = Self([0; WORDS]);

    /// Keys of random bytes.
    pub(super) fn new(random: &[u8]) -> Self {
        let mut keys = Self::NONE;
        for (word, bytes) in keys.0.iter_mut().zip(random.chunks_exact(8)) {
            *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        keys
    }

    /// Puts them into this CPU.
    pub(super) fn load(&self) {
        if !is_there() {
            return;
        }
        let [a, b, c, d, e, f, g, h, i, j] = self.0;
        // SAFETY: APIA, APIB, APDA, APDB and APGA, by encoding: the kernel authenticates no pointer.
        unsafe {
            asm!(
                "msr s3_0_c2_c1_0, {a}",
                "msr s3_0_c2_c1_1, {b}",
                "msr s3_0_c2_c1_2, {c}",
                "msr s3_0_c2_c1_3, {d}",
                "msr s3_0_c2_c2_0, {e}",
                "msr s3_0_c2_c2_1, {f}",
                "msr s3_0_c2_c2_2, {g}",
                "msr s3_0_c2_c2_3, {h}",
                "msr s3_0_c2_c3_0, {i}",
                "msr s3_0_c2_c3_1, {j}",
                a = in(reg) a, b = in(reg) b, c = in(reg) c, d = in(reg) d, e = in(reg) e,
                f = in(reg) f, g = in(reg) g, h = in(reg) h, i = in(reg) i, j = in(reg) j,
                options(nostack, preserves_flags),
            );
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Whether the CPUs authenticate pointers.
static IS_THERE: AtomicBool = AtomicBool::new(false);

/// Looks whether this CPU authenticates pointers, by whichever algorithm; gives the bits of SCTLR_EL1 that switch it on.
pub(super) fn init() -> u64 {
    // ID_AA64ISAR1_EL1.APA and API, ID_AA64ISAR2_EL1.APA3.
    let found = sysreg::id_aa64isar1() >> 4 & 0xFF != 0 || sysreg::id_aa64isar2() >> 12 & 0xF != 0;
    IS_THERE.store(found, Ordering::Relaxed);
    if found { SCTLR_ENABLE } else { 0 }
}

/// True when the CPUs authenticate pointers.
pub(super) fn is_there() -> bool {
    IS_THERE.load(Ordering::Relaxed)
}
