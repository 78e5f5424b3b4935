// SPDX-License-Identifier: BSD-2-Clause
//! `tee-bench`: what calls of a TEE cost from a Linux program, a line each: `bench: <name> <nanoseconds>`. Under an emulator
//! that counts an instruction as a nanosecond that is instructions, of this program, the kernel and the secure world together.
//! With `--split` further lines tell this program's and the kernel's apart, where this program can read the CPU's counter (Armv7-A).

#[cfg(target_arch = "arm")]
mod counter;

use conformance::proto as conformance;
use hello_world::proto as hello;
use std::process::ExitCode;
use std::time::Instant;
use tee_client::transport::linux::LinuxContext;
use tee_client::{Context, Direction, Operation, Param, Session, Transport};

const BATCHES: u32 = 5;
const KIB: usize = 1024;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match LinuxContext::connect().map_err(Into::into).and_then(|context| run(&context)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench: FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the least mean of some batches.
fn measure(name: &str, rounds: u32, mut f: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let mut best = u128::MAX;
    for _ in 0..BATCHES {
        let from = Instant::now();
        for _ in 0..rounds {
            f().map_err(|error| format!("{name}: {error}"))?;
        }
        best = best.min(from.elapsed().as_nanos() / u128::from(rounds));
    }
    println!("bench: {name} {best}");
    split(name, rounds, f)
}

/// Prints what of it is this program's, and what the kernel's; the rest is the secure world's.
#[cfg(target_arch = "arm")]
fn split(name: &str, rounds: u32, mut f: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    if !std::env::args().any(|arg| arg == "--split") {
        return Ok(());
    }
    for part in [counter::Part::User, counter::Part::Kernel] {
        let mut best = u32::MAX;
        counter::select(part);
        for _ in 0..BATCHES {
            let from = counter::read();
            for _ in 0..rounds {
                f()?;
            }
            best = best.min(counter::read().wrapping_sub(from) / rounds);
        }
        println!("bench: {name}-{} {best}", part.name());
    }
    Ok(())
}

#[cfg(not(target_arch = "arm"))]
fn split(_name: &str, _rounds: u32, _f: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    Ok(())
}

fn once(name: &str, f: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
    let from = Instant::now();
    f().map_err(|error| format!("{name}: {error}"))?;
    println!("bench: {name} {}", from.elapsed().as_nanos());
    Ok(())
}

fn run<T: Transport>(context: &Context<T>) -> Outcome<()> {
    once("linux-open-first", || Ok(context.open_public(hello::UUID)?.close()?))?;
    measure("linux-open-close-held", 20, || Ok(context.open_public(hello::UUID)?.close()?))?;
    // The conformance TA serves several sessions.
    let keeper = context.open_public(conformance::UUID)?;
    measure("linux-open-close-loaded", 200, || Ok(context.open_public(conformance::UUID)?.close()?))?;
    let session = context.open_public(hello::UUID)?;
    invokes(context, &session)?;
    throughput(&keeper)
}

fn invokes<T: Transport>(context: &Context<T>, session: &Session<T>) -> Outcome<()> {
    measure("linux-invoke-noop", 1000, || Ok(session.invoke(hello::NOP, &mut Operation::none())?))?;
    measure("linux-invoke-value", 1000, || {
        let mut operation = Operation::one(Param::value_inout(1, 2));
        session.invoke(hello::ADD, &mut operation)?;
        if operation.value(0).0 == 3 { Ok(()) } else { Err("1 + 2 is not 3".into()) }
    })?;
    for (name, size, rounds) in [("4k", 4 * KIB, 200), ("1m", KIB * KIB, 10)] {
        let memory = context.allocate(size, Direction::Inout)?;
        measure(&format!("linux-invoke-registered-{name}"), rounds, || {
            Ok(session.invoke(hello::NOP, &mut Operation::one(Param::whole(&memory)))?)
        })?;
        let mut bytes = vec![0; size];
        measure(&format!("linux-invoke-temporary-{name}"), rounds, || {
            Ok(session.invoke(hello::NOP, &mut Operation::one(Param::inout(&mut bytes)))?)
        })?;
    }
    measure("linux-register-release-4k", 200, || {
        drop(context.allocate(4 * KIB, Direction::Inout)?);
        Ok(())
    })
}

/// Instructions a byte, in thousandths.
fn throughput<T: Transport>(session: &Session<T>) -> Outcome<()> {
    const SIZE: usize = 64 * KIB;
    const TIMES: u32 = 4;
    let data = vec![0x5A; SIZE];
    let mut out = vec![0; SIZE];
    let empty = least(|| hash(session, &[], 1))?;
    let full = least(|| hash(session, &data, TIMES))?;
    println!("bench: linux-sha256-byte {}", full.saturating_sub(empty) * 1000 / (SIZE as u128 * u128::from(TIMES)));
    let full = least(|| Ok(session.invoke(conformance::RANDOM, &mut Operation::one(Param::output(&mut out)))?))?;
    println!("bench: linux-random-byte {}", full.saturating_sub(empty) * 1000 / SIZE as u128);
    Ok(())
}

fn hash<T: Transport>(session: &Session<T>, data: &[u8], times: u32) -> Outcome<()> {
    Ok(session.invoke(conformance::HASH, &mut Operation::two(Param::value_input(times, 0), Param::input(data)))?)
}

fn least(mut f: impl FnMut() -> Outcome<()>) -> Outcome<u128> {
    let mut best = u128::MAX;
    for _ in 0..BATCHES {
        let from = Instant::now();
        f()?;
        best = best.min(from.elapsed().as_nanos());
    }
    Ok(best)
}
