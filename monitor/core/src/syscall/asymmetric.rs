// SPDX-License-Identifier: BSD-2-Clause
//! Signatures and encryption by public keys (OP-TEE ABI, system calls 39 and 40).

use super::{Env, curves, discrete, rsa, state};
use crate::crypto::algorithms::digest::MAX_DIGEST;
use crate::crypto::algorithms::{Service, ecc};
use crate::ports::Platform;
use utee_abi::crypto::OperationMode;
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use zeroize::Zeroizing;

/// Copies what is signed.
///
/// # Errors
/// BAD_PARAMETERS for more than any digest has; ACCESS_DENIED.
pub fn digest<'d, P: Platform>(env: &Env<'_, '_, P>, claim: UserSlice, digest: &'d mut [u8; MAX_DIGEST]) -> Result<&'d [u8], TeeError> {
    let digest = usize::try_from(claim.len()).ok().and_then(|len| digest.get_mut(..len)).ok_or(TeeError::BAD_PARAMETERS)?;
    env.read_any(claim, digest)?;
    Ok(digest)
}

/// Signs, encrypts or decrypts: state, attributes, their number, digest, its length, buffer, cell of its length. What attributes there
/// may be is up to the algorithm; ECDSA has none.
///
/// # Errors
/// BAD_STATE for a state that does not sign; BAD_PARAMETERS for a key without attributes or a digest that is longer than any;
/// SHORT_BUFFER with the length that is needed; ACCESS_DENIED.
pub fn operate<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let state = state::get(env, a.u32(0))?;
    let (service, mode, [key, _]) = (state.service, state.mode, state.keys);
    match service {
        Service::Rsa(how) => return rsa::operate(env, a, how),
        Service::Dsa(algorithm) => return discrete::sign(env, a, algorithm),
        Service::Edwards(_) | Service::Sm2(_) => return curves::operate(env, a, service, mode, key),
        _ => {}
    }
    let (Service::Ecc(ecc::Use::Sign(_)), OperationMode::Sign) = (service, mode) else { return Err(TeeError::BAD_STATE) };
    let object = env.body.objects.get(key).filter(|object| object.is_initialised()).ok_or(TeeError::BAD_PARAMETERS)?;
    let (curve, secret) = (object.curve()?, object.scalar()?);
    let claim = env.input(a.slice(3, 4))?;
    let len = curve.size().saturating_mul(2);
    let out = env.output(a.addr(5), a.addr(6), len as u64)?;
    let mut bytes = [0; MAX_DIGEST];
    let digest = digest(env, claim, &mut bytes)?;
    let mut fresh = Zeroizing::new([0; ecc::FRESH]);
    env.call.tee.rng.fill(env.call.platform(), fresh.as_mut_slice())?;
    let mut signature = [0; 2 * ecc::MAX_SCALAR];
    ecc::sign(curve, secret, digest, fresh.as_slice(), &mut signature)?;
    env.write_any(out, signature.get(..len).ok_or(TeeError::GENERIC)?)?;
    env.set_room(a.addr(6), len as u64)
}

/// Verifies: state, attributes, their number, digest, its length, signature, its length.
///
/// # Errors
/// SIGNATURE_INVALID; BAD_STATE for a state that does not verify; BAD_PARAMETERS for a key without attributes, a digest that is longer
/// than any, or for other algorithms than ECDSA of another length than theirs; ACCESS_DENIED.
pub fn verify<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let state = state::get(env, a.u32(0))?;
    let (service, mode, [key, _]) = (state.service, state.mode, state.keys);
    match service {
        Service::Rsa(how) => return rsa::verify(env, a, how),
        Service::Dsa(algorithm) => return discrete::verify(env, a, algorithm),
        Service::Edwards(_) | Service::Sm2(_) => return curves::verify(env, a, service, mode, key),
        _ => {}
    }
    let (Service::Ecc(ecc::Use::Sign(_)), OperationMode::Verify) = (service, mode) else { return Err(TeeError::BAD_STATE) };
    let object = env.body.objects.get(key).filter(|object| object.is_initialised()).ok_or(TeeError::BAD_PARAMETERS)?;
    let (curve, (x, y)) = (object.curve()?, object.point()?);
    let (claim, sent) = (env.input(a.slice(3, 4))?, env.input(a.slice(5, 6))?);
    // Of any length, as it was signed: OP-TEE's PKCS#11 TA chooses the algorithm by the curve, not by the digest.
    let mut bytes = [0; MAX_DIGEST];
    let digest = digest(env, claim, &mut bytes)?;
    let mut signature = [0; 2 * ecc::MAX_SCALAR];
    let signature = usize::try_from(sent.len()).ok().and_then(|len| signature.get_mut(..len)).ok_or(TeeError::SIGNATURE_INVALID)?;
    env.read_any(sent, signature)?;
    ecc::verify(curve, x, y, digest, signature)
}
