// SPDX-License-Identifier: BSD-2-Clause
//! The run loop begins at S-EL1; the normal world and the power of CPUs are EL3's.

use super::cpu_init;
use crate::machine::{Board, Machine};
use crate::panic;
use core::convert::Infallible;
use tee_arch::world::World;
use tee_arch::{cpu, guards};
use tee_core::Tee;
use tee_core::ports::Platform;

/// What this CPU needs before its MMU is on: nothing.
///
/// # Safety
/// None is asked for; the other architectures have conditions.
pub(super) unsafe fn prepare() {}

/// Boot CPU, last: interrupt controller, banner; then EL3 starts the normal world.
///
/// # Safety
/// After [`super::early`], at S-EL1 with interrupts masked.
pub unsafe fn primary<B: Board>(tee: &Tee<Machine<B>>) -> Infallible {
    tee.platform.board().init_cpu();
    let mut key = [0; 16];
    let len = guards::key_bytes().min(key.len());
    if let Err(error) = tee.rng.fill(&tee.platform, &mut key[..len]) {
        panic::stop(tee.platform.board(), format_args!("no random numbers for the kernel's key: {error}"));
    }
    guards::set_key(&key);
    // SAFETY: nothing from the entry of this CPU on returns; its data is installed and interrupts are masked.
    unsafe { guards::begin() };
    if let Ok(page) = tee.platform.frames(1) {
        guards::prove(&page);
    }
    tee.banner();
    tee.begin();
    // SAFETY: S-EL1 on the boot CPU, whose data is installed.
    let mut world = unsafe { World::booted() };
    tee.run_powered_cpu(0, &mut world)
}

/// Any other CPU, or one that was off: everything.
///
/// # Safety
/// At S-EL1 with interrupts masked and the MMU off, on the stack of this CPU, after the boot CPU has built the TEE.
pub unsafe fn secondary<B: Board>(tee: &Tee<Machine<B>>) -> Infallible {
    let index = cpu::index();
    // SAFETY: the caller's.
    unsafe { cpu_init(index) };
    tee.platform.board().init_cpu();
    // SAFETY: as on the boot CPU.
    unsafe { guards::begin() };
    tee.powered_on(index);
    // SAFETY: S-EL1 on this CPU, whose data is installed.
    let mut world = unsafe { World::switched_on() };
    tee.run_powered_cpu(index, &mut world)
}
