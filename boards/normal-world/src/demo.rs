// SPDX-License-Identifier: BSD-2-Clause
//! The demonstration: both worlds and TAs at work, live.

use crate::cmdline::Options;
use crate::report::{Report, expect};
use crate::tee::{self, Line, Session, Tee, invoke, operation};
use crate::{cpu, isolation, light, logs, println, task};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::time::Duration;
use hello_world::proto as hello;
use sleeper::proto as sleep;
use ta_to_ta::proto as relay;
use tee_client::{Direction, Operation, Origin, Param, SharedMemory, TeeError, Uuid};
use utee_abi::pta::device;
use utee_abi::smc::FastCall;

/// Bytes of the larger buffers: more than a page, and no whole number of them.
const BYTES: usize = 9000;
/// Bytes of shared memory.
const SHARED: usize = 6000;

/// Runs it; gives the number of failed steps.
pub(crate) fn run(options: &Options) -> u32 {
    let mut report = Report::new("demo");
    let Some(tee) = report.step("find the TEE", tee::tee()) else { return report.close() };
    enumerate(tee);
    devices(tee, &mut report);
    parameters(tee, &mut report, "hello-world", hello::UUID, options);
    parameters(tee, &mut report, "hello-world-c", hello::UUID_C, options);
    together(tee, &mut report);
    cancel(tee, &mut report);
    report.step("a TA calls a TA", nested(tee));
    report.step("ask for the board's lights", light::demonstrate());
    report.step("fetch the TEE's log", logs::demonstrate(tee));
    isolation::run(tee, &mut report);
    report.close()
}

fn enumerate(tee: &Tee) {
    let transport = tee.transport();
    let info = transport.info();
    let [a, b, c, d] = transport.smc([FastCall::CallsUid.into(), 0, 0, 0, 0, 0, 0, 0]);
    println!("TEE API UID {a:08x}-{b:08x}-{c:08x}-{d:08x}, revision {}.{}", info.api_revision.0, info.api_revision.1);
    let (major, minor, build) = info.os_revision;
    println!("trusted OS UUID {}, revision {major}.{minor} (build {build:#x})", info.os_uuid);
    println!("capabilities {:?}, notifications up to {}", info.capabilities, info.max_notification);
    let threads = info.threads.unwrap_or(0);
    match &info.reserved_shm {
        Some(range) => println!("{threads} secure threads, reserved shared memory {:#010x} - {:#010x}", range.start, range.end),
        None => println!("{threads} secure threads, no reserved shared memory"),
    }
    println!("messages go by {:?} in {:?} shared memory", transport.calling(), transport.kind());
}

fn devices(tee: &Tee, report: &mut Report) {
    report.step("enumerate devices", list_devices(tee));
}

/// Asks for the size of the list first, then for the list, as Linux does.
fn list_devices(tee: &Tee) -> Result<(), tee_client::Error> {
    let session = tee.open_public(device::UUID)?;
    let mut size = Operation::one(Param::null(Direction::Output));
    match session.invoke(device::Command::GetDevices.into(), &mut size) {
        Err(error) if error.code != TeeError::SHORT_BUFFER => return Err(error),
        _ => {}
    }
    let mut list = vec![0; size.size(0)];
    if !list.is_empty() {
        invoke(&session, device::Command::GetDevices.into(), [Param::output(&mut list)])?;
    }
    println!("device enumeration: {} devices", list.len() / 16);
    for octets in list.chunks_exact(16).filter_map(|octets| octets.try_into().ok()) {
        println!("  device {}", Uuid::from_octets(octets));
    }
    Ok(())
}

fn parameters(tee: &Tee, report: &mut Report, name: &str, uuid: Uuid, options: &Options) {
    let Some(session) = report.step(&format!("open {name}"), tee.open_public(uuid)) else { return };
    type Step = fn(&Session) -> Result<String, String>;
    let steps: [(&str, Step); 10] = [
        ("value inout", value_inout),
        ("value in and out", value_in_out),
        ("memref in", memref_in),
        ("memref out", memref_out),
        ("memref inout", memref_inout),
        ("NULL memref", null_memref),
        ("short buffer", short_buffer),
        ("registered memref", registered),
        ("four parameters", four),
        ("error of the TA", error_of_ta),
    ];
    for (what, step) in steps {
        if let Some(text) = report.step(&format!("{name}: {what}"), step(&session)) {
            println!("  {name}: {text}");
        }
    }
    let shared = tee.allocate(SHARED, Direction::Inout).map_err(text).and_then(|memory| partial(&session, &memory));
    if let Some(text) = report.step(&format!("{name}: part of shared memory"), shared) {
        println!("  {name}: {text}");
    }
    if options.has("icount") {
        let cost = (0..3).map(|_| cost(&session)).min();
        println!("  {name}: a call that does nothing costs {} guest instructions", cost.unwrap_or(0));
    }
    report.step(&format!("close {name}"), session.close());
}

fn text(error: tee_client::Error) -> String {
    error.to_string()
}

fn cost(session: &Session) -> u32 {
    let from = cpu::cycles();
    let _ = session.invoke(hello::NOP, &mut Operation::none());
    cpu::cycles().wrapping_sub(from)
}

fn value_inout(session: &Session) -> Result<String, String> {
    let done = invoke(session, hello::ADD, [Param::value_inout(40, 2)]).map_err(text)?;
    expect(done.value(0).0, 42)?;
    Ok(format!("40 + 2 = {}, command {} of this session", done.value(0).0, done.value(0).1))
}

fn value_in_out(session: &Session) -> Result<String, String> {
    let done = invoke(session, hello::SPLIT, [Param::value_input(0x1234_5678, 0), Param::value_output()]).map_err(text)?;
    expect(done.value(1), (0x5678, 0x1234))?;
    Ok(format!("halves of 0x12345678 are {:x?}", done.value(1)))
}

fn memref_in(session: &Session) -> Result<String, String> {
    let bytes = vec![7u8; BYTES];
    let done = invoke(session, hello::SUM, [Param::input(&bytes), Param::value_output()]).map_err(text)?;
    expect(done.value(1), (7 * BYTES as u32, BYTES as u32))?;
    Ok(format!("sum of {BYTES} bytes is {}", done.value(1).0))
}

fn memref_out(session: &Session) -> Result<String, String> {
    let mut out = [0u8; 64];
    let size = invoke(session, hello::GREET, [Param::output(&mut out)]).map_err(text)?.size(0);
    expect(out.get(..size), Some(hello::GREETING.as_bytes()))?;
    Ok(format!("says \"{}\"", String::from_utf8_lossy(out.get(..size).unwrap_or_default())))
}

fn memref_inout(session: &Session) -> Result<String, String> {
    let mut word = *b"stressed";
    invoke(session, hello::REVERSE, [Param::inout(&mut word)]).map_err(text)?;
    expect(word, *b"desserts")?;
    Ok(format!("turned around: {}", String::from_utf8_lossy(&word)))
}

fn null_memref(session: &Session) -> Result<String, String> {
    let done = invoke(session, hello::NULL_MEMREF, [Param::null(Direction::Inout), Param::value_output()]).map_err(text)?;
    expect(done.value(1), (1, 0))?;
    Ok("sees NULL".to_string())
}

fn short_buffer(session: &Session) -> Result<String, String> {
    let mut short = *b"none";
    let mut asked = operation([Param::output(&mut short)]);
    let code = session.invoke(hello::GREET, &mut asked).map_err(|error| error.code);
    let size = asked.size(0);
    expect(code, Err(TeeError::SHORT_BUFFER))?;
    expect(size, hello::GREETING.len())?;
    expect(short, *b"none")?;
    Ok(format!("asks for {size} bytes and writes none"))
}

/// A buffer of this kernel's own, which starts anywhere in a page, registered and given back.
fn registered(session: &Session) -> Result<String, String> {
    let tee = tee::tee()?;
    let bytes: Vec<u8> = (0..BYTES).map(|index| index as u8).collect();
    let offset = bytes.as_ptr() as usize % 4096;
    let memory = tee.register(bytes.clone(), Direction::Inout).map_err(text)?;
    invoke(session, hello::REVERSE, [Param::whole(&memory)]).map_err(text)?;
    let back = memory.into_inner().map_err(text)?;
    expect(back.iter().rev().eq(bytes.iter()), true)?;
    Ok(format!("{BYTES} registered bytes at offset {offset:#x} of a page turned around"))
}

fn partial(session: &Session, memory: &SharedMemory<Line>) -> Result<String, String> {
    memory.write(100, b"abcdef").map_err(text)?;
    invoke(session, hello::REVERSE, [Param::partial(memory, Direction::Inout, 101, 4)]).map_err(text)?;
    let mut back = [0; 6];
    memory.read(100, &mut back).map_err(text)?;
    expect(back, *b"aedcbf")?;
    let outside = invoke(session, hello::REVERSE, [Param::partial(memory, Direction::Inout, SHARED - 1, 2)]).map(drop);
    expect(outside, Err(tee_client::Error::api(TeeError::BAD_PARAMETERS)))?;
    Ok("four bytes in the middle changed, their neighbours not".to_string())
}

fn four(session: &Session) -> Result<String, String> {
    let from = *b"from one buffer to another";
    let mut to = [0u8; 32];
    let params = [Param::value_input(1, 2), Param::value_inout(10, 20), Param::input(&from), Param::output(&mut to)];
    let done = invoke(session, hello::ALL, params).map_err(text)?;
    let (sums, size) = (done.value(1), done.size(3));
    expect(sums, (11, 22))?;
    expect(to.get(..size), Some(from.as_slice()))?;
    Ok(format!("sums {sums:?}, {size} bytes copied"))
}

fn error_of_ta(session: &Session) -> Result<String, String> {
    let wanted = tee_client::Error { code: TeeError::BAD_STATE, origin: Origin::TrustedApp };
    let code = invoke(session, hello::FAIL, [Param::value_input(TeeError::BAD_STATE.raw(), 0)]).map(drop);
    expect(code, Err(wanted))?;
    Ok(format!("fails as asked: {wanted}"))
}

/// A TA sleeps in steps while a thread of this world counts the seconds.
fn together(tee: &Tee, report: &mut Report) {
    let counting = Arc::new(AtomicBool::new(true));
    let counted = Arc::new(AtomicU32::new(0));
    let counter = {
        let (counting, counted) = (Arc::clone(&counting), Arc::clone(&counted));
        task::spawn(move || {
            while counting.load(Ordering::SeqCst) {
                task::sleep(Duration::from_secs(1));
                if counting.load(Ordering::SeqCst) {
                    println!("the normal world counts {}", counted.fetch_add(1, Ordering::SeqCst) + 1);
                }
            }
        })
    };
    let from = task::now();
    let slept = tee.open_public(sleep::UUID).and_then(|session| session.invoke(sleep::SLEEP, &mut Operation::none()));
    let took = task::now().saturating_sub(from);
    counting.store(false, Ordering::SeqCst);
    report.step("a TA sleeps five seconds in steps", slept.map_err(text));
    let wanted = Duration::from_millis(u64::from(sleep::STEPS * sleep::STEP_MS));
    let long = if took >= wanted { Ok(()) } else { Err(format!("it came back after {took:?}")) };
    report.step("it takes as long as it should", long);
    let counted = counted.load(Ordering::SeqCst);
    let enough = if counted >= sleep::STEPS - 1 { Ok(()) } else { Err(format!("only {counted} seconds were counted")) };
    report.step("the normal world counts meanwhile", enough);
    counter.join();
}

/// Another thread cancels a TA that sleeps.
fn cancel(tee: &Tee, report: &mut Report) {
    report.step("cancel a sleeping TA from another thread", cancelled(tee));
}

fn cancelled(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(sleep::UUID).map_err(text)?;
    let cancellation = session.cancellation();
    let canceller = task::spawn(move || {
        task::sleep(Duration::from_millis(300));
        match cancellation.cancel() {
            Ok(()) => println!("the normal world has cancelled"),
            Err(error) => println!("the normal world could not cancel: {error}"),
        }
    });
    let code = invoke(&session, sleep::SLEEP, [Param::value_inout(100, sleep::STEP_MS)]).map(drop);
    canceller.join();
    expect(code.map_err(|error| error.code), Err(TeeError::CANCEL))
}

/// A TA calls another one, hands it memory of this world, recurses until it is stopped, and outlives one that panics.
fn nested(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(relay::UUID).map_err(text)?;
    invoke(&session, relay::CALL, []).map_err(text)?;
    let mut word = *b"stressed";
    invoke(&session, relay::FORWARD, [Param::inout(&mut word)]).map_err(text)?;
    expect(word, *b"desserts")?;
    let code = invoke(&session, relay::OUTLIVE, []).map(drop).map_err(|error| error.code);
    expect(code, Err(TeeError::TARGET_DEAD))
}
