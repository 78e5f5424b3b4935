// SPDX-License-Identifier: BSD-2-Clause
//! TrustZone address space controller, a TZC-380 (Arm DDI 0431, "Programmers Model"): who may use which part of the RAM.

use super::bus::Bus;
use super::map::{Register, TZASC};

const CONF: u32 = 0x000;
const ACTION: u32 = 0x004;
const LOCKDOWN_RANGE: u32 = 0x008;
const LOCKDOWN_SELECT: u32 = 0x00C;
const SECURITY_INVERSION: u32 = 0x034;
const REGION: u32 = 0x100;
// Where every Arm PrimeCell has its ids: from general knowledge, the facts name the ids only.
const PERIPH_ID0: u32 = 0xFE0;
const COMPONENT_ID0: u32 = 0xFF0;

const ACTION_ERROR: u32 = 1;
const RANGE_ENABLE: u32 = 1 << 31;
const ATTR_ENABLE: u32 = 1;
/// Bits of the attributes: permissions, disabled eighths, size, on.
pub const ATTRIBUTES_MASK: u32 = 0xF000_FF7F;
/// The least region that can be, in bytes.
const MIN_SIZE: u32 = 0x8000;

/// Attributes of region 0, the whole space: the secure world reads and writes. It is always on and has no size.
pub const REGION0_SECURE: u32 = 0xC000_0000;
/// Permissions of a window of the normal world; without inversion they imply those of the secure world.
const NORMAL_READ_WRITE: u32 = 0x3000_0000;
/// What is written to both lockdown registers: every region, and every register that can be selected.
pub const LOCKDOWN_ALL: u32 = u32::MAX;
/// Bits of LOCKDOWN_RANGE that are read back: enable, and the count.
pub const LOCKDOWN_RANGE_MASK: u32 = RANGE_ENABLE | 0xF;
/// Bits of LOCKDOWN_SELECT that are read back: regions, inversion, speculation. From general knowledge of the TZC-380; the
/// facts name only the value that is written.
pub const LOCKDOWN_SELECT_MASK: u32 = 0x7;

/// Peripheral id, with the fourth byte of it, and component id of the controller.
const IDENTITY: (u32, u32, u32) = (0x001B_B380, 0x04, 0xB105_F00D);
/// Byte offset of the fifth peripheral id.
const PERIPH_ID4: u32 = 0xFD0;

/// A part of the RAM that the normal world may read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    base: u32,
    size: u32,
}

impl Window {
    /// `size` bytes from physical address `base`. `None` unless the size is a power of two from 32 KB on, of which the base is
    /// a multiple.
    pub const fn new(base: u32, size: u32) -> Option<Self> {
        if size.is_power_of_two() && size >= MIN_SIZE && base.is_multiple_of(size) { Some(Self { base, size }) } else { None }
    }

    /// Its first address.
    pub const fn base(self) -> u32 {
        self.base
    }

    /// Its size in bytes.
    pub const fn size(self) -> u32 {
        self.size
    }

    /// Whether it shares a byte with `size` bytes from `base`.
    pub const fn overlaps(self, base: u32, size: u32) -> bool {
        (self.base as u64) < base as u64 + size as u64 && (base as u64) < self.base as u64 + self.size as u64
    }

    /// The attributes of a region that opens it: its permissions, all eighths, size code s for 2^(s+1) bytes, on.
    pub const fn attributes(self) -> u32 {
        NORMAL_READ_WRITE | (self.size.trailing_zeros() - 1) << 1 | ATTR_ENABLE
    }
}

/// The controller.
#[derive(Debug)]
pub struct Tzasc<'b, B> {
    bus: &'b B,
}

impl<'b, B: Bus> Tzasc<'b, B> {
    /// The one of the chip.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    /// Whether a TZC-380 answers there.
    pub fn is_present(&self) -> bool {
        // An id is spread over the low bytes of four words.
        let word = |offset: u32| (0..4).fold(0, |id, byte| id | (self.bus.read(TZASC.register(offset + 4 * byte)) & 0xFF) << (8 * byte));
        (word(PERIPH_ID0), self.bus.read(TZASC.register(PERIPH_ID4)) & 0xFF, word(COMPONENT_ID0)) == IDENTITY
    }

    /// How many regions there are, region 0 included.
    pub fn regions(&self) -> u8 {
        (self.bus.read(TZASC.register(CONF)) & 0xF) as u8 + 1
    }

    /// The register that holds the attributes of `region`.
    pub const fn attributes_register(region: u8) -> Register {
        TZASC.register(REGION + 0x10 * region as u32 + 8)
    }

    /// The registers that hold the base of `region`: low, high.
    pub const fn base_registers(region: u8) -> (Register, Register) {
        let low = REGION + 0x10 * region as u32;
        (TZASC.register(low), TZASC.register(low + 4))
    }

    /// The lockdown registers: range, select.
    pub const fn lockdown_registers() -> (Register, Register) {
        (TZASC.register(LOCKDOWN_RANGE), TZASC.register(LOCKDOWN_SELECT))
    }

    /// The register that says what a refused access gets, and the value that [`Tzasc::set_error`] writes.
    pub const fn action() -> (Register, u32) {
        (TZASC.register(ACTION), ACTION_ERROR)
    }

    /// The register that would make regions of the normal world unreachable for the secure one; it is to be 0.
    pub const fn inversion_register() -> Register {
        TZASC.register(SECURITY_INVERSION)
    }

    /// Makes a refused access end in an error on the bus.
    pub fn set_error(&self) {
        self.bus.write(Self::action().0, ACTION_ERROR);
    }

    /// Switches inversion off.
    pub fn clear_inversion(&self) {
        self.bus.write(Self::inversion_register(), 0);
    }

    /// Makes the whole space secure where no region of a higher number says otherwise.
    pub fn close_background(&self) {
        self.bus.write(Self::attributes_register(0), REGION0_SECURE);
    }

    /// Switches `region`, 1 or higher, off.
    pub fn disable(&self, region: u8) {
        self.bus.write(Self::attributes_register(region), 0);
    }

    /// Puts `region`, which is off, where `window` is.
    pub fn place(&self, region: u8, window: Window) {
        let (low, high) = Self::base_registers(region);
        self.bus.write(low, window.base);
        self.bus.write(high, 0);
    }

    /// Opens `window` with `region`, which has been placed there.
    pub fn open(&self, region: u8, window: Window) {
        self.bus.write(Self::attributes_register(region), window.attributes());
    }

    /// Says that every region is to be locked; [`super::gpr::Gpr::lock_tzasc`] makes it so.
    pub fn select_lockdown(&self) {
        let (range, select) = Self::lockdown_registers();
        self.bus.write(range, LOCKDOWN_ALL);
        self.bus.write(select, LOCKDOWN_ALL);
    }
}
