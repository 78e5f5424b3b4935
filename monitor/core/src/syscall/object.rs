// SPDX-License-Identifier: BSD-2-Clause
//! Objects and their attributes (OP-TEE ABI, system calls 24 to 31 and 54).

use super::{Env, curves, discrete, rsa, storage};
use crate::crypto::algorithms::edwards;
use crate::crypto::object::{Object, Value, is_ecc};
use crate::limits::{MAX_ATTRIBUTES, admit};
use crate::ports::Platform;
use alloc::vec::Vec;
use heapless::Vec as Few;
use utee_abi::crypto::{AttributeId, ObjectType, UteeAttribute, UteeObjectInfo};
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use zeroize::Zeroizing;

/// Attributes that a TA gives: at most [`MAX_ATTRIBUTES`].
pub type Given = Few<UteeAttribute, MAX_ATTRIBUTES>;

/// Copies the attributes of a call, whose buffers are still claims.
///
/// # Errors
/// BAD_PARAMETERS for too many, ACCESS_DENIED.
pub fn given<P: Platform>(env: &Env<'_, '_, P>, address: u64, count: u32) -> Result<Given, TeeError> {
    let mut given = Given::new();
    let mut at = address;
    if count as usize > MAX_ATTRIBUTES {
        return Err(TeeError::BAD_PARAMETERS);
    }
    for _ in 0..count {
        let mut bytes = [0; UteeAttribute::SIZE];
        let slice = UserSlice::new(at, bytes.len() as u64).ok_or(TeeError::ACCESS_DENIED)?;
        env.read_any(slice, &mut bytes)?;
        at = slice.end();
        given.push(UteeAttribute::read(&bytes).ok_or(TeeError::GENERIC)?).map_err(|_| TeeError::BAD_PARAMETERS)?;
    }
    Ok(given)
}

/// Copies the buffer of an attribute.
///
/// # Errors
/// `too_long` for more than `longest` bytes; BAD_PARAMETERS, ACCESS_DENIED, OUT_OF_MEMORY.
pub fn buffer<P: Platform>(
    env: &Env<'_, '_, P>,
    attribute: &UteeAttribute,
    longest: usize,
    too_long: TeeError,
) -> Result<Zeroizing<Vec<u8>>, TeeError> {
    let claim = env.input(UserSlice::new(attribute.a, attribute.b))?;
    let len = usize::try_from(claim.len()).ok().filter(|len| *len <= longest).ok_or(too_long)?;
    admit(env.call.platform(), len)?;
    let mut bytes = Zeroizing::new(Vec::new());
    bytes.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    bytes.resize(len, 0);
    env.read_any(claim, &mut bytes)?;
    Ok(bytes)
}

/// The object of a handle.
///
/// # Errors
/// BAD_STATE.
pub fn get<'e, P: Platform>(env: &'e mut Env<'_, '_, P>, handle: u32) -> Result<&'e mut Object, TeeError> {
    env.body.objects.get_mut(handle).ok_or(TeeError::BAD_STATE)
}

/// Allocates an object of a type and a largest size in bits.
///
/// # Errors
/// NOT_SUPPORTED for a type or size that there is not; OUT_OF_MEMORY, ACCESS_DENIED.
pub fn alloc<P: Platform>(env: &mut Env<'_, '_, P>, id: u32, max_bits: u32, cell: u64) -> Result<(), TeeError> {
    admit(env.call.platform(), size_of::<Object>())?;
    let handle = env.body.objects.insert(Object::new(ObjectType::from_raw(id), max_bits)?)?;
    env.put_u32(cell, handle).inspect_err(|_| {
        // The TA cannot know the handle, so nothing else would free it.
        let _ = env.body.objects.remove(handle);
    })
}

/// Closes an object.
///
/// # Errors
/// BAD_STATE for an unknown one, ITEM_NOT_FOUND while it is a key of a state.
pub fn close<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    if get(env, handle)?.is_busy {
        return Err(TeeError::ITEM_NOT_FOUND);
    }
    env.body.objects.remove(handle).map(drop).ok_or(TeeError::BAD_STATE)
}

/// Writes what there is to know of an object.
///
/// # Errors
/// BAD_STATE, ACCESS_DENIED.
pub fn get_info<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, address: u64) -> Result<(), TeeError> {
    storage::refresh(env, handle);
    let object = env.body.objects.get(handle).ok_or(TeeError::BAD_STATE)?;
    let info = UteeObjectInfo { data_size: storage::data_size(env, object)?, ..object.info() };
    env.write_private(address, &info.to_bytes())
}

/// Takes away from what an object may be used for.
///
/// # Errors
/// BAD_STATE; for a persistent one as [`storage::restrict_usage`].
pub fn restrict_usage<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, usage: u32) -> Result<(), TeeError> {
    let object = get(env, handle)?;
    if object.persistent().is_some() {
        return storage::restrict_usage(env, handle, usage);
    }
    object.restrict_usage(usage);
    Ok(())
}

/// Wipes the attributes of a transient object.
///
/// # Errors
/// BAD_STATE; BAD_PARAMETERS for a persistent one.
pub fn reset<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    let object = get(env, handle)?;
    if object.persistent().is_some() {
        return Err(TeeError::BAD_PARAMETERS);
    }
    object.reset();
    Ok(())
}

/// Writes an attribute: object, attribute, buffer, cell of its length. A value is two words.
///
/// # Errors
/// ITEM_NOT_FOUND for an unknown object or attribute; BAD_PARAMETERS for an object without attributes or a secret that may not be taken
/// out; SHORT_BUFFER with the length that is needed; ACCESS_DENIED.
pub fn get_attribute<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let (address, cell) = (a.addr(2), a.addr(3));
    storage::refresh(env, a.u32(0));
    let object = env.body.objects.get(a.u32(0)).ok_or(TeeError::ITEM_NOT_FOUND)?;
    let words;
    let bytes = match object.readable(AttributeId::from_raw(a.u32(1)))? {
        Value::Bytes(bytes) => bytes.as_slice(),
        Value::Number(number) => {
            words = u64::from(*number).to_le_bytes();
            words.as_slice()
        }
    };
    let len = bytes.len() as u64;
    let out = env.output(address, cell, len)?;
    env.write_any(out, bytes)?;
    env.set_room(cell, len)
}

/// Gives an object its attributes: object, attributes, their number.
///
/// # Errors
/// Those of [`Object::populate`]; ACCESS_DENIED.
pub fn populate<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = a.u32(0);
    if get(env, handle)?.is_initialised() {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let mut values: Few<(AttributeId, Value), MAX_ATTRIBUTES> = Few::new();
    for attribute in &given(env, a.addr(1), a.u32(2))? {
        let value = if attribute.id.is_value() {
            Value::Number(u32::try_from(attribute.a).map_err(|_| TeeError::BAD_PARAMETERS)?)
        } else {
            let longest = usize::try_from(get(env, handle)?.longest(attribute.id)).unwrap_or(0);
            Value::Bytes(buffer(env, attribute, longest, TeeError::SECURITY)?)
        };
        values.push((attribute.id, value)).map_err(|_| TeeError::BAD_PARAMETERS)?;
    }
    get(env, handle)?.populate(&values)
}

/// Copies the attributes of object `source` to `target`.
///
/// # Errors
/// BAD_STATE for unknown handles; BAD_PARAMETERS when they do not go together; OUT_OF_MEMORY.
pub fn copy<P: Platform>(env: &mut Env<'_, '_, P>, target: u32, source: u32) -> Result<(), TeeError> {
    storage::refresh(env, source);
    get(env, source)?;
    if target == source {
        return Err(TeeError::BAD_PARAMETERS);
    }
    // Apart from the table for the time of the copy, so that both can be had.
    let mut object = core::mem::replace(get(env, target)?, Object::new(ObjectType::DATA, 0)?);
    let result = env.body.objects.get(source).ok_or(TeeError::BAD_STATE).and_then(|source| object.copy_from(source));
    *get(env, target)? = object;
    result
}

/// Generates a key: object, bits, attributes, their number.
///
/// # Errors
/// BAD_STATE when the object has attributes; NOT_SUPPORTED for a size that it cannot have; ITEM_NOT_FOUND for attributes that are of
/// no use; ACCESS_DENIED, OUT_OF_MEMORY.
pub fn generate<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = a.u32(0);
    match get(env, handle)?.id() {
        ObjectType::RSA_KEYPAIR => return rsa::generate(env, a),
        ObjectType::DSA_KEYPAIR | ObjectType::DH_KEYPAIR => return discrete::generate(env, a),
        id if is_ecc(id) || edwards::Use::of_key(id).is_some() => return curves::generate(env, a),
        _ => {}
    }
    let len = get(env, handle)?.plan_secret(a.u32(1))?;
    if !given(env, a.addr(2), a.u32(3))?.is_empty() {
        return Err(TeeError::ITEM_NOT_FOUND);
    }
    let mut secret = Zeroizing::new(Vec::new());
    secret.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    secret.resize(len, 0);
    env.call.tee.rng.fill(env.call.platform(), &mut secret)?;
    get(env, handle)?.set_secret(secret)
}
