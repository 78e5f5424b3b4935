// SPDX-License-Identifier: BSD-2-Clause
//! DCD of the MCIMX6ULL-EVK with 512 MB.

use super::board::{CLOCK_GATES, GPR9, IOMUXC, MMDC};
use super::pads::USDHC2;

/// What it writes, in order. That the TZASC leaves its bypass is this project's: published tables of the board leave it out.
pub(super) fn writes() -> Vec<(u32, u32)> {
    let mut writes: Vec<(u32, u32)> = CLOCK_GATES.iter().map(|gate| (*gate, 0xFFFF_FFFF)).collect();
    let pads = [DDR_PADS, UART1, I2C, USDHC1, USDHC2].concat();
    writes.extend(pads.iter().map(|(offset, value)| (IOMUXC + offset, *value)));
    writes.extend(DDR.iter().map(|(offset, value)| (MMDC + offset, *value)));
    writes.push((GPR9, 1));
    writes
}

const DDR_PADS: &[(u32, u32)] = &[
    (0x4B4, 0x000C_0000),
    (0x4AC, 0),
    (0x27C, 0x30),
    (0x250, 0x30),
    (0x24C, 0x30),
    (0x490, 0x30),
    (0x288, 0x000C_0030),
    (0x270, 0),
    (0x260, 0x30),
    (0x264, 0x30),
    (0x4A0, 0x30),
    (0x494, 0x0002_0000),
    (0x280, 0x30),
    (0x284, 0x30),
    (0x4B0, 0x0002_0000),
    (0x498, 0x30),
    (0x4A4, 0x30),
    (0x244, 0x30),
    (0x248, 0x30),
];

/// Console: TX and RX; multiplexer, pads, select input.
const UART1: &[(u32, u32)] = &[(0x084, 0), (0x088, 0), (0x310, 0x0001_B0B1), (0x314, 0x0001_B0B1), (0x624, 3)];

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

/// Card of the base board, with the selection of its voltage.
const USDHC1: &[(u32, u32)] = &[
    (0x1BC, 0),
    (0x1C0, 0),
    (0x1C4, 0),
    (0x1C8, 0),
    (0x1CC, 0),
    (0x1D0, 0),
    (0x070, 4),
    (0x448, 0x0001_70F9),
    (0x44C, 0x0001_70F9),
    (0x450, 0x0001_70F9),
    (0x454, 0x0001_70F9),
    (0x458, 0x0001_70F9),
    (0x45C, 0x0001_70F9),
    (0x2FC, 0x0001_7059),
];

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
