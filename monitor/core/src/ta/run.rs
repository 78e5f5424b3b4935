// SPDX-License-Identifier: BSD-2-Clause
//! Entering a TA: one call of one of its entry points, from the parameters on its stack to its return, panic or death.

use super::dump::{self, Cause};
use super::instance::{Body, Context, Instance};
use super::params::{self, Params};
use crate::call::Call;
use crate::limits::MAX_NESTING;
use crate::ports::{AddressSpace, Platform, ThreadExit, UserContext, UserReturn};
use crate::session::Session;
use crate::syscall::{self, Env, Next};
use alloc::sync::Arc;
use utee_abi::access::AccessFlags;
use utee_abi::param::UteeParams;
use utee_abi::result::TeeError;
use utee_abi::ta_head::EntryFunction;
use utee_abi::uaddr::UserSlice;

/// How an entry into a TA ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The TA returned this result.
    Returned(u32),
    /// The TA is dead: it panicked, faulted or used up its time.
    Died,
}

/// Enters `body` at `function` for `session` and runs it until it ends; parameters come back changed.
///
/// # Errors
/// OUT_OF_MEMORY when calls are nested too deeply or parameters cannot be mapped, before the TA has run.
pub fn enter<P: Platform>(
    call: &Call<'_, P>,
    instance: &Instance<P>,
    body: &mut Body<P>,
    session: &Arc<Session<P>>,
    function: EntryFunction,
    command: u32,
    params: &mut Params<P>,
) -> Result<Outcome, TeeError> {
    if call.depth.get() >= MAX_NESTING {
        return Err(TeeError::OUT_OF_MEMORY);
    }
    let frame = prepare(call, body, session, function, command, params);
    let result = frame.map(|frame| {
        call.depth.set(call.depth.get().saturating_add(1));
        session.begin_entry();
        let outcome = with_limit(call, body.time_limit, || run(call, instance, body, session));
        body.context.stop();
        session.end_entry();
        call.depth.set(call.depth.get().saturating_sub(1));
        if let Outcome::Returned(_) = outcome {
            read_back(call, body, frame, params);
        }
        outcome
    });
    if params::has_memory(params) {
        params::unmap(&mut body.space);
    }
    result
}

/// Puts the parameters on the stack and sets the registers; gives the place of the parameters.
fn prepare<P: Platform>(
    call: &Call<'_, P>,
    body: &mut Body<P>,
    session: &Session<P>,
    function: EntryFunction,
    command: u32,
    params: &Params<P>,
) -> Result<UserSlice, TeeError> {
    let cells = params::map(&mut body.space, params, body.free_from)?;
    let size = UteeParams::SIZE as u64;
    let address = body.stack_top.checked_sub(size.next_multiple_of(UteeParams::STACK_ALIGN)).ok_or(TeeError::OUT_OF_MEMORY)?;
    let frame = UserSlice::new(address, size).ok_or(TeeError::OUT_OF_MEMORY)?;
    body.space.write(call.platform(), frame, AccessFlags::empty(), &cells.to_bytes())?;
    let args = [u64::from(function.raw()), u64::from(session.id), address, u64::from(command)];
    body.context.start(body.entry, address, args);
    Ok(frame)
}

fn read_back<P: Platform>(call: &Call<'_, P>, body: &Body<P>, frame: UserSlice, params: &mut Params<P>) {
    let mut bytes = [0; UteeParams::SIZE];
    if body.space.read(call.platform(), frame, AccessFlags::empty(), &mut bytes).is_ok() {
        params::take_back(params, &UteeParams::cells_from_bytes(&bytes));
    }
}

fn with_limit<P: Platform, R>(call: &Call<'_, P>, limit: Option<u64>, f: impl FnOnce() -> R) -> R {
    let threads = &call.tee.threads;
    if limit.is_none() && call.depth.get() <= 1 {
        return f();
    }
    let before = threads.arm(call.platform(), call.thread, limit);
    let result = f();
    threads.restore(call.platform(), call.thread, before);
    result
}

fn run<P: Platform>(call: &Call<'_, P>, instance: &Instance<P>, body: &mut Body<P>, session: &Arc<Session<P>>) -> Outcome {
    let died = |body: &Body<P>, cause: Cause| {
        dump::print(call.platform(), instance, body, cause);
        Outcome::Died
    };
    loop {
        let next = match enter_user(body) {
            UserReturn::Syscall => {
                let mut env = Env { call, instance, body, session };
                match syscall::serve(&mut env) {
                    Next::Resume(result) => {
                        body.context.set_result(result);
                        continue;
                    }
                    Next::Return(result) => return Outcome::Returned(result),
                    Next::Panic(code) => Cause::Panic(code),
                }
            }
            UserReturn::Abort(abort) => Cause::Abort(abort),
            UserReturn::ForeignInterrupt => {
                call.platform().suspend(ThreadExit::ForeignInterrupt);
                if !call.tee.threads.expired(call.platform(), call.thread) {
                    continue;
                }
                Cause::TimeLimit
            }
            UserReturn::SecureInterrupt => {
                call.platform().secure_interrupt();
                if !call.tee.threads.expired(call.platform(), call.thread) {
                    continue;
                }
                Cause::TimeLimit
            }
        };
        return died(body, next);
    }
}

fn enter_user<P: Platform>(body: &mut Body<P>) -> UserReturn {
    let Body { space, context, .. } = body;
    let context: &mut Context<P> = context;
    space.tables.enter(context)
}
