// SPDX-License-Identifier: BSD-2-Clause
//! Derivation of keys (OP-TEE ABI, system call 32 and derivation parameters).

use super::object::{Given, buffer, given};
use super::{Env, curves, discrete, state};
use crate::crypto::algorithms::kdf::{self, Derivation};
use crate::crypto::algorithms::{Service, ecc, find, sm2};
use crate::limits::{MAX_DERIVATION_INPUT, admit};
use crate::ports::Platform;
use alloc::vec::Vec;
use utee_abi::crypto::{Algorithm, AlgorithmId, AttributeId as Id, UteeAttribute};
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Derives a key: state, attributes, their number, object that becomes the key.
///
/// # Errors
/// BAD_PARAMETERS for attributes that are missing or of no use, a key without attributes, a result that the object does not take;
/// TARGET_DEAD when the TA's time is over meanwhile; NOT_SUPPORTED for a state that does not derive, or an object whose type is not a plain secret; BAD_STATE for no object.
pub fn derive<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let target = a.u32(3);
    let state = state::get(env, a.u32(0))?;
    let (service, keys) = (state.service, state.keys);
    let derivation = match service {
        Service::Derivation(derivation) => derivation,
        Service::Ecc(ecc::Use::Agree) => return agree(env, a, keys),
        Service::Dh => return discrete::agree(env, a),
        Service::Edwards(of) if !of.signs() => return curves::agree(env, a, of, keys),
        Service::Sm2(sm2::Use::Exchange) => return curves::exchange(env, a, keys),
        _ => return Err(TeeError::NOT_SUPPORTED),
    };
    let longest = room(env, target)?;
    let given = given(env, a.addr(1), a.u32(2))?;
    let [secret, _] = state::secrets(env, keys)?;
    let secret = secret.ok_or(TeeError::BAD_PARAMETERS)?;
    let inputs = Inputs::read(env, derivation, &given)?;
    let len = inputs.len.filter(|len| *len > 0 && *len <= longest).ok_or(TeeError::BAD_PARAMETERS)?;
    let len = usize::try_from(len).map_err(|_| TeeError::BAD_PARAMETERS)?;
    admit(env.call.platform(), len)?;
    let mut out = Zeroizing::new(Vec::new());
    out.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    out.resize(len, 0);
    match derivation {
        Derivation::Hkdf(digest) => {
            let digest = digest.or(inputs.digest).unwrap_or(Algorithm::Sha256);
            kdf::hkdf(digest, &secret, &inputs.salt, &inputs.info, &mut out)?;
        }
        Derivation::Concat(digest) => kdf::concat(digest, &secret, &inputs.info, &mut out)?,
        Derivation::Pbkdf2(digest) => {
            let iterations = inputs.iterations.ok_or(TeeError::BAD_PARAMETERS)?;
            kdf::pbkdf2(digest, &secret, &inputs.salt, iterations, &mut out, &mut || env.breathe())?;
        }
    }
    env.body.objects.get_mut(target).ok_or(TeeError::BAD_STATE)?.set_secret(out)
}

/// Bytes of a derived key that an object takes at most.
///
/// # Errors
/// BAD_STATE for no object; NOT_SUPPORTED for one whose type is not a plain secret; BAD_PARAMETERS for one with attributes.
pub(super) fn room<P: Platform>(env: &Env<'_, '_, P>, target: u32) -> Result<u32, TeeError> {
    let object = env.body.objects.get(target).ok_or(TeeError::BAD_STATE)?;
    if !object.takes_derived() {
        return Err(TeeError::NOT_SUPPORTED);
    }
    if object.is_initialised() { Err(TeeError::BAD_PARAMETERS) } else { Ok(object.longest(Id::SECRET_VALUE)) }
}

/// Agrees on a secret with the owner of a point: exactly its two coordinates.
fn agree<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs, keys: [u32; 2]) -> Result<(), TeeError> {
    let target = a.u32(3);
    let longest = room(env, target)?;
    let given = given(env, a.addr(1), a.u32(2))?;
    let [x, y] = given.as_slice() else { return Err(TeeError::BAD_PARAMETERS) };
    if x.id != Id::ECC_PUBLIC_VALUE_X || y.id != Id::ECC_PUBLIC_VALUE_Y {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let x = buffer(env, x, ecc::MAX_SCALAR, TeeError::BAD_PARAMETERS)?;
    let y = buffer(env, y, ecc::MAX_SCALAR, TeeError::BAD_PARAMETERS)?;
    let object = env.body.objects.get(keys[0]).filter(|object| object.is_initialised()).ok_or(TeeError::BAD_PARAMETERS)?;
    let curve = object.curve()?;
    if u32::try_from(curve.size()).is_ok_and(|size| size > longest) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let shared = ecc::agree(curve, object.scalar()?, &x, &y)?;
    let mut out = Zeroizing::new(Vec::new());
    out.try_reserve_exact(curve.size()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    out.extend_from_slice(shared.get(..curve.size()).ok_or(TeeError::GENERIC)?);
    env.body.objects.get_mut(target).ok_or(TeeError::BAD_STATE)?.set_secret(out)
}

/// What the attributes say.
#[derive(Default)]
struct Inputs {
    salt: Zeroizing<Vec<u8>>,
    info: Zeroizing<Vec<u8>>,
    len: Option<u32>,
    iterations: Option<u32>,
    digest: Option<Algorithm>,
}

impl Inputs {
    fn read<P: Platform>(env: &Env<'_, '_, P>, derivation: Derivation, given: &Given) -> Result<Self, TeeError> {
        let mut inputs = Self::default();
        let bytes = |attribute: &UteeAttribute| buffer(env, attribute, MAX_DERIVATION_INPUT, TeeError::OUT_OF_MEMORY);
        for attribute in given {
            let number = u32::try_from(attribute.a).map_err(|_| TeeError::BAD_PARAMETERS);
            match (derivation, attribute.id) {
                (Derivation::Hkdf(_), Id::HKDF_SALT | Id::OPTEE_HKDF_SALT) | (Derivation::Pbkdf2(_), Id::PBKDF2_SALT) => {
                    inputs.salt = bytes(attribute)?;
                }
                (Derivation::Hkdf(_), Id::HKDF_INFO | Id::OPTEE_HKDF_INFO) | (Derivation::Concat(_), Id::CONCAT_KDF_OTHER_INFO) => {
                    inputs.info = bytes(attribute)?;
                }
                (Derivation::Hkdf(_), Id::KDF_KEY_SIZE | Id::HKDF_OKM_LENGTH)
                | (Derivation::Concat(_), Id::CONCAT_KDF_DKM_LENGTH)
                | (Derivation::Pbkdf2(_), Id::PBKDF2_DKM_LENGTH) => inputs.len = Some(number?),
                (Derivation::Pbkdf2(_), Id::PBKDF2_ITERATION_COUNT) => inputs.iterations = Some(number?),
                (Derivation::Hkdf(None), Id::HKDF_HASH_ALGORITHM) => inputs.digest = Some(digest(number?)?),
                _ => return Err(TeeError::BAD_PARAMETERS),
            }
        }
        Ok(inputs)
    }
}

/// The digest of an id, which HMAC can be made of.
fn digest(id: u32) -> Result<Algorithm, TeeError> {
    match find(AlgorithmId::from_raw(id)) {
        Some(Service::Digest(Algorithm::Shake128 | Algorithm::Shake256)) | None => Err(TeeError::NOT_SUPPORTED),
        Some(Service::Digest(algorithm)) => Ok(algorithm),
        Some(_) => Err(TeeError::BAD_PARAMETERS),
    }
}
