// SPDX-License-Identifier: BSD-2-Clause
//! What calls cost, in guest instructions: the least mean of five batches.

use crate::tee::{self, Session, Tee, invoke, operation};
use crate::{cpu, latency, memory, println};
use alloc::string::{String, ToString};
use conformance::proto as conformance;
use hello_world::proto as hello;
use tee_client::{Direction, Operation, Param};
use utee_abi::msg::{ATTR_NONCONTIG, Command, HEADER_SIZE, Kind, MsgHeader, MsgParam, NONCONTIG_LINK, PAGES_PER_LIST, message_size};
use utee_abi::psci;
use utee_abi::smc::{FastCall, RpcReturn, YieldingCall, rpc_of};

const BATCHES: usize = 5;
/// Bytes of the buffers.
const BUFFER: usize = 4096;

/// Prints the figures; gives the number of failures. `started`: the counter when this kernel was entered.
pub(crate) fn run(started: u64) -> u32 {
    // An instruction takes a nanosecond of the counter's time under -icount shift=0.
    println!("bench: boot {}", started * 1_000_000_000 / cpu::frequency());
    // Nothing but what is measured runs meanwhile.
    cpu::disable_interrupts();
    cpu::stop_tick();
    measure("fast-smc", 1000, || {
        let _ = cpu::smc([FastCall::CallsUid.into(), 0, 0, 0, 0, 0, 0, 0]);
    });
    measure("psci-version", 1000, || {
        let _ = cpu::smc([psci::Call::Version.into(), 0, 0, 0, 0, 0, 0, 0]);
    });
    let failed = match tee::tee().and_then(calls) {
        Ok(()) => 0,
        Err(error) => {
            println!("bench: FAILED: {error}");
            1
        }
    };
    cpu::enable_interrupts();
    failed
}

fn text(error: tee_client::Error) -> String {
    error.to_string()
}

fn calls(tee: &Tee) -> Result<(), String> {
    let from = cpu::cycles();
    let session = tee.open_public(hello::UUID).map_err(text)?;
    println!("bench: open-first {}", cpu::cycles().wrapping_sub(from));
    invokes(tee, &session)?;
    drop(session);
    repeat("open-close-held", 20, || tee.open_public(hello::UUID).map_err(text)?.close().map_err(text))?;
    // The TA serves several sessions: while one is open, another needs no load.
    let keeper = tee.open_public(conformance::UUID).map_err(text)?;
    repeat("open-close-loaded", 200, || tee.open_public(conformance::UUID).map_err(text)?.close().map_err(text))?;
    syscalls(&keeper).map_err(text)?;
    latencies(tee, &keeper)?;
    // With another session open the TA is not asked for, after a second, whether its client is still there: that sleeps.
    let other = tee.open_public(conformance::UUID).map_err(text)?;
    in_a_ta(&keeper)?;
    streams(&keeper)?;
    other.close().map_err(text)
}

/// What operations of a TA cost: many less none, so that the way there and what they make ready cancel out.
fn in_a_ta(session: &Session) -> Result<(), String> {
    for (index, (name, times)) in (0u32..).zip(conformance::MEASURED) {
        let run = |count| -> Result<u64, String> {
            // The cycle counter would wrap.
            let from = cpu::counter();
            session.invoke(conformance::MEASURE, &mut operation([Param::value_input(index, count)])).map_err(text)?;
            Ok(cpu::counter().saturating_sub(from))
        };
        let (none, many) = run(0).and_then(|none| Ok((none, run(*times)?))).map_err(|error| alloc::format!("{name}: {error}"))?;
        let nanoseconds = u128::from(many.saturating_sub(none)) * 1_000_000_000 / u128::from(cpu::frequency());
        println!("bench: {name} {}", nanoseconds / u128::from((*times).max(1)));
    }
    Ok(())
}

/// What ciphers and digests cost, in thousandths a byte: as [`in_a_ta`].
fn streams(session: &Session) -> Result<(), String> {
    for (index, name) in (0u32..).zip(conformance::STREAMED) {
        for (size, bytes, times) in conformance::STREAM_SIZES {
            let run = |count| -> Result<u64, String> {
                let from = cpu::counter();
                let params = [Param::value_input(index, count), Param::value_input(bytes, 0)];
                session.invoke(conformance::STREAM, &mut operation(params)).map_err(text)?;
                Ok(cpu::counter().saturating_sub(from))
            };
            let (none, many) = run(0).and_then(|none| Ok((none, run(times)?))).map_err(|error| alloc::format!("{name}: {error}"))?;
            let thousandths = u128::from(many.saturating_sub(none)) * 1_000_000_000_000 / u128::from(cpu::frequency());
            println!("bench: {name}-{size} {}", thousandths / u128::from(times) / u128::from(bytes));
        }
    }
    Ok(())
}

/// How long an interrupt waits at most, in nanoseconds, which are instructions under `-icount shift=0`.
fn latencies(tee: &Tee, loaded: &Session) -> Result<(), String> {
    let session = tee.open_public(hello::UUID).map_err(text)?;
    latency("latency-noop", || session.invoke(hello::NOP, &mut Operation::none()).map_err(text))?;
    latency("latency-open-close", || tee.open_public(hello::UUID).map_err(text)?.close().map_err(text))?;
    latency("latency-loaded", || loaded.invoke(conformance::EMPTY_SYSCALLS, &mut operation([Param::value_input(50, 0)])).map_err(text))?;
    latency("latency-share", || share_much(session.id()))
}

/// Shares 16 MiB, gives them to a TA and unshares them. All of it is the same page: what counts is the list.
fn share_much(session: u32) -> Result<(), String> {
    const LISTS: usize = MUCH.div_ceil(PAGES_PER_LIST);
    let pages = memory::allocate(LISTS + 2).ok_or("no pages")?;
    let (message, shared, lists) = (pages, pages + PAGE, pages + 2 * PAGE);
    for list in 0..LISTS as u64 {
        let at = lists + list * PAGE;
        for entry in 0..PAGES_PER_LIST as u64 {
            word(at + entry * 8, shared);
        }
        word(at + NONCONTIG_LINK as u64, at + PAGE);
    }
    let size = (MUCH as u64) * PAGE;
    let register = MsgParam::new(Kind::TmemOutput, [lists, size, pages]).with(ATTR_NONCONTIG);
    let header = |command: Command| MsgHeader::request(command.into(), 1);
    let invoke = MsgHeader { session, func: hello::NOP, ..header(Command::InvokeCommand) };
    let done = send(message, &header(Command::RegisterShm), &register)
        .and_then(|()| send(message, &invoke, &MsgParam::new(Kind::RmemInout, [0, size, pages])))
        .and_then(|()| send(message, &header(Command::UnregisterShm), &MsgParam::new(Kind::RmemInput, [0, 0, pages])));
    memory::release(pages, LISTS + 2);
    done
}

/// Pages that [`share_much`] shares.
const MUCH: usize = 4096;
const PAGE: u64 = 4096;

fn word(at: u64, value: u64) {
    // SAFETY: pages that were allocated for this, and a buffer of the length of what is copied.
    unsafe { memory::copy(at as *mut u8, value.to_le_bytes().as_ptr(), 8) };
}

/// Sends a message with one parameter that stands at `page`, and serves the interrupts of it.
fn send(page: u64, header: &MsgHeader, param: &MsgParam) -> Result<(), String> {
    let mut bytes = [0; message_size(1)];
    header.write(&mut bytes).ok_or("no room for a header")?;
    param.write(&mut bytes, 0).ok_or("no room for a parameter")?;
    // SAFETY: as above.
    unsafe { memory::copy(page as *mut u8, bytes.as_ptr(), bytes.len()) };
    let mut regs = [YieldingCall::WithRpcArg.into(), (page >> 32) as u32, page as u32, 0, 0, 0, 0, 0];
    loop {
        let [a0, _, _, thread] = cpu::smc(regs);
        match rpc_of(a0) {
            None if a0 == 0 => break,
            Some(Ok(RpcReturn::ForeignInterrupt)) => regs = [YieldingCall::ReturnFromRpc.into(), 0, 0, thread, 0, 0, 0, 0],
            _ => return Err(alloc::format!("the call gives {a0:#x}")),
        }
    }
    // SAFETY: the message that was just answered.
    unsafe { memory::copy(bytes.as_mut_ptr(), page as *const u8, bytes.len()) };
    match MsgHeader::read(&bytes).map(|header| header.ret) {
        Some(0) => Ok(()),
        answer => Err(alloc::format!("message {} gives {answer:x?}", header.cmd)),
    }
}

fn latency(name: &str, call: impl FnMut() -> Result<(), String>) -> Result<(), String> {
    let ticks = latency::longest(call).map_err(|error| alloc::format!("{name}: {error}"))?;
    println!("bench: {name} {}", u64::from(ticks) * 1_000_000_000 / cpu::frequency());
    Ok(())
}

fn invokes(tee: &Tee, session: &Session) -> Result<(), String> {
    repeat("invoke-noop", 1000, || session.invoke(hello::NOP, &mut Operation::none()).map_err(text))?;
    secure_part(session)?;
    repeat("invoke-value", 1000, || {
        let done = invoke(session, hello::ADD, [Param::value_inout(1, 2)]).map_err(text)?;
        if done.value(0).0 == 3 { Ok(()) } else { Err("1 + 2 is not 3".to_string()) }
    })?;
    let memory = tee.allocate(BUFFER, Direction::Inout).map_err(text)?;
    repeat("invoke-registered-4k", 200, || invoke(session, hello::NOP, [Param::whole(&memory)]).map(drop).map_err(text))?;
    let mut bytes = alloc::vec![0u8; 16 * BUFFER];
    let (small, large) = bytes.split_at_mut(BUFFER);
    repeat("invoke-temporary-4k", 200, || session.invoke(hello::NOP, &mut operation([Param::inout(small)])).map_err(text))?;
    repeat("invoke-temporary-60k", 50, || session.invoke(hello::NOP, &mut operation([Param::inout(large)])).map_err(text))?;
    repeat("register-release-4k", 200, || tee.allocate(BUFFER, Direction::Inout).map(drop).map_err(text))
}

/// What of a no-op invoke is spent in the secure world: the same message sent again and again as it stands.
fn secure_part(session: &Session) -> Result<(), String> {
    let page = memory::allocate(1).ok_or("no page")?;
    let request = MsgHeader::request(Command::InvokeCommand.into(), 0);
    let header = MsgHeader { session: session.id(), func: hello::NOP, ..request };
    let mut bytes = [0; HEADER_SIZE];
    header.write(&mut bytes).ok_or("no room for a header")?;
    // SAFETY: a page that was allocated for this, and a buffer of the length of what is copied.
    unsafe { memory::copy(page as *mut u8, bytes.as_ptr(), bytes.len()) };
    let regs = [YieldingCall::WithRpcArg.into(), (page >> 32) as u32, page as u32, 0, 0, 0, 0, 0];
    let done = repeat("invoke-noop-secure", 1000, || match cpu::smc(regs)[0] {
        0 => Ok(()),
        code => Err(alloc::format!("the call gives {code:#x}")),
    });
    memory::release(page, 1);
    done
}

/// The cost of the cheapest system call: two runs of different length, so that the way there and the loop cancel out.
fn syscalls(session: &Session) -> Result<(), tee_client::Error> {
    const MANY: u32 = 1000;
    let run = |count| -> Result<u32, tee_client::Error> {
        let from = cpu::cycles();
        session.invoke(conformance::EMPTY_SYSCALLS, &mut operation([Param::value_input(count, 0)]))?;
        Ok(cpu::cycles().wrapping_sub(from))
    };
    run(1)?;
    let mut best = u32::MAX;
    for _ in 0..BATCHES {
        let (one, many) = (run(1)?, run(MANY + 1)?);
        best = best.min(many.saturating_sub(one) / MANY);
    }
    println!("bench: empty-syscall {best}");
    Ok(())
}

/// As [`measure`], for what may fail; the first failure ends it.
fn repeat(name: &str, rounds: u32, mut f: impl FnMut() -> Result<(), String>) -> Result<(), String> {
    let mut failure = Ok(());
    measure(name, rounds, || {
        if let Err(error) = f() {
            failure = Err(error);
        }
    });
    failure.map_err(|error| alloc::format!("{name}: {error}"))
}

fn measure(name: &str, rounds: u32, mut f: impl FnMut()) {
    let mut best = u32::MAX;
    for _ in 0..BATCHES {
        let from = cpu::cycles();
        for _ in 0..rounds {
            f();
        }
        best = best.min(cpu::cycles().wrapping_sub(from) / rounds);
    }
    println!("bench: {name} {best}");
}
