// SPDX-License-Identifier: BSD-2-Clause
//! When the console's thread runs.
//!
//! It is started by the first input and runs on the run loop of the CPU that has the secure interrupt, until it waits for
//! input, or until the normal world has an interrupt: that goes first, and [`SLICE_MS`] later the secure timer brings the
//! thread back. A CPU that is busy with calls looks whenever one of them goes on after a request or an interrupt, so
//! that TAs which compute do not keep the operator out.

use super::job::Yielded;
use crate::Tee;
use crate::lock::Lock;
use crate::ports::{CpuIndex, NormalWorld, Platform, ThreadExit, ThreadId};
use crate::ta::time::ticks_of_ms;
use core::sync::atomic::{AtomicBool, Ordering};

/// Milliseconds that the normal world has before the console goes on after an interrupt of it.
const SLICE_MS: u32 = 1;

/// Where a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It is not under way.
    Idle,
    /// It is to be started.
    Ready,
    Running,
    /// It waits for this tick, or for input.
    Waiting(Option<u64>),
    /// An interrupt of the normal world came; it goes on at this tick.
    Preempted(u64),
}

impl Turn {
    fn is_due(self, now: u64, input: bool) -> bool {
        match self {
            Self::Idle | Self::Waiting(None) => input,
            Self::Ready => true,
            Self::Running => false,
            Self::Waiting(Some(tick)) | Self::Preempted(tick) => tick <= now,
        }
    }

    /// The tick at which it is to be looked at again.
    fn next(self) -> Option<u64> {
        match self {
            Self::Idle | Self::Running => None,
            Self::Ready => Some(0),
            Self::Waiting(tick) => tick,
            Self::Preempted(tick) => Some(tick),
        }
    }
}

/// Whose turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// The operator's thread.
    Operator,
    /// The thread that works for it.
    Job,
}

struct Turns {
    operator: Turn,
    job: Turn,
    /// The thread of the job.
    thread: Option<ThreadId>,
}

impl Turns {
    fn of(&mut self, who: Who) -> &mut Turn {
        match who {
            Who::Operator => &mut self.operator,
            Who::Job => &mut self.job,
        }
    }
}

/// The console's threads: its own, and one of the calls' that it may have claimed for a job.
pub struct Console<P: Platform> {
    thread: Option<ThreadId>,
    turns: Lock<P, Turns>,
    /// They wait for more than input: to be looked at when a call goes on.
    pressing: AtomicBool,
    yielded: Lock<P, Yielded>,
}

impl<P: Platform> Console<P> {
    /// The console of a machine, if it has one.
    pub fn new(platform: &P) -> Self {
        let thread = u32::try_from(platform.threads()).ok().map(ThreadId).filter(|_| platform.has_console());
        let turns = Turns { operator: Turn::Idle, job: Turn::Idle, thread: None };
        Self { thread, turns: Lock::<P, _>::new(turns), pressing: AtomicBool::new(false), yielded: Lock::<P, _>::new(Yielded::default()) }
    }

    /// Its thread.
    pub fn thread(&self) -> Option<ThreadId> {
        self.thread
    }

    /// What the normal world is waited for, in the demonstration.
    pub(super) fn yielded(&self) -> &Lock<P, Yielded> {
        &self.yielded
    }

    /// True while the normal world is to yield.
    pub fn awaits_yield(&self) -> bool {
        self.yielded.lock().is_awaited()
    }

    /// Takes what the normal world yields with.
    pub fn take_yield(&self, world: &impl NormalWorld) {
        let mut yielded = self.yielded.lock();
        world.for_each_register(&mut |name, value| yielded.put(name, value));
        yielded.end();
    }

    /// Has a thread of the calls run [`super::job::run`]; false when all are in use.
    #[must_use]
    pub(super) fn start_job(&self, tee: &Tee<P>) -> bool {
        let Some(thread) = tee.threads.claim_own(&tee.platform) else { return false };
        let mut turns = self.turns.lock();
        (turns.job, turns.thread) = (Turn::Ready, Some(thread));
        true
    }

    /// True when no job is under way.
    pub(super) fn is_job_done(&self) -> bool {
        self.turns.lock().job == Turn::Idle
    }

    /// Runs the console if there is something for it to do. On the run loop, after each secure interrupt.
    pub fn poll(&self, tee: &Tee<P>) {
        let Some(operator) = self.thread else { return };
        // After an interrupt of the normal world that goes first.
        if !self.turn(tee, Who::Operator, Some(operator)) {
            let job = self.turns.lock().thread;
            self.turn(tee, Who::Job, job);
        }
        let next = {
            let turns = self.turns.lock();
            [turns.operator, turns.job].into_iter().filter_map(Turn::next).min()
        };
        self.pressing.store(next.is_some(), Ordering::Relaxed);
        tee.platform.set_tick(next);
    }

    /// Runs a thread if it is its turn; true when the normal world was interrupted.
    fn turn(&self, tee: &Tee<P>, who: Who, thread: Option<ThreadId>) -> bool {
        let (platform, Some(thread)) = (&tee.platform, thread) else { return false };
        let now = platform.ticks();
        let input = who == Who::Operator && platform.console_ready();
        let before = {
            let mut turns = self.turns.lock();
            let turn = turns.of(who);
            if !turn.is_due(now, input) {
                return false;
            }
            core::mem::replace(turn, Turn::Running)
        };
        platform.set_tick(None);
        let exit = match (who, before) {
            (Who::Operator, Turn::Idle) => platform.thread_start(thread, [0; 8]),
            (Who::Operator, _) => platform.thread_resume(thread, [0; 8]),
            (Who::Job, before) => tee.threads.run_own(tee, thread, before == Turn::Ready),
        };
        let after = match exit {
            ThreadExit::Wait(tick) => Turn::Waiting(tick),
            ThreadExit::Done(_) => Turn::Idle,
            ThreadExit::Rpc(_) | ThreadExit::ForeignInterrupt => {
                Turn::Preempted(platform.ticks().saturating_add(ticks_of_ms(platform, SLICE_MS)))
            }
        };
        *self.turns.lock().of(who) = after;
        if who == Who::Operator && matches!(after, Turn::Waiting(None) | Turn::Idle) {
            platform.console_listen();
        }
        matches!(after, Turn::Preempted(_))
    }

    /// The same where a call is about to go on: a look that costs next to nothing while nobody types.
    pub fn poll_in_passing(&self, tee: &Tee<P>) {
        if self.pressing.load(Ordering::Relaxed) || tee.platform.console_ready() {
            self.poll(tee);
        }
    }

    /// Begins to listen, when the machine is about to enter the normal world.
    pub fn begin(&self, platform: &P) {
        if self.thread.is_some() {
            platform.console_listen();
        }
    }

    /// Moves to a CPU because the one that had it is off, or about to be.
    fn move_to(&self, platform: &P, cpu: Option<CpuIndex>) {
        if let (Some(_), Some(cpu)) = (self.thread, cpu) {
            platform.console_route(cpu);
        }
    }
}

/// Rests a thread of the console for so many milliseconds.
pub fn pause<P: Platform>(platform: &P, milliseconds: u32) {
    let end = platform.ticks().saturating_add(ticks_of_ms(platform, milliseconds));
    while platform.ticks() < end {
        platform.suspend(ThreadExit::Wait(Some(end)));
    }
}

impl<P: Platform> Tee<P> {
    /// Handles the secure interrupt that brought this CPU to its run loop.
    pub fn secure_interrupt(&self) {
        self.platform.secure_interrupt();
        self.console.poll(self);
    }

    /// Before `cpu` is off: the operator is served by another one from now on.
    pub fn leave_console(&self, cpu: CpuIndex) {
        self.console.move_to(&self.platform, self.cpus.other_than(cpu));
    }

    /// `cpu` is on. If no other one is known to be, it serves the operator: the one that did went off when nobody knew of this one.
    pub fn take_console(&self, cpu: CpuIndex) {
        if self.cpus.other_than(cpu).is_none() {
            self.console.move_to(&self.platform, Some(cpu));
        }
    }
}
