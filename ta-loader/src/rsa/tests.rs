// SPDX-License-Identifier: BSD-2-Clause
//! Signatures of encoded messages that break one rule each, made with the private key.

extern crate std;

use super::{Padding, is_signed};
use crate::image::RootKey;
use crypto_bigint::BoxedUint;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use rsa::PrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use std::vec;
use std::vec::Vec;

static KEY: LazyLock<(PrivateKey, Vec<u8>)> = LazyLock::new(|| {
    let key = PrivateKey::from_pkcs8_pem(include_str!("../../tests/keys/test-2048.pem")).unwrap();
    let modulus = key.n().to_be_bytes_trimmed_vartime().into_vec();
    (key, modulus)
});

const LEN: usize = 256;
const DIGEST: [u8; 32] = [0x5A; 32];

/// Signs an encoded message, whatever it is.
fn sign(encoded: &[u8]) -> Vec<u8> {
    let (key, _) = &*KEY;
    let params = BoxedMontyParams::new_vartime(key.n().as_ref().clone().to_odd().unwrap());
    let message = BoxedMontyForm::new(BoxedUint::from_be_slice(encoded, 2048).unwrap(), &params);
    message.pow(key.d()).retrieve().to_be_bytes().into_vec()
}

fn accepts(padding: Padding, encoded: &[u8]) -> bool {
    let key = RootKey { exponent: 65537, modulus: &KEY.1 };
    is_signed(&key, padding, &DIGEST, &sign(encoded))
}

fn pkcs1v15() -> Vec<u8> {
    let info = [0x30, 0x31, 0x30, 0x0D, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
    let mut out = vec![0, 1];
    out.resize(LEN - 1 - info.len() - DIGEST.len(), 0xFF);
    out.push(0);
    out.extend(info);
    out.extend(DIGEST);
    out
}

#[test]
fn pkcs1v15_has_one_encoding() {
    let good = pkcs1v15();
    assert!(accepts(Padding::Pkcs1v15, &good));
    for at in 0..LEN {
        let mut bad = good.clone();
        bad[at] ^= if at == 0 { 0x01 } else { 0x10 };
        assert!(!accepts(Padding::Pkcs1v15, &bad), "{at}");
    }
    // Less padding and what fits behind the digest: the forgery of a parser that does not look at the end.
    let mut bad = good[..2 + 8].to_vec();
    bad.extend(&good[LEN - 52..]);
    bad.resize(LEN, 0);
    assert!(!accepts(Padding::Pkcs1v15, &bad));
    assert!(!accepts(Padding::Pss, &good));
}

/// EMSA-PSS-ENCODE with the data block before it is masked, and the bits of the first byte that are kept.
fn pss(block: impl FnOnce(&mut Vec<u8>), salt: &[u8], trailer: u8, kept: u8) -> Vec<u8> {
    let hash = Sha256::new().chain_update([0; 8]).chain_update(DIGEST).chain_update(salt).finalize();
    let mut data = vec![0; LEN - 33 - salt.len() - 1];
    data.push(1);
    data.extend(salt);
    block(&mut data);
    for (counter, part) in (0u32..).zip(data.chunks_mut(32)) {
        let mask = Sha256::new().chain_update(hash).chain_update(counter.to_be_bytes()).finalize();
        part.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
    data[0] &= kept;
    data.extend(hash);
    data.push(trailer);
    data
}

#[test]
fn pss_rules_are_enforced() {
    let salt = [7; 32];
    let good = pss(|_| {}, &salt, 0xBC, 0x7F);
    assert!(accepts(Padding::Pss, &good));
    assert!(!accepts(Padding::Pkcs1v15, &good));
    assert!(!accepts(Padding::Pss, &pss(|_| {}, &salt, 0xBB, 0x7F)));
    assert!(!accepts(Padding::Pss, &pss(|_| {}, &salt[..31], 0xBC, 0x7F)));
    assert!(!accepts(Padding::Pss, &pss(|_| {}, &[7; 33], 0xBC, 0x7F)));
    assert!(!accepts(Padding::Pss, &pss(|data| data[190] = 0, &salt, 0xBC, 0x7F)));
    assert!(!accepts(Padding::Pss, &pss(|data| data[190] = 2, &salt, 0xBC, 0x7F)));
    for at in [1, 100, 189] {
        assert!(!accepts(Padding::Pss, &pss(|data| data[at] = 1, &salt, 0xBC, 0x7F)), "{at}");
    }
    assert!(!accepts(Padding::Pss, &pss(|data| data[222] ^= 1, &salt, 0xBC, 0x7F)));
    // The unused bit of the first byte must be clear. Below the modulus such a number is only with some luck of the
    // mask, which this salt has.
    let top = (0u8..=255).find_map(|salt| {
        let mut encoded = pss(|_| {}, &[salt; 32], 0xBC, 0x7F);
        encoded[0] |= 0x80;
        (encoded < KEY.1).then_some(encoded)
    });
    assert!(!accepts(Padding::Pss, &top.unwrap()));
}

#[test]
fn a_signature_is_below_the_modulus() {
    let (key, modulus) = &*KEY;
    let root = RootKey { exponent: 65537, modulus };
    // One in so many signatures stays within its bytes when the modulus is added, and is then the same residue.
    let (digest, other) = (0u8..=255)
        .find_map(|byte| {
            let signature = key.sign(rsa::Pkcs1v15Sign::new::<Sha256>(), &[byte; 32]).unwrap();
            assert!(is_signed(&root, Padding::Pkcs1v15, &[byte; 32], &signature));
            let number = BoxedUint::from_be_slice(&signature, 2048).unwrap();
            let sum = number.wrapping_add(key.n().as_ref());
            (sum > number).then(|| ([byte; 32], sum.to_be_bytes()))
        })
        .unwrap();
    assert!(!is_signed(&root, Padding::Pkcs1v15, &digest, &other));
    assert!(!is_signed(&root, Padding::Pkcs1v15, &digest, modulus));
}

#[test]
fn moduli_that_are_no_whole_bytes_work() {
    // 2049 bits: the encoded message has a byte less than the modulus; 2050: seven unused bits less.
    for bits in [2049u32, 2050, 2055] {
        let mut rng = <rand_chacha::ChaCha20Rng as rand_chacha::rand_core::SeedableRng>::seed_from_u64(u64::from(bits));
        let key = PrivateKey::new(&mut rng, bits as usize).unwrap();
        let modulus = key.n().to_be_bytes_trimmed_vartime();
        let root = RootKey { exponent: 65537, modulus: &modulus };
        let signature = key.sign_with_rng(&mut rng, rsa::Pss::<Sha256>::new_with_salt(32), &DIGEST).unwrap();
        assert!(is_signed(&root, Padding::Pss, &DIGEST, &signature), "{bits}");
        assert!(!is_signed(&root, Padding::Pss, &[0; 32], &signature));
        let signature = key.sign(rsa::Pkcs1v15Sign::new::<Sha256>(), &DIGEST).unwrap();
        assert!(is_signed(&root, Padding::Pkcs1v15, &DIGEST, &signature), "{bits}");
    }
}
