// SPDX-License-Identifier: BSD-2-Clause
//! This CPU to sleep and back by PSCI, and the machine to an end and a new start.

use crate::arch::sleep::{power_down, power_up};
use crate::arch::start::init_vectors;
use crate::board::board;
use crate::report::Report;
use crate::tee;
use crate::{cpu, memory};
use alloc::string::String;
use utee_abi::psci::{Call, power_state};

#[unsafe(no_mangle)]
extern "C" fn power_restored() {
    memory::enable_mmu();
    init_vectors();
    crate::gic::gic().init_normal();
}

fn entry_point() -> u32 {
    power_up as *const () as usize as u32
}

/// CPU_SUSPEND in standby: comes back by returning.
pub(crate) fn standby() -> u32 {
    /// Our firmware looks at no state id; Trusted Firmware-A calls the standby of QEMU `virt` by this one.
    const STANDBY: u32 = 1;
    cpu::smc([Call::CpuSuspend.into(), STANDBY, 0, 0, 0, 0, 0, 0])[0]
}

/// CPU_SUSPEND with a power-down state; `context` when it comes back at its entry point. Interrupts are to be masked.
pub(crate) fn suspend_cpu(context: u32) -> u32 {
    // SAFETY: interrupts are masked, and the entry point puts back what a reset takes away.
    unsafe { power_down(Call::CpuSuspend.into(), power_state::POWER_DOWN, entry_point(), context) }
}

/// SYSTEM_SUSPEND; `context` when it comes back at its entry point. Interrupts are to be masked, the other CPUs off.
pub(crate) fn suspend_system(context: u32) -> u32 {
    // SAFETY: as above.
    unsafe { power_down(Call::SystemSuspend.into(), entry_point(), context, 0) }
}

/// Where a boot leaves a note for the next one: in RAM that nobody uses before a line to the TEE is made.
fn note() -> *mut u32 {
    (board().reserved_shm.end - 8) as usize as *mut u32
}

/// The note.
const BOOTED_ONCE: u32 = 0x4F4E_4345;

/// Resets the machine at its first boot, and switches it off at its second one. Comes back only with a failure.
pub(crate) fn reset_and_off() -> u32 {
    let mut report = Report::new("test");
    // SAFETY: RAM of this world, mapped, used by nobody else.
    let known = unsafe { note().read_volatile() };
    let call = if known == BOOTED_ONCE {
        report.step("the machine is there again after SYSTEM_RESET", tee::tee());
        // SAFETY: as above.
        unsafe { note().write_volatile(0) };
        Call::SystemOff
    } else {
        // SAFETY: as above.
        unsafe { note().write_volatile(BOOTED_ONCE) };
        report.step("first boot", tee::tee());
        Call::SystemReset
    };
    cpu::smc([call.into(), 0, 0, 0, 0, 0, 0, 0]);
    report.step::<(), String>("the machine ends", Err("the call came back".into()));
    report.close()
}
