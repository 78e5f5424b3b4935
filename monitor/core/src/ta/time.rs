// SPDX-License-Identifier: BSD-2-Clause
//! Clocks: uptime in units people use. The time that each TA may set is in [`super::persistent_time`].

use crate::ports::Platform;
use core::time::Duration;

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
