// SPDX-License-Identifier: BSD-2-Clause
//! The normal-world kernel that ships: it boots after the monitor, finds the TEE and calls trusted applications.
//!
//! What it does is chosen by the command line (see [`cmdline`]): the demonstration, one call, the on-target tests, or the
//! benchmark. It is small on purpose: one address space, cooperative threads, a timer tick.
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]

#[cfg(target_os = "none")]
extern crate alloc;

#[cfg(all(target_os = "none", target_arch = "arm"))]
use memory_functions as _;

#[cfg(all(target_os = "none", target_arch = "aarch64"))]
#[path = "aarch64/mod.rs"]
mod arch;
#[cfg(all(target_os = "none", target_arch = "arm"))]
#[path = "armv7a/mod.rs"]
mod arch;
#[cfg(target_os = "none")]
use arch::cpu;

#[cfg(target_os = "none")]
mod bench;
#[cfg(target_os = "none")]
mod board;
#[cfg(target_os = "none")]
mod call;
#[cfg(target_os = "none")]
mod cmdline;
#[cfg(target_os = "none")]
mod console;
#[cfg(target_os = "none")]
mod demo;
#[cfg(target_os = "none")]
mod disk;
#[cfg(target_os = "none")]
mod engine;
#[cfg(target_os = "none")]
mod entry;
#[cfg(target_os = "none")]
mod gic;
#[cfg(target_os = "none")]
mod isolation;
#[cfg(target_os = "none")]
mod latency;
#[cfg(target_os = "none")]
mod layout;
#[cfg(target_os = "none")]
mod light;
#[cfg(target_os = "none")]
mod logs;
#[cfg(target_os = "none")]
mod memory;
#[cfg(target_os = "none")]
mod notification;
#[cfg(target_os = "none")]
mod part;
#[cfg(target_os = "none")]
mod power;
#[cfg(target_os = "none")]
mod probe;
#[cfg(target_os = "none")]
mod report;
#[cfg(target_os = "none")]
mod smp;
#[cfg(target_os = "none")]
mod suite;
#[cfg(target_os = "none")]
mod supplicant;
#[cfg(target_os = "none")]
mod task;
#[cfg(target_os = "none")]
mod tee;

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is a kernel: build it for armv7a-none-eabi or aarch64-unknown-none-softfloat with `cargo xtask image`");
    std::process::exit(2);
}
