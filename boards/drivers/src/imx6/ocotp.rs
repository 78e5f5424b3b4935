// SPDX-License-Identifier: BSD-2-Clause
//! Fuses, read from their shadow registers (chapters "OCOTP Controller" and "Fusemap" of the reference manual).
//!
//! The facts name no register that forbids reading, so that a read lock here is CSL (14,1): with it closed, and locked, the
//! normal world neither reads nor writes a fuse. The clock of the block (CCM CCGR2 CG6) runs.

use super::bus::Bus;
use super::map::{OCOTP, Register};

const SHADOW: u32 = 0x400;
/// Last bank before the gap in the shadow registers, and how wide that is in bytes.
const GAP_AFTER: u8 = 5;
const GAP: u32 = 0x100;

/// A word of fuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    bank: u8,
    word: u8,
}

impl Word {
    /// `word` (below 8) of `bank` (below 16).
    pub const fn new(bank: u8, word: u8) -> Option<Self> {
        if bank < 16 && word < 8 { Some(Self { bank, word }) } else { None }
    }

    /// The shadow register of it.
    pub const fn register(self) -> Register {
        let gap = if self.bank > GAP_AFTER { GAP } else { 0 };
        OCOTP.register(SHADOW + 0x10 * (8 * self.bank as u32 + self.word as u32) + gap)
    }
}

/// Fuses of the security configuration, bank 0 word 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Security(u32);

impl Security {
    const WORD: Word = Word { bank: 0, word: 6 };

    /// Whether only signed images boot.
    pub const fn is_closed(self) -> bool {
        self.0 & 0b11 == 0b11
    }

    /// Whether the part is an i.MX6ULZ.
    pub const fn is_ulz(self) -> bool {
        self.0 >> 6 & 1 != 0
    }

    /// Whether the JTAG controller is switched off.
    pub const fn jtag_disabled(self) -> bool {
        self.0 >> 20 & 1 != 0
    }

    /// Whether the TZASC is in the path to the RAM from reset on.
    pub const fn tzasc_enabled(self) -> bool {
        self.0 >> 28 & 1 != 0
    }
}

/// The block.
#[derive(Debug)]
pub struct Ocotp<'b, B> {
    bus: &'b B,
}

impl<'b, B: Bus> Ocotp<'b, B> {
    /// The one of the chip.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    /// Reads a word.
    pub fn read(&self, word: Word) -> u32 {
        self.bus.read(word.register())
    }

    /// Reads the security configuration.
    pub fn security(&self) -> Security {
        Security(self.read(Security::WORD))
    }
}
