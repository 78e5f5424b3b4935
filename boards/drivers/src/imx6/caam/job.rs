// SPDX-License-Identifier: BSD-2-Clause
//! Jobs of the CAAM ("Descriptors and descriptor commands") and the ring that they go through ("Job Ring interface").

use super::{Error, READS, register, wait};
use crate::imx6::bus::Bus;
use crate::imx6::dma::Dma;
use crate::imx6::map::Register;
use crate::imx6::wait::until;

// Registers of ring 0.
const RING: u32 = 0x1000;
const INPUT: u32 = RING;
const INPUT_SIZE: u32 = RING + 0x0C;
const ADDED: u32 = RING + 0x1C;
const OUTPUT: u32 = RING + 0x20;
const OUTPUT_SIZE: u32 = RING + 0x2C;
const REMOVED: u32 = RING + 0x34;
const FULL: u32 = RING + 0x3C;
const INTERRUPT: u32 = RING + 0x4C;
const CONFIGURATION: u32 = RING + 0x54;
const COMMAND: u32 = RING + 0x6C;

const FULL_COUNT: u32 = 0x3FF;
const HALT: u32 = 0b11 << 2;
const HALTED: u32 = 0b10 << 2;
const NO_INTERRUPTS: u32 = 1;
const RESET: u32 = 1;

// Where things stand in the shared memory: input ring, output ring, descriptor, result.
const INPUT_AT: usize = 0x00;
const OUTPUT_AT: usize = 0x10;
const DESCRIPTOR_AT: usize = 0x40;
const RESULT_AT: usize = 0x80;

// Commands: kind in bits 31 to 27.
const HEADER: u32 = 0x16 << 27 | 1 << 23;
const OPERATION: u32 = 0x10 << 27;
const JUMP_WHEN_DONE: u32 = 0x14 << 27 | 1 << 25 | 1;
const LOAD_CLEAR_WRITTEN: u32 = 0x02 << 27 | 1 << 23 | 0x08 << 16 | 4;
const CLEAR_MODE: u32 = 1;
const STORE_RANDOM: u32 = 0x0C << 27 | 0x34 << 16;
const SEQUENCE_OUT: u32 = 0x1F << 27;

/// The generator, an algorithm of class 1.
const RNG: u32 = OPERATION | 0b010 << 24 | 0x50 << 16;
const RNG_MAKE_KEYS: u32 = 1 << 12;
const RNG_INSTANTIATE: u32 = 0b01 << 2;
const RNG_RELEASE: u32 = 0b11 << 2;
const RNG_RESISTANT: u32 = 1 << 1;
/// Encapsulation, blob protocol, format: verification of the master key.
const BLOB_KEY: u32 = OPERATION | 0b111 << 24 | 0x0D << 16 | 0b10;

/// Most words of a job.
const WORDS: usize = 5;

/// A descriptor: header and commands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    words: [u32; WORDS],
    length: usize,
}

impl Job {
    fn new(commands: &[u32]) -> Self {
        let length = 1 + commands.len().min(WORDS - 1);
        let mut words = [0; WORDS];
        words[0] = HEADER | length as u32;
        for (to, from) in words[1..].iter_mut().zip(commands) {
            *to = *from;
        }
        Self { words, length }
    }

    /// Instantiates a state handle with noise and prediction resistance.
    pub(super) fn instantiate(handle: u32) -> Self {
        Self::new(&[RNG | handle << 4 | RNG_INSTANTIATE | RNG_RESISTANT])
    }

    /// Gives a state handle up.
    pub(super) fn release(handle: u32) -> Self {
        Self::new(&[RNG | handle << 4 | RNG_RELEASE])
    }

    /// Makes the keys that the block wraps others with.
    pub(super) fn make_keys() -> Self {
        Self::new(&[RNG | RNG_MAKE_KEYS, JUMP_WHEN_DONE, LOAD_CLEAR_WRITTEN, CLEAR_MODE])
    }

    /// Writes `length` random bytes, after fresh noise if `resistant`; `memory` is where the shared memory is.
    pub(super) fn random(resistant: bool, length: u32, memory: u32) -> Self {
        Self::new(&[RNG | if resistant { RNG_RESISTANT } else { 0 }, STORE_RANDOM | length, memory + RESULT_AT as u32])
    }

    /// Writes the blob key, of `length` bytes.
    pub(super) fn blob_key(length: u32, memory: u32) -> Self {
        Self::new(&[SEQUENCE_OUT | length, memory + RESULT_AT as u32, BLOB_KEY])
    }
}

/// Job ring 0, of one job.
pub(super) struct Ring<'r, B, D> {
    bus: &'r B,
    memory: &'r D,
}

impl<'r, B: Bus, D: Dma> Ring<'r, B, D> {
    pub(super) const fn new(bus: &'r B, memory: &'r D) -> Self {
        Self { bus, memory }
    }

    const fn at(offset: u32) -> Register {
        register(offset)
    }

    /// Resets the ring, jobs in it included, and says where it stands.
    pub(super) fn start(&self) -> Result<(), Error> {
        self.bus.write(Self::at(CONFIGURATION), NO_INTERRUPTS);
        // Twice: the first write empties the ring, the second resets it.
        self.bus.write(Self::at(COMMAND), RESET);
        if !wait(self.bus, Self::at(INTERRUPT), HALT, HALTED) {
            return Err(Error::Ring);
        }
        self.bus.write(Self::at(COMMAND), RESET);
        if !wait(self.bus, Self::at(COMMAND), RESET, 0) {
            return Err(Error::Ring);
        }
        let rings = [(INPUT, INPUT_SIZE, INPUT_AT), (OUTPUT, OUTPUT_SIZE, OUTPUT_AT)];
        for (base, size, offset) in rings {
            self.bus.write(Self::at(base), 0);
            self.bus.write(Self::at(base + 4), self.memory.address() + offset as u32);
            self.bus.write(Self::at(size), 1);
        }
        self.bus.write(Self::at(CONFIGURATION), NO_INTERRUPTS);
        Ok(())
    }

    /// Runs a job to its end.
    pub(super) fn run(&self, job: &Job) -> Result<(), Error> {
        self.produce(job, &mut [])
    }

    /// Runs a job to its end and reads what it wrote.
    pub(super) fn produce(&self, job: &Job, out: &mut [u8]) -> Result<(), Error> {
        self.submit(job);
        if until(READS, || self.is_done()) {
            self.collect(out)
        } else {
            self.give_up();
            Err(Error::Timeout)
        }
    }

    /// Puts a job in, which is then under way.
    pub(super) fn submit(&self, job: &Job) {
        for (index, word) in job.words.iter().take(job.length).enumerate() {
            self.memory.write(DESCRIPTOR_AT + 4 * index, *word);
        }
        self.memory.write(INPUT_AT, self.memory.address() + DESCRIPTOR_AT as u32);
        self.memory.write(OUTPUT_AT, 0);
        self.memory.write(OUTPUT_AT + 4, u32::MAX);
        self.memory.give();
        self.bus.write(Self::at(ADDED), 1);
    }

    /// Whether the job is done.
    pub(super) fn is_done(&self) -> bool {
        self.bus.read(Self::at(FULL)) & FULL_COUNT != 0
    }

    /// Takes a job out that is done, and reads what it wrote.
    pub(super) fn collect(&self, out: &mut [u8]) -> Result<(), Error> {
        self.memory.take();
        let (job, status) = (self.memory.read(OUTPUT_AT), self.memory.read(OUTPUT_AT + 4));
        let result = match status {
            _ if job != self.memory.address() + DESCRIPTOR_AT as u32 => Err(Error::Confused(job)),
            0 => Ok(()),
            status => Err(Error::Job(status)),
        };
        if result.is_ok() {
            self.memory.get(RESULT_AT, out);
        }
        self.memory.wipe();
        self.bus.write(Self::at(REMOVED), 1);
        result
    }

    /// Resets the ring, so that a job which is not done does not write to the memory later.
    pub(super) fn give_up(&self) {
        // That the job was not done is the error to tell.
        let _ = self.start();
        self.memory.wipe();
    }
}
