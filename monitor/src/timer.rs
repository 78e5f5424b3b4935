// SPDX-License-Identifier: BSD-2-Clause
//! The secure timer of each CPU, which two want at a time: the time limit of the TA that runs there, and the console.

use core::sync::atomic::{AtomicU64, Ordering};
use tee_arch::cpu;
use tee_arch::lock::{mask_interrupts, restore_interrupts};
use tee_core::limits::MAX_CPUS;

/// Nobody wants it.
const NONE: u64 = u64::MAX;

/// What one CPU's timer is wanted for. Only that CPU looks at it, with its interrupts masked.
struct Timer {
    limit: AtomicU64,
    tick: AtomicU64,
}

/// The timers.
pub(crate) struct Timers([Timer; MAX_CPUS]);

impl Timers {
    /// Nobody wants any.
    pub(crate) const fn new() -> Self {
        Self([const { Timer { limit: AtomicU64::new(NONE), tick: AtomicU64::new(NONE) } }; MAX_CPUS])
    }

    fn with(&self, f: impl FnOnce(&Timer)) {
        let before = mask_interrupts();
        if let Some(timer) = self.0.get(cpu::index()) {
            f(timer);
            let next = timer.limit.load(Ordering::Relaxed).min(timer.tick.load(Ordering::Relaxed));
            cpu::set_timer((next != NONE).then_some(next));
        }
        restore_interrupts(before);
    }

    /// Sets the end of a TA's time on this CPU.
    pub(crate) fn set_limit(&self, tick: Option<u64>) {
        self.with(|timer| timer.limit.store(tick.unwrap_or(NONE), Ordering::Relaxed));
    }

    /// Sets when the console wants this CPU.
    pub(crate) fn set_tick(&self, tick: Option<u64>) {
        self.with(|timer| timer.tick.store(tick.unwrap_or(NONE), Ordering::Relaxed));
    }

    /// After a secure interrupt, whose handler has switched the timer off: sets it to what is still to come. The console's
    /// tick comes again `again` ticks later; with `wanted` also when there was none.
    pub(crate) fn go_on(&self, again: u64, wanted: bool) {
        let now = cpu::ticks();
        self.with(|timer| {
            if timer.limit.load(Ordering::Relaxed) <= now {
                timer.limit.store(NONE, Ordering::Relaxed);
            }
            let tick = timer.tick.load(Ordering::Relaxed);
            if tick <= now || wanted && tick == NONE {
                timer.tick.store(now.saturating_add(again), Ordering::Relaxed);
            }
        });
    }
}
