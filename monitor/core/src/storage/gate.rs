// SPDX-License-Identifier: BSD-2-Clause
//! One storage operation at a time, across the requests to the normal world that it makes: threads wait for each other asleep.

use crate::call::Call;
use crate::limits::MAX_THREADS;
use crate::lock::Lock;
use crate::ports::{Platform, ThreadId};
use utee_abi::result::TeeError;

struct State {
    holder: Option<ThreadId>,
    /// A bit for each thread that waits.
    waiting: u32,
}

const _: () = assert!(MAX_THREADS < 32);

fn bit_of(thread: ThreadId) -> u32 {
    1u32.checked_shl(thread.0).unwrap_or(0)
}

impl State {
    /// Takes out the thread that is to be woken, if one waits.
    fn next(&mut self) -> Option<ThreadId> {
        let first = (self.waiting != 0).then(|| self.waiting.trailing_zeros())?;
        self.waiting &= self.waiting.wrapping_sub(1);
        Some(ThreadId(first))
    }
}

/// Lets one thread in at a time.
pub struct Gate<P: Platform> {
    state: Lock<P, State>,
}

/// Being in. Dropping it lets the next thread in, which may take a request to the normal world: no lock may be held then.
pub struct Pass<'g, 't, P: Platform> {
    gate: &'g Gate<P>,
    call: &'g Call<'t, P>,
}

impl<P: Platform> Gate<P> {
    /// Nobody is in.
    pub fn new() -> Self {
        Self { state: Lock::<P, _>::new(State { holder: None, waiting: 0 }) }
    }

    /// Waits to be let in.
    ///
    /// # Errors
    /// STORAGE_NOT_AVAILABLE when the client is being killed meanwhile, or nobody can wait.
    pub fn enter<'g, 't>(&'g self, call: &'g Call<'t, P>) -> Result<Pass<'g, 't, P>, TeeError> {
        while !self.take(call.thread) {
            if call.wait().is_err() {
                if let Some(next) = self.give_up(call.thread) {
                    call.wake(next);
                }
                return Err(TeeError::STORAGE_NOT_AVAILABLE);
            }
        }
        Ok(Pass { gate: self, call })
    }

    /// True when `thread` is in now; it is noted as waiting otherwise.
    fn take(&self, thread: ThreadId) -> bool {
        let mut state = self.state.lock();
        let free = state.holder.is_none();
        if free {
            state.holder = Some(thread);
            // It may have come before it was woken.
            state.waiting &= !bit_of(thread);
        } else {
            state.waiting |= bit_of(thread);
        }
        free
    }

    /// Ends the waiting of `thread`. The thread that is returned was passed over and is to be woken.
    fn give_up(&self, thread: ThreadId) -> Option<ThreadId> {
        let mut state = self.state.lock();
        let waited = state.waiting & bit_of(thread) != 0;
        state.waiting &= !bit_of(thread);
        if waited || state.holder.is_some() { None } else { state.next() }
    }

    fn leave(&self) -> Option<ThreadId> {
        let mut state = self.state.lock();
        state.holder = None;
        state.next()
    }
}

impl<P: Platform> Default for Gate<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform> Drop for Pass<'_, '_, P> {
    fn drop(&mut self) {
        if let Some(next) = self.gate.leave() {
            self.call.wake(next);
        }
    }
}
