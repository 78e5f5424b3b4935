// SPDX-License-Identifier: BSD-2-Clause
//! What the kernel asks of its CPU by one name on every architecture: interrupt masks, events, the clock, who it is.

use super::sysreg;
use core::arch::asm;

/// DAIF bits that mask IRQ and FIQ.
const MASKED: u64 = 0xC0;

/// Whether interrupts were masked before [`mask_interrupts`].
#[derive(Clone, Copy)]
pub struct Masked(u64);

impl Masked {
    /// Nothing was masked yet, and nothing is to be put back.
    pub const NONE: Self = Self(MASKED);
}

/// Masks IRQ and FIQ; gives the masks as they were.
#[inline]
pub fn mask_interrupts() -> Masked {
    let before: u64;
    // SAFETY: masking interrupts affects only when they are taken.
    unsafe { asm!("mrs {}, daif", "msr daifset, #3", out(reg) before, options(nostack, preserves_flags)) };
    Masked(before)
}

/// Puts the interrupt masks back as [`mask_interrupts`] found them.
#[inline]
pub fn restore_interrupts(before: Masked) {
    if before.0 & MASKED != MASKED {
        // SAFETY: only the masks are written.
        unsafe { asm!("msr daif, {}", in(reg) before.0, options(nostack, preserves_flags)) };
    }
}

/// Sleeps until an event; may return early.
#[inline]
pub fn wait_for_event() {
    // SAFETY: sleeps.
    unsafe { asm!("wfe", options(nomem, nostack, preserves_flags)) };
}

/// Completes what was written and wakes every CPU that waits for an event.
#[inline]
pub fn send_event() {
    // SAFETY: a barrier and an event; each that wakes looks whether it was meant.
    unsafe { asm!("dsb ish", "sev", options(nostack, preserves_flags)) };
}

/// Index of this CPU in its cluster (MPIDR affinity level 0).
#[inline]
pub fn index() -> usize {
    (sysreg::mpidr() & 0xFF) as usize
}

/// The physical counter.
#[inline]
pub fn ticks() -> u64 {
    sysreg::cntpct()
}

/// Frequency of [`ticks`] in hertz, never 0.
pub fn tick_hz() -> u64 {
    sysreg::cntfrq().max(1)
}

/// Has the secure timer of this CPU fire at a tick, or not at all.
pub fn set_timer(deadline: Option<u64>) {
    const ENABLE: u64 = 1;
    // SAFETY: the secure timer is this kernel's alone, and it handles its interrupt.
    unsafe {
        if let Some(tick) = deadline {
            sysreg::set_cntps_cval(tick);
        }
        sysreg::set_cntps_ctl(if deadline.is_some() { ENABLE } else { 0 });
    }
}

/// Sleeps until an interrupt is pending, masked or not. True for one of the normal world. Interrupts are masked.
pub fn wait_for_interrupt() -> bool {
    while sysreg::isr() & (sysreg::ISR_IRQ | sysreg::ISR_FIQ) == 0 {
        // SAFETY: sleeps.
        unsafe { asm!("dsb sy", "wfi", options(nostack, preserves_flags)) };
    }
    // A GICv3 signals the secure world's own interrupts as IRQ while the secure world runs, and the others as FIQ.
    sysreg::isr() & sysreg::ISR_IRQ == 0
}
