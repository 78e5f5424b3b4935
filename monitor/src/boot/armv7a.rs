// SPDX-License-Identifier: BSD-2-Clause
//! The run loop begins in Monitor mode, and starts the normal world itself.

use super::cpu_init;
use crate::machine::{Board, Machine};
use core::convert::Infallible;
use tee_arch::world::World;
use tee_arch::{cp15, cpu};
use tee_core::Tee;
use tee_core::ports::Platform;
use tee_core::smc::psci::Start;

/// NSACR: coprocessors 10 and 11, and the SMP bit of ACTLR, for the normal world.
const NSACR_NORMAL: u32 = 1 << 10 | 1 << 11 | 1 << 18;

/// What this CPU needs before its MMU is on.
///
/// # Safety
/// In Monitor mode.
pub(super) unsafe fn prepare() {
    // SAFETY: NSACR gives the normal world what Linux expects.
    unsafe { cp15::set_nsacr(NSACR_NORMAL) };
}

/// Boot CPU, last: interrupt controller, banner, normal world.
///
/// # Safety
/// After [`early`], in Monitor mode with interrupts masked.
pub unsafe fn primary<B: Board>(tee: &Tee<Machine<B>>) -> Infallible {
    tee.platform.board().init_cpu();
    tee.banner();
    let (entry, tree) = tee.platform.normal_entry();
    // As Linux and its likes want to be entered on Armv7-A: no machine type, and the device tree third.
    let args = [0, u64::from(u32::MAX), tree];
    // CPU 0 is off until now, so this cannot fail.
    let _ = tee.cpus.request(0, Start { entry, args });
    // SAFETY: Monitor mode on CPU 0, whose data is installed.
    let mut world = unsafe { World::new() };
    tee.run_cpu(0, &mut world)
}

/// Any other CPU: everything.
///
/// # Safety
/// Once on each, in Monitor mode with interrupts masked and the MMU off, on the stack of this CPU, after the boot CPU
/// has built the TEE.
pub unsafe fn secondary<B: Board>(tee: &Tee<Machine<B>>) -> Infallible {
    let index = cpu::index();
    // SAFETY: the caller's.
    unsafe { cpu_init(index) };
    tee.platform.board().init_cpu();
    // SAFETY: Monitor mode on this CPU, whose data is installed.
    let mut world = unsafe { World::new() };
    tee.run_cpu(index, &mut world)
}
