// SPDX-License-Identifier: BSD-2-Clause
//! Keys and what is done with them, with published vectors.

use crate::checks::Checks;
use utee::crypto::{Ae, Attribute, Cipher, Direction, Mac, Object, Signer, Verifier, is_supported};
use utee::utee_abi::crypto::{AlgorithmId, AttributeId, Curve, KeyUsage, ObjectType};
use utee::{Result, TeeError};

pub(crate) fn keys(checks: &mut Checks) -> Result<()> {
    objects(checks)?;
    ciphers(checks)?;
    stealing(checks)?;
    codes(checks)?;
    sealed(checks)?;
    derived(checks)?;
    signed(checks)
}

fn objects(checks: &mut Checks) -> Result<()> {
    checks.holds(
        is_supported(AlgorithmId::AES_GCM)
            && is_supported(AlgorithmId::SM3)
            && is_supported(AlgorithmId::MD5SHA1)
            && !is_supported(AlgorithmId::from_raw(0x5000_0010)),
    );
    checks.equal(Object::new(ObjectType::AES, 100), Err(TeeError::NOT_SUPPORTED));
    let key = Object::generate(ObjectType::AES, 256)?;
    let (mut secret, mut other) = ([0; 32], [0; 32]);
    checks.equal(key.bytes(AttributeId::SECRET_VALUE, &mut secret), Ok(32));
    checks.equal(Object::generate(ObjectType::AES, 256)?.bytes(AttributeId::SECRET_VALUE, &mut other), Ok(32));
    checks.holds(secret != other);
    checks.equal(key.info().map(|info| (info.object_size, info.usage)), Ok((256, u32::MAX)));
    key.restrict_usage(KeyUsage::ENCRYPT.bits())?;
    checks.equal(key.bytes(AttributeId::SECRET_VALUE, &mut other), Err(TeeError::BAD_PARAMETERS));
    checks.equal(Cipher::new(AlgorithmId::AES_CTR, Direction::Decrypt, &key).map(|_| ()), Err(TeeError::ACCESS_DENIED));
    checks.equal(Cipher::new(AlgorithmId::SM4_CTR, Direction::Encrypt, &key).map(|_| ()), Err(TeeError::BAD_PARAMETERS));
    Ok(())
}

/// FIPS 197, appendix C.1, and GB/T 32907, appendix A.
fn ciphers(checks: &mut Checks) -> Result<()> {
    let secret: [u8; 16] = core::array::from_fn(|index| index as u8);
    let plain: [u8; 16] = core::array::from_fn(|index| index as u8 * 0x11);
    let wanted = [0x69, 0xC4, 0xE0, 0xD8, 0x6A, 0x7B, 0x04, 0x30, 0xD8, 0xCD, 0xB7, 0x80, 0x70, 0xB4, 0xC5, 0x5A];
    let key = Object::from_secret(ObjectType::AES, &secret)?;
    let mut cipher = Cipher::new(AlgorithmId::AES_ECB_NOPAD, Direction::Encrypt, &key)?;
    let mut text = [0; 16];
    checks.equal(cipher.finish(&plain, &mut text), Err(TeeError::BAD_STATE));
    cipher.start(&[])?;
    checks.equal(cipher.update(&plain[..5], &mut text), Ok(0));
    checks.equal(cipher.finish(&plain[5..], &mut text), Ok(16));
    checks.equal(text, wanted);
    let mut back = Cipher::new(AlgorithmId::AES_ECB_NOPAD, Direction::Decrypt, &key)?;
    back.start(&[])?;
    back.finish_in_place(&mut text)?;
    checks.equal(text, plain);

    let secret = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10];
    let wanted = [0x68, 0x1E, 0xDF, 0x34, 0xD2, 0x06, 0x96, 0x5E, 0x86, 0xB3, 0xE9, 0x4F, 0x53, 0x6E, 0x42, 0x46];
    let mut cipher = Cipher::new(AlgorithmId::SM4_ECB_NOPAD, Direction::Encrypt, &Object::from_secret(ObjectType::SM4, &secret)?)?;
    cipher.start(&[])?;
    let mut text = secret;
    cipher.finish_in_place(&mut text)?;
    checks.equal(text, wanted);
    Ok(())
}

/// IEEE 1619, vector 15: a block and a byte, in pieces.
fn stealing(checks: &mut Checks) -> Result<()> {
    let from = |first: u8| core::array::from_fn::<u8, 16, _>(|index| first - index as u8);
    let key = Object::from_secret(ObjectType::AES, &from(0xFF))?;
    let tweak = Object::from_secret(ObjectType::AES, &from(0xBF))?;
    let plain: [u8; 17] = core::array::from_fn(|index| index as u8);
    let wanted = [0x6C, 0x16, 0x25, 0xDB, 0x46, 0x71, 0x52, 0x2D, 0x3D, 0x75, 0x99, 0x60, 0x1D, 0xE7, 0xCA, 0x09, 0xED];
    let mut sector = [0; 16];
    sector[..5].copy_from_slice(&[0x9A, 0x78, 0x56, 0x34, 0x12]);
    let mut cipher = Cipher::with_two_keys(AlgorithmId::AES_XTS, Direction::Encrypt, &key, &tweak)?;
    cipher.start(&sector)?;
    let mut text = [0; 17];
    checks.equal(cipher.update(&plain[..16], &mut text), Ok(0));
    checks.equal(cipher.finish(&plain[16..], &mut text), Ok(17));
    checks.equal(text, wanted);
    Ok(())
}

/// RFC 4231, case 4; SP 800-38B, AES-128 of nothing.
fn codes(checks: &mut Checks) -> Result<()> {
    let secret: [u8; 25] = core::array::from_fn(|index| index as u8 + 1);
    let wanted = [0x82, 0x55, 0x8A, 0x38, 0x9A, 0x44, 0x3C, 0x0E, 0xA4, 0xCC, 0x81, 0x98, 0x99, 0xF2, 0x08, 0x3A];
    let mut mac = Mac::new(AlgorithmId::HMAC_SHA256, &Object::from_secret(ObjectType::HMAC_SHA256, &secret)?)?;
    let mut code = [0; 32];
    for _ in 0..2 {
        mac.update(&[0xCD; 20])?;
        checks.equal(mac.finish(&[0xCD; 30], &mut code[..31]), Err(TeeError::SHORT_BUFFER));
        checks.equal(mac.finish(&[0xCD; 30], &mut code), Ok(32));
        checks.equal(code.get(..16), Some(&wanted[..]));
    }
    checks.equal(mac.verify(&[0xCD; 50], &code), Ok(()));
    code[31] ^= 1;
    checks.equal(mac.verify(&[0xCD; 50], &code), Err(TeeError::MAC_INVALID));

    let secret = [0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C];
    let wanted = [0xBB, 0x1D, 0x69, 0x29, 0xE9, 0x59, 0x37, 0x28, 0x7F, 0xA3, 0x7D, 0x12, 0x9B, 0x75, 0x67, 0x46];
    let mut mac = Mac::new(AlgorithmId::AES_CMAC, &Object::from_secret(ObjectType::AES, &secret)?)?;
    checks.equal(mac.verify(&[], &wanted), Ok(()));
    Ok(())
}

/// The submission of GCM to NIST, test cases 1 and 2: nothing, and a block of zeros.
fn sealed(checks: &mut Checks) -> Result<()> {
    let key = Object::from_secret(ObjectType::AES, &[0; 16])?;
    let mut seal = Ae::new(AlgorithmId::AES_GCM, Direction::Encrypt, &key)?;
    let (mut text, mut tag) = ([0; 16], [0; 16]);
    seal.start(&[0; 12], 16, 0, 0)?;
    checks.equal(seal.seal(&[], &mut [], &mut tag), Ok((0, 16)));
    checks.equal(tag, [0x58, 0xE2, 0xFC, 0xCE, 0xFA, 0x7E, 0x30, 0x61, 0x36, 0x7F, 0x1D, 0x57, 0xA4, 0xE7, 0x45, 0x5A]);
    seal.start(&[0; 12], 16, 0, 0)?;
    checks.equal(seal.update(&[0; 3], &mut text), Ok(3));
    checks.equal(seal.seal(&[0; 13], &mut text[3..], &mut tag), Ok((13, 16)));
    checks.equal(text, [0x03, 0x88, 0xDA, 0xCE, 0x60, 0xB6, 0xA3, 0x92, 0xF3, 0x28, 0xC2, 0xB9, 0x71, 0xB2, 0xFE, 0x78]);
    checks.equal(tag, [0xAB, 0x6E, 0x47, 0xD4, 0x2C, 0xEC, 0x13, 0xBD, 0xF5, 0x3A, 0x67, 0xB2, 0x12, 0x57, 0xBD, 0xDF]);
    let mut open = Ae::new(AlgorithmId::AES_GCM, Direction::Decrypt, &key)?;
    let mut plain = [0xEE; 16];
    open.start(&[0; 12], 16, 0, 0)?;
    open.add(b"data that was not there")?;
    checks.equal(open.open(&text, &mut plain, &tag), Err(TeeError::MAC_INVALID));
    open.start(&[0; 12], 16, 0, 0)?;
    checks.equal(open.open(&text, &mut plain, &tag), Ok(16));
    checks.equal(plain, [0; 16]);
    Ok(())
}

/// RFC 6070, two iterations.
fn derived(checks: &mut Checks) -> Result<()> {
    let password = Object::from_secret(ObjectType::PBKDF2_PASSWORD, b"password")?;
    let params = [
        Attribute::Bytes(AttributeId::PBKDF2_SALT, b"salt"),
        Attribute::Value(AttributeId::PBKDF2_ITERATION_COUNT, 2, 0),
        Attribute::Value(AttributeId::PBKDF2_DKM_LENGTH, 20, 0),
    ];
    let key = Object::derive(ObjectType::GENERIC_SECRET, 160, AlgorithmId::PBKDF2_HMAC_SHA1_DERIVE_KEY, &password, &params)?;
    let wanted = [0xEA, 0x6C, 0x01, 0x4D, 0xC7, 0x2D, 0x6F, 0x8C, 0xCD, 0x1E, 0xD9, 0x2A, 0xCE, 0x1D, 0x41, 0xF0, 0xD8, 0xDE, 0x89, 0x57];
    let mut secret = [0; 20];
    checks.equal(key.bytes(AttributeId::SECRET_VALUE, &mut secret), Ok(20));
    checks.equal(secret, wanted);
    Ok(())
}

/// A signature verifies, and no other digest does; both sides of an agreement get the same secret.
fn signed(checks: &mut Checks) -> Result<()> {
    for (curve, len) in [(Curve::NIST_P256, 64), (Curve::NIST_P384, 96), (Curve::NIST_P521, 132)] {
        let key = Object::generate_on(ObjectType::ECDSA_KEYPAIR, curve)?;
        let mut signature = [0; 132];
        checks.equal(Signer::new(AlgorithmId::ECDSA_SHA256, &key)?.sign(&[7; 32], &mut signature), Ok(len));
        let verifier = Verifier::new(AlgorithmId::ECDSA_SHA256, &key)?;
        let signature = signature.get(..len).unwrap_or_default();
        checks.equal(verifier.verify(&[7; 32], signature), Ok(()));
        checks.equal(verifier.verify(&[8; 32], signature), Err(TeeError::SIGNATURE_INVALID));
    }
    let one = Object::generate_on(ObjectType::ECDH_KEYPAIR, Curve::NIST_P256)?;
    let two = Object::generate_on(ObjectType::ECDH_KEYPAIR, Curve::NIST_P256)?;
    let mut secrets = [[0; 32]; 2];
    for (secret, (own, other)) in secrets.iter_mut().zip([(&one, &two), (&two, &one)]) {
        let (mut x, mut y) = ([0; 32], [0; 32]);
        let x_len = other.bytes(AttributeId::ECC_PUBLIC_VALUE_X, &mut x)?;
        let y_len = other.bytes(AttributeId::ECC_PUBLIC_VALUE_Y, &mut y)?;
        let point = [
            Attribute::Bytes(AttributeId::ECC_PUBLIC_VALUE_X, x.get(..x_len).unwrap_or_default()),
            Attribute::Bytes(AttributeId::ECC_PUBLIC_VALUE_Y, y.get(..y_len).unwrap_or_default()),
        ];
        let key = Object::derive(ObjectType::GENERIC_SECRET, 256, AlgorithmId::ECDH_DERIVE_SHARED_SECRET, own, &point)?;
        checks.equal(key.bytes(AttributeId::SECRET_VALUE, secret), Ok(32));
    }
    checks.holds(secrets[0] == secrets[1] && secrets[0] != [0; 32]);
    Ok(())
}
