// SPDX-License-Identifier: BSD-2-Clause
//! Secure non-volatile storage (chapter "SNVS" of the security reference manual): whether this chip has its own key.
//!
//! The facts name no lock register of this block that the trusted OS could set; CSL (3,1) and (5,1) keep the normal world out.

use super::bus::Bus;
use super::map::{Register, SNVS_HP};

const HPSR: u32 = 0x14;

/// State of the security monitor (HPSR bits 11:8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Closed chip, image verified.
    Trusted,
    /// As trusted, and promoted by software.
    Secure,
    /// Any other, with its number: the key is the test key, the same on every chip.
    Other(u8),
}

/// What HPSR says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(u32);

impl Status {
    /// The state.
    pub const fn state(self) -> State {
        match (self.0 >> 8 & 0xF) as u8 {
            0b1101 => State::Trusted,
            0b1111 => State::Secure,
            other => State::Other(other),
        }
    }

    /// Whether the unique key is what its fuses say, none of it being all zero or damaged, and may be used.
    pub const fn has_unique_key(self) -> bool {
        let zero = self.0 >> 27 & 1 != 0;
        let syndrome = self.0 >> 16 & 0x1FF;
        !zero && syndrome == 0 && !matches!(self.state(), State::Other(_))
    }
}

/// The block.
#[derive(Debug)]
pub struct Snvs<'b, B> {
    bus: &'b B,
}

impl<'b, B: Bus> Snvs<'b, B> {
    /// The one of the chip.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    /// The register that [`Snvs::status`] reads.
    pub const fn status_register() -> Register {
        SNVS_HP.register(HPSR)
    }

    /// Reads its state.
    pub fn status(&self) -> Status {
        Status(self.bus.read(Self::status_register()))
    }
}
