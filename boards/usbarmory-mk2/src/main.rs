// SPDX-License-Identifier: BSD-2-Clause
//! The boot image of the USB armory Mk II: what the mask ROM runs. The debug accessory has UART 2, which is the secure world's.
#![cfg_attr(target_arch = "arm", no_std)]
#![cfg_attr(target_arch = "arm", no_main)]

#[cfg(target_arch = "arm")]
imx6ul_monitor::board!(imx6ul::description::USB_ARMORY_MK2);

#[cfg(not(target_arch = "arm"))]
fn main() {
    eprintln!("this is a boot image: build it for armv7a-none-eabi with `cargo xtask image --board usbarmory-mk2`");
    std::process::exit(2);
}
