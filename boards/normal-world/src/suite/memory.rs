// SPDX-License-Identifier: BSD-2-Clause
//! Every kind of shared memory, by every way to send a message.

use crate::report::{Report, expect};
use crate::tee::{self, Session, Tee, invoke};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use hello_world::proto as hello;
use sleeper::proto as sleep;
use tee_client::transport::smc::{Calling, MemoryKind, Options};
use tee_client::{Direction, Error, Param};

/// Bytes that `hello-world` has room to copy.
const COPIED: usize = 8000;
/// Sizes around the borders of slots, pages and page lists.
const SIZES: [usize; 10] = [0, 1, 7, 4095, 4096, 4097, 7680, 7681, 100_000, 513 * 4096];

pub(super) fn run(tee: &Tee, report: &mut Report) {
    report.step("memory: temporary buffers of every size", temporary(tee));
    report.step("memory: registered buffers at odd offsets", registered(tee));
    report.step("memory: two buffers by page lists at once", two_lists(tee));
    for (kind, calling) in [
        (MemoryKind::Dynamic, Calling::WithArg),
        (MemoryKind::Dynamic, Calling::WithRpcArg),
        (MemoryKind::Dynamic, Calling::WithRegdArg),
        (MemoryKind::Reserved, Calling::WithArg),
        (MemoryKind::Reserved, Calling::WithRpcArg),
    ] {
        report.step(&format!("memory: {kind:?}, messages {calling:?}"), other_line(kind, calling));
    }
}

fn text(error: Error) -> String {
    error.to_string()
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 7 + index / 251) as u8).collect()
}

fn reverse(session: &Session, len: usize) -> Result<(), String> {
    let before = pattern(len);
    let mut bytes = before.clone();
    invoke(session, hello::REVERSE, [Param::inout(&mut bytes)]).map_err(|error| format!("{len} bytes: {error}"))?;
    expect(bytes.iter().rev().eq(before.iter()), true).map_err(|error| format!("{len} bytes: {error}"))
}

fn temporary(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(hello::UUID).map_err(text)?;
    for len in SIZES {
        let mut bytes = pattern(len);
        let params = [Param::inout(&mut bytes), Param::value_output()];
        let done = invoke(&session, hello::NULL_MEMREF, params).map_err(|error| format!("{len} bytes: {error}"))?;
        expect(done.value(1), (0, len as u32))?;
        // Larger ones do not fit into the heap of this TA, which copies them.
        if len > COPIED {
            continue;
        }
        reverse(&session, len)?;
        let sum = bytes.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
        let done = invoke(&session, hello::SUM, [Param::input(&bytes), Param::value_output()]).map_err(text)?;
        expect(done.value(1), (sum, len as u32))?;
    }
    Ok(())
}

fn registered(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(hello::UUID).map_err(text)?;
    for len in SIZES.into_iter().filter(|len| *len != 0) {
        let memory = tee.register(pattern(len), Direction::Inout).map_err(|error| format!("{len} bytes: {error}"))?;
        let part = len.min(3000);
        let params = [Param::partial(&memory, Direction::Inout, len - part, part)];
        invoke(&session, hello::REVERSE, params).map_err(|error| format!("{len} bytes: {error}"))?;
        let back = memory.into_inner().map_err(text)?;
        let mut wanted = pattern(len);
        if let Some(end) = wanted.get_mut(len - part..) {
            end.reverse();
        }
        expect(back == wanted, true).map_err(|error| format!("{len} bytes: {error}"))?;
    }
    Ok(())
}

fn two_lists(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(hello::UUID).map_err(text)?;
    let from = pattern(COPIED);
    let mut to = alloc::vec![0; COPIED + 4096];
    let params = [Param::value_input(1, 1), Param::value_inout(1, 1), Param::input(&from), Param::output(&mut to)];
    let size = invoke(&session, hello::ALL, params).map_err(text)?.size(3);
    expect(size, from.len())?;
    expect(to.get(..size) == Some(from.as_slice()), true)
}

/// Another line to the TEE beside the one that everybody shares.
fn other_line(kind: MemoryKind, calling: Calling) -> Result<(), String> {
    let options = Options { memory: Some(kind), calling: Some(calling), slots: Some(2), ..Options::default() };
    let tee = tee::connect(options).map_err(|error| error.to_string())?;
    let session = tee.open_public(hello::UUID).map_err(text)?;
    for len in [0, 16, 4096, 7680, COPIED] {
        reverse(&session, len)?;
    }
    let memory = tee.allocate(5000, Direction::Inout).map_err(text)?;
    memory.write(4990, b"abc").map_err(text)?;
    invoke(&session, hello::REVERSE, [Param::partial(&memory, Direction::Inout, 4990, 3)]).map_err(text)?;
    let mut back = [0; 3];
    memory.read(4990, &mut back).map_err(text)?;
    expect(back, *b"cba")?;
    // A sleep needs an RPC message, which CALL_WITH_ARG has to ask for first.
    let sleeper = tee.open_public(sleep::UUID).map_err(text)?;
    invoke(&sleeper, sleep::SLEEP, [Param::value_inout(1, 10)]).map(drop).map_err(text)?;
    sleeper.close().map_err(text)?;
    session.close().map_err(text)
}
