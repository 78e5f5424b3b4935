// SPDX-License-Identifier: BSD-2-Clause
//! Every way that a buffer may go.

use crate::{Session, Tests};
use hello_world::proto::{REVERSE, UUID};
use tee_client::transport::linux::LinuxContext;
use tee_client::{Direction, Error, Operation, Param, TeeError};

/// Sizes about those where the way changes. The TA has a copy on its heap of 16 KiB.
const SIZES: [usize; 9] = [1, 63, 64, 4095, 4096, 4097, 5000, 6000, 7000];

/// Bytes that tell where they are.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 7 + at / 251) as u8).collect()
}

fn reversed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.reverse();
    bytes
}

/// Turns bytes around as a temporary buffer; what is wrong about the result.
pub(crate) fn reverse(session: &Session, size: usize) -> Result<(), String> {
    let mut bytes = pattern(size);
    session.invoke(REVERSE, &mut Operation::one(Param::inout(&mut bytes))).map_err(|error| format!("{size} bytes: {error}"))?;
    if bytes == reversed(pattern(size)) { Ok(()) } else { Err(format!("{size} bytes came back wrong")) }
}

fn temporary(session: &Session) -> Result<(), String> {
    SIZES.iter().try_for_each(|size| reverse(session, *size))
}

/// Larger than what is copied: the TEE sees it where it lies, or the TA has no room for it, which it says.
fn large(session: &Session) -> Result<(), String> {
    let mut bytes = pattern(200_000);
    match session.invoke(REVERSE, &mut Operation::one(Param::inout(&mut bytes))) {
        Ok(()) if bytes == reversed(pattern(200_000)) => Ok(()),
        Err(Error { code: TeeError::OUT_OF_MEMORY, .. }) if bytes == pattern(200_000) => Ok(()),
        result => Err(format!("{result:?}, or the bytes are wrong")),
    }
}

fn registered(context: &LinuxContext, session: &Session) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    for size in SIZES {
        let memory = context.register(pattern(size), Direction::Inout).map_err(text)?;
        session.invoke(REVERSE, &mut Operation::one(Param::whole(&memory))).map_err(text)?;
        if memory.into_inner().map_err(text)? != reversed(pattern(size)) {
            return Err(format!("{size} registered bytes came back wrong"));
        }
    }
    Ok(())
}

fn allocated(context: &LinuxContext, session: &Session) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    // From the kernel, and of the process.
    for size in [5000, 300_000] {
        let memory = context.allocate(size, Direction::Inout).map_err(text)?;
        let (offset, len) = (size - 3000, 2500);
        memory.write(offset, &pattern(len)).map_err(text)?;
        session.invoke(REVERSE, &mut Operation::one(Param::partial(&memory, Direction::Inout, offset, len))).map_err(text)?;
        let mut all = vec![1; size];
        memory.read(0, &mut all).map_err(text)?;
        let expected = [vec![0; offset], reversed(pattern(len)), vec![0; size - offset - len]].concat();
        if all != expected {
            return Err(format!("part of {size} allocated bytes came back wrong"));
        }
    }
    Ok(())
}

/// Runs the tests.
pub(crate) fn run(context: &LinuxContext, tests: &mut Tests) {
    let session = match context.open_public(UUID) {
        Ok(session) => session,
        Err(error) => return tests.report("hello-world opens", Err(error.to_string())),
    };
    tests.report("temporary buffers of every size", temporary(&session));
    tests.report("a large temporary buffer", large(&session));
    tests.report("registered memory", registered(context, &session));
    tests.report("allocated memory", allocated(context, &session));
}
