// SPDX-License-Identifier: BSD-2-Clause
//! The EL3 image of QEMU `virt`: what `-bios` runs first.
//!
//! The flash holds this image, then a page with OP-TEE's image header, then the trusted OS, and then, page-aligned, what the
//! header calls its pageable part (the boot archive of ours).
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]

#[cfg(target_os = "none")]
mod board;
#[cfg(target_os = "none")]
mod entry;
#[cfg(target_os = "none")]
mod heap;
#[cfg(target_os = "none")]
mod linux;
#[cfg(target_os = "none")]
mod load;
#[cfg(target_os = "none")]
mod memory;

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is a boot image: build it for aarch64-unknown-none-softfloat with `cargo xtask image --arch aarch64`");
    std::process::exit(2);
}
