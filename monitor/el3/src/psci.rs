// SPDX-License-Identifier: BSD-2-Clause
//! Power State Coordination Interface (Arm DEN 0022) at EL3: the states of CPUs, and what each call asks for.
//!
//! No CPU ever loses power here: one that is suspended sleeps at EL3 and then starts as from a reset.

use crate::MAX_CPUS;
use core::ops::Range;
use utee_abi::psci::{self, AffinityState, Call, Error, power_state};
use utee_abi::smc::SMCCC_VERSION;

/// Bit of a function id: the arguments are 64 bits wide.
const SMC64: u32 = 1 << 30;

/// Answer to a function that does not exist: -1, in either width.
pub const UNKNOWN: u64 = u64::MAX;

/// Where a CPU's normal world starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Physical entry address; bit 0 says T32 in an AArch32 one.
    pub entry: u64,
    /// First argument.
    pub context: u64,
    /// True for AArch32 state.
    pub a32: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Off,
    Pending(Start),
    On,
    /// On its way to be off.
    Leaving,
}

/// A call of the normal world.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// x0 to x3.
    pub x: [u64; 4],
    /// True when an AArch32 normal world calls.
    pub a32: bool,
}

/// What is done about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The call returns this x0.
    Return(u64),
    /// The call returns this x0, and this CPU may look whether it was started.
    Wake(u64),
    /// This CPU goes off.
    Off,
    /// This CPU sleeps until an interrupt is pending, and the call returns SUCCESS.
    Standby,
    /// This CPU sleeps until an interrupt is pending, and starts afresh.
    Suspend(Start),
    /// The machine is switched off.
    SystemOff,
    /// The machine is reset.
    SystemReset,
}

/// Power states of the CPUs.
#[derive(Debug)]
pub struct Power {
    states: [State; MAX_CPUS],
    cpus: usize,
    ram: Range<u64>,
}

impl Power {
    /// All CPUs off but the first; `ram` is where a normal world may start.
    #[must_use]
    pub fn new(cpus: usize, ram: Range<u64>) -> Self {
        let mut states = [State::Off; MAX_CPUS];
        states[0] = State::On;
        Self { states, cpus: cpus.min(MAX_CPUS), ram }
    }

    /// Takes the pending start of `cpu`, which is on from now.
    pub fn take_start(&mut self, cpu: usize) -> Option<Start> {
        let state = self.states.get_mut(cpu)?;
        let State::Pending(start) = *state else { return None };
        *state = State::On;
        Some(start)
    }

    /// `cpu` is off.
    pub fn set_off(&mut self, cpu: usize) {
        if let Some(state) = self.states.get_mut(cpu) {
            *state = State::Off;
        }
    }

    /// `cpu` stays on after all: the trusted OS did not let it go.
    pub fn stay(&mut self, cpu: usize) {
        if let Some(state) = self.states.get_mut(cpu) {
            *state = State::On;
        }
    }

    fn others(&self, cpu: usize) -> impl Iterator<Item = State> {
        self.states.into_iter().enumerate().filter(move |(index, _)| *index != cpu).map(|(_, state)| state)
    }

    /// Serves a call of the standard-service owner from `cpu`.
    pub fn serve(&mut self, cpu: usize, request: &Request) -> Action {
        let id = request.x[0] as u32;
        let wide = id & SMC64 != 0;
        let argument = |index: usize| {
            let value = request.x.get(index).copied().unwrap_or(0);
            if wide { value } else { value & u64::from(u32::MAX) }
        };
        let Some(call) = known(id) else { return Action::Return(UNKNOWN) };
        let result = match call {
            Call::Version => Ok(Action::Return(u64::from(psci::VERSION_1_0))),
            Call::Features => Ok(Action::Return(if is_known(argument(1)) { 0 } else { error(Error::NotSupported) })),
            Call::CpuOn => self.cpu_on(argument(1), argument(2), argument(3), request.a32),
            Call::CpuOff => self.cpu_off(cpu),
            Call::CpuSuspend => self.cpu_suspend(argument(1), argument(2), argument(3), request.a32),
            Call::SystemSuspend => self.system_suspend(cpu, argument(1), argument(2), request.a32),
            Call::AffinityInfo => self.affinity_info(argument(1), argument(2)),
            Call::MigrateInfoType => Ok(Action::Return(u64::from(psci::MIGRATE_NOT_REQUIRED))),
            Call::SystemOff => Ok(Action::SystemOff),
            Call::SystemReset => Ok(Action::SystemReset),
        };
        result.unwrap_or_else(|code| Action::Return(error(code)))
    }

    /// The CPU with this affinity.
    fn index(&self, affinity: u64) -> Result<usize, Error> {
        usize::try_from(affinity).ok().filter(|index| *index < self.cpus).ok_or(Error::InvalidParameters)
    }

    /// A start of the normal world. One in secure memory would only fault there, but the caller learns of it here.
    fn start(&self, entry: u64, context: u64, a32: bool) -> Result<Start, Error> {
        if self.ram.contains(&entry) { Ok(Start { entry, context, a32 }) } else { Err(Error::InvalidAddress) }
    }

    fn cpu_on(&mut self, target: u64, entry: u64, context: u64, a32: bool) -> Result<Action, Error> {
        let cpu = self.index(target)?;
        let start = self.start(entry, context, a32)?;
        let state = self.states.get_mut(cpu).ok_or(Error::InvalidParameters)?;
        match state {
            State::Off => {
                *state = State::Pending(start);
                Ok(Action::Wake(u64::from(psci::SUCCESS)))
            }
            State::Pending(_) => Err(Error::OnPending),
            State::On | State::Leaving => Err(Error::AlreadyOn),
        }
    }

    fn cpu_off(&mut self, cpu: usize) -> Result<Action, Error> {
        // Nothing could switch a CPU on again after the last one.
        if !self.others(cpu).any(|state| matches!(state, State::On | State::Pending(_))) {
            return Err(Error::Denied);
        }
        if let Some(state) = self.states.get_mut(cpu) {
            *state = State::Leaving;
        }
        Ok(Action::Off)
    }

    fn cpu_suspend(&self, state: u64, entry: u64, context: u64, a32: bool) -> Result<Action, Error> {
        let state = u32::try_from(state).map_err(|_| Error::InvalidParameters)?;
        if state & (power_state::RESERVED | power_state::LEVEL) != 0 {
            return Err(Error::InvalidParameters);
        }
        if state & power_state::POWER_DOWN == 0 {
            return Ok(Action::Standby);
        }
        self.start(entry, context, a32).map(Action::Suspend)
    }

    fn system_suspend(&self, cpu: usize, entry: u64, context: u64, a32: bool) -> Result<Action, Error> {
        let start = self.start(entry, context, a32)?;
        let alone = self.others(cpu).all(|state| state == State::Off);
        if alone { Ok(Action::Suspend(start)) } else { Err(Error::Denied) }
    }

    fn affinity_info(&self, target: u64, level: u64) -> Result<Action, Error> {
        if level != 0 {
            return Err(Error::InvalidParameters);
        }
        let state = match self.states.get(self.index(target)?) {
            Some(State::Off) => AffinityState::Off,
            Some(State::Pending(_)) => AffinityState::OnPending,
            Some(State::On | State::Leaving) | None => AffinityState::On,
        };
        Ok(Action::Return(u64::from(state.raw())))
    }
}

/// The call of a function id, of either width. Calls without addresses or affinities have the narrow form alone.
fn known(id: u32) -> Option<Call> {
    let call = Call::try_from(id & !SMC64).ok()?;
    let both = matches!(call, Call::CpuOn | Call::CpuSuspend | Call::SystemSuspend | Call::AffinityInfo);
    (both || id & SMC64 == 0).then_some(call)
}

fn is_known(id: u64) -> bool {
    u32::try_from(id).is_ok_and(|id| id == SMCCC_VERSION || known(id).is_some())
}

/// An error as x0: a negative number of 64 bits, of which a narrow call sees the lower half.
fn error(code: Error) -> u64 {
    i64::from(code.raw() as i32) as u64
}

#[cfg(test)]
mod tests {
    use super::{Action, Power, Request, Start};

    const RAM: core::ops::Range<u64> = 0x4000_0000..0x8000_0000;
    const ON64: u64 = 0xC400_0003;
    const ON32: u64 = 0x8400_0003;
    const OFF: u64 = 0x8400_0002;
    const INFO: u64 = 0x8400_0004;

    fn call(power: &mut Power, cpu: usize, x: [u64; 4]) -> Action {
        power.serve(cpu, &Request { x, a32: false })
    }

    fn negative(code: i64) -> Action {
        Action::Return(code as u64)
    }

    #[test]
    fn a_cpu_goes_on_and_off() {
        let mut power = Power::new(2, RAM);
        assert_eq!(call(&mut power, 0, [INFO, 1, 0, 0]), Action::Return(1));
        assert_eq!(call(&mut power, 0, [OFF, 0, 0, 0]), negative(-3), "the last one stays");
        assert_eq!(call(&mut power, 0, [ON64, 1, 0x4400_0000, 7]), Action::Wake(0));
        assert_eq!(call(&mut power, 0, [ON64, 1, 0x4400_0000, 7]), negative(-5));
        assert_eq!(call(&mut power, 0, [INFO, 1, 0, 0]), Action::Return(2));
        assert_eq!(power.take_start(1), Some(Start { entry: 0x4400_0000, context: 7, a32: false }));
        assert_eq!(power.take_start(1), None);
        assert_eq!(call(&mut power, 0, [ON64, 1, 0x4400_0000, 7]), negative(-4));
        assert_eq!(call(&mut power, 1, [OFF, 0, 0, 0]), Action::Off);
        assert_eq!(call(&mut power, 0, [INFO, 1, 0, 0]), Action::Return(0), "still on its way");
        assert_eq!(call(&mut power, 0, [OFF, 0, 0, 0]), negative(-3), "it would be the last one");
        power.set_off(1);
        assert_eq!(call(&mut power, 0, [INFO, 1, 0, 0]), Action::Return(1));
    }

    #[test]
    fn a_trusted_os_may_keep_a_cpu() {
        let mut power = Power::new(2, RAM);
        assert_eq!(call(&mut power, 0, [ON64, 1, 0x4400_0000, 0]), Action::Wake(0));
        assert!(power.take_start(1).is_some());
        assert_eq!(call(&mut power, 1, [OFF, 0, 0, 0]), Action::Off);
        power.stay(1);
        assert_eq!(call(&mut power, 0, [OFF, 0, 0, 0]), Action::Off);
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        let mut power = Power::new(2, RAM);
        assert_eq!(call(&mut power, 0, [ON64, 2, 0x4400_0000, 0]), negative(-2));
        assert_eq!(call(&mut power, 0, [ON64, 1 << 32, 0x4400_0000, 0]), negative(-2));
        assert_eq!(call(&mut power, 0, [ON64, 1, 0x0e10_0000, 0]), negative(-9), "secure memory");
        assert_eq!(call(&mut power, 0, [0xC400_0002, 0, 0, 0]), negative(-1), "CPU_OFF has no wide form");
        assert_eq!(call(&mut power, 0, [0x8400_00FF, 0, 0, 0]), negative(-1));
        assert_eq!(call(&mut power, 0, [0x8400_000A, 0xC400_0003, 0, 0]), Action::Return(0));
        assert_eq!(call(&mut power, 0, [0x8400_000A, 0xC400_0002, 0, 0]), negative(-1));
    }

    #[test]
    fn narrow_calls_see_narrow_arguments() {
        let mut power = Power::new(2, RAM);
        let request = Request { x: [ON32, 0xFFFF_FFFF_0000_0001, 0xAAAA_AAAA_4400_0001, 5], a32: true };
        assert_eq!(power.serve(0, &request), Action::Wake(0));
        assert_eq!(power.take_start(1), Some(Start { entry: 0x4400_0001, context: 5, a32: true }));
    }

    #[test]
    fn sleep_is_deep_or_light() {
        let mut power = Power::new(2, RAM);
        assert_eq!(call(&mut power, 0, [0xC400_0001, 0, 0, 0]), Action::Standby);
        let start = Start { entry: 0x4400_0000, context: 9, a32: false };
        assert_eq!(call(&mut power, 0, [0xC400_0001, 1 << 16, 0x4400_0000, 9]), Action::Suspend(start));
        assert_eq!(call(&mut power, 0, [0xC400_000E, 0x4400_0000, 9, 0]), Action::Suspend(start));
        assert_eq!(call(&mut power, 0, [0xC400_0001, 1 << 24, 0, 0]), negative(-2));
        assert_eq!(call(&mut power, 0, [ON64, 1, 0x4400_0000, 0]), Action::Wake(0));
        assert_eq!(call(&mut power, 0, [0xC400_000E, 0x4400_0000, 9, 0]), negative(-3), "another CPU is on");
    }
}
