// SPDX-License-Identifier: BSD-2-Clause
//! The client of `hello-world`: calls each of its commands and prints what comes back.
#![forbid(unsafe_code)]

use hello_world::proto::{ADD, ALL, FAIL, GREET, NOP, NULL_MEMREF, REVERSE, SPLIT, SUM, UUID, UUID_C};
use std::process::ExitCode;
use tee_client::transport::linux::{Device, Linux, LinuxContext};
use tee_client::{Direction, Error, Operation, Param, Session, TeeError};

type Hello = Session<Linux<Device>>;

fn main() -> ExitCode {
    // The twin in C answers alike.
    let uuid = if std::env::args().nth(1).as_deref() == Some("--c") { UUID_C } else { UUID };
    let context = match LinuxContext::connect() {
        Ok(context) => context,
        Err(error) => {
            eprintln!("hello-world: {error}");
            return ExitCode::FAILURE;
        }
    };
    match context.open_public(uuid).and_then(|session| every_command(&context, &session)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hello-world: {error}");
            ExitCode::FAILURE
        }
    }
}

fn every_command(context: &LinuxContext, session: &Hello) -> Result<(), Error> {
    session.invoke(NOP, &mut Operation::none())?;
    println!("nop: done");

    let mut operation = Operation::one(Param::value_inout(40, 2));
    session.invoke(ADD, &mut operation)?;
    let (sum, commands) = operation.value(0);
    println!("add: 40 + 2 = {sum}, command {commands} of this session");

    let mut operation = Operation::two(Param::value_input(0x1234_5678, 0), Param::value_output());
    session.invoke(SPLIT, &mut operation)?;
    let (low, high) = operation.value(1);
    println!("split: 0x12345678 is {high:#x} and {low:#x}");

    let mut operation = Operation::two(Param::input(b"bytes to add up"), Param::value_output());
    session.invoke(SUM, &mut operation)?;
    let (sum, count) = operation.value(1);
    println!("sum: {sum} of {count} bytes");

    // Too little room first, to see how much it needs.
    let mut operation = Operation::one(Param::null(Direction::Output));
    let needed = match session.invoke(GREET, &mut operation) {
        Err(Error { code: TeeError::SHORT_BUFFER, .. }) => operation.size(0),
        other => return other,
    };
    let mut text = vec![0; needed];
    session.invoke(GREET, &mut Operation::one(Param::output(&mut text)))?;
    println!("greet: {}", String::from_utf8_lossy(&text));

    // Memory that the TA sees where it is.
    let memory = context.register(b"stressed".to_vec(), Direction::Inout)?;
    session.invoke(REVERSE, &mut Operation::one(Param::whole(&memory)))?;
    println!("reverse: {}", String::from_utf8_lossy(&memory.into_inner()?));

    let mut operation = Operation::two(Param::null(Direction::Inout), Param::value_output());
    session.invoke(NULL_MEMREF, &mut operation)?;
    println!("null: {}", if operation.value(1).0 == 1 { "the TA got nothing" } else { "the TA got something" });

    let mut copy = [0; 4];
    let params = [Param::value_input(1, 2), Param::value_inout(10, 20), Param::input(b"copy"), Param::output(&mut copy)];
    let mut operation = Operation::new(params);
    session.invoke(ALL, &mut operation)?;
    let (a, b) = operation.value(1);
    println!("all: {a} {b} {}", String::from_utf8_lossy(&copy));

    match session.invoke(FAIL, &mut Operation::one(Param::value_input(TeeError::BUSY.raw(), 0))) {
        Err(error) => println!("fail: {error}"),
        Ok(()) => println!("fail: it did not"),
    }
    Ok(())
}
