// SPDX-License-Identifier: BSD-2-Clause
//! UART (chapter "Universal Asynchronous Receiver/Transmitter" of the reference manual): 115200 baud, 8 bits, no parity, one stop
//! bit; receive by polling or by interrupt.

use super::bus::Bus;
use super::map::Block;

const URXD: u32 = 0x00;
const UTXD: u32 = 0x40;
const UCR1: u32 = 0x80;
const UCR2: u32 = 0x84;
const UCR3: u32 = 0x88;
const UCR4: u32 = 0x8C;
const UFCR: u32 = 0x90;
const USR2: u32 = 0x98;
const UBIR: u32 = 0xA4;
const UBMR: u32 = 0xA8;
const UTS: u32 = 0xB4;

const UCR1_ENABLE: u32 = 1 << 0;
/// An interrupt while there are as many received bytes as [`RECEIVE_LEVEL`] says.
const UCR1_RECEIVE_INTERRUPT: u32 = 1 << 9;
/// A zero resets the block.
const UCR2_NO_RESET: u32 = 1 << 0;
const UCR2_RECEIVER: u32 = 1 << 1;
const UCR2_TRANSMITTER: u32 = 1 << 2;
const UCR2_EIGHT_BITS: u32 = 1 << 5;
/// The line for the request to send is not looked at: there are two wires.
const UCR2_IGNORE_RTS: u32 = 1 << 14;
/// Lines of a modem high, no near-end detection, and the multiplexer of the receiver, which has to be set on these parts.
const UCR3_VALUE: u32 = 1 << 10 | 1 << 9 | 1 << 8 | 1 << 7 | 1 << 2;
/// Level of the receive FIFO at which the line "clear to send" would be taken away.
const UCR4_VALUE: u32 = 32 << 10;
const USR2_RECEIVED: u32 = 1 << 0;
/// The last bit of everything that was sent is out.
const USR2_SENT: u32 = 1 << 3;
const UTS_TRANSMIT_FULL: u32 = 1 << 4;

/// Received bytes that make an interrupt.
const RECEIVE_LEVEL: u32 = 1;
/// UFCR: clock divided by 2, levels of the FIFOs.
const UFCR_VALUE: u32 = 0b100 << 7 | 2 << 10 | RECEIVE_LEVEL;
const CLOCK_DIVIDER: u32 = 2;

const BAUD: u32 = 115_200;
/// UBIR: the numerator of the rate is one more, which is what a bit is sampled by.
const UBIR_VALUE: u32 = 15;
/// Times that a register is read before a wait is given up: much longer than any byte takes.
const PATIENCE: u32 = 1_000_000;

/// A UART.
#[derive(Debug)]
pub struct Uart<'b, B> {
    bus: &'b B,
    block: Block,
}

impl<'b, B: Bus> Uart<'b, B> {
    /// The UART with these registers; its clock runs.
    pub const fn new(bus: &'b B, block: Block) -> Self {
        Self { bus, block }
    }

    fn read(&self, offset: u32) -> u32 {
        self.bus.read(self.block.register(offset))
    }

    fn write(&self, offset: u32, value: u32) {
        self.bus.write(self.block.register(offset), value);
    }

    fn wait(&self, offset: u32, mask: u32, value: u32) {
        let mut left = PATIENCE;
        while self.read(offset) & mask != value && left > 0 {
            core::hint::spin_loop();
            left -= 1;
        }
    }

    /// Resets it and sets it up; `clock` is the frequency of the UART root clock in hertz ([`super::ccm::Ccm::uart_clock`]).
    pub fn init(&self, clock: u32) {
        if self.read(UCR1) & UCR1_ENABLE != 0 {
            // What somebody before sent is not cut off.
            self.wait(USR2, USR2_SENT, USR2_SENT);
        }
        self.write(UCR1, 0);
        self.write(UCR2, 0);
        self.wait(UCR2, UCR2_NO_RESET, UCR2_NO_RESET);
        self.write(UCR3, UCR3_VALUE);
        self.write(UCR4, UCR4_VALUE);
        self.write(UFCR, UFCR_VALUE);
        self.write(UBIR, UBIR_VALUE);
        self.write(UBMR, modulator(clock));
        self.write(UCR2, UCR2_NO_RESET | UCR2_RECEIVER | UCR2_TRANSMITTER | UCR2_EIGHT_BITS | UCR2_IGNORE_RTS);
        self.write(UCR1, UCR1_ENABLE);
    }

    /// Sends bytes, waiting while the FIFO is full.
    pub fn send(&self, bytes: &[u8]) {
        for byte in bytes {
            self.wait(UTS, UTS_TRANSMIT_FULL, 0);
            self.write(UTXD, u32::from(*byte));
        }
    }

    /// Waits until everything is out: before a reset.
    pub fn drain(&self) {
        self.wait(USR2, USR2_SENT, USR2_SENT);
    }

    /// A received byte, if there is one.
    pub fn receive(&self) -> Option<u8> {
        (self.read(USR2) & USR2_RECEIVED != 0).then(|| (self.read(URXD) & 0xFF) as u8)
    }

    /// Switches the interrupt for received bytes on or off. It stays pending while there are some.
    pub fn interrupt_on_receive(&self, on: bool) {
        let interrupt = if on { UCR1_RECEIVE_INTERRUPT } else { 0 };
        self.write(UCR1, UCR1_ENABLE | interrupt);
    }
}

/// UBMR for 115200 baud: rate = clock / divider / (16 * (UBMR + 1) / (UBIR + 1)), with UBIR + 1 = 16.
const fn modulator(clock: u32) -> u32 {
    (clock / CLOCK_DIVIDER / BAUD).saturating_sub(1)
}
