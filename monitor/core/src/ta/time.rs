// SPDX-License-Identifier: BSD-2-Clause
//! Clocks: uptime in units people use, and the persistent time that each TA may set.

use crate::lock::Lock;
use crate::ports::Platform;
use alloc::vec::Vec;
use core::time::Duration;
use utee_abi::result::TeeError;
use utee_abi::time::TeeTime;
use utee_abi::uuid::Uuid;

/// TAs that may have set their time.
const MAX_TIMES: usize = 64;

const NANOS: u128 = 1_000_000_000;

/// What a number of counter ticks is in time.
pub fn duration_of_ticks<P: Platform>(platform: &P, ticks: u64) -> Duration {
    let hz = platform.tick_hz().max(1);
    let nanos = u128::from(ticks % hz).saturating_mul(NANOS) / u128::from(hz);
    Duration::new(ticks / hz, u32::try_from(nanos).unwrap_or(0))
}

/// The tick that is `ms` milliseconds from now; `None` for ever.
pub fn tick_after<P: Platform>(platform: &P, ms: u32) -> Option<u64> {
    if ms == utee_abi::time::WAIT_FOREVER {
        return None;
    }
    Some(platform.ticks().saturating_add(ticks_of_ms(platform, ms)))
}

/// Number of ticks in `ms` milliseconds.
pub fn ticks_of_ms<P: Platform>(platform: &P, ms: u32) -> u64 {
    u64::from(ms).saturating_mul(platform.tick_hz()) / 1000
}

/// Time since the counter started.
pub trait Clock {
    /// Uptime.
    fn uptime(&self) -> Duration;
}

impl<P: Platform> Clock for P {
    fn uptime(&self) -> Duration {
        duration_of_ticks(self, self.ticks())
    }
}

/// Persistent time of each TA, as an offset to uptime; lost at reset, as the property
/// gpd.tee.TAPersistentTime.protectionLevel 100 allows.
pub struct TaTimes<P: Platform> {
    set: Lock<P, Vec<(Uuid, TeeTime, Duration)>>,
}

impl<P: Platform> TaTimes<P> {
    /// No TA has set its time.
    pub fn new() -> Self {
        Self { set: Lock::<P, _>::new(Vec::new()) }
    }

    /// The TA's time, and whether its seconds have wrapped.
    ///
    /// # Errors
    /// TIME_NOT_SET.
    pub fn get(&self, platform: &P, uuid: &Uuid) -> Result<(TeeTime, bool), TeeError> {
        let now = platform.uptime();
        let set = self.set.lock();
        let (_, time, since) = set.iter().find(|(owner, _, _)| owner == uuid).ok_or(TeeError::TIME_NOT_SET)?;
        let total = time.as_duration().saturating_add(now.saturating_sub(*since));
        Ok((TeeTime::from_duration(total), total.as_secs() > u64::from(u32::MAX)))
    }

    /// Sets the TA's time.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn set(&self, platform: &P, uuid: &Uuid, time: TeeTime) -> Result<(), TeeError> {
        let now = platform.uptime();
        let mut set = self.set.lock();
        if let Some(entry) = set.iter_mut().find(|(owner, _, _)| owner == uuid) {
            *entry = (*uuid, time, now);
            return Ok(());
        }
        if set.len() >= MAX_TIMES {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        set.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        set.push((*uuid, time, now));
        Ok(())
    }
}

impl<P: Platform> Default for TaTimes<P> {
    fn default() -> Self {
        Self::new()
    }
}
