// SPDX-License-Identifier: BSD-2-Clause
//! Every curve, and what its calls refuse; with vectors of `known-answers`.

use crate::checks::Checks;
use crate::known::{field, key, vector};
use known_answers::Section;
use utee::crypto::{Attribute, Object, Signer, Sm2Exchange, Variant, Verifier, is_supported};
use utee::digest::Digest;
use utee::utee_abi::crypto::{AlgorithmId, AttributeId, Curve, ObjectType};
use utee::{Result, TeeError};

pub(crate) fn curves(checks: &mut Checks) -> Result<()> {
    for algorithm in [AlgorithmId::ED25519, AlgorithmId::ED448, AlgorithmId::X25519, AlgorithmId::X448, AlgorithmId::SM2_KEP] {
        checks.holds(is_supported(algorithm));
    }
    edwards(checks)?;
    montgomery(checks)?;
    small(checks)?;
    sm2(checks)?;
    exchange(checks)
}

/// A pair of Curve25519 or Curve448: its type, and the attributes of its halves.
fn pair(kind: ObjectType, section: Section, [private, public]: [&str; 2]) -> Result<Object> {
    let half = |name| section.bytes(name).ok_or(TeeError::ITEM_NOT_FOUND);
    Object::from_pair(kind, &half(private)?, &half(public)?)
}

const ED25519: [&str; 2] = ["ED25519_PRIVATE_VALUE", "ED25519_PUBLIC_VALUE"];
const ED448: [&str; 2] = ["ED448_PRIVATE_VALUE", "ED448_PUBLIC_VALUE"];
const X25519: [&str; 2] = ["X25519_PRIVATE_VALUE", "X25519_PUBLIC_VALUE"];

fn edwards(checks: &mut Checks) -> Result<()> {
    // With a context, and with a digest of the message.
    let (with_context, with_digest) = (vector(AlgorithmId::ED25519, 1)?, vector(AlgorithmId::ED25519, 2)?);
    let (own, foreign) = (key(with_context, "by")?, key(with_digest, "by")?);
    let (message, wanted) = (field::<16>(with_context, "message")?, field::<64>(with_context, "out")?);
    let variant = Variant { context: b"foo", ..Variant::default() };
    let signer = Signer::new(AlgorithmId::ED25519, &pair(ObjectType::ED25519_KEYPAIR, own, ED25519)?)?;
    let mut signature = [0; 64];
    checks.equal(signer.sign_variant(variant, &message, &mut signature[..63]), Err(TeeError::SHORT_BUFFER));
    checks.equal(signer.sign_variant(variant, &message, &mut signature), Ok(64));
    checks.equal(&signature, &wanted);
    let public = Object::from_public(ObjectType::ED25519_PUBLIC_KEY, &field::<32>(own, ED25519[1])?)?;
    let verifier = Verifier::new(AlgorithmId::ED25519, &public)?;
    checks.equal(verifier.verify_variant(variant, &message, &signature), Ok(()));
    checks.equal(verifier.verify(&message, &signature), Err(TeeError::SIGNATURE_INVALID));
    checks.equal(
        verifier.verify_variant(Variant { context: &[0; 256], prehash: false }, &message, &signature),
        Err(TeeError::BAD_PARAMETERS),
    );
    // Not the pair's, and of low order.
    let mixed = Object::from_pair(ObjectType::ED25519_KEYPAIR, &field::<32>(own, ED25519[0])?, &field::<32>(foreign, ED25519[1])?);
    checks.equal(mixed, Err(TeeError::BAD_PARAMETERS));
    checks.equal(Object::from_public(ObjectType::ED25519_PUBLIC_KEY, &[0; 32]), Err(TeeError::BAD_PARAMETERS));

    let variant = Variant { prehash: true, context: &[] };
    let signer = Signer::new(AlgorithmId::ED25519, &pair(ObjectType::ED25519_KEYPAIR, foreign, ED25519)?)?;
    checks.equal(signer.sign_variant(variant, b"abc", &mut signature), Ok(64));
    checks.equal(signature, field(with_digest, "out")?);

    let with_context = vector(AlgorithmId::ED448, 0)?;
    let pair = pair(ObjectType::ED448_KEYPAIR, key(with_context, "by")?, ED448)?;
    let variant = Variant { context: b"foo", ..Variant::default() };
    let mut signature = [0; 114];
    checks.equal(Signer::new(AlgorithmId::ED448, &pair)?.sign_variant(variant, &[3], &mut signature), Ok(114));
    checks.holds(signature == field(with_context, "out")?);
    let verifier = Verifier::new(AlgorithmId::ED448, &pair)?;
    checks.equal(verifier.verify_variant(variant, &[3], &signature), Ok(()));
    checks.equal(verifier.verify_variant(variant, &[4], &signature), Err(TeeError::SIGNATURE_INVALID));

    let pair = Object::generate(ObjectType::ED25519_KEYPAIR, 256)?;
    let mut signature = [0; 64];
    Signer::new(AlgorithmId::ED25519, &pair)?.sign(b"what is signed is the message itself, not its digest", &mut signature)?;
    let verifier = Verifier::new(AlgorithmId::ED25519, &pair)?;
    checks.equal(verifier.verify(b"what is signed is the message itself, not its digest", &signature), Ok(()));
    Ok(())
}

fn montgomery(checks: &mut Checks) -> Result<()> {
    let agreement = vector(AlgorithmId::X25519, 0)?;
    let alice = pair(ObjectType::X25519_KEYPAIR, key(agreement, "by")?, X25519)?;
    let mut secret = [0; 32];
    checks.equal(alice.agree(&field::<32>(agreement, X25519[1])?)?.bytes(AttributeId::SECRET_VALUE, &mut secret), Ok(32));
    checks.equal(secret, field(agreement, "out")?);
    let mut one = [0; 32];
    one[0] = 1;
    for low in [[0; 32], one] {
        checks.equal(alice.agree(&low).map(drop), Err(TeeError::BAD_PARAMETERS));
    }
    let pairs = [Object::generate(ObjectType::X448_KEYPAIR, 448)?, Object::generate(ObjectType::X448_KEYPAIR, 448)?];
    let mut secrets = [[0; 56]; 2];
    for (secret, (own, other)) in secrets.iter_mut().zip([(&pairs[0], &pairs[1]), (&pairs[1], &pairs[0])]) {
        let mut public = [0; 56];
        checks.equal(other.public(&mut public), Ok(56));
        checks.equal(own.agree(&public)?.bytes(AttributeId::SECRET_VALUE, secret), Ok(56));
    }
    checks.holds(secrets[0] == secrets[1] && secrets[0] != [0; 56]);
    checks.equal(pairs[0].agree(&[0; 56]).map(drop), Err(TeeError::BAD_PARAMETERS));
    Ok(())
}

/// The two small curves of NIST.
fn small(checks: &mut Checks) -> Result<()> {
    for (curve, len) in [(Curve::NIST_P192, 48), (Curve::NIST_P224, 56)] {
        let key = Object::generate_on(ObjectType::ECDSA_KEYPAIR, curve)?;
        let mut signature = [0; 56];
        checks.equal(Signer::new(AlgorithmId::ECDSA_SHA256, &key)?.sign(&[7; 32], &mut signature), Ok(len));
        let verifier = Verifier::new(AlgorithmId::ECDSA_SHA256, &key)?;
        let signature = signature.get(..len).unwrap_or_default();
        checks.equal(verifier.verify(&[7; 32], signature), Ok(()));
        checks.equal(verifier.verify(&[8; 32], signature), Err(TeeError::SIGNATURE_INVALID));
    }
    Ok(())
}

/// Secret and point of a key of SM2.
const SM2: [&str; 3] = ["ECC_PRIVATE_VALUE", "ECC_PUBLIC_VALUE_X", "ECC_PUBLIC_VALUE_Y"];

/// A key of SM2, of the fields of a section that are its secret and the coordinates of its point.
fn sm2_key(kind: ObjectType, section: Section, fields: [&str; 3]) -> Result<Object> {
    let object = Object::new(kind, 256)?;
    let [secret, x, y] = [field::<32>(section, fields[0])?, field(section, fields[1])?, field(section, fields[2])?];
    object.populate(&[
        Attribute::Bytes(AttributeId::ECC_PRIVATE_VALUE, &secret),
        Attribute::Bytes(AttributeId::ECC_PUBLIC_VALUE_X, &x),
        Attribute::Bytes(AttributeId::ECC_PUBLIC_VALUE_Y, &y),
    ])?;
    Ok(object)
}

fn sm2(checks: &mut Checks) -> Result<()> {
    let signed = vector(AlgorithmId::SM2_DSA_SM3, 0)?;
    let own = key(signed, "by")?;
    let key_pair = sm2_key(ObjectType::SM2_DSA_KEYPAIR, own, SM2)?;
    let turned = sm2_key(ObjectType::SM2_DSA_KEYPAIR, own, [SM2[0], SM2[2], SM2[1]]);
    checks.equal(turned.map(drop), Err(TeeError::BAD_PARAMETERS));
    let mut digest = [0; 32];
    Digest::by_id(AlgorithmId::SM3.raw())?.finish(&signed.bytes("message").unwrap_or_default(), &mut digest)?;
    let verifier = Verifier::new(AlgorithmId::SM2_DSA_SM3, &key_pair)?;
    checks.equal(verifier.verify(&digest, &field::<64>(signed, "out")?), Ok(()));
    let mut signature = [0; 64];
    checks.equal(Signer::new(AlgorithmId::SM2_DSA_SM3, &key_pair)?.sign(&digest, &mut signature), Ok(64));
    checks.equal(verifier.verify(&digest, &signature), Ok(()));
    checks.equal(verifier.verify(&[7; 32], &signature), Err(TeeError::SIGNATURE_INVALID));

    let encrypted = vector(AlgorithmId::SM2_PKE, 0)?;
    let key_pair = sm2_key(ObjectType::SM2_PKE_KEYPAIR, key(encrypted, "by")?, SM2)?;
    let (mut text, mut message) = (field::<116>(encrypted, "out")?, [0; 19]);
    checks.equal(key_pair.sm2_decrypt(&text, &mut message[..18]), Err(TeeError::SHORT_BUFFER));
    checks.equal(key_pair.sm2_decrypt(&text, &mut message), Ok(19));
    checks.equal(&message, b"encryption standard");
    checks.equal(key_pair.sm2_encrypt(b"something else here", &mut text), Ok(116));
    checks.equal(key_pair.sm2_decrypt(&text, &mut message), Ok(19));
    checks.equal(&message, b"something else here");
    text[70] ^= 1;
    checks.equal(key_pair.sm2_decrypt(&text, &mut message), Err(TeeError::CIPHERTEXT_INVALID));
    Ok(())
}

/// Both sides get the key of the standard, and confirm it to each other.
fn exchange(checks: &mut Checks) -> Result<()> {
    let sides = [vector(AlgorithmId::SM2_KEP, 0)?, vector(AlgorithmId::SM2_KEP, 1)?];
    for (own, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
        let point = [field::<32>(own, "ECC_PUBLIC_VALUE_X")?, field(own, "ECC_PUBLIC_VALUE_Y")?];
        let passing = [field::<32>(own, "ECC_EPHEMERAL_PUBLIC_VALUE_X")?, field(own, "ECC_EPHEMERAL_PUBLIC_VALUE_Y")?];
        let key_pair = sm2_key(ObjectType::SM2_KEP_KEYPAIR, key(own, "by")?, SM2)?;
        let ephemeral = sm2_key(ObjectType::SM2_KEP_KEYPAIR, key(own, "by2")?, SM2)?;
        let with = Sm2Exchange {
            is_initiator: own.text("SM2_KEP_USER") == Some("00"),
            point: (&point[0], &point[1]),
            ephemeral: (&passing[0], &passing[1]),
            identities: [b"1234567812345678"; 2],
            confirmation: Some(&field(own, "SM2_KEP_CONFIRMATION_IN")?),
        };
        let (agreed, confirms) = key_pair.exchange(&ephemeral, &with, 16)?;
        let mut shared = [0; 16];
        checks.equal(agreed.bytes(AttributeId::SECRET_VALUE, &mut shared), Ok(16));
        checks.equal(shared, field(own, "out")?);
        checks.equal(confirms, field(other, "SM2_KEP_CONFIRMATION_IN")?);
        let wrong = Sm2Exchange { confirmation: Some(&[7; 32]), ..with };
        checks.equal(key_pair.exchange(&ephemeral, &wrong, 16).map(drop), Err(TeeError::BAD_STATE));
        let off = Sm2Exchange { point: (&point[1], &point[0]), ..with };
        checks.equal(key_pair.exchange(&ephemeral, &off, 16).map(drop), Err(TeeError::BAD_PARAMETERS));
    }
    Ok(())
}
