// SPDX-License-Identifier: BSD-2-Clause
//! What differs from board to board.

use drivers::imx6::ccm::{Gate, Usdhc};
use drivers::imx6::csu::Slot;
use drivers::imx6::iomuxc::{self, Pad};
use drivers::imx6::map::{self, Block};
use drivers::imx6::{interrupt, table};

/// A UART with all that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its registers.
    pub block: Block,
    /// Its clock.
    pub gate: Gate,
    /// Its pins.
    pub pads: [Pad; 2],
    /// Its interrupt.
    pub interrupt: u32,
    /// Its rights.
    pub slot: Slot,
}

/// UART 1.
pub const UART1: Port = Port { block: map::UART1, gate: Gate::UART1, pads: iomuxc::UART1, interrupt: interrupt::UART1, slot: table::UART1 };
/// UART 2.
pub const UART2: Port = Port { block: map::UART2, gate: Gate::UART2, pads: iomuxc::UART2, interrupt: interrupt::UART2, slot: table::UART2 };

/// A board.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// Its name with the part that is on it: QEMU's model of a 6UL, 6UL, 6ULL, 6ULZ.
    pub with_part: [&'static str; 4],
    /// Names of its kind in a device tree, the most exact first.
    pub compatible: [&'static str; 2],
    /// Where a user sees what is printed: the secure world's.
    pub console: Port,
    /// The UART of the normal world.
    pub normal_console: Port,
    /// The controller of the card that the normal world keeps files on.
    pub card: Usdhc,
    /// Whether it has the two LEDs of the USB armory.
    pub leds: bool,
    /// Whether watchdog 2 resets it by a line to its power controller.
    pub reset_line: bool,
}

/// USB armory Mk II. UART 1 leads to its radio module: what the normal world prints there nobody sees (`shared-console`).
pub const USB_ARMORY_MK2: Description = Description {
    name: "USB armory Mk II",
    with_part: [
        "USB armory Mk II, in QEMU (i.MX6UL, isolation NOT enforced here)",
        "USB armory Mk II (i.MX6UL)",
        "USB armory Mk II (i.MX6ULL)",
        "USB armory Mk II (i.MX6ULZ)",
    ],
    compatible: ["usbarmory,imx6ulz-usbarmory-mkII", "fsl,imx6ull"],
    console: UART2,
    normal_console: UART1,
    card: Usdhc::First,
    leds: true,
    reset_line: true,
};

/// MCIMX6ULL-EVK. UART 2 is on a connector of its base board.
pub const MCIMX6ULL_EVK: Description = Description {
    name: "MCIMX6ULL-EVK",
    with_part: [
        "MCIMX6ULL-EVK, in QEMU (i.MX6UL, isolation NOT enforced here)",
        "MCIMX6ULL-EVK (i.MX6UL)",
        "MCIMX6ULL-EVK (i.MX6ULL)",
        "MCIMX6ULL-EVK (i.MX6ULZ)",
    ],
    compatible: ["fsl,imx6ull-14x14-evk", "fsl,imx6ull"],
    console: UART1,
    normal_console: UART2,
    card: Usdhc::First,
    leds: false,
    reset_line: false,
};

/// Every board.
pub const ALL: [&Description; 2] = [&USB_ARMORY_MK2, &MCIMX6ULL_EVK];
