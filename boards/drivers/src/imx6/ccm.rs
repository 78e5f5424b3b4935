// SPDX-License-Identifier: BSD-2-Clause
//! Clock controller module (chapter "Clock Controller Module" of the reference manual): gates, and the roots of UARTs and SD
//! controllers. Root clocks stay as the ROM and the DCD left them; what they are is read.

use super::bus::Bus;
use super::map::{ANATOP, CCM, Register};

const CSCMR1: u32 = 0x1C;
const CSCDR1: u32 = 0x24;
/// The first of the seven gate registers.
const CCGR0: u32 = 0x68;
/// PLL2's fractional dividers, in ANATOP.
const PFD_528: u32 = 0x100;

/// Crystal.
const OSCILLATOR: u32 = 24_000_000;
/// PLL3 divided by 6, which is what UARTs get.
const UART_SOURCE: u32 = 80_000_000;
const PLL2: u64 = 528_000_000;
/// CSCDR1: UARTs run from the crystal.
const UART_FROM_OSCILLATOR: u32 = 1 << 6;
const UART_DIVIDER: u32 = 0x3F;
/// Value of a gate: the clock runs in all modes but stop.
const RUNS: u32 = 0b11;

/// A clock gate: its register (CCGR0 to CCGR6) and its field (CG0 to CG15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    register: u8,
    field: u8,
}

impl Gate {
    const fn new(register: u8, field: u8) -> Self {
        assert!(register < 7 && field < 16, "no such gate");
        Self { register, field }
    }

    /// UART 1.
    pub const UART1: Self = Self::new(5, 12);
    /// UART 2.
    pub const UART2: Self = Self::new(0, 14);
    /// GPIO 4.
    pub const GPIO4: Self = Self::new(3, 6);
    /// Watchdog 2.
    pub const WDOG2: Self = Self::new(5, 5);
    /// Central security unit.
    pub const CSU: Self = Self::new(1, 14);
    /// DCP (6ULL, 6ULZ).
    pub const DCP: Self = Self::new(0, 5);
    /// CAAM with its wrapper and its memory (6UL).
    pub const CAAM: [Self; 3] = [Self::new(0, 4), Self::new(0, 5), Self::new(0, 6)];
    /// Fuses.
    pub const OCOTP: Self = Self::new(2, 6);
    /// SD controller 1.
    pub const USDHC1: Self = Self::new(6, 1);
    /// SD controller 2.
    pub const USDHC2: Self = Self::new(6, 2);

    /// Its register.
    pub const fn control(self) -> Register {
        CCM.register(CCGR0 + 4 * self.register as u32)
    }

    /// Its bits there.
    pub const fn mask(self) -> u32 {
        RUNS << (2 * self.field)
    }
}

/// The gate registers, all of whose clocks a boot image lets run at first.
pub const GATES: [Register; 7] = {
    let mut gates = [CCM.register(CCGR0); 7];
    let mut gate = 1;
    while gate < gates.len() {
        gates[gate] = CCM.register(CCGR0 + 4 * gate as u32);
        gate += 1;
    }
    gates
};

/// An SD controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usdhc {
    /// The card.
    First,
    /// The eMMC of the USB armory.
    Second,
}

/// The block.
#[derive(Debug)]
pub struct Ccm<'b, B> {
    bus: &'b B,
}

impl<'b, B: Bus> Ccm<'b, B> {
    /// The one of the chip.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    /// Lets a clock run.
    pub fn open(&self, gate: Gate) {
        let old = self.bus.read(gate.control());
        if old & gate.mask() != gate.mask() {
            self.bus.write(gate.control(), old | gate.mask());
        }
    }

    /// Frequency of the UART root clock, in hertz.
    pub fn uart_clock(&self) -> u32 {
        let divider = self.bus.read(CCM.register(CSCDR1));
        let source = if divider & UART_FROM_OSCILLATOR != 0 { OSCILLATOR } else { UART_SOURCE };
        source / ((divider & UART_DIVIDER) + 1)
    }

    /// Frequency of the root clock of an SD controller, in hertz. The fields are from general knowledge of the part.
    pub fn usdhc_clock(&self, usdhc: Usdhc) -> u32 {
        let (selection, divider_at) = match usdhc {
            Usdhc::First => (16, 11),
            Usdhc::Second => (17, 16),
        };
        // PFD0 when the bit is set, else PFD2: 528 MHz * 18 / fraction.
        let pfd0 = self.bus.read(CCM.register(CSCMR1)) >> selection & 1 != 0;
        let fraction = self.bus.read(ANATOP.register(PFD_528)) >> if pfd0 { 0 } else { 16 } & 0x3F;
        let divider = (self.bus.read(CCM.register(CSCDR1)) >> divider_at & 0b111) + 1;
        (PLL2 * 18 / u64::from(fraction.max(12)) / u64::from(divider)) as u32
    }
}
