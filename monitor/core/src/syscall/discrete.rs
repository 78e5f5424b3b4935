// SPDX-License-Identifier: BSD-2-Clause
//! DSA and Diffie-Hellman (OP-TEE ABI, system calls 32, 39, 40 and 54).

use super::object::{buffer, given};
use super::rsa::{WORKSPACE, copied, key};
use super::{Env, derive, state};
use crate::crypto::algorithms::digest::MAX_DIGEST;
use crate::crypto::algorithms::numbers::to_bytes;
use crate::crypto::algorithms::{dh, dsa};
use crate::crypto::object::Value;
use crate::limits::{MAX_ATTRIBUTES, admit};
use crate::ports::Platform;
use heapless::Vec as Few;
use modular::Number;
use utee_abi::crypto::{Algorithm, AttributeId as Id, ObjectType, OperationMode};
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Whether what is signed is as long as a digest of the algorithm, or as the order of the group when that is shorter.
fn fits(algorithm: Algorithm, domain: &dsa::Domain, digest: &[u8]) -> Result<(), TeeError> {
    let whole = algorithm.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    if digest.len() == whole || digest.len() == whole.min(domain.order_bytes()) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
}

/// Signs by DSA: state, attributes, their number, digest, its length, buffer, cell of its length. No attributes are of use here.
///
/// # Errors
/// BAD_STATE for a state that does not sign; BAD_PARAMETERS for a key without attributes or a digest of a wrong length; SHORT_BUFFER with
/// the length that is needed; OUT_OF_MEMORY, ACCESS_DENIED; TARGET_DEAD when the TA's time is over meanwhile.
pub(super) fn sign<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs, algorithm: Algorithm) -> Result<(), TeeError> {
    let state = state::get(env, a.u32(0))?;
    let (mode, handle) = (state.mode, state.keys[0]);
    if mode != OperationMode::Sign {
        return Err(TeeError::BAD_STATE);
    }
    admit(env.call.platform(), WORKSPACE)?;
    let claim = env.input(a.slice(3, 4))?;
    let object = key(env, handle)?;
    let (domain, private) = (object.dsa_domain()?, Zeroizing::new(object.number(Id::DSA_PRIVATE_VALUE)?.to_vec()));
    let digest = copied(env, claim, MAX_DIGEST, TeeError::BAD_PARAMETERS)?;
    fits(algorithm, &domain, &digest)?;
    let out = env.output(a.addr(5), a.addr(6), domain.order_bytes().saturating_mul(2) as u64)?;
    let mut fresh = Zeroizing::new([0; dsa::FRESH]);
    env.call.tee.rng.fill(env.call.platform(), fresh.as_mut_slice())?;
    let signature = domain.sign(&private, algorithm, &digest, fresh.as_slice(), env)?;
    env.write_any(out, &signature)?;
    env.set_room(a.addr(6), signature.len() as u64)
}

/// Verifies by DSA: state, attributes, their number, digest, its length, signature, its length.
///
/// # Errors
/// SIGNATURE_INVALID; BAD_STATE for a state that does not verify; BAD_PARAMETERS for a key without attributes or a digest of a wrong
/// length; OUT_OF_MEMORY, ACCESS_DENIED.
pub(super) fn verify<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs, algorithm: Algorithm) -> Result<(), TeeError> {
    let state = state::get(env, a.u32(0))?;
    let (mode, handle) = (state.mode, state.keys[0]);
    if mode != OperationMode::Verify {
        return Err(TeeError::BAD_STATE);
    }
    admit(env.call.platform(), WORKSPACE)?;
    let (claim, sent) = (env.input(a.slice(3, 4))?, env.input(a.slice(5, 6))?);
    let object = key(env, handle)?;
    let (domain, public) = (object.dsa_domain()?, object.number(Id::DSA_PUBLIC_VALUE)?.to_vec());
    let digest = copied(env, claim, MAX_DIGEST, TeeError::BAD_PARAMETERS)?;
    fits(algorithm, &domain, &digest)?;
    let signature = copied(env, sent, domain.order_bytes().saturating_mul(2), TeeError::SIGNATURE_INVALID)?;
    domain.verify(&public, &digest, &signature, env)
}

/// Generates a DSA or Diffie-Hellman key pair: object, bits, attributes, their number.
///
/// # Errors
/// Those of [`crate::crypto::object::Object::plan_numbers`]; BAD_PARAMETERS for attributes that make no group, or another size of it; OUT_OF_MEMORY,
/// ACCESS_DENIED; TARGET_DEAD when the TA's time is over meanwhile.
pub(super) fn generate<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = a.u32(0);
    let attributes = given(env, a.addr(2), a.u32(3))?;
    let object = env.body.objects.get(handle).ok_or(TeeError::BAD_STATE)?;
    object.plan_numbers(a.u32(1), &attributes)?;
    let (id, longest) = (object.id(), usize::try_from(object.longest(Id::DH_PRIME).max(object.longest(Id::DSA_PRIME))).unwrap_or(0));
    admit(env.call.platform(), WORKSPACE)?;
    let mut values: Few<(Id, Value), MAX_ATTRIBUTES> = Few::new();
    for attribute in &attributes {
        let value = if attribute.id.is_value() {
            Value::Number(u32::try_from(attribute.a).map_err(|_| TeeError::BAD_PARAMETERS)?)
        } else {
            Value::Bytes(buffer(env, attribute, longest, TeeError::BAD_PARAMETERS)?)
        };
        values.push((attribute.id, value)).map_err(|_| TeeError::GENERIC)?;
    }
    let bytes = |id: Id| match values.iter().find(|(other, _)| *other == id) {
        Some((_, Value::Bytes(bytes))) => Some(bytes.as_slice()),
        _ => None,
    };
    let required = |id: Id| bytes(id).ok_or(TeeError::ITEM_NOT_FOUND);
    let wanted = usize::try_from(a.u32(1)).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let size = |fits: bool| if fits { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) };
    let ((private, public), ids) = if id == ObjectType::DSA_KEYPAIR {
        let domain = dsa::Domain::new(required(Id::DSA_PRIME)?, required(Id::DSA_SUBPRIME)?, required(Id::DSA_BASE)?)?;
        size(domain.bits() == wanted)?;
        (domain.generate(env)?, [Id::DSA_PRIVATE_VALUE, Id::DSA_PUBLIC_VALUE])
    } else {
        let bits = values.iter().find_map(|(id, value)| match value {
            Value::Number(bits) if *id == Id::DH_X_BITS => Some(*bits),
            _ => None,
        });
        let group = dh::Group::new(required(Id::DH_PRIME)?, required(Id::DH_BASE)?, bytes(Id::DH_SUBPRIME), bits.unwrap_or(0))?;
        // Whose first bits are zero, too: the size is that of the bytes.
        size(group.bits() <= wanted && group.bits().div_ceil(8) == wanted.div_ceil(8))?;
        let pair = group.generate(env)?;
        if bits.is_none() {
            values.push((Id::DH_X_BITS, Value::Number(0))).map_err(|_| TeeError::GENERIC)?;
        }
        (pair, [Id::DH_PRIVATE_VALUE, Id::DH_PUBLIC_VALUE])
    };
    let value = |number: &Number| to_bytes(number).map(Value::Bytes);
    for (id, number) in ids.into_iter().zip([&private, &public]) {
        values.push((id, value(number)?)).map_err(|_| TeeError::GENERIC)?;
    }
    env.body.objects.get_mut(handle).ok_or(TeeError::BAD_STATE)?.populate(&values)
}

/// Agrees on a secret with the owner of a public value: exactly that is given.
///
/// # Errors
/// BAD_PARAMETERS for a value that is none of the group or gives nothing secret; those of [`derive::derive`].
pub(super) fn agree<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = state::get(env, a.u32(0))?.keys[0];
    let target = a.u32(3);
    let longest = derive::room(env, target)?;
    admit(env.call.platform(), WORKSPACE)?;
    let given = given(env, a.addr(1), a.u32(2))?;
    let [attribute] = given.as_slice() else { return Err(TeeError::BAD_PARAMETERS) };
    if attribute.id != Id::DH_PUBLIC_VALUE {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let object = key(env, handle)?;
    let (group, private) = (object.dh_group()?, Zeroizing::new(object.number(Id::DH_PRIVATE_VALUE)?.to_vec()));
    let public = buffer(env, attribute, group.bits().div_ceil(8).saturating_add(64), TeeError::BAD_PARAMETERS)?;
    let shared = group.agree(&private, &public, env)?;
    if u32::try_from(shared.len()).map_or(true, |len| len > longest) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    env.body.objects.get_mut(target).ok_or(TeeError::BAD_STATE)?.set_secret(shared)
}
