// SPDX-License-Identifier: BSD-2-Clause
//! Asynchronous notifications: what the secure world tells the normal world by an interrupt, from where no request to
//! it is possible (OP-TEE ABI, SMC calls and notification numbers).

use crate::limits::{MAX_THREADS, MAX_WAITING};
use crate::lock::Lock;
use crate::ports::{Platform, ThreadId};
use utee_abi::rpc::notification::{ASYNC_COUNT, VALUE_PENDING, VALUE_VALID};

/// Notification numbers: the asynchronous ones, and one for each call that may be under way.
type Numbers = u128;

const _: () = assert!(ASYNC_COUNT as usize + MAX_THREADS + MAX_WAITING <= Numbers::BITS as usize);

struct State {
    enabled: bool,
    pending: Numbers,
}

/// Notifications that the normal world has not fetched yet.
pub struct Notifications<P: Platform> {
    state: Lock<P, State>,
    /// Whether the board can raise the interrupt.
    possible: bool,
}

impl<P: Platform> Notifications<P> {
    /// None pending, not wanted yet.
    pub fn new(platform: &P) -> Self {
        let state = State { enabled: false, pending: 0 };
        Self { state: Lock::<P, _>::new(state), possible: platform.notification_interrupt().is_some() }
    }

    /// True when this board can notify.
    pub fn possible(&self) -> bool {
        self.possible
    }

    /// The number under which `thread`, or the call that waits for one, waits.
    pub fn number_of(&self, thread: ThreadId) -> u32 {
        if self.possible { ASYNC_COUNT.saturating_add(thread.0) } else { thread.0 }
    }

    /// One more than the largest number in use. Linux sizes a bitmap by the value that it is told is the largest, so that
    /// the largest itself must not be used.
    pub fn end(&self, calls: usize) -> u32 {
        let calls = u32::try_from(calls).unwrap_or(0);
        if self.possible { ASYNC_COUNT.saturating_add(calls) } else { calls }
    }

    /// The normal world wants them from now on; it learns at once of what is pending already. False when the board has
    /// no interrupt for it.
    pub fn enable(&self, platform: &P) -> bool {
        let mut state = self.state.lock();
        state.enabled = self.possible;
        if state.enabled && state.pending != 0 {
            platform.raise_notification();
        }
        self.possible
    }

    /// The normal world wants no more of them. False when there never were any.
    pub fn disable(&self) -> bool {
        self.state.lock().enabled = false;
        self.possible
    }

    /// True while the normal world wants them.
    pub fn listens(&self) -> bool {
        self.state.lock().enabled
    }

    /// Notifies the normal world; false when it does not listen, and then nothing is pending either.
    ///
    /// Never blocks: fit for interrupt handlers and under locks of the core.
    #[must_use]
    pub fn raise(&self, platform: &P, number: u32) -> bool {
        let Some(bit) = Numbers::checked_shl(1, number) else { return false };
        let mut state = self.state.lock();
        if !state.enabled {
            return false;
        }
        state.pending |= bit;
        platform.raise_notification();
        true
    }

    /// The next notification that is pending: its number and the flags of GET_ASYNC_NOTIF_VALUE.
    pub fn take(&self) -> [u32; 2] {
        let mut state = self.state.lock();
        if state.pending == 0 {
            return [0, 0];
        }
        let number = state.pending.trailing_zeros();
        state.pending &= state.pending.wrapping_sub(1);
        let more = if state.pending == 0 { 0 } else { VALUE_PENDING };
        [number, VALUE_VALID | more]
    }
}
