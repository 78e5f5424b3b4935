// SPDX-License-Identifier: BSD-2-Clause
//! Watchdogs (chapter "Watchdog Timer" of the reference manual). The second one is the trusted one: its warning is a secure
//! interrupt, which takes the CPU from the normal world however that behaves.

use super::bus::Bus;
use super::map::{Block, Register, WDOG1, WDOG2, WDOG3};

const WCR: u32 = 0x0;
const WSR: u32 = 0x2;
const WICR: u32 = 0x6;
const WMCR: u32 = 0x8;

const WCR_ENABLE: u16 = 1 << 2;
/// The reset line of the block is not asserted.
const WCR_NO_LINE: u16 = 1 << 5;
/// The chip is not reset.
const WCR_NO_RESET: u16 = 1 << 4;
/// The bits above take effect in a way that also works when the clock of the chip is slow.
const WCR_RESET_EXTENDED: u16 = 1 << 6;
const WICR_ENABLE: u16 = 1 << 15;
const WICR_STATUS: u16 = 1 << 14;
const SERVICE: [u16; 2] = [0x5555, 0xAAAA];

/// When the trusted watchdog warns and bites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    timeout: u8,
    warning: u8,
}

impl Times {
    /// Reset after `timeout` seconds (1 to 128) without service, warning interrupt `warning` seconds before that.
    pub const fn new(timeout: u8, warning: u8) -> Option<Self> {
        if timeout == 0 || timeout > 128 || warning >= timeout { None } else { Some(Self { timeout, warning }) }
    }

    /// The field of WCR: half seconds less one, and on.
    pub const fn control(self) -> u16 {
        (self.timeout as u16 * 2 - 1) << 8 | WCR_ENABLE
    }

    /// Seconds without service after which it resets.
    pub const fn timeout(self) -> u8 {
        self.timeout
    }

    /// Seconds before that at which it warns.
    pub const fn warning(self) -> u8 {
        self.warning
    }

    /// The value of WICR: half seconds, and on.
    pub const fn interrupt(self) -> u16 {
        WICR_ENABLE | (self.warning as u16 * 2)
    }
}

/// Bit of WMCR: the power-down counter runs.
pub const POWER_DOWN: u16 = 1;
/// Bits of WCR that [`Times::control`] sets.
pub const CONTROL_MASK: u16 = 0xFF00 | WCR_ENABLE;
/// Bits of WICR that [`Times::interrupt`] sets.
pub const INTERRUPT_MASK: u16 = 0x00FF | WICR_ENABLE;

/// A watchdog.
#[derive(Debug)]
pub struct Watchdog<'b, B> {
    bus: &'b B,
    block: Block,
}

impl<'b, B: Bus> Watchdog<'b, B> {
    /// The trusted one.
    pub const fn trusted(bus: &'b B) -> Self {
        Self { bus, block: WDOG2 }
    }

    /// All three.
    pub const fn all(bus: &'b B) -> [Self; 3] {
        [Self { bus, block: WDOG1 }, Self { bus, block: WDOG2 }, Self { bus, block: WDOG3 }]
    }

    /// Its control register.
    pub const fn control_register(&self) -> Register {
        self.block.register(WCR)
    }

    /// Its interrupt register.
    pub const fn interrupt_register(&self) -> Register {
        self.block.register(WICR)
    }

    /// Its register with [`POWER_DOWN`].
    pub const fn power_down_register(&self) -> Register {
        self.block.register(WMCR)
    }

    /// Stops the counter that resets the chip 16 s after reset.
    pub fn stop_power_down(&self) {
        let register = self.power_down_register();
        self.bus.write16(register, self.bus.read16(register) & !POWER_DOWN);
    }

    /// Starts it as `times` says, with the power-down counters of all three stopped: what lock-down does, where there is no lock-down.
    pub fn start_trusted(bus: &'b B, times: Times) {
        for watchdog in Self::all(bus) {
            watchdog.stop_power_down();
        }
        let watchdog = Self::trusted(bus);
        watchdog.start(times);
        watchdog.service();
    }

    /// Starts it: the warning first, so that it cannot bite without one.
    pub fn start(&self, times: Times) {
        self.bus.write16(self.interrupt_register(), times.interrupt());
        let old = self.bus.read16(self.control_register());
        self.bus.write16(self.control_register(), old & !CONTROL_MASK | times.control());
    }

    /// Resets the chip, and the board by the line of the watchdog; it takes some cycles. Written more than once, for a chip on which
    /// one write may be lost: from general knowledge of the block.
    pub fn reset(&self) {
        let old = self.bus.read16(self.control_register());
        for _ in 0..3 {
            self.bus.write16(self.control_register(), old & !(WCR_NO_LINE | WCR_NO_RESET) | WCR_RESET_EXTENDED | WCR_ENABLE);
        }
    }

    /// Sets its counter back and ends the warning. Its clock (CCM CCGR5 CG5) runs.
    pub fn service(&self) {
        for word in SERVICE {
            self.bus.write16(self.block.register(WSR), word);
        }
        self.end_warning();
    }

    /// Ends the warning and lets the counter run on.
    pub fn end_warning(&self) {
        let interrupt = self.bus.read16(self.interrupt_register());
        // The status is cleared by writing it as one: from general knowledge of the block.
        self.bus.write16(self.interrupt_register(), interrupt | WICR_STATUS);
    }
}
