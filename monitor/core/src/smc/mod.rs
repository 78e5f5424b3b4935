// SPDX-License-Identifier: BSD-2-Clause
//! SMC services: whose call it is, and its answer.
//!
//! [`fast`] answers on the run loop's stack, [`yielding`] runs on a secure thread, [`psci`] powers CPUs, [`light`] switches lights.

pub mod arch;
pub mod fast;
pub mod light;
pub mod psci;
pub mod yielding;

use crate::Tee;
use crate::ports::{CpuIndex, Platform};
use utee_abi::demonstration::YIELD;
use utee_abi::light::SWITCH;
use utee_abi::smc::{Owner, UNKNOWN_FUNCTION};

/// What the run loop does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Back to the normal world with these a0..a3.
    Return([u32; 4]),
    /// The normal world takes part in the demonstration and yields: its registers are looked at, and it goes on.
    Yield,
    /// The CPU is to be switched off.
    CpuOff,
    /// The CPU sleeps until an interrupt of the normal world is pending; then it starts afresh, or the call returns SUCCESS.
    Sleep(Option<psci::Start>),
}

impl<P: Platform> Tee<P> {
    /// Serves one SMC of the normal world; `regs` are its a0..a7.
    pub fn smc(&self, cpu: CpuIndex, regs: &[u32; 8]) -> Answer {
        let id = regs[0];
        Answer::Return(match Owner::of(id) {
            Owner::TrustedOs if !utee_abi::smc::is_fast(id) => yielding::enter(self, regs),
            Owner::TrustedOs if id == SWITCH => light::serve(self, regs),
            Owner::TrustedOs if id == YIELD && self.console.awaits_yield() => return Answer::Yield,
            Owner::TrustedOs => fast::serve(self, regs),
            Owner::StandardService => return psci::serve(self, cpu, regs),
            Owner::Arch => arch::serve(regs),
            Owner::Other => [UNKNOWN_FUNCTION, 0, 0, 0],
        })
    }
}
