// SPDX-License-Identifier: BSD-2-Clause
//! Several CPUs and several threads in the secure world at once.

use super::services;
use crate::board::board;
use crate::report::{Report, expect};
use crate::tee::{self, Session, Tee, invoke};
use crate::{cpu, smp, task};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use hello_world::proto as hello;
use hostile::proto as hostile;
use sleeper::proto as sleep;
use spin::Mutex;
use tee_client::transport::smc::{Calling, Options};
use tee_client::{Direction, Error, Operation, Origin, Param, TeeError};

/// Rounds of each thread.
const ROUNDS: u32 = 30;
/// More than there are secure threads.
const SLEEPERS: usize = 20;

pub(super) fn run(report: &mut Report) {
    report.step("more calls than secure threads", sleepers());
    report.step("ETHREAD_LIMIT is waited for", thread_limit());
    let count = report.step("secondary CPUs come by CPU_ON", smp::start_all());
    if let Some(count) = count {
        report.step(&format!("calls from {} CPUs at once", count + 1), everywhere(count, calls));
        report.step(&format!("shared memory from {} CPUs at once", count + 1), everywhere(count, memory));
        report.step(&format!("TAs that die on {} CPUs at once", count + 1), everywhere(count, deaths));
        report.step(&format!("one session used by {} CPUs", count + 1), one_session(count));
        if board().virtio.is_some() {
            report.step(&format!("readers and writers on {} CPUs", count + 1), services::readers_and_writers(count));
        }
        report.step("CPUs go by CPU_OFF", smp::stop_all());
        let again = smp::start_all().and_then(|again| expect(again, count)).and_then(|()| everywhere(count, calls));
        report.step("CPUs come back", again);
        report.step("and go again", smp::stop_all());
    }
}

fn text(error: Error) -> String {
    error.to_string()
}

/// Runs something on every CPU, two threads on each; the first failure is the outcome.
fn everywhere(others: u32, f: fn(&Tee) -> Result<(), String>) -> Result<(), String> {
    run_threads(others, move || f(tee::tee()?))
}

pub(super) fn run_threads(others: u32, f: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Result<(), String> {
    let f = Arc::new(f);
    let failures = Arc::new(Mutex::new(Vec::new()));
    let ended = Arc::new(AtomicU32::new(0));
    let threads: Vec<_> = (0..=others as usize)
        .flat_map(|cpu| [cpu, cpu])
        .map(|target| {
            let (f, failures, ended) = (Arc::clone(&f), Arc::clone(&failures), Arc::clone(&ended));
            task::spawn_on(target, move || {
                if let Err(error) = f() {
                    failures.lock().push(format!("CPU {}: {error}", cpu::index()));
                }
                if cpu::index() == target {
                    ended.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let count = threads.len() as u32;
    threads.into_iter().for_each(task::Handle::join);
    if let Some(error) = failures.lock().first() {
        return Err(error.clone());
    }
    expect(ended.load(Ordering::SeqCst), count)
}

fn calls(tee: &Tee) -> Result<(), String> {
    for round in 0..ROUNDS {
        let session = tee.open_public(hello::UUID).map_err(text)?;
        for step in 0..4 {
            let done = invoke(&session, hello::ADD, [Param::value_inout(round, step)]).map_err(text)?;
            expect(done.value(0), (round + step, step + 1))?;
        }
    }
    Ok(())
}

fn memory(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(hello::UUID).map_err(text)?;
    for round in 0..ROUNDS {
        let bytes: Vec<u8> = (0..5000 + round).map(|index| (index ^ round) as u8).collect();
        let memory = tee.register(bytes.clone(), Direction::Inout).map_err(text)?;
        invoke(&session, hello::REVERSE, [Param::whole(&memory)]).map_err(text)?;
        let back = memory.into_inner().map_err(text)?;
        expect(back.iter().rev().eq(bytes.iter()), true)?;
    }
    Ok(())
}

fn deaths(tee: &Tee) -> Result<(), String> {
    for _ in 0..3 {
        let session = tee.open_public(hostile::UUID).map_err(text)?;
        let code = session.invoke(hostile::PANIC, &mut Operation::none());
        expect(code, Err(Error { code: TeeError::TARGET_DEAD, origin: Origin::Tee }))?;
    }
    Ok(())
}

/// Calls into one session wait for one another: the TA counts each once.
fn one_session(others: u32) -> Result<(), String> {
    let session: Arc<Session> = Arc::new(tee::tee()?.open_public(hello::UUID).map_err(text)?);
    let shared = Arc::clone(&session);
    run_threads(others, move || {
        for _ in 0..ROUNDS {
            invoke(&shared, hello::ADD, [Param::value_inout(1, 1)]).map_err(text)?;
        }
        Ok(())
    })?;
    let done = invoke(&session, hello::ADD, [Param::value_inout(1, 1)]).map_err(text)?;
    expect(done.value(0).1, 2 * (others + 1) * ROUNDS + 1)
}

/// More sleeping calls than there are threads: the rest waits its turn, all end well.
fn sleepers() -> Result<(), String> {
    sleep_all(Options::default())
}

/// The same with more slots than secure threads, so that the TEE refuses some calls at first.
fn thread_limit() -> Result<(), String> {
    sleep_all(Options { slots: Some(SLEEPERS), calling: Some(Calling::WithRegdArg), ..Options::default() })
}

fn sleep_all(options: Options) -> Result<(), String> {
    let tee = tee::connect(options).map_err(|error| error.to_string())?;
    let failures = Arc::new(Mutex::new(Vec::new()));
    let from = task::now();
    let threads: [_; SLEEPERS] = core::array::from_fn(|_| {
        let (tee, failures) = (tee.clone(), Arc::clone(&failures));
        task::spawn(move || {
            let slept =
                tee.open_public(sleep::UUID).and_then(|session| invoke(&session, sleep::SLEEP, [Param::value_inout(2, 50)]).map(drop));
            if let Err(error) = slept {
                failures.lock().push(error.to_string());
            }
        })
    });
    threads.into_iter().for_each(task::Handle::join);
    if let Some(error) = failures.lock().first() {
        return Err(error.clone());
    }
    let took = task::now() - from;
    let in_turn = Duration::from_millis(100 * SLEEPERS as u64);
    if took < in_turn { Ok(()) } else { Err(format!("{SLEEPERS} sleeps of 100 ms took {took:?}: they did not overlap")) }
}
