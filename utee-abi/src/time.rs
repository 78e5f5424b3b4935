// SPDX-License-Identifier: BSD-2-Clause
//! Times of the GlobalPlatform TEE Internal Core API, chapter 7.

use crate::bytes;
use core::time::Duration;
use num_enum::TryFromPrimitive;

/// TEE_TIMEOUT_INFINITE, in milliseconds.
pub const WAIT_FOREVER: u32 = u32::MAX;

/// Clock that get_time asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TryFromPrimitive)]
#[repr(u32)]
pub enum TimeCategory {
    /// System time.
    System = 0,
    /// The TA's persistent time.
    TaPersistent = 1,
    /// Time of the normal world.
    Ree = 2,
}

/// TEE_Time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TeeTime {
    /// Seconds.
    pub seconds: u32,
    /// Milliseconds, 0 to 999.
    pub millis: u32,
}

impl TeeTime {
    /// Size in bytes.
    pub const SIZE: usize = 8;

    /// Its memory.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        let (seconds, millis) = out.split_at_mut(4);
        seconds.copy_from_slice(&self.seconds.to_le_bytes());
        millis.copy_from_slice(&self.millis.to_le_bytes());
        out
    }

    /// From its memory.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Self {
        let word = |at| bytes::u32_at(bytes, at).unwrap_or(0);
        Self { seconds: word(0), millis: word(4) }
    }

    /// A duration, its seconds cut to 32 bits as TEE_Time does.
    #[must_use]
    pub fn from_duration(duration: Duration) -> Self {
        Self { seconds: (duration.as_secs() & u64::from(u32::MAX)) as u32, millis: duration.subsec_millis() }
    }

    /// As a duration.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(u64::from(self.seconds)).saturating_add(Duration::from_millis(u64::from(self.millis)))
    }
}

#[cfg(test)]
mod tests {
    use super::{TeeTime, TimeCategory};
    use core::time::Duration;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn times_round_trip(seconds in any::<u32>(), millis in 0u32..1000) {
            let time = TeeTime { seconds, millis };
            prop_assert_eq!(TeeTime::from_bytes(&time.to_bytes()), time);
            prop_assert_eq!(TeeTime::from_duration(time.as_duration()), time);
        }
    }

    #[test]
    fn seconds_past_32_bits_wrap() {
        let time = TeeTime::from_duration(Duration::new((1 << 32) + 5, 999_999_999));
        assert_eq!(time, TeeTime { seconds: 5, millis: 999 });
        assert!(TimeCategory::try_from(3).is_err());
    }
}
