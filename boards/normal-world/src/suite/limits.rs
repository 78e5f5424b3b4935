// SPDX-License-Identifier: BSD-2-Clause
//! What one client may use up, and that everything comes back.

use crate::report::{Report, expect};
use crate::tee::{Tee, invoke};
use crate::{cpu, task};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use conformance::proto as conformance;
use core::time::Duration;
use hello_world::proto as hello;
use sleeper::proto as sleep;
use tee_client::{Direction, Error, Operation, Origin, Param, TeeError, Transport};
use utee_abi::smc::{FastCall, ReturnCode};

/// Tries until a limit must have been met.
const MANY: usize = 2000;
/// Sessions and blocks of shared memory that a client can rely on.
const ENOUGH: usize = 64;

pub(super) fn run(tee: &Tee, report: &mut Report) {
    report.step("sessions until there are no more", sessions(tee));
    report.step("instances until there are no more", instances(tee));
    report.step("shared memory until there is no more", shared_memory(tee));
    report.step("sessions that are not there", no_session(tee));
    report.step("a session ends with its TA running on", closing(tee));
    report.step("a TA that nobody has", nobody(tee));
    report.step("the cache of messages is not touched during calls", cache(tee));
}

fn text(error: Error) -> String {
    error.to_string()
}

/// Makes things until that is refused; they are all gone afterwards.
fn until_refused<T>(mut make: impl FnMut() -> Result<T, Error>) -> Result<usize, String> {
    let mut made = Vec::new();
    for _ in 0..MANY {
        match make() {
            Ok(one) => made.push(one),
            Err(error) if error.code == TeeError::OUT_OF_MEMORY => return Ok(made.len()),
            Err(error) => return Err(format!("after {}: {error}", made.len())),
        }
    }
    Err(format!("{MANY} were made without a limit"))
}

/// The limit is the same the second time: nothing was lost.
fn twice<T>(mut make: impl FnMut() -> Result<T, Error>, at_least: usize) -> Result<(), String> {
    let first = until_refused(&mut make)?;
    if first < at_least {
        return Err(format!("only {first} were made"));
    }
    expect(until_refused(make)?, first)
}

fn sessions(tee: &Tee) -> Result<(), String> {
    twice(|| tee.open_public(conformance::UUID), ENOUGH)
}

fn instances(tee: &Tee) -> Result<(), String> {
    // Where instances lie is random, and so is how many page tables each needs: only that they come back is tested.
    let count = until_refused(|| tee.open_public(hello::UUID))?;
    expect(count >= 16, true)?;
    let again = until_refused(|| tee.open_public(hello::UUID))?;
    if again + 4 < count { Err(format!("{count} instances at first, {again} later")) } else { Ok(()) }
}

fn shared_memory(tee: &Tee) -> Result<(), String> {
    twice(|| tee.allocate(100, Direction::Inout), ENOUGH)
}

fn no_session(tee: &Tee) -> Result<(), String> {
    const NONE: u32 = 0x7FFF_FFFF;
    let from_tee = |code| Err(Error { code, origin: Origin::Tee });
    let line = tee.transport();
    for number in [0, NONE, u32::MAX] {
        expect(line.close(number), from_tee(TeeError::ITEM_NOT_FOUND))?;
        expect(line.invoke(number, 0, &mut Operation::none()), from_tee(TeeError::BAD_PARAMETERS))?;
        expect(line.cancel(number).is_err(), true)?;
    }
    Ok(())
}

/// A session is closed by number while a command of it sleeps: neither gets lost.
fn closing(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(sleep::UUID).map_err(text)?;
    let (line, number) = (tee.clone(), session.id());
    let closer = task::spawn(move || {
        task::sleep(Duration::from_millis(30));
        // It waits for the command, or is refused meanwhile; both are fine.
        let _ = line.transport().close(number);
    });
    let slept = invoke(&session, sleep::SLEEP, [Param::value_inout(2, 50)]).map(drop);
    closer.join();
    slept.map_err(text)?;
    drop(session);
    let next = tee.open_public(sleep::UUID).map_err(text)?;
    invoke(&next, sleep::SLEEP, [Param::value_inout(1, 1)]).map(drop).map_err(text)
}

/// Neither the boot image nor the supplicant, which there is none of, has it.
fn nobody(tee: &Tee) -> Result<(), String> {
    let opened = tee.open_public(utee_abi::uuid::Uuid::new(1, 2, 3, [4; 8])).map(drop);
    expect(opened, Err(Error { code: TeeError::ITEM_NOT_FOUND, origin: Origin::Tee }))
}

fn cache(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(sleep::UUID).map_err(text)?;
    let sleeper = task::spawn(move || {
        // How it ends is the matter of other tests.
        let _ = invoke(&session, sleep::SLEEP, [Param::value_inout(2, 50)]);
    });
    task::sleep(Duration::from_millis(20));
    let ask = |call: FastCall| cpu::smc([call.into(), 0, 0, 0, 0, 0, 0, 0])[0];
    let during = [ask(FastCall::EnableShmCache), ask(FastCall::DisableShmCache)];
    sleeper.join();
    expect(during, [ReturnCode::EBusy.raw(); 2])?;
    expect(ask(FastCall::DisableShmCache), ReturnCode::ENotAvail.raw())
}
