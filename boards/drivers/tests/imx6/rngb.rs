// SPDX-License-Identifier: BSD-2-Clause
//! A model of the RNGB, which can fail in each way that its driver has an error for.

use sha2::{Digest, Sha256};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Not there: reads as zeros.
    Absent,
    SelfTestHangs,
    SelfTestFails,
    SeedHangs,
    /// This many seeds fail the statistical test.
    BadSeeds(u32),
    /// Seeding fails with this error.
    SeedError(u32),
    /// After so many words, this error.
    Running(u32, u32),
    /// After so many words, none.
    Dry(u32),
    /// All words are the same.
    Stuck,
}

const STATISTICAL: u32 = 1 << 3;
/// Words that its FIFO holds.
const DEPTH: u32 = 5;

#[derive(Default)]
pub(crate) struct RngbModel {
    pub(crate) fault: Fault,
    control: u32,
    tested: bool,
    seeded: bool,
    /// Reads of the status until a seed is there.
    seeding: u32,
    failed_test: bool,
    error: u32,
    level: u32,
    /// Words given out, and seeds made, since power-up.
    pub(crate) words: u32,
    pub(crate) seeds: u32,
    failed_once: bool,
    /// Reads of the status until the FIFO has a word again, beside the least.
    pub(crate) takes: u32,
    waits: u32,
}

impl RngbModel {
    fn refill(&mut self) {
        let dry = matches!(self.fault, Fault::Dry(after) if self.words >= after);
        if let Fault::Running(after, error) = self.fault
            && self.words >= after
            && !self.failed_once
        {
            (self.error, self.failed_once) = (error, true);
        }
        if self.seeded && self.error == 0 && self.level == 0 && !dry {
            self.waits += 1;
            if self.waits > self.takes {
                (self.level, self.waits) = (DEPTH, 0);
            }
        }
    }

    pub(crate) fn read(&mut self, offset: u32) -> u32 {
        if self.fault == Fault::Absent {
            return 0;
        }
        match offset {
            0x00 => 0x1000_0280,
            0x08 => self.control,
            0x0C => {
                self.seeding = self.seeding.saturating_sub(1);
                if self.seeding == 1 {
                    self.seed();
                }
                self.refill();
                let flags = u32::from(self.tested) << 4 | u32::from(self.seeded) << 5 | u32::from(self.error != 0) << 16;
                flags | u32::from(self.failed_test) << 22 | self.level << 8
            }
            0x10 => self.error,
            0x14 if self.level > 0 && self.error == 0 => {
                self.level -= 1;
                self.words += 1;
                if self.fault == Fault::Stuck {
                    return 0xDEAD_BEEF;
                }
                let digest = Sha256::digest([self.seeds.to_le_bytes(), self.words.to_le_bytes()].concat());
                u32::from_le_bytes(digest[..4].try_into().unwrap())
            }
            // Nothing there: an underflow.
            0x14 => {
                self.error |= 1 << 6;
                0
            }
            _ => 0,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x04 => self.command(value),
            0x08 => self.control = value & 0x73,
            _ => {}
        }
    }

    fn command(&mut self, value: u32) {
        if value >> 6 & 1 != 0 {
            let Self { fault, words, seeds, failed_once, takes, .. } = *self;
            *self = Self { fault, words, seeds, failed_once, takes, ..Self::default() };
        }
        if value >> 5 & 1 != 0 {
            self.error = 0;
        }
        if value & 1 != 0 && self.fault != Fault::SelfTestHangs {
            self.tested = true;
            self.failed_test = self.fault == Fault::SelfTestFails;
        }
        if value >> 1 & 1 != 0 && self.fault != Fault::SeedHangs {
            self.seeding = 10;
        }
    }

    /// "Done" stays until reset, and an error until it is cleared.
    fn seed(&mut self) {
        self.seeds += 1;
        self.seeded = true;
        self.error |= match self.fault {
            Fault::BadSeeds(bad) if self.seeds <= bad => STATISTICAL,
            Fault::SeedError(error) => error,
            _ => 0,
        };
    }
}
