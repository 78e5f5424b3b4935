// SPDX-License-Identifier: BSD-2-Clause
//! SD memory cards, standard and high capacity ("SD Specifications, Part 1: Physical Layer Simplified Specification").

use super::bus::Bus;
use super::usdhc::{Answer, BLOCK, CARD_ERRORS, Clock, Data, HostError, STOP, Usdhc};
use crate::block::{self, Disk, DiskError};

// Commands, and those after CMD55 (application commands).
const GO_IDLE: u8 = 0;
const ALL_SEND_CID: u8 = 2;
const SEND_ADDRESS: u8 = 3;
const SELECT: u8 = 7;
const SEND_IF_COND: u8 = 8;
const SEND_CSD: u8 = 9;
const SEND_STATUS: u8 = 13;
const SET_BLOCK_LEN: u8 = 16;
const READ_BLOCK: u8 = 17;
const READ_BLOCKS: u8 = 18;
const WRITE_BLOCK: u8 = 24;
const WRITE_BLOCKS: u8 = 25;
const APPLICATION: u8 = 55;
const APP_BUS_WIDTH: u8 = 6;
const APP_OP_COND: u8 = 41;

/// CMD8: 2.7 to 3.6 V, and a pattern that comes back.
const VOLTAGE_AND_PATTERN: u32 = 0x1AA;
/// ACMD41: 3.2 to 3.4 V; the host knows high capacity.
const VOLTAGES: u32 = 0x0030_0000;
const HIGH_CAPACITY: u32 = 1 << 30;
/// Its answer: the card has started.
const STARTED: u32 = 1 << 31;
/// ACMD6: four lines.
const FOUR_LINES: u32 = 0b10;
/// Status of the card: it takes data; what it is doing, and that it waits for transfers.
const READY_FOR_DATA: u32 = 1 << 8;
const STATE: u32 = 0xF << 9;
const TRANSFER: u32 = 4 << 9;

/// Clock while a card is identified, and afterwards, in hertz.
const SLOW: u32 = 400_000;
const FAST: u32 = 25_000_000;
/// How long a card may take to start, and to write, in microseconds.
const START: u64 = 1_000_000;
const PROGRAM: u64 = 1_000_000;
/// Blocks of one transfer at most: what a card that fails has to be given again.
const TOGETHER: usize = 128;
/// How often a transfer is tried; before the last time the card is started anew.
const TRIES: u32 = 3;

/// A card.
pub struct Card<B, C> {
    host: Usdhc<B, C>,
    /// Hertz of the controller's root clock.
    root: u32,
    /// The card's address, in the upper half.
    address: u32,
    /// Blocks are addressed by their number, not by their first byte.
    by_block: bool,
    sectors: u64,
    writable: bool,
    /// Started, and not lost since.
    ready: bool,
}

/// What of a card is known after it was started.
struct Started {
    address: u32,
    by_block: bool,
    sectors: u64,
}

fn disk_error(error: HostError) -> DiskError {
    match error {
        HostError::NoAnswer | HostError::Stuck => DiskError::Gone,
        HostError::Damaged | HostError::Refused => DiskError::Failed,
        HostError::Length => DiskError::Range,
    }
}

impl<B: Bus, C: Clock> Card<B, C> {
    /// Starts the card of a controller. `root`: hertz of its root clock.
    ///
    /// # Errors
    /// [`HostError::NoAnswer`] without a card; [`HostError::Stuck`] for one that does not start; [`HostError::Damaged`] for one
    /// whose answers make no sense.
    pub fn start(host: Usdhc<B, C>, root: u32) -> Result<Self, HostError> {
        let Started { address, by_block, sectors } = start(&host, root)?;
        let writable = host.is_writable();
        Ok(Self { host, root, address, by_block, sectors, writable, ready: true })
    }

    /// Whether it is a card of high capacity (SDHC, SDXC).
    pub fn is_high_capacity(&self) -> bool {
        self.by_block
    }

    /// Has a transfer done, again if need be.
    fn repeat(&mut self, mut transfer: impl FnMut(&Self) -> Result<(), HostError>) -> Result<(), DiskError> {
        let mut outcome = Ok(());
        for again in 0..TRIES {
            if again > 0 {
                self.calm();
            }
            if again == TRIES - 1 || !self.ready {
                self.restart().map_err(disk_error)?;
            }
            outcome = transfer(self);
            if matches!(outcome, Ok(()) | Err(HostError::Length)) {
                break;
            }
        }
        if outcome.is_err() {
            self.calm();
        }
        outcome.map_err(disk_error)
    }

    /// Brings controller and card back to where a transfer can begin, if they follow at all.
    fn calm(&self) {
        self.host.recover();
        if self.host.command(STOP, 0, Answer::Busy, Data::None).is_err() {
            self.host.recover();
        }
        // What the card did not like is told with the next answer, and forgotten with it.
        if self.host.command(SEND_STATUS, self.address, Answer::Short, Data::None).is_err() {
            self.host.recover();
        }
    }

    /// Starts the same card anew: another one that was put in meanwhile is not written to by mistake.
    fn restart(&mut self) -> Result<(), HostError> {
        self.ready = false;
        let started = start(&self.host, self.root)?;
        if (started.sectors, started.by_block) != (self.sectors, self.by_block) {
            return Err(HostError::NoAnswer);
        }
        self.address = started.address;
        self.ready = true;
        Ok(())
    }

    fn argument(&self, sector: u64) -> Result<u32, HostError> {
        let first = if self.by_block { sector } else { sector.saturating_mul(BLOCK as u64) };
        u32::try_from(first).map_err(|_| HostError::Length)
    }

    fn read_part(&self, sector: u64, out: &mut [u8]) -> Result<(), HostError> {
        let argument = self.argument(sector)?;
        let several = out.len() > BLOCK;
        let command = if several { READ_BLOCKS } else { READ_BLOCK };
        check(self.host.command(command, argument, Answer::Short, Data::In(out))?)?;
        if several {
            check_end(self.host.command(STOP, 0, Answer::Busy, Data::None)?)?;
        }
        Ok(())
    }

    fn write_part(&self, sector: u64, data: &[u8]) -> Result<(), HostError> {
        let argument = self.argument(sector)?;
        let several = data.len() > BLOCK;
        let command = if several { WRITE_BLOCKS } else { WRITE_BLOCK };
        check(self.host.command(command, argument, Answer::Short, Data::Out(data))?)?;
        if several {
            check_end(self.host.command(STOP, 0, Answer::Busy, Data::None)?)?;
        }
        self.settle()
    }

    /// Waits until the card has written what it was given, and asks whether it could.
    fn settle(&self) -> Result<(), HostError> {
        let start = self.host.time().micros();
        loop {
            let late = self.host.time().micros().wrapping_sub(start) > PROGRAM;
            let [status, ..] = self.host.command(SEND_STATUS, self.address, Answer::Short, Data::None)?;
            check([status, 0, 0, 0])?;
            if status & READY_FOR_DATA != 0 && status & STATE == TRANSFER {
                return Ok(());
            }
            if late {
                return Err(HostError::Stuck);
            }
        }
    }
}

/// Checks the status in an answer.
fn check([status, ..]: [u32; 4]) -> Result<(), HostError> {
    if status & CARD_ERRORS == 0 { Ok(()) } else { Err(HostError::Refused) }
}

/// As [`check`], of the command that ends a transfer: a read that ends with the card says that it is past the end.
fn check_end([status, ..]: [u32; 4]) -> Result<(), HostError> {
    const OUT_OF_RANGE: u32 = 1 << 31;
    check([status & !OUT_OF_RANGE, 0, 0, 0])
}

fn start<B: Bus, C: Clock>(host: &Usdhc<B, C>, root: u32) -> Result<Started, HostError> {
    host.reset(root, SLOW)?;
    host.command(GO_IDLE, 0, Answer::None, Data::None)?;
    // Cards of version 2 give the pattern back; older ones do not know the command.
    let version_2 = match host.command(SEND_IF_COND, VOLTAGE_AND_PATTERN, Answer::Short, Data::None) {
        Ok([answer, ..]) if answer & 0xFFF == VOLTAGE_AND_PATTERN => true,
        Ok(_) => return Err(HostError::Damaged),
        Err(_) => {
            host.recover();
            host.command(GO_IDLE, 0, Answer::None, Data::None)?;
            false
        }
    };
    let by_block = power_up(host, version_2)?;
    host.command(ALL_SEND_CID, 0, Answer::Long, Data::None)?;
    let [published, ..] = host.command(SEND_ADDRESS, 0, Answer::Short, Data::None)?;
    let address = published & 0xFFFF_0000;
    let sectors = sectors(host.command(SEND_CSD, address, Answer::Long, Data::None)?).ok_or(HostError::Damaged)?;
    check(host.command(SELECT, address, Answer::Busy, Data::None)?)?;
    host.command(APPLICATION, address, Answer::Short, Data::None)?;
    check(host.command(APP_BUS_WIDTH, FOUR_LINES, Answer::Short, Data::None)?)?;
    host.use_four_lines();
    host.set_clock(root, FAST)?;
    if !by_block {
        check(host.command(SET_BLOCK_LEN, BLOCK as u32, Answer::Short, Data::None)?)?;
    }
    Ok(Started { address, by_block, sectors })
}

/// Waits until the card has started; tells whether its blocks are addressed by number.
fn power_up<B: Bus, C: Clock>(host: &Usdhc<B, C>, version_2: bool) -> Result<bool, HostError> {
    let from = host.time().micros();
    let capacity = if version_2 { HIGH_CAPACITY } else { 0 };
    loop {
        let late = host.time().micros().wrapping_sub(from) > START;
        host.command(APPLICATION, 0, Answer::Short, Data::None)?;
        let [state, ..] = host.command(APP_OP_COND, VOLTAGES | capacity, Answer::Plain, Data::None)?;
        if state & STARTED != 0 {
            return Ok(version_2 && state & HIGH_CAPACITY != 0);
        }
        if late {
            return Err(HostError::Stuck);
        }
    }
}

/// Sectors of a card, by its CSD register, of which the controller leaves the lowest eight bits out.
fn sectors(words: [u32; 4]) -> Option<u64> {
    let csd = words.iter().rev().fold(0, |all: u128, word| all << 32 | u128::from(*word)) << 8;
    let field = |low: u32, bits: u32| (csd >> low) as u64 & ((1 << bits) - 1);
    match field(126, 2) {
        0 => {
            // (C_SIZE + 1) * 2^(C_SIZE_MULT + 2) blocks of 2^READ_BL_LEN bytes.
            let bytes = field(62, 12).checked_add(1)?.checked_shl((field(47, 3) + 2 + field(80, 4)) as u32)?;
            Some(bytes / BLOCK as u64)
        }
        1 => Some((field(48, 22) + 1) << 10),
        _ => None,
    }
}

impl<B: Bus + Send, C: Clock + Send> Disk for Card<B, C> {
    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn writable(&self) -> bool {
        self.writable
    }

    fn read(&mut self, first: u64, out: &mut [u8]) -> Result<(), DiskError> {
        block::check(self.sectors, first, out.len())?;
        for (part, sector) in out.chunks_mut(TOGETHER * BLOCK).zip((first..).step_by(TOGETHER)) {
            self.repeat(|card| card.read_part(sector, part))?;
        }
        Ok(())
    }

    fn write(&mut self, first: u64, data: &[u8]) -> Result<(), DiskError> {
        block::check(self.sectors, first, data.len())?;
        if !self.writable {
            return Err(DiskError::ReadOnly);
        }
        for (part, sector) in data.chunks(TOGETHER * BLOCK).zip((first..).step_by(TOGETHER)) {
            self.repeat(|card| card.write_part(sector, part))?;
        }
        Ok(())
    }

    /// A card has written what it was given before it says that it is ready, which every write here waits for.
    fn flush(&mut self) -> Result<(), DiskError> {
        Ok(())
    }
}
