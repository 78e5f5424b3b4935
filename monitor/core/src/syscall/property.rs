// SPDX-License-Identifier: BSD-2-Clause
//! Properties that the TEE serves (GlobalPlatform TEE Internal Core API 1.3.1, section 4.7); the rest stand in the TA.

use super::Env;
use crate::crypto::object::Object;
use crate::crypto::{algorithms, huk};
use crate::ports::Platform;
use heapless::Vec;
use sha2::{Digest, Sha256};
use utee_abi::crypto::{AlgorithmId as Id, ObjectType};
use utee_abi::property::{Set, Type, names};
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use utee_abi::uuid::Uuid;

/// Longest value in bytes.
const MAX_VALUE: usize = 64;

/// Longest name that is looked up, NUL included.
const MAX_NAME: u64 = 80;

/// Protection level of system time: a counter that the normal world cannot change.
const SYSTEM_TIME_SECURE: u32 = 1000;

/// Protection level of what the normal world can set back.
const NORMAL_WORLD_CONTROLLED: u32 = 100;

/// What China's commercial cryptography takes.
const OCTA: &[Id] = &[Id::SM2_DSA_SM3, Id::SM2_KEP, Id::SM2_PKE, Id::SM3, Id::SM4_ECB_NOPAD, Id::SM4_CBC_NOPAD, Id::SM4_CTR, Id::HMAC_SM3];

type Value = Vec<u8, MAX_VALUE>;

fn set_names(set: Set) -> &'static [&'static str] {
    match set {
        Set::Client => names::CLIENT,
        Set::Ta => names::TA,
        Set::Implementation => names::IMPLEMENTATION,
    }
}

fn set_of(a: &SyscallArgs) -> Result<Set, TeeError> {
    Set::try_from(a.u32(0)).map_err(|_| TeeError::ITEM_NOT_FOUND)
}

/// Gives a property by index: set, index, name, cell of its size, buffer, cell of its size, cell for the type.
///
/// # Errors
/// ITEM_NOT_FOUND past the end, SHORT_BUFFER with the size that is needed, ACCESS_DENIED.
pub fn get<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let set = set_of(a)?;
    let index = usize::try_from(a.u32(1)).map_err(|_| TeeError::ITEM_NOT_FOUND)?;
    let name = set_names(set).get(index).ok_or(TeeError::ITEM_NOT_FOUND)?;
    let (kind, value) = value(env, name)?;
    if a.addr(6) != 0 {
        env.put_u32(a.addr(6), kind.into())?;
    }
    // A buffer without a length cell cannot be bounded, so it is refused rather than trusted.
    let mut short = copy_out(env, a.addr(2), a.addr(3), &[name.as_bytes(), &[0]])?;
    short |= copy_out(env, a.addr(4), a.addr(5), &[&value, &[]])?;
    if short { Err(TeeError::SHORT_BUFFER) } else { Ok(()) }
}

/// Finds the index of a name: set, name, its length with the NUL, cell for the index.
///
/// # Errors
/// ITEM_NOT_FOUND, BAD_PARAMETERS for no name, ACCESS_DENIED.
pub fn name_to_index<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let set = set_of(a)?;
    if a.addr(1) == 0 || a.addr(2) == 0 {
        return Err(TeeError::BAD_PARAMETERS);
    }
    if a.addr(2) > MAX_NAME {
        return Err(TeeError::ITEM_NOT_FOUND);
    }
    let mut bytes = [0; MAX_NAME as usize];
    let slice = a.slice(1, 2).ok_or(TeeError::ACCESS_DENIED)?;
    let len = usize::try_from(slice.len()).map_err(|_| TeeError::ITEM_NOT_FOUND)?;
    let text = bytes.get_mut(..len).ok_or(TeeError::ITEM_NOT_FOUND)?;
    env.read_any(slice, text)?;
    let wanted = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let index = set_names(set).iter().position(|name| name.as_bytes() == wanted).ok_or(TeeError::ITEM_NOT_FOUND)?;
    env.put_u32(a.addr(3), u32::try_from(index).map_err(|_| TeeError::ITEM_NOT_FOUND)?)
}

/// Writes to a buffer whose size stands in a cell, and the size to the cell; true when the buffer is too short.
fn copy_out<P: Platform>(env: &Env<'_, '_, P>, buffer: u64, cell: u64, parts: &[&[u8]; 2]) -> Result<bool, TeeError> {
    if cell == 0 {
        return if buffer == 0 { Ok(false) } else { Err(TeeError::BAD_PARAMETERS) };
    }
    let capacity = u64::from(u32::from_le_bytes(env.read_private(cell)?));
    let [first, second] = *parts;
    let len = (first.len() as u64).saturating_add(second.len() as u64);
    env.put_u32(cell, u32::try_from(len).map_err(|_| TeeError::GENERIC)?)?;
    if buffer == 0 || capacity < len {
        return Ok(buffer != 0);
    }
    let slice = UserSlice::new(buffer, first.len() as u64).ok_or(TeeError::ACCESS_DENIED)?;
    env.write_any(slice, first)?;
    let rest = UserSlice::new(slice.end(), second.len() as u64).ok_or(TeeError::ACCESS_DENIED)?;
    env.write_any(rest, second)?;
    Ok(false)
}

fn value<P: Platform>(env: &Env<'_, '_, P>, name: &str) -> Result<(Type, Value), TeeError> {
    let client = &env.session.client;
    Ok(match name {
        "gpd.client.identity" => {
            let mut value = bytes(&u32::from(client.login).to_le_bytes());
            value.extend_from_slice(&client.uuid.to_memory()).map_err(|_| TeeError::GENERIC)?;
            (Type::Identity, value)
        }
        "gpd.client.endian" => number(0),
        "gpd.ta.appID" => (Type::Uuid, bytes(&env.instance.uuid.to_memory())),
        "gpd.tee.apiversion" => string("GPD-1.1-dev"),
        "gpd.tee.description" => string("Oxtee"),
        "gpd.tee.deviceID" => (Type::Uuid, bytes(&device_id(env.call.platform())?.to_memory())),
        "gpd.tee.systemTime.protectionLevel" => number(SYSTEM_TIME_SECURE),
        "gpd.tee.TAPersistentTime.protectionLevel" => number(NORMAL_WORLD_CONTROLLED),
        // Deprecated in favour of those for each family of curves.
        "gpd.tee.cryptography.ecc" => boolean(has_curve(256)),
        "gpd.tee.cryptography.nist" => boolean([192, 224, 256, 384, 521].into_iter().all(has_curve)),
        // Brainpool's curves, random and twisted.
        "gpd.tee.cryptography.bsi-r" | "gpd.tee.cryptography.bsi-t" => boolean(false),
        "gpd.tee.cryptography.ietf" => boolean(has_all(&[Id::X25519, Id::ED25519, Id::X448])),
        "gpd.tee.cryptography.octa" => boolean(has_all(OCTA)),
        "gpd.tee.trustedStorage.antiRollback.protectionLevel" => number(NORMAL_WORLD_CONTROLLED),
        "gpd.tee.trustedStorage.rollbackDetection.protectionLevel" => number(NORMAL_WORLD_CONTROLLED),
        // The event API is not there.
        "gpd.tee.event.maxSources" => number(0),
        "gpd.tee.trustedos.implementation.version" => string(env!("CARGO_PKG_VERSION")),
        "gpd.tee.trustedos.implementation.binaryversion" => number(0),
        "gpd.tee.trustedos.manufacturer" => string("Oxtee"),
        "gpd.tee.firmware.implementation.version" => string("FW_IMPL_UNDEF"),
        "gpd.tee.firmware.implementation.binaryversion" => number(0),
        "gpd.tee.firmware.manufacturer" => string("FW_MAN_UNDEF"),
        _ => return Err(TeeError::ITEM_NOT_FOUND),
    })
}

fn bytes(value: &[u8]) -> Value {
    // Every value above is shorter than MAX_VALUE.
    Value::from_slice(value).unwrap_or_default()
}

fn string(text: &str) -> (Type, Value) {
    let mut value = bytes(text.as_bytes());
    let _ = value.push(0);
    (Type::String, value)
}

fn boolean(value: bool) -> (Type, Value) {
    (Type::Bool, bytes(&[u8::from(value)]))
}

/// Whether keys of NIST's curve of so many bits can be had.
fn has_curve(bits: u32) -> bool {
    Object::new(ObjectType::ECDSA_PUBLIC_KEY, bits).is_ok()
}

fn has_all(ids: &[Id]) -> bool {
    ids.iter().all(|id| algorithms::find(*id).is_some())
}

fn number(value: u32) -> (Type, Value) {
    (Type::U32, bytes(&value.to_le_bytes()))
}

/// A name of this device that says nothing of its key: a hash, made a version 5 UUID.
fn device_id<P: Platform>(platform: &P) -> Result<Uuid, TeeError> {
    let mut hash = Sha256::new();
    hash.update(b"oxtee device id");
    hash.update(huk::hardware(platform)?.bytes());
    let digest = hash.finalize();
    let mut octets = [0; 16];
    for (to, from) in octets.iter_mut().zip(digest) {
        *to = from;
    }
    octets[6] = octets[6] & 0x0F | 0x50;
    octets[8] = octets[8] & 0x3F | 0x80;
    Ok(Uuid::from_octets(octets))
}
