// SPDX-License-Identifier: BSD-2-Clause
//! Power State Coordination Interface (Arm DEN 0022): the calls that a multi-processor normal world needs.
//!
//! No CPU ever loses power here: one that is suspended sleeps in the secure world and then starts as from a reset.

use super::Answer;
use crate::Tee;
use crate::limits::MAX_CPUS;
use crate::lock::Lock;
use crate::ports::{CpuIndex, Platform};
use utee_abi::psci::{self, AffinityState, Call, Error, power_state};
use utee_abi::smc::UNKNOWN_FUNCTION;

/// Where a CPU's normal world starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Physical entry address.
    pub entry: u64,
    /// First arguments (r0 to r2, x0 to x2).
    pub args: [u64; 3],
}

impl Start {
    /// A CPU that PSCI switches on: its context comes first.
    pub fn on(entry: u64, context: u64) -> Self {
        Self { entry, args: [context, 0, 0] }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Off,
    Pending(Start),
    On,
    /// On its way to be off.
    Leaving,
}

/// Power state of each CPU.
pub struct Cpus<P: Platform> {
    states: Lock<P, [State; MAX_CPUS]>,
    count: usize,
}

impl<P: Platform> Cpus<P> {
    /// All CPUs off.
    pub fn new(count: usize) -> Self {
        Self { states: Lock::<P, _>::new([State::Off; MAX_CPUS]), count: count.min(MAX_CPUS) }
    }

    /// Asks for `cpu` to be started: by the boot code for the first CPU, by CPU_ON for the others.
    ///
    /// # Errors
    /// ALREADY_ON, ON_PENDING, or INVALID_PARAMETERS for a CPU that there is not.
    pub fn request(&self, cpu: CpuIndex, start: Start) -> Result<(), Error> {
        let mut states = self.states.lock();
        let state = states.get_mut(cpu).filter(|_| cpu < self.count).ok_or(Error::InvalidParameters)?;
        match state {
            State::Off => {
                *state = State::Pending(start);
                Ok(())
            }
            State::Pending(_) => Err(Error::OnPending),
            State::On | State::Leaving => Err(Error::AlreadyOn),
        }
    }

    /// Takes the pending start of `cpu`, which is on from now.
    pub fn take_start(&self, cpu: CpuIndex) -> Option<Start> {
        let mut states = self.states.lock();
        let state = states.get_mut(cpu)?;
        let State::Pending(start) = *state else { return None };
        *state = State::On;
        Some(start)
    }

    /// Takes `cpu` off, which [`Cpus::set_off`] completes.
    ///
    /// # Errors
    /// DENIED for the last one: nothing could switch a CPU on again.
    pub fn leave(&self, cpu: CpuIndex) -> Result<(), Error> {
        let mut states = self.states.lock();
        if !others(&states, cpu).any(|state| matches!(state, State::On | State::Pending(_))) {
            return Err(Error::Denied);
        }
        if let Some(state) = states.get_mut(cpu) {
            *state = State::Leaving;
        }
        Ok(())
    }

    /// True when every other CPU is off.
    pub fn is_alone(&self, cpu: CpuIndex) -> bool {
        others(&self.states.lock(), cpu).all(|state| state == State::Off)
    }

    /// A CPU that is on, or about to be, beside `cpu`.
    pub fn other_than(&self, cpu: CpuIndex) -> Option<CpuIndex> {
        let states = self.states.lock();
        let on = |(index, state): &(usize, &State)| *index != cpu && matches!(state, State::On | State::Pending(_));
        states.iter().enumerate().find(on).map(|(index, _)| index)
    }

    /// Marks `cpu` as on, which firmware below this TEE has switched on.
    pub fn set_on(&self, cpu: CpuIndex) {
        if let Some(state) = self.states.lock().get_mut(cpu) {
            *state = State::On;
        }
    }

    /// Marks `cpu` as off.
    pub fn set_off(&self, cpu: CpuIndex) {
        if let Some(state) = self.states.lock().get_mut(cpu) {
            *state = State::Off;
        }
    }

    fn affinity(&self, cpu: CpuIndex) -> Option<AffinityState> {
        match self.states.lock().get(cpu).filter(|_| cpu < self.count)? {
            State::Off => Some(AffinityState::Off),
            State::Pending(_) => Some(AffinityState::OnPending),
            State::On | State::Leaving => Some(AffinityState::On),
        }
    }
}

fn others(states: &[State; MAX_CPUS], cpu: CpuIndex) -> impl Iterator<Item = State> {
    states.iter().enumerate().filter(move |(index, _)| *index != cpu).map(|(_, state)| *state)
}

/// Serves a call of the standard-service owner.
pub fn serve<P: Platform>(tee: &Tee<P>, cpu: CpuIndex, regs: &[u32; 8]) -> Answer {
    let Ok(call) = Call::try_from(regs[0]) else {
        return Answer::Return([UNKNOWN_FUNCTION, 0, 0, 0]);
    };
    let a0 = match call {
        Call::Version => psci::VERSION_1_0,
        Call::Features => features(regs[1]),
        Call::CpuOn => code(cpu_on(tee, regs)),
        Call::CpuOff => match tee.cpus.leave(cpu) {
            Ok(()) => return Answer::CpuOff,
            Err(error) => error.raw(),
        },
        Call::CpuSuspend => match cpu_suspend(tee, regs) {
            Ok(start) => return Answer::Sleep(start),
            Err(error) => error.raw(),
        },
        Call::SystemSuspend => match system_suspend(tee, cpu, regs) {
            Ok(start) => return Answer::Sleep(Some(start)),
            Err(error) => error.raw(),
        },
        Call::AffinityInfo => affinity_info(tee, regs),
        Call::MigrateInfoType => psci::MIGRATE_NOT_REQUIRED,
        Call::SystemOff => tee.platform.system_off(),
        Call::SystemReset => tee.platform.system_reset(),
    };
    Answer::Return([a0, 0, 0, 0])
}

fn code(result: Result<(), Error>) -> u32 {
    match result {
        Ok(()) => psci::SUCCESS,
        Err(error) => error.raw(),
    }
}

/// CPU_SUSPEND has no flags: power states are in the original format, and the normal world coordinates nothing.
fn features(id: u32) -> u32 {
    if Call::try_from(id).is_ok() || id == utee_abi::smc::SMCCC_VERSION { 0 } else { Error::NotSupported.raw() }
}

fn cpu_on<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> Result<(), Error> {
    let [_, target, entry, context, ..] = *regs;
    let cpu = tee.platform.cpu_by_affinity(target).ok_or(Error::InvalidParameters)?;
    tee.cpus.request(cpu, start_at(tee, entry, context)?)?;
    tee.platform.wake_cpu(cpu);
    Ok(())
}

/// A start of the normal world. One in secure memory would only fault there, but the caller learns of it here.
fn start_at<P: Platform>(tee: &Tee<P>, entry: u32, context: u32) -> Result<Start, Error> {
    let entry = u64::from(entry);
    if !tee.platform.normal_ram().iter().any(|range| range.contains(&entry)) {
        return Err(Error::InvalidAddress);
    }
    Ok(Start::on(entry, u64::from(context)))
}

fn cpu_suspend<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> Result<Option<Start>, Error> {
    let [_, state, entry, context, ..] = *regs;
    if state & (power_state::RESERVED | power_state::LEVEL) != 0 {
        return Err(Error::InvalidParameters);
    }
    if state & power_state::POWER_DOWN == 0 {
        return Ok(None);
    }
    start_at(tee, entry, context).map(Some)
}

fn system_suspend<P: Platform>(tee: &Tee<P>, cpu: CpuIndex, regs: &[u32; 8]) -> Result<Start, Error> {
    let [_, entry, context, ..] = *regs;
    let start = start_at(tee, entry, context)?;
    if tee.cpus.is_alone(cpu) { Ok(start) } else { Err(Error::Denied) }
}

fn affinity_info<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> u32 {
    let [_, target, level, ..] = *regs;
    if level != 0 {
        return Error::InvalidParameters.raw();
    }
    match tee.platform.cpu_by_affinity(target).and_then(|cpu| tee.cpus.affinity(cpu)) {
        Some(state) => state.raw(),
        None => Error::InvalidParameters.raw(),
    }
}
