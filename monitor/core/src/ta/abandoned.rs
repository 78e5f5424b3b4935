// SPDX-License-Identifier: BSD-2-Clause
//! TAs that compute for a client which is interrupted: told by cancellation, and ended when they go on for too long.
//!
//! A kill cannot be told from another signal: both end a sleep in Linux, stay pending while the client is in the driver, and show in
//! nothing else that a request may ask for. (Linux' only wait that a kill alone ends is the one for the supplicant. A request made
//! to be ended there is safe in kernels of 2026; in those of 2025 the supplicant's answer to it may be written to freed memory.)
//! So there is a limit for any signal, in CPU time of the TA.

use super::dump::Cause;
use super::instance::{Body, Instance};
use crate::call::Call;
use crate::limits::ABANDONED_LIMIT_MS;
use crate::ports::Platform;
use crate::session::Session;
use crate::ta::time::ticks_of_ms;
use utee_abi::result::TeeError;
use utee_abi::ta_head::{TaFlags, TaLimits};

/// Ticks of CPU time that a call may go on in a TA after its client was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbandonedLimit {
    /// The TA does not say: so many, if nobody else would miss it.
    Default(u64),
    /// The TA says.
    Own(u64),
    /// No limit.
    Never,
}

impl AbandonedLimit {
    /// What a TA says, or does not.
    pub fn of<P: Platform>(platform: &P, limits: Option<&TaLimits>) -> Self {
        match limits.map(|limits| (limits.abandoned_limit, limits.time_limit_ms)) {
            Some((TaLimits::NEVER, _)) => Self::Never,
            Some((0, time_limit)) if time_limit != 0 => Self::Never,
            None | Some((0, _)) => Self::Default(ticks_of_ms(platform, ABANDONED_LIMIT_MS)),
            Some((own, _)) => Self::Own(ticks_of_ms(platform, u32::from(own).saturating_mul(100))),
        }
    }

    /// The ticks for this instance as things are now.
    fn ticks<P: Platform>(self, instance: &Instance<P>) -> Option<u64> {
        match self {
            Self::Own(ticks) => Some(ticks),
            Self::Default(ticks) if instance.sessions() <= 1 && !instance.flags.contains(TaFlags::INSTANCE_KEEP_ALIVE) => Some(ticks),
            Self::Default(_) | Self::Never => None,
        }
    }
}

/// Watches over one entry into a TA.
#[derive(Default)]
pub struct Watch {
    /// The limit counts down.
    running: bool,
    /// Why the TA is to end, once a system call has found that.
    ended: Option<Cause>,
}

impl Watch {
    /// Looks now and then whether the client is interrupted, where that changes anything. If so the TA is told, and its limit
    /// begins.
    #[inline(never)]
    pub fn look<P: Platform>(&mut self, call: &Call<'_, P>, instance: &Instance<P>, body: &Body<P>, session: &Session<P>) {
        let limit = body.abandoned_limit;
        if self.running || !(session.lets_cancel_through() || limit.ticks(instance).is_some()) {
            return;
        }
        // A normal world that cannot be asked is none that wants this ended.
        if call.is_abandoned() != Ok(true) {
            return;
        }
        session.cancel();
        if let Some(ticks) = limit.ticks(instance) {
            self.running = call.tee.threads.shorten(call.platform(), call.thread, ticks);
        }
    }

    /// Why the TA is to end now, if its time is over.
    #[inline(never)]
    pub fn over<P: Platform>(&mut self, call: &Call<'_, P>, instance: &Instance<P>, body: &Body<P>) -> Option<Cause> {
        if !call.tee.threads.expired(call.platform(), call.thread) {
            return None;
        }
        if !self.running {
            return Some(Cause::TimeLimit);
        }
        if body.abandoned_limit.ticks(instance).is_some() {
            return Some(Cause::Abandoned);
        }
        // Somebody else has come to count on it.
        self.stop(call);
        None
    }

    /// Notes in a system call whether the time is over.
    ///
    /// # Errors
    /// TARGET_DEAD if so.
    pub fn end<P: Platform>(&mut self, call: &Call<'_, P>, instance: &Instance<P>, body: &Body<P>) -> Result<(), TeeError> {
        self.ended = self.over(call, instance, body);
        if self.ended.is_some() { Err(TeeError::TARGET_DEAD) } else { Ok(()) }
    }

    /// What [`Watch::end`] noted.
    pub fn ended(&self) -> Option<Cause> {
        self.ended
    }

    /// The entry is over: what comes next on this thread has no part in its limit.
    pub fn stop<P: Platform>(&mut self, call: &Call<'_, P>) {
        if core::mem::take(&mut self.running) {
            call.tee.threads.arm(call.platform(), call.thread, None);
        }
    }
}
