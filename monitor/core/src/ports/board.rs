// SPDX-License-Identifier: BSD-2-Clause
//! What only a board knows: noise, clock and place of objects.

use core::ops::RangeInclusive;
use utee_abi::result::TeeError;

/// A hardware random number generator, and what its board says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    name: &'static str,
    width: usize,
    millibits: u32,
}

impl Noise {
    /// A generator of samples of `width` bytes (1, 2, 4 or 8), each of which is assumed to hold at least `millibits` thousandths
    /// of a bit of min-entropy (NIST SP 800-90B): from 125 up to all its bits. `None` for anything else.
    pub const fn new(name: &'static str, width: usize, millibits: u32) -> Option<Self> {
        let whole = matches!(width, 1 | 2 | 4 | 8);
        if whole && millibits >= 125 && millibits as usize <= 8000 * width { Some(Self { name, width, millibits }) } else { None }
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes of a sample.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Thousandths of a bit of min-entropy that a sample is assumed to hold.
    pub const fn millibits(&self) -> u32 {
        self.millibits
    }
}

/// Where random numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntropyKind {
    /// A hardware random number generator, whose samples the core tests ([`crate::crypto::health`]) and condenses.
    Hardware(Noise),
    /// A stand-in that says what it is; fine for emulation, not for secrets that matter.
    StandIn(&'static str),
}

/// A clock of the board that keeps the time of day.
pub trait RealTimeClock {
    /// Seconds since the start of 1970.
    ///
    /// # Errors
    /// What the clock fails with.
    fn now(&self) -> Result<u64, TeeError>;

    /// Sets it to this second.
    ///
    /// # Errors
    /// What the clock fails with.
    fn set(&self, seconds: u64) -> Result<(), TeeError>;

    /// Seconds that it can be set to.
    fn range(&self) -> RangeInclusive<u64>;
}

/// Where the private objects of TAs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// In secure memory, until the next reset.
    Memory,
    /// In files of the normal world, encrypted and authenticated under keys made of the hardware-unique key. An image that is made for a
    /// product wants one of the device's own.
    NormalFiles,
}
