// SPDX-License-Identifier: BSD-2-Clause
//! RSA (OP-TEE ABI, system calls 39, 40 and 54).

use super::object::{Given, buffer, given};
use super::{Env, state};
use crate::crypto::algorithms::rsa::{self, Oaep, Use};
use crate::crypto::algorithms::{Service, find, numbers};
use crate::crypto::object::{Object, Value};
use crate::limits::{MAX_DERIVATION_INPUT, admit};
use crate::ports::Platform;
use alloc::vec::Vec;
use heapless::Vec as Few;
use utee_abi::crypto::{Algorithm, AlgorithmId, AttributeId as Id, OperationMode};
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use zeroize::Zeroizing;

/// Bytes of heap that a computation with the largest key takes.
pub(super) const WORKSPACE: usize = 32 * 1024;

impl<P: Platform> numbers::Aid for Env<'_, '_, P> {
    fn random(&mut self, out: &mut [u8]) -> Result<(), TeeError> {
        self.call.tee.rng.fill(self.call.platform(), out)
    }

    fn go_on(&mut self) -> Result<(), TeeError> {
        self.breathe()
    }
}

/// Copies what a TA gives, of `longest` bytes at most.
///
/// # Errors
/// `too_long`, OUT_OF_MEMORY, ACCESS_DENIED.
pub(super) fn copied<P: Platform>(
    env: &Env<'_, '_, P>,
    claim: UserSlice,
    longest: usize,
    too_long: TeeError,
) -> Result<Zeroizing<Vec<u8>>, TeeError> {
    let mut bytes = numbers::bytes(usize::try_from(claim.len()).ok().filter(|len| *len <= longest).ok_or(too_long)?)?;
    env.read_any(claim, &mut bytes)?;
    Ok(bytes)
}

/// The key of a state.
///
/// # Errors
/// BAD_PARAMETERS for a key without attributes.
pub(super) fn key<'e, P: Platform>(env: &'e Env<'_, '_, P>, key: u32) -> Result<&'e Object, TeeError> {
    env.body.objects.get(key).filter(|object| object.is_initialised()).ok_or(TeeError::BAD_PARAMETERS)
}

/// The length of the salt of PSS, if there is none the digest's.
fn salt(given: &Given, digest: u64) -> Result<usize, TeeError> {
    let asked = given.iter().find(|attribute| attribute.id == Id::RSA_PSS_SALT_LENGTH).map(|attribute| attribute.a);
    usize::try_from(asked.unwrap_or(digest)).map_err(|_| TeeError::BAD_PARAMETERS)
}

/// Encrypts, decrypts or signs: state, attributes, their number, data, its length, buffer, cell of its length.
///
/// # Errors
/// BAD_PARAMETERS for a key without attributes, data of a wrong length or that is no encrypted message; GENERIC for a key whose numbers do not
/// go together; SHORT_BUFFER with the length that is needed; NOT_SUPPORTED for a digest that there is not; OUT_OF_MEMORY, ACCESS_DENIED;
/// TARGET_DEAD when the TA's time is over meanwhile.
pub(super) fn operate<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs, how: Use) -> Result<(), TeeError> {
    let state = state::get(env, a.u32(0))?;
    let (mode, handle) = (state.mode, state.keys[0]);
    admit(env.call.platform(), WORKSPACE)?;
    let given = given(env, a.addr(1), a.u32(2))?;
    let claim = env.input(a.slice(3, 4))?;
    let result = match mode {
        OperationMode::Encrypt => {
            let key = key(env, handle)?.rsa_public()?;
            // What is encrypted is as long as the modulus, but for numbers as they are, which have no leading zeros.
            if how != Use::Raw {
                env.output(a.addr(5), a.addr(6), key.bytes() as u64)?;
            }
            let data = copied(env, claim, key.bytes(), TeeError::BAD_PARAMETERS)?;
            let (label, mask) = oaep(env, how, &given)?;
            key.encrypt(how, &data, &Oaep { label: &label, mask }, env)?
        }
        OperationMode::Decrypt => {
            let key = key(env, handle)?.rsa_private()?;
            let data = copied(env, claim, key.public().bytes(), TeeError::BAD_PARAMETERS)?;
            let (label, mask) = oaep(env, how, &given)?;
            key.decrypt(how, &data, &Oaep { label: &label, mask }, env)?
        }
        OperationMode::Sign => {
            let key = key(env, handle)?.rsa_private()?;
            let data = copied(env, claim, key.public().bytes(), TeeError::BAD_PARAMETERS)?;
            env.output(a.addr(5), a.addr(6), key.public().bytes() as u64)?;
            key.sign(how, &data, salt(&given, claim.len())?, env)?
        }
        _ => return Err(TeeError::BAD_STATE),
    };
    let zeros = if how == Use::Raw { result.iter().take_while(|byte| **byte == 0).count().min(result.len().saturating_sub(1)) } else { 0 };
    let result = result.get(zeros..).unwrap_or_default();
    let out = env.output(a.addr(5), a.addr(6), result.len() as u64)?;
    env.write_any(out, result)?;
    env.set_room(a.addr(6), result.len() as u64)
}

/// Verifies: state, attributes, their number, digest, its length, signature, its length.
///
/// # Errors
/// SIGNATURE_INVALID; BAD_STATE for a state that does not verify; BAD_PARAMETERS for a key without attributes or a digest of another
/// length than the algorithm's; OUT_OF_MEMORY, ACCESS_DENIED.
pub(super) fn verify<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs, how: Use) -> Result<(), TeeError> {
    let state = state::get(env, a.u32(0))?;
    let (mode, handle) = (state.mode, state.keys[0]);
    if mode != OperationMode::Verify {
        return Err(TeeError::BAD_STATE);
    }
    admit(env.call.platform(), WORKSPACE)?;
    let given = given(env, a.addr(1), a.u32(2))?;
    let (claim, sent) = (env.input(a.slice(3, 4))?, env.input(a.slice(5, 6))?);
    let key = key(env, handle)?.rsa_public()?;
    let digest = copied(env, claim, key.bytes(), TeeError::BAD_PARAMETERS)?;
    let signature = copied(env, sent, key.bytes(), TeeError::SIGNATURE_INVALID)?;
    key.verify(how, &digest, &signature, salt(&given, claim.len())?, env)
}

/// Label and digest of the mask of OAEP.
fn oaep<P: Platform>(env: &Env<'_, '_, P>, how: Use, given: &Given) -> Result<(Zeroizing<Vec<u8>>, Option<Algorithm>), TeeError> {
    let (mut label, mut mask) = (Zeroizing::new(Vec::new()), None);
    if !matches!(how, Use::Oaep(_)) {
        return Ok((label, mask));
    }
    for attribute in given {
        match attribute.id {
            Id::RSA_OAEP_LABEL => label = buffer(env, attribute, MAX_DERIVATION_INPUT, TeeError::BAD_PARAMETERS)?,
            Id::RSA_OAEP_MGF_HASH => {
                let id = buffer(env, attribute, size_of::<u32>(), TeeError::BAD_PARAMETERS)?;
                let id = id.as_slice().try_into().map(u32::from_le_bytes).map_err(|_| TeeError::BAD_PARAMETERS)?;
                mask = match find(AlgorithmId::from_raw(id)) {
                    Some(Service::Digest(algorithm)) if algorithm.size().is_some() => Some(algorithm),
                    _ => return Err(TeeError::NOT_SUPPORTED),
                };
            }
            _ => {}
        }
    }
    Ok((label, mask))
}

/// Generates a key pair: object, bits, attributes, their number.
///
/// # Errors
/// Those of [`Object::plan_numbers`]; BAD_PARAMETERS for an exponent that is not odd, or not from 65537 to 2^256; OUT_OF_MEMORY, ACCESS_DENIED;
/// TARGET_DEAD when the TA's time is over meanwhile.
pub(super) fn generate<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = a.u32(0);
    let given = given(env, a.addr(2), a.u32(3))?;
    env.body.objects.get(handle).ok_or(TeeError::BAD_STATE)?.plan_numbers(a.u32(1), &given)?;
    admit(env.call.platform(), WORKSPACE)?;
    let exponent = match given.first() {
        Some(attribute) => rsa::exponent(&buffer(env, attribute, 512, TeeError::BAD_PARAMETERS)?)?,
        None => rsa::exponent(&rsa::EXPONENT)?,
    };
    let bits = usize::try_from(a.u32(1)).map_err(|_| TeeError::NOT_SUPPORTED)?;
    let parts = rsa::generate(bits, &exponent, env)?;
    let ids = [Id::RSA_MODULUS, Id::RSA_PUBLIC_EXPONENT, Id::RSA_PRIVATE_EXPONENT, Id::RSA_PRIME1, Id::RSA_PRIME2];
    let ids = ids.into_iter().chain([Id::RSA_EXPONENT1, Id::RSA_EXPONENT2, Id::RSA_COEFFICIENT]);
    let values: Few<(Id, Value), 8> = ids.zip(parts.into_iter().map(Value::Bytes)).collect();
    env.body.objects.get_mut(handle).ok_or(TeeError::BAD_STATE)?.populate(&values)
}
