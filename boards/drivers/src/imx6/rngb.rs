// SPDX-License-Identifier: BSD-2-Clause
//! Random number generator of the i.MX6ULL and ULZ (chapter "Random Number Generator" of the reference manual): a noise source
//! that seeds, and seeds again, a generator with a FIFO of words.
//!
//! Facts from the public drivers of Linux, OP-TEE and tamago; not checked on hardware.

use core::fmt;

use super::bus::Bus;
use super::map::{RNGB, Register};
use super::wait::until;

const VERSION: u32 = 0x00;
const COMMAND: u32 = 0x04;
const CONTROL: u32 = 0x08;
const STATUS: u32 = 0x0C;
const ERROR: u32 = 0x10;
const OUTPUT: u32 = 0x14;

const COMMAND_RESET: u32 = 1 << 6;
const COMMAND_CLEAR_ERROR: u32 = 1 << 5;
const COMMAND_CLEAR_INTERRUPT: u32 = 1 << 4;
const COMMAND_SEED: u32 = 1 << 1;
const COMMAND_SELF_TEST: u32 = 1;

const CONTROL_NO_INTERRUPTS: u32 = 1 << 6 | 1 << 5;
const CONTROL_AUTO_SEED: u32 = 1 << 4;

const STATUS_SELF_TEST_FAILED: u32 = 0b111 << 21;
const STATUS_ERROR: u32 = 1 << 16;
const STATUS_LEVEL: u32 = 0xF << 8;
const STATUS_SEEDED: u32 = 1 << 5;
const STATUS_TESTED: u32 = 1 << 4;

/// The seed did not look random enough to the block's own tests, which even a good one does now and then.
const ERROR_STATISTICAL: u32 = 1 << 3;

/// Kinds of generator that have these registers: RNGB and RNGC.
const KINDS: [u32; 2] = [1, 2];

/// How often seeding is tried before a statistical error is taken for more than chance.
const SEEDINGS: u32 = 4;
/// Reads of the status until a self test (2.5 ms in Linux) has to be over.
const SELF_TEST_READS: u32 = 1_000_000;
/// Reads of the status until a seed (200 ms in Linux) has to be there.
const SEED_READS: u32 = 10_000_000;
/// Reads of the status until the FIFO has to hold a word.
const WORD_READS: u32 = 1_000_000;

/// Why there are no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Another block, or none, with what stands in its place for a version.
    Absent(u32),
    /// The self test does not end.
    SelfTestTimeout,
    /// The self test failed: status, error.
    SelfTest(u32, u32),
    /// No seed is made.
    SeedTimeout,
    /// Seeding failed: error.
    Seed(u32),
    /// An error while it ran: error.
    Running(u32),
    /// No words come any more.
    Empty,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Absent(version) => write!(f, "no RNGB answers (version {version:#010x})"),
            Self::SelfTestTimeout => f.write_str("the self test of the RNGB does not end"),
            Self::SelfTest(status, error) => write!(f, "the self test of the RNGB failed (status {status:#010x}, error {error:#x})"),
            Self::SeedTimeout => f.write_str("the RNGB makes no seed"),
            Self::Seed(error) => write!(f, "the RNGB has no good seed (error {error:#x})"),
            Self::Running(error) => write!(f, "the RNGB failed (error {error:#x})"),
            Self::Empty => f.write_str("the RNGB gives no words"),
        }
    }
}

/// How far the block is on its way to the next word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// It makes a seed.
    seeding: bool,
    /// Seeds that were made since the last word.
    seeds: u32,
    /// Looks that found nothing new.
    looks: u32,
}

impl Progress {
    /// At the beginning.
    pub const fn new() -> Self {
        Self { seeding: false, seeds: 0, looks: 0 }
    }
}

/// The block.
#[derive(Debug)]
pub struct Rngb<'b, B> {
    bus: &'b B,
}

impl<'b, B: Bus> Rngb<'b, B> {
    /// The one of the chip.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    const fn register(offset: u32) -> Register {
        RNGB.register(offset)
    }

    fn read(&self, offset: u32) -> u32 {
        self.bus.read(Self::register(offset))
    }

    fn write(&self, offset: u32, value: u32) {
        self.bus.write(Self::register(offset), value);
    }

    /// Resets, tests and seeds it, and has it seed itself again from then on.
    ///
    /// # Errors
    /// All of [`Error`] but `Running` and `Empty`.
    pub fn start(&self) -> Result<(), Error> {
        let version = self.read(VERSION);
        if !KINDS.contains(&(version >> 28)) {
            return Err(Error::Absent(version));
        }
        self.reset();
        self.self_test()?;
        self.seed()
    }

    /// Forgets seed, words and errors: "done" in the status means done since the last reset.
    fn reset(&self) {
        self.write(COMMAND, COMMAND_RESET);
        self.write(CONTROL, CONTROL_NO_INTERRUPTS | CONTROL_AUTO_SEED);
        self.write(COMMAND, COMMAND_CLEAR_ERROR | COMMAND_CLEAR_INTERRUPT);
    }

    fn self_test(&self) -> Result<(), Error> {
        self.write(COMMAND, COMMAND_SELF_TEST);
        if !until(SELF_TEST_READS, || self.read(STATUS) & STATUS_TESTED != 0) {
            return Err(Error::SelfTestTimeout);
        }
        let (status, error) = (self.read(STATUS), self.read(ERROR));
        if status & (STATUS_ERROR | STATUS_SELF_TEST_FAILED) != 0 || error != 0 {
            return Err(Error::SelfTest(status, error));
        }
        Ok(())
    }

    /// Makes a seed after a reset, again if the block finds it bad, [`SEEDINGS`] times at most.
    fn seed(&self) -> Result<(), Error> {
        let mut error = 0;
        for attempt in 0..SEEDINGS {
            if attempt > 0 {
                self.reset();
            }
            self.write(COMMAND, COMMAND_SEED);
            if !until(SEED_READS, || self.read(STATUS) & (STATUS_SEEDED | STATUS_ERROR) != 0) {
                return Err(Error::SeedTimeout);
            }
            error = self.read(ERROR);
            match (self.read(STATUS) & STATUS_ERROR != 0, error) {
                (false, 0) => return Ok(()),
                (_, ERROR_STATISTICAL) => {}
                _ => break,
            }
        }
        Err(Error::Seed(error))
    }

    /// Fills `out` with words of the FIFO, as they come; the last is cut.
    ///
    /// # Errors
    /// As [`Rngb::word`]. What was filled until then is no use to anybody.
    pub fn fill(&self, out: &mut [u8]) -> Result<(), Error> {
        let mut progress = Progress::default();
        for part in out.chunks_mut(4) {
            let word = loop {
                if let Some(word) = self.word(&mut progress)? {
                    break word;
                }
                core::hint::spin_loop();
            };
            for (to, from) in part.iter_mut().zip(word.to_le_bytes()) {
                *to = from;
            }
        }
        Ok(())
    }

    /// One look: the next word, if there is one by now. It takes a few accesses, however long the block takes.
    ///
    /// A statistical error of a seed that it makes while running is met with another seed.
    ///
    /// # Errors
    /// `Running`, `Empty` after too many looks, and those of seeding.
    pub fn word(&self, progress: &mut Progress) -> Result<Option<u32>, Error> {
        let status = self.read(STATUS);
        progress.looks += 1;
        let failed = status & STATUS_ERROR != 0;
        let (ready, most, late) =
            if progress.seeding { (STATUS_SEEDED, SEED_READS, Error::SeedTimeout) } else { (STATUS_LEVEL, WORD_READS, Error::Empty) };
        if !failed && status & ready == 0 {
            return if progress.looks < most { Ok(None) } else { Err(late) };
        }
        progress.looks = 0;
        if failed {
            let error = self.read(ERROR);
            if error != ERROR_STATISTICAL || progress.seeds == SEEDINGS {
                return Err(if progress.seeding { Error::Seed(error) } else { Error::Running(error) });
            }
            self.reset();
            self.write(COMMAND, COMMAND_SEED);
            (progress.seeding, progress.seeds) = (true, progress.seeds + 1);
        } else if progress.seeding {
            progress.seeding = false;
        } else {
            *progress = Progress::default();
            return Ok(Some(self.read(OUTPUT)));
        }
        Ok(None)
    }
}
