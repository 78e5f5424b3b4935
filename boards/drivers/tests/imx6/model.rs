// SPDX-License-Identifier: BSD-2-Clause
//! A model of the chip that enforces what CSU, TZASC, OCRAM and locks say, and keeps its state after every write.
//!
//! Its offsets and bits are written down apart from the drivers'. Where the sources are silent it takes what is worse for the
//! secure world: anyone may write the CSU; a lockdown of less than all regions locks none; a DMA engine without a CSL of its
//! own is in the hands of the normal world; DMA is privileged; a bus error is no protection.

use std::cell::RefCell;
use std::collections::BTreeMap;

use drivers::imx6::bus::Bus;
use drivers::imx6::map::{self, Block, Register};

/// Blocks with their CSL register and slave, as far as the sources give an address.
pub(crate) const SLOTS: [(Block, usize, u32); 42] = [
    (map::GPT1, 1, 1),
    (map::EPIT1, 1, 1),
    (map::EPIT2, 1, 1),
    (map::GPIO1, 2, 0),
    (map::GPIO2, 2, 0),
    (map::GPIO3, 2, 1),
    (map::GPIO4, 2, 1),
    (map::GPIO5, 3, 0),
    (map::SNVS_LP, 3, 1),
    (map::WDOG1, 4, 1),
    (map::WDOG2, 5, 0),
    (map::CCM, 5, 1),
    (map::SNVS_HP, 5, 1),
    (map::SRC, 5, 1),
    (map::GPC, 5, 1),
    (map::ANATOP, 6, 0),
    (map::IOMUXC, 6, 1),
    (map::IOMUXC_GPR, 7, 0),
    (map::SDMA, 7, 1),
    (map::USB, 8, 0),
    (map::ENET1, 8, 1),
    (map::ENET2, 8, 1),
    (map::GPT2, 9, 0),
    (map::USDHC1, 9, 1),
    (map::USDHC2, 10, 0),
    (map::I2C1, 11, 1),
    (map::I2C2, 12, 0),
    (map::ROMCP, 13, 0),
    (map::MMDC, 13, 1),
    (map::OCOTP, 14, 1),
    (map::SYSTEM_COUNTER, 16, 0),
    (map::TZASC, 16, 1),
    (map::UART1, 21, 0),
    (map::WDOG3, 25, 0),
    (map::UART2, 30, 0),
    (map::UART3, 30, 1),
    (map::UART4, 31, 0),
    (map::UART5, 31, 1),
    (map::DCP, 34, 0),
    (map::RNGB, 34, 1),
    (map::OCRAM, 39, 1),
    (map::CSU, usize::MAX, 0),
];

/// Who makes an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    SecureCpu,
    NormalCpu,
    /// A master by its number in SA, with the CSL of the registers that command it.
    Dma(u32, Option<(usize, u32)>),
}

/// Every master that the normal world may get hold of.
pub(crate) const ACTORS: [Actor; 11] = [
    Actor::NormalCpu,
    Actor::Dma(2, Some((7, 1))),
    Actor::Dma(3, Some((32, 0))),
    Actor::Dma(4, Some((8, 0))),
    Actor::Dma(5, None),
    Actor::Dma(7, None),
    Actor::Dma(8, None),
    Actor::Dma(9, Some((8, 1))),
    Actor::Dma(10, Some((9, 1))),
    Actor::Dma(11, Some((10, 0))),
    Actor::Dma(DCP, Some((34, 0))),
];
/// The DCP and the debug port.
const DCP: u32 = 14;

/// A region of the TZASC: low, high, attributes.
pub(crate) type Region = [u32; 3];

/// What the registers hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) csl: [u32; 40],
    pub(crate) sa: u32,
    pub(crate) gpr1: u32,
    pub(crate) gpr9: u32,
    pub(crate) gpr10: u32,
    pub(crate) action: u32,
    pub(crate) range: u32,
    pub(crate) select: u32,
    pub(crate) inversion: u32,
    pub(crate) regions: [Region; 16],
    /// Every other register.
    pub(crate) others: BTreeMap<u32, u32>,
}

/// `new` where `locked` is clear, `old` where it is set.
fn merge(old: u32, new: u32, locked: u32) -> u32 {
    old & locked | new & !locked
}

impl State {
    /// Everything open, as the DCD leaves it at worst: every master secure, debugging on.
    pub(crate) fn open() -> Self {
        let mut others = BTreeMap::new();
        for watchdog in [map::WDOG1, map::WDOG2, map::WDOG3] {
            others.insert(watchdog.base() + 8, 1);
        }
        Self {
            csl: [0x00FF_00FF; 40],
            sa: 0,
            gpr1: 0,
            gpr9: 1,
            gpr10: 0b11,
            action: 0,
            range: 0,
            select: 0,
            inversion: 1,
            regions: [[0, 0, 0]; 16].map(|_| [0x8800_0000, 1, 0xF000_0039]),
            others,
        }
    }

    fn tzasc_locked(&self) -> bool {
        self.gpr1 >> 23 & 1 != 0
    }

    fn regions_locked(&self) -> bool {
        self.tzasc_locked() && self.range >> 31 != 0 && self.range & 0xF == 15 && self.select & 1 != 0
    }

    pub(crate) fn read(&self, address: u32) -> u32 {
        let (csu, gpr, tzasc) = (map::CSU.base(), map::IOMUXC_GPR.base(), map::TZASC.base());
        match address {
            _ if address >= csu && address < csu + 0xA0 => self.csl[((address - csu) / 4) as usize],
            _ if address == csu + 0x218 => self.sa,
            _ if address == gpr + 0x04 => self.gpr1,
            _ if address == gpr + 0x24 => self.gpr9,
            _ if address == gpr + 0x28 => self.gpr10,
            _ if address == tzasc => 15 | 31 << 8,
            _ if address == tzasc + 0x04 => self.action,
            _ if address == tzasc + 0x08 => self.range,
            _ if address == tzasc + 0x0C => self.select,
            _ if address == tzasc + 0x34 => self.inversion,
            _ if address == tzasc + 0xFD0 => 4,
            _ if address >= tzasc + 0xFE0 && address < tzasc + 0xFF0 => 0x001B_B380 >> (2 * (address - tzasc - 0xFE0)) & 0xFF,
            _ if address >= tzasc + 0xFF0 && address < tzasc + 0x1000 => 0xB105_F00D >> (2 * (address - tzasc - 0xFF0)) & 0xFF,
            _ if address >= tzasc + 0x100 && address < tzasc + 0x200 => {
                let offset = address - tzasc - 0x100;
                self.regions[(offset / 16) as usize].get((offset % 16 / 4) as usize).copied().unwrap_or(0)
            }
            _ => self.others.get(&address).copied().unwrap_or(0),
        }
    }

    /// A write that reaches its register: what locks leave of it.
    pub(crate) fn write(&mut self, address: u32, value: u32) {
        let (csu, gpr, tzasc) = (map::CSU.base(), map::IOMUXC_GPR.base(), map::TZASC.base());
        match address {
            _ if address >= csu && address < csu + 0xA0 => {
                let csl = &mut self.csl[((address - csu) / 4) as usize];
                let locks = (*csl >> 8 & 0x0001_0001) * 0x1FF;
                *csl = merge(*csl, value & 0x01FF_01FF, locks);
            }
            _ if address == csu + 0x218 => {
                let locks = self.sa & 0xAAAA_AAAA;
                self.sa = merge(self.sa, value, locks | locks >> 1);
            }
            _ if address == gpr + 0x04 => self.gpr1 = merge(self.gpr1, value, self.gpr1 & 1 << 23),
            _ if address == gpr + 0x24 => self.gpr9 = merge(self.gpr9, value, self.gpr9 & 1),
            _ if address == gpr + 0x28 => {
                let locks = self.gpr10 & 0x3F << 26;
                self.gpr10 = merge(self.gpr10, value, locks | locks >> 16);
            }
            _ if address == tzasc + 0x04 => self.action = value,
            _ if address == tzasc + 0x08 && !self.tzasc_locked() => self.range = value & 0x8000_000F,
            _ if address == tzasc + 0x0C && !self.tzasc_locked() => self.select = value & 7,
            _ if address == tzasc + 0x34 && !(self.tzasc_locked() && self.select & 2 != 0) => self.inversion = value & 1,
            _ if address >= tzasc + 0x100 && address < tzasc + 0x200 => {
                let offset = address - tzasc - 0x100;
                let locked = self.regions_locked();
                if let Some(word) = self.regions[(offset / 16) as usize].get_mut((offset % 16 / 4) as usize).filter(|_| !locked) {
                    *word = value;
                }
            }
            // Read-only, or locked.
            _ if map::TZASC.contains(address) => {}
            _ => drop(self.others.insert(address, value)),
        }
    }

    /// What no write, of either world, may change once the chip is locked.
    pub(crate) fn locked_part(&self) -> ([u32; 40], u32, u32, u32, u32, [u32; 3], [Region; 16]) {
        let tzasc = [self.range, self.select, self.inversion];
        (self.csl, self.sa, self.gpr1 & 1 << 23, self.gpr9 & 1, self.gpr10 & 0xFC00_FC00, tzasc, self.regions)
    }

    /// All lock bits.
    pub(crate) fn locks(&self) -> (Vec<u32>, u32, u32, u32, bool) {
        let csl = self.csl.iter().map(|csl| csl & 0x0100_0100).collect();
        (csl, self.sa & 0xAAAA_AAAA, self.gpr1 & 1 << 23, self.gpr10 & 0x3F << 26, self.regions_locked())
    }

    fn is_secure(&self, actor: Actor) -> bool {
        match actor {
            Actor::SecureCpu => true,
            Actor::NormalCpu => false,
            Actor::Dma(master, _) => self.sa >> (2 * master) & 1 == 0,
        }
    }

    /// Whether the normal world can make `actor` do what it wants. One that speaks for the normal world may have been told
    /// before; one that speaks for the secure world has to be told through its registers, or is the debug port.
    fn is_commanded(&self, actor: Actor) -> bool {
        let Actor::Dma(master, control) = actor else { return true };
        let debugged = master == DCP && self.gpr10 & 0b11 != 0;
        !self.is_secure(actor) || debugged || control.is_none_or(|(csl, slave)| self.slot_allows(false, csl, slave, true))
    }

    /// What a CSL byte says to a privileged access.
    fn slot_allows(&self, secure: bool, csl: usize, slave: u32, write: bool) -> bool {
        let bit = if secure { 1 } else { 3 } + if write { 4 } else { 0 };
        self.csl[csl] >> (16 * slave + bit) & 1 != 0
    }

    fn memory_allows(&self, secure: bool, address: u32, write: bool) -> bool {
        if self.gpr9 & 1 == 0 {
            return true;
        }
        let covers = |&[low, _, attributes]: &Region| {
            let size = 2u64 << (attributes >> 1 & 0x3F).min(40);
            let base = u64::from(low & !0x7FFF) & !(size - 1);
            let offset = u64::from(address).checked_sub(base).filter(|&offset| offset < size);
            attributes & 1 != 0 && offset.is_some_and(|offset| attributes >> (8 + offset * 8 / size) & 1 == 0)
        };
        // The background covers everything, whatever its other bits say.
        let region = self.regions[1..].iter().rfind(|region| covers(region)).unwrap_or(&self.regions[0]);
        let rights = region[2] >> 28;
        let (read, write_right) = if secure && self.inversion == 0 {
            (rights & 0b1010, rights & 0b0101)
        } else if secure {
            (rights & 0b1000, rights & 0b0100)
        } else {
            (rights & 0b0010, rights & 0b0001)
        };
        if write { write_right != 0 } else { read != 0 }
    }

    /// Whether the chip lets an access through.
    pub(crate) fn allows(&self, actor: Actor, address: u32, write: bool) -> bool {
        let secure = self.is_secure(actor);
        if map::DDR.contains(address) {
            return self.memory_allows(secure, address, write);
        }
        let Some(&(block, csl, slave)) = SLOTS.iter().find(|(block, ..)| block.contains(address)) else { return false };
        if block == map::CSU {
            return true;
        }
        let start = (self.gpr10 >> 11 & 0x1F) * 0x1000;
        let hidden = block == map::OCRAM && self.gpr10 >> 10 & 1 != 0 && address - block.base() >= start;
        self.slot_allows(secure, csl, slave, write) && (secure || !hidden)
    }

    /// Whether the normal world reaches `address` by means of `actor`.
    pub(crate) fn reaches(&self, actor: Actor, address: u32, write: bool) -> bool {
        self.is_commanded(actor) && self.allows(actor, address, write)
    }

    /// Whether it reaches a peripheral, by its CSL.
    pub(crate) fn reaches_slot(&self, actor: Actor, csl: usize, slave: u32, write: bool) -> bool {
        self.is_commanded(actor) && self.slot_allows(self.is_secure(actor), csl, slave, write)
    }

    /// An attempt: the write, if the chip lets it through.
    pub(crate) fn attempt(&mut self, actor: Actor, address: u32, value: u32) {
        if self.reaches(actor, address, true) {
            self.write(address, value);
        }
    }
}

/// What happens to the write of a given number, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mutation {
    None,
    /// It is lost.
    Lost(usize),
    /// It is lost, and its register reads as if it were not.
    LostUnseen(usize),
}

/// The model as a bus of the secure CPU.
pub(crate) struct Chip {
    /// The state at first and after every write.
    history: RefCell<Vec<State>>,
    mutation: Mutation,
    pretended: RefCell<Option<(u32, u32)>>,
}

impl Chip {
    pub(crate) fn new(state: State, mutation: Mutation) -> Self {
        Self { history: RefCell::new(vec![state]), mutation, pretended: RefCell::new(None) }
    }

    pub(crate) fn history(&self) -> Vec<State> {
        self.history.borrow().clone()
    }

    pub(crate) fn state(&self) -> State {
        self.history.borrow().last().unwrap().clone()
    }

    fn store(&self, address: u32, value: u32) {
        let number = self.history.borrow().len() - 1;
        let mut state = self.state();
        match self.mutation {
            Mutation::Lost(lost) if lost == number => {}
            Mutation::LostUnseen(lost) if lost == number => *self.pretended.borrow_mut() = Some((address, value)),
            _ => {
                state.write(address, value);
                self.pretended.borrow_mut().take_if(|&mut (pretended, _)| pretended == address);
            }
        }
        self.history.borrow_mut().push(state);
    }

    fn load(&self, address: u32) -> u32 {
        match *self.pretended.borrow() {
            Some((pretended, value)) if pretended == address => value,
            _ => self.history.borrow().last().unwrap().read(address),
        }
    }
}

impl Bus for Chip {
    fn read(&self, register: Register) -> u32 {
        self.load(register.address())
    }

    fn write(&self, register: Register, value: u32) {
        self.store(register.address(), value);
    }

    fn read16(&self, register: Register) -> u16 {
        self.load(register.address()) as u16
    }

    fn write16(&self, register: Register, value: u16) {
        self.store(register.address(), value.into());
    }
}
