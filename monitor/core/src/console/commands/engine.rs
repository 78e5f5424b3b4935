// SPDX-License-Identifier: BSD-2-Clause
//! The demonstration's two passes at the block that derives keys (DCP of i.MX6): lent to the normal world in the first, in an image
//! that was built for that, and closed to it until reset before the second.

use super::demonstration::{EXTERNAL_ABORTS, Registers, ask, value_of};
use crate::console::Refusal;
use crate::console::command::Session;
use crate::console::ports::{EngineKey, EngineState, KeyEngine};
use crate::ports::Platform;
use utee_abi::demonstration::DERIVE;
use zeroize::Zeroizing;

/// Before the last restriction, if it is not set yet; false when the normal world was asked and takes no part.
///
/// # Errors
/// When it cannot be shown.
pub(super) fn pass_one<P: Platform>(session: &mut Session<'_, P>) -> Result<bool, Refusal> {
    let Some(engine) = session.tee.platform.key_engine() else {
        writeln!(session.out, "this board has no block for keys that a normal world could be lent")?;
        return Ok(true);
    };
    match engine.state() {
        EngineState::Missing(why) => writeln!(session.out, "this machine has no DCP: {why}")?,
        EngineState::Locked => {
            writeln!(session.out, "the DCP is closed to the normal world and locked until reset: it derives no key in this pass either")?;
            return Ok(true);
        }
        EngineState::Lent => writeln!(session.out, "this TEE derived a key with the DCP, which is the normal world's in this pass")?,
    }
    derive(session, engine.key().as_ref())
}

/// Sets the last restriction, and shows what is left to the normal world. `ask_it`: whether it takes part.
///
/// # Errors
/// As [`pass_one`].
pub(super) fn pass_two<P: Platform>(session: &mut Session<'_, P>, ask_it: bool) -> Result<(), Refusal> {
    let Some(engine) = session.tee.platform.key_engine() else { return Ok(()) };
    match engine.state() {
        EngineState::Missing(_) => Ok(()),
        EngineState::Locked if ask_it => derive(session, None).map(drop),
        EngineState::Locked => Ok(()),
        EngineState::Lent => take_back(session, engine, ask_it),
    }
}

fn take_back<P: Platform>(session: &mut Session<'_, P>, engine: &dyn KeyEngine, ask_it: bool) -> Result<(), Refusal> {
    let before = engine.key();
    let now = engine.take_back();
    writeln!(session.out, "this TEE closed the DCP to the normal world, and locked that until reset")?;
    if ask_it {
        derive(session, before.as_ref())?;
    }
    match (now, before) {
        (Ok(now), Some(before)) if now == before => writeln!(session.out, "this TEE derived the same key as before with the DCP")?,
        (Ok(_), _) => writeln!(session.out, "this TEE derived ANOTHER key than before with the DCP")?,
        (Err(error), _) => writeln!(session.out, "this TEE derives no key with the DCP any more: {error}")?,
    }
    Ok(())
}

/// Has the normal world derive a key, and compares it with `own`; false when it takes no part.
fn derive<P: Platform>(session: &mut Session<'_, P>, own: Option<&EngineKey>) -> Result<bool, Refusal> {
    let Some(registers) = ask(session, DERIVE)? else { return Ok(false) };
    let missing = session.tee.platform.key_engine().is_some_and(|engine| matches!(engine.state(), EngineState::Missing(_)));
    let out = &mut *session.out;
    let status = value_of(&registers, 2).unwrap_or(0);
    match key(&registers) {
        Some(key) if own == Some(&key) => writeln!(out, "the normal world derived a key with the DCP: the same as this TEE")?,
        Some(_) if own.is_some() => writeln!(out, "the normal world derived ANOTHER key than this TEE with the DCP")?,
        Some(_) => writeln!(out, "the normal world DERIVED a key with the DCP")?,
        None if missing => writeln!(out, "the normal world derived no key: no DCP answers it")?,
        None if EXTERNAL_ABORTS.contains(&status) => writeln!(out, "the normal world was refused at the DCP: external abort")?,
        None if status != 0 => writeln!(out, "the normal world met a fault of status {status:#x} at the DCP")?,
        None => writeln!(out, "the normal world derived no key: the DCP failed")?,
    }
    Ok(true)
}

/// The key that the normal world says it derived.
fn key(registers: &Registers) -> Option<EngineKey> {
    if value_of(registers, 1) != Some(1) {
        return None;
    }
    let mut key = Zeroizing::new([0; 16]);
    for (index, word) in (4..).zip(key.chunks_exact_mut(4)) {
        let value = u32::try_from(value_of(registers, index)?).ok()?;
        word.copy_from_slice(&value.to_le_bytes());
    }
    Some(key)
}
