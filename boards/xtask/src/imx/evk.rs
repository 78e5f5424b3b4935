// SPDX-License-Identifier: BSD-2-Clause
//! DCD of the MCIMX6ULL-EVK with 512 MB.

use super::board::{CLOCK_GATES, GPR9, IOMUXC, MMDC};
use super::pads::{ddr, set, usdhc1, usdhc2};
use drivers::imx6::iomuxc::{self, Pad};

/// What it writes, in order. That the TZASC leaves its bypass is this project's: published tables of the board leave it out.
pub(super) fn writes() -> Vec<(u32, u32)> {
    let mut writes: Vec<(u32, u32)> = CLOCK_GATES.iter().map(|gate| (*gate, 0xFFFF_FFFF)).collect();
    let pads = [ddr(0x000C_0030), set(&iomuxc::UART1), I2C.to_vec(), usdhc1(VOLTAGE), usdhc2()].concat();
    writes.extend(pads.iter().map(|(offset, value)| (IOMUXC + offset, *value)));
    writes.extend(DDR.iter().map(|(offset, value)| (MMDC + offset, *value)));
    writes.push((GPR9, 1));
    writes
}

/// Buses of the power controller and of the base board, on pads of UART 4 and 5.
const I2C: &[(u32, u32)] = &[
    (0x0B4, 0x12),
    (0x0B8, 0x12),
    (0x340, 0x0001_B8B0),
    (0x344, 0x0001_B8B0),
    (0x5A4, 1),
    (0x5A8, 2),
    (0x0BC, 0x12),
    (0x0C0, 0x12),
    (0x348, 0x0001_B8B0),
    (0x34C, 0x0001_B8B0),
    (0x5AC, 2),
    (0x5B0, 2),
];

/// Selection of the voltage of the base board's card.
const VOLTAGE: Pad = Pad { function: (0x070, 4), electric: (0x2FC, 0x0001_7059), input: None };

/// 512 MB of DDR3 behind the MMDC: calibration, timing, then the mode registers of the chip (MDSCR, 0x1C).
const DDR: &[(u32, u32)] = &[
    (0x01C, 0x0000_8000),
    (0x800, 0xA139_0003),
    (0x80C, 0x0000_0004),
    (0x83C, 0x4164_0158),
    (0x848, 0x4040_3237),
    (0x850, 0x4040_3C33),
    (0x81C, 0x3333_3333),
    (0x820, 0x3333_3333),
    (0x82C, 0xF333_3333),
    (0x830, 0xF333_3333),
    (0x8C0, 0x0094_4009),
    (0x8B8, 0x0000_0800),
    (0x004, 0x0002_002D),
    (0x008, 0x1B33_3030),
    (0x00C, 0x676B_52F3),
    (0x010, 0xB66D_0B63),
    (0x014, 0x01FF_00DB),
    (0x018, 0x0020_1740),
    (0x01C, 0x0000_8000),
    (0x02C, 0x0000_26D2),
    (0x030, 0x006B_1023),
    (0x040, 0x0000_004F),
    (0x000, 0x8418_0000),
    (0x890, 0x0040_0000),
    (0x01C, 0x0200_8032),
    (0x01C, 0x0000_8033),
    (0x01C, 0x0004_8031),
    (0x01C, 0x1520_8030),
    (0x01C, 0x0400_8040),
    (0x020, 0x0000_0800),
    (0x818, 0x0000_0227),
    (0x004, 0x0002_552D),
    (0x404, 0x0001_1006),
    (0x01C, 0),
];
