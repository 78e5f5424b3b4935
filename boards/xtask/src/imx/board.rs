// SPDX-License-Identifier: BSD-2-Clause
//! What the ROM has to set up on a board before it copies the image: clocks, pads, DDR, and the TZASC out of bypass.

use super::{armory, evk};
use drivers::imx6::bus::Mmio;
use drivers::imx6::ccm;
use drivers::imx6::gpr::Gpr;
use drivers::imx6::map::{self, DDR};
use imx6ul::description::{Description, MCIMX6ULL_EVK, USB_ARMORY_MK2};
use std::ops::Range;

/// Register that takes the TZASC out of bypass (IOMUXC_GPR9, bit 0), to be written before anything is in DDR.
pub(super) const GPR9: u32 = Gpr::<Mmio>::bypass_register().address();
/// The gates of all clocks (CCM_CCGR0 to CCM_CCGR6), which are opened first.
pub(super) const CLOCK_GATES: [u32; 7] = {
    let [a, b, c, d, e, f, g] = ccm::GATES;
    [a.address(), b.address(), c.address(), d.address(), e.address(), f.address(), g.address()]
};
/// On-chip RAM, part of which the ROM uses while it boots.
pub(super) const OCRAM: Range<u32> = map::OCRAM.base()..map::OCRAM.base() + map::OCRAM.size();
/// Blocks that a DCD of ours may write to, each 16 KiB.
pub(super) const BLOCKS: [(&str, u32); 4] =
    [("CCM", map::CCM.base()), ("IOMUXC", IOMUXC), ("IOMUXC_GPR", map::IOMUXC_GPR.base()), ("MMDC", MMDC)];
/// Bytes of each of [`BLOCKS`].
pub(super) const BLOCK_SIZE: u32 = 0x4000;
pub(super) const IOMUXC: u32 = map::IOMUXC.base();
pub(super) const MMDC: u32 = map::MMDC.base();

/// A board that images are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Board {
    /// USB armory Mk II with 512 MB.
    #[value(name = "usbarmory-mk2")]
    UsbArmoryMk2,
    /// MCIMX6ULL-EVK with 512 MB.
    #[value(name = "mcimx6ullevk")]
    Mcimx6ullEvk,
}

impl Board {
    /// What the system says of it.
    pub(crate) fn description(self) -> &'static Description {
        match self {
            Board::UsbArmoryMk2 => &USB_ARMORY_MK2,
            Board::Mcimx6ullEvk => &MCIMX6ULL_EVK,
        }
    }

    /// Its name here, which is also that of the crate of its image.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Board::UsbArmoryMk2 => "usbarmory-mk2",
            Board::Mcimx6ullEvk => "mcimx6ullevk",
        }
    }

    /// Its DDR.
    pub(super) fn ram(self) -> Range<u32> {
        DDR.base()..DDR.base() + DDR.size()
    }

    /// Where a payload goes that is not told otherwise.
    pub(super) fn load(self) -> u32 {
        imx6ul::map::LOAD
    }

    /// The writes of its DCD, address and value, in their order.
    pub(super) fn set_up(self) -> Vec<(u32, u32)> {
        match self {
            Board::UsbArmoryMk2 => armory::writes(),
            Board::Mcimx6ullEvk => evk::writes(),
        }
    }
}

/// True for a register of the DDR controller.
pub(super) fn is_mmdc(address: u32) -> bool {
    (MMDC..MMDC + BLOCK_SIZE).contains(&address)
}
