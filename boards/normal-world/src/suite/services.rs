// SPDX-License-Identifier: BSD-2-Clause
//! Pseudo-TAs on the machine: the core's tests of itself, its lock under many threads, and the clock.

use super::concurrency::run_threads;
use crate::board::board;
use crate::report::{Report, expect};
use crate::tee::{self, Tee, invoke};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use conformance::proto as conformance;
use core::sync::atomic::{AtomicU32, Ordering};
use tee_client::{Direction, Error, Identity, Operation, Origin, Param, TeeError};
use utee_abi::bytes::u32_at;
use utee_abi::pta::stats::{self, AllocRecord, TaRecord};
use utee_abi::pta::{invoke_tests, rtc};

/// Rounds under the lock: long enough for a tick to come meanwhile, now and then.
const ROUNDS: u32 = 100_000;

pub(super) fn run(tee: &Tee, report: &mut Report) {
    // What QEMU virt has for tests; images for boards have neither.
    if board().virtio.is_some() {
        report.step("the core tests itself", self_tests(tee));
    }
    report.step("the clock", clock(tee));
    report.step("TAs tell of their heaps", heaps(tee));
}

/// A TA in Rust and one in C, which nobody runs in, tell the statistics of their heaps.
fn heaps(tee: &Tee) -> Result<(), String> {
    let uuids = [conformance::UUID, conformance::UUID_C];
    let _sessions = [tee.open_public(uuids[0]).map_err(text)?, tee.open_public(uuids[1]).map_err(text)?];
    let statistics = tee.open_public(stats::UUID).map_err(text)?;
    let mut bytes = [0u8; 8 * TaRecord::SIZE];
    let size = invoke(&statistics, stats::Command::Ta.into(), [Param::output(&mut bytes)]).map_err(text)?.size(0);
    let records = bytes.get(..size).ok_or("more TAs than there is room for")?.chunks_exact(TaRecord::SIZE);
    let found: Vec<_> = records.filter_map(TaRecord::from_bytes).filter(|ta| uuids.contains(&ta.uuid)).collect();
    expect(found.len(), uuids.len())?;
    for TaRecord { uuid, panicked, sessions, heap } in found {
        let AllocRecord { allocated, max_allocated, size, failures, .. } = heap;
        let sound = 0 < allocated && allocated <= max_allocated && max_allocated < size && failures == 0;
        expect((sound, panicked, sessions), (true, 0, 1))
            .map_err(|error| format!("{uuid}: {allocated}, {max_allocated}, {size}: {error}"))?;
    }
    Ok(())
}

fn text(error: Error) -> String {
    error.to_string()
}

fn self_tests(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(invoke_tests::UUID).map_err(text)?;
    session.invoke(invoke_tests::Command::SelfTests.into(), &mut Operation::none()).map_err(text)?;
    let mut bytes = [3u8; 9000];
    invoke(&session, invoke_tests::Command::Params.into(), [Param::inout(&mut bytes)]).map_err(text)?;
    expect(u32::from(bytes[0]), 9000 * 3 % 256)?;
    let null = Operation::one(Param::null(Direction::Inout));
    session.invoke(invoke_tests::Command::MemrefNull.into(), &mut { null }).map_err(text)
}

/// Rounds in which two readers must have met: when they do is up to the scheduler, here and in the emulator.
const MEETINGS: usize = 20;

/// Readers and writers on all CPUs: a writer is alone, no reader sees half of what one did, and readers are there side by side
/// where there is a CPU for each.
pub(super) fn readers_and_writers(others: u32) -> Result<(), String> {
    for _ in 0..MEETINGS {
        if most_readers(others)? > 1 || others == 0 {
            return Ok(());
        }
    }
    Err("no two readers were there at once".into())
}

/// The most readers that were under the lock at once.
fn most_readers(others: u32) -> Result<u32, String> {
    let (next, most) = (AtomicU32::new(0), Arc::new(AtomicU32::new(0)));
    let readers = Arc::clone(&most);
    run_threads(others, move || {
        let session = tee::tee()?.open_public(invoke_tests::UUID).map_err(text)?;
        let writes = next.fetch_add(1, Ordering::SeqCst).is_multiple_of(3);
        let who = if writes { invoke_tests::MUTEX_WRITER } else { invoke_tests::MUTEX_READER };
        for _ in 0..10 {
            let params = [Param::value_input(who, ROUNDS), Param::value_output()];
            let done = invoke(&session, invoke_tests::Command::Mutex.into(), params).map_err(text)?;
            let (before, inside) = done.value(1);
            expect(before >= 1 && inside >= 1 && (inside == 1 || !writes), true).map_err(|error| format!("{before}, {inside}: {error}"))?;
            if !writes {
                readers.fetch_max(inside, Ordering::SeqCst);
            }
        }
        Ok(())
    })?;
    Ok(most.load(Ordering::SeqCst))
}

/// It goes on, is set and set back, and is nobody's but the kernel's.
fn clock(tee: &Tee) -> Result<(), String> {
    let Ok(session) = tee.open(rtc::UUID, Identity::KERNEL, &mut Operation::none()) else {
        // Boards without one say so.
        let code = tee.open(rtc::UUID, Identity::KERNEL, &mut Operation::none()).map(drop);
        expect(board().virtio.is_some(), false)?;
        return expect(code, Err(Error { code: TeeError::ITEM_NOT_FOUND, origin: Origin::Tee }));
    };
    let public = tee.open_public(rtc::UUID).map(drop);
    expect(public, Err(Error { code: TeeError::ACCESS_DENIED, origin: Origin::TrustedApp }))?;
    let read = || {
        let mut time = [0u8; rtc::TIME_SIZE];
        invoke(&session, rtc::Command::GetTime.into(), [Param::output(&mut time)]).map_err(text)?;
        Ok::<_, String>(time)
    };
    let set = |time: &[u8]| invoke(&session, rtc::Command::SetTime.into(), [Param::input(time)]).map(drop).map_err(text);
    let year = |time: &[u8]| u32_at(time, 20).unwrap_or(0);
    let now = read()?;
    // QEMU starts it with the time of the host.
    expect((2026..2106).contains(&year(&now)), true).map_err(|error| format!("{now:?}: {error}"))?;
    let mut other = now;
    other[20..24].copy_from_slice(&2001u32.to_le_bytes());
    other[12..16].copy_from_slice(&1u32.to_le_bytes());
    set(&other)?;
    let changed = read()?;
    set(&now)?;
    expect((year(&changed), year(&read()?)), (2001, year(&now)))
}
