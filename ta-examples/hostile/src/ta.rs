// SPDX-License-Identifier: BSD-2-Clause
//! The TA, which has instructions of the CPU in it.

use crate::{calls, exhaustion, memory};
use hostile::proto;
use utee::params::Value;
use utee::{MemrefInput, Param, Parameters, Result, Ta, TeeError, ValueInput, ValueOutput, info};

pub(crate) struct Hostile;

impl Ta for Hostile {
    type Session = ();

    fn create() -> Result<Self> {
        Ok(Self)
    }

    fn open_session(&mut self, _params: &mut Parameters<'_>) -> Result<()> {
        Ok(())
    }

    fn invoke(&mut self, _session: &mut (), command: u32, params: &mut Parameters<'_>) -> Result<()> {
        match command {
            proto::NOP => Ok(()),
            proto::READ => {
                let word = memory::read(input(params, 0)?.a);
                output(params, 1, word, 0)
            }
            proto::WRITE => {
                let Value { a: address, b: word } = input(params, 0)?;
                memory::write(address, word);
                Ok(())
            }
            proto::WRITE_CODE => {
                memory::write_code();
                Ok(())
            }
            proto::RUN_DATA => {
                memory::run_data();
                Ok(())
            }
            proto::OVERFLOW_STACK => {
                info!("recursed {} times", memory::recurse(0));
                Ok(())
            }
            proto::JUMP => {
                memory::jump(input(params, 0)?.a);
                Ok(())
            }
            proto::BRANCH => {
                memory::branch(input(params, 0)?.a == 0);
                let pads = if cfg!(oxtee_branch_protection) { proto::COMPILED_WITH_PADS } else { 0 };
                let wide = if cfg!(target_arch = "aarch64") { proto::COMPILED_FOR_64_BITS } else { 0 };
                output(params, 1, pads | wide, 0)
            }
            proto::FOLLOW_SIGNED => {
                memory::follow(input(params, 0)?.a == 0);
                Ok(())
            }
            proto::UNDEFINED => memory::undefined(),
            proto::PRIVILEGED_INSTRUCTION => memory::privileged(input(params, 0)?.a),
            proto::SECRET => output(params, 0, memory::secret(), 0),
            proto::PANIC => panic!("because it can"),
            proto::LOOP => exhaustion::time(),
            proto::EXHAUST_HEAP => both(params, exhaustion::heap()),
            proto::EXHAUST_SESSIONS => both(params, exhaustion::sessions()),
            proto::EXHAUST_MAPPINGS => both(params, exhaustion::mappings()),
            proto::RECURSE => both(params, exhaustion::recursion()),
            proto::FLOOD_LOG => {
                let lines = input(params, 0)?.a;
                (0..lines).for_each(|line| info!("flood {line}"));
                Ok(())
            }
            proto::WILD_POINTERS => {
                let report = calls::wild_pointers()?;
                output(params, 0, report.made, report.refused)?;
                output(params, 1, report.accepted_code, report.accepted_number)
            }
            proto::EVERY_NUMBER => {
                calls::every_number(input(params, 0)?.a);
                Ok(())
            }
            proto::DOUBLE_FETCH => double_fetch(params),
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

/// Parameter `index`, which must be a value that goes in. Other parameters are not looked at, so that one client can
/// call all attacks alike.
fn input(params: &mut Parameters<'_>, index: usize) -> Result<Value> {
    match params.get(index) {
        Param::ValueInput(value) => Ok(value.get()),
        Param::ValueInout(value) => Ok(value.get()),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

fn output(params: &mut Parameters<'_>, index: usize, a: u32, b: u32) -> Result<()> {
    match params.get(index) {
        Param::ValueOutput(mut value) => value.set(a, b),
        Param::ValueInout(mut value) => value.set(a, b),
        _ => return Err(TeeError::BAD_PARAMETERS),
    }
    Ok(())
}

fn both(params: &mut Parameters<'_>, (a, b): (u32, u32)) -> Result<()> {
    output(params, 0, a, b)
}

fn double_fetch(params: &mut Parameters<'_>) -> Result<()> {
    let (memory, rounds, mut answer): (MemrefInput<'_>, ValueInput<'_>, ValueOutput<'_>) = params.take()?;
    let mut changes = 0u32;
    for _ in 0..rounds.a() {
        if memory.to_vec()? != memory.to_vec()? {
            changes += 1;
        }
    }
    answer.set(changes, 0);
    Ok(())
}
