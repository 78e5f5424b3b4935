// SPDX-License-Identifier: BSD-2-Clause
//! Central security unit (chapter "Central Security Unit" of the security reference manual): who may use which peripheral
//! (CSL), and which world a bus master speaks for (SA).

use super::bus::Bus;
use super::map::{CSU, Register};

/// Number of CSL registers.
pub const CSL_COUNT: u8 = 40;
/// Number of masters of the SA register.
pub const MASTER_COUNT: u8 = 16;

const CSL: u32 = 0x000;
const SA: u32 = 0x218;

/// Lock bit of slave 0 of a CSL register; that of slave 1 lies 16 higher.
const CSL_LOCK: u32 = 1 << 8;

/// Rights on a peripheral: the eight values that a CSL byte is documented to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Access {
    /// Everyone reads and writes.
    All = 0xFF,
    /// Everyone but user programs of the normal world.
    NormalPrivileged = 0xBB,
    /// The normal world reads.
    NormalReads = 0x3F,
    /// The kernel of the normal world reads.
    NormalPrivilegedReads = 0x3B,
    /// The secure world only.
    Secure = 0x33,
    /// The kernel of the secure world only: neither the normal world nor a TA.
    SecurePrivileged = 0x22,
    /// The secure world reads, nobody writes.
    SecureReads = 0x03,
    /// Nobody.
    None = 0x00,
}

impl Access {
    /// Whether the normal world has any right.
    pub const fn opens(self) -> bool {
        self as u8 & 0xCC != 0
    }
}

/// One peripheral, or several that share it: a half of a CSL register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    csl: u8,
    slave: u8,
}

impl Slot {
    /// Slave 0 or 1 of CSL register `csl`, below [`CSL_COUNT`].
    pub const fn new(csl: u8, slave: u8) -> Option<Self> {
        if csl < CSL_COUNT && slave < 2 { Some(Self { csl, slave }) } else { None }
    }

    /// The number of its register.
    pub const fn csl(self) -> u8 {
        self.csl
    }

    /// Its half of the register.
    pub const fn slave(self) -> u8 {
        self.slave
    }

    /// How far its bits lie to the left.
    const fn shift(self) -> u32 {
        16 * self.slave as u32
    }

    /// Its bits of the register, lock bit included.
    pub const fn mask(self) -> u32 {
        (CSL_LOCK | 0xFF) << self.shift()
    }

    /// The value of those bits.
    pub const fn bits(self, access: Access, locked: bool) -> u32 {
        (access as u32 | if locked { CSL_LOCK } else { 0 }) << self.shift()
    }
}

/// A bus master, by its number in the SA register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Master {
    /// The CPU, which says by itself for which world it speaks.
    Cpu = 0,
    /// Smart DMA.
    Sdma = 2,
    /// PXP, LCDIF and CSI.
    Display = 3,
    /// USB.
    Usb = 4,
    /// Test port.
    Test = 5,
    /// NAND, data.
    NandDma = 7,
    /// NAND, APBH bridge.
    NandApbh = 8,
    /// Ethernet.
    Enet = 9,
    /// SD controller 1.
    Usdhc1 = 10,
    /// SD controller 2.
    Usdhc2 = 11,
    /// DCP, and the debug access port with it.
    Dcp = 14,
}

impl Master {
    /// All that have a name. The facts name no other.
    pub const ALL: [Self; 11] = [
        Self::Cpu,
        Self::Sdma,
        Self::Display,
        Self::Usb,
        Self::Test,
        Self::NandDma,
        Self::NandApbh,
        Self::Enet,
        Self::Usdhc1,
        Self::Usdhc2,
        Self::Dcp,
    ];

    /// Its bit that says non-secure.
    pub const fn non_secure(self) -> u32 {
        1 << (2 * self as u32)
    }

    /// Its lock bit.
    pub const fn lock(self) -> u32 {
        2 << (2 * self as u32)
    }
}

/// All sixteen bits that say non-secure, those of masters without a name included.
pub const SA_NON_SECURE: u32 = 0x5555_5555;
/// All sixteen lock bits.
pub const SA_LOCKS: u32 = 0xAAAA_AAAA;

/// The central security unit.
#[derive(Debug)]
pub struct Csu<'b, B> {
    bus: &'b B,
}

impl<'b, B: Bus> Csu<'b, B> {
    /// The one of the chip; its clock (CCM CCGR1 CG14) runs.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    /// The address of CSL register `csl`.
    pub const fn csl_register(csl: u8) -> Register {
        CSU.register(CSL + 4 * csl as u32)
    }

    /// The address of the SA register.
    pub const fn sa_register() -> Register {
        CSU.register(SA)
    }

    /// Reads CSL register `csl`.
    pub fn csl(&self, csl: u8) -> u32 {
        self.bus.read(Self::csl_register(csl))
    }

    /// Writes CSL register `csl`: the rights of two slots, and their locks.
    pub fn set_csl(&self, csl: u8, value: u32) {
        self.bus.write(Self::csl_register(csl), value);
    }

    /// Sets the rights of one slot, and with the same write its lock if `lock`.
    pub fn set(&self, slot: Slot, access: Access, lock: bool) {
        let old = self.csl(slot.csl);
        self.set_csl(slot.csl, old & !slot.mask() | slot.bits(access, lock));
    }

    /// Reads SA.
    pub fn sa(&self) -> u32 {
        self.bus.read(Self::sa_register())
    }

    /// Writes SA.
    pub fn set_sa(&self, value: u32) {
        self.bus.write(Self::sa_register(), value);
    }
}
