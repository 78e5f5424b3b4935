// SPDX-License-Identifier: BSD-2-Clause
//! General-purpose outputs (chapter "General Purpose Input/Output" of the reference manual), and the LEDs behind them.

use super::bus::Bus;
use super::map::{Block, GPIO4};

const DR: u32 = 0x00;
const GDIR: u32 = 0x04;

/// A line.
#[derive(Debug)]
pub struct Output<'b, B> {
    bus: &'b B,
    block: Block,
    mask: u32,
}

impl<'b, B: Bus> Output<'b, B> {
    /// Line `line` (0 to 31) of a block, whose clock runs and whose pad is a GPIO.
    pub const fn new(bus: &'b B, block: Block, line: u8) -> Self {
        Self { bus, block, mask: 1 << (line & 31) }
    }

    /// Drives it high or low: the value before the direction, so that the pin never shows another.
    pub fn drive(&self, high: bool) {
        for (register, set) in [(DR, high), (GDIR, true)] {
            let register = self.block.register(register);
            let old = self.bus.read(register);
            self.bus.write(register, if set { old | self.mask } else { old & !self.mask });
        }
    }

    /// Whether it is driven high.
    pub fn is_high(&self) -> bool {
        self.bus.read(self.block.register(DR)) & self.mask != 0
    }
}

/// The LEDs of the USB armory. They share a GPIO block, and so a CSL: the normal world reaches neither by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Led {
    /// The secure world's alone: who sees it shine knows that the secure world let it.
    White,
    /// Lent to the normal world, which asks for it.
    Blue,
}

impl Led {
    /// Both.
    pub const ALL: [Self; 2] = [Self::White, Self::Blue];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Blue => "blue",
        }
    }

    /// Whether the normal world may switch it.
    pub const fn is_lent(self) -> bool {
        matches!(self, Self::Blue)
    }

    const fn line(self) -> u8 {
        match self {
            Self::White => 21,
            Self::Blue => 22,
        }
    }

    /// Lights it or not. Its pad is a GPIO ([`super::iomuxc::LED_WHITE`], [`super::iomuxc::LED_BLUE`]); a low line lights it.
    pub fn set<B: Bus>(self, bus: &B, on: bool) {
        Output::new(bus, GPIO4, self.line()).drive(!on);
    }

    /// Whether it is lit.
    pub fn is_on<B: Bus>(self, bus: &B) -> bool {
        !Output::new(bus, GPIO4, self.line()).is_high()
    }
}
