// SPDX-License-Identifier: BSD-2-Clause
//! The demonstration: a TA, the TEE and the normal world at work side by side, then each at its bounds.

use super::{engine, none};
use crate::console::Refusal;
use crate::console::command::Session;
use crate::console::job::REGISTERS;
use crate::console::schedule::pause;
use crate::crypto::huk::{self, KEY_SIZE, Purpose};
use crate::ports::Platform;
use utee_abi::demonstration::{COUNTS, PROVE, REACH};
use utee_abi::light::Answer;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Milliseconds between two looks at what is waited for.
const LOOK_MS: u32 = 10;
/// How often it is looked whether the normal world has yielded.
const LOOKS: u32 = 300;
/// How often it is looked whether the TA has ended, after the counting.
const JOB_LOOKS: u32 = 1000;

/// Fault status of the normal world for an access that the bus refuses told at once or when the instruction was already done: of
/// short descriptors, and of AArch64.
pub(super) const EXTERNAL_ABORTS: [u64; 4] = [0x8, 0x406, 0x10, 0x11];

type Key = Result<Zeroizing<[u8; KEY_SIZE]>, TeeError>;

/// `tee`.
///
/// # Errors
/// For arguments, and when no thread is free.
pub fn tee<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    none(arguments, "tee")?;
    let tee = session.tee;
    let platform = &tee.platform;
    writeln!(session.out, "pass one: a TA, this console and the normal world at work")?;
    let key = huk::subkey(platform, Purpose::Demonstration);
    derived(session, &key)?;
    if !tee.console.start_job(tee) {
        return Err(Refusal::Because("every secure thread has a call to serve: try again later"));
    }
    let (entry, tree) = platform.normal_entry();
    writeln!(session.out, "the normal world was entered at {entry:#x}, non-secure, with its device tree at {tree:#x}")?;
    writeln!(session.out, "this console waits for the TA and for the normal world")?;
    // Asked before it counts, which it does without listening.
    let takes_part = engine::pass_one(session)? && prove(session)?;
    for count in 1..=COUNTS {
        pause(platform, 1000);
        platform.light(count % 2 == 1);
        writeln!(session.out, "console says {count} mississippi")?;
    }
    platform.light(false);
    let mut looks = 0;
    while !tee.console.is_job_done() && looks < JOB_LOOKS {
        pause(platform, LOOK_MS);
        looks += 1;
    }
    if !tee.console.is_job_done() {
        return Err(Refusal::Because("the TA of the demonstration has not ended"));
    }
    writeln!(session.out, "pass two: what is closed to the normal world")?;
    if takes_part {
        reach(session)?;
    }
    engine::pass_two(session, takes_part)?;
    same(session, &key)?;
    writeln!(session.out, "that was the demonstration")?;
    Ok(())
}

/// Says that there is a key, or why not. What it is, nobody needs to see.
fn derived<P: Platform>(session: &mut Session<'_, P>, key: &Key) -> Result<(), Refusal> {
    match key {
        Ok(_) => writeln!(session.out, "this TEE derived a key from the hardware-unique key")?,
        Err(error) => writeln!(session.out, "there is no key to derive from the hardware-unique key: {error}")?,
    }
    Ok(())
}

/// Derives it again.
fn same<P: Platform>(session: &mut Session<'_, P>, before: &Key) -> Result<(), Refusal> {
    let (Ok(before), Ok(now)) = (before, huk::subkey(&session.tee.platform, Purpose::Demonstration)) else { return Ok(()) };
    let same = if **before == *now { "the same key as before" } else { "ANOTHER key than before" };
    writeln!(session.out, "this TEE derived {same} from the hardware-unique key")?;
    Ok(())
}

/// The normal world shows that it is non-secure, and counts from then on; false when there is none that takes part.
fn prove<P: Platform>(session: &mut Session<'_, P>) -> Result<bool, Refusal> {
    let Some(registers) = ask(session, PROVE)? else { return Ok(false) };
    writeln!(session.out, "the normal world yielded with")?;
    for row in registers.chunks(4) {
        for (name, value) in row {
            write!(session.out, " {name:>4} {value:08x}")?;
        }
        writeln!(session.out)?;
    }
    let refused = value_of(&registers, 1) == Some(1);
    let what = if refused { "is non-secure: it cannot read SCR" } else { "says that it READ SCR" };
    writeln!(session.out, "the normal world {what}")?;
    lights(session, &registers)?;
    Ok(true)
}

/// Says what came of its asking for lights.
fn lights<P: Platform>(session: &mut Session<'_, P>, registers: &Registers) -> Result<(), Refusal> {
    let answer = |index| value_of(registers, index).and_then(|raw| u32::try_from(raw).ok()).and_then(|raw| Answer::try_from(raw).ok());
    match (answer(4), answer(5)) {
        (Some(Answer::NotSupported), _) => writeln!(session.out, "the normal world asked for a light: this board has none")?,
        (Some(Answer::Denied), blue) => {
            writeln!(session.out, "the normal world asked for the white light: refused, it is the secure world's alone")?;
            let got = if blue == Some(Answer::Done) { "it got it" } else { "it did NOT get it" };
            writeln!(session.out, "the normal world asked for the blue light: {got}")?;
        }
        _ => writeln!(session.out, "the normal world GOT the white light, which is the secure world's")?,
    }
    Ok(())
}

/// The normal world tries to read secure memory.
fn reach<P: Platform>(session: &mut Session<'_, P>) -> Result<(), Refusal> {
    let Some(registers) = ask(session, REACH)? else { return Ok(()) };
    let address = value_of(&registers, 3).unwrap_or(0);
    match value_of(&registers, 2) {
        Some(0) | None => writeln!(session.out, "the normal world READ secure memory at {address:#010x}")?,
        Some(status) if EXTERNAL_ABORTS.contains(&status) => {
            writeln!(session.out, "the normal world could not read secure memory at {address:#010x}: external abort")?
        }
        Some(status) => writeln!(session.out, "the normal world met a fault of status {status:#x} at {address:#010x}")?,
    }
    Ok(())
}

/// Registers of the normal world, a0 first.
pub(super) type Registers = heapless::Vec<(&'static str, u64), REGISTERS>;

pub(super) fn value_of(registers: &Registers, index: usize) -> Option<u64> {
    registers.get(index).map(|(_, value)| *value)
}

/// Notifies the normal world, and waits until it yields; its registers then.
pub(super) fn ask<P: Platform>(session: &mut Session<'_, P>, number: u32) -> Result<Option<Registers>, Refusal> {
    let tee = session.tee;
    tee.console.yielded().lock().begin();
    let told = tee.notifications.raise(&tee.platform, number);
    let mut looks = 0;
    while told && tee.console.awaits_yield() && looks < LOOKS {
        pause(&tee.platform, LOOK_MS);
        looks += 1;
    }
    let came = {
        let mut yielded = tee.console.yielded().lock();
        let came = !yielded.is_awaited();
        yielded.end();
        came.then(|| yielded.registers())
    };
    if came.is_none() {
        writeln!(session.out, "the normal world takes no part: it is not the kernel that ships, or busy")?;
    }
    Ok(came)
}
