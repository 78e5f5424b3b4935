// SPDX-License-Identifier: BSD-2-Clause
//! Keys that are large numbers: RSA, DSA, Diffie-Hellman.

use crate::checks::Checks;
use crate::known::field;
use crate::rsa_key;
use utee::crypto::{Attribute, Decryptor, Encryptor, Object, Signer, Verifier, is_supported};
use utee::utee_abi::crypto::{AlgorithmId, AttributeId as Id, KeyUsage, ObjectType};
use utee::{Result, TeeError};

/// SHA-256 of "conformance".
const DIGEST: [u8; 32] = [
    0x6C, 0x1D, 0x6C, 0xED, 0xF2, 0x76, 0xEA, 0x3F, 0xD7, 0x48, 0x6A, 0x21, 0x2F, 0xD6, 0x2B, 0x32, 0xFB, 0xB9, 0xEC, 0xAA, 0x4D, 0xEA,
    0x70, 0x54, 0x54, 0x86, 0x73, 0x71, 0x99, 0xDD, 0x24, 0xED,
];

/// Its signature (PKCS #1 v1.5) by [`rsa_key`] of 2048 bits, as OpenSSL makes it.
const SIGNATURE: [u8; 256] = [
    0x69, 0xBF, 0x0E, 0x16, 0xED, 0xC4, 0xE2, 0xA7, 0x2D, 0x1E, 0x57, 0x60, 0x1C, 0x1F, 0xEE, 0x14, 0x56, 0xAE, 0x75, 0x43, 0x95, 0xD8,
    0x72, 0xD8, 0x2E, 0xC6, 0x85, 0x79, 0xB8, 0x21, 0xD4, 0x8D, 0x19, 0x6A, 0xC1, 0x44, 0x96, 0x2B, 0xA8, 0xE2, 0x37, 0xEE, 0x2E, 0xA7,
    0x04, 0x36, 0xD6, 0xC8, 0x44, 0x22, 0xAA, 0xF1, 0x64, 0x29, 0x33, 0x0B, 0x45, 0xD0, 0x53, 0x29, 0x2C, 0x8A, 0xA2, 0xD3, 0xE0, 0xC4,
    0x34, 0x48, 0xB8, 0x66, 0x68, 0xF5, 0xFD, 0x51, 0xD6, 0x37, 0x76, 0x74, 0xCE, 0x08, 0xFB, 0xEE, 0x30, 0x39, 0x52, 0xEF, 0xF6, 0x69,
    0x84, 0x62, 0x8F, 0xD4, 0x23, 0x4F, 0xD1, 0xE9, 0x58, 0x58, 0x47, 0x1C, 0x89, 0x33, 0x46, 0xE1, 0x55, 0xEB, 0x20, 0x6A, 0x6D, 0x49,
    0xBC, 0xD9, 0x48, 0x25, 0x6C, 0x82, 0x53, 0x5F, 0xC7, 0x2F, 0xF6, 0xF0, 0xEB, 0xC2, 0x01, 0x88, 0x16, 0x41, 0x69, 0xDF, 0x7F, 0xFD,
    0x99, 0xAE, 0x16, 0xB6, 0x54, 0x80, 0x8C, 0xA2, 0xC7, 0x69, 0x3B, 0x8F, 0xE9, 0xF9, 0x2D, 0x5B, 0x91, 0x2C, 0xEE, 0x01, 0xCA, 0x20,
    0x26, 0x29, 0xF9, 0x4B, 0x20, 0x87, 0x97, 0xEA, 0x46, 0x1D, 0x6E, 0xA9, 0xE2, 0x9E, 0x25, 0xD1, 0x54, 0x6B, 0x1E, 0x39, 0xA8, 0x0D,
    0xC7, 0x4E, 0x3C, 0x3D, 0xC6, 0xF8, 0x4F, 0x38, 0x25, 0x01, 0xB5, 0x1F, 0xEA, 0x43, 0x2B, 0xDC, 0x1A, 0xF5, 0x9C, 0xA9, 0x27, 0xEA,
    0xAE, 0xD8, 0x04, 0x25, 0xD7, 0x43, 0x06, 0x91, 0x4C, 0x64, 0xF9, 0x00, 0x83, 0x74, 0x89, 0x5C, 0x27, 0x92, 0xC5, 0xC8, 0x17, 0xEC,
    0xFC, 0x35, 0x1F, 0x80, 0x48, 0x02, 0x89, 0x36, 0x08, 0x32, 0x7B, 0xC1, 0xFF, 0xB6, 0x03, 0xE0, 0xD9, 0x46, 0x15, 0xE8, 0x28, 0x2C,
    0xC2, 0xC7, 0x84, 0xAA, 0xD3, 0xD4, 0x65, 0x3D, 0x42, 0xAA, 0xDA, 0xF6, 0xAE, 0x03,
];

pub(crate) fn numbers(checks: &mut Checks) -> Result<()> {
    for id in [AlgorithmId::RSA_NOPAD, AlgorithmId::RSASSA_PKCS1_V1_5, AlgorithmId::DSA_SHA256, AlgorithmId::DH_DERIVE_SHARED_SECRET] {
        checks.holds(is_supported(id));
    }
    signed(checks)?;
    encrypted(checks)?;
    generated(checks)?;
    discrete(checks)
}

/// Signatures are OpenSSL's, with the primes and without; those of PSS verify with the length of their salt.
fn signed(checks: &mut Checks) -> Result<()> {
    let mut signature = [0; 256];
    for with_primes in [true, false] {
        let key = rsa_key::key(2048, with_primes)?;
        checks.equal(key.info().map(|info| info.object_size), Ok(2048));
        let signer = Signer::new(AlgorithmId::RSASSA_PKCS1_V1_5_SHA256, &key)?;
        checks.equal(signer.sign(&DIGEST, &mut signature[..255]), Err(TeeError::SHORT_BUFFER));
        checks.equal(signer.sign(&DIGEST[..31], &mut signature), Err(TeeError::BAD_PARAMETERS));
        checks.equal(signer.sign(&DIGEST, &mut signature), Ok(256));
        checks.holds(signature == SIGNATURE);
    }
    let key = rsa_key::key(2048, true)?;
    let verifier = Verifier::new(AlgorithmId::RSASSA_PKCS1_V1_5_SHA256, &key)?;
    checks.equal(verifier.verify(&DIGEST, &SIGNATURE), Ok(()));
    checks.equal(verifier.verify(&[7; 32], &SIGNATURE), Err(TeeError::SIGNATURE_INVALID));
    checks.equal(verifier.verify(&DIGEST, &SIGNATURE[..255]), Err(TeeError::SIGNATURE_INVALID));

    let salt = [Attribute::Value(Id::RSA_PSS_SALT_LENGTH, 20, 0)];
    let signer = Signer::new(AlgorithmId::RSASSA_PKCS1_PSS_MGF1_SHA256, &key)?;
    checks.equal(signer.sign_with(&salt, &DIGEST, &mut signature), Ok(256));
    let verifier = Verifier::new(AlgorithmId::RSASSA_PKCS1_PSS_MGF1_SHA256, &key)?;
    checks.equal(verifier.verify_with(&salt, &DIGEST, &signature), Ok(()));
    checks.equal(verifier.verify(&DIGEST, &signature), Err(TeeError::SIGNATURE_INVALID));

    key.restrict_usage((KeyUsage::ENCRYPT | KeyUsage::VERIFY).bits())?;
    checks.equal(Signer::new(AlgorithmId::RSASSA_PKCS1_V1_5, &key).map(|_| ()), Err(TeeError::ACCESS_DENIED));
    checks.equal(key.bytes(Id::RSA_PRIVATE_EXPONENT, &mut signature), Err(TeeError::BAD_PARAMETERS));
    checks.equal(key.bytes(Id::RSA_MODULUS, &mut signature), Ok(256));
    Ok(())
}

/// What is encrypted comes back, and nothing else does.
fn encrypted(checks: &mut Checks) -> Result<()> {
    let key = rsa_key::key(2048, true)?;
    let sha512 = AlgorithmId::SHA512.raw().to_le_bytes();
    let params = [Attribute::Bytes(Id::RSA_OAEP_LABEL, b"label"), Attribute::Bytes(Id::RSA_OAEP_MGF_HASH, &sha512)];
    for (algorithm, params) in [(AlgorithmId::RSAES_PKCS1_V1_5, &[][..]), (AlgorithmId::RSAES_PKCS1_OAEP_MGF1_SHA256, &params)] {
        let (encryptor, decryptor) = (Encryptor::new(algorithm, &key)?, Decryptor::new(algorithm, &key)?);
        let (mut text, mut plain) = ([0; 256], [0; 32]);
        checks.equal(encryptor.encrypt(params, b"a message", &mut text), Ok(256));
        checks.equal(decryptor.decrypt(params, &text, &mut plain[..8]), Err(TeeError::SHORT_BUFFER));
        checks.equal(decryptor.decrypt(params, &text, &mut plain), Ok(9));
        checks.holds(plain.starts_with(b"a message"));
        checks.equal(encryptor.encrypt(params, &[1; 246], &mut text), Err(TeeError::BAD_PARAMETERS));
        // Another text for sure, and below the modulus.
        text[255] ^= 1;
        checks.equal(decryptor.decrypt(params, &text, &mut plain), Err(TeeError::BAD_PARAMETERS));
    }
    // A number as it is: 2 to the power of 65537, and back.
    let (mut text, mut plain) = ([0; 256], [0; 256]);
    let len = Encryptor::new(AlgorithmId::RSA_NOPAD, &key)?.encrypt(&[], &[2], &mut text)?;
    let sent = text.get(..len).unwrap_or_default();
    checks.equal(Decryptor::new(AlgorithmId::RSA_NOPAD, &key)?.decrypt(&[], sent, &mut plain), Ok(1));
    checks.equal(plain[0], 2);
    Ok(())
}

/// A generated key works, and has the exponent that was asked for; bad exponents are refused.
fn generated(checks: &mut Checks) -> Result<()> {
    for exponent in [&[][..], &[1], &[3], &[1, 0, 0], &[1; 33]] {
        let asked = [Attribute::Bytes(Id::RSA_PUBLIC_EXPONENT, exponent)];
        checks.equal(Object::generate_with(ObjectType::RSA_KEYPAIR, 1024, &asked).map(|_| ()), Err(TeeError::BAD_PARAMETERS));
    }
    let asked = [Attribute::Bytes(Id::RSA_PUBLIC_EXPONENT, &[1, 0, 3])];
    let key = Object::generate_with(ObjectType::RSA_KEYPAIR, 1024, &asked)?;
    let (mut exponent, mut modulus, mut signature) = ([0; 3], [0; 128], [0; 128]);
    checks.equal(key.bytes(Id::RSA_PUBLIC_EXPONENT, &mut exponent), Ok(3));
    checks.equal(exponent, [1, 0, 3]);
    checks.equal(key.bytes(Id::RSA_MODULUS, &mut modulus), Ok(128));
    checks.equal(Signer::new(AlgorithmId::RSASSA_PKCS1_V1_5_SHA256, &key)?.sign(&DIGEST, &mut signature), Ok(128));
    // The public part alone verifies.
    let public = [Attribute::Bytes(Id::RSA_MODULUS, &modulus), Attribute::Bytes(Id::RSA_PUBLIC_EXPONENT, &exponent)];
    let public = Object::from_attributes(ObjectType::RSA_PUBLIC_KEY, 1024, &public)?;
    checks.equal(Verifier::new(AlgorithmId::RSASSA_PKCS1_V1_5_SHA256, &public)?.verify(&DIGEST, &signature), Ok(()));
    checks.equal(Decryptor::new(AlgorithmId::RSA_NOPAD, &public).map(|_| ()), Err(TeeError::BAD_PARAMETERS));
    Ok(())
}

/// Keys of DSA and Diffie-Hellman in a group of RFC 5114: signatures verify, both sides get the same secret.
fn discrete(checks: &mut Checks) -> Result<()> {
    let group = known_answers::key("dh-1024-a").ok_or(TeeError::ITEM_NOT_FOUND)?;
    let (prime, order, base) = (field::<128>(group, "DH_PRIME")?, field::<20>(group, "DH_SUBPRIME")?, field::<128>(group, "DH_BASE")?);
    let group =
        [Attribute::Bytes(Id::DSA_PRIME, &prime), Attribute::Bytes(Id::DSA_SUBPRIME, &order), Attribute::Bytes(Id::DSA_BASE, &base)];
    let key = Object::generate_with(ObjectType::DSA_KEYPAIR, 1024, &group)?;
    let mut signature = [0; 40];
    checks.equal(Signer::new(AlgorithmId::DSA_SHA1, &key)?.sign(&[7; 20], &mut signature), Ok(40));
    let verifier = Verifier::new(AlgorithmId::DSA_SHA1, &key)?;
    checks.equal(verifier.verify(&[7; 20], &signature), Ok(()));
    checks.equal(verifier.verify(&[8; 20], &signature), Err(TeeError::SIGNATURE_INVALID));

    let group = [Attribute::Bytes(Id::DH_PRIME, &prime), Attribute::Bytes(Id::DH_BASE, &base), Attribute::Bytes(Id::DH_SUBPRIME, &order)];
    let one = Object::generate_with(ObjectType::DH_KEYPAIR, 1024, &group)?;
    let two = Object::generate_with(ObjectType::DH_KEYPAIR, 1024, &group)?;
    let mut secrets = [[0; 128]; 2];
    for (secret, (own, other)) in secrets.iter_mut().zip([(&one, &two), (&two, &one)]) {
        let mut public = [0; 128];
        let len = other.bytes(Id::DH_PUBLIC_VALUE, &mut public)?;
        let public = [Attribute::Bytes(Id::DH_PUBLIC_VALUE, public.get(..len).unwrap_or_default())];
        let key = Object::derive(ObjectType::GENERIC_SECRET, 1024, AlgorithmId::DH_DERIVE_SHARED_SECRET, own, &public)?;
        checks.holds(key.bytes(Id::SECRET_VALUE, secret).is_ok());
    }
    checks.holds(secrets[0] == secrets[1] && secrets[0] != [0; 128]);
    // 1 gives no secret.
    let public = [Attribute::Bytes(Id::DH_PUBLIC_VALUE, &[1])];
    let derived = Object::derive(ObjectType::GENERIC_SECRET, 1024, AlgorithmId::DH_DERIVE_SHARED_SECRET, &one, &public);
    checks.equal(derived.map(|_| ()), Err(TeeError::BAD_PARAMETERS));
    Ok(())
}
