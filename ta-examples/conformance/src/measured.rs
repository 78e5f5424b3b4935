// SPDX-License-Identifier: BSD-2-Clause
//! What a benchmark measures from inside the TEE: each operation makes ready what it needs and is done so many times.

use crate::{rsa_key, storage};
use alloc::vec::Vec;
use conformance::proto;
use utee::crypto::{Agreement, Attribute, Object, Signer, Verifier};
use utee::utee_abi::crypto::{AlgorithmId, AttributeId, Curve, ObjectType};
use utee::{Parameters, Result, TeeError, ValueInput};

/// The operations, in the order of [`proto::MEASURED`].
const OPERATIONS: [fn(u32) -> Result<()>; proto::MEASURED.len()] = [
    ecdsa_sign,
    ecdsa_verify,
    ecdsa_generate,
    x25519,
    x25519_generate,
    ed25519_sign,
    ed25519_verify,
    ed25519_generate,
    storage::measure_create,
    storage::measure_write,
    storage::measure_read,
    storage::measure_create_and_delete,
    |times| rsa_sign(times, 2048, true),
    |times| rsa_sign(times, 2048, false),
    |times| rsa_verify(times, 2048),
    |times| rsa_generate(times, 2048),
    |times| rsa_sign(times, 4096, true),
    |times| rsa_verify(times, 4096),
    |times| rsa_generate(times, 4096),
    dsa_sign,
    dsa_verify,
    dsa_generate,
    dh,
    dh_generate,
];

/// Does an operation so many times.
pub(crate) fn measure(params: &mut Parameters<'_>) -> Result<()> {
    let (which,): (ValueInput<'_>,) = params.take()?;
    let operation = OPERATIONS.get(which.a() as usize).ok_or(TeeError::BAD_PARAMETERS)?;
    operation(which.b())
}

fn ecdsa_key() -> Result<Object> {
    Object::generate_on(ObjectType::ECDSA_KEYPAIR, Curve::NIST_P256)
}

fn ecdsa_sign(times: u32) -> Result<()> {
    let signer = Signer::new(AlgorithmId::ECDSA_SHA256, &ecdsa_key()?)?;
    (0..times).try_for_each(|_| signer.sign(&[7; 32], &mut [0; 64]).map(drop))
}

fn ecdsa_verify(times: u32) -> Result<()> {
    let key = ecdsa_key()?;
    let mut signature = [0; 64];
    Signer::new(AlgorithmId::ECDSA_SHA256, &key)?.sign(&[7; 32], &mut signature)?;
    let verifier = Verifier::new(AlgorithmId::ECDSA_SHA256, &key)?;
    (0..times).try_for_each(|_| verifier.verify(&[7; 32], &signature))
}

fn ecdsa_generate(times: u32) -> Result<()> {
    (0..times).try_for_each(|_| ecdsa_key().map(drop))
}

fn x25519_key() -> Result<Object> {
    Object::generate(ObjectType::X25519_KEYPAIR, 256)
}

/// With one operation and one object for what comes of it, as a TA in C has them.
fn x25519(times: u32) -> Result<()> {
    let (key, mut public) = (x25519_key()?, [0; 32]);
    x25519_key()?.public(&mut public)?;
    let secret = Object::new(ObjectType::GENERIC_SECRET, 256)?;
    let agreement = Agreement::new(AlgorithmId::X25519, &key)?;
    (0..times).try_for_each(|_| {
        secret.reset()?;
        agreement.agree(&public, &secret)
    })
}

fn x25519_generate(times: u32) -> Result<()> {
    (0..times).try_for_each(|_| x25519_key().map(drop))
}

fn ed25519_key() -> Result<Object> {
    Object::generate(ObjectType::ED25519_KEYPAIR, 256)
}

fn ed25519_sign(times: u32) -> Result<()> {
    let signer = Signer::new(AlgorithmId::ED25519, &ed25519_key()?)?;
    (0..times).try_for_each(|_| signer.sign(&[7; 32], &mut [0; 64]).map(drop))
}

fn ed25519_verify(times: u32) -> Result<()> {
    let key = ed25519_key()?;
    let mut signature = [0; 64];
    Signer::new(AlgorithmId::ED25519, &key)?.sign(&[7; 32], &mut signature)?;
    let verifier = Verifier::new(AlgorithmId::ED25519, &key)?;
    (0..times).try_for_each(|_| verifier.verify(&[7; 32], &signature))
}

fn ed25519_generate(times: u32) -> Result<()> {
    (0..times).try_for_each(|_| ed25519_key().map(drop))
}

fn rsa_sign(times: u32, bits: u32, with_primes: bool) -> Result<()> {
    let signer = Signer::new(AlgorithmId::RSASSA_PKCS1_V1_5_SHA256, &rsa_key::key(bits, with_primes)?)?;
    (0..times).try_for_each(|_| signer.sign(&[7; 32], &mut [0; 512]).map(drop))
}

fn rsa_verify(times: u32, bits: u32) -> Result<()> {
    let key = rsa_key::key(bits, true)?;
    let mut signature = [0; 512];
    let len = Signer::new(AlgorithmId::RSASSA_PKCS1_V1_5_SHA256, &key)?.sign(&[7; 32], &mut signature)?;
    let verifier = Verifier::new(AlgorithmId::RSASSA_PKCS1_V1_5_SHA256, &key)?;
    (0..times).try_for_each(|_| verifier.verify(&[7; 32], signature.get(..len).unwrap_or_default()))
}

fn rsa_generate(times: u32, bits: u32) -> Result<()> {
    (0..times).try_for_each(|_| Object::generate(ObjectType::RSA_KEYPAIR, bits).map(drop))
}

/// A key pair in the group of RFC 5114, appendix A.3: 2048 bits, of an order of 256 bits. Which attributes prime, order and base are is
/// the type's.
fn group_key(kind: ObjectType, ids: [AttributeId; 3]) -> Result<Object> {
    let group = known_answers::key("dh-2048-a").ok_or(TeeError::ITEM_NOT_FOUND)?;
    let numbers: Vec<Vec<u8>> = ["DH_PRIME", "DH_SUBPRIME", "DH_BASE"].iter().filter_map(|name| group.bytes(name)).collect();
    let attributes: Vec<Attribute<'_>> = ids.into_iter().zip(&numbers).map(|(id, number)| Attribute::Bytes(id, number)).collect();
    Object::generate_with(kind, 2048, &attributes)
}

fn dsa_key() -> Result<Object> {
    group_key(ObjectType::DSA_KEYPAIR, [AttributeId::DSA_PRIME, AttributeId::DSA_SUBPRIME, AttributeId::DSA_BASE])
}

fn dsa_sign(times: u32) -> Result<()> {
    let signer = Signer::new(AlgorithmId::DSA_SHA256, &dsa_key()?)?;
    (0..times).try_for_each(|_| signer.sign(&[7; 32], &mut [0; 64]).map(drop))
}

fn dsa_verify(times: u32) -> Result<()> {
    let key = dsa_key()?;
    let mut signature = [0; 64];
    Signer::new(AlgorithmId::DSA_SHA256, &key)?.sign(&[7; 32], &mut signature)?;
    let verifier = Verifier::new(AlgorithmId::DSA_SHA256, &key)?;
    (0..times).try_for_each(|_| verifier.verify(&[7; 32], &signature))
}

fn dsa_generate(times: u32) -> Result<()> {
    (0..times).try_for_each(|_| dsa_key().map(drop))
}

fn dh_key() -> Result<Object> {
    group_key(ObjectType::DH_KEYPAIR, [AttributeId::DH_PRIME, AttributeId::DH_SUBPRIME, AttributeId::DH_BASE])
}

fn dh(times: u32) -> Result<()> {
    let (key, mut public) = (dh_key()?, [0; 256]);
    let len = dh_key()?.bytes(AttributeId::DH_PUBLIC_VALUE, &mut public)?;
    let public = [Attribute::Bytes(AttributeId::DH_PUBLIC_VALUE, public.get(..len).unwrap_or_default())];
    let agree = || Object::derive(ObjectType::GENERIC_SECRET, 2048, AlgorithmId::DH_DERIVE_SHARED_SECRET, &key, &public);
    (0..times).try_for_each(|_| agree().map(drop))
}

fn dh_generate(times: u32) -> Result<()> {
    (0..times).try_for_each(|_| dh_key().map(drop))
}
