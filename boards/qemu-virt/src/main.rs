// SPDX-License-Identifier: BSD-2-Clause
//! The boot image of QEMU `virt` with TrustZone: what `-bios` runs.
#![cfg_attr(target_arch = "arm", no_std)]
#![cfg_attr(target_arch = "arm", no_main)]

#[cfg(target_arch = "arm")]
mod board;
#[cfg(target_arch = "arm")]
mod entry;
#[cfg(target_arch = "arm")]
mod linux;

#[cfg(not(target_arch = "arm"))]
fn main() {
    eprintln!("this is a boot image: build it for armv7a-none-eabi with `cargo xtask image`");
    std::process::exit(2);
}
