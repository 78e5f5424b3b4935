// SPDX-License-Identifier: BSD-2-Clause
//! What an emulator does not model of the chip: blocks that abort, and blocks that read as zeros throughout.

use crate::devices::bus;
use core::fmt;
use drivers::imx6::map::{self, Block};
use drivers::imx6::tzasc::Tzasc;
use tee_arch::probe;

/// Blocks that an emulator may lack. Fuses, counter and keys would have something to read.
const BLOCKS: [(&str, Block); 8] = [
    ("CSU", map::CSU),
    ("IOMUXC_GPR", map::IOMUXC_GPR),
    ("MMDC", map::MMDC),
    ("fuses", map::OCOTP),
    ("system counter", map::SYSTEM_COUNTER),
    ("CAAM", map::CAAM),
    ("DCP", map::DCP),
    ("RNGB", map::RNGB),
];

/// Bytes of a block that are read.
const READ: usize = 0x100;

/// Displays as the names of what is missing. To be used where the CPU can take aborts.
pub(crate) struct Missing;

fn is_missing(block: Block) -> bool {
    let base = (imx6ul::map::DEVICES_OFFSET + block.base()) as usize;
    (base..base + READ).step_by(4).all(|address| probe::load(address).is_none_or(|byte| byte == 0))
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let controller = (!Tzasc::new(bus()).is_present()).then_some("TZASC");
        let others = BLOCKS.iter().filter(|(_, block)| is_missing(*block)).map(|(name, _)| *name);
        for (index, name) in controller.into_iter().chain(others).enumerate() {
            write!(f, "{}{name}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
