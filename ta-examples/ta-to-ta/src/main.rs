// SPDX-License-Identifier: BSD-2-Clause
//! A TA that is a client of other TAs.
#![cfg_attr(any(target_arch = "arm", oxtee_ta), no_std, no_main)]

use hello_world::proto as hello;
use ta_to_ta::proto;
use utee::params::Value;
use utee::session::{Argument, Failure, Session};
use utee::{MemrefInout, Parameters, Result, Ta, TeeError, ValueInput, ValueOutput, error, info};

struct TaToTa;

impl Ta for TaToTa {
    type Session = ();

    fn create() -> Result<Self> {
        Ok(Self)
    }

    fn open_session(&mut self, _params: &mut Parameters<'_>) -> Result<()> {
        Ok(())
    }

    fn invoke(&mut self, _session: &mut (), command: u32, params: &mut Parameters<'_>) -> Result<()> {
        match command {
            proto::CALL => call(),
            proto::FORWARD => forward(params),
            proto::RECURSE => recurse(params),
            proto::OUTLIVE => outlive(),
            proto::SLEEP => sleep(params),
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

utee::ta!(TaToTa);

/// An answer that must be this one.
fn expect<T: PartialEq + core::fmt::Debug>(what: &str, answer: T, wanted: T) -> Result<()> {
    if answer == wanted {
        info!("{what}: {answer:?}");
        return Ok(());
    }
    error!("{what}: {answer:?} instead of {wanted:?}");
    Err(TeeError::GENERIC)
}

fn call() -> Result<()> {
    let mut session = Session::open(&hello::UUID)?;
    session.invoke(hello::NOP, &mut [])?;

    let mut value = Value { a: 40, b: 2 };
    session.invoke(hello::ADD, &mut [Argument::ValueInout(&mut value)])?;
    expect("40 + 2", value, Value { a: 42, b: 2 })?;

    let mut halves = Value::default();
    session.invoke(hello::SPLIT, &mut [Argument::ValueInput(0x1234_5678, 0), Argument::ValueOutput(&mut halves)])?;
    expect("halves of 0x12345678", halves, Value { a: 0x5678, b: 0x1234 })?;

    let mut sum = Value::default();
    session.invoke(hello::SUM, &mut [Argument::MemrefInput(&[1, 2, 3]), Argument::ValueOutput(&mut sum)])?;
    expect("sum of three bytes", sum, Value { a: 6, b: 3 })?;

    let (mut text, mut size) = ([0u8; 64], 0);
    session.invoke(hello::GREET, &mut [Argument::MemrefOutput(&mut text, &mut size)])?;
    expect("greeting", text.get(..size).and_then(|text| core::str::from_utf8(text).ok()), Some(hello::GREETING))?;

    let (mut short, mut size) = ([0u8; 4], 0);
    let refused = session.invoke(hello::GREET, &mut [Argument::MemrefOutput(&mut short, &mut size)]);
    expect("short buffer", refused.map_err(|failure| failure.error), Err(TeeError::SHORT_BUFFER))?;
    expect("size it needs", size, hello::GREETING.len())?;

    let (mut bytes, mut size) = (*b"abcde", 0);
    session.invoke(hello::REVERSE, &mut [Argument::MemrefInout(&mut bytes, &mut size)])?;
    expect("turned around", &bytes, b"edcba")
}

fn forward(params: &mut Parameters<'_>) -> Result<()> {
    let (mut memory,): (MemrefInout<'_>,) = params.take()?;
    let mut session = Session::open(&hello::UUID)?;
    let mut size = 0;
    session.invoke(hello::REVERSE, &mut [Argument::Forward(memory.shared(), &mut size)])?;
    memory.set_size(size)
}

fn recurse(params: &mut Parameters<'_>) -> Result<()> {
    let (left, mut answer): (ValueInput<'_>, ValueOutput<'_>) = params.take()?;
    let Some(left) = left.a().checked_sub(1) else {
        answer.set(0, 0);
        return Ok(());
    };
    let mut deeper = Value::default();
    let result: Result<(), Failure> = Session::open(&proto::UUID)
        .and_then(|mut session| session.invoke(proto::RECURSE, &mut [Argument::ValueInput(left, 0), Argument::ValueOutput(&mut deeper)]));
    match result {
        Ok(()) => answer.set(deeper.a.saturating_add(1), deeper.b),
        Err(failure) => answer.set(0, failure.error.raw()),
    }
    Ok(())
}

fn outlive() -> Result<()> {
    let mut session = Session::open(&hostile::proto::UUID)?;
    let result = session.invoke(hostile::proto::PANIC, &mut []);
    info!("the other TA panicked: {result:?}");
    result.map_err(TeeError::from)
}

fn sleep(params: &mut Parameters<'_>) -> Result<()> {
    let (steps,): (ValueInput<'_>,) = params.take()?;
    let mut value = Value { a: steps.a(), b: steps.b() };
    let mut session = Session::open(&sleeper::proto::UUID)?;
    session.invoke(sleeper::proto::SLEEP, &mut [Argument::ValueInout(&mut value)]).map_err(TeeError::from)
}
