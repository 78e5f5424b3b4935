// SPDX-License-Identifier: BSD-2-Clause
//! Data co-processor of the i.MX6ULL and ULZ (chapter "Data Co-Processor" of the i.MX28 reference manual, which describes the same
//! block): AES-128 with the key that no other chip has.
//!
//! It takes a work packet from memory and masters the bus by itself, as master 14 of [`super::csu`]. Nobody reads the unique key,
//! which is the chip's only if [`super::snvs`] says so. Facts from the public drivers of tamago, OP-TEE and Linux; not checked on
//! hardware, in particular whether a locked-down OCRAM, whose CSL admits the kernel alone, takes its accesses for those of a kernel.
//! If not, [`Dcp::start`] fails in its self test.

use core::fmt;

use super::bus::Bus;
use super::dma::Dma;
use super::map::{DCP, Register};
use super::wait::until;
use zeroize::Zeroizing;

const CTRL_SET: u32 = 0x004;
const CTRL_CLEAR: u32 = 0x008;
const STAT: u32 = 0x010;
const STAT_CLEAR: u32 = 0x018;
const CHANNELS: u32 = 0x020;
const CAPABILITY0: u32 = 0x030;
const CAPABILITY1: u32 = 0x040;
const COMMAND_POINTER: u32 = 0x100;
const SEMAPHORE: u32 = 0x110;
const CHANNEL_STAT: u32 = 0x120;
const CHANNEL_STAT_CLEAR: u32 = 0x128;

const CTRL_RESET: u32 = 1 << 31;
const CTRL_CLOCK_GATE: u32 = 1 << 30;
/// Channel 0, in every register with a bit for each.
const CHANNEL: u32 = 1;
const CAPABILITY0_NO_UNIQUE_KEY: u32 = 1 << 29;
const CAPABILITY1_AES128: u32 = 1;
/// Hash, setup, packet, source, destination, page fault.
const CHANNEL_STAT_ERRORS: u32 = 0b111_1110;

const PACKET_PAYLOAD_KEY: u32 = 1 << 11;
const PACKET_OTP_KEY: u32 = 1 << 10;
const PACKET_INITIALISE: u32 = 1 << 9;
const PACKET_ENCRYPT: u32 = 1 << 8;
const PACKET_CIPHER: u32 = 1 << 5;
const PACKET_DECREMENT: u32 = 1 << 1;
const PACKET_INTERRUPT: u32 = 1;
const KEY_UNIQUE: u32 = 0xFE << 8;
const MODE_CBC: u32 = 1 << 4;

/// Bytes of a block of AES, of its key and of its initial vector.
pub const BLOCK: usize = 16;
/// Most bytes of one derivation.
pub const LONGEST: usize = 4 * BLOCK;

// Where things stand in the shared memory: packet, key and vector, data.
const PACKET: usize = 0x00;
const PAYLOAD: usize = 0x40;
const DATA: usize = 0x80;

/// Reads of the status until a packet has to be done: some microseconds of work.
const READS: u32 = 1_000_000;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No DCP that does AES-128 answers, with its capabilities.
    Absent(u32),
    /// A packet is not done.
    Timeout,
    /// A packet failed, with the status of the channel: kind of error in bits 6 to 1, code in bits 23 to 16.
    Packet(u32),
    /// AES with a known key gives something else than it should: what it says is done is not.
    SelfTest,
    /// The unique key was switched off until reset.
    Disabled,
    /// The data is no whole number of blocks, or too long.
    Length(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Absent(capabilities) => write!(f, "no DCP with AES-128 answers (capabilities {capabilities:#010x})"),
            Self::Timeout => f.write_str("the DCP does not finish"),
            Self::Packet(status) => write!(f, "the DCP failed (status {status:#010x}, code {:#x})", status >> 16 & 0xFF),
            Self::SelfTest => f.write_str("the DCP computes wrongly"),
            Self::Disabled => f.write_str("the unique key of the DCP is switched off until reset"),
            Self::Length(length) => write!(f, "the DCP takes no {length} bytes at a time"),
        }
    }
}

/// The key of an operation.
enum Key<'k> {
    Unique,
    Given(&'k [u8; BLOCK]),
}

/// The block, with memory for its packets.
#[derive(Debug)]
pub struct Dcp<'b, B, D> {
    bus: &'b B,
    memory: D,
}

impl<'b, B: Bus, D: Dma> Dcp<'b, B, D> {
    /// The one of the chip; its clock (CCM CCGR0 CG5) runs.
    pub const fn new(bus: &'b B, memory: D) -> Self {
        Self { bus, memory }
    }

    const fn register(offset: u32) -> Register {
        DCP.register(offset)
    }

    fn read(&self, offset: u32) -> u32 {
        self.bus.read(Self::register(offset))
    }

    fn write(&self, offset: u32, value: u32) {
        self.bus.write(Self::register(offset), value);
    }

    /// Resets it, which also has it fetch the unique key from the SNVS again, and checks that it computes.
    ///
    /// # Errors
    /// All of [`Error`] but `Length` and `Disabled`.
    pub fn start(&self) -> Result<(), Error> {
        self.write(CTRL_SET, CTRL_RESET | CTRL_CLOCK_GATE);
        self.write(CTRL_CLEAR, CTRL_RESET | CTRL_CLOCK_GATE);
        let capabilities = self.read(CAPABILITY1);
        if capabilities & CAPABILITY1_AES128 == 0 {
            return Err(Error::Absent(capabilities));
        }
        self.write(CHANNELS, CHANNEL);
        self.self_test()
    }

    /// The example of FIPS 197, appendix B.
    fn self_test(&self) -> Result<(), Error> {
        const KEY: [u8; BLOCK] = 0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes();
        const PLAIN: [u8; BLOCK] = 0x3243_f6a8_885a_308d_3131_98a2_e037_0734_u128.to_be_bytes();
        const CIPHER: [u8; BLOCK] = 0x3925_841d_02dc_09fb_dc11_8597_196a_0b32_u128.to_be_bytes();
        let mut block = PLAIN;
        self.encrypt(&Key::Given(&KEY), &mut block)?;
        if block == CIPHER { Ok(()) } else { Err(Error::SelfTest) }
    }

    /// Encrypts `diversifier`, whole blocks up to [`LONGEST`] bytes, with AES-128-CBC under the unique key and a vector of zeros.
    ///
    /// # Errors
    /// All of [`Error`] but `Absent`.
    pub fn derive<const N: usize>(&self, diversifier: &[u8; N]) -> Result<Zeroizing<[u8; N]>, Error> {
        if N == 0 || !N.is_multiple_of(BLOCK) || N > LONGEST {
            return Err(Error::Length(N));
        }
        if self.read(CAPABILITY0) & CAPABILITY0_NO_UNIQUE_KEY != 0 {
            return Err(Error::Disabled);
        }
        let mut key = Zeroizing::new(*diversifier);
        self.encrypt(&Key::Unique, key.as_mut_slice())?;
        // In place: what was not done would be a key that everybody knows.
        if key.as_slice() == diversifier.as_slice() { Err(Error::SelfTest) } else { Ok(key) }
    }

    /// Switches the unique key off for everybody. The facts do not say whether a reset of the block alone undoes it, so a closed and
    /// locked CSL (34,0) is relied on, and this is a second line.
    pub fn disable_unique_key(&self) {
        self.write(CAPABILITY0, self.read(CAPABILITY0) | CAPABILITY0_NO_UNIQUE_KEY);
    }

    /// AES-128-CBC of `data` in place, with a vector of zeros.
    fn encrypt(&self, key: &Key<'_>, data: &mut [u8]) -> Result<(), Error> {
        let (mut control, mut select) =
            (PACKET_INITIALISE | PACKET_ENCRYPT | PACKET_CIPHER | PACKET_DECREMENT | PACKET_INTERRUPT, MODE_CBC);
        let mut payload = Zeroizing::new([0; 2 * BLOCK]);
        match key {
            // The vector alone.
            Key::Unique => (control, select) = (control | PACKET_OTP_KEY, select | KEY_UNIQUE),
            // The key, then the vector.
            Key::Given(key) => {
                control |= PACKET_PAYLOAD_KEY;
                if let Some(first) = payload.first_chunk_mut() {
                    *first = **key;
                }
            }
        }
        let at = |offset: usize| self.memory.address() + offset as u32;
        let packet = [0, control, select, at(DATA), at(DATA), data.len() as u32, at(PAYLOAD), 0];
        for (index, word) in packet.into_iter().enumerate() {
            self.memory.write(PACKET + 4 * index, word);
        }
        self.memory.put(PAYLOAD, payload.as_slice());
        self.memory.put(DATA, data);
        self.memory.give();
        let done = self.run(at(PACKET));
        if done.is_ok() {
            self.memory.take();
            self.memory.get(DATA, data);
        }
        self.memory.wipe();
        done
    }

    fn run(&self, packet: u32) -> Result<(), Error> {
        self.write(STAT_CLEAR, CHANNEL);
        self.write(CHANNEL_STAT_CLEAR, u32::MAX);
        self.write(COMMAND_POINTER, packet);
        self.write(SEMAPHORE, 1);
        let failed = || self.read(CHANNEL_STAT) & CHANNEL_STAT_ERRORS != 0;
        let done = until(READS, || self.read(STAT) & CHANNEL != 0 || failed());
        let status = self.read(CHANNEL_STAT);
        self.write(STAT_CLEAR, CHANNEL);
        if done && status & CHANNEL_STAT_ERRORS == 0 {
            return Ok(());
        }
        // So that it does not write to the memory later.
        self.write(CTRL_SET, CTRL_RESET);
        self.write(CTRL_CLEAR, CTRL_RESET | CTRL_CLOCK_GATE);
        self.write(CHANNELS, CHANNEL);
        Err(if done { Error::Packet(status) } else { Error::Timeout })
    }
}
