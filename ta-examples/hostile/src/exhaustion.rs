// SPDX-License-Identifier: BSD-2-Clause
//! Attacks on what is limited: time, heap, sessions, mappings, depth. Each gives how much it got and what ended it.

use alloc::vec::Vec;
use core::hint::black_box;
use hostile::proto;
use utee::params::Value;
use utee::session::{Argument, Session};
use utee::system::{Mapping, Sharing};

const CHUNK: usize = 1024;
const MAPPING: usize = 64 * 1024;

pub(crate) fn time() -> ! {
    let mut count = 0u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

/// Collects what `next` gives until it fails; how much it was, and the code.
fn collect<T>(mut next: impl FnMut() -> Result<T, u32>) -> (Vec<T>, u32) {
    let mut all = Vec::new();
    loop {
        if all.try_reserve(1).is_err() {
            return (all, 0);
        }
        match next() {
            Ok(one) => all.push(one),
            Err(code) => return (all, code),
        }
    }
}

fn allocate() -> Result<Vec<u8>, u32> {
    let mut chunk = Vec::new();
    chunk.try_reserve_exact(CHUNK).map_err(|_| 0u32)?;
    chunk.resize(CHUNK, 0xA5);
    Ok(chunk)
}

pub(crate) fn heap() -> (u32, u32) {
    let (chunks, _) = collect(allocate);
    let bytes = chunks.len() * CHUNK;
    drop(chunks);
    (bytes as u32, u32::from(allocate().is_ok()))
}

pub(crate) fn sessions() -> (u32, u32) {
    let (sessions, code) = collect(|| Session::open(&hello_world::proto::UUID).map_err(|failure| failure.error.raw()));
    (sessions.len() as u32, code)
}

pub(crate) fn mappings() -> (u32, u32) {
    let (mappings, code) = collect(|| Mapping::new(MAPPING, Sharing::Private).map_err(|error| error.raw()));
    ((mappings.len() * MAPPING / 1024) as u32, code)
}

/// Each instance opens one more, until that is refused.
pub(crate) fn recursion() -> (u32, u32) {
    let mut deeper = Value::default();
    let result =
        Session::open(&proto::UUID).and_then(|mut session| session.invoke(proto::RECURSE, &mut [Argument::ValueOutput(&mut deeper)]));
    match result {
        Ok(()) => (deeper.a.saturating_add(1), deeper.b),
        Err(failure) => (0, failure.error.raw()),
    }
}
