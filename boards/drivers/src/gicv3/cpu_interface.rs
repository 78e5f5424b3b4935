// SPDX-License-Identifier: BSD-2-Clause
//! The CPU interface of a GICv3: system registers of the CPU that executes this.

use core::arch::asm;

/// Interrupt ids from here on are none.
const SPURIOUS: u32 = 1020;

/// Lets every priority in.
const ALL_PRIORITIES: usize = 0xFF;

/// System registers instead of memory, no bypass of FIQ and IRQ.
const SRE_OWN: usize = 0x7;

#[cfg(target_arch = "aarch64")]
macro_rules! write {
    (PMR, $value:expr) => { write!(@ "S3_0_C4_C6_0", $value) };
    (EOIR1, $value:expr) => { write!(@ "S3_0_C12_C12_1", $value) };
    (SRE, $value:expr) => { write!(@ "S3_0_C12_C12_5", $value) };
    (IGRPEN0, $value:expr) => { write!(@ "S3_0_C12_C12_6", $value) };
    (IGRPEN1, $value:expr) => { write!(@ "S3_0_C12_C12_7", $value) };
    (SRE_EL2, $value:expr) => { write!(@ "S3_4_C12_C9_5", $value) };
    (SRE_EL3, $value:expr) => { write!(@ "S3_6_C12_C12_5", $value) };
    (IGRPEN1_EL3, $value:expr) => { write!(@ "S3_6_C12_C12_7", $value) };
    (@ $name:literal, $value:expr) => {
        asm!(concat!("msr ", $name, ", {}"), "isb", in(reg) $value as u64, options(nostack, preserves_flags))
    };
}

#[cfg(target_arch = "arm")]
macro_rules! write {
    (PMR, $value:expr) => { write!(@ "c4, c6, 0", $value) };
    (EOIR1, $value:expr) => { write!(@ "c12, c12, 1", $value) };
    (SRE, $value:expr) => { write!(@ "c12, c12, 5", $value) };
    (IGRPEN1, $value:expr) => { write!(@ "c12, c12, 7", $value) };
    (@ $name:literal, $value:expr) => {
        asm!(concat!("mcr p15, 0, {}, ", $name), "isb", in(reg) $value as u32, options(nostack, preserves_flags))
    };
}

/// EL3, each CPU: system registers instead of memory, at every level; group 1 of both worlds on, group 0 off.
///
/// # Safety
/// At EL3, on a CPU with a GICv3, with interrupts masked; `el2` says whether the CPU has EL2.
#[cfg(target_arch = "aarch64")]
pub unsafe fn init_el3(el2: bool) {
    /// Enable, and bypass neither FIQ nor IRQ; lower levels may use their own register.
    const SRE_ALL: u64 = 0xF;
    // SAFETY: the caller's. ICC_SRE_EL1 has a copy for each world, chosen by SCR_EL3.NS, which is put back.
    unsafe {
        write!(SRE_EL3, SRE_ALL);
        let before: u64;
        asm!("mrs {}, scr_el3", out(reg) before, options(nomem, nostack, preserves_flags));
        for world in [before & !1, before | 1] {
            asm!("msr scr_el3, {}", "isb", in(reg) world, options(nostack, preserves_flags));
            write!(SRE, SRE_OWN);
            if el2 && world & 1 != 0 {
                write!(SRE_EL2, SRE_ALL);
            }
        }
        asm!("msr scr_el3, {}", "isb", in(reg) before, options(nostack, preserves_flags));
        write!(IGRPEN0, 0u64);
        write!(IGRPEN1_EL3, 3u64);
        write!(PMR, ALL_PRIORITIES);
    }
}

/// Either world, each CPU: its group 1 on.
pub fn init() {
    // SAFETY: only when interrupts of this world arrive changes; a CPU with this controller has the registers.
    unsafe {
        write!(SRE, SRE_OWN);
        write!(PMR, ALL_PRIORITIES);
        write!(IGRPEN1, 1usize);
    }
}

/// Takes the most urgent pending interrupt of this world; it is to be ended with [`end`].
pub fn take() -> Option<u32> {
    // SAFETY: acknowledges an interrupt, if there is one, which the caller handles.
    let id = unsafe {
        #[cfg(target_arch = "aarch64")]
        {
            let id: u64;
            asm!("mrs {}, S3_0_C12_C12_0", "dsb sy", out(reg) id, options(nostack, preserves_flags));
            id as u32 & 0xFF_FFFF
        }
        #[cfg(target_arch = "arm")]
        {
            let id: u32;
            asm!("mrc p15, 0, {}, c12, c12, 0", "dsb", out(reg) id, options(nostack, preserves_flags));
            id & 0xFF_FFFF
        }
    };
    (id < SPURIOUS).then_some(id)
}

/// Ends an interrupt that was taken.
pub fn end(id: u32) {
    // SAFETY: the interrupt was taken by this CPU.
    unsafe { write!(EOIR1, id) };
}

/// Sends software interrupt `id` (0 to 15) of this world's group 1 to CPU `target` (0 to 15) of the first cluster.
pub fn send(id: u32, target: usize) {
    let value = u64::from(id & 0xF) << 24 | 1 << (target & 0xF);
    // SAFETY: interrupts another CPU, which handles it; memory that it is to see is written before.
    unsafe {
        #[cfg(target_arch = "aarch64")]
        asm!("dsb ish", "msr S3_0_C12_C11_5, {}", "isb", in(reg) value, options(nostack, preserves_flags));
        #[cfg(target_arch = "arm")]
        asm!("dsb", "mcrr p15, 0, {}, {}, c12", "isb", in(reg) value as u32, in(reg) (value >> 32) as u32, options(nostack, preserves_flags));
    }
}
