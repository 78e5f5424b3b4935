// SPDX-License-Identifier: BSD-2-Clause
//! The spin lock of the kernel: masks interrupts of this CPU while it is held, so that a holder is never suspended.

use core::arch::asm;
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

/// CPSR bits that mask IRQ and FIQ.
const MASKED: u32 = 0xC0;

/// Masks IRQ and FIQ; gives the CPSR as it was.
#[inline]
pub fn mask_interrupts() -> u32 {
    let before: u32;
    // SAFETY: masking interrupts affects only when they are taken.
    unsafe { asm!("mrs {}, cpsr", "cpsid if", out(reg) before, options(nostack, preserves_flags)) };
    before
}

/// Puts the interrupt masks back as [`mask_interrupts`] found them.
#[inline]
pub fn restore_interrupts(before: u32) {
    if before & MASKED != MASKED {
        // SAFETY: only the control field is written, with the mode that the caller runs in.
        unsafe { asm!("msr cpsr_c, {}", in(reg) before, options(nostack, preserves_flags)) };
    }
}

/// A raw lock for `lock_api`.
pub struct IrqSpinLock {
    held: AtomicBool,
    before: Cell<u32>,
}

// SAFETY: `before` is only touched by the holder of the lock.
unsafe impl Sync for IrqSpinLock {}
// SAFETY: nothing in it belongs to a CPU or thread while it is not held.
unsafe impl Send for IrqSpinLock {}

// SAFETY: `held` goes from false to true for one caller at a time, with acquire and release ordering; interrupts are
// masked from before that until after the release, so the holder cannot be suspended on this CPU.
unsafe impl lock_api::RawMutex for IrqSpinLock {
    const INIT: Self = Self { held: AtomicBool::new(false), before: Cell::new(0) };

    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    fn lock(&self) {
        let before = mask_interrupts();
        while self.held.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            while self.held.load(Ordering::Relaxed) {
                // SAFETY: waits for an event; the holder's release sends one, and any other only wakes earlier.
                unsafe { asm!("wfe", options(nomem, nostack, preserves_flags)) };
            }
        }
        self.before.set(before);
    }

    #[inline]
    fn try_lock(&self) -> bool {
        let before = mask_interrupts();
        let got = self.held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if got {
            self.before.set(before);
        } else {
            restore_interrupts(before);
        }
        got
    }

    #[inline]
    unsafe fn unlock(&self) {
        let before = self.before.get();
        self.held.store(false, Ordering::Release);
        // SAFETY: barrier and event for CPUs that wait in `lock`.
        unsafe { asm!("dsb", "sev", options(nostack, preserves_flags)) };
        restore_interrupts(before);
    }
}
