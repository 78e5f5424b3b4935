// SPDX-License-Identifier: BSD-2-Clause
//! Pointer authentication (FEAT_PAuth). Each TA has keys of its own, which are in the CPU while its space is. The kernel signs its
//! return addresses with one of its own, which is random at each boot; as that is key A for instructions, which user mode has as
//! well, it changes with each way into and out of user mode, and whatever EL3 left is replaced when it comes back.
//!
//! Instructions of the hint space sign and authenticate: on a CPU without the feature they do nothing.

use super::percpu::{PerCpu, this_cpu};
use super::sysreg;
use crate::descriptor::VA_BITS;
use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tee_core::ports::MAX_KEYS;
use zeroize::Zeroize;

/// Words of the keys: two each for instructions A and B, data A and B, and generic ones.
const WORDS: usize = MAX_KEYS / 8;

/// SCTLR_EL1: keys IA, IB, DA and DB are in use.
const SCTLR_ENABLE: u64 = 1 << 31 | 1 << 30 | 1 << 27 | 1 << 13;

/// Bytes of the kernel's key.
pub(super) const KERNEL_KEY: usize = 16;

/// Key A for instructions of a CPU, of user mode and of the kernel.
#[repr(C)]
pub(super) struct Pair {
    pub(super) user: [u64; 2],
    pub(super) kernel: [u64; 2],
}

impl Pair {
    /// Keys that everybody knows.
    pub(super) const NONE: Self = Self { user: [0; 2], kernel: [0; 2] };
}

/// The keys that a CPU changes on its way into user mode and out of it; null on one without any.
#[inline]
pub(super) fn pair(cpu: *mut PerCpu) -> *const Pair {
    // Only an address is made, of a field of what `cpu` points at.
    if is_there() { cpu.cast::<u8>().wrapping_add(core::mem::offset_of!(PerCpu, keys)).cast() } else { core::ptr::null() }
}

/// The keys of a TA.
pub(super) struct Keys([u64; WORDS]);

/// Words of little-endian bytes; what is missing is zero.
fn words<const N: usize>(random: &[u8]) -> [u64; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(random.chunks_exact(8)) {
        *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words
}

impl Keys {
    /// Keys that everybody knows, for a CPU without any.
    pub(super) const NONE: Self = Self([0; WORDS]);

    /// Keys of random bytes.
    pub(super) fn new(random: &[u8]) -> Self {
        Self(words(random))
    }

    /// Makes them those of user mode on this CPU. Interrupts are masked.
    pub(super) fn select(&self) {
        if !is_there() {
            return;
        }
        let [a, b, c, d, e, f, g, h, i, j] = self.0;
        // SAFETY: the data of this CPU, with interrupts masked. APIB, APDA, APDB and APGA, by encoding: the kernel uses none of them.
        unsafe {
            (*this_cpu()).keys.user = [a, b];
            asm!(
                "msr s3_0_c2_c1_2, {c}",
                "msr s3_0_c2_c1_3, {d}",
                "msr s3_0_c2_c2_0, {e}",
                "msr s3_0_c2_c2_1, {f}",
                "msr s3_0_c2_c2_2, {g}",
                "msr s3_0_c2_c2_3, {h}",
                "msr s3_0_c2_c3_0, {i}",
                "msr s3_0_c2_c3_1, {j}",
                c = in(reg) c, d = in(reg) d, e = in(reg) e, f = in(reg) f,
                g = in(reg) g, h = in(reg) h, i = in(reg) i, j = in(reg) j,
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

/// The kernel's key.
static KERNEL: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

/// Looks whether this CPU authenticates pointers, by whichever algorithm.
pub(super) fn init() {
    // ID_AA64ISAR1_EL1.APA and API, ID_AA64ISAR2_EL1.APA3.
    let found = sysreg::id_aa64isar1() >> 4 & 0xFF != 0 || sysreg::id_aa64isar2() >> 12 & 0xF != 0;
    IS_THERE.store(found, Ordering::Relaxed);
}

/// True when the CPUs authenticate pointers.
#[inline]
pub(super) fn is_there() -> bool {
    IS_THERE.load(Ordering::Relaxed)
}

/// Sets the kernel's key. On the boot CPU before any CPU begins to use it.
pub(super) fn set_kernel_key(random: &[u8; KERNEL_KEY]) {
    let words: [u64; 2] = words(random);
    for (key, word) in KERNEL.iter().zip(words) {
        key.store(word, Ordering::Relaxed);
    }
}

/// From here on pointers are signed and authenticated on this CPU.
///
/// # Safety
/// Inlined into a function that never returns, as do none of its callers: their return addresses are not signed. Interrupts masked.
#[inline(always)]
pub(super) unsafe fn begin() {
    if !is_there() {
        return;
    }
    let [low, high] = [KERNEL[0].load(Ordering::Relaxed), KERNEL[1].load(Ordering::Relaxed)];
    // SAFETY: the data of this CPU, with interrupts masked; key A for instructions is the kernel's, and no return address was signed.
    unsafe {
        (*this_cpu()).keys.kernel = [low, high];
        asm!(
            "msr s3_0_c2_c1_0, {low}",
            "msr s3_0_c2_c1_1, {high}",
            "mrs {old}, sctlr_el1",
            "orr {old}, {old}, {enable}",
            "msr sctlr_el1, {old}",
            "isb",
            low = in(reg) low, high = in(reg) high, old = out(reg) _, enable = in(reg) SCTLR_ENABLE,
            options(nostack, preserves_flags),
        );
    }
}

/// A return address as the kernel signs it where the stack pointer is `sp`.
pub(super) fn signed(address: u64, sp: u64) -> u64 {
    let signed;
    // SAFETY: pacia1716; only registers change.
    unsafe { asm!("hint #8", inout("x17") address => signed, in("x16") sp, options(nomem, nostack, preserves_flags)) };
    signed
}

/// A return address without its signature.
pub(super) fn stripped(word: u64) -> u64 {
    // Bit 55 says which half of the address space a pointer is for, and the kernel is in the lower one.
    if is_there() && word >> 55 & 1 == 0 { word & ((1 << VA_BITS) - 1) } else { word }
}
