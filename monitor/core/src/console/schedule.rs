// SPDX-License-Identifier: BSD-2-Clause
//! When the console's thread runs.
//!
//! It is started by the first input and runs on the run loop of the CPU that has the secure interrupt, until it waits for
//! input, or until the normal world has an interrupt: that goes first, and [`SLICE_MS`] later the secure timer brings the
//! thread back. A CPU that is busy with calls looks whenever one of them goes on after a request or an interrupt, so
//! that TAs which compute do not keep the operator out.

use crate::Tee;
use crate::lock::Lock;
use crate::ports::{CpuIndex, Platform, ThreadExit, ThreadId};
use crate::ta::time::ticks_of_ms;
use core::sync::atomic::{AtomicBool, Ordering};

/// Milliseconds that the normal world has before the console goes on after an interrupt of it.
const SLICE_MS: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody has typed yet.
    Idle,
    Running,
    /// It waits for input, or for this tick.
    Waiting(Option<u64>),
    /// An interrupt of the normal world came; it goes on at this tick.
    Preempted(u64),
}

/// The console's thread.
pub struct Console<P: Platform> {
    thread: Option<ThreadId>,
    state: Lock<P, State>,
    /// It waits for more than input: to be looked at when a call goes on.
    pressing: AtomicBool,
}

impl<P: Platform> Console<P> {
    /// The console of a machine, if it has one.
    pub fn new(platform: &P) -> Self {
        let thread = u32::try_from(platform.threads()).ok().map(ThreadId).filter(|_| platform.has_console());
        Self { thread, state: Lock::<P, _>::new(State::Idle), pressing: AtomicBool::new(false) }
    }

    /// Its thread.
    pub fn thread(&self) -> Option<ThreadId> {
        self.thread
    }

    /// Runs the console if there is something for it to do. On the run loop, after each secure interrupt.
    pub fn poll(&self, platform: &P) {
        let Some(thread) = self.thread else { return };
        let now = platform.ticks();
        let before = {
            let mut state = self.state.lock();
            let (due, next) = match *state {
                State::Idle => (platform.console_ready(), None),
                State::Waiting(tick) => (platform.console_ready() || tick.is_some_and(|tick| tick <= now), tick),
                State::Preempted(tick) => (tick <= now, Some(tick)),
                State::Running => (false, None),
            };
            if !due {
                return platform.set_tick(next);
            }
            core::mem::replace(&mut *state, State::Running)
        };
        platform.set_tick(None);
        let exit = match before {
            State::Idle => platform.thread_start(thread, [0; 8]),
            _ => platform.thread_resume(thread, [0; 8]),
        };
        let after = match exit {
            ThreadExit::Wait(tick) => State::Waiting(tick),
            ThreadExit::Done(_) => State::Idle,
            ThreadExit::Rpc(_) | ThreadExit::ForeignInterrupt => {
                State::Preempted(platform.ticks().saturating_add(ticks_of_ms(platform, SLICE_MS)))
            }
        };
        self.pressing.store(!matches!(after, State::Idle | State::Waiting(None)), Ordering::Relaxed);
        *self.state.lock() = after;
        match after {
            State::Preempted(tick) => platform.set_tick(Some(tick)),
            State::Waiting(tick) => {
                platform.set_tick(tick);
                platform.console_listen();
            }
            State::Idle | State::Running => platform.console_listen(),
        }
    }

    /// The same where a call is about to go on: a look that costs next to nothing while nobody types.
    pub fn poll_in_passing(&self, platform: &P) {
        if self.pressing.load(Ordering::Relaxed) || platform.console_ready() {
            self.poll(platform);
        }
    }

    /// Begins to listen, when the machine is about to enter the normal world.
    pub fn begin(&self, platform: &P) {
        if self.thread.is_some() {
            platform.console_listen();
        }
    }

    /// Moves to another CPU because this one is being switched off.
    fn leave_cpu(&self, platform: &P, other: Option<CpuIndex>) {
        if let (Some(_), Some(cpu)) = (self.thread, other) {
            platform.console_route(cpu);
        }
    }
}

impl<P: Platform> Tee<P> {
    /// Handles the secure interrupt that brought this CPU to its run loop.
    pub fn secure_interrupt(&self) {
        self.platform.secure_interrupt();
        self.console.poll(&self.platform);
    }

    /// Before `cpu` is off: the operator is served by another one from now on.
    pub fn leave_console(&self, cpu: CpuIndex) {
        self.console.leave_cpu(&self.platform, self.cpus.other_than(cpu));
    }
}
