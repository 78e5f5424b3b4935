// SPDX-License-Identifier: BSD-2-Clause
//! Entering a TA: one call of one of its entry points, from the parameters on its stack to its return, panic or death.

use super::abandoned::Watch;
use super::dump::{self, Cause};
use super::instance::{Body, Context, Instance};
use super::params::{self, Params};
use crate::call::Call;
use crate::limits::MAX_NESTING;
use crate::ports::{AddressSpace, Frames, PAGE_SIZE, Platform, ThreadExit, UserContext, UserReturn};
use crate::session::Session;
use crate::syscall::{self, Env, Next};
use alloc::sync::Arc;
use utee_abi::param::UteeParams;
use utee_abi::result::TeeError;
use utee_abi::ta_head::EntryFunction;

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
    // Most calls have none: what follows from that is asked once.
    let params = Some(params).filter(|params| !params::is_empty(params));
    let prepared = prepare(body, session, function, command, params.as_deref());
    let result = prepared.map(|()| {
        call.depth.set(call.depth.get().saturating_add(1));
        session.begin_entry();
        let outcome = with_limit(call, body.time_limit, || run(call, instance, body, session));
        body.context.stop();
        session.end_entry();
        call.depth.set(call.depth.get().saturating_sub(1));
        outcome
    });
    if let Some(params) = params {
        if let Ok(Outcome::Returned(_)) = result {
            read_back(body, params);
        }
        if params::has_memory(params) {
            params::unmap(&mut body.space);
        }
    }
    result
}

/// Bytes under the top of the stack at which the parameters stand.
const FRAME: u64 = (UteeParams::SIZE as u64).next_multiple_of(UteeParams::STACK_ALIGN);

/// What stands there when there are none.
const NO_PARAMS: [u8; UteeParams::SIZE] = [0; UteeParams::SIZE];

/// Byte of the stack's frames at which the parameters stand.
#[inline]
fn frame_offset<P: Platform>(body: &Body<P>) -> Option<usize> {
    let above = body.stack_top.checked_next_multiple_of(PAGE_SIZE as u64)?.checked_sub(body.stack_top)?;
    body.stack.pages().checked_mul(PAGE_SIZE)?.checked_sub(usize::try_from(above.checked_add(FRAME)?).ok()?)
}

/// Puts the parameters, if there are any, on the stack and sets the registers.
fn prepare<P: Platform>(
    body: &mut Body<P>,
    session: &Session<P>,
    function: EntryFunction,
    command: u32,
    params: Option<&Params<P>>,
) -> Result<(), TeeError> {
    let offset = frame_offset(body).ok_or(TeeError::OUT_OF_MEMORY)?;
    let written = match params {
        None => body.stack.write(offset, &NO_PARAMS),
        Some(params) => {
            let cells = params::map(&mut body.space, params, body.free_from)?;
            body.stack.write(offset, &cells.to_bytes())
        }
    };
    if !written {
        return Err(TeeError::OUT_OF_MEMORY);
    }
    let address = body.stack_top.saturating_sub(FRAME);
    let args = [u64::from(function.raw()), u64::from(session.id), address, u64::from(command)];
    body.context.start(body.machine, body.entry, address, args);
    Ok(())
}

/// Takes back what the TA left in its parameters, if any of them goes that way.
fn read_back<P: Platform>(body: &Body<P>, params: &mut Params<P>) {
    if !params::has_output(params) {
        return;
    }
    let mut bytes = [0; UteeParams::SIZE];
    if frame_offset(body).is_some_and(|offset| body.stack.read(offset, &mut bytes)) {
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
    let mut watch = Watch::default();
    let cause = loop {
        match enter_user(body) {
            UserReturn::Syscall => {
                let mut env = Env { call, instance, body, session, watch: &mut watch };
                match syscall::serve(&mut env) {
                    Next::Resume(result) => match watch.ended() {
                        None => body.context.set_result(result),
                        Some(cause) => break cause,
                    },
                    Next::Return(result) => {
                        watch.stop(call);
                        return Outcome::Returned(result);
                    }
                    Next::Panic(code) => break Cause::Panic(code),
                }
            }
            UserReturn::Abort(abort) => break Cause::Abort(abort),
            UserReturn::ForeignInterrupt => {
                call.platform().suspend(ThreadExit::ForeignInterrupt);
                if let Some(cause) = watch.over(call, instance, body) {
                    break cause;
                }
                watch.look(call, instance, body, session);
            }
            UserReturn::SecureInterrupt => {
                call.platform().secure_interrupt();
                if let Some(cause) = watch.over(call, instance, body) {
                    break cause;
                }
            }
        }
    };
    watch.stop(call);
    dump::print(call.platform(), instance, body, cause);
    Outcome::Died
}

fn enter_user<P: Platform>(body: &mut Body<P>) -> UserReturn {
    let Body { space, context, .. } = body;
    let context: &mut Context<P> = context;
    space.tables.enter(context)
}
