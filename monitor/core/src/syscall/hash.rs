// SPDX-License-Identifier: BSD-2-Clause
//! Digests and message authentication codes (OP-TEE ABI, system calls 18 to 20).

use super::{CHUNK, Env, state};
use crate::crypto::algorithms::Service;
use crate::crypto::algorithms::digest::{Digest, MAX_DIGEST};
use crate::crypto::algorithms::mac::Mac;
use crate::crypto::state::Running;
use crate::limits::admit;
use crate::ports::Platform;
use alloc::boxed::Box;
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use zeroize::Zeroize;

/// Starts afresh, a code with the key that the state's object has now.
///
/// # Errors
/// BAD_PARAMETERS, also for a key without attributes; OUT_OF_MEMORY.
pub fn init<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    let state = state::get(env, handle)?;
    let (service, keys) = (state.service, state.keys);
    admit(env.call.platform(), size_of::<Mac>())?;
    let running = match service {
        Service::Digest(algorithm) => Running::Digest(Box::new(Digest::on(env.call.platform().engine(), algorithm))),
        Service::Mac(code) => {
            let [key, _] = state::secrets(env, keys)?;
            Running::Mac(Box::new(Mac::new(env.call.platform().engine(), code, &key.ok_or(TeeError::BAD_PARAMETERS)?)?))
        }
        _ => return Err(TeeError::BAD_PARAMETERS),
    };
    state::set(env, handle, running)
}

fn feed<P: Platform>(env: &Env<'_, '_, P>, running: &mut Running, data: UserSlice) -> Result<(), TeeError> {
    match running {
        Running::Digest(digest) => env.feed(data, |bytes| digest.update(bytes)),
        Running::Mac(mac) => env.feed(data, |bytes| mac.update(bytes)),
        _ => Err(TeeError::BAD_STATE),
    }
}

/// Takes in data.
///
/// # Errors
/// BAD_STATE before init, BAD_PARAMETERS for a NULL pointer with a length, ACCESS_DENIED before anything is taken in.
pub fn update<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, data: Option<UserSlice>) -> Result<(), TeeError> {
    state::with(env, handle, |env, running| {
        if !matches!(running, Running::Digest(_) | Running::Mac(_)) {
            return Err(TeeError::BAD_STATE);
        }
        let data = env.input(data)?;
        feed(env, running, data)
    })
}

/// Takes in the last data and writes the digest or code: state, data, length, buffer, cell of its length. A digest without a length
/// of its own fills the buffer, and may go on.
///
/// # Errors
/// As [`update`]; SHORT_BUFFER with the length that is needed, nothing taken in.
pub fn finish<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let (handle, address, cell) = (a.u32(0), a.addr(3), a.addr(4));
    state::with(env, handle, |env, running| {
        let size = match running {
            Running::Digest(digest) => digest.size(),
            Running::Mac(mac) => Some(mac.size()),
            _ => return Err(TeeError::BAD_STATE),
        };
        let len = match size {
            Some(size) => size as u64,
            None => env.room(cell)?,
        };
        let out = env.output(address, cell, len)?;
        let data = env.input(a.slice(1, 2))?;
        if !data.is_empty() {
            feed(env, running, data)?;
        }
        let result = match running {
            Running::Digest(digest) if size.is_none() => return squeeze(env, digest, out, cell),
            Running::Digest(digest) => {
                let mut result = [0; MAX_DIGEST];
                digest.finish(&mut result);
                Ok(result)
            }
            Running::Mac(mac) => {
                let mut result = [0; MAX_DIGEST];
                mac.finish(&mut result).map(|()| result)
            }
            _ => return Err(TeeError::BAD_STATE),
        };
        *running = Running::Nothing;
        let mut result = result?;
        let written = match result.get(..size.unwrap_or(0)) {
            Some(bytes) => env.write_any(out, bytes),
            None => Err(TeeError::GENERIC),
        };
        result.zeroize();
        written?;
        env.set_room(cell, len)
    })
}

fn squeeze<P: Platform>(env: &Env<'_, '_, P>, digest: &mut Digest, out: UserSlice, cell: u64) -> Result<(), TeeError> {
    let mut bytes = [0; CHUNK];
    for part in out.parts(CHUNK as u64) {
        let Some(bytes) = usize::try_from(part.len()).ok().and_then(|len| bytes.get_mut(..len)) else { break };
        digest.finish(bytes);
        env.write_any(part, bytes)?;
    }
    bytes.zeroize();
    env.set_room(cell, out.len())
}
