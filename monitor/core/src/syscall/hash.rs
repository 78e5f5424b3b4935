// SPDX-License-Identifier: BSD-2-Clause
//! Cryptographic states and digests (OP-TEE ABI, system calls 15 to 20).

use super::Env;
use crate::crypto::digest::{Digest, MAX_DIGEST};
use crate::crypto::state::{Operation, State};
use crate::limits::admit;
use crate::ports::Platform;
use alloc::boxed::Box;
use utee_abi::access::AccessFlags;
use utee_abi::crypto::OperationMode;
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use zeroize::Zeroize;

/// Bytes that are copied from the TA at a time.
const CHUNK: usize = 512;

/// Allocates a state: algorithm, mode, two keys, cell for the handle.
///
/// # Errors
/// NOT_SUPPORTED for an unknown algorithm, BAD_PARAMETERS for keys that it does not take, OUT_OF_MEMORY, ACCESS_DENIED.
pub fn state_alloc<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let (algorithm, mode, key1, key2) = (a.u32(0), a.u32(1), a.u32(2), a.u32(3));
    admit(env.call.platform(), size_of::<Digest>())?;
    let digest = Digest::new(algorithm)?;
    if mode != OperationMode::Digest as u32 || key1 != 0 || key2 != 0 {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let state = State { algorithm, mode, initialised: false, operation: Operation::Digest(Box::new(digest)) };
    let handle = env.body.states.insert(state)?;
    env.put_u32(a.addr(4), handle).inspect_err(|_| {
        // The TA cannot know the handle, so nothing else would free it.
        let _ = env.body.states.remove(handle);
    })
}

/// Copies the state `source` into `target`, of the same algorithm and mode.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn state_copy<P: Platform>(env: &mut Env<'_, '_, P>, target: u32, source: u32) -> Result<(), TeeError> {
    let copy = env.body.states.get(source)?.clone();
    let state = env.body.states.get(target)?;
    if state.algorithm != copy.algorithm || state.mode != copy.mode {
        return Err(TeeError::BAD_PARAMETERS);
    }
    *state = copy;
    Ok(())
}

/// Frees a state.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn state_free<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    env.body.states.remove(handle)
}

/// Starts a digest afresh.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn init<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    let state = env.body.states.get(handle)?;
    let Operation::Digest(digest) = &mut state.operation;
    digest.reset();
    state.initialised = true;
    Ok(())
}

/// Takes in data.
///
/// # Errors
/// BAD_STATE before init, BAD_PARAMETERS for a NULL pointer with a length, ACCESS_DENIED before anything is taken in.
pub fn update<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, data: Option<UserSlice>) -> Result<(), TeeError> {
    let data = data.ok_or(TeeError::ACCESS_DENIED)?;
    if data.addr() == 0 && !data.is_empty() {
        return Err(TeeError::BAD_PARAMETERS);
    }
    if !env.body.states.get(handle)?.initialised {
        return Err(TeeError::BAD_STATE);
    }
    env.body.space.check(data, AccessFlags::READ | AccessFlags::ANY_OWNER)?;
    let mut bytes = [0u8; CHUNK];
    for part in data.parts(CHUNK as u64) {
        let Some(bytes) = usize::try_from(part.len()).ok().and_then(|len| bytes.get_mut(..len)) else { break };
        env.read_any(part, bytes)?;
        let Operation::Digest(digest) = &mut env.body.states.get(handle)?.operation;
        digest.update(bytes);
    }
    bytes.zeroize();
    Ok(())
}

/// Takes in the last data and writes the digest: state, data, length, buffer, cell of its length.
///
/// # Errors
/// As [`update`]; SHORT_BUFFER with the length that is needed, nothing taken in.
pub fn finish<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let (handle, out, cell) = (a.u32(0), a.addr(3), a.addr(4));
    let state = env.body.states.get(handle)?;
    if !state.initialised {
        return Err(TeeError::BAD_STATE);
    }
    let Operation::Digest(digest) = &state.operation;
    let len = digest.size();
    let capacity = u64::from_le_bytes(env.read_private(cell)?);
    if capacity < len as u64 {
        env.write_private(cell, &(len as u64).to_le_bytes())?;
        return Err(TeeError::SHORT_BUFFER);
    }
    let out = UserSlice::new(out, len as u64).ok_or(TeeError::ACCESS_DENIED)?;
    env.body.space.check(out, AccessFlags::WRITE | AccessFlags::ANY_OWNER)?;
    update(env, handle, a.slice(1, 2))?;
    let mut result = [0; MAX_DIGEST];
    let state = env.body.states.get(handle)?;
    let Operation::Digest(digest) = &mut state.operation;
    digest.finish(&mut result);
    state.initialised = false;
    env.write_any(out, result.get(..len).ok_or(TeeError::GENERIC)?)?;
    env.write_private(cell, &(len as u64).to_le_bytes())
}
