// SPDX-License-Identifier: BSD-2-Clause
//! Secure non-volatile storage (chapter "SNVS" of the security reference manual): whether this chip has its own key.
//!
//! CSL (3,1) and (5,1) keep the normal world out. Registers that the facts of the seed did not have are from OP-TEE's driver.

use super::bus::Bus;
use super::map::{Register, SNVS_HP};

const HPLR: u32 = 0x00;
const HPCOMR: u32 = 0x04;
const HPSR: u32 = 0x14;
const LPLR: u32 = 0x34;
const LPMKCR: u32 = 0x3C;

const SELECTION_LOCK: u32 = 1 << 9;
const HPCOMR_SELECTION: u32 = 1 << 13;
const LPMKCR_SELECTION: u32 = 0b11;

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

    /// Whether the fuses say that only signed images boot: the security configuration "closed".
    pub const fn is_closed(self) -> bool {
        self.0 >> 12 & 0b111 == 0b011
    }

    /// Whether the unique key is what its fuses say, none of it being all zero or damaged, and may be used.
    pub const fn has_unique_key(self) -> bool {
        self.fault().is_none()
    }

    /// Why the unique key is not used, and the test key in its place; `None` when it is.
    pub const fn fault(self) -> Option<&'static str> {
        if self.0 >> 27 & 1 != 0 {
            Some("the unique key is not fused")
        } else if self.0 >> 16 & 0x1FF != 0 {
            Some("the fuses of the unique key are damaged")
        } else {
            match self.state() {
                State::Trusted | State::Secure => None,
                State::Other(0b1011) => Some("the chip is open, or booted an image that is not signed"),
                State::Other(0b0011 | 0b0001) => Some("the chip has seen a security violation"),
                State::Other(_) => Some("the security monitor has not come to a secure state"),
            }
        }
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

    const fn register(offset: u32) -> Register {
        SNVS_HP.register(offset)
    }

    /// The register that [`Snvs::status`] reads.
    pub const fn status_register() -> Register {
        Self::register(HPSR)
    }

    /// Reads its state.
    pub fn status(&self) -> Status {
        Status(self.bus.read(Self::status_register()))
    }

    fn read(&self, offset: u32) -> u32 {
        self.bus.read(Self::register(offset))
    }

    fn set(&self, offset: u32, clear: u32, set: u32) {
        self.bus.write(Self::register(offset), self.read(offset) & !clear | set);
    }

    /// Whether the fused key is the one that is used, not one that software has written.
    pub fn selects_fused_key(&self) -> bool {
        self.read(HPCOMR) & HPCOMR_SELECTION == 0 || self.read(LPMKCR) & LPMKCR_SELECTION == 0
    }

    /// Selects the fused key and locks that, until power is cut from the whole block, unless somebody has locked it before. Whether
    /// the fused key is selected now.
    pub fn select_fused_key(&self) -> bool {
        if (self.read(HPLR) | self.read(LPLR)) & SELECTION_LOCK == 0 {
            self.set(LPMKCR, LPMKCR_SELECTION, 0);
            self.set(HPCOMR, 0, HPCOMR_SELECTION);
            self.set(LPLR, 0, SELECTION_LOCK);
        }
        self.selects_fused_key()
    }
}
