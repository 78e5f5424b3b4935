// SPDX-License-Identifier: BSD-2-Clause
//! What the ROM has to set up on a board before it copies the image: clocks, pads, DDR, and the TZASC out of bypass.

use std::ops::Range;

/// Register that takes the TZASC out of bypass (IOMUXC_GPR9, bit 0), to be written before anything is in DDR.
pub(super) const GPR9: u32 = 0x020E_4024;
/// The gates of all clocks (CCM_CCGR0 to CCM_CCGR6), which are opened first.
pub(super) const CLOCK_GATES: [u32; 7] = [0x020C_4068, 0x020C_406C, 0x020C_4070, 0x020C_4074, 0x020C_4078, 0x020C_407C, 0x020C_4080];
/// On-chip RAM, part of which the ROM uses while it boots.
pub(super) const OCRAM: Range<u32> = 0x0090_0000..0x0092_0000;
/// Blocks that a DCD of ours may write to, each 16 KiB.
pub(super) const BLOCKS: [(&str, u32); 4] = [("CCM", 0x020C_4000), ("IOMUXC", IOMUXC), ("IOMUXC_GPR", 0x020E_4000), ("MMDC", MMDC)];
/// Bytes of each of [`BLOCKS`].
pub(super) const BLOCK_SIZE: u32 = 0x4000;
const IOMUXC: u32 = 0x020E_0000;
const MMDC: u32 = 0x021B_0000;

/// A board that images are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Board {
    /// USB armory Mk II with 512 MB.
    #[value(name = "usbarmory-mk2")]
    UsbArmoryMk2,
}

impl Board {
    /// Its DDR.
    pub(super) fn ram(self) -> Range<u32> {
        match self {
            Board::UsbArmoryMk2 => 0x8000_0000..0xA000_0000,
        }
    }

    /// Where a payload goes that is not told otherwise.
    pub(super) fn load(self) -> u32 {
        match self {
            Board::UsbArmoryMk2 => 0x9001_0000,
        }
    }

    /// The writes of its DCD, address and value, in their order.
    pub(super) fn set_up(self) -> Vec<(u32, u32)> {
        match self {
            Board::UsbArmoryMk2 => usb_armory_mk2(),
        }
    }
}

/// True for a register of the DDR controller.
pub(super) fn is_mmdc(address: u32) -> bool {
    (MMDC..MMDC + BLOCK_SIZE).contains(&address)
}

fn usb_armory_mk2() -> Vec<(u32, u32)> {
    let mut writes: Vec<(u32, u32)> = CLOCK_GATES.iter().map(|gate| (*gate, 0xFFFF_FFFF)).collect();
    let pads = [DDR_PADS, UART2, I2C1, USDHC1, USDHC2].concat();
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
    (0x288, 0x30),
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

/// Console: TX, RX, CTS and RTS; multiplexer, pads, select inputs.
const UART2: &[(u32, u32)] = &[
    (0x094, 0),
    (0x098, 0),
    (0x09C, 0),
    (0x0A0, 0),
    (0x320, 0x0001_B0B1),
    (0x324, 0x0001_B0B1),
    (0x328, 0x0001_B0B1),
    (0x32C, 0x0001_B0B1),
    (0x628, 1),
    (0x62C, 1),
];

/// Bus of the power controller.
const I2C1: &[(u32, u32)] = &[(0x064, 0x10), (0x068, 0x10), (0x2F0, 0x0001_B8B1), (0x2F4, 0x0001_B8B1), (0x5A4, 0), (0x5A8, 1)];

/// Card, with its detection.
const USDHC1: &[(u32, u32)] = &[
    (0x1BC, 0),
    (0x1C0, 0),
    (0x1C4, 0),
    (0x1C8, 0),
    (0x1CC, 0),
    (0x1D0, 0),
    (0x090, 2),
    (0x448, 0x0001_70F9),
    (0x44C, 0x0001_70F9),
    (0x450, 0x0001_70F9),
    (0x454, 0x0001_70F9),
    (0x458, 0x0001_70F9),
    (0x45C, 0x0001_70F9),
    (0x31C, 0x0001_70F9),
    (0x668, 1),
];

/// eMMC, 8 bits wide.
const USDHC2: &[(u32, u32)] = &[
    (0x178, 1),
    (0x17C, 1),
    (0x180, 1),
    (0x184, 1),
    (0x188, 1),
    (0x18C, 1),
    (0x190, 1),
    (0x194, 1),
    (0x198, 1),
    (0x19C, 1),
    (0x404, 0x0001_70F9),
    (0x408, 0x0001_70F9),
    (0x40C, 0x0001_70F9),
    (0x410, 0x0001_70F9),
    (0x414, 0x0001_70F9),
    (0x418, 0x0001_70F9),
    (0x41C, 0x0001_70F9),
    (0x420, 0x0001_70F9),
    (0x424, 0x0001_70F9),
    (0x428, 0x0001_70F9),
    (0x42C, 0x0000_10B0),
    (0x670, 2),
    (0x678, 2),
    (0x67C, 2),
    (0x680, 2),
    (0x684, 1),
    (0x688, 2),
    (0x68C, 1),
    (0x690, 1),
    (0x694, 1),
    (0x698, 1),
];

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
