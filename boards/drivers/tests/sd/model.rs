// SPDX-License-Identifier: BSD-2-Clause
//! A controller and a card, by registers and commands: what the driver relies on, no more, and what can go wrong.

use drivers::imx6::bus::Bus;
use drivers::imx6::map::{Register, USDHC1};
use drivers::imx6::usdhc::Clock;
use std::sync::{Arc, Mutex, MutexGuard};

/// What kind of card is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// None.
    None,
    /// Standard capacity, version 1: does not know CMD8.
    Old,
    /// Standard capacity, version 2.
    Standard,
    /// High capacity.
    High,
    /// One that never starts.
    Asleep,
}

/// What goes wrong with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NoAnswer,
    AnswerDamaged,
    DataDamaged,
    DataMissing,
    /// The card says that it could not write.
    NotWritten,
    /// It says so only when it is asked for its state.
    NotWrittenLate,
    /// The card is busy for ever.
    BusyForEver,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Ready,
    Identified,
    Standby,
    Transfer,
    Sending(usize),
    Receiving(usize),
}

pub(crate) struct Inner {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
    pub(crate) write_protected: bool,
    /// Commands that came, with their arguments; application commands are numbered from 100.
    pub(crate) log: Vec<(u8, u32)>,
    /// Command, how many of it pass first, how many fail, and how.
    pub(crate) faults: Vec<(u8, u32, u32, Fault)>,
    registers: [u32; 64],
    state: State,
    application: bool,
    starts: u32,
    errors: u32,
    lines: u32,
    micros: u64,
    buffer: Vec<u8>,
    left: u32,
    busy: bool,
    damaged: bool,
    missing: bool,
}

/// The two, as the driver's bus and its time.
#[derive(Clone)]
pub(crate) struct Model(Arc<Mutex<Inner>>);

const ADDRESS: u32 = 0x1234_0000;
const CMD_DONE: u32 = 1;
const DATA_DONE: u32 = 2;

impl Model {
    pub(crate) fn new(kind: Kind, sectors: usize) -> Self {
        let mut inner = Inner {
            kind,
            bytes: vec![0; sectors * 512],
            write_protected: false,
            log: Vec::new(),
            faults: Vec::new(),
            registers: [0; 64],
            state: State::Idle,
            application: false,
            starts: 0,
            errors: 0,
            lines: 1,
            micros: 0,
            buffer: Vec::new(),
            left: 0,
            busy: false,
            damaged: false,
            missing: false,
        };
        inner.reset();
        Self(Arc::new(Mutex::new(inner)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

impl Clock for Model {
    fn micros(&self) -> u64 {
        self.lock().micros
    }
}

impl Bus for Model {
    fn read(&self, register: Register) -> u32 {
        let mut inner = self.lock();
        inner.micros += 10;
        inner.read(register.address() - USDHC1.base())
    }

    fn write(&self, register: Register, value: u32) {
        let mut inner = self.lock();
        inner.micros += 1;
        inner.write(register.address() - USDHC1.base(), value);
    }

    fn read16(&self, _: Register) -> u16 {
        panic!("the block is read by words");
    }

    fn write16(&self, _: Register, _: u16) {
        panic!("the block is written by words");
    }
}

impl Inner {
    /// Puts another card in, which nobody has started.
    pub(crate) fn exchange(&mut self, kind: Kind, bytes: Vec<u8>) {
        (self.kind, self.bytes) = (kind, bytes);
        (self.state, self.lines, self.errors, self.starts) = (State::Idle, 1, 0, 0);
    }

    fn reset(&mut self) {
        self.registers = [0; 64];
        self.registers[0x2C / 4] = 0x0080_800F;
        self.registers[0x28 / 4] = 0x0880_0020;
        self.registers[0x48 / 4] = 1 << 31;
        self.registers[0xC0 / 4] = 0x2000_0009;
    }

    fn read(&mut self, offset: u32) -> u32 {
        match offset {
            0x20 => self.take_word(),
            0x24 => {
                let data = self.left > 0;
                let there = matches!(self.state, State::Sending(_)) && data && !self.missing && !self.damaged;
                let room = matches!(self.state, State::Receiving(_)) && data && !self.missing;
                let clock = self.registers[0xC0 / 4] >> 11 & 0b1111 == 0b1111;
                u32::from(data) << 1
                    | u32::from(clock) << 3
                    | u32::from(room) << 10
                    | u32::from(there) << 11
                    | u32::from(!self.write_protected) << 19
                    | u32::from(!self.busy) << 24
            }
            0x2C => self.registers[0x2C / 4] & !(0xF << 24),
            _ => self.registers[offset as usize / 4],
        }
    }

    fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x2C => {
                if value & 1 << 24 != 0 {
                    self.reset();
                } else {
                    self.registers[0x2C / 4] = value;
                }
                if value & (1 << 24 | 1 << 26) != 0 {
                    self.left = 0;
                    self.buffer.clear();
                    self.damaged = false;
                    self.missing = false;
                }
            }
            0x30 => self.registers[0x30 / 4] &= !value,
            0x0C => {
                self.registers[0x0C / 4] = value;
                self.command(value);
            }
            0x20 => self.give_word(value),
            _ => self.registers[offset as usize / 4] = value,
        }
    }

    fn event(&mut self, bits: u32) {
        self.registers[0x30 / 4] |= bits & self.registers[0x34 / 4];
    }

    fn fault(&mut self, command: u8) -> Option<Fault> {
        let (_, pass, count, fault) = self.faults.iter_mut().find(|(of, _, count, _)| *of == command && *count > 0)?;
        if *pass > 0 {
            *pass -= 1;
            return None;
        }
        *count -= 1;
        Some(*fault)
    }

    /// Hertz of the card's clock, of a root clock of 198 MHz.
    fn hertz(&self) -> u32 {
        let control = self.registers[0x2C / 4];
        let prescaler = (control >> 8 & 0xFF) * 2;
        198_000_000 / prescaler.max(1) / ((control >> 4 & 0xF) + 1)
    }

    fn command(&mut self, kind: u32) {
        let (index, argument) = ((kind >> 24 & 0x3F) as u8, self.registers[2]);
        let application = std::mem::take(&mut self.application);
        let number = if application { index + 100 } else { index };
        self.log.push((number, argument));
        assert!(self.hertz() <= 25_000_000, "{} Hz are too fast", self.hertz());
        if !matches!(self.state, State::Standby | State::Transfer | State::Sending(_) | State::Receiving(_)) {
            assert!(self.hertz() <= 400_000, "{} Hz while cards are identified", self.hertz());
        }
        let fault = self.fault(number);
        let answer = if self.kind == Kind::None || fault == Some(Fault::NoAnswer) { None } else { self.answer(number, argument, fault) };
        if index == 0 && self.kind != Kind::None {
            return self.event(CMD_DONE);
        }
        let Some(words) = answer else { return self.event(1 << 16) };
        if fault == Some(Fault::AnswerDamaged) {
            return self.event(1 << 17);
        }
        self.registers[4..8].copy_from_slice(&words);
        // The controller checks what the driver says: the kind of the answer, and whether data follow.
        let wanted = match number {
            0 => 0,
            2 | 9 => 0b01 << 16 | 1 << 19,
            141 => 0b10 << 16,
            7 | 12 => 0b11 << 16 | 0b11 << 19,
            _ => 0b10 << 16 | 0b11 << 19,
        };
        assert_eq!(kind & (0b11 << 16 | 0b11 << 19), wanted, "answer of command {number}");
        assert_eq!(kind >> 22 & 0b11, if index == 12 { 0b11 } else { 0 }, "type of command {number}");
        let data = matches!(number, 17 | 18 | 24 | 25);
        assert_eq!(kind >> 21 & 1 != 0, data, "data of command {number}");
        self.event(CMD_DONE);
        if data && !matches!(self.state, State::Transfer) {
            let mix = self.registers[0x48 / 4];
            let blocks = self.registers[1] >> 16;
            assert_eq!(self.registers[1] & 0x1FFF, 512);
            assert_eq!(mix >> 31, 1, "the reserved bit");
            assert_eq!(mix >> 4 & 1 != 0, matches!(number, 17 | 18), "direction of command {number}");
            assert_eq!(mix >> 5 & 1 != 0, matches!(number, 18 | 25), "number of blocks of command {number}");
            assert_eq!(matches!(number, 17 | 24), blocks == 1);
            assert_eq!(self.lines, if self.registers[0x28 / 4] >> 1 & 0b11 == 0b01 { 4 } else { 1 }, "lines of card and controller");
            self.left = blocks;
            self.damaged = fault == Some(Fault::DataDamaged);
            self.missing = fault == Some(Fault::DataMissing);
            if self.damaged {
                self.event(1 << 21);
            }
        }
    }

    fn argument_to_byte(&self, argument: u32) -> usize {
        if self.kind == Kind::High { argument as usize * 512 } else { argument as usize }
    }

    /// The answer of the card; none when it does not know the command in its state.
    fn answer(&mut self, number: u8, argument: u32, fault: Option<Fault>) -> Option<[u32; 4]> {
        let selected = matches!(self.state, State::Transfer | State::Sending(_) | State::Receiving(_));
        let told = std::mem::take(&mut self.errors);
        let state = match self.state {
            State::Idle => 0,
            State::Ready => 1,
            State::Identified => 2,
            State::Standby => 3,
            State::Transfer => 4,
            State::Sending(_) => 5,
            State::Receiving(_) => 6,
        };
        let ready = u32::from(!self.busy && !matches!(self.state, State::Receiving(_))) << 8;
        let status = told | state << 9 | ready;
        match (number, self.state) {
            (0, _) => {
                self.state = State::Idle;
                self.lines = 1;
                self.busy = false;
                self.starts = 0;
                None
            }
            (8, State::Idle) if self.kind != Kind::Old => Some([argument & 0xFFF, 0, 0, 0]),
            (55, _) => {
                self.application = true;
                Some([status | 1 << 5, 0, 0, 0])
            }
            (141, State::Idle) => {
                assert_ne!(argument & 0x00FF_8000, 0, "no voltage");
                self.starts += 1;
                let started = self.starts > 2 && self.kind != Kind::Asleep;
                let high = self.kind == Kind::High && argument & 1 << 30 != 0;
                if started {
                    self.state = State::Ready;
                }
                Some([0x00FF_8000 | u32::from(started) << 31 | u32::from(high && started) << 30, 0, 0, 0])
            }
            (2, State::Ready) => {
                self.state = State::Identified;
                Some([1, 2, 3, 4])
            }
            (3, State::Identified | State::Standby) => {
                self.state = State::Standby;
                Some([ADDRESS | state << 9, 0, 0, 0])
            }
            (9, State::Standby) if argument == ADDRESS => Some(self.csd()),
            (7, State::Standby) if argument == ADDRESS => {
                self.state = State::Transfer;
                Some([status, 0, 0, 0])
            }
            (106, State::Transfer) => {
                self.lines = if argument == 2 { 4 } else { 1 };
                Some([status, 0, 0, 0])
            }
            (13, _) if argument == ADDRESS => {
                assert!(selected);
                Some([status, 0, 0, 0])
            }
            (16, State::Transfer) => {
                assert_eq!(argument, 512);
                Some([status, 0, 0, 0])
            }
            (17 | 18 | 24 | 25, State::Transfer) => {
                let at = self.argument_to_byte(argument);
                if at >= self.bytes.len() || !at.is_multiple_of(512) {
                    return Some([status | 1 << 31, 0, 0, 0]);
                }
                if fault == Some(Fault::NotWritten) {
                    return Some([status | 1 << 19, 0, 0, 0]);
                }
                if fault == Some(Fault::NotWrittenLate) {
                    self.errors = 1 << 19;
                }
                self.busy = fault == Some(Fault::BusyForEver);
                self.state = if matches!(number, 17 | 18) { State::Sending(at) } else { State::Receiving(at) };
                Some([status, 0, 0, 0])
            }
            (12, State::Sending(_) | State::Receiving(_)) => {
                self.state = State::Transfer;
                Some([status, 0, 0, 0])
            }
            // Not known here: no answer now, and told with the next one.
            _ => {
                self.errors = told | 1 << 22;
                None
            }
        }
    }

    fn csd(&self) -> [u32; 4] {
        let blocks = self.bytes.len() as u128 / 512;
        let csd: u128 = if self.kind == Kind::High {
            1 << 126 | ((blocks >> 10) - 1) << 48
        } else {
            // Blocks of 1024 bytes, in groups of 4.
            (blocks / 8 - 1) << 62 | 10 << 80
        };
        // The controller gives bits 8 to 127.
        let shifted = csd >> 8;
        [0, 32, 64, 96].map(|shift| (shifted >> shift) as u32)
    }

    fn take_word(&mut self) -> u32 {
        let State::Sending(at) = self.state else { panic!("nothing to read") };
        assert!(self.left > 0, "more is read than asked for");
        if self.buffer.is_empty() {
            self.buffer = self.bytes[at..at + 512].to_vec();
        }
        let word = u32::from_le_bytes(self.buffer[..4].try_into().unwrap());
        self.buffer.drain(..4);
        if self.buffer.is_empty() {
            self.block_done(at + 512);
        }
        word
    }

    fn give_word(&mut self, word: u32) {
        let State::Receiving(at) = self.state else { panic!("nothing to write") };
        assert!(self.left > 0, "more is written than asked for");
        self.buffer.extend(word.to_le_bytes());
        if self.buffer.len() == 512 {
            let block = std::mem::take(&mut self.buffer);
            if self.errors & 1 << 19 == 0 {
                self.bytes[at..at + 512].copy_from_slice(&block);
            }
            self.block_done(at + 512);
        }
    }

    fn block_done(&mut self, next: usize) {
        self.left -= 1;
        let single = self.registers[0x48 / 4] >> 5 & 1 == 0;
        self.state = match self.state {
            _ if single => State::Transfer,
            State::Sending(_) => State::Sending(next),
            _ => State::Receiving(next),
        };
        if self.left == 0 {
            self.event(DATA_DONE);
        }
    }
}
