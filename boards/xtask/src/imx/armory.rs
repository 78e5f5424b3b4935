// SPDX-License-Identifier: BSD-2-Clause
//! DCD of the USB armory Mk II with 512 MB.

use super::board::{CLOCK_GATES, GPR9, IOMUXC, MMDC};
use super::pads::{DATA, ddr, set, usdhc1, usdhc2};
use drivers::imx6::iomuxc::{self, Pad};

/// What it writes, in order.
pub(super) fn writes() -> Vec<(u32, u32)> {
    let mut writes: Vec<(u32, u32)> = CLOCK_GATES.iter().map(|gate| (*gate, 0xFFFF_FFFF)).collect();
    let pads = [ddr(0x30), set(&UART2), I2C1.to_vec(), usdhc1(DETECTION), usdhc2()].concat();
    writes.extend(pads.iter().map(|(offset, value)| (IOMUXC + offset, *value)));
    writes.extend(DDR.iter().map(|(offset, value)| (MMDC + offset, *value)));
    writes.push((GPR9, 1));
    writes
}

/// Console: TX and RX as the monitor has them, and the other two lines.
const UART2: [Pad; 4] = {
    let [transmit, receive] = iomuxc::UART2;
    let electric = receive.electric.1;
    let clear_to_send = Pad { function: (0x09C, 0), electric: (0x328, electric), input: None };
    let request_to_send = Pad { function: (0x0A0, 0), electric: (0x32C, electric), input: Some((0x628, 1)) };
    [transmit, receive, clear_to_send, request_to_send]
};

/// Bus of the power controller.
const I2C1: &[(u32, u32)] = &[(0x064, 0x10), (0x068, 0x10), (0x2F0, 0x0001_B8B1), (0x2F4, 0x0001_B8B1), (0x5A4, 0), (0x5A8, 1)];

/// Detection of the card.
const DETECTION: Pad = Pad { function: (0x090, 2), electric: (0x31C, DATA), input: Some((0x668, 1)) };

/// 512 MB of DDR3 behind the MMDC: timing, calibration, then the mode registers of the chip (MDSCR, 0x1C).
const DDR: &[(u32, u32)] = &[
    (0x01C, 0x0000_8000),
    (0x00C, 0x676B_52F3),
    (0x010, 0xB66D_0B63),
    (0x014, 0x01FF_00DB),
    (0x008, 0x1B33_3030),
    (0x018, 0x0020_1740),
    (0x02C, 0x0000_26D2),
    (0x040, 0x0000_004F),
    (0x030, 0x006B_1023),
    (0x000, 0x8418_0000),
    (0x800, 0xA139_0003),
    (0x80C, 0x000D_000F),
    (0x810, 0x0010_0010),
    (0x83C, 0x415C_0160),
    (0x840, 0),
    (0x848, 0x4040_3C42),
    (0x850, 0x4040_2C26),
    (0x81C, 0x3333_3333),
    (0x820, 0x3333_3333),
    (0x82C, 0xF333_3333),
    (0x830, 0xF333_3333),
    (0x8C0, 0x0092_1012),
    (0x8B8, 0x0000_0800),
    (0x01C, 0x0200_8032),
    (0x01C, 0x0000_8033),
    (0x01C, 0x0004_8031),
    (0x01C, 0x1520_8030),
    (0x01C, 0x0400_8040),
    (0x004, 0x0002_556D),
    (0x404, 0x0001_1006),
    (0x020, 0x0000_0800),
    (0x818, 0x0000_0227),
    (0x01C, 0),
];
