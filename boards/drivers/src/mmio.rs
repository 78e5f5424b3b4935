// SPDX-License-Identifier: BSD-2-Clause
//! Registers of a device block.

/// A block of registers.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    base: usize,
}

// SAFETY: a block is an address; what devices do when several CPUs use them is the driver's matter.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

impl Block {
    /// The block at `base`.
    ///
    /// # Safety
    /// `base` is the address of a device block that is mapped as device memory for as long as the value is used, and
    /// accesses to the registers that its driver uses do not touch memory that the kernel relies on.
    pub const unsafe fn new(base: usize) -> Self {
        Self { base }
    }

    /// Reads the 32-bit register at byte `offset`.
    #[inline]
    pub fn read(&self, offset: usize) -> u32 {
        // SAFETY: the contract of `new`.
        unsafe { ((self.base + offset) as *const u32).read_volatile() }
    }

    /// Writes the 32-bit register at byte `offset`.
    #[inline]
    pub fn write(&self, offset: usize, value: u32) {
        // SAFETY: the contract of `new`.
        unsafe { ((self.base + offset) as *mut u32).write_volatile(value) };
    }

    /// Reads the 8-bit register at byte `offset`.
    #[inline]
    pub fn read8(&self, offset: usize) -> u8 {
        // SAFETY: the contract of `new`.
        unsafe { ((self.base + offset) as *const u8).read_volatile() }
    }

    /// Writes the 8-bit register at byte `offset`.
    #[inline]
    pub fn write8(&self, offset: usize, value: u8) {
        // SAFETY: the contract of `new`.
        unsafe { ((self.base + offset) as *mut u8).write_volatile(value) };
    }

    /// Reads the 16-bit register at byte `offset`.
    #[inline]
    pub fn read16(&self, offset: usize) -> u16 {
        // SAFETY: the contract of `new`.
        unsafe { ((self.base + offset) as *const u16).read_volatile() }
    }

    /// Writes the 16-bit register at byte `offset`.
    #[inline]
    pub fn write16(&self, offset: usize, value: u16) {
        // SAFETY: the contract of `new`.
        unsafe { ((self.base + offset) as *mut u16).write_volatile(value) };
    }
}
