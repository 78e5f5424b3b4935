// SPDX-License-Identifier: BSD-2-Clause
//! The waiting room: calls that find no free secure thread.
//!
//! A call that is answered ETHREAD_LIMIT waits in Linux' driver where neither a signal nor a kill reaches it. Here such a call
//! keeps its registers in a place instead, and its caller is sent to wait by one request after another, until a thread is
//! promised to it. A place needs no stack: everything here runs on the run loop's.
//!
//! * The last thread is for calls that must be done (close, give memory back): a client that is killed while it waits here is
//!   not gone before its sessions are closed.
//! * A thread that becomes free is promised to the call that has waited longest, which is told by a notification.
//! * While it waits for that the caller is asked for a short sleep now and then: one that a pending signal ends shows that the
//!   client is wanted elsewhere, and an open or an invoke then ends with CANCEL. Nothing else is ever given up.
//! * Of what the normal world answers nothing is read. Only the clock is looked at, and whether there is a thread.

use crate::Tee;
use crate::limits::MAX_WAITING;
use crate::msg::{self, window::Window};
use crate::ports::{Platform, ThreadId};
use crate::smc::yielding::{self, Located};
use crate::ta::time::ticks_of_ms;
use alloc::vec::Vec;
use utee_abi::msg::{Command, HEADER_SIZE, MsgHeader, MsgParam, PARAM_SIZE};
use utee_abi::result::{Origin, TeeError};
use utee_abi::rpc::{NOTIFICATION_WAIT, RpcCommand};
use utee_abi::smc::{ReturnCode, RpcReturn, rpc_return};

/// Milliseconds that a caller waits to be told, before it is seen whether it is wanted elsewhere. Linux 6.12 takes them for
/// jiffies, of which there are 100 to 1000 in a second.
const WAIT_MS: u32 = 100;

/// Milliseconds of the sleep that shows this: long enough to be told from none.
const PROBE_MS: u32 = 20;

/// Sleeps in a row that a signal ends, before a call is given up.
const ENOUGH: u8 = 2;

/// Milliseconds that a thread is kept for the call that it is promised to.
const PROMISE_MS: u32 = 200;

/// Milliseconds that a CPU rests at most when its caller can neither sleep nor be given up.
const REST_MS: u32 = 10;

/// What a waiting call is, as far as that matters for waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// An open of a session.
    Open,
    /// An invoke in this session.
    Invoke(u32),
    /// Anything else: whoever makes it counts on its being done.
    Other,
}

impl About {
    /// What the header of a message says.
    fn of(header: &MsgHeader) -> Self {
        match Command::try_from(header.cmd) {
            Ok(Command::OpenSession) => Self::Open,
            Ok(Command::InvokeCommand) => Self::Invoke(header.session),
            _ => Self::Other,
        }
    }
}

/// What the caller of a waiting call was sent to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To wait for its notification.
    Wait,
    /// To sleep, which a signal ends.
    Sleep,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    /// Its caller is in the normal world.
    Away,
    /// A CPU deals with it.
    Here,
}

/// A call that waits.
#[derive(Clone, Copy)]
struct Place {
    state: State,
    /// When it came, in the order of all calls that ever waited.
    ticket: u64,
    regs: [u32; 8],
    about: About,
    step: Step,
    /// The tick at which its caller was sent away.
    since: u64,
    /// Sleeps in a row that ended early.
    early: u8,
    cancelled: bool,
    /// The tick up to which a thread is kept for it.
    promised: Option<u64>,
}

/// The places. Its owner locks it together with the threads.
pub struct Room {
    places: Vec<Place>,
    used: usize,
    /// Promises that have been made and neither kept nor withdrawn; some may have run out.
    promises: usize,
    tickets: u64,
}

/// What comes next for a call whose caller is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// There is no such call.
    Unknown,
    /// It has left its place for this thread.
    Run(ThreadId, [u32; 8]),
    /// It has left its place, and ends with CANCEL; the place whose call now has a thread promised is to be told.
    GiveUp([u32; 8], About, Option<usize>),
    /// It waits on.
    Wait([u32; 8], Step, Rest),
}

/// Whether the CPU rests before the caller is sent away again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It does: the caller comes back at once from every sleep.
    Yes,
    /// It does not.
    No,
}

/// Ticks of the periods that matter.
#[derive(Clone, Copy)]
pub struct Periods {
    probe: u64,
    promise: u64,
}

impl Periods {
    /// For this platform's counter.
    pub fn of<P: Platform>(platform: &P) -> Self {
        let [probe, promise] = [PROBE_MS, PROMISE_MS].map(|ms| ticks_of_ms(platform, ms));
        Self { probe, promise }
    }
}

impl Room {
    /// Empty.
    pub fn new() -> Self {
        Self { places: Vec::with_capacity(MAX_WAITING), used: 0, promises: 0, tickets: 0 }
    }

    /// True when nobody waits.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// True when a thread has been promised to anybody.
    pub fn has_promises(&self) -> bool {
        self.promises != 0
    }

    /// Threads that are kept for waiting calls at this tick.
    pub fn kept(&self, now: u64) -> usize {
        self.places.iter().filter(|place| place.state != State::Free && place.promised.is_some_and(|until| now < until)).count()
    }

    /// Takes a place for a call that is being dealt with; `None` when all are taken.
    pub fn enter(&mut self, regs: [u32; 8], about: About) -> Option<usize> {
        let index = match self.places.iter().position(|place| place.state == State::Free) {
            Some(index) => index,
            None if self.places.len() < MAX_WAITING => self.places.len(),
            None => return None,
        };
        self.tickets = self.tickets.wrapping_add(1);
        let (ticket, step) = (self.tickets, Step::Wait);
        let place = Place { state: State::Here, ticket, regs, about, step, since: 0, early: 0, cancelled: false, promised: None };
        match self.places.get_mut(index) {
            Some(free) => *free = place,
            None => self.places.push(place),
        }
        self.used = self.used.saturating_add(1);
        Some(index)
    }

    /// Frees a place; true when a thread was promised to its call.
    fn leave(&mut self, index: usize) -> bool {
        let Some(place) = self.places.get_mut(index).filter(|place| place.state != State::Free) else { return false };
        place.state = State::Free;
        let promised = place.promised.take().is_some();
        self.used = self.used.saturating_sub(1);
        self.promises = self.promises.saturating_sub(usize::from(promised));
        promised
    }

    /// Frees the place of a call that ends without a thread. One that was promised to it is now promised to another call,
    /// whose place is given.
    pub fn quit(&mut self, index: usize, now: u64, periods: &Periods) -> Option<usize> {
        if self.leave(index) { self.promise(now, periods) } else { None }
    }

    /// Promises a free thread to the call that has waited longest, without one or with a promise that has run out.
    pub fn promise(&mut self, now: u64, periods: &Periods) -> Option<usize> {
        let waits = |place: &Place| place.state != State::Free && place.promised.is_none_or(|until| until <= now);
        let oldest = self.places.iter_mut().enumerate().filter(|(_, place)| waits(place)).min_by_key(|(_, place)| place.ticket);
        let (index, place) = oldest?;
        if place.promised.replace(now.saturating_add(periods.promise)).is_none() {
            self.promises = self.promises.saturating_add(1);
        }
        Some(index)
    }

    /// Notes that the caller of the call in a place is sent to the normal world.
    pub fn sent(&mut self, index: usize, step: Step, now: u64) {
        if let Some(place) = self.places.get_mut(index).filter(|place| place.state == State::Here) {
            (place.state, place.step, place.since) = (State::Away, step, now);
        }
    }

    /// The call other than an open or an invoke that has waited longest.
    pub fn oldest_other(&self) -> Option<usize> {
        let waits = |place: &Place| place.state != State::Free && place.about == About::Other;
        let oldest = self.places.iter().enumerate().filter(|(_, place)| waits(place)).min_by_key(|(_, place)| place.ticket);
        oldest.map(|(index, _)| index)
    }

    /// What comes next for the call in a place, whose caller says that it is back. `claim` gives a thread for such a call, if
    /// one is free beside this number that are kept for others.
    pub fn back(
        &mut self,
        index: usize,
        now: u64,
        periods: &Periods,
        listens: bool,
        claim: impl FnOnce(usize, About) -> Option<ThreadId>,
    ) -> Next {
        let Some(place) = self.places.get(index).copied().filter(|place| place.state == State::Away) else { return Next::Unknown };
        let give_up = |room: &mut Self| Next::GiveUp(place.regs, place.about, room.quit(index, now, periods));
        if place.cancelled {
            return give_up(self);
        }
        let own = usize::from(place.promised.is_some_and(|until| now < until));
        if let Some(thread) = claim(self.kept(now).saturating_sub(own), place.about) {
            self.leave(index);
            return Next::Run(thread, place.regs);
        }
        let slept = now.saturating_sub(place.since);
        let early = match place.step {
            Step::Sleep if slept < periods.probe / 2 => place.early.saturating_add(1),
            _ => 0,
        };
        if early >= ENOUGH && place.about != About::Other {
            return give_up(self);
        }
        // After a wait whose end is not that of its time the caller sleeps too: a wait may fail, and then is none.
        let step = match place.step {
            Step::Sleep if listens && (early == 0 || place.about == About::Other) => Step::Wait,
            _ => Step::Sleep,
        };
        let rest = if early != 0 && step == Step::Sleep && place.about == About::Other { Rest::Yes } else { Rest::No };
        if let Some(place) = self.places.get_mut(index) {
            (place.state, place.early) = (State::Here, early);
        }
        Next::Wait(place.regs, step, rest)
    }

    /// Marks one more waiting invoke in this session as cancelled; its place.
    pub fn cancel(&mut self, session: u32) -> Option<usize> {
        let wanted = |place: &Place| place.state != State::Free && !place.cancelled && place.about == About::Invoke(session);
        let (index, place) = self.places.iter_mut().enumerate().find(|(_, place)| wanted(place))?;
        place.cancelled = true;
        Some(index)
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

/// How a call that found no thread goes on.
pub enum Entry {
    /// A thread has become free meanwhile.
    Thread(ThreadId),
    /// It waits in this place.
    Place(usize),
    /// There is no place either.
    Full,
}

const fn answer(code: ReturnCode) -> [u32; 4] {
    [code.raw(), 0, 0, 0]
}

/// Lets a call wait that has found no free thread; the result is a0..a3 for the normal world.
///
/// A request to cancel is served at once, since it may be what a thread would become free by. A call that brings no place for
/// requests cannot wait here, and is told so as ever.
#[cold]
#[inline(never)]
pub fn enter<P: Platform>(tee: &Tee<P>, regs: [u32; 8]) -> [u32; 4] {
    let entry = with_message(tee, &regs, |message| {
        if Command::try_from(message.header.cmd) != Ok(Command::Cancel) {
            return park(tee, regs, message);
        }
        msg::serve_cancel(tee, &message.window, &message.header);
        Ok(answer(ReturnCode::Ok))
    });
    match entry {
        Ok(Ok(result)) => result,
        Ok(Err(thread)) => tee.threads.start_late(tee, thread, regs),
        Err(code) => answer(code),
    }
}

/// Takes a place for a call, unless there is a thread by now.
fn park<P: Platform>(tee: &Tee<P>, regs: [u32; 8], message: &Located) -> Result<[u32; 4], ThreadId> {
    let Some(rpc) = &message.rpc else { return Ok(answer(ReturnCode::EThreadLimit)) };
    match tee.threads.enter(&tee.platform, regs, About::of(&message.header)) {
        Entry::Thread(thread) => Err(thread),
        Entry::Full => Ok(answer(ReturnCode::EThreadLimit)),
        Entry::Place(index) => {
            let step = if tee.notifications.listens() { Step::Wait } else { Step::Sleep };
            Ok(send(tee, index, step, rpc))
        }
    }
}

/// Goes on with a call that waits; the result is a0..a3 for the normal world. `regs` are those of the return from a request.
#[cold]
#[inline(never)]
pub fn resume<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> [u32; 4] {
    let Some(index) = tee.threads.place_of(ThreadId(regs[3])) else { return answer(ReturnCode::EResume) };
    match tee.threads.back(&tee.platform, index, tee.notifications.listens()) {
        Next::Unknown => answer(ReturnCode::EResume),
        Next::Run(thread, regs) => tee.threads.start_late(tee, thread, regs),
        Next::GiveUp(regs, about, next) => {
            tell(tee, next);
            let refused = with_message(tee, &regs, |message| refuse(tee, message, about));
            answer(refused.err().unwrap_or(ReturnCode::Ok))
        }
        Next::Wait(regs, step, rest) => {
            if rest == Rest::Yes {
                sleep_here(tee);
            }
            let sent = with_message(tee, &regs, |message| message.rpc.as_ref().map(|rpc| send(tee, index, step, rpc)));
            match sent {
                Ok(Some(result)) => result,
                // The message was there before: the normal world has taken it away under its own call.
                Ok(None) => quit(tee, index, ReturnCode::EBadAddr),
                Err(code) => quit(tee, index, code),
            }
        }
    }
}

/// Cancels every call that waits for a thread to invoke a command in this session; true when there was one.
#[cold]
#[inline(never)]
pub fn cancel<P: Platform>(tee: &Tee<P>, session: u32) -> bool {
    let mut any = false;
    while let Some(index) = tee.threads.cancel(session) {
        tell(tee, Some(index));
        any = true;
    }
    any
}

/// Tells the call in a place to come and look. Where nobody listens it comes by itself.
#[cold]
#[inline(never)]
pub fn tell<P: Platform>(tee: &Tee<P>, place: Option<usize>) {
    if let Some(index) = place {
        let number = tee.notifications.number_of(tee.threads.id_of(index));
        let _ = tee.notifications.raise(&tee.platform, number);
    }
}

/// Finds the message of a call anew for `f`: between two requests nothing of it is kept, and nothing held back that it stands in.
fn with_message<P: Platform, R>(tee: &Tee<P>, regs: &[u32; 8], f: impl FnOnce(&Located) -> R) -> Result<R, ReturnCode> {
    let result = yielding::locate_again(tee, regs).map(|message| f(&message));
    yielding::use_ended(tee);
    result
}

/// Sends the caller of a waiting call away; the result is a0..a3 for it.
fn send<P: Platform>(tee: &Tee<P>, index: usize, step: Step, rpc: &Window) -> [u32; 4] {
    let id = tee.threads.id_of(index);
    let number = u64::from(tee.notifications.number_of(id));
    let (command, param) = match step {
        Step::Wait => (RpcCommand::Notification, MsgParam::value_in(NOTIFICATION_WAIT, number, u64::from(WAIT_MS))),
        Step::Sleep => (RpcCommand::Suspend, MsgParam::value_in(u64::from(PROBE_MS), 0, 0)),
    };
    let mut bytes = [0; HEADER_SIZE + PARAM_SIZE];
    let written = MsgHeader::request(command.raw(), 1).write(&mut bytes).and_then(|()| param.write(&mut bytes, 0));
    if written.is_none() || !rpc.write(&tee.platform, 0, &bytes) {
        return quit(tee, index, ReturnCode::EBadAddr);
    }
    tee.threads.sent(&tee.platform, index, step);
    [rpc_return(RpcReturn::Cmd), 0, 0, id.0]
}

/// Ends a call that can neither run nor wait.
fn quit<P: Platform>(tee: &Tee<P>, index: usize, code: ReturnCode) -> [u32; 4] {
    tell(tee, tee.threads.quit(&tee.platform, index));
    answer(code)
}

/// Answers a call with CANCEL.
fn refuse<P: Platform>(tee: &Tee<P>, message: &Located, about: About) {
    msg::answer(&tee.platform, &message.window, TeeError::CANCEL.raw(), Some(Origin::Tee));
    if about == About::Open {
        let _ = message.window.write(&tee.platform, MsgHeader::SESSION, &[0; 4]);
    }
}

/// Lets this CPU sleep until an interrupt, at most [`REST_MS`].
fn sleep_here<P: Platform>(tee: &Tee<P>) {
    let platform = &tee.platform;
    platform.set_timer(Some(platform.ticks().saturating_add(ticks_of_ms(platform, REST_MS))));
    platform.wait_for_interrupt();
    platform.set_timer(None);
}
