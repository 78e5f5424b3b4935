// SPDX-License-Identifier: BSD-2-Clause
//! The curves by published vectors, which stand in `vectors/curves.txt` and, those of SM2, in the crate `known-answers`; and what they
//! must refuse.

use super::edwards::{self, Dom, MAX_KEY, MAX_SIGNATURE, PREHASHED, Prehash, Use, Verify, Verifying};
use super::tests::hex;
use super::{digest, ecc, sm2};
use known_answers::{Section, key, vectors_of};
use proptest::prelude::{any, prop_assert_eq, proptest};
use std::collections::BTreeMap;
use std::string::String;
use std::vec;
use std::vec::Vec;
use utee_abi::crypto::{Algorithm, AlgorithmId};
use utee_abi::result::TeeError;

/// A section of the file: its name, and its numbers by name.
struct Vector(&'static str, BTreeMap<&'static str, &'static str>);

impl Vector {
    fn has(&self, name: &str) -> bool {
        self.1.contains_key(name)
    }

    fn get(&self, name: &str) -> Vec<u8> {
        hex(self.1.get(name).unwrap_or_else(|| panic!("{} without {name}", self.0)))
    }

    fn maybe(&self, name: &str) -> Vec<u8> {
        if self.has(name) { self.get(name) } else { Vec::new() }
    }
}

/// The sections whose name begins so.
fn vectors(name: &str) -> Vec<Vector> {
    let mut all = Vec::new();
    for line in include_str!("vectors/curves.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => all.push(Vector(name, BTreeMap::new())),
            None => {
                let (name, value) = line.split_once(" =").unwrap();
                all.last_mut().unwrap().1.insert(name, value.trim());
            }
        }
    }
    all.retain(|vector| vector.0.starts_with(name));
    assert!(!all.is_empty(), "{name}");
    all
}

fn hash(algorithm: Algorithm, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; algorithm.size().unwrap() as usize];
    let mut digest = digest::Digest::of(algorithm);
    digest.update(data).unwrap();
    digest.finish(&mut out);
    out
}

fn curve(name: &str) -> ecc::Curve {
    match name.rsplit(' ').next().unwrap() {
        "P-192" => ecc::Curve::P192,
        "P-224" => ecc::Curve::P224,
        "P-256" => ecc::Curve::P256,
        "P-384" => ecc::Curve::P384,
        "P-521" => ecc::Curve::P521,
        other => panic!("{other}"),
    }
}

fn prehash(of: Use, message: &[u8]) -> [u8; PREHASHED] {
    let mut hash = Prehash::new(of);
    message.chunks(7).for_each(|part| hash.update(part));
    hash.finish()
}

fn verify(of: Use, public: &[u8], dom: Dom<'_>, message: &[u8], signature: &[u8]) -> Result<(), TeeError> {
    let mut verify = Verify::new(of, public, dom, signature)?;
    message.chunks(5).for_each(|part| verify.update(part));
    verify.finish()
}

#[test]
fn ecdsa_agrees_with_published_vectors() {
    for vector in vectors("ecdsa ") {
        let algorithm = match vector.1["hash"] {
            "sha-1" => Algorithm::Sha1,
            "sha-224" => Algorithm::Sha224,
            "sha-256" => Algorithm::Sha256,
            "sha-384" => Algorithm::Sha384,
            _ => Algorithm::Sha512,
        };
        let (curve, mut digest) = (curve(vector.0), hash(algorithm, &vector.get("message")));
        let [secret, x, y, mut signature] = ["secret", "x", "y", "signature"].map(|name| vector.get(name));
        assert_eq!(ecc::check_pair(curve, &secret, &x, &y), Ok(()), "{}", vector.0);
        assert_eq!(ecc::verify(curve, &x, &y, &digest, &signature), Ok(()), "{} {algorithm:?}", vector.0);
        let mut own = [0; 2 * ecc::MAX_SCALAR];
        ecc::sign(curve, &secret, &digest, &[], &mut own).unwrap();
        let own = &own[..2 * curve.size()];
        assert_eq!(ecc::verify(curve, &x, &y, &digest, own), Ok(()));
        if vector.has("deterministic") {
            assert_eq!(own, signature, "{}", vector.0);
        }
        digest[0] ^= 1;
        assert_eq!(ecc::verify(curve, &x, &y, &digest, &signature), Err(TeeError::SIGNATURE_INVALID));
        digest[0] ^= 1;
        signature[curve.size()] ^= 1;
        assert_eq!(ecc::verify(curve, &x, &y, &digest, &signature), Err(TeeError::SIGNATURE_INVALID));
    }
}

/// The validity test of CAVP says of each what is wrong with it: the other side's point (1, 2), the own one (5, 6), the own secret (7),
/// or the result (8).
#[test]
fn ecdh_agrees_with_published_vectors() {
    for vector in vectors("ecdh ") {
        let curve = curve(vector.0);
        let [secret, x, y, shared, own_x, own_y] = ["secret", "x", "y", "shared", "own_x", "own_y"].map(|name| vector.get(name));
        let result = vector.1["result"];
        let agreed = ecc::agree(curve, &secret, &x, &y);
        let pair = ecc::check_pair(curve, &secret, &own_x, &own_y);
        match result {
            "f 1" | "f 2" => assert_eq!(agreed.map(|_| ()), Err(TeeError::BAD_PARAMETERS), "{} {result}", vector.0),
            "f 5" | "f 6" | "f 7" => assert_eq!(pair, Err(TeeError::BAD_PARAMETERS), "{} {result}", vector.0),
            _ => {
                assert_eq!(pair, Ok(()), "{} {result}", vector.0);
                assert_eq!(agreed.unwrap()[..curve.size()] == shared[..], result.starts_with('p'), "{} {result}", vector.0);
            }
        }
    }
}

#[test]
fn eddsa_agrees_with_published_vectors() {
    for (name, of) in [("ed25519", Use::Ed25519), ("ed448", Use::Ed448)] {
        for vector in vectors(name) {
            let [secret, public, message, mut signature] = ["secret", "public", "message", "signature"].map(|name| vector.get(name));
            let (context, is_prehashed) = (vector.maybe("context"), vector.has("prehashed"));
            let dom = Dom { is_prehashed, context: &context };
            assert_eq!(of.check_pair(&secret, &public), Ok(()), "{name}");
            let message = if is_prehashed { prehash(of, &message).to_vec() } else { message };
            let mut own = [0; MAX_SIGNATURE];
            of.sign([&secret, &public], dom, &message, &mut own).unwrap();
            assert_eq!(own[..of.signature_size()], signature, "{name}");
            assert_eq!(verify(of, &public, dom, &message, &signature), Ok(()));
            // Another variant, another context, another message, any bit changed.
            let other = Dom { is_prehashed: !is_prehashed, ..dom };
            assert_eq!(verify(of, &public, other, &message, &signature), Err(TeeError::SIGNATURE_INVALID));
            let other = Dom { context: b"another", ..dom };
            assert_eq!(verify(of, &public, other, &message, &signature), Err(TeeError::SIGNATURE_INVALID));
            let longer = [&message[..], b"x"].concat();
            assert_eq!(verify(of, &public, dom, &longer, &signature), Err(TeeError::SIGNATURE_INVALID));
            for bit in [0, 9, 8 * of.size() - 1, 8 * of.size(), 8 * of.size() + 100, 16 * of.size() - 1] {
                signature[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(verify(of, &public, dom, &message, &signature), Err(TeeError::SIGNATURE_INVALID), "{name} {bit}");
                signature[bit / 8] ^= 1 << (bit % 8);
            }
            let short = &signature[1..];
            assert_eq!(verify(of, &public, dom, &message, short), Err(TeeError::SIGNATURE_INVALID));
        }
    }
}

#[test]
fn agreement_agrees_with_published_vectors() {
    for (name, of) in [("x25519", Use::X25519), ("x448", Use::X448)] {
        for vector in vectors(name) {
            let [secret, public, shared] = ["secret", "public", "shared"].map(|name| vector.get(name));
            assert_eq!(of.agree(&secret, &public).unwrap()[..], shared[..], "{name}");
            if vector.has("own") {
                assert_eq!(of.check_pair(&secret, &vector.get("own")), Ok(()));
                assert_eq!(of.check_pair(&secret, &public), Err(TeeError::BAD_PARAMETERS));
            }
            assert!(of.agree(&secret[1..], &public).is_err() && of.agree(&secret, &public[1..]).is_err());
        }
    }
}

/// A result that does not depend on the secret is none (RFC 7748, section 6).
#[test]
fn points_of_low_order_are_refused_in_agreement() {
    // 0, 1, two of order 8, p - 1, p, p + 1: all points of low order of Curve25519 and its twist, with what is the same modulo p.
    let low = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for point in low.map(hex) {
        let mut with_a_bit_that_does_not_count = point.clone();
        with_a_bit_that_does_not_count[31] |= 0x80;
        for point in [point, with_a_bit_that_does_not_count] {
            assert_eq!(Use::X25519.agree(&[0x55; 32], &point), Err(TeeError::BAD_PARAMETERS), "{point:02x?}");
        }
    }
    // 0, 1, p - 1, p, p + 1 of Curve448.
    let p = |first: u8| {
        let mut bytes = vec![0xFF; 56];
        (bytes[0], bytes[28]) = (first, 0xFE);
        bytes
    };
    let mut after_p = vec![0; 56];
    after_p[28..].fill(0xFF);
    let mut one = vec![0; 56];
    one[0] = 1;
    for point in [vec![0; 56], one, p(0xFE), p(0xFF), after_p] {
        assert_eq!(Use::X448.agree(&[0x55; 56], &point), Err(TeeError::BAD_PARAMETERS), "{point:02x?}");
    }
}

/// Keys with which anybody could sign, and encodings that are not the one of their point.
#[test]
fn public_keys_of_low_order_or_of_another_encoding_are_refused() {
    let low = [
        // Order 1, 2, 4, 4, 8, 8, 8, 8.
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        // The same with p added, or with a sign that zero does not have.
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        // y = 3 with p added: on the curve, of high order, and not its encoding.
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        // y = 2: on no curve.
        "0200000000000000000000000000000000000000000000000000000000000000",
    ];
    for point in low.map(hex) {
        assert_eq!(Use::Ed25519.check_public(&point), Err(TeeError::BAD_PARAMETERS), "{point:02x?}");
        // What would verify for every message with a cofactor, or with a key of order 1.
        let signature = [&point[..], &[0; 32]].concat();
        assert_eq!(verify(Use::Ed25519, &point, Dom::default(), b"any", &signature), Err(TeeError::BAD_PARAMETERS));
    }
    let mut one = vec![0; 57];
    one[0] = 1;
    let mut minus_one = vec![0xFF; 57];
    (minus_one[0], minus_one[28], minus_one[56]) = (0xFE, 0xFE, 0);
    let mut signed = one.clone();
    signed[56] = 0x80;
    let public = &vectors("ed448")[0].get("public");
    let mut spare = public.clone();
    spare[56] |= 1;
    for point in [vec![0; 57], one, minus_one, signed, spare] {
        assert_eq!(Use::Ed448.check_public(&point), Err(TeeError::BAD_PARAMETERS), "{point:02x?}");
    }
    assert_eq!(Use::Ed448.check_public(public), Ok(()));
    assert!(Use::Ed448.check_public(&public[1..]).is_err() && Use::X448.check_public(public).is_err());
}

/// A response that is not reduced is a second signature of the same message (RFC 8032, section 5.1.7).
#[test]
fn signatures_have_one_encoding() {
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    for vector in vectors("ed25519").iter().filter(|vector| !vector.has("context") && !vector.has("prehashed")) {
        let [public, message, mut signature] = ["public", "message", "signature"].map(|name| vector.get(name));
        let mut carry = 0;
        for (byte, add) in signature[32..].iter_mut().zip(&order) {
            let sum = u16::from(*byte) + u16::from(*add) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        assert_eq!(carry, 0);
        assert_eq!(verify(Use::Ed25519, &public, Dom::default(), &message, &signature), Err(TeeError::SIGNATURE_INVALID));
    }
}

/// Numbers of a vector that TAs play as well, or of a key that it names.
fn numbers<const N: usize>(section: Section, names: [&str; N]) -> [Vec<u8>; N] {
    names.map(|name| section.bytes(name).unwrap_or_else(|| panic!("{} without {name}", section.name)))
}

/// Secret and point of a key.
fn pair(vector: Section, by: &str) -> [Vec<u8>; 3] {
    numbers(key(vector.text(by).unwrap()).unwrap(), ["ECC_PRIVATE_VALUE", "ECC_PUBLIC_VALUE_X", "ECC_PUBLIC_VALUE_Y"])
}

#[test]
fn sm2_signatures_agree_with_the_standard() {
    for vector in vectors_of(AlgorithmId::SM2_DSA_SM3) {
        let ([secret, x, y], [message, mut signature]) = (pair(vector, "by"), numbers(vector, ["message", "out"]));
        let mut digest = hash(Algorithm::Sm3, &message);
        assert_eq!(ecc::check_pair(ecc::Curve::Sm2, &secret, &x, &y), Ok(()));
        assert_eq!(sm2::verify(&x, &y, &digest, &signature), Ok(()));
        let (one, two) = (sm2::sign(&secret, &digest, &[1; 32]).unwrap(), sm2::sign(&secret, &digest, &[2; 32]).unwrap());
        assert!(one != two, "what is fresh goes in");
        assert_eq!((sm2::verify(&x, &y, &digest, &one), sm2::verify(&x, &y, &digest, &two)), (Ok(()), Ok(())));
        digest[31] ^= 1;
        assert_eq!(sm2::verify(&x, &y, &digest, &signature), Err(TeeError::SIGNATURE_INVALID));
        digest[31] ^= 1;
        assert_eq!(sm2::verify(&x, &y, &digest, &signature[1..]), Err(TeeError::SIGNATURE_INVALID));
        signature[32..].fill(0);
        assert_eq!(sm2::verify(&x, &y, &digest, &signature), Err(TeeError::SIGNATURE_INVALID));
        assert_eq!(sm2::sign(&secret, &digest[1..], &[1; 32]), Err(TeeError::BAD_PARAMETERS));
        // Zero, the order, and the order less one, to which no one can be added.
        let order = hex("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");
        let mut last = order.clone();
        last[31] -= 1;
        for secret in [vec![0; 32], order, last] {
            assert_eq!(sm2::sign(&secret, &digest, &[1; 32]), Err(TeeError::BAD_PARAMETERS));
        }
        let mut off = y.clone();
        off[31] ^= 1;
        assert_eq!(sm2::verify(&x, &off, &digest, &one), Err(TeeError::BAD_PARAMETERS));
        assert_eq!(ecc::check_point(ecc::Curve::Sm2, &x, &off), Err(TeeError::BAD_PARAMETERS));
    }
}

#[test]
fn sm2_exchange_agrees_with_the_standard() {
    // A vector a side, with what the other one sent to confirm.
    let vectors: Vec<Section> = vectors_of(AlgorithmId::SM2_KEP).collect();
    for two in vectors.chunks(2) {
        let [shared] = numbers(two[0], ["out"]);
        let sides = [0, 1].map(|own: usize| {
            let ([secret, x, y], [ephemeral, ephemeral_x, ephemeral_y]) = (pair(two[own], "by"), pair(two[own], "by2"));
            let [identity] = numbers(two[own], [["SM2_ID_INITIATOR", "SM2_ID_RESPONDER"][own]]);
            let [confirmation] = numbers(two[1 - own], ["SM2_KEP_CONFIRMATION_IN"]);
            [x, y, ephemeral_x, ephemeral_y, identity, secret, ephemeral, confirmation]
        });
        let side = |index: usize| {
            let [x, y, ephemeral_x, ephemeral_y, identity, ..] = &sides[index];
            sm2::Side { identity, point: (x, y), ephemeral: (ephemeral_x, ephemeral_y) }
        };
        for (own, other) in [(0, 1), (1, 0)] {
            let [.., secret, ephemeral, confirmation] = &sides[own];
            let exchange =
                |own, other| sm2::Exchange { is_initiator: own == 0, sides: [side(own), side(other)], secrets: [secret, ephemeral] };
            let agreed = exchange(own, other).run().unwrap();
            let mut key = [0xEE; 16];
            agreed.key(&mut key);
            assert_eq!(key[..], shared);
            assert_eq!(agreed.confirmation()[..], confirmation[..]);
            assert!(agreed.is_confirmed(&sides[other][7]) && !agreed.is_confirmed(confirmation) && !agreed.is_confirmed(&[]));
            let mut longer = [0; 80];
            agreed.key(&mut longer);
            assert_eq!(longer[..16], key);

            let mut off = exchange(own, other);
            off.sides[1].ephemeral.1 = &sides[other][1];
            assert_eq!(off.run().map(|_| ()), Err(TeeError::BAD_PARAMETERS), "a point that is not on the curve");
            let mut off = exchange(own, other);
            off.sides[1].point.0 = &sides[other][1];
            assert_eq!(off.run().map(|_| ()), Err(TeeError::BAD_PARAMETERS));
            let long = vec![0; sm2::MAX_IDENTITY + 1];
            let mut off = exchange(own, other);
            off.sides[1].identity = &long;
            assert_eq!(off.run().map(|_| ()), Err(TeeError::BAD_PARAMETERS));
            let mut other_identity = exchange(own, other);
            other_identity.sides[1].identity = b"somebody else";
            let mut key = [0; 16];
            other_identity.run().unwrap().key(&mut key);
            assert_ne!(key[..], shared);
        }
    }
}

#[test]
fn sm2_encryption_agrees_with_the_standard() {
    for vector in vectors_of(AlgorithmId::SM2_PKE) {
        let ([secret, x, y], [message, ciphertext]) = (pair(vector, "by"), numbers(vector, ["message", "out"]));
        let mut text = ciphertext.clone();
        assert_eq!(sm2::decrypt(&secret, &mut text), Ok(&message[..]));
        for (index, wanted) in [(0, TeeError::BAD_PARAMETERS), (1, TeeError::BAD_PARAMETERS), (65, TeeError::CIPHERTEXT_INVALID)] {
            let mut text = ciphertext.clone();
            text[index] ^= 1;
            assert_eq!(sm2::decrypt(&secret, &mut text), Err(wanted), "{index}");
        }
        let mut text = ciphertext.clone();
        *text.last_mut().unwrap() ^= 0x80;
        assert_eq!(sm2::decrypt(&secret, &mut text), Err(TeeError::CIPHERTEXT_INVALID));
        assert_eq!(text[65..84], [0; 19], "what is not to be trusted is not left");
        let mut text = ciphertext.clone();
        text[0] = 3;
        assert_eq!(sm2::decrypt(&secret, &mut text), Err(TeeError::NOT_SUPPORTED));
        let mut short = ciphertext[..sm2::OVERHEAD].to_vec();
        assert_eq!(sm2::decrypt(&secret, &mut short), Err(TeeError::BAD_PARAMETERS));
        assert_eq!(sm2::decrypt(&secret, &mut []), Err(TeeError::BAD_PARAMETERS));

        for random in [[0; 32], [0xFF; 32]] {
            assert_eq!(sm2::encrypt(&x, &y, &random, &mut [0; sm2::OVERHEAD + 1]), Ok(false), "no scalar");
        }
        assert_eq!(sm2::encrypt(&x, &y, &[1; 32], &mut [0; sm2::OVERHEAD]), Err(TeeError::BAD_PARAMETERS), "no message");
        assert_eq!(sm2::encrypt(&x, &x, &[1; 32], &mut [0; sm2::OVERHEAD + 1]), Err(TeeError::BAD_PARAMETERS), "no point");
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn decryption_undoes_sm2_encryption(secret: [u8; 32], message in proptest::collection::vec(any::<u8>(), 1..100), random: [u8; 32]) {
        let Some([secret, x, y]) = ecc::pair(ecc::Curve::Sm2, &secret) else { return Ok(()) };
        let mut text = [&[0; 65][..], &message, &[0; 32]].concat();
        // A key stream of zeros is not taken, and comes for one byte now and then.
        if sm2::encrypt(&x[..32], &y[..32], &random, &mut text) == Ok(true) {
            prop_assert_eq!(sm2::decrypt(&secret[..32], &mut text), Ok(&message[..]));
        }
    }

    /// Both sides agree; a signature verifies.
    #[test]
    fn both_sides_agree(one: [u8; MAX_KEY - 1], two: [u8; MAX_KEY - 1], message: Vec<u8>, context: Vec<u8>) {
        for of in [Use::X25519, Use::X448] {
            let size = of.size();
            let (mut first, mut second) = ([0; MAX_KEY], [0; MAX_KEY]);
            of.public_of(&one[..size], &mut first).unwrap();
            of.public_of(&two[..size], &mut second).unwrap();
            prop_assert_eq!(of.agree(&one[..size], &second[..size]), of.agree(&two[..size], &first[..size]));
        }
        for of in [Use::Ed25519, Use::Ed448] {
            let mut secret = one.to_vec();
            secret.resize(of.size(), 7);
            let mut public = [0; MAX_KEY];
            of.public_of(&secret, &mut public).unwrap();
            let public = &public[..of.size()];
            let dom = Dom { is_prehashed: false, context: &context[..context.len().min(edwards::MAX_CONTEXT)] };
            let mut signature = [0; MAX_SIGNATURE];
            of.sign([&secret, public], dom, &message, &mut signature).unwrap();
            prop_assert_eq!(verify(of, public, dom, &message, &signature[..of.signature_size()]), Ok(()));
        }
    }
}

#[test]
fn every_vector_is_used() {
    let names: Vec<String> = vectors("").iter().map(|vector| vector.0.split(' ').next().unwrap().into()).collect();
    for name in names {
        assert!(["ecdsa", "ecdh", "ed25519", "ed448", "x25519", "x448"].contains(&name.as_str()), "{name}");
    }
}
