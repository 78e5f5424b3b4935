// SPDX-License-Identifier: BSD-2-Clause
//! What the CPU has against a TA that was taken over: landing pads and signed pointers. On a CPU without them nothing may change.

use crate::cpu;
use crate::report::{Report, expect};
use crate::tee::{Tee, invoke};
use alloc::format;
use alloc::string::String;
use hostile::proto as hostile;
use tee_client::{Error, Origin, Param, TeeError};

/// Runs them.
pub(super) fn run(tee: &Tee, report: &mut Report) {
    let Some((pads, signatures)) = cpu::guards() else { return };
    report.step("guards: a branch to a landing pad", branch(tee, 0, false));
    report.step("guards: a branch to no landing pad", branch(tee, 1, pads));
    report.step("guards: a pointer with its signature", pointer(tee, 0, false));
    report.step("guards: a pointer without one", pointer(tee, 1, signatures));
}

fn branch(tee: &Tee, how: u32, pads: bool) -> Result<(), String> {
    // Only what was compiled so is held to it, and says so when it is branched to a pad.
    attempt(tee, hostile::BRANCH, how, |compiled| pads && compiled & hostile::COMPILED_WITH_PADS != 0)
}

fn pointer(tee: &Tee, how: u32, signatures: bool) -> Result<(), String> {
    attempt(tee, hostile::FOLLOW_SIGNED, how, |compiled| signatures && compiled & hostile::COMPILED_FOR_64_BITS != 0)
}

/// Whether the TA dies of `how` exactly when it has to.
fn attempt(tee: &Tee, command: u32, how: u32, dies: impl Fn(u32) -> bool) -> Result<(), String> {
    let text = |error: Error| format!("{error}");
    let session = tee.open_public(hostile::UUID).map_err(text)?;
    let compiled = invoke(&session, hostile::BRANCH, [Param::value_input(0, 0), Param::value_output()]).map_err(text)?.value(1).0;
    let done = invoke(&session, command, [Param::value_input(how, 0), Param::value_output()]).map(drop);
    let dead = Error { code: TeeError::TARGET_DEAD, origin: Origin::Tee };
    expect(done, if how != 0 && dies(compiled) { Err(dead) } else { Ok(()) })
}
