// SPDX-License-Identifier: BSD-2-Clause
//! A model of the CAAM: job rings with owners, the commands of the driver's jobs, a generator that needs its noise, a blob key that
//! depends on the unique key and on the stage of blobs. Its descriptors are written down apart from the driver's.
//!
//! No source says what protects its first page, so anybody reaches that here, as if no CSL covered the block.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::machine::Machine;
use super::model::Actor;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Not there: reads as zeros.
    Absent,
    /// Its ring does not reset.
    RingStuck,
    /// Never done.
    Hangs,
    /// Says that it is done and writes nothing.
    Pretends,
    /// Every job fails with this status.
    Fails(u32),
    /// Gives back another job.
    Confuses,
    /// No noise unless it gathers for so many cycles.
    Noise(u32),
    /// A state handle stays one for tests.
    StaysTest,
}

const NO_NOISE: u32 = 0x2000_005B;

#[derive(Default)]
pub(crate) struct CaamModel {
    pub(crate) fault: Fault,
    registers: BTreeMap<u32, u32>,
    /// Bits of the generator's status.
    pub(crate) generator: u32,
    scfgr: u32,
    midr: [[u32; 2]; 3],
    /// Reads of its ring until a job is done.
    pub(crate) takes: u32,
    left: Option<u32>,
    halted: u32,
    full: u32,
    draws: u32,
    /// Jobs that were carried out.
    pub(crate) jobs: u32,
    /// Has no prediction resistance.
    pub(crate) plain: bool,
}

impl CaamModel {
    /// Whether the block answers a CPU of this world there: a job ring, its owner's.
    pub(crate) fn admits(&self, secure: bool, offset: u32) -> bool {
        match offset >> 12 {
            ring @ 1..=3 => secure || self.midr[ring as usize - 1][0] >> 3 & 1 != 0,
            _ => true,
        }
    }

    pub(crate) fn read(&mut self, offset: u32) -> u32 {
        if self.fault == Fault::Absent {
            return 0;
        }
        match offset {
            0x00C => self.scfgr,
            0x010..0x028 => self.midr[(offset as usize - 0x10) / 8][(offset as usize / 4) % 2],
            0x6C0 => self.generator,
            // Two state handles.
            0xFA8 => 2 << 8,
            0x103C => {
                self.left = self.left.map(|left| left.saturating_sub(1));
                if self.left == Some(0) {
                    self.left = None;
                    self.full += 1;
                }
                self.full
            }
            0x104C => self.halted << 2,
            _ => self.registers.get(&offset).copied().unwrap_or(0),
        }
    }

    pub(crate) fn write(machine: &Machine, actor: Actor, offset: u32, value: u32) {
        let mut this = machine.caam.borrow_mut();
        match offset {
            // The stage of blobs only goes up.
            0x00C => this.scfgr = value & !0b11 | (value | this.scfgr) & 0b11,
            0x010..0x028 => {
                let [ring, word] = [(offset as usize - 0x10) / 8, (offset as usize / 4) % 2];
                if this.midr[ring][0] >> 31 == 0 {
                    this.midr[ring][word] = value;
                }
            }
            0x101C => this.run(machine, actor),
            0x1034 => this.full = this.full.saturating_sub(value),
            0x106C if value & 1 != 0 => {
                this.halted = if this.fault == Fault::RingStuck { 0b01 } else { 0b10 };
                (this.full, this.left) = (0, None);
            }
            0x006C0 | 0x00FA8 => {}
            _ => drop(this.registers.insert(offset, value)),
        }
    }

    fn run(&mut self, machine: &Machine, actor: Actor) {
        if self.fault == Fault::Hangs {
            return;
        }
        let register = |offset: u32| self.registers.get(&offset).copied().unwrap_or(0);
        let (input, output) = (register(0x1004), register(0x1024));
        let Some(descriptor) = machine.fetch(actor, input) else { return };
        let status = match self.fault {
            Fault::Fails(status) => status,
            _ => self.job(machine, actor, descriptor).map_or_else(|status| status, |()| 0),
        };
        self.jobs += 1;
        let descriptor = if self.fault == Fault::Confuses { descriptor + 4 } else { descriptor };
        let _ = machine.store(actor, output, descriptor) && machine.store(actor, output + 4, status);
        // Told later than it is written.
        self.left = Some(self.takes + 1);
    }

    fn job(&mut self, machine: &Machine, actor: Actor, descriptor: u32) -> Result<(), u32> {
        const BAD: u32 = 0x4000_0001;
        let word = |index: u32| machine.fetch(actor, descriptor + 4 * index).ok_or(BAD);
        let header = word(0)?;
        if header & 0xFF80_0000 != 0xB080_0000 {
            return Err(BAD);
        }
        let words: Vec<u32> = (1..header & 0x7F).map(word).collect::<Result<_, _>>()?;
        match words[..] {
            // Generator: instantiate, or release, state handle 0 or 1.
            [operation] if operation & 0xFFFF_FFCF == 0x8250_0006 => self.instantiate(operation >> 4 & 1),
            [operation] if operation & 0xFFFF_FFCF == 0x8250_000C => {
                self.generator &= !(0x111 << (operation >> 4 & 1));
                Ok(())
            }
            // Make keys, wait, clear the mode.
            [0x8250_1000, 0xA200_0001, 0x1088_0004, 1] if self.generator & 1 != 0 => {
                self.generator |= 1 << 30;
                Ok(())
            }
            // Generate, with noise anew or without; store.
            [operation @ (0x8250_0002 | 0x8250_0000), store, at] if store & 0xFFFF_0000 == 0x6034_0000 => {
                if self.generator & 1 == 0 || operation == 0x8250_0002 && self.generator >> 4 & 1 == 0 {
                    return Err(NO_NOISE);
                }
                self.draws += 1;
                let length = (store & 0xFFFF) as usize;
                let blocks =
                    (0..length.div_ceil(32)).map(|part| Sha256::digest([self.draws.to_le_bytes(), (part as u32).to_le_bytes()].concat()));
                let bytes: Vec<u8> = blocks.flatten().take(length).collect();
                self.deliver(machine, actor, at, &bytes)
            }
            // Sequence out, 32 bytes; encapsulate: blob, master key verification.
            [0xF800_0020, at, 0x870D_0002] => {
                let key = Sha256::digest([&machine.key()[..], &[(self.scfgr & 0b11) as u8]].concat());
                self.deliver(machine, actor, at, &key)
            }
            _ => Err(BAD),
        }
    }

    fn instantiate(&mut self, handle: u32) -> Result<(), u32> {
        let register = |offset: u32| self.registers.get(&offset).copied().unwrap_or(0);
        let delay = register(0x610) >> 16;
        // In program mode, or with its noise given to somebody else, there is none.
        let stopped = register(0x600) & (1 << 16 | 1 << 5) != 0;
        if stopped || delay < 3200 || matches!(self.fault, Fault::Noise(needed) if delay < needed) {
            return Err(NO_NOISE);
        }
        let test = if self.fault == Fault::StaysTest { 0x100 } else { 0 };
        self.generator |= (test | if self.plain { 0x01 } else { 0x11 }) << handle;
        Ok(())
    }

    fn deliver(&self, machine: &Machine, actor: Actor, at: u32, bytes: &[u8]) -> Result<(), u32> {
        let written = self.fault == Fault::Pretends || machine.store_bytes(actor, at, bytes);
        if written { Ok(()) } else { Err(0x4000_0002) }
    }
}
