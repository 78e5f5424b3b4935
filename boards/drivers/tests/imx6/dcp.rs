// SPDX-License-Identifier: BSD-2-Clause
//! A model of the DCP: really does AES, with a key that only it knows, on memory that it is let to by the CSU and the TZASC.

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};

use super::machine::Machine;
use super::model::Actor;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Not there: reads as zeros.
    Absent,
    /// Never done.
    Hangs,
    /// Says that it is done and does nothing.
    Pretends,
    /// Does everything but what is done with the unique key.
    PretendsUnique,
    /// Before it uses the unique key, the security monitor fails.
    Violated,
    /// Flips a bit of what it computes.
    Flips,
}

/// As a bus master; its registers are CSL (34,0)'s.
pub(crate) const MASTER: Actor = Actor::Dma(14, Some((34, 0)));

#[derive(Default)]
pub(crate) struct DcpModel {
    pub(crate) fault: Fault,
    ctrl: u32,
    stat: u32,
    channels: u32,
    capability0: u32,
    pointer: u32,
    channel_stat: u32,
    /// Packets that were carried out.
    pub(crate) packets: u32,
}

impl DcpModel {
    pub(crate) fn read(&self, offset: u32) -> u32 {
        if self.fault == Fault::Absent {
            return 0;
        }
        match offset {
            0x000 => self.ctrl,
            0x010 => self.stat,
            0x020 => self.channels,
            0x030 => self.capability0,
            0x040 => 0x0007_0001,
            0x100 => self.pointer,
            0x120 => self.channel_stat,
            _ => 0,
        }
    }

    pub(crate) fn write(machine: &Machine, offset: u32, value: u32) {
        let mut this = machine.dcp.borrow_mut();
        match offset {
            0x004 => this.ctrl |= value,
            0x008 => this.ctrl &= !value,
            0x018 => this.stat &= !value,
            0x020 => this.channels = value & 0xFF,
            0x030 => this.capability0 |= value & 1 << 29,
            0x100 => this.pointer = value,
            0x128 => this.channel_stat &= !value,
            0x110 if value & 0xFF != 0 && this.ctrl >> 30 == 0 && this.channels & 1 != 0 => this.run(machine),
            _ => {}
        }
        if this.ctrl >> 31 != 0 {
            (this.channels, this.stat, this.channel_stat) = (0, 0, 0);
        }
    }

    fn run(&mut self, machine: &Machine) {
        if matches!(self.fault, Fault::Hangs | Fault::Absent) {
            return;
        }
        match self.packet(machine) {
            Ok(()) => self.packets += 1,
            Err(bit) => self.channel_stat |= 1 << bit | 0x03 << 16,
        }
        self.stat |= 1;
    }

    /// Carries a packet out; the number of the error bit if that fails.
    fn packet(&self, machine: &Machine) -> Result<(), u32> {
        const MANY: Result<(), u32> = Err(2);
        let words: Option<Vec<u32>> = (0..8).map(|word| machine.fetch(MASTER, self.pointer + 4 * word)).collect();
        let [_, control, select, source, destination, length, payload, _] = words.ok_or(3u32)?[..] else { return MANY };
        // AES-128-CBC encryption with a new vector, and a semaphore that goes down: all that this model knows.
        if control & 0x1F3 & !1 != 0x122 || control >> 9 & 1 == 0 || select & 0xFF != 0x10 || !length.is_multiple_of(16) {
            return MANY;
        }
        let payload_key = control >> 11 & 1 != 0;
        let key: [u8; 16] = if payload_key {
            machine.fetch_bytes(MASTER, payload, 16).ok_or(2u32)?.try_into().unwrap()
        } else if control >> 10 & 1 != 0 && select >> 8 & 0xFF == 0xFE && self.capability0 >> 29 & 1 == 0 {
            if self.fault == Fault::Violated {
                machine.violate();
            }
            machine.key()[..16].try_into().unwrap()
        } else {
            return MANY;
        };
        let vector = machine.fetch_bytes(MASTER, payload + if payload_key { 16 } else { 0 }, 16).ok_or(2u32)?;
        let mut data = machine.fetch_bytes(MASTER, source, length as usize).ok_or(4u32)?;
        if self.fault == Fault::Pretends || self.fault == Fault::PretendsUnique && !payload_key {
            return Ok(());
        }
        let cipher = Aes128::new(&key.into());
        let mut last: [u8; 16] = vector.try_into().unwrap();
        for block in data.chunks_exact_mut(16) {
            let mut mixed: [u8; 16] = std::array::from_fn(|index| block[index] ^ last[index]);
            cipher.encrypt_block((&mut mixed).into());
            block.copy_from_slice(&mixed);
            last = mixed;
        }
        if self.fault == Fault::Flips {
            data[0] ^= 1;
        }
        if machine.store_bytes(MASTER, destination, &data) { Ok(()) } else { Err(5) }
    }
}
