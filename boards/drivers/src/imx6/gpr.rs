// SPDX-License-Identifier: BSD-2-Clause
//! General-purpose registers of the pad controller ("IOMUXC GPR Memory Map" of the reference manual), as far as they concern
//! TrustZone: bypass and lock of the TZASC, the secure part of the OCRAM, debugging.

use super::bus::Bus;
use super::map::{IOMUXC_GPR, Register};

const GPR1: u32 = 0x04;
const GPR9: u32 = 0x24;
const GPR10: u32 = 0x28;

/// GPR1: the TZASC takes no more changes.
pub const TZASC_LOCK: u32 = 1 << 23;
/// GPR9: the TZASC is in the path to the RAM. Stays set until power is cut.
pub const TZASC_ACTIVE: u32 = 1;
/// GPR10: invasive debugging and its clock.
pub const DEBUG: u32 = 0b11;
/// GPR10: the OCRAM is secure from its start address on.
pub const OCRAM_SECURE: u32 = 1 << 10;
/// GPR10: start address, in pages of 4 KB.
pub const OCRAM_START: u32 = 0x1F << 11;
/// GPR10: locks of [`OCRAM_SECURE`] and [`OCRAM_START`].
pub const OCRAM_LOCKS: u32 = 1 << 26 | 0x1F << 27;

/// The registers.
#[derive(Debug)]
pub struct Gpr<'b, B> {
    bus: &'b B,
}

impl<'b, B: Bus> Gpr<'b, B> {
    /// Those of the chip.
    pub const fn new(bus: &'b B) -> Self {
        Self { bus }
    }

    /// The register with [`TZASC_LOCK`].
    pub const fn lock_register() -> Register {
        IOMUXC_GPR.register(GPR1)
    }

    /// The register with [`TZASC_ACTIVE`].
    pub const fn bypass_register() -> Register {
        IOMUXC_GPR.register(GPR9)
    }

    /// The register of OCRAM and debugging.
    pub const fn ocram_register() -> Register {
        IOMUXC_GPR.register(GPR10)
    }

    /// Whether the TZASC filters. It has to be put into the path before the first access to the RAM: by the boot image's DCD.
    pub fn tzasc_is_active(&self) -> bool {
        self.bus.read(Self::bypass_register()) & TZASC_ACTIVE != 0
    }

    /// Makes the lockdown that was selected in the TZASC hold until reset.
    pub fn lock_tzasc(&self) {
        let old = self.bus.read(Self::lock_register());
        self.bus.write(Self::lock_register(), old | TZASC_LOCK);
    }

    /// Switches debugging of the CPU off. The facts name no lock of these bits; CSL (7,0) keeps the normal world from them.
    pub fn disable_debug(&self) {
        let old = self.bus.read(Self::ocram_register());
        self.bus.write(Self::ocram_register(), old & !DEBUG);
    }

    /// Makes all of the OCRAM secure.
    pub fn close_ocram(&self) {
        let old = self.bus.read(Self::ocram_register());
        self.bus.write(Self::ocram_register(), old & !OCRAM_START | OCRAM_SECURE);
    }

    /// Makes that hold until reset.
    pub fn lock_ocram(&self) {
        let old = self.bus.read(Self::ocram_register());
        self.bus.write(Self::ocram_register(), old | OCRAM_LOCKS);
    }
}
