// SPDX-License-Identifier: BSD-2-Clause
//! Tests of clients, run in Linux: every way of a buffer, a TA of 10 MiB, and then many clients at once whose TAs compute,
//! sleep, are cancelled, panic and loop, for as many seconds as the argument says (10). `echo-udp PORT` is a peer for TAs instead.
#![forbid(unsafe_code)]

mod large;
mod memory;
mod peer;
mod storm;

use std::process::ExitCode;
use std::time::Duration;
use tee_client::transport::linux::{Device, Linux, LinuxContext};

/// What a session is here.
pub(crate) type Session = tee_client::Session<Linux<Device>>;

/// Counts the tests and prints each.
#[derive(Default)]
pub(crate) struct Tests {
    failed: u32,
}

impl Tests {
    /// Prints how a test went.
    pub(crate) fn report(&mut self, name: &str, result: Result<(), String>) {
        match result {
            Ok(()) => println!("test rust: {name} ... ok"),
            Err(why) => {
                self.failed += 1;
                println!("test rust: {name} ... FAILED: {why}");
            }
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, port] = arguments.as_slice()
        && word == "echo-udp"
    {
        return peer::echo_udp(port);
    }
    let seconds = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(10);
    let mut tests = Tests::default();
    match LinuxContext::connect() {
        Ok(context) => {
            memory::run(&context, &mut tests);
            large::run(&context, &mut tests);
            storm::run(Duration::from_secs(seconds), &mut tests);
        }
        Err(error) => tests.report("there is a TEE", Err(error.to_string())),
    }
    if tests.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
