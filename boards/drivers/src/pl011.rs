// SPDX-License-Identifier: BSD-2-Clause
//! PL011 UART (Arm DDI 0183): transmit, and receive by polling or by interrupt.

use crate::mmio::Block;

const DR: usize = 0x00;
const FR: usize = 0x18;
const LCR_H: usize = 0x2C;
const CR: usize = 0x30;
const IMSC: usize = 0x38;

const FR_TXFF: u32 = 1 << 5;
const FR_RXFE: u32 = 1 << 4;
const LCR_FIFO_8BIT: u32 = 0x70;
const CR_ENABLE_TX_RX: u32 = 0x301;
/// Receive, and receive timeout: bytes that do not fill the FIFO up to its mark.
const INTERRUPT_RECEIVE: u32 = 1 << 4 | 1 << 6;

/// A UART.
#[derive(Clone, Copy, Debug)]
pub struct Pl011 {
    block: Block,
}

impl Pl011 {
    /// The UART at `base`.
    ///
    /// # Safety
    /// As [`Block::new`].
    pub const unsafe fn new(base: usize) -> Self {
        // SAFETY: the caller's.
        Self { block: unsafe { Block::new(base) } }
    }

    /// Switches it on with FIFOs and 8-bit words; the rate stays what the firmware set.
    pub fn init(&self) {
        self.block.write(LCR_H, LCR_FIFO_8BIT);
        self.block.write(CR, CR_ENABLE_TX_RX);
    }

    /// Sends bytes, waiting while the FIFO is full.
    pub fn send(&self, bytes: &[u8]) {
        for byte in bytes {
            while self.block.read(FR) & FR_TXFF != 0 {
                core::hint::spin_loop();
            }
            self.block.write(DR, u32::from(*byte));
        }
    }

    /// Switches the interrupt for received bytes on or off. It stays pending while there are some.
    pub fn interrupt_on_receive(&self, on: bool) {
        self.block.write(IMSC, if on { INTERRUPT_RECEIVE } else { 0 });
    }

    /// A received byte, if there is one.
    pub fn receive(&self) -> Option<u8> {
        (self.block.read(FR) & FR_RXFE == 0).then(|| (self.block.read(DR) & 0xFF) as u8)
    }
}
