// SPDX-License-Identifier: BSD-2-Clause
//! What the kernel asks of its CPU by one name on every architecture: interrupt masks, events, the clock, who it is.

use super::cp15;
use core::arch::asm;

/// CPSR bits that mask IRQ and FIQ.
const MASKED: u32 = 0xC0;

/// Whether interrupts were masked before [`mask_interrupts`].
#[derive(Clone, Copy)]
pub struct Masked(u32);

impl Masked {
    /// Nothing was masked yet, and nothing is to be put back.
    pub const NONE: Self = Self(MASKED);
}

/// Masks IRQ and FIQ; gives the masks as they were.
#[inline]
pub fn mask_interrupts() -> Masked {
    let before: u32;
    // SAFETY: masking interrupts affects only when they are taken.
    unsafe { asm!("mrs {}, cpsr", "cpsid if", out(reg) before, options(nostack, preserves_flags)) };
    Masked(before)
}

/// Puts the interrupt masks back as [`mask_interrupts`] found them.
#[inline]
pub fn restore_interrupts(before: Masked) {
    if before.0 & MASKED != MASKED {
        // SAFETY: only the control field is written, with the mode that the caller runs in.
        unsafe { asm!("msr cpsr_c, {}", in(reg) before.0, options(nostack, preserves_flags)) };
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
    unsafe { asm!("dsb", "sev", options(nostack, preserves_flags)) };
}

/// Index of this CPU.
#[inline]
pub fn index() -> usize {
    cp15::cpu_index()
}

/// The physical counter.
#[inline]
pub fn ticks() -> u64 {
    cp15::cntpct()
}

/// Frequency of [`ticks`] in hertz, never 0.
pub fn tick_hz() -> u64 {
    u64::from(cp15::cntfrq().max(1))
}

/// Has the secure timer of this CPU fire at a tick, or not at all.
pub fn set_timer(deadline: Option<u64>) {
    const ENABLE: u32 = 1;
    if let Some(tick) = deadline {
        cp15::set_cntp_cval(tick);
    }
    // SAFETY: in secure state this is the secure timer, whose interrupt this kernel handles.
    unsafe { cp15::set_cntp_ctl(if deadline.is_some() { ENABLE } else { 0 }) };
}

/// Sleeps until an interrupt is pending, masked or not. True for one of the normal world. Interrupts are masked.
pub fn wait_for_interrupt() -> bool {
    while cp15::isr() & (cp15::ISR_IRQ | cp15::ISR_FIQ) == 0 {
        cp15::wait_for_interrupt();
    }
    cp15::isr() & cp15::ISR_IRQ != 0
}
