// SPDX-License-Identifier: BSD-2-Clause
//! Secure threads: which are free, which run, which wait for the normal world, and how long each may run in a TA.

use crate::limits::MAX_THREADS;
use crate::lock::Lock;
use crate::ports::{Platform, ThreadExit, ThreadId};
use utee_abi::smc;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Running,
    Suspended,
    /// It works for the console: the normal world can neither claim nor resume it.
    Own,
}

/// a0 of a thread that works for the console; no yielding call has it.
pub const OWN: u32 = u32::MAX;

/// The time that the TA on a thread may still run, counted only while the thread has a CPU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    left: Option<u64>,
    since: u64,
}

/// What a thread does, as an operator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It is free.
    Nothing,
    /// It has a CPU.
    Running,
    /// The normal world was interrupted while it ran, and has not resumed it.
    Interrupted,
    /// It waits for the normal world: for this request (an RPC command), or for memory for one.
    Waiting(Option<u32>),
    /// It works for the console.
    Own,
}

#[derive(Clone, Copy)]
struct Slot {
    state: State,
    budget: Budget,
    /// Why it is suspended, when it is.
    since: Doing,
}

/// The table of secure threads.
pub struct Threads<P: Platform> {
    slots: Lock<P, [Slot; MAX_THREADS]>,
    count: usize,
}

impl<P: Platform> Threads<P> {
    /// A table of `count` free threads (at most [`MAX_THREADS`]).
    pub fn new(count: usize) -> Self {
        let free = Slot { state: State::Free, budget: Budget::default(), since: Doing::Nothing };
        Self { slots: Lock::<P, _>::new([free; MAX_THREADS]), count: count.min(MAX_THREADS) }
    }

    /// Number of threads.
    pub fn count(&self) -> usize {
        self.count
    }

    /// True when no thread is in use.
    pub fn all_free(&self) -> bool {
        self.slots.lock().iter().all(|slot| slot.state == State::Free)
    }

    /// What a thread is doing.
    pub fn doing(&self, thread: ThreadId) -> Doing {
        let doing = self.with(thread, |slot| match slot.state {
            State::Free => Doing::Nothing,
            State::Running => Doing::Running,
            State::Suspended => slot.since,
            State::Own => Doing::Own,
        });
        doing.unwrap_or(Doing::Nothing)
    }

    fn with<R>(&self, thread: ThreadId, f: impl FnOnce(&mut Slot) -> R) -> Option<R> {
        let index = usize::try_from(thread.0).ok().filter(|index| *index < self.count)?;
        self.slots.lock().get_mut(index).map(f)
    }

    /// Starts a yielding call on a free thread; the result is a0..a3 for the normal world.
    pub fn start(&self, platform: &P, regs: [u32; 8]) -> [u32; 4] {
        let Some(thread) = self.claim() else {
            return [smc::ReturnCode::EThreadLimit.raw(), 0, 0, 0];
        };
        let exit = platform.thread_start(thread, regs);
        self.leave(platform, thread, exit)
    }

    /// Resumes the thread that the normal world names in a3.
    pub fn resume(&self, platform: &P, regs: [u32; 8]) -> [u32; 4] {
        let thread = ThreadId(regs[3]);
        let now = platform.ticks();
        let budget = self.with(thread, |slot| {
            (slot.state == State::Suspended).then(|| {
                slot.state = State::Running;
                slot.budget.since = now;
                slot.budget
            })
        });
        let Some(Some(budget)) = budget else {
            return [smc::ReturnCode::EResume.raw(), 0, 0, 0];
        };
        if let Some(left) = budget.left {
            platform.set_timer(Some(now.saturating_add(left)));
        }
        let exit = platform.thread_resume(thread, regs);
        self.leave(platform, thread, exit)
    }

    /// Claims a free thread for the console.
    pub fn claim_own(&self) -> Option<ThreadId> {
        let thread = self.claim()?;
        self.with(thread, |slot| slot.state = State::Own);
        Some(thread)
    }

    /// Runs a thread that [`Threads::claim_own`] gave, from its start or where it stands. It is free again once it is done.
    pub fn run_own(&self, platform: &P, thread: ThreadId, start: bool) -> ThreadExit {
        let now = platform.ticks();
        let left = self.with(thread, |slot| {
            slot.budget.since = now;
            slot.budget.left
        });
        if let Some(left) = left.flatten() {
            platform.set_timer(Some(now.saturating_add(left)));
        }
        let exit = match start {
            true => platform.thread_start(thread, [OWN, 0, 0, 0, 0, 0, 0, 0]),
            false => platform.thread_resume(thread, [0; 8]),
        };
        let limited = self.with(thread, |slot| {
            Self::charge(&mut slot.budget, platform.ticks());
            if matches!(exit, ThreadExit::Done(_)) {
                slot.state = State::Free;
            }
            slot.budget.left.is_some()
        });
        if limited == Some(true) {
            platform.set_timer(None);
        }
        exit
    }

    fn claim(&self) -> Option<ThreadId> {
        let mut slots = self.slots.lock();
        let (index, slot) = slots.iter_mut().take(self.count).enumerate().find(|(_, slot)| slot.state == State::Free)?;
        *slot = Slot { state: State::Running, budget: Budget::default(), since: Doing::Nothing };
        u32::try_from(index).ok().map(ThreadId)
    }

    fn leave(&self, platform: &P, thread: ThreadId, exit: ThreadExit) -> [u32; 4] {
        let state = if matches!(exit, ThreadExit::Done(_)) { State::Free } else { State::Suspended };
        let armed = self.with(thread, |slot| {
            slot.state = state;
            if state == State::Suspended {
                slot.since = Self::reason(exit);
            }
            slot.budget.left.is_some().then(|| {
                Self::charge(&mut slot.budget, platform.ticks());
            })
        });
        if armed.flatten().is_some() {
            platform.set_timer(None);
        }
        match exit {
            ThreadExit::Done(result) => result,
            ThreadExit::Rpc([a0, a1, a2, _]) => [a0, a1, a2, thread.0],
            ThreadExit::ForeignInterrupt | ThreadExit::Wait(_) => [smc::rpc_return(smc::RpcReturn::ForeignInterrupt), 0, 0, thread.0],
        }
    }

    fn reason(exit: ThreadExit) -> Doing {
        match exit {
            ThreadExit::Rpc([a0, _, _, command]) => Doing::Waiting((a0 == smc::rpc_return(smc::RpcReturn::Cmd)).then_some(command)),
            _ => Doing::Interrupted,
        }
    }

    fn charge(budget: &mut Budget, now: u64) {
        let used = now.saturating_sub(budget.since);
        budget.left = budget.left.map(|left| left.saturating_sub(used));
        budget.since = now;
    }

    /// Sets how many ticks the TA that is about to be entered on this thread may run; gives back what was set before.
    pub fn arm(&self, platform: &P, thread: ThreadId, ticks: Option<u64>) -> Budget {
        let now = platform.ticks();
        let before = self.with(thread, |slot| {
            Self::charge(&mut slot.budget, now);
            core::mem::replace(&mut slot.budget, Budget { left: ticks, since: now })
        });
        platform.set_timer(ticks.map(|ticks| now.saturating_add(ticks)));
        before.unwrap_or_default()
    }

    /// Puts back what [`Threads::arm`] gave, with the time since then not charged to it.
    pub fn restore(&self, platform: &P, thread: ThreadId, before: Budget) {
        self.arm(platform, thread, before.left);
    }

    /// True when the TA on this thread has used up its time.
    pub fn expired(&self, platform: &P, thread: ThreadId) -> bool {
        let now = platform.ticks();
        self.with(thread, |slot| {
            Self::charge(&mut slot.budget, now);
            slot.budget.left == Some(0)
        })
        .unwrap_or(false)
    }
}
