// SPDX-License-Identifier: BSD-2-Clause
//! The normal-world kernel that ships: it boots after the monitor, finds the TEE and calls trusted applications.
//!
//! What it does is chosen by the command line (see [`cmdline`]): the demonstration, one call, the on-target tests, or the
//! benchmark. It is small on purpose: one address space, cooperative threads, a timer tick.
#![cfg_attr(target_arch = "arm", no_std)]
#![cfg_attr(target_arch = "arm", no_main)]

#[cfg(target_arch = "arm")]
extern crate alloc;

#[cfg(target_arch = "arm")]
use memory_functions as _;

#[cfg(target_arch = "arm")]
mod bench;
#[cfg(target_arch = "arm")]
mod board;
#[cfg(target_arch = "arm")]
mod call;
#[cfg(target_arch = "arm")]
mod cmdline;
#[cfg(target_arch = "arm")]
mod console;
#[cfg(target_arch = "arm")]
mod cpu;
#[cfg(target_arch = "arm")]
mod demo;
#[cfg(target_arch = "arm")]
mod disk;
#[cfg(target_arch = "arm")]
mod engine;
#[cfg(target_arch = "arm")]
mod entry;
#[cfg(target_arch = "arm")]
mod gic;
#[cfg(target_arch = "arm")]
mod isolation;
#[cfg(target_arch = "arm")]
mod latency;
#[cfg(target_arch = "arm")]
mod layout;
#[cfg(target_arch = "arm")]
mod light;
#[cfg(target_arch = "arm")]
mod logs;
#[cfg(target_arch = "arm")]
mod memory;
#[cfg(target_arch = "arm")]
mod notification;
#[cfg(target_arch = "arm")]
mod part;
#[cfg(target_arch = "arm")]
mod power;
#[cfg(target_arch = "arm")]
mod probe;
#[cfg(target_arch = "arm")]
mod report;
#[cfg(target_arch = "arm")]
mod smp;
#[cfg(target_arch = "arm")]
mod suite;
#[cfg(target_arch = "arm")]
mod supplicant;
#[cfg(target_arch = "arm")]
mod task;
#[cfg(target_arch = "arm")]
mod tee;

#[cfg(not(target_arch = "arm"))]
fn main() {
    eprintln!("this is a kernel: build it for armv7a-none-eabi with `cargo xtask image`");
    std::process::exit(2);
}
