// SPDX-License-Identifier: BSD-2-Clause
//! The spin lock of the kernel: masks interrupts of this CPU while it is held, so that a holder is never suspended.

use crate::cpu::{Masked, send_event, wait_for_event};
pub use crate::cpu::{mask_interrupts, restore_interrupts};
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A raw lock for `lock_api`.
pub struct IrqSpinLock {
    held: AtomicBool,
    before: Cell<Masked>,
}

// SAFETY: `before` is only touched by the holder of the lock.
unsafe impl Sync for IrqSpinLock {}
// SAFETY: nothing in it belongs to a CPU or thread while it is not held.
unsafe impl Send for IrqSpinLock {}

// SAFETY: `held` goes from false to true for one caller at a time, with acquire and release ordering; interrupts are
// masked from before that until after the release, so the holder cannot be suspended on this CPU.
unsafe impl lock_api::RawMutex for IrqSpinLock {
    const INIT: Self = Self { held: AtomicBool::new(false), before: Cell::new(Masked::NONE) };

    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    fn lock(&self) {
        let before = mask_interrupts();
        while self.held.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            while self.held.load(Ordering::Relaxed) {
                // The holder's release sends an event; any other only wakes earlier.
                wait_for_event();
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
        // For CPUs that wait in `lock`.
        send_event();
        restore_interrupts(before);
    }
}
