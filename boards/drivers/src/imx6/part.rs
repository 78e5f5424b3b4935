// SPDX-License-Identifier: BSD-2-Clause
//! Which part of the family this is, from the silicon id ("USB_ANALOG_DIGPROG" of the reference manual).

use super::bus::Bus;
use super::map::ANATOP;
use super::ocotp::Ocotp;

const DIGPROG: u32 = 0x260;

/// A part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// i.MX6UL: CAAM, no DCP.
    Ul,
    /// i.MX6ULL: DCP and RNGB.
    Ull,
    /// i.MX6ULZ: as the ULL, without Ethernet.
    Ulz,
    /// QEMU, which models neither CSU nor TZASC: nothing is isolated.
    Emulated,
    /// None of them, with its id.
    Unknown(u32),
}

impl Part {
    /// Reads it from the chip.
    pub fn detect<B: Bus>(bus: &B) -> Self {
        let id = bus.read(ANATOP.register(DIGPROG));
        match (id >> 16 & 0xFF, id & 0xFFFF) {
            (_, 0) => Self::Emulated,
            (0x64, _) => Self::Ul,
            (0x65, _) if Ocotp::new(bus).security().is_ulz() => Self::Ulz,
            (0x65, _) => Self::Ull,
            _ => Self::Unknown(id),
        }
    }

    /// Whether it has a CAAM, which the secure world keeps.
    pub const fn has_caam(self) -> bool {
        matches!(self, Self::Ul)
    }

    /// Whether it has a DCP and an RNGB, which the secure world keeps.
    pub const fn has_dcp(self) -> bool {
        matches!(self, Self::Ull | Self::Ulz)
    }
}
