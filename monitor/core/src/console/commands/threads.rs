// SPDX-License-Identifier: BSD-2-Clause
//! Secure threads and their stacks. Return addresses are shown as `#<number> <address>`: the host tool, which has the
//! symbols, says what they are. Nothing else of a stack is shown: it may hold secrets.

use super::none;
use crate::console::Refusal;
use crate::console::command::Session;
use crate::ports::{Platform, ThreadId};
use crate::thread::Doing;
use utee_abi::rpc::RpcCommand;

/// Return addresses of a stack that are shown at most.
const ADDRESSES: usize = 16;

/// `stack`.
///
/// # Errors
/// For arguments.
pub fn stack<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    none(arguments, "stack")?;
    match session.tee.console.thread() {
        Some(thread) => addresses(session, thread),
        None => Err(Refusal::Because("the console has no thread of its own here")),
    }
}

/// `stackall`.
///
/// # Errors
/// For arguments.
pub fn stackall<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    none(arguments, "stackall")?;
    let tee = session.tee;
    for number in 0..u32::try_from(tee.threads.count()).unwrap_or(0) {
        let thread = ThreadId(number);
        let doing = tee.threads.doing(thread);
        write!(session.out, "thread {number} ")?;
        match doing {
            Doing::Nothing => writeln!(session.out, "is free")?,
            Doing::Running => writeln!(session.out, "runs")?,
            Doing::Own => writeln!(session.out, "works for this console")?,
            Doing::Interrupted => writeln!(session.out, "was interrupted by the normal world")?,
            Doing::Waiting(request) => {
                write!(session.out, "waits for the normal world: {}", request_name(request))?;
                if let Some(uuid) = tee.registry.awaited(thread) {
                    write!(session.out, ", until TA {uuid} is free")?;
                }
                writeln!(session.out)?;
            }
        }
        if matches!(doing, Doing::Interrupted | Doing::Waiting(_) | Doing::Own) {
            addresses(session, thread)?;
        }
    }
    if let Some(thread) = tee.console.thread() {
        writeln!(session.out, "thread {} is this console", thread.0)?;
        addresses(session, thread)?;
    }
    Ok(())
}

/// What a request to the normal world is for, in words.
fn request_name(request: Option<u32>) -> &'static str {
    let Some(request) = request else { return "memory" };
    match RpcCommand::try_from(request) {
        Ok(RpcCommand::LoadTa) => "load a TA",
        Ok(RpcCommand::Suspend) => "sleep",
        Ok(RpcCommand::Notification) => "wait for another thread, or wake it",
        Ok(RpcCommand::GetTime) => "tell the time",
        Ok(RpcCommand::Fs) => "files",
        Ok(RpcCommand::Socket) => "sockets",
        Ok(_) | Err(_) => "a request",
    }
}

fn addresses<P: Platform>(session: &mut Session<'_, P>, thread: ThreadId) -> Result<(), Refusal> {
    let (mut number, mut shown) = (0, Ok(()));
    // Shown as they are found: kept on this very stack they would be found there, too.
    session.tee.platform.return_addresses(thread, &mut |address| {
        if number < ADDRESSES && shown.is_ok() {
            shown = writeln!(session.out, "#{number} {address:#010x}");
            number += 1;
        }
    });
    Ok(shown?)
}
