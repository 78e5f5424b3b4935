// SPDX-License-Identifier: BSD-2-Clause
//! The boot image of the MCIMX6ULL-EVK: what the mask ROM runs. Its USB connector for debugging has UART 1, the secure world's.
#![cfg_attr(target_arch = "arm", no_std)]
#![cfg_attr(target_arch = "arm", no_main)]

#[cfg(target_arch = "arm")]
imx6ul_monitor::board!(imx6ul::description::MCIMX6ULL_EVK);

#[cfg(not(target_arch = "arm"))]
fn main() {
    eprintln!("this is a boot image: build it for armv7a-none-eabi with `cargo xtask image --board mcimx6ullevk`");
    std::process::exit(2);
}
