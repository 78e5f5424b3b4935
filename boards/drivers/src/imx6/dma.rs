// SPDX-License-Identifier: BSD-2-Clause
//! Memory that the CPU shares with a block that masters the bus, for as long as one job takes.

use super::bus::Bus;
use super::map::{OCRAM, Register};

/// Bytes of such memory; no job of these drivers takes more.
pub const SIZE: usize = 0x400;

/// Memory of [`SIZE`] bytes that a device reads and writes at a physical address. It is the secure world's, and one job's at a time.
///
/// Offsets and lengths are multiples of 4 below [`SIZE`]; what lies outside wraps around, and so harms nobody else.
pub trait Dma {
    /// Physical address of the first byte, a multiple of 64.
    fn address(&self) -> u32;
    /// Writes a word, little-endian.
    fn write(&self, offset: usize, word: u32);
    /// Reads a word.
    fn read(&self, offset: usize) -> u32;
    /// After this the device sees what was written.
    fn give(&self);
    /// After this the CPU sees what the device wrote.
    fn take(&self);

    /// Writes bytes; the last word is filled up with zeros.
    fn put(&self, offset: usize, bytes: &[u8]) {
        for (index, part) in bytes.chunks(4).enumerate() {
            let word = part.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
            self.write(offset + 4 * index, word);
        }
    }

    /// Reads bytes.
    fn get(&self, offset: usize, out: &mut [u8]) {
        for (index, part) in out.chunks_mut(4).enumerate() {
            for (to, from) in part.iter_mut().zip(self.read(offset + 4 * index).to_le_bytes()) {
                *to = from;
            }
        }
    }

    /// Wipes all of it.
    fn wipe(&self) {
        for offset in (0..SIZE).step_by(4) {
            self.write(offset, 0);
        }
        self.give();
    }
}

/// Such memory in the on-chip RAM, mapped as device memory: no cache to clean, and what is secret never crosses the pins of the
/// chip. The lock-down makes all of that RAM secure.
///
/// It lies above what the ROM uses while it boots, and where the DCD stands when the chip is loaded over USB, which is done with by
/// then.
#[derive(Debug)]
pub struct Ocram<'b, B> {
    bus: &'b B,
}

/// Where it begins in the on-chip RAM.
const START: u32 = 0x1_0000;

impl<'b, B: Bus> Ocram<'b, B> {
    /// The one place for it.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    const fn register(offset: usize) -> Register {
        OCRAM.register(START + (offset % SIZE) as u32)
    }
}

impl<B: Bus> Dma for Ocram<'_, B> {
    fn address(&self) -> u32 {
        Self::register(0).address()
    }

    fn write(&self, offset: usize, word: u32) {
        self.bus.write(Self::register(offset), word);
    }

    fn read(&self, offset: usize) -> u32 {
        self.bus.read(Self::register(offset))
    }

    fn give(&self) {
        self.bus.barrier();
    }

    fn take(&self) {
        self.bus.barrier();
    }
}

/// Such memory in the RAM, cached, for a device that does not look into caches.
#[derive(Debug)]
pub struct Ram<F> {
    address: u32,
    flush: F,
}

impl<F: Fn(usize, usize)> Ram<F> {
    /// [`SIZE`] bytes from `address` on, a multiple of 64.
    ///
    /// # Safety
    /// They are RAM that is mapped at its physical address, and nobody else's while the value is used; `flush` writes a range of
    /// addresses (start, bytes) back to memory and drops it from the caches.
    pub const unsafe fn new(address: u32, flush: F) -> Self {
        Self { address, flush }
    }

    fn word(&self, offset: usize) -> *mut u32 {
        core::ptr::with_exposed_provenance_mut(self.address as usize + offset % SIZE)
    }
}

impl<F: Fn(usize, usize)> Dma for Ram<F> {
    fn address(&self) -> u32 {
        self.address
    }

    fn write(&self, offset: usize, word: u32) {
        // SAFETY: inside of what the caller of `new` gave.
        unsafe { self.word(offset).write_volatile(word) }
    }

    fn read(&self, offset: usize) -> u32 {
        // SAFETY: inside of what the caller of `new` gave.
        unsafe { self.word(offset).read_volatile() }
    }

    fn give(&self) {
        (self.flush)(self.address as usize, SIZE);
    }

    fn take(&self) {
        // What a CPU has fetched ahead meanwhile is dropped; nothing was written since it was given.
        (self.flush)(self.address as usize, SIZE);
    }
}
