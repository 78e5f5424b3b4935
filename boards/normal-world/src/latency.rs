// SPDX-License-Identifier: BSD-2-Clause
//! How long an interrupt of the normal world waits while a call is under way: the timer is set to moment after moment of it.

use crate::cpu;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Moments of a call at most at which the timer is set.
const MOMENTS: u64 = 400;

/// Value of the counter at which the interrupt is due; 0 when none is measured.
static DUE: AtomicU64 = AtomicU64::new(0);
/// Ticks of the counter that the last one came late.
static LATE: AtomicU32 = AtomicU32::new(0);

/// The timer interrupt was taken; false when it is not one that is measured.
pub(crate) fn taken() -> bool {
    let due = DUE.swap(0, Ordering::Relaxed);
    if due == 0 {
        return false;
    }
    LATE.store(cpu::counter().saturating_sub(due) as u32, Ordering::Relaxed);
    true
}

/// The longest that an interrupt waits during `call`, in ticks of the counter. Interrupts are masked before and after.
pub(crate) fn longest<E>(mut call: impl FnMut() -> Result<(), E>) -> Result<u32, E> {
    call()?;
    let from = cpu::counter();
    call()?;
    let whole = cpu::counter() - from;
    let mut longest = 0;
    for moment in 0..MOMENTS.min(whole) {
        let due = cpu::counter() + moment * whole / MOMENTS.min(whole) + 1;
        LATE.store(0, Ordering::Relaxed);
        DUE.store(due, Ordering::Relaxed);
        cpu::tick_at(due);
        cpu::enable_interrupts();
        let done = call();
        while DUE.load(Ordering::Relaxed) != 0 {
            core::hint::spin_loop();
        }
        cpu::disable_interrupts();
        done?;
        longest = longest.max(LATE.load(Ordering::Relaxed));
    }
    Ok(longest)
}
