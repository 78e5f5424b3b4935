// SPDX-License-Identifier: BSD-2-Clause
//! Pads (chapter "IOMUX Controller" of the reference manual): which block has a pin, and how the pin behaves.
//!
//! The offsets are those of the boards' DCD tables, where they are written by the ROM; what the ROM does not set up is set up here.

use super::bus::Bus;
use super::map::IOMUXC;

/// A pin: byte offsets of its registers, and what is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pad {
    /// Multiplexer register, and the function.
    pub function: (u16, u8),
    /// Register of strength and pulls, and its value.
    pub electric: (u16, u32),
    /// Register that leads an input of a block to this pin, and its value.
    pub input: Option<(u16, u8)>,
}

impl Pad {
    const fn new(function: (u16, u8), electric: (u16, u32), input: Option<(u16, u8)>) -> Self {
        Self { function, electric, input }
    }
}

/// 100 MHz, strong, pulled up: lines of a UART.
const UART: u32 = 0x0001_B0B1;
/// 100 MHz, strong: an output.
const OUTPUT: u32 = 0x0000_10B0;
/// Function of every pad as a GPIO.
const GPIO: u8 = 5;

/// UART 1: transmit, receive.
pub const UART1: [Pad; 2] = [Pad::new((0x084, 0), (0x310, UART), None), Pad::new((0x088, 0), (0x314, UART), Some((0x624, 3)))];
/// UART 2: transmit, receive.
pub const UART2: [Pad; 2] = [Pad::new((0x094, 0), (0x320, UART), None), Pad::new((0x098, 0), (0x324, UART), Some((0x62C, 1)))];
/// White LED of the USB armory, GPIO 4 line 21.
pub const LED_WHITE: Pad = Pad::new((0x1E4, GPIO), (0x470, OUTPUT), None);
/// Blue LED of the USB armory, GPIO 4 line 22.
pub const LED_BLUE: Pad = Pad::new((0x1E8, GPIO), (0x474, OUTPUT), None);
/// Reset line of watchdog 2, on a pin of Ethernet 1, to the power controller of the USB armory.
pub const WDOG2_RESET: Pad = Pad::new((0x0D8, 8), (0x364, 0x0001_F030), None);

/// The block.
#[derive(Debug)]
pub struct Iomuxc<'b, B> {
    bus: &'b B,
}

impl<'b, B: Bus> Iomuxc<'b, B> {
    /// The one of the chip.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    /// Gives pins to their blocks: how each behaves first, so that it is driven rightly from the start.
    pub fn set(&self, pads: &[Pad]) {
        for pad in pads {
            self.bus.write(IOMUXC.register(pad.electric.0.into()), pad.electric.1);
            if let Some((register, value)) = pad.input {
                self.bus.write(IOMUXC.register(register.into()), value.into());
            }
            self.bus.write(IOMUXC.register(pad.function.0.into()), pad.function.1.into());
        }
    }
}
