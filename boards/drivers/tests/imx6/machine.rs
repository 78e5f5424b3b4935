// SPDX-License-Identifier: BSD-2-Clause
//! The model of the chip with memory and the blocks that keep secrets, as each world's CPU sees it. A block that masters the bus is
//! checked like any other master.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use drivers::imx6::bus::Bus;
use drivers::imx6::dma::Dma;
use drivers::imx6::map::{self, Register};
use drivers::imx6::part::Part;

use super::caam::CaamModel;
use super::dcp::DcpModel;
use super::model::{Actor, State};
use super::rngb::RngbModel;

/// What a chip and its fuses are.
#[derive(Clone, Copy)]
pub(crate) struct Fuses {
    pub(crate) part: Part,
    /// HPSR of the SNVS.
    pub(crate) hpsr: u32,
    /// The unique key.
    pub(crate) unique: [u8; 32],
}

/// A closed chip that booted a signed image.
pub(crate) const TRUSTED: u32 = 0b1101 << 8 | 0b011 << 12;
/// A chip as it comes.
pub(crate) const OPEN: u32 = 0b1011 << 8 | 0b001 << 12;
/// State of the security monitor.
const HPSR: u32 = map::SNVS_HP.base() + 0x14;
/// The key that every chip uses which does not trust its state.
const TEST_KEY: [u8; 32] = [0x7E; 32];

impl Fuses {
    pub(crate) fn new(part: Part) -> Self {
        Self { part, hpsr: TRUSTED, unique: [0x3C; 32] }
    }
}

/// The whole chip.
pub(crate) struct Machine {
    pub(crate) fuses: Fuses,
    pub(crate) state: RefCell<State>,
    /// The state at first and after every change of it.
    pub(crate) history: RefCell<Vec<State>>,
    memory: RefCell<BTreeMap<u32, u32>>,
    pub(crate) rngb: RefCell<RngbModel>,
    pub(crate) dcp: RefCell<DcpModel>,
    pub(crate) caam: RefCell<CaamModel>,
    /// Accesses that ended in an abort: who, where, a write or not.
    pub(crate) aborts: RefCell<Vec<(Actor, u32, bool)>>,
    pub(crate) accesses: Cell<usize>,
}

impl Machine {
    pub(crate) fn new(fuses: Fuses) -> Self {
        let mut state = State::open();
        state.others.insert(HPSR, fuses.hpsr);
        Self {
            fuses,
            history: RefCell::new(vec![state.clone()]),
            state: RefCell::new(state),
            memory: RefCell::default(),
            rngb: RefCell::default(),
            dcp: RefCell::default(),
            caam: RefCell::default(),
            aborts: RefCell::default(),
            accesses: Cell::new(0),
        }
    }

    /// The unique key that the blocks use.
    pub(crate) fn key(&self) -> [u8; 32] {
        let hpsr = self.state.borrow().read(HPSR);
        let sound = hpsr & (1 << 27 | 0x1FF << 16) == 0 && matches!(hpsr >> 8 & 0xF, 0b1101 | 0b1111);
        if sound { self.fuses.unique } else { TEST_KEY }
    }

    /// A tamper detector, or somebody who glitches: the security monitor fails.
    pub(crate) fn violate(&self) {
        self.state.borrow_mut().others.insert(HPSR, 0b0011 << 8 | 0b011 << 12);
    }

    pub(crate) fn view(&self, actor: Actor) -> View<'_> {
        View { machine: self, actor }
    }

    /// A read of memory by a master; `None` when it is refused.
    pub(crate) fn fetch(&self, actor: Actor, address: u32) -> Option<u32> {
        let allowed = is_memory(address) && self.state.borrow().allows(actor, address, false);
        allowed.then(|| self.memory.borrow().get(&address).copied().unwrap_or(0))
    }

    /// A write to memory by a master; whether it came through.
    pub(crate) fn store(&self, actor: Actor, address: u32, word: u32) -> bool {
        let allowed = is_memory(address) && self.state.borrow().allows(actor, address, true);
        if allowed {
            self.memory.borrow_mut().insert(address, word);
        }
        allowed
    }

    /// Bytes of memory, whole words.
    pub(crate) fn fetch_bytes(&self, actor: Actor, address: u32, len: usize) -> Option<Vec<u8>> {
        let words: Option<Vec<u32>> = (0..len.div_ceil(4)).map(|word| self.fetch(actor, address + 4 * word as u32)).collect();
        Some(words?.into_iter().flat_map(u32::to_le_bytes).take(len).collect())
    }

    pub(crate) fn store_bytes(&self, actor: Actor, address: u32, bytes: &[u8]) -> bool {
        let word = |part: &[u8]| part.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        bytes.chunks(4).enumerate().all(|(index, part)| self.store(actor, address + 4 * index as u32, word(part)))
    }

    /// Everything that stands in memory.
    pub(crate) fn remembered(&self) -> Vec<u8> {
        self.memory.borrow().values().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn abort(&self, actor: Actor, address: u32, write: bool) {
        self.aborts.borrow_mut().push((actor, address, write));
    }

    /// A read of a CPU: 0, and an abort, when it is refused.
    pub(crate) fn read(&self, actor: Actor, address: u32) -> u32 {
        self.accesses.set(self.accesses.get() + 1);
        let read = if is_memory(address) {
            self.fetch(actor, address)
        } else if map::CAAM.contains(address) {
            let owned = self.fuses.part.has_caam() && self.caam.borrow().admits(actor == Actor::SecureCpu, address - map::CAAM.base());
            owned.then(|| self.caam.borrow_mut().read(address - map::CAAM.base()))
        } else if !self.state.borrow().allows(actor, address, false) {
            None
        } else if map::DCP.contains(address) {
            self.fuses.part.has_dcp().then(|| self.dcp.borrow().read(address - map::DCP.base()))
        } else if map::RNGB.contains(address) {
            self.fuses.part.has_dcp().then(|| self.rngb.borrow_mut().read(address - map::RNGB.base()))
        } else {
            Some(self.state.borrow().read(address))
        };
        if read.is_none() {
            self.abort(actor, address, false);
        }
        read.unwrap_or(0)
    }

    /// A write of a CPU, or an abort.
    pub(crate) fn write(&self, actor: Actor, address: u32, value: u32) {
        let written = if is_memory(address) {
            self.store(actor, address, value)
        } else if map::CAAM.contains(address) {
            let offset = address - map::CAAM.base();
            let owned = self.fuses.part.has_caam() && self.caam.borrow().admits(actor == Actor::SecureCpu, offset);
            if owned {
                CaamModel::write(self, actor, offset, value);
            }
            owned
        } else if !self.state.borrow().allows(actor, address, true) {
            false
        } else if map::DCP.contains(address) {
            if self.fuses.part.has_dcp() {
                DcpModel::write(self, address - map::DCP.base(), value);
            }
            self.fuses.part.has_dcp()
        } else if map::RNGB.contains(address) {
            self.rngb.borrow_mut().write(address - map::RNGB.base(), value);
            self.fuses.part.has_dcp()
        } else {
            let mut state = self.state.borrow_mut();
            let before = state.clone();
            state.write(address, value);
            if *state != before {
                self.history.borrow_mut().push(state.clone());
            }
            true
        };
        if !written {
            self.abort(actor, address, true);
        }
    }
}

fn is_memory(address: u32) -> bool {
    map::OCRAM.contains(address) || map::DDR.contains(address)
}

/// The chip as one CPU sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'m> {
    machine: &'m Machine,
    actor: Actor,
}

impl Bus for View<'_> {
    fn read(&self, register: Register) -> u32 {
        self.machine.read(self.actor, register.address())
    }

    fn write(&self, register: Register, value: u32) {
        self.machine.write(self.actor, register.address(), value);
    }

    fn read16(&self, register: Register) -> u16 {
        self.machine.read(self.actor, register.address()) as u16
    }

    fn write16(&self, register: Register, value: u16) {
        self.machine.write(self.actor, register.address(), value.into());
    }
}

/// Memory for jobs in the RAM, which a normal world has to use once the on-chip RAM is closed.
pub(crate) struct Ram<'m>(pub(crate) View<'m>, pub(crate) u32);

impl Dma for Ram<'_> {
    fn address(&self) -> u32 {
        self.1
    }

    fn write(&self, offset: usize, word: u32) {
        self.0.machine.write(self.0.actor, self.1 + offset as u32, word);
    }

    fn read(&self, offset: usize) -> u32 {
        self.0.machine.read(self.0.actor, self.1 + offset as u32)
    }

    fn give(&self) {}

    fn take(&self) {}
}
