// SPDX-License-Identifier: BSD-2-Clause
//! The clock of QEMU `virt`, a PL031, for the kernels of both architectures.

use crate::map;
use core::ops::RangeInclusive;
use drivers::pl031::Pl031;
use tee_core::ports::RealTimeClock;
use utee_abi::result::TeeError;

/// The clock, which the normal world may set as well.
pub struct Clock(Pl031);

impl Clock {
    /// The clock of the board.
    ///
    /// # Safety
    /// Whenever its time is read or set, the page at [`map::CLOCK`] must be mapped there as device memory.
    pub const unsafe fn new() -> Self {
        // SAFETY: the caller's.
        Self(unsafe { Pl031::new(map::CLOCK as usize) })
    }
}

impl RealTimeClock for Clock {
    fn now(&self) -> Result<u64, TeeError> {
        Ok(u64::from(self.0.seconds()))
    }

    fn set(&self, seconds: u64) -> Result<(), TeeError> {
        self.0.set(u32::try_from(seconds).map_err(|_| TeeError::BAD_PARAMETERS)?);
        Ok(())
    }

    fn range(&self) -> RangeInclusive<u64> {
        0..=u64::from(u32::MAX)
    }
}
