// SPDX-License-Identifier: BSD-2-Clause
//! Handing the CPU to the normal world through EL3, and getting it back (OP-TEE ABI, EL3 contract).

use super::pauth::{self, Pair};
use super::percpu::{PerCpu, this_cpu};
use core::arch::global_asm;
use core::mem::offset_of;
use tee_core::ports::{NormalExit, NormalWorld};
use utee_abi::opteed::{Entry, Return};

global_asm!(
    ".macro enter_for entry",
    "mov x8, #\\entry",
    "b world_entered",
    ".endm",
    // x0: where x0 to x7 of the next entry go, x1: five words for EL3, x2: keys of user mode and kernel, or 0. Returns x0: why EL3
    // entered this kernel again. On the stack: x19 to x30, then x0 and x2.
    ".global world_leave",
    "world_leave:",
    "hint #25", // paciasp
    "stp x19, x20, [sp, #-112]!",
    "stp x21, x22, [sp, #16]",
    "stp x23, x24, [sp, #32]",
    "stp x25, x26, [sp, #48]",
    "stp x27, x28, [sp, #64]",
    "stp x29, x30, [sp, #80]",
    "stp x0, x2, [sp, #96]",
    "mov x9, x1",
    "ldp x0, x1, [x9]",
    "ldp x2, x3, [x9, #16]",
    "ldr x4, [x9, #32]",
    "smc #0",
    // EL3 goes on at an entry of the table, never here.
    "b .",
    // Nine branches, in the order of `Entry`. EL3 keeps SP_EL1 and the system registers; the general registers hold what is
    // for this kernel.
    ".balign 64",
    ".global world_entries",
    "world_entries:",
    "b 10f",
    "b 11f",
    "b secondary_start",
    "b 13f",
    "b 14f",
    "b 15f",
    "b 16f",
    "b 17f",
    "b 18f",
    "10: enter_for {yielding}",
    "11: enter_for {fast}",
    "13: enter_for {cpu_off}",
    "14: enter_for {cpu_resume}",
    "15: enter_for {cpu_suspend}",
    "16: enter_for {interrupt}",
    "17: enter_for {system_off}",
    "18: enter_for {system_reset}",
    "world_entered:",
    "ldp x9, x10, [sp, #96]",
    "stp x0, x1, [x9]",
    "stp x2, x3, [x9, #16]",
    "stp x4, x5, [x9, #32]",
    "stp x6, x7, [x9, #48]",
    // Whatever EL3 left there: what this kernel signs with is its own.
    "cbz x10, 1f",
    "ldp x1, x2, [x10, #{kernel_key}]",
    "msr s3_0_c2_c1_0, x1",
    "msr s3_0_c2_c1_1, x2",
    "isb",
    "1:",
    "mov x0, x8",
    "ldp x21, x22, [sp, #16]",
    "ldp x23, x24, [sp, #32]",
    "ldp x25, x26, [sp, #48]",
    "ldp x27, x28, [sp, #64]",
    "ldp x29, x30, [sp, #80]",
    "ldp x19, x20, [sp], #112",
    "hint #29", // autiasp
    "ret",
    kernel_key = const offset_of!(Pair, kernel),
    yielding = const Entry::Yielding as u64,
    fast = const Entry::Fast as u64,
    cpu_off = const Entry::CpuOff as u64,
    cpu_resume = const Entry::CpuResume as u64,
    cpu_suspend = const Entry::CpuSuspend as u64,
    interrupt = const Entry::Interrupt as u64,
    system_off = const Entry::SystemOff as u64,
    system_reset = const Entry::SystemReset as u64,
);

unsafe extern "C" {
    fn world_leave(call: *mut [u64; 8], words: *const [u64; 5], keys: *const Pair) -> u64;
    static world_entries: [u32; 9];
}

/// The normal world of the CPU that holds this.
pub struct World {
    cpu: *mut PerCpu,
    /// What EL3 is told next.
    words: [u64; 5],
}

impl World {
    /// The normal world of the boot CPU: EL3 learns with the first entry that this kernel is ready.
    ///
    /// # Safety
    /// To be called at S-EL1 on the run loop, once, after [`super::percpu::PerCpuCell::install`]; the value stays on that CPU.
    pub unsafe fn booted() -> Self {
        // SAFETY: only the address is taken.
        let entries = &raw const world_entries as u64;
        Self { cpu: this_cpu(), words: words(Return::EntryDone, [entries, 0, 0, 0]) }
    }

    /// The normal world of a CPU that was switched on.
    ///
    /// # Safety
    /// As [`World::booted`], each time that EL3 starts this CPU.
    pub unsafe fn switched_on() -> Self {
        Self { cpu: this_cpu(), words: words(Return::OnDone, [0; 4]) }
    }
}

/// The words of an answer to EL3.
fn words(what: Return, [x1, x2, x3, x4]: [u64; 4]) -> [u64; 5] {
    [u64::from(u32::from(what)), x1, x2, x3, x4]
}

impl NormalWorld for World {
    /// EL3 starts the normal world, and tells its CPUs apart.
    fn start(&mut self, _entry: u64, _args: [u64; 3]) {}

    fn enter(&mut self) -> NormalExit {
        loop {
            // SAFETY: at S-EL1 on the run loop of this CPU, by the contract of `booted`; EL3 keeps what the contract with it
            // says, and comes back at one of the entries with this stack.
            let why = unsafe { world_leave(&raw mut (*self.cpu).call, &raw const self.words, pauth::pair(self.cpu)) };
            self.words = match Entry::try_from(why) {
                Ok(Entry::Yielding | Entry::Fast) => {
                    self.words = words(Return::CallDone, [0; 4]);
                    // SAFETY: the data of this CPU; nothing else refers to it while the run loop has control.
                    let call = unsafe { (*self.cpu).call };
                    return NormalExit::Smc(call.map(|value| value as u32));
                }
                Ok(Entry::Interrupt) => {
                    self.words = words(Return::InterruptDone, [0; 4]);
                    return NormalExit::SecureInterrupt;
                }
                Ok(Entry::CpuOff) => {
                    self.words = words(Return::OffDone, [0; 4]);
                    return NormalExit::CpuOff;
                }
                Ok(Entry::CpuSuspend) => words(Return::SuspendDone, [0; 4]),
                Ok(Entry::CpuResume) => words(Return::ResumeDone, [0; 4]),
                Ok(Entry::SystemOff) => words(Return::SystemOffDone, [0; 4]),
                // A fresh start does not come here.
                Ok(Entry::SystemReset | Entry::CpuOn) | Err(_) => words(Return::SystemResetDone, [0; 4]),
            };
        }
    }

    /// EL3 keeps the others.
    fn for_each_register(&self, f: &mut dyn FnMut(&'static str, u64)) {
        const NAMES: [&str; 8] = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"];
        // SAFETY: the data of this CPU; nothing else refers to it while the run loop has control.
        let call = unsafe { (*self.cpu).call };
        for (name, value) in NAMES.iter().zip(call) {
            f(name, value);
        }
    }

    fn set_result(&mut self, result: [u32; 4]) {
        self.words = words(Return::CallDone, result.map(u64::from));
    }
}
