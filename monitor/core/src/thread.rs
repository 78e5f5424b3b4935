// SPDX-License-Identifier: BSD-2-Clause
//! Secure threads: which are free, which run, which wait for the normal world, and how long each may run in a TA.
//! Calls that find none free are in the waiting room ([`crate::waiting`]), which one lock guards together with the threads.

use crate::Tee;
use crate::limits::{MAX_THREADS, MAX_WAITING};
use crate::lock::Lock;
use crate::ports::{Platform, ThreadExit, ThreadId};
use crate::waiting::{self, About, Entry, Next, Periods, Room, Step};
use core::ops::Range;
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

struct Table {
    slots: [Slot; MAX_THREADS],
    room: Room,
}

impl Table {
    /// Takes one of these threads that is free, but for the first `kept` ones.
    #[cold]
    #[inline(never)]
    fn claim(slots: &mut [Slot], range: Range<usize>, kept: usize) -> Option<ThreadId> {
        let threads = slots.iter_mut().enumerate().take(range.end).skip(range.start);
        let (index, slot) = threads.filter(|(_, slot)| slot.state == State::Free).nth(kept)?;
        *slot = Slot { state: State::Running, budget: Budget::default(), since: Doing::Nothing };
        u32::try_from(index).ok().map(ThreadId)
    }
}

/// The table of secure threads.
pub struct Threads<P: Platform> {
    table: Lock<P, Table>,
    count: usize,
    /// The ones that any call may use. A last one is for calls that must be done, whatever opens and invokes wait for.
    common: usize,
}

/// So few threads are all for any call.
const FEW: usize = 2;

impl<P: Platform> Threads<P> {
    /// A table of `count` free threads (at most [`MAX_THREADS`]).
    pub fn new(count: usize) -> Self {
        let free = Slot { state: State::Free, budget: Budget::default(), since: Doing::Nothing };
        let table = Table { slots: [free; MAX_THREADS], room: Room::new() };
        let count = count.min(MAX_THREADS);
        let common = if count > FEW { count.saturating_sub(1) } else { count };
        Self { table: Lock::<P, _>::new(table), count, common }
    }

    /// Number of threads.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Calls that may be under way at once: on threads, and waiting for one.
    pub fn calls(&self) -> usize {
        self.count.saturating_add(MAX_WAITING)
    }

    /// True when no call is under way: no thread is in use, and nobody waits for one.
    pub fn all_free(&self) -> bool {
        let table = self.table.lock();
        table.room.is_empty() && table.slots.iter().all(|slot| slot.state == State::Free)
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
        self.table.lock().slots.get_mut(index).map(f)
    }

    /// Starts a yielding call on a free thread, or lets it wait for one; the result is a0..a3 for the normal world.
    pub fn start(&self, tee: &Tee<P>, regs: [u32; 8]) -> [u32; 4] {
        let claimed = self.claim(&mut self.table.lock(), &tee.platform);
        match claimed {
            Some(thread) => self.run(tee, thread, regs),
            None => waiting::enter(tee, regs),
        }
    }

    /// Takes a free thread for a call that has just come.
    fn claim(&self, table: &mut Table, platform: &P) -> Option<ThreadId> {
        if table.room.has_promises() {
            return Table::claim(&mut table.slots, 0..self.common, table.room.kept(platform.ticks()));
        }
        let mut slots = table.slots.iter_mut().take(self.common).enumerate();
        let (index, slot) = slots.find(|(_, slot)| slot.state == State::Free)?;
        *slot = Slot { state: State::Running, budget: Budget::default(), since: Doing::Nothing };
        u32::try_from(index).ok().map(ThreadId)
    }

    /// Takes the thread that is for calls which must be done, if this is one.
    fn claim_last(&self, slots: &mut [Slot], about: About) -> Option<ThreadId> {
        if about == About::Other { Table::claim(slots, self.common..self.count, 0) } else { None }
    }

    /// Starts a call that has waited on the thread that was claimed for it; the result is a0..a3 for the normal world.
    #[cold]
    #[inline(never)]
    pub fn start_late(&self, tee: &Tee<P>, thread: ThreadId, regs: [u32; 8]) -> [u32; 4] {
        self.run(tee, thread, regs)
    }

    #[inline(always)]
    fn run(&self, tee: &Tee<P>, thread: ThreadId, regs: [u32; 8]) -> [u32; 4] {
        let exit = tee.platform.thread_start(thread, regs);
        self.leave(tee, thread, exit)
    }

    /// Resumes the thread, or goes on with the waiting call, that the normal world names in a3.
    pub fn resume(&self, tee: &Tee<P>, regs: [u32; 8]) -> [u32; 4] {
        let platform = &tee.platform;
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
            return waiting::resume(tee, &regs);
        };
        if let Some(left) = budget.left {
            platform.set_timer(Some(now.saturating_add(left)));
        }
        let exit = platform.thread_resume(thread, regs);
        self.leave(tee, thread, exit)
    }

    /// Claims a free thread for the console.
    pub fn claim_own(&self, platform: &P) -> Option<ThreadId> {
        let thread = {
            let mut table = self.table.lock();
            // Whoever sits at the console is not to wait for clients.
            self.claim(&mut table, platform).or_else(|| self.claim_last(&mut table.slots, About::Other))?
        };
        self.with(thread, |slot| slot.state = State::Own);
        Some(thread)
    }

    /// Runs a thread that [`Threads::claim_own`] gave, from its start or where it stands. It is free again once it is done.
    pub fn run_own(&self, tee: &Tee<P>, thread: ThreadId, start: bool) -> ThreadExit {
        let platform = &tee.platform;
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
        let done = matches!(exit, ThreadExit::Done(_));
        let limited = self.with(thread, |slot| {
            Self::charge(&mut slot.budget, platform.ticks());
            if done {
                slot.state = State::Free;
            }
            slot.budget.left.is_some()
        });
        if limited == Some(true) {
            platform.set_timer(None);
        }
        if done {
            let next = {
                let room = &mut self.table.lock().room;
                if room.is_empty() { None } else { self.freed(room, platform, thread) }
            };
            waiting::tell(tee, next);
        }
        exit
    }

    #[inline(always)]
    fn leave(&self, tee: &Tee<P>, thread: ThreadId, exit: ThreadExit) -> [u32; 4] {
        let platform = &tee.platform;
        let done = matches!(exit, ThreadExit::Done(_));
        let (armed, next) = {
            let mut table = self.table.lock();
            let Table { slots, room } = &mut *table;
            let slot = usize::try_from(thread.0).ok().and_then(|index| slots.get_mut(index));
            let armed = slot.is_some_and(|slot| {
                slot.state = if done { State::Free } else { State::Suspended };
                if !done {
                    slot.since = Self::reason(exit);
                }
                let armed = slot.budget.left.is_some();
                if armed {
                    Self::charge(&mut slot.budget, platform.ticks());
                }
                armed
            });
            let next = if done && !room.is_empty() { self.freed(room, platform, thread) } else { None };
            (armed, next)
        };
        if armed {
            platform.set_timer(None);
        }
        if next.is_some() {
            waiting::tell(tee, next);
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

    /// Promises a thread that has become free; the place that is to be told.
    #[cold]
    #[inline(never)]
    fn freed(&self, room: &mut Room, platform: &P, thread: ThreadId) -> Option<usize> {
        let common = usize::try_from(thread.0).is_ok_and(|index| index < self.common);
        if common { room.promise(platform.ticks(), &Periods::of(platform)) } else { room.oldest_other() }
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

    /// Lets the TA that runs on this thread run for so many more ticks; false when it may do less already.
    pub fn shorten(&self, platform: &P, thread: ThreadId, ticks: u64) -> bool {
        let now = platform.ticks();
        let shorter = self.with(thread, |slot| {
            Self::charge(&mut slot.budget, now);
            let shorter = slot.budget.left.is_none_or(|left| ticks < left);
            if shorter {
                slot.budget = Budget { left: Some(ticks), since: now };
            }
            shorter
        });
        if shorter == Some(true) {
            platform.set_timer(Some(now.saturating_add(ticks)));
        }
        shorter.unwrap_or(false)
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

    /// The number by which the normal world knows the call in a place: those of the threads come first.
    pub fn id_of(&self, place: usize) -> ThreadId {
        ThreadId(u32::try_from(self.count.saturating_add(place)).unwrap_or(u32::MAX))
    }

    /// The place that a number stands for, if it can be one.
    pub fn place_of(&self, id: ThreadId) -> Option<usize> {
        usize::try_from(id.0).ok()?.checked_sub(self.count)
    }

    /// Gives a thread or else a place to a call that has found none.
    pub fn enter(&self, platform: &P, regs: [u32; 8], about: About) -> Entry {
        let mut table = self.table.lock();
        let thread = self.claim(&mut table, platform).or_else(|| self.claim_last(&mut table.slots, about));
        if let Some(thread) = thread {
            return Entry::Thread(thread);
        }
        table.room.enter(regs, about).map_or(Entry::Full, Entry::Place)
    }

    /// What comes next for the call in a place, whose caller says that it is back.
    pub fn back(&self, platform: &P, place: usize, listens: bool) -> Next {
        let now = platform.ticks();
        let mut table = self.table.lock();
        let Table { slots, room } = &mut *table;
        let claim = |kept, about| Table::claim(slots, 0..self.common, kept).or_else(|| self.claim_last(slots, about));
        room.back(place, now, &Periods::of(platform), listens, claim)
    }

    /// Notes that the caller of the call in a place is sent to the normal world.
    pub fn sent(&self, platform: &P, place: usize, step: Step) {
        self.table.lock().room.sent(place, step, platform.ticks());
    }

    /// Frees a place whose call ends; the place is given back whose call has a thread promised for that.
    pub fn quit(&self, platform: &P, place: usize) -> Option<usize> {
        self.table.lock().room.quit(place, platform.ticks(), &Periods::of(platform))
    }

    /// Cancels one more call that waits to invoke a command in this session; its place.
    pub fn cancel(&self, session: u32) -> Option<usize> {
        self.table.lock().room.cancel(session)
    }
}
