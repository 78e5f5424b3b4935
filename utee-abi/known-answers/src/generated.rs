// SPDX-License-Identifier: BSD-2-Clause
//! Keys that a TEE makes itself: no answer is known, but two halves of an operation have to go together.

use crate::play::{Attribute, Tee, changed, refused, said, same};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use utee_abi::crypto::{AlgorithmId as Id, AttributeId, Curve, ObjectType as Type};
use utee_abi::result::TeeError;

/// What a key is tried with.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// A secret of so many bytes, which is another one each time.
    Secret(usize),
    /// Signs digests of so many bytes.
    Sign(Id, usize),
    /// Encrypts.
    Encrypt(Id),
    /// Agrees with another key of the type by these attributes, on so many bytes.
    Agree(Id, &'static [AttributeId], usize),
    /// Exchanges keys as SM2 does.
    Exchange,
}

/// A type of keys, their size, what is to be said of them, and their use.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The type.
    pub kind: Type,
    bits: u32,
    curve: Option<Curve>,
    how: Use,
}

const POINT: &[AttributeId] = &[AttributeId::ECC_PUBLIC_VALUE_X, AttributeId::ECC_PUBLIC_VALUE_Y];

const fn secret(kind: Type, bits: u32, len: usize) -> Kind {
    Kind { kind, bits, curve: None, how: Use::Secret(len) }
}

const fn signer(kind: Type, bits: u32, curve: Option<Curve>, id: Id, len: usize) -> Kind {
    Kind { kind, bits, curve, how: Use::Sign(id, len) }
}

const fn agreeing(kind: Type, bits: u32, curve: Option<Curve>, id: Id, public: &'static [AttributeId], len: usize) -> Kind {
    Kind { kind, bits, curve, how: Use::Agree(id, public, len) }
}

/// Every type that can be generated, but RSA, which takes long.
pub const KINDS: &[Kind] = &[
    secret(Type::AES, 256, 32),
    secret(Type::DES, 56, 8),
    secret(Type::DES3, 168, 24),
    secret(Type::SM4, 128, 16),
    secret(Type::HMAC_MD5, 512, 64),
    secret(Type::HMAC_SHA1, 512, 64),
    secret(Type::HMAC_SHA224, 512, 64),
    secret(Type::HMAC_SHA256, 1024, 128),
    secret(Type::HMAC_SHA384, 1024, 128),
    secret(Type::HMAC_SHA512, 1024, 128),
    secret(Type::HMAC_SM3, 1024, 128),
    secret(Type::HMAC_SHA3_224, 1024, 128),
    secret(Type::HMAC_SHA3_256, 1024, 128),
    secret(Type::HMAC_SHA3_384, 1024, 128),
    secret(Type::HMAC_SHA3_512, 1024, 128),
    secret(Type::GENERIC_SECRET, 4096, 512),
    signer(Type::ECDSA_KEYPAIR, 192, Some(Curve::NIST_P192), Id::ECDSA_SHA1, 20),
    signer(Type::ECDSA_KEYPAIR, 224, Some(Curve::NIST_P224), Id::ECDSA_SHA224, 28),
    signer(Type::ECDSA_KEYPAIR, 256, Some(Curve::NIST_P256), Id::ECDSA_SHA256, 32),
    signer(Type::ECDSA_KEYPAIR, 384, Some(Curve::NIST_P384), Id::ECDSA_SHA384, 48),
    signer(Type::ECDSA_KEYPAIR, 521, Some(Curve::NIST_P521), Id::ECDSA_SHA512, 64),
    signer(Type::ED25519_KEYPAIR, 256, None, Id::ED25519, 5),
    signer(Type::ED448_KEYPAIR, 448, None, Id::ED448, 5),
    signer(Type::SM2_DSA_KEYPAIR, 256, None, Id::SM2_DSA_SM3, 32),
    signer(Type::DSA_KEYPAIR, 1024, None, Id::DSA_SHA256, 32),
    Kind { kind: Type::SM2_PKE_KEYPAIR, bits: 256, curve: None, how: Use::Encrypt(Id::SM2_PKE) },
    agreeing(Type::ECDH_KEYPAIR, 192, Some(Curve::NIST_P192), Id::ECDH_DERIVE_SHARED_SECRET, POINT, 24),
    agreeing(Type::ECDH_KEYPAIR, 224, Some(Curve::NIST_P224), Id::ECDH_DERIVE_SHARED_SECRET, POINT, 28),
    agreeing(Type::ECDH_KEYPAIR, 256, Some(Curve::NIST_P256), Id::ECDH_DERIVE_SHARED_SECRET, POINT, 32),
    agreeing(Type::ECDH_KEYPAIR, 384, Some(Curve::NIST_P384), Id::ECDH_DERIVE_SHARED_SECRET, POINT, 48),
    agreeing(Type::ECDH_KEYPAIR, 521, Some(Curve::NIST_P521), Id::ECDH_DERIVE_SHARED_SECRET, POINT, 66),
    agreeing(Type::X25519_KEYPAIR, 256, None, Id::X25519, &[AttributeId::X25519_PUBLIC_VALUE], 32),
    agreeing(Type::X448_KEYPAIR, 448, None, Id::X448, &[AttributeId::X448_PUBLIC_VALUE], 56),
    agreeing(Type::DH_KEYPAIR, 1024, None, Id::DH_DERIVE_SHARED_SECRET, &[AttributeId::DH_PUBLIC_VALUE], 128),
    Kind { kind: Type::SM2_KEP_KEYPAIR, bits: 256, curve: None, how: Use::Exchange },
];

impl Kind {
    /// What has to be said of a key that is generated: its curve, or the group of RFC 5114, appendix A.1.
    fn given(self) -> Result<Vec<Attribute>, String> {
        let ids = match self.kind {
            Type::DSA_KEYPAIR => [AttributeId::DSA_PRIME, AttributeId::DSA_SUBPRIME, AttributeId::DSA_BASE],
            Type::DH_KEYPAIR => [AttributeId::DH_PRIME, AttributeId::DH_SUBPRIME, AttributeId::DH_BASE],
            _ => return Ok(self.curve.map(|curve| Attribute::Value(AttributeId::ECC_CURVE, curve.raw())).into_iter().collect()),
        };
        let group = crate::key("dh-1024-a").ok_or("no group")?;
        let numbers = ["DH_PRIME", "DH_SUBPRIME", "DH_BASE"].iter().filter_map(|name| group.bytes(name));
        Ok(ids.into_iter().zip(numbers).map(|(id, number)| Attribute::Bytes(id, number)).collect())
    }
}

/// Has a TEE make keys of a type, and tries them.
///
/// # Errors
/// What went wrong, in words.
pub fn generate<T: Tee>(tee: &mut T, kind: Kind) -> Result<(), String> {
    let given = kind.given()?;
    let count = match kind.how {
        Use::Secret(_) | Use::Agree(..) => 2,
        Use::Sign(..) | Use::Encrypt(_) => 1,
        Use::Exchange => 4,
    };
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.push(tee.generate(kind.kind, kind.bits, &given).map_err(|error| said("generation", error))?);
    }
    let done = match (kind.how, keys.as_slice()) {
        (Use::Secret(len), [one, two]) => secrets(tee, [one, two], len),
        (Use::Sign(id, len), [key]) => signature(tee, key, id, len),
        (Use::Encrypt(id), [key]) => encryption(tee, key, id),
        (Use::Agree(id, public, len), [one, two]) => agreement(tee, [one, two], id, public, len),
        (Use::Exchange, [one, passing, other, other_passing]) => exchange(tee, [[one, passing], [other, other_passing]]),
        _ => Err("too few keys".to_string()),
    };
    keys.into_iter().for_each(|key| tee.close(key));
    done
}

fn secrets<T: Tee>(tee: &mut T, keys: [&T::Key; 2], len: usize) -> Result<(), String> {
    let mut read = |key| tee.attribute(key, AttributeId::SECRET_VALUE).map_err(|error| said("secret", error));
    let [one, two] = [read(keys[0])?, read(keys[1])?];
    if one.len() != len || two.len() != len {
        return Err(format!("secrets of {} and {} bytes", one.len(), two.len()));
    }
    // By chance once in 2^56 for the shortest.
    if one == two { Err("the same secret twice".to_string()) } else { Ok(()) }
}

fn signature<T: Tee>(tee: &mut T, key: &T::Key, id: Id, len: usize) -> Result<(), String> {
    let digest = vec![0x5A; len];
    let signature = tee.sign(id, key, &[], &digest).map_err(|error| said("signing", error))?;
    tee.verify(id, key, &[], &digest, &signature).map_err(|error| said("verification", error))?;
    refused("another digest", &tee.verify(id, key, &[], &changed(&digest), &signature), TeeError::SIGNATURE_INVALID)?;
    refused("another signature", &tee.verify(id, key, &[], &digest, &changed(&signature)), TeeError::SIGNATURE_INVALID)
}

fn encryption<T: Tee>(tee: &mut T, key: &T::Key, id: Id) -> Result<(), String> {
    let text = tee.encrypt(id, key, &[], b"a message").map_err(|error| said("encryption", error))?;
    let plain = tee.decrypt(id, key, &[], &text).map_err(|error| said("decryption", error))?;
    same("decryption", &plain, b"a message")
}

/// Attributes of a key, as others see them under the names of `to`.
fn public<T: Tee>(tee: &mut T, key: &T::Key, from: &[AttributeId], to: &[AttributeId]) -> Result<Vec<Attribute>, String> {
    let mut attributes = Vec::new();
    for (id, name) in from.iter().zip(to) {
        attributes.push(Attribute::Bytes(*name, tee.attribute(key, *id).map_err(|error| said("public key", error))?));
    }
    Ok(attributes)
}

fn agreement<T: Tee>(tee: &mut T, keys: [&T::Key; 2], id: Id, ids: &[AttributeId], len: usize) -> Result<(), String> {
    let [one, two] = keys;
    let mut shared = Vec::new();
    for (own, other) in [(one, two), (two, one)] {
        let with = public(tee, other, ids, ids)?;
        shared.push(tee.derive(id, (own, None), &with, len).map_err(|error| said("agreement", error))?);
    }
    // A number that begins with zeros may be shorter (Diffie-Hellman), but not by much.
    if shared.iter().any(|secret| secret.len() + 8 < len || secret.iter().all(|byte| *byte == 0)) {
        return Err("nothing was agreed on".to_string());
    }
    same("agreement", &shared[0], &shared[1])
}

/// Keys of SM2 with those for this exchange: the initiator's, the responder's.
fn exchange<T: Tee>(tee: &mut T, sides: [[&T::Key; 2]; 2]) -> Result<(), String> {
    const PASSING: &[AttributeId] = &[AttributeId::ECC_EPHEMERAL_PUBLIC_VALUE_X, AttributeId::ECC_EPHEMERAL_PUBLIC_VALUE_Y];
    let [initiator, responder] = sides;
    let mut shared = Vec::new();
    for (who, own, other) in [(0, initiator, responder), (1, responder, initiator)] {
        let mut with = vec![
            Attribute::Value(AttributeId::SM2_KEP_USER, who),
            Attribute::Bytes(AttributeId::SM2_ID_INITIATOR, b"Alice".to_vec()),
            Attribute::Bytes(AttributeId::SM2_ID_RESPONDER, b"Bob".to_vec()),
        ];
        with.extend(public(tee, other[0], POINT, POINT)?);
        with.extend(public(tee, other[1], POINT, PASSING)?);
        shared.push(tee.derive(Id::SM2_KEP, (own[0], Some(own[1])), &with, 16).map_err(|error| said("exchange", error))?);
    }
    same("exchange", &shared[0], &shared[1])
}

#[cfg(test)]
mod tests {
    use super::KINDS;
    use utee_abi::crypto::ObjectType as Type;

    /// A new type of keys needs a row, unless it is not generated: public halves, secrets that are given, and data.
    #[test]
    fn every_type_is_generated() {
        let others = [Type::HKDF_IKM, Type::CONCAT_KDF_Z, Type::PBKDF2_PASSWORD, Type::DATA, Type::RSA_KEYPAIR];
        for (name, kind) in Type::ALL.iter().filter(|(name, kind)| !name.ends_with("PUBLIC_KEY") && !others.contains(kind)) {
            assert!(KINDS.iter().any(|row| row.kind == *kind), "{name}");
        }
    }
}
