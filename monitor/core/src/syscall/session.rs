// SPDX-License-Identifier: BSD-2-Clause
//! TA-to-TA calls (GlobalPlatform TEE Internal Core API 1.3.1, section 4.9).

use super::Env;
use crate::limits::MAX_SESSIONS_OF_TA;
use crate::ports::Platform;
use crate::pta::Caller;
use crate::session::{Client, Failure, Opener, Target, ops};
use crate::ta::params::{self, Param, Params};
use crate::ta::time::tick_after;
use utee_abi::access::AccessFlags;
use utee_abi::msg::Login;
use utee_abi::param::{ParamType, UteeParams};
use utee_abi::regs::SyscallArgs;
use utee_abi::result::{Origin, TeeError};
use utee_abi::uaddr::UserSlice;
use utee_abi::uuid::Uuid;

/// Whose memory a TA may hand on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HandOn {
    /// To a pseudo-TA, which works on it in place: anything that it has.
    Anything,
    /// To another TA, into which it is mapped: not its private memory.
    Shareable,
}

/// Opens a session: UUID, timeout in ms, parameters, cells for session and origin.
///
/// # Errors
/// As [`ops::open`]; ACCESS_DENIED, BAD_PARAMETERS for private memory among the parameters.
pub fn open<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let (session_cell, origin_cell) = (a.addr(3), a.addr(4));
    writable(env, origin_cell)?;
    let opened = open_checked(env, a);
    let (id, result) = split(env, origin_cell, opened);
    if let Some(id) = id
        && let Err(error) = env.put_u32(session_cell, id)
    {
        let _ = ops::close(env.call, id, Opener::Ta(env.instance.id));
        env.body.opened.retain(|other| *other != id);
        return Err(error);
    }
    result
}

fn open_checked<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<u32, Failure> {
    let uuid = Uuid::from_memory(&env.read_private(a.addr(0))?);
    if env.body.opened.len() >= MAX_SESSIONS_OF_TA {
        return Err(Failure::tee(TeeError::OUT_OF_MEMORY));
    }
    env.body.opened.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    // Private memory is refused here even when the callee is a pseudo-TA (OP-TEE ABI, open_ta_session).
    let mut params = read_params(env, a.addr(2), HandOn::Shareable)?;
    let request = ops::Request {
        uuid,
        client: Client { login: Login::TrustedApp, uuid: env.instance.uuid },
        opener: Opener::Ta(env.instance.id),
        deadline: tick_after(env.call.platform(), a.u32(1)),
    };
    let caller = Caller::Ta(env.instance, env.body);
    let id = ops::open(env.call, &request, &mut params, caller)?;
    env.body.opened.push(id);
    write_params(env, a.addr(2), &params)?;
    Ok(id)
}

/// Closes a session.
///
/// # Errors
/// ITEM_NOT_FOUND for a session that is not this TA's.
pub fn close<P: Platform>(env: &mut Env<'_, '_, P>, id: u32) -> Result<(), TeeError> {
    env.body.opened.retain(|other| *other != id);
    ops::close(env.call, id, Opener::Ta(env.instance.id)).map_err(|failure| failure.error)
}

/// Invokes a command: session, timeout in ms, command, parameters, cell for the origin.
///
/// # Errors
/// As [`ops::invoke`]; ACCESS_DENIED, BAD_PARAMETERS for private memory among the parameters of a user TA.
pub fn invoke<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    writable(env, a.addr(4))?;
    let invoked = invoke_checked(env, a);
    split(env, a.addr(4), invoked).1
}

fn invoke_checked<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), Failure> {
    let opener = Opener::Ta(env.instance.id);
    let id = a.u32(0);
    let session = env.call.tee.sessions.get(id, opener).ok_or(TeeError::BAD_PARAMETERS)?;
    let hand_on = if matches!(session.target, Target::Pseudo(_)) { HandOn::Anything } else { HandOn::Shareable };
    drop(session);
    let mut params = read_params(env, a.addr(3), hand_on)?;
    let deadline = tick_after(env.call.platform(), a.u32(1));
    let caller = Caller::Ta(env.instance, env.body);
    let result = ops::invoke(env.call, id, opener, a.u32(2), deadline, &mut params, caller);
    if result.is_err_and(|failure| failure.error == TeeError::TARGET_DEAD) {
        return result;
    }
    write_params(env, a.addr(3), &params)?;
    result
}

/// Checks the cell for the origin before anything happens. A caller that does not want the origin gives NULL.
fn writable<P: Platform>(env: &Env<'_, '_, P>, cell: u64) -> Result<(), TeeError> {
    if cell == 0 {
        return Ok(());
    }
    let slice = UserSlice::new(cell, size_of::<u32>() as u64).ok_or(TeeError::ACCESS_DENIED)?;
    env.body.space.check(slice, AccessFlags::WRITE)
}

/// Writes the origin cell, unless it is NULL, and splits a result into value and what the system call answers.
fn split<P: Platform, T>(env: &Env<'_, '_, P>, cell: u64, result: Result<T, Failure>) -> (Option<T>, Result<(), TeeError>) {
    let (origin, value, result) = match result {
        Ok(value) => (Origin::TrustedApp, Some(value), Ok(())),
        Err(failure) => (failure.origin, None, Err(failure.error)),
    };
    if cell != 0 {
        // It was writable before the call; a TA that has changed that has done without it.
        let _ = env.put_u32(cell, origin.raw());
    }
    (value, result)
}

fn read_params<P: Platform>(env: &Env<'_, '_, P>, address: u64, hand_on: HandOn) -> Result<Params<P>, TeeError> {
    let mut result = params::none();
    if address == 0 {
        return Ok(result);
    }
    let bytes: [u8; UteeParams::SIZE] = env.read_private(address)?;
    let raw = UteeParams::from_bytes(&bytes).ok_or(TeeError::BAD_PARAMETERS)?;
    for (index, slot) in result.iter_mut().enumerate() {
        let [a, b] = raw.cells.get(index).copied().unwrap_or_default();
        *slot = match raw.types.get(index) {
            ParamType::None => Param::None,
            kind if kind.is_memref() => Param::Memref { kind, memory: buffer(env, kind, a, b, hand_on)?, size: b },
            kind => Param::Value { kind, a, b },
        };
    }
    Ok(result)
}

fn buffer<P: Platform>(
    env: &Env<'_, '_, P>,
    kind: ParamType,
    address: u64,
    size: u64,
    hand_on: HandOn,
) -> Result<Option<crate::ta::memory::Memory<P>>, TeeError> {
    if address == 0 || size == 0 {
        return if size == 0 { Ok(None) } else { Err(TeeError::BAD_PARAMETERS) };
    }
    let slice = UserSlice::new(address, size).ok_or(TeeError::ACCESS_DENIED)?;
    let direction = if kind.is_input() { AccessFlags::READ } else { AccessFlags::empty() };
    let direction = if kind.is_output() { direction | AccessFlags::WRITE } else { direction };
    let memory = env.body.space.resolve(slice, direction | AccessFlags::ANY_OWNER)?;
    let private = env.body.space.region_at(address).is_none_or(|region| region.purpose.is_private());
    if private && hand_on == HandOn::Shareable {
        return Err(TeeError::BAD_PARAMETERS);
    }
    Ok(Some(memory))
}

fn write_params<P: Platform>(env: &Env<'_, '_, P>, address: u64, params: &Params<P>) -> Result<(), TeeError> {
    for (index, param) in params.iter().enumerate() {
        let at = UteeParams::cell_offset(index);
        let cell = address.checked_add(at as u64).ok_or(TeeError::ACCESS_DENIED)?;
        match param {
            Param::Value { kind, a, b } if kind.is_output() => {
                let mut bytes = [0; 16];
                let (low, high) = bytes.split_at_mut(8);
                low.copy_from_slice(&a.to_le_bytes());
                high.copy_from_slice(&b.to_le_bytes());
                env.write_private(cell, &bytes)?;
            }
            Param::Memref { kind, size, .. } if kind.is_output() => {
                env.write_private(cell.checked_add(8).ok_or(TeeError::ACCESS_DENIED)?, &size.to_le_bytes())?;
            }
            _ => {}
        }
    }
    Ok(())
}
