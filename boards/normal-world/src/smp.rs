// SPDX-License-Identifier: BSD-2-Clause
//! The other CPUs: switched on and off by PSCI, and given threads to run.

use crate::arch::start::secondary_start;
use crate::layout::CPUS;
use crate::{cmdline, cpu, task};
use alloc::format;
use alloc::string::String;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use utee_abi::psci::{AffinityState, Call, Error, SUCCESS};

/// Software interrupt that makes another CPU look for threads to run.
pub(crate) const WAKE: u32 = 0;

/// A bit for each CPU that runs this kernel, the boot CPU aside.
static ON: AtomicU32 = AtomicU32::new(0);

/// How long a CPU may take to come or go.
const PATIENCE: Duration = Duration::from_secs(2);

fn psci(call: Call, a1: u32, a2: u32) -> u32 {
    cpu::smc([call.into(), a1, a2, 0, 0, 0, 0, 0])[0]
}

/// Switches every other CPU on; gives their number.
pub(crate) fn start_all() -> Result<u32, String> {
    let mut count = 0;
    // Firmware that does not know the machine starts CPUs that it does not have.
    let there = cmdline::cpus().unwrap_or(CPUS).min(CPUS);
    for target in 1..there as u32 {
        match psci(Call::CpuOn, target, secondary_start as *const () as usize as u32) {
            SUCCESS => {}
            code if code == Error::InvalidParameters.raw() => break,
            code => return Err(format!("CPU_ON of CPU {target} gives {code:#x}")),
        }
        wait_until(|| ON.load(Ordering::SeqCst) & 1 << target != 0).map_err(|()| format!("CPU {target} did not come"))?;
        count += 1;
    }
    Ok(count)
}

/// Switches every other CPU off.
pub(crate) fn stop_all() -> Result<(), String> {
    for target in 1..CPUS as u32 {
        if ON.load(Ordering::SeqCst) & 1 << target == 0 {
            continue;
        }
        task::spawn_on(target as usize, off);
        let state = || psci(Call::AffinityInfo, target, 0);
        wait_until(|| state() == AffinityState::Off.raw()).map_err(|()| format!("CPU {target} is still on: {:#x}", state()))?;
    }
    Ok(())
}

fn off() {
    cpu::disable_interrupts();
    cpu::stop_tick();
    ON.fetch_and(!(1 << cpu::index()), Ordering::SeqCst);
    let code = psci(Call::CpuOff, 0, 0);
    panic!("CPU_OFF came back with {code:#x}");
}

fn wait_until(done: impl Fn() -> bool) -> Result<(), ()> {
    let end = task::now() + PATIENCE;
    while !done() {
        if task::now() > end {
            return Err(());
        }
        task::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// What the first thread of a secondary CPU does: nothing, for ever, so that others run.
pub(crate) fn serve() -> ! {
    ON.fetch_or(1 << cpu::index(), Ordering::SeqCst);
    loop {
        task::sleep(Duration::from_secs(3600));
    }
}
