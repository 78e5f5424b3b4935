// SPDX-License-Identifier: BSD-2-Clause
//! A TA that shows every kind of parameter.
#![cfg_attr(any(target_arch = "arm", oxtee_ta), no_std, no_main)]

use hello_world::proto;
use utee::{MemrefInout, MemrefInput, MemrefOutput, Parameters, Result, Ta, TeeError, ValueInout, ValueInput, ValueOutput, debug, info};

struct HelloWorld;

/// What a session keeps: how many commands it has had.
struct Session {
    commands: u32,
}

impl Ta for HelloWorld {
    type Session = Session;

    fn create() -> Result<Self> {
        debug!("hello-world starts");
        Ok(Self)
    }

    fn open_session(&mut self, _params: &mut Parameters<'_>) -> Result<Session> {
        Ok(Session { commands: 0 })
    }

    fn invoke(&mut self, session: &mut Session, command: u32, params: &mut Parameters<'_>) -> Result<()> {
        session.commands = session.commands.wrapping_add(1);
        match command {
            proto::NOP => Ok(()),
            proto::ADD => add(session, params),
            proto::SPLIT => split(params),
            proto::SUM => sum(params),
            proto::GREET => greet(params),
            proto::REVERSE => reverse(params),
            proto::NULL_MEMREF => null_memref(params),
            proto::ALL => all(params),
            proto::FAIL => fail(params),
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

utee::ta!(HelloWorld);

fn add(session: &Session, params: &mut Parameters<'_>) -> Result<()> {
    let (mut value,): (ValueInout<'_>,) = params.take()?;
    let sum = value.a().wrapping_add(value.b());
    value.set(sum, session.commands);
    Ok(())
}

fn split(params: &mut Parameters<'_>) -> Result<()> {
    let (whole, mut halves): (ValueInput<'_>, ValueOutput<'_>) = params.take()?;
    halves.set(whole.a() & 0xFFFF, whole.a() >> 16);
    Ok(())
}

fn sum(params: &mut Parameters<'_>) -> Result<()> {
    let (bytes, mut sum): (MemrefInput<'_>, ValueOutput<'_>) = params.take()?;
    // The client can change its memory while this runs: copy first, then look.
    let copy = bytes.to_vec()?;
    let total = copy.iter().fold(0u32, |total, byte| total.wrapping_add(u32::from(*byte)));
    sum.set(total, copy.len() as u32);
    Ok(())
}

fn greet(params: &mut Parameters<'_>) -> Result<()> {
    let (mut text,): (MemrefOutput<'_>,) = params.take()?;
    info!("greeting a client");
    text.write(proto::GREETING.as_bytes())
}

fn reverse(params: &mut Parameters<'_>) -> Result<()> {
    let (mut bytes,): (MemrefInout<'_>,) = params.take()?;
    let mut copy = bytes.to_vec()?;
    copy.reverse();
    bytes.write(&copy)
}

fn null_memref(params: &mut Parameters<'_>) -> Result<()> {
    let (memory, mut answer): (MemrefInout<'_>, ValueOutput<'_>) = params.take()?;
    answer.set(u32::from(memory.is_null()), memory.len() as u32);
    Ok(())
}

fn all(params: &mut Parameters<'_>) -> Result<()> {
    type All<'a> = (ValueInput<'a>, ValueInout<'a>, MemrefInput<'a>, MemrefOutput<'a>);
    let (more, mut value, from, mut to): All<'_> = params.take()?;
    value.set(value.a().wrapping_add(more.a()), value.b().wrapping_add(more.b()));
    to.write(&from.to_vec()?)
}

fn fail(params: &mut Parameters<'_>) -> Result<()> {
    let (code,): (ValueInput<'_>,) = params.take()?;
    TeeError::check(code.a())
}
