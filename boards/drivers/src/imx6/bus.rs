// SPDX-License-Identifier: BSD-2-Clause
//! What carries accesses to registers: the chip, or a model of it.

use super::map::Register;
use crate::mmio::Block;

/// Accesses to registers, each done once and in program order.
pub trait Bus {
    /// Reads 32 bits.
    fn read(&self, register: Register) -> u32;
    /// Writes 32 bits.
    fn write(&self, register: Register, value: u32);
    /// Reads 16 bits.
    fn read16(&self, register: Register) -> u16;
    /// Writes 16 bits.
    fn write16(&self, register: Register, value: u16);
    /// Completes every access before it, so that a device that masters the bus sees what they did; a bus whose accesses are
    /// complete when they return has nothing to do.
    fn barrier(&self) {}
}

/// The chip itself.
#[derive(Clone, Copy, Debug)]
pub struct Mmio {
    space: Block,
}

impl Mmio {
    /// The registers of the chip, mapped `offset` bytes above their physical addresses.
    ///
    /// # Safety
    /// As for [`Mmio::new`], but for where they are mapped. A driver that masters the bus still says physical addresses.
    pub const unsafe fn at(offset: usize) -> Self {
        // SAFETY: the caller's.
        Self { space: unsafe { Block::new(offset) } }
    }

    /// The registers of the chip.
    ///
    /// # Safety
    /// This is an i.MX6UL, ULL or ULZ (or QEMU's), and every block of [`super::map`] but the RAM is mapped as device memory at its
    /// physical address while the value is used. Nobody but these drivers uses the part of the on-chip RAM that
    /// [`super::dma::Ocram`] is in.
    pub const unsafe fn new() -> Self {
        // SAFETY: only registers of `map` are passed to it, and the caller answers for their mapping.
        Self { space: unsafe { Block::new(0) } }
    }
}

impl Bus for Mmio {
    fn read(&self, register: Register) -> u32 {
        self.space.read(register.address() as usize)
    }

    fn write(&self, register: Register, value: u32) {
        self.space.write(register.address() as usize, value);
    }

    fn read16(&self, register: Register) -> u16 {
        self.space.read16(register.address() as usize)
    }

    fn write16(&self, register: Register, value: u16) {
        self.space.write16(register.address() as usize, value);
    }

    fn barrier(&self) {
        // SAFETY: waits for accesses to be complete, and does nothing else.
        #[cfg(target_arch = "arm")]
        unsafe {
            core::arch::asm!("dsb", options(nostack, preserves_flags));
        }
    }
}
