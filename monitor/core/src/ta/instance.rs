// SPDX-License-Identifier: BSD-2-Clause
//! A loaded TA: its shared state, and the body that one thread at a time owns while it runs in it.

use super::abandoned::AbandonedLimit;
use super::module::Module;
use super::params::{self, Params};
use super::space::UserSpace;
use crate::crypto::object::Objects;
use crate::crypto::state::States;
use crate::limits::MAX_THREADS;
use crate::lock::Lock;
use crate::ports::{AddressSpace, Machine, Platform, ThreadId};
use crate::session::Client;
use crate::storage::enumerator::Enumerators;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use ta_loader::plan::Program;
use utee_abi::call_rule::{self, CallRule};
use utee_abi::result::TeeError;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

/// Registers of the space of a platform.
pub type Context<P> = <<P as Platform>::Space as AddressSpace>::Context;

/// What only the thread that runs in the TA may touch.
pub struct Body<P: Platform> {
    /// Its memory.
    pub space: UserSpace<P>,
    /// Its registers.
    pub context: Context<P>,
    /// Its instruction set.
    pub machine: Machine,
    /// Where it is entered.
    pub entry: u64,
    /// First address past its stack.
    pub stack_top: u64,
    /// The frames of its stack, where parameters are put without asking the region table.
    pub stack: Arc<P::Frames>,
    /// Address that its image was loaded at.
    pub load_base: u64,
    /// Ticks that one call may run, if it is limited.
    pub time_limit: Option<u64>,
    /// What of its calls is let go on when their client is interrupted.
    pub abandoned_limit: AbandonedLimit,
    /// Where the next region is looked for.
    pub free_from: u64,
    /// Cryptographic states.
    pub states: States,
    /// Cryptographic objects.
    pub objects: Objects,
    /// Enumerators of its persistent objects.
    pub enumerators: Enumerators,
    /// Sessions that it opened.
    pub opened: Vec<u32>,
    /// The TA's image, then its libraries.
    pub modules: Vec<Module<P>>,
}

/// Who has the body.
enum Hold<P: Platform> {
    Idle(Box<Body<P>>),
    Held(ThreadId),
    Dead,
}

struct State<P: Platform> {
    hold: Hold<P>,
    sessions: u32,
    /// A bit for each thread.
    waiting: u32,
}

/// A loaded TA as everybody sees it.
pub struct Instance<P: Platform> {
    /// Distinguishes instances of one UUID; never used twice.
    pub id: u32,
    /// Its UUID.
    pub uuid: Uuid,
    /// Flags of its header.
    pub flags: TaFlags,
    /// What calls of it have to be.
    rules: Arc<Vec<CallRule>>,
    state: Lock<P, State<P>>,
    /// Set when it panicked, for those who look without the lock.
    dead: AtomicBool,
}

/// What a TA does, as an operator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Nobody runs in it.
    Nothing,
    /// This thread does.
    Running(ThreadId),
    /// It panicked.
    Dead,
}

/// What came of asking for the body.
pub enum Acquire<P: Platform> {
    /// Here it is.
    Got(Box<Body<P>>),
    /// This thread has it; the caller waits or gives up.
    HeldBy(ThreadId),
    /// The TA panicked.
    Dead,
}

impl<P: Platform> Instance<P> {
    /// A new instance that `thread` holds and that has one session.
    pub fn new(id: u32, uuid: Uuid, program: &Program, thread: ThreadId) -> Self {
        let state = State { hold: Hold::Held(thread), sessions: 1, waiting: 0 };
        let (flags, rules) = (program.flags, Arc::clone(&program.rules));
        Self { id, uuid, flags, rules, state: Lock::<P, _>::new(state), dead: AtomicBool::new(false) }
    }

    /// Refuses a call that is not what the TA's image says its calls are.
    ///
    /// # Errors
    /// ACCESS_DENIED, BAD_PARAMETERS, NOT_SUPPORTED: [`call_rule::check`].
    pub fn permits(&self, client: &Client, function: EntryFunction, command: u32, params: &Params<P>) -> Result<(), TeeError> {
        if self.rules.is_empty() {
            return Ok(());
        }
        call_rule::check(&self.rules, function, command, params::types(params), client.login)
    }

    /// True once the TA has panicked.
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Number of sessions.
    pub fn sessions(&self) -> u32 {
        self.state.lock().sessions
    }

    /// Adds a session.
    ///
    /// # Errors
    /// BUSY when the TA takes one session at a time and has it.
    pub fn join(&self) -> Result<(), TeeError> {
        let mut state = self.state.lock();
        if state.sessions > 0 && !self.flags.contains(TaFlags::MULTI_SESSION) {
            return Err(TeeError::BUSY);
        }
        state.sessions = state.sessions.saturating_add(1);
        Ok(())
    }

    /// Takes a session away; true when it was the last one.
    pub fn part(&self) -> bool {
        let mut state = self.state.lock();
        state.sessions = state.sessions.saturating_sub(1);
        state.sessions == 0
    }

    /// Takes the body for `thread`, or says why not.
    pub fn acquire(&self, thread: ThreadId) -> Acquire<P> {
        let mut state = self.state.lock();
        match core::mem::replace(&mut state.hold, Hold::Held(thread)) {
            Hold::Idle(body) => {
                // It may have come before it was woken: nobody is to wake it now instead of another one.
                state.waiting &= !bit_of(thread);
                Acquire::Got(body)
            }
            Hold::Held(holder) => {
                state.hold = Hold::Held(holder);
                Acquire::HeldBy(holder)
            }
            Hold::Dead => {
                state.hold = Hold::Dead;
                Acquire::Dead
            }
        }
    }

    /// Notes that `thread` waits for the body; false when it is free (or dead) by now and waiting is not needed.
    #[must_use]
    pub fn enqueue(&self, thread: ThreadId) -> bool {
        let mut state = self.state.lock();
        let held = matches!(state.hold, Hold::Held(_));
        let bit = bit_of(thread);
        state.waiting = if held { state.waiting | bit } else { state.waiting & !bit };
        held
    }

    /// Ends the waiting of `thread` without the body. The thread that is returned was passed over and is to be woken.
    #[must_use]
    pub fn give_up(&self, thread: ThreadId) -> Option<ThreadId> {
        let mut state = self.state.lock();
        let waited = state.waiting & bit_of(thread) != 0;
        state.waiting &= !bit_of(thread);
        // No longer noted: it was the one to be woken, and the body may lie there.
        if waited || matches!(state.hold, Hold::Held(_)) { None } else { next_waiter(&mut state.waiting) }
    }

    /// The thread that holds the body, if one does.
    pub fn holder(&self) -> Option<ThreadId> {
        match self.state.lock().hold {
            Hold::Held(thread) => Some(thread),
            _ => None,
        }
    }

    /// What the TA does, and the pages that are mapped in it; these only while nobody runs in it.
    pub fn doing(&self) -> (Doing, Option<usize>) {
        match &self.state.lock().hold {
            Hold::Idle(body) => (Doing::Nothing, Some(body.space.pages())),
            Hold::Held(thread) => (Doing::Running(*thread), None),
            Hold::Dead => (Doing::Dead, None),
        }
    }

    /// Where the TA's image was loaded, where it is entered, and the first address past its stack; while nobody runs in it.
    pub fn place(&self) -> Option<[u64; 3]> {
        match &self.state.lock().hold {
            Hold::Idle(body) => Some([body.load_base, body.entry, body.stack_top]),
            Hold::Held(_) | Hold::Dead => None,
        }
    }

    /// Gives the body back. The thread that is returned waits for it and is to be woken.
    #[must_use]
    pub fn release(&self, body: Box<Body<P>>) -> Option<ThreadId> {
        let mut state = self.state.lock();
        state.hold = Hold::Idle(body);
        next_waiter(&mut state.waiting)
    }

    /// Marks the TA as dead. Its body is the caller's to drop; every thread that is given here waits and is to be woken.
    pub fn kill(&self) -> impl Iterator<Item = ThreadId> {
        let mut state = self.state.lock();
        state.hold = Hold::Dead;
        self.dead.store(true, Ordering::Release);
        let mut waiting = core::mem::take(&mut state.waiting);
        core::iter::from_fn(move || next_waiter(&mut waiting))
    }
}

const _: () = assert!(MAX_THREADS <= 32);

fn bit_of(thread: ThreadId) -> u32 {
    1u32.checked_shl(thread.0).unwrap_or(0)
}

/// Takes the first thread out of those that wait.
fn next_waiter(waiting: &mut u32) -> Option<ThreadId> {
    let first = (*waiting != 0).then(|| waiting.trailing_zeros())?;
    *waiting &= waiting.wrapping_sub(1);
    Some(ThreadId(first))
}
