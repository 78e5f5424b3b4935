// SPDX-License-Identifier: BSD-2-Clause
//! The chip's devices where the kernel maps them.

use core::ops::Range;
use drivers::gicv2::GicV2;
use drivers::imx6::bus::Mmio;
use drivers::imx6::map as chip;
use imx6ul::map;
use monitor::boot::Mapping;
use tee_arch::descriptor::Kernel;

// SAFETY: these images run on these parts, and `MAPPINGS` maps every block that far above its address.
static BUS: Mmio = unsafe { Mmio::at(map::DEVICES_OFFSET as usize) };

/// The registers of the chip.
pub(crate) const fn bus() -> &'static Mmio {
    &BUS
}

/// The interrupt controller.
pub(crate) fn gic() -> GicV2 {
    let address = |block: chip::Block| (map::DEVICES_OFFSET + block.base()) as usize;
    // SAFETY: mapped by `MAPPINGS`.
    unsafe { GicV2::new(address(chip::GIC_DISTRIBUTOR), address(chip::GIC_CPU)) }
}

const MEGABYTE: u32 = 1 << 20;

/// The megabytes that devices are in: on-chip RAM, interrupt controller, and the three peripheral buses.
const fn megabyte(of: chip::Block) -> Mapping {
    let start = of.base() & !(MEGABYTE - 1);
    let pa = start as u64..(start + MEGABYTE) as u64;
    Mapping { va: (map::DEVICES_OFFSET + start) as u64, pa, kind: Kernel::Device }
}

/// Mappings of all devices.
pub(crate) const MAPPINGS: [Mapping; 5] =
    [megabyte(chip::OCRAM), megabyte(chip::GIC_CPU), megabyte(chip::UART1), megabyte(chip::OCOTP), megabyte(chip::DCP)];

/// The three peripheral buses, which lie side by side.
pub(crate) const PERIPHERALS: Range<u64> = MAPPINGS[2].pa.start..MAPPINGS[4].pa.end;
