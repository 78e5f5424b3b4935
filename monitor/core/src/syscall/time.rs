// SPDX-License-Identifier: BSD-2-Clause
//! Time and waiting (GlobalPlatform TEE Internal Core API 1.3.1, chapter 7).

use super::Env;
use crate::call::Interrupted;
use crate::ports::Platform;
use crate::ta::time::{Clock, duration_of_ticks};
use core::time::Duration;
use utee_abi::result::TeeError;
use utee_abi::time::{TeeTime, TimeCategory, WAIT_FOREVER};

/// Longest sleep in the normal world while cancellation is let through: it is looked for in between.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// Longest single sleep otherwise.
const LONG_SLEEP: Duration = Duration::from_secs(3600);

/// TEE_Wait: sleeps `ms` milliseconds in the normal world, [`WAIT_FOREVER`] without end.
///
/// # Errors
/// CANCEL when the operation is cancelled, or its client interrupted, and cancellation unmasked; what the normal world
/// answers.
pub fn wait<P: Platform>(env: &Env<'_, '_, P>, ms: u32) -> Result<(), TeeError> {
    let platform = env.call.platform();
    let start = platform.ticks();
    let mut interrupted = Interrupted::default();
    loop {
        let now = platform.ticks();
        if env.session.is_cancelled(now) {
            return Err(TeeError::CANCEL);
        }
        let passed = duration_of_ticks(platform, now.saturating_sub(start));
        let left = if ms == WAIT_FOREVER { LONG_SLEEP } else { Duration::from_millis(u64::from(ms)).saturating_sub(passed) };
        if left.is_zero() {
            return Ok(());
        }
        let slice = if env.session.lets_cancel_through() { CANCEL_POLL } else { LONG_SLEEP };
        // Rounded up to the millisecond that the RPC counts in, so that the rest is never a busy loop.
        let sleep = left.min(slice).max(Duration::from_millis(1));
        let killed = interrupted.note(env.call.sleep(sleep)?);
        // A client that is being killed: nobody waits for this. A TA that masks cancellation is let finish, if it ever does.
        if killed && (env.session.lets_cancel_through() || ms == WAIT_FOREVER) {
            return Err(TeeError::CANCEL);
        }
    }
}

/// TEE_GetSystemTime, TEE_GetTAPersistentTime and TEE_GetREETime.
///
/// # Errors
/// BAD_PARAMETERS for an unknown category; TIME_NOT_SET, TIME_NEEDS_RESET and OVERFLOW for persistent time; ACCESS_DENIED.
pub fn get<P: Platform>(env: &Env<'_, '_, P>, category: u32, out: u64) -> Result<(), TeeError> {
    let category = TimeCategory::try_from(category).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let platform = env.call.platform();
    let (time, result) = match category {
        TimeCategory::System => (TeeTime::from_duration(platform.uptime()), Ok(())),
        TimeCategory::Ree => (TeeTime::from_duration(env.call.normal_time()?), Ok(())),
        TimeCategory::TaPersistent => {
            let (time, overflow) = env.call.tee.times.get(env.call, &env.instance.uuid)?;
            (time, if overflow { Err(TeeError::OVERFLOW) } else { Ok(()) })
        }
    };
    env.write_private(out, &time.to_bytes())?;
    result
}

/// TEE_SetTAPersistentTime.
///
/// # Errors
/// BAD_PARAMETERS for a time that is none; STORAGE_NO_SPACE for one that cannot be kept; ACCESS_DENIED.
pub fn set_ta_time<P: Platform>(env: &Env<'_, '_, P>, time: u64) -> Result<(), TeeError> {
    let time = TeeTime::from_bytes(&env.read_private(time)?);
    if time.millis >= 1000 {
        return Err(TeeError::BAD_PARAMETERS);
    }
    env.call.tee.times.set(env.call, &env.instance.uuid, time)
}
