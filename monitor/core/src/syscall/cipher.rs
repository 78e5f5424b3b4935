// SPDX-License-Identifier: BSD-2-Clause
//! Ciphers (OP-TEE ABI, system calls 21 to 23). That pieces are whole blocks is the TA's library's affair.

use super::{Env, state};
use crate::crypto::algorithms::Service;
use crate::crypto::algorithms::block::MAX_BLOCK;
use crate::crypto::algorithms::cipher::Cipher;
use crate::crypto::state::Running;
use crate::limits::admit;
use crate::ports::Platform;
use alloc::boxed::Box;
use utee_abi::crypto::OperationMode;
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

/// Starts a cipher with the keys that the state's objects have now, and a start value.
///
/// # Errors
/// BAD_PARAMETERS, also for keys without attributes and a start value of a wrong length; ACCESS_DENIED, OUT_OF_MEMORY.
pub fn init<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, iv: Option<UserSlice>) -> Result<(), TeeError> {
    let state = state::get(env, handle)?;
    let (service, keys, decrypts) = (state.service, state.keys, state.mode == OperationMode::Decrypt);
    let Service::Cipher(kind, mode) = service else { return Err(TeeError::BAD_STATE) };
    admit(env.call.platform(), size_of::<Cipher>())?;
    let iv = env.input(iv)?;
    let mut start = [0; MAX_BLOCK];
    let start = usize::try_from(iv.len()).ok().and_then(|len| start.get_mut(..len)).ok_or(TeeError::BAD_PARAMETERS)?;
    env.read_any(iv, start)?;
    let secrets = state::secrets(env, keys)?;
    let keys = secrets.each_ref().map(|key| key.as_ref().map(|key| key.as_slice()));
    let cipher = Cipher::new(env.call.platform().engine(), kind, mode, decrypts, keys, start)?;
    state::set(env, handle, Running::Cipher(Box::new(cipher)))
}

/// Works on a piece: state, data, length, buffer, cell of its length.
///
/// # Errors
/// BAD_STATE before init or for a piece that is not whole blocks; SHORT_BUFFER with the length that is needed; ACCESS_DENIED.
pub fn update<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    run(env, a, false)
}

/// Works on the last piece: as [`update`]. The state is to be started anew after it.
///
/// # Errors
/// As [`update`].
pub fn finish<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    run(env, a, true)
}

fn run<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs, is_last: bool) -> Result<(), TeeError> {
    let (address, cell) = (a.addr(3), a.addr(4));
    state::with(env, a.u32(0), |env, running| {
        let Running::Cipher(cipher) = running else { return Err(TeeError::BAD_STATE) };
        let data = env.input(a.slice(1, 2))?;
        let out = env.output(address, cell, data.len())?;
        if !(if is_last { cipher.ends_with(data.len()) } else { cipher.takes(data.len()) }) {
            return Err(TeeError::BAD_STATE);
        }
        let tail = if is_last { cipher.tail(data.len()) } else { 0 };
        let (body, tail) = split(data, tail)?;
        let (body_out, tail_out) = split(out, tail.len())?;
        env.transform(body, body_out, |bytes| cipher.update(bytes))?;
        if !tail.is_empty() {
            env.transform(tail, tail_out, |bytes| cipher.finish(bytes))?;
        }
        if is_last {
            *running = Running::Nothing;
        }
        env.set_room(cell, data.len())
    })
}

/// All but the last `tail` bytes, and those.
fn split(slice: UserSlice, tail: u64) -> Result<(UserSlice, UserSlice), TeeError> {
    let body = slice.len().checked_sub(tail).ok_or(TeeError::GENERIC)?;
    let parts = UserSlice::new(slice.addr(), body).zip(slice.addr().checked_add(body).and_then(|at| UserSlice::new(at, tail)));
    parts.ok_or(TeeError::ACCESS_DENIED)
}
