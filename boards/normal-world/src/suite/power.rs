// SPDX-License-Identifier: BSD-2-Clause
//! CPUs that sleep and come back when an interrupt is pending.

use crate::cpu;
use crate::report::{Report, expect};
use crate::tee::{Tee, invoke};
use crate::{entry, power};
use alloc::string::{String, ToString};
use hello_world::proto as hello;
use tee_client::Param;
use utee_abi::psci::SUCCESS;

/// What the entry point is to be given.
const CONTEXT: u32 = 0x5EED_CAFE;

/// Sleeps, in parts of a second: long enough for the call to be there first.
const SLEEP: u64 = 50;

/// To be run with every other CPU off.
pub(super) fn run(tee: &Tee, report: &mut Report) {
    report.step("CPU_SUSPEND in standby returns", sleep(tee, power::standby, SUCCESS));
    report.step("CPU_SUSPEND comes back at its entry", sleep(tee, || power::suspend_cpu(CONTEXT), CONTEXT));
    report.step("SYSTEM_SUSPEND comes back at its entry", sleep(tee, || power::suspend_system(CONTEXT), CONTEXT));
}

/// Sleeps that may end early, for an interrupt other than the timer's. A call that does not sleep comes back thousands of times.
const EARLY: usize = 16;

/// Sleeps until the timer fires, and finds everything as before.
fn sleep(tee: &Tee, call: impl Fn() -> u32, wanted: u32) -> Result<(), String> {
    let session = tee.open_public(hello::UUID).map_err(|error| error.to_string())?;
    let masked = cpu::mask_interrupts();
    cpu::next_tick(SLEEP);
    let mut woken = (call(), cpu::timer_fired());
    for _ in 0..EARLY {
        if woken != (wanted, false) {
            break;
        }
        // What woke this CPU is served, so that it does not wake it again.
        cpu::restore_interrupts(masked);
        cpu::mask_interrupts();
        woken = (call(), cpu::timer_fired());
    }
    cpu::next_tick(entry::HZ);
    cpu::restore_interrupts(masked);
    expect(woken, (wanted, true))?;
    let done = invoke(&session, hello::ADD, [Param::value_inout(20, 22)]).map_err(|error| error.to_string())?;
    expect(done.value(0).0, 42)
}
