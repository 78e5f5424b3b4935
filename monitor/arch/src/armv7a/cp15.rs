// SPDX-License-Identifier: BSD-2-Clause
//! System registers that `aarch32-cpu` does not have, and barriers.

use core::arch::asm;

macro_rules! register {
    ($(#[$doc:meta])* $read:ident, $write:ident, $opc1:literal, $crn:ident, $crm:ident, $opc2:literal) => {
        $(#[$doc])*
        #[inline]
        pub fn $read() -> u32 {
            let value: u32;
            // SAFETY: reading this register has no effect, and the kernel runs at PL1 in secure state.
            unsafe { asm!(concat!("mrc p15, ", $opc1, ", {}, ", stringify!($crn), ", ", stringify!($crm), ", ", $opc2), out(reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// The value must keep the kernel's own code, data and stacks accessible.
        #[inline]
        pub unsafe fn $write(value: u32) {
            // SAFETY: the caller answers for the value.
            unsafe { asm!(concat!("mcr p15, ", $opc1, ", {}, ", stringify!($crn), ", ", stringify!($crm), ", ", $opc2), in(reg) value, options(nostack, preserves_flags)) };
        }
    };
}

register!(/** Secure Configuration Register. */ scr, set_scr, 0, c1, c1, 0);
register!(/** Non-Secure Access Control Register. */ nsacr, set_nsacr, 0, c1, c1, 2);
register!(/** Monitor Vector Base Address Register. */ mvbar, set_mvbar, 0, c12, c0, 1);
register!(/** Vector Base Address Register. */ vbar, set_vbar, 0, c12, c0, 0);
register!(/** System Control Register. */ sctlr, set_sctlr, 0, c1, c0, 0);
register!(/** Coprocessor Access Control Register. */ cpacr, set_cpacr, 0, c1, c0, 2);
register!(/** Auxiliary Control Register. */ actlr, set_actlr, 0, c1, c0, 1);
register!(/** Translation Table Base Register 0. */ ttbr0, set_ttbr0, 0, c2, c0, 0);
register!(/** Translation Table Base Register 1. */ ttbr1, set_ttbr1, 0, c2, c0, 1);
register!(/** Translation Table Base Control Register. */ ttbcr, set_ttbcr, 0, c2, c0, 2);
register!(/** Domain Access Control Register. */ dacr, set_dacr, 0, c3, c0, 0);
register!(/** Context ID Register: the ASID. */ contextidr, set_contextidr, 0, c13, c0, 1);
register!(/** Thread pointer that user mode reads. */ tpidruro, set_tpidruro, 0, c13, c0, 3);
register!(/** Thread pointer that user mode writes. */ tpidrurw, set_tpidrurw, 0, c13, c0, 2);
register!(/** Thread pointer of PL1: this CPU's data. */ tpidrprw, set_tpidrprw, 0, c13, c0, 4);
register!(/** Control of the physical timer. */ cntp_ctl, set_cntp_ctl, 0, c14, c2, 1);
register!(/** Frequency of the counter. */ cntfrq, set_cntfrq, 0, c14, c0, 0);

/// Processor Feature Register 1.
pub fn id_pfr1() -> u32 {
    let value: u32;
    // SAFETY: reading an identification register has no effect.
    unsafe { asm!("mrc p15, 0, {}, c0, c1, 1", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Bit of [`isr`]: an IRQ is pending.
pub const ISR_IRQ: u32 = 1 << 7;
/// Bit of [`isr`]: a FIQ is pending.
pub const ISR_FIQ: u32 = 1 << 6;

/// Interrupt Status Register: what is pending on this CPU, masked or not.
pub fn isr() -> u32 {
    let value: u32;
    // SAFETY: reading it has no effect.
    unsafe { asm!("mrc p15, 0, {}, c12, c1, 0", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Sleeps until an interrupt is pending, masked or not; may return early.
pub fn wait_for_interrupt() {
    // SAFETY: sleeps.
    unsafe { asm!("dsb", "wfi", options(nostack, preserves_flags)) };
}

/// The physical counter.
#[inline]
pub fn cntpct() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: reading the counter has no effect.
    unsafe { asm!("mrrc p15, 0, {}, {}, c14", out(reg) low, out(reg) high, options(nomem, nostack, preserves_flags)) };
    u64::from(high) << 32 | u64::from(low)
}

/// Sets the tick at which the secure physical timer fires.
#[inline]
pub fn set_cntp_cval(tick: u64) {
    // SAFETY: the secure timer is this kernel's alone; firing raises a secure interrupt, which it handles.
    unsafe { asm!("mcrr p15, 2, {}, {}, c14", in(reg) tick as u32, in(reg) (tick >> 32) as u32, options(nostack, preserves_flags)) };
}

/// Instruction synchronisation barrier.
#[inline]
pub fn isb() {
    // SAFETY: a barrier.
    unsafe { asm!("isb", options(nostack, preserves_flags)) };
}

/// Data synchronisation barrier.
#[inline]
pub fn dsb() {
    // SAFETY: a barrier.
    unsafe { asm!("dsb", options(nostack, preserves_flags)) };
}

/// Index of this CPU in its cluster (MPIDR affinity level 0).
#[inline]
pub fn cpu_index() -> usize {
    (aarch32_cpu::register::Mpidr::read().0 & 0xFF) as usize
}

/// Invalidates every unlocked TLB entry of all CPUs.
pub fn tlb_flush_all() {
    dsb();
    // SAFETY: TLBIALLIS; entries are fetched again from the tables.
    unsafe { asm!("mcr p15, 0, {}, c8, c3, 0", in(reg) 0, options(nostack, preserves_flags)) };
    dsb();
    isb();
}

/// Invalidates the TLB entries of an ASID on all CPUs.
pub fn tlb_flush_asid(asid: u32) {
    dsb();
    // SAFETY: TLBIASIDIS; entries are fetched again from the tables.
    unsafe { asm!("mcr p15, 0, {}, c8, c3, 2", in(reg) asid, options(nostack, preserves_flags)) };
    dsb();
    isb();
}

/// Invalidates the TLB entry of a page of an ASID on all CPUs; [`dsb`] and [`isb`] complete it.
#[inline]
pub fn tlb_flush_page(va: u32, asid: u32) {
    // SAFETY: TLBIMVAIS; the entry is fetched again from the tables.
    unsafe { asm!("mcr p15, 0, {}, c8, c3, 1", in(reg) (va & !0xFFF) | asid, options(nostack, preserves_flags)) };
}
