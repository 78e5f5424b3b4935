// SPDX-License-Identifier: BSD-2-Clause
//! Authenticated encryption (OP-TEE ABI, system calls 34 to 38).

use super::{Env, state};
use crate::crypto::algorithms::Service;
use crate::crypto::algorithms::ae::{Ae, MAX_NONCE, MAX_TAG, Start};
use crate::crypto::state::Running;
use crate::limits::admit;
use crate::ports::Platform;
use alloc::boxed::Box;
use utee_abi::access::AccessFlags;
use utee_abi::crypto::OperationMode;
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

/// Starts: state, nonce, its length, bytes of the tag, of additional data and of payload.
///
/// # Errors
/// NOT_SUPPORTED for a tag of such a length; BAD_PARAMETERS for a nonce of a wrong length or a key without attributes; ACCESS_DENIED.
pub fn init<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = a.u32(0);
    let state = state::get(env, handle)?;
    let (service, keys, decrypts) = (state.service, state.keys, state.mode == OperationMode::Decrypt);
    let Service::Ae(kind, scheme) = service else { return Err(TeeError::BAD_STATE) };
    admit(env.call.platform(), size_of::<Ae>())?;
    let claim = env.input(a.slice(1, 2))?;
    let mut nonce = [0; MAX_NONCE];
    let nonce = usize::try_from(claim.len()).ok().and_then(|len| nonce.get_mut(..len)).ok_or(TeeError::BAD_PARAMETERS)?;
    env.read_any(claim, nonce)?;
    let tag_len = usize::try_from(a.addr(3)).map_err(|_| TeeError::NOT_SUPPORTED)?;
    let [key, _] = state::secrets(env, keys)?;
    let key = key.ok_or(TeeError::BAD_PARAMETERS)?;
    let start = Start { nonce, tag_len, aad_len: a.addr(4), payload_len: a.addr(5) };
    let ae = Ae::new(env.call.platform().engine(), kind, scheme, decrypts, &key, &start)?;
    state::set(env, handle, Running::Ae(Box::new(ae)))
}

/// Takes in additional data.
///
/// # Errors
/// BAD_STATE before init or once there was payload; BAD_PARAMETERS for more than there may be; ACCESS_DENIED.
pub fn update_aad<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, data: Option<UserSlice>) -> Result<(), TeeError> {
    state::with(env, handle, |env, running| {
        let Running::Ae(ae) = running else { return Err(TeeError::BAD_STATE) };
        let data = env.input(data)?;
        ae.admits_aad(data.len())?;
        env.feed(data, |bytes| {
            ae.aad(bytes);
            Ok(())
        })
    })
}

/// Works on payload: state, data, length, buffer, cell of its length.
///
/// # Errors
/// BAD_STATE before init, BAD_PARAMETERS for more than there may be; SHORT_BUFFER with the length that is needed; ACCESS_DENIED.
pub fn update_payload<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    state::with(env, a.u32(0), |env, running| {
        let Running::Ae(ae) = running else { return Err(TeeError::BAD_STATE) };
        payload(env, ae, a).map(|_| ())
    })
}

/// Checks and works on payload; where the result stands.
fn payload<P: Platform>(env: &Env<'_, '_, P>, ae: &mut Ae, a: &SyscallArgs) -> Result<UserSlice, TeeError> {
    let (data, out) = claims(env, ae, a)?;
    env.transform(data, out, |bytes| {
        ae.payload(bytes);
        Ok(())
    })?;
    env.set_room(a.addr(4), data.len())?;
    Ok(out)
}

fn claims<P: Platform>(env: &Env<'_, '_, P>, ae: &Ae, a: &SyscallArgs) -> Result<(UserSlice, UserSlice), TeeError> {
    let data = env.input(a.slice(1, 2))?;
    ae.admits_payload(data.len())?;
    Ok((data, env.output(a.addr(3), a.addr(4), data.len())?))
}

/// Encrypts the last payload and writes the tag: state, data, length, buffer, cell of its length, buffer of the tag, cell of its length.
///
/// # Errors
/// As [`update_payload`]; BAD_STATE when less came than was said at the start.
pub fn finish_encryption<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    state::with(env, a.u32(0), |env, running| {
        let Running::Ae(ae) = running else { return Err(TeeError::BAD_STATE) };
        if ae.decrypts() {
            return Err(TeeError::BAD_STATE);
        }
        claims(env, ae, a)?;
        let len = ae.tag_len();
        let to = env.output(a.addr(5), a.addr(6), len as u64)?;
        payload(env, ae, a)?;
        let tag = ae.tag()?;
        *running = Running::Nothing;
        env.write_any(to, tag.get(..len).ok_or(TeeError::GENERIC)?)?;
        env.set_room(a.addr(6), len as u64)
    })
}

/// Decrypts the last payload and compares the tag: state, data, length, buffer, cell of its length, tag, its length.
///
/// # Errors
/// As [`update_payload`]; MAC_INVALID, and what this call has written is wiped.
pub fn finish_decryption<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    state::with(env, a.u32(0), |env, running| {
        let Running::Ae(ae) = running else { return Err(TeeError::BAD_STATE) };
        if !ae.decrypts() {
            return Err(TeeError::BAD_STATE);
        }
        let claim = env.input(a.slice(5, 6))?;
        let mut tag = [0; MAX_TAG];
        let tag = usize::try_from(claim.len()).ok().and_then(|len| tag.get_mut(..len)).ok_or(TeeError::MAC_INVALID)?;
        env.read_any(claim, tag)?;
        let out = payload(env, ae, a)?;
        let result = ae.verify(tag);
        if result != Err(TeeError::BAD_STATE) {
            *running = Running::Nothing;
        }
        if result.is_err() {
            wipe(env, out)?;
        }
        result
    })
}

fn wipe<P: Platform>(env: &Env<'_, '_, P>, out: UserSlice) -> Result<(), TeeError> {
    let zeros = [0; 64];
    for part in out.parts(zeros.len() as u64) {
        let Some(zeros) = usize::try_from(part.len()).ok().and_then(|len| zeros.get(..len)) else { break };
        env.body.space.write(env.call.platform(), part, AccessFlags::ANY_OWNER, zeros)?;
    }
    Ok(())
}
