// SPDX-License-Identifier: BSD-2-Clause
//! The trusted OS of QEMU `virt` on AArch64: what an EL3 monitor with OP-TEE's dispatcher loads and enters.
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]

#[cfg(target_os = "none")]
extern crate alloc;

#[cfg(target_os = "none")]
mod archive;
#[cfg(target_os = "none")]
mod board;
#[cfg(target_os = "none")]
mod entry;
#[cfg(target_os = "none")]
mod event_log;

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is a boot image: build it for aarch64-unknown-none-softfloat with `cargo xtask image --arch aarch64`");
    std::process::exit(2);
}
