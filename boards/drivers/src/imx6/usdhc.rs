// SPDX-License-Identifier: BSD-2-Clause
//! SD controller (chapter "Ultra Secured Digital Host Controller" of the reference manual), one command at a time, data by the
//! CPU: no other master of the bus reads or writes memory for it, so nothing of the isolation depends on it.
//!
//! From public drivers and general knowledge of the block, not checked on hardware. Pads, clock gate and root clock are the
//! matter of whoever set the board up.

use super::bus::Bus;
use super::map::{Block, Register, USDHC1, USDHC2};

const BLK_ATT: u32 = 0x04;
const CMD_ARG: u32 = 0x08;
const CMD_XFR_TYP: u32 = 0x0C;
const CMD_RSP0: u32 = 0x10;
const DATA_BUFF_ACC_PORT: u32 = 0x20;
const PRES_STATE: u32 = 0x24;
const PROT_CTRL: u32 = 0x28;
const SYS_CTRL: u32 = 0x2C;
const INT_STATUS: u32 = 0x30;
const INT_STATUS_EN: u32 = 0x34;
const INT_SIGNAL_EN: u32 = 0x38;
const WTMK_LVL: u32 = 0x44;
const MIX_CTRL: u32 = 0x48;
const VEND_SPEC: u32 = 0xC0;

/// CMD_XFR_TYP: data follows; the response's index and CRC are checked; a command that ends a transfer.
const DATA_PRESENT: u32 = 1 << 21;
const CHECK_INDEX: u32 = 1 << 20;
const CHECK_CRC: u32 = 1 << 19;
const ABORT: u32 = 0b11 << 22;
/// MIX_CTRL: blocks are counted, data to this side, several blocks. The bit at the top is set after reset and kept.
const COUNTED: u32 = 1 << 1;
const READS: u32 = 1 << 4;
const SEVERAL: u32 = 1 << 5;
const MIX_KEPT: u32 = 1 << 31;
/// PRES_STATE: the command line, the data lines are in use; the clock is stable; room for a block, a block is there; the card may
/// be written; data line 0 is high.
const COMMAND_BUSY: u32 = 1 << 0;
const DATA_BUSY: u32 = 1 << 1;
const CLOCK_STABLE: u32 = 1 << 3;
const ROOM: u32 = 1 << 10;
const THERE: u32 = 1 << 11;
const WRITE_ENABLED: u32 = 1 << 19;
const LINE_0: u32 = 1 << 24;
/// PROT_CTRL: little-endian data, and how many lines carry them.
const PROT_CTRL_VALUE: u32 = 0b10 << 4;
const FOUR_LINES: u32 = 0b01 << 1;
/// SYS_CTRL: the longest data timeout; no reset to the card; clocks on (the low bits are reserved on the chip, and read as set); resets of everything,
/// of the command part, of the data part; 80 clocks to a card that was just powered.
const LONGEST_TIMEOUT: u32 = 0xE << 16;
const CARD_RUNS: u32 = 1 << 23;
const CLOCKS_ON: u32 = 0xF;
const RESET_ALL: u32 = 1 << 24;
const RESET_COMMAND: u32 = 1 << 25;
const RESET_DATA: u32 = 1 << 26;
const WAKE_CARD: u32 = 1 << 27;
/// INT_STATUS: command complete, transfer complete.
const COMMAND_DONE: u32 = 1 << 0;
const TRANSFER_DONE: u32 = 1 << 1;
/// INT_STATUS: no response in time; a response with a wrong CRC, end or index; data likewise.
const COMMAND_TIMEOUT: u32 = 1 << 16;
const COMMAND_ERRORS: u32 = 0b111 << 17;
const DATA_ERRORS: u32 = 0b111 << 20;
const ALL_STATUS: u32 = COMMAND_DONE | TRANSFER_DONE | COMMAND_TIMEOUT | COMMAND_ERRORS | DATA_ERRORS;
/// WTMK_LVL: words of a block, for either direction.
const WATERMARK: u32 = WORDS as u32 | (WORDS as u32) << 16;
/// VEND_SPEC: the clocks of the block and of the card run when they are needed.
const SOFT_CLOCKS: u32 = 0b1111 << 11;

/// Bytes of a block of data.
pub const BLOCK: usize = 512;
/// Words of it.
const WORDS: usize = BLOCK / 4;
/// Blocks of one transfer at most.
pub const BLOCKS: usize = 0xFFFF;

/// How long the controller may take for what it does alone, in microseconds.
const OWN: u64 = 100_000;
/// How long a command may take: its 48 bits, and the answer within 64 clocks of the slowest clock.
const COMMAND: u64 = 100_000;
/// How long a block of data may take: the longest that a card may say for a write is 500 ms.
const DATA: u64 = 1_000_000;

/// Time, as the generic timer has it.
pub trait Clock {
    /// Microseconds since some moment.
    fn micros(&self) -> u64;
}

/// The answer that a command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// None.
    None,
    /// R1 and R6, R7: 48 bits, checked.
    Short,
    /// R1b: the card is busy afterwards.
    Busy,
    /// R2: 136 bits.
    Long,
    /// R3: 48 bits without a CRC.
    Plain,
}

/// Which way data go.
#[derive(Debug)]
pub enum Data<'a> {
    /// None.
    None,
    /// From the card.
    In(&'a mut [u8]),
    /// To the card.
    Out(&'a [u8]),
}

/// Why a command failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// Nobody answers.
    NoAnswer,
    /// What came was damaged.
    Damaged,
    /// The card says that it did not do it.
    Refused,
    /// The controller, or a card that is busy, does not come to an end.
    Stuck,
    /// Data that are no whole blocks, or too many.
    Length,
}

/// A controller.
#[derive(Debug)]
pub struct Usdhc<B, C> {
    bus: B,
    clock: C,
    block: Block,
}

impl<B: Bus, C: Clock> Usdhc<B, C> {
    /// The first one.
    pub const fn first(bus: B, clock: C) -> Self {
        Self { bus, clock, block: USDHC1 }
    }

    /// The second one.
    pub const fn second(bus: B, clock: C) -> Self {
        Self { bus, clock, block: USDHC2 }
    }

    /// The one whose registers are at this address.
    pub fn at(address: u64, bus: B, clock: C) -> Option<Self> {
        let block = [USDHC1, USDHC2].into_iter().find(|block| u64::from(block.base()) == address)?;
        Some(Self { bus, clock, block })
    }

    /// Time.
    pub(super) fn time(&self) -> &C {
        &self.clock
    }

    const fn register(&self, offset: u32) -> Register {
        self.block.register(offset)
    }

    fn read(&self, offset: u32) -> u32 {
        self.bus.read(self.register(offset))
    }

    fn write(&self, offset: u32, value: u32) {
        self.bus.write(self.register(offset), value);
    }

    /// Waits until `done` says so.
    fn wait(&self, micros: u64, mut done: impl FnMut(&Self) -> bool) -> Result<(), HostError> {
        let start = self.clock.micros();
        loop {
            // The time is looked at first: whoever is interrupted between the two still asks once more.
            let late = self.clock.micros().wrapping_sub(start) > micros;
            if done(self) {
                return Ok(());
            }
            if late {
                return Err(HostError::Stuck);
            }
            core::hint::spin_loop();
        }
    }

    /// Sets it to a known state: one data line, no interrupts to the CPU, and a clock for a card that was just powered. `root`:
    /// hertz of the root clock.
    ///
    /// # Errors
    /// [`HostError::Stuck`].
    pub fn reset(&self, root: u32, hertz: u32) -> Result<(), HostError> {
        self.write(SYS_CTRL, self.read(SYS_CTRL) | RESET_ALL);
        self.wait(OWN, |host| host.read(SYS_CTRL) & RESET_ALL == 0)?;
        self.write(MIX_CTRL, MIX_KEPT);
        self.write(VEND_SPEC, self.read(VEND_SPEC) | SOFT_CLOCKS);
        self.write(PROT_CTRL, PROT_CTRL_VALUE);
        self.write(WTMK_LVL, WATERMARK);
        self.write(INT_SIGNAL_EN, 0);
        self.write(INT_STATUS_EN, ALL_STATUS);
        self.set_clock(root, hertz)?;
        self.write(SYS_CTRL, self.read(SYS_CTRL) | WAKE_CARD);
        self.wait(OWN, |host| host.read(SYS_CTRL) & WAKE_CARD == 0)
    }

    /// Sets the clock of the card to `hertz` at most.
    ///
    /// # Errors
    /// [`HostError::Stuck`].
    pub fn set_clock(&self, root: u32, hertz: u32) -> Result<(), HostError> {
        self.write(SYS_CTRL, LONGEST_TIMEOUT | CARD_RUNS | CLOCKS_ON | divider(root, hertz));
        self.wait(OWN, |host| host.read(PRES_STATE) & CLOCK_STABLE != 0)
    }

    /// Uses four data lines from now on.
    pub fn use_four_lines(&self) {
        self.write(PROT_CTRL, PROT_CTRL_VALUE | FOUR_LINES);
    }

    /// Whether the switch at the card's side lets it be written.
    pub fn is_writable(&self) -> bool {
        self.read(PRES_STATE) & WRITE_ENABLED != 0
    }

    /// Makes an end to whatever was going on, after a failure.
    pub fn recover(&self) {
        self.write(SYS_CTRL, self.read(SYS_CTRL) | RESET_COMMAND | RESET_DATA);
        // A controller that hangs shows at the next command.
        let _ = self.wait(OWN, |host| host.read(SYS_CTRL) & (RESET_COMMAND | RESET_DATA) == 0);
        self.write(INT_STATUS, u32::MAX);
    }

    /// Sends command `index` with its data; gives the four words of the answer, lowest first.
    ///
    /// # Errors
    /// [`HostError`]; [`Usdhc::recover`] is to be called then.
    pub fn command(&self, index: u8, argument: u32, answer: Answer, data: Data<'_>) -> Result<[u32; 4], HostError> {
        let bytes = match &data {
            Data::None => 0,
            Data::In(out) => out.len(),
            Data::Out(bytes) => bytes.len(),
        };
        // The register of a card (ACMD51, CMD6) is a block as well, of fewer bytes.
        let size = bytes.min(BLOCK);
        let blocks = bytes.checked_div(size).unwrap_or(0);
        if blocks > BLOCKS || !bytes.is_multiple_of(size.max(4)) {
            return Err(HostError::Length);
        }
        let abort = index == STOP;
        let inhibited = if blocks > 0 || answer == Answer::Busy && !abort { COMMAND_BUSY | DATA_BUSY } else { COMMAND_BUSY };
        self.wait(DATA, |host| host.read(PRES_STATE) & inhibited == 0)?;
        self.write(INT_STATUS, u32::MAX);
        let mut kind = (u32::from(index) & 0x3F) << 24;
        kind |= match answer {
            Answer::None => 0,
            Answer::Long => 0b01 << 16 | CHECK_CRC,
            Answer::Plain => 0b10 << 16,
            Answer::Short => 0b10 << 16 | CHECK_CRC | CHECK_INDEX,
            Answer::Busy => 0b11 << 16 | CHECK_CRC | CHECK_INDEX,
        };
        if abort {
            kind |= ABORT;
        }
        let mut mix = MIX_KEPT;
        if blocks > 0 {
            kind |= DATA_PRESENT;
            mix |= COUNTED | if blocks > 1 { SEVERAL } else { 0 } | if matches!(data, Data::In(_)) { READS } else { 0 };
            self.write(BLK_ATT, (blocks as u32) << 16 | size as u32);
        }
        self.write(MIX_CTRL, mix);
        self.write(CMD_ARG, argument);
        self.write(CMD_XFR_TYP, kind);
        self.wait(COMMAND, |host| host.read(INT_STATUS) & (COMMAND_DONE | COMMAND_TIMEOUT | COMMAND_ERRORS) != 0)?;
        let status = self.read(INT_STATUS);
        if status & COMMAND_TIMEOUT != 0 {
            return Err(HostError::NoAnswer);
        }
        if status & COMMAND_ERRORS != 0 {
            return Err(HostError::Damaged);
        }
        let words = [0, 4, 8, 12].map(|offset| self.read(CMD_RSP0 + offset));
        if blocks > 0 && words.first().is_some_and(|status| status & CARD_ERRORS != 0) {
            // No data follow then.
            return Err(HostError::Refused);
        }
        match data {
            Data::None if answer == Answer::Busy => self.wait(DATA, |host| host.read(PRES_STATE) & LINE_0 != 0)?,
            Data::None => {}
            Data::In(out) => self.take(out, size)?,
            Data::Out(bytes) => self.give(bytes, size)?,
        }
        Ok(words)
    }

    /// Takes the data of a command.
    fn take(&self, out: &mut [u8], size: usize) -> Result<(), HostError> {
        for block in out.chunks_mut(size) {
            self.block(THERE)?;
            for word in block.chunks_mut(4) {
                word.copy_from_slice(&self.read(DATA_BUFF_ACC_PORT).to_le_bytes());
            }
        }
        self.end()
    }

    /// Gives the data of a command.
    fn give(&self, bytes: &[u8], size: usize) -> Result<(), HostError> {
        for block in bytes.chunks(size) {
            self.block(ROOM)?;
            for word in block.as_chunks::<4>().0 {
                self.write(DATA_BUFF_ACC_PORT, u32::from_le_bytes(*word));
            }
        }
        self.end()
    }

    /// Waits until the next block can be moved.
    fn block(&self, state: u32) -> Result<(), HostError> {
        self.wait(DATA, |host| host.read(PRES_STATE) & state != 0 || host.read(INT_STATUS) & DATA_ERRORS != 0)?;
        self.data_errors()
    }

    /// Waits for the end of a transfer.
    fn end(&self) -> Result<(), HostError> {
        self.wait(DATA, |host| host.read(INT_STATUS) & (TRANSFER_DONE | DATA_ERRORS) != 0)?;
        self.data_errors()
    }

    fn data_errors(&self) -> Result<(), HostError> {
        if self.read(INT_STATUS) & DATA_ERRORS == 0 { Ok(()) } else { Err(HostError::Damaged) }
    }
}

/// Bits of a card's status that say that something went wrong.
pub(super) const CARD_ERRORS: u32 = 0xFDF9_8008;
/// The command that ends a transfer of several blocks.
pub(super) const STOP: u8 = 12;

/// The fields of SYS_CTRL that make the fastest clock of `hertz` at most out of the root clock: a power of two up to 256 and a
/// divisor up to 16. The slowest there is when even that is faster.
pub fn divider(root: u32, hertz: u32) -> u32 {
    let fields = |exponent: u32, divisor: u32| (1 << exponent >> 1) << 8 | (divisor - 1) << 4;
    let mut best = (0, fields(8, 16));
    for exponent in 0..=8 {
        let divisor = u64::from(root).div_ceil((u64::from(hertz) << exponent).max(1)).max(1);
        let clock = u64::from(root) / (divisor << exponent);
        if divisor <= 16 && clock > best.0 {
            best = (clock, fields(exponent, divisor as u32));
        }
    }
    best.1
}
