// SPDX-License-Identifier: BSD-2-Clause
//! The registry, published vectors, and that pieces make no difference.

use super::ae::{Ae, Scheme, Start};
use super::block::{Block, Kind};
use super::cipher::{Cipher, Mode};
use super::ctr::Counter;
use super::digest::{Digest, MAX_DIGEST};
use super::mac::{Code, Mac};
use super::{Service, ae, cipher, dh, digest, dsa, ecc, edwards, find, kdf, mac, rsa, sm2};
use crate::crypto::engine::MaybeEngine;
use crate::testing::PortableEngine;
use proptest::prelude::{any, prop_assert_eq, proptest};
use std::vec;
use std::vec::Vec;
use utee_abi::crypto::{Algorithm, AlgorithmId, OperationClass};
use utee_abi::result::TeeError;

pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn upto(from: u8, to: u8) -> Vec<u8> {
    (from..to).collect()
}

/// Algorithms that have an id and are not served yet. One that is added is to be taken off.
fn is_missing(id: AlgorithmId) -> bool {
    id == AlgorithmId::MD5SHA1
}

#[test]
fn every_id_is_served_once_or_known_to_be_missing() {
    let rows: Vec<AlgorithmId> = (digest::ROWS.iter().map(|row| row.0))
        .chain(cipher::ROWS.iter().map(|row| row.0))
        .chain(mac::ROWS.iter().map(|row| row.0))
        .chain(ae::ROWS.iter().map(|row| row.0))
        .chain(kdf::ROWS.iter().map(|row| row.0))
        .chain(ecc::ROWS.iter().map(|row| row.0))
        .chain(rsa::ROWS.iter().map(|row| row.0))
        .chain(dsa::ROWS.iter().map(|row| row.0))
        .chain(dh::ROWS.iter().map(|row| row.0))
        .chain(edwards::ROWS.iter().map(|row| row.0))
        .chain(sm2::ROWS.iter().map(|row| row.0))
        .collect();
    for (name, id) in AlgorithmId::ALL {
        let count = rows.iter().filter(|row| *row == id).count();
        assert_eq!(count, usize::from(!is_missing(*id)), "{name}");
        assert_eq!(find(*id).is_some(), count == 1, "{name}");
    }
    assert_eq!(rows.len(), AlgorithmId::ALL.iter().filter(|(_, id)| !is_missing(*id)).count());
    assert!(find(AlgorithmId::from_raw(0)).is_none());
}

#[test]
fn what_serves_an_id_is_what_its_name_says() {
    for (name, id) in AlgorithmId::ALL {
        let class = match find(*id) {
            Some(Service::Digest(algorithm)) => {
                assert_eq!(id.raw(), u32::from(algorithm), "{name}");
                OperationClass::Digest
            }
            Some(Service::Mac(code)) => {
                assert_eq!(code.key_type().raw() & 0xFF, id.main_algorithm(), "{name}");
                OperationClass::Mac
            }
            Some(Service::Cipher(kind, mode)) => {
                assert_eq!(kind.key_type().raw() & 0xFF, id.main_algorithm(), "{name}");
                assert_eq!(mode as u32, id.chain_mode().min(4), "{name}");
                OperationClass::Cipher
            }
            Some(Service::Ae(..)) => OperationClass::AuthenticatedEncryption,
            Some(Service::Derivation(derivation)) => {
                assert!(name.contains(["HKDF", "CONCAT", "PBKDF2"][(derivation.key_type().raw() & 3) as usize]), "{name}");
                OperationClass::KeyDerivation
            }
            Some(Service::Ecc(ecc::Use::Agree) | Service::Sm2(sm2::Use::Exchange)) => OperationClass::KeyDerivation,
            Some(Service::Edwards(of)) if !of.signs() => OperationClass::KeyDerivation,
            Some(Service::Edwards(_) | Service::Sm2(sm2::Use::Sign)) => OperationClass::AsymmetricSignature,
            Some(Service::Sm2(sm2::Use::Encrypt)) => OperationClass::AsymmetricCipher,
            Some(Service::Ecc(ecc::Use::Sign(algorithm))) => {
                // The ids of these signatures count from SHA-1 on.
                assert_eq!(u32::from(algorithm) & 0xFF, id.digest_number() + 1, "{name}");
                OperationClass::AsymmetricSignature
            }
            Some(Service::Rsa(how)) => {
                let (digest, mgf) = match how {
                    rsa::Use::Raw | rsa::Use::Pkcs1v15 | rsa::Use::SignPkcs1v15(None) => (0, 0),
                    rsa::Use::SignPkcs1v15(Some(digest)) => (u32::from(digest), 0),
                    // OAEP names one digest only.
                    rsa::Use::Oaep(digest) => (0, u32::from(digest)),
                    rsa::Use::SignPss(digest) => (u32::from(digest), u32::from(digest)),
                };
                assert_eq!((digest & 0xFF, mgf & 0xFF), (id.digest_number(), id.mgf_digest_number()), "{name}");
                if how.is_signature() { OperationClass::AsymmetricSignature } else { OperationClass::AsymmetricCipher }
            }
            Some(Service::Dsa(digest)) => {
                assert_eq!(u32::from(digest) & 0xFF, id.digest_number(), "{name}");
                OperationClass::AsymmetricSignature
            }
            Some(Service::Dh) => OperationClass::KeyDerivation,
            None => continue,
        };
        assert_eq!(Some(class), id.class(), "{name}");
    }
}

/// Portable code, and an engine.
const ENGINES: [MaybeEngine; 2] = [None, Some(&PortableEngine)];

/// Encrypts in one piece with nothing kept back. An engine makes no difference.
fn run(kind: Kind, mode: Mode, decrypts: bool, keys: [&[u8]; 2], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, TeeError> {
    let [portable, on_engine] = ENGINES.map(|engine| run_on(engine, kind, mode, decrypts, keys, iv, data));
    assert_eq!(portable, on_engine, "{kind:?} {mode:?}");
    portable
}

fn run_on(
    engine: MaybeEngine,
    kind: Kind,
    mode: Mode,
    decrypts: bool,
    keys: [&[u8]; 2],
    iv: &[u8],
    data: &[u8],
) -> Result<Vec<u8>, TeeError> {
    let mut cipher = Cipher::new(engine, kind, mode, decrypts, keys.map(Some), iv)?;
    let mut out = data.to_vec();
    let body = data.len() - cipher.tail(data.len() as u64) as usize;
    cipher.update(&mut out[..body])?;
    cipher.finish(&mut out[body..])?;
    Ok(out)
}

struct Vector(Kind, Mode, &'static str, &'static str, &'static str, &'static str, &'static str);

const CBC_PLAIN: &str = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef \
                         f69f2445df4f9b17ad2b417be66c3710";

/// FIPS 197 (ECB), SP 800-38A (CBC, CTR), RFC 3962 (CTS), IEEE 1619 (XTS), SP 800-67 (triple DES), GB/T 32907 (SM4).
const CIPHERS: &[Vector] = &[
    Vector(
        Kind::Aes,
        Mode::Ecb,
        "000102030405060708090a0b0c0d0e0f",
        "",
        "",
        "00112233445566778899aabbccddeeff",
        "69c4e0d86a7b0430d8cdb78070b4c55a",
    ),
    Vector(
        Kind::Aes,
        Mode::Ecb,
        "000102030405060708090a0b0c0d0e0f1011121314151617",
        "",
        "",
        "00112233445566778899aabbccddeeff",
        "dda97ca4864cdfe06eaf70a0ec0d7191",
    ),
    Vector(
        Kind::Aes,
        Mode::Ecb,
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "",
        "",
        "00112233445566778899aabbccddeeff",
        "8ea2b7ca516745bfeafc49904b496089",
    ),
    Vector(
        Kind::Aes,
        Mode::Cbc,
        "2b7e151628aed2a6abf7158809cf4f3c",
        "",
        "000102030405060708090a0b0c0d0e0f",
        CBC_PLAIN,
        "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2 73bed6b8e3c1743b7116e69e22229516 \
         3ff1caa1681fac09120eca307586e1a7",
    ),
    Vector(
        Kind::Aes,
        Mode::Ctr,
        "2b7e151628aed2a6abf7158809cf4f3c",
        "",
        "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        CBC_PLAIN,
        "874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff 5ae4df3edbd5d35e5b4f09020db03eab \
         1e031dda2fbe03d1792170a0f3009cee",
    ),
    Vector(
        Kind::Aes,
        Mode::Cts,
        "636869636b656e207465726979616b69",
        "",
        "00000000000000000000000000000000",
        "4920776f756c64206c696b652074686520",
        "c6353568f2bf8cb4d8a580362da7ff7f97",
    ),
    Vector(
        Kind::Aes,
        Mode::Cts,
        "636869636b656e207465726979616b69",
        "",
        "00000000000000000000000000000000",
        "4920776f756c64206c696b65207468652047656e6572616c20476175277320",
        "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5",
    ),
    Vector(
        Kind::Aes,
        Mode::Cts,
        "636869636b656e207465726979616b69",
        "",
        "00000000000000000000000000000000",
        "4920776f756c64206c696b65207468652047656e6572616c2047617527732043",
        "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584",
    ),
    Vector(
        Kind::Aes,
        Mode::Cts,
        "636869636b656e207465726979616b69",
        "",
        "00000000000000000000000000000000",
        "4920776f756c64206c696b65207468652047656e6572616c20476175277320436869636b656e2c20706c656173652c",
        "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5",
    ),
    Vector(
        Kind::Aes,
        Mode::Xts,
        "11111111111111111111111111111111",
        "22222222222222222222222222222222",
        "33333333330000000000000000000000",
        "4444444444444444444444444444444444444444444444444444444444444444",
        "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0",
    ),
    Vector(
        Kind::Aes,
        Mode::Xts,
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0",
        "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
        "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10",
        "6c1625db4671522d3d7599601de7ca09ed",
    ),
    Vector(
        Kind::Des3,
        Mode::Ecb,
        "0123456789abcdef23456789abcdef01456789abcdef0123",
        "",
        "",
        "5468652071756663 6b2062726f776e20 666f78206a756d70",
        "a826fd8ce53b855f cce21c8112256fe6 68d5c05dd9b6b900",
    ),
    Vector(Kind::Des, Mode::Ecb, "133457799bbcdff1", "", "", "0123456789abcdef", "85e813540f0ab405"),
    Vector(
        Kind::Sm4,
        Mode::Ecb,
        "0123456789abcdeffedcba9876543210",
        "",
        "",
        "0123456789abcdeffedcba9876543210",
        "681edf34d206965e86b3e94f536e4246",
    ),
];

#[test]
fn ciphers_agree_with_published_vectors() {
    for Vector(kind, mode, key, key2, iv, plain, text) in CIPHERS {
        let (key, key2) = (hex(key), hex(key2));
        let keys = [key.as_slice(), key2.as_slice()];
        assert_eq!(run(*kind, *mode, false, keys, &hex(iv), &hex(plain)), Ok(hex(text)), "{kind:?} {mode:?} {plain}");
        assert_eq!(run(*kind, *mode, true, keys, &hex(iv), &hex(text)), Ok(hex(plain)), "{kind:?} {mode:?} {text}");
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let key = [1; 16];
    let other = [2; 16];
    for len in 0..48usize {
        for (mode, fine) in [
            (Mode::Ecb, len.is_multiple_of(16)),
            (Mode::Cbc, len.is_multiple_of(16)),
            (Mode::Ctr, true),
            (Mode::Cts, len > 16),
            (Mode::Xts, len == 0 || len >= 16),
        ] {
            let iv: &[u8] = if mode == Mode::Ecb { &[] } else { &[3; 16] };
            let cipher = Cipher::new(None, Kind::Aes, mode, false, [Some(&key), Some(&other)], iv).unwrap();
            assert_eq!(cipher.ends_with(len as u64), fine, "{mode:?} {len}");
            assert_eq!(run(Kind::Aes, mode, false, [&key, &other], iv, &vec![0; len]).is_ok(), fine, "{mode:?} {len}");
            let wrong = Cipher::new(None, Kind::Aes, mode, false, [Some(&key), Some(&other)], &vec![0; len]).is_ok();
            assert_eq!(wrong, mode == Mode::Ecb || len == 16, "{mode:?} {len}");
        }
        for (kind, lens) in [(Kind::Aes, &[16, 24, 32][..]), (Kind::Des, &[8]), (Kind::Des3, &[16, 24]), (Kind::Sm4, &[16])] {
            for engine in ENGINES {
                assert_eq!(Block::new(engine, kind, &vec![7; len]).is_ok(), lens.contains(&len), "{kind:?} {len}");
            }
        }
    }
    assert!(Cipher::new(None, Kind::Aes, Mode::Xts, false, [Some(&key), None], &[0; 16]).is_err());
    assert!(Cipher::new(None, Kind::Aes, Mode::Xts, false, [Some(&key), Some(&[0; 32])], &[0; 16]).is_err());
}

/// The counters of GCM wrap in their own 32 bits and leave the nonce alone (SP 800-38D, 6.2).
#[test]
fn narrow_counters_do_not_carry_into_the_nonce() {
    let block = Block::new(None, Kind::Aes, &[9; 16]).unwrap();
    let mut first = [0xAB; 16];
    first[12..].fill(0xFF);
    let mut stream = [0; 32];
    Counter::new(first, 4).apply(&block, &mut stream);
    let mut wanted = [first, first];
    wanted[1][12..].fill(0);
    wanted.iter_mut().for_each(|counter| block.encrypt(counter));
    assert_eq!(stream, *wanted.as_flattened());
    // One block further, and with all bits counting.
    let mut next = [0; 16];
    Counter::after(first, 4).apply(&block, &mut next);
    assert_eq!(next, wanted[1]);
    let (mut carried, mut wanted) = ([0; 16], [0xAB; 16]);
    Counter::after(first, 16).apply(&block, &mut carried);
    wanted[11..].copy_from_slice(&[0xAC, 0, 0, 0, 0]);
    block.encrypt(&mut wanted);
    assert_eq!(carried, wanted);
}

fn code(code: Code, key: &[u8], data: &[u8]) -> Vec<u8> {
    let [portable, on_engine] = ENGINES.map(|engine| code_on(engine, code, key, data));
    assert_eq!(portable, on_engine, "{code:?}");
    portable
}

fn code_on(engine: MaybeEngine, code: Code, key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Mac::new(engine, code, key).unwrap();
    let mut out = [0; MAX_DIGEST];
    mac.update(data).unwrap();
    mac.finish(&mut out).unwrap();
    out[..mac.size()].to_vec()
}

/// RFC 2202, RFC 4231 (case 2 and, with a key longer than a block, case 6), and NIST's examples of the same with SHA-3.
#[test]
fn hmac_agrees_with_published_vectors() {
    let cases = [
        (Algorithm::Md5, "750c783e6ab0b503eaa86e310a5db738"),
        (Algorithm::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (Algorithm::Sha224, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
        (Algorithm::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (Algorithm::Sha384, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"),
        (
            Algorithm::Sha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        (Algorithm::Sha3_256, "c7d4072e788877ae3596bbb0da73b887c9171f93095b294ae857fbe2645e1ba5"),
    ];
    for (algorithm, wanted) in cases {
        assert_eq!(code(Code::Hmac(algorithm), b"Jefe", b"what do ya want for nothing?"), hex(wanted), "{algorithm:?}");
    }
    let long = code(Code::Hmac(Algorithm::Sha256), &[0xAA; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
    assert_eq!(long, hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
    assert!(Mac::new(None, Code::Hmac(Algorithm::Shake128), b"key").is_err());
}

/// SP 800-38B, examples with AES-128 and with triple DES.
#[test]
fn cmac_agrees_with_published_vectors() {
    let data = hex(CBC_PLAIN);
    let aes = hex("2b7e151628aed2a6abf7158809cf4f3c");
    for (len, wanted) in [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ] {
        assert_eq!(code(Code::Cmac(Kind::Aes), &aes, &data[..len]), hex(wanted), "{len}");
    }
    let des3 = hex("8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5");
    for (len, wanted) in [(0, "b7a688e122ffaf95"), (8, "8e8f293136283797"), (20, "743ddbe0ce2dc2ed"), (32, "33e6b1092400eae5")] {
        assert_eq!(code(Code::Cmac(Kind::Des3), &des3, &data[..len]), hex(wanted), "{len}");
    }
}

/// FIPS 113, appendix; the padded form is the same of data with its padding.
#[test]
fn cbc_mac_agrees_with_the_standard() {
    let key = hex("0123456789abcdef");
    let mut data = b"7654321 Now is the time for ".to_vec();
    let padded = code(Code::CbcMacPadded(Kind::Des), &key, &data);
    assert!(
        Mac::new(None, Code::CbcMac(Kind::Des), &key)
            .and_then(|mut mac| mac.update(&data).and_then(|()| mac.finish(&mut [0; 64])))
            .is_err()
    );
    data.extend([4; 4]);
    assert_eq!(code(Code::CbcMac(Kind::Des), &key, &data), padded);
    data.truncate(28);
    data.extend([0; 4]);
    assert_eq!(code(Code::CbcMac(Kind::Des), &key, &data), hex("f1d30f6849312ca4"));
    let whole = code(Code::CbcMacPadded(Kind::Des), &key, &data);
    data.extend([8; 8]);
    assert_eq!(code(Code::CbcMac(Kind::Des), &key, &data), whole);
}

/// GB/T 32905 and FIPS 202 with NIST's examples.
#[test]
fn digests_agree_with_published_vectors() {
    for (algorithm, data, wanted) in [
        (Algorithm::Sm3, &b"abc"[..], "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (Algorithm::Sha3_224, b"abc", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
        (Algorithm::Sha3_256, b"abc", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        (Algorithm::Sha3_384, b"abc", "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25"),
        (
            Algorithm::Sha3_512,
            b"abc",
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
        ),
        (Algorithm::Shake128, b"", "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"),
        (Algorithm::Shake256, b"", "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762fd75dc4ddd8c0f200cb05019d67b592f6"),
    ] {
        let mut digest = Digest::of(algorithm);
        digest.update(data).unwrap();
        let wanted = hex(wanted);
        let (first, second) = wanted.split_at(if digest.size().is_none() { 13 } else { wanted.len() });
        let mut out = vec![0; first.len()];
        digest.finish(&mut out);
        assert_eq!(out, first, "{algorithm:?}");
        if !second.is_empty() {
            let mut out = vec![0; second.len()];
            digest.finish(&mut out);
            assert_eq!(out, second, "{algorithm:?} goes on");
            assert_eq!(digest.update(b"more"), Err(TeeError::BAD_STATE));
        }
        assert_eq!(Digest::of(algorithm).size().map(|size| size as u32), algorithm.size());
    }
}

struct AeVector {
    scheme: Scheme,
    key: Vec<u8>,
    nonce: Vec<u8>,
    aad: Vec<u8>,
    plain: Vec<u8>,
    text: Vec<u8>,
    tag: Vec<u8>,
}

impl AeVector {
    /// Works in pieces of `piece` bytes; the result and the tag.
    fn run(&self, engine: MaybeEngine, decrypts: bool, piece: usize) -> (Vec<u8>, Ae) {
        let start =
            Start { nonce: &self.nonce, tag_len: self.tag.len(), aad_len: self.aad.len() as u64, payload_len: self.plain.len() as u64 };
        let mut ae = Ae::new(engine, Kind::Aes, self.scheme, decrypts, &self.key, &start).unwrap();
        for part in self.aad.chunks(piece) {
            ae.admits_aad(part.len() as u64).unwrap();
            ae.aad(part);
        }
        let mut data = if decrypts { self.text.clone() } else { self.plain.clone() };
        for part in data.chunks_mut(piece) {
            ae.admits_payload(part.len() as u64).unwrap();
            ae.payload(part);
        }
        (data, ae)
    }

    fn check(&self) {
        let pieces = [1, 5, 16, 17, 100, 100_000];
        for (engine, piece) in ENGINES.into_iter().flat_map(|engine| pieces.map(|piece| (engine, piece))) {
            let (text, mut ae) = self.run(engine, false, piece);
            assert_eq!(text, self.text);
            assert_eq!(ae.tag().unwrap()[..self.tag.len()], self.tag);
            let (plain, mut ae) = self.run(engine, true, piece);
            assert_eq!(plain, self.plain);
            assert_eq!(ae.clone().verify(&self.tag), Ok(()));
            let mut wrong = self.tag.clone();
            wrong[0] ^= 1;
            assert_eq!(ae.clone().verify(&wrong), Err(TeeError::MAC_INVALID));
            assert_eq!(ae.clone().verify(&self.tag[1..]), Err(TeeError::MAC_INVALID));
            assert_eq!(ae.verify(&[]), Err(TeeError::MAC_INVALID));
        }
    }
}

/// The submission of GCM to NIST, test cases 4 and 6.
#[test]
fn gcm_agrees_with_published_vectors() {
    let (key, aad) = (hex("feffe9928665731c6d6a8f9467308308"), hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"));
    let plain = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
         b16aedf5aa0de657ba637b39");
    for (nonce, text, tag) in [
        (
            "cafebabefacedbaddecaf888",
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
            "5bc94fbc3221a5db94fae95ae7121a47",
        ),
        (
            "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
            "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
            "619cc5aefffe0bfa462af43c1699d050",
        ),
    ] {
        let vector = AeVector {
            scheme: Scheme::Gcm,
            key: key.clone(),
            nonce: hex(nonce),
            aad: aad.clone(),
            plain: plain.clone(),
            text: hex(text),
            tag: hex(tag),
        };
        vector.check();
        AeVector { tag: vector.tag[..12].to_vec(), ..vector }.check();
    }
}

/// SP 800-38C, examples 1 to 4.
#[test]
fn ccm_agrees_with_published_vectors() {
    for (nonce, aad, plain, text, tag) in [
        (upto(0x10, 0x17), upto(0, 8), upto(0x20, 0x24), "7162015b", "4dac255d"),
        (upto(0x10, 0x18), upto(0, 16), upto(0x20, 0x30), "d2a1f0e051ea5f62081a7792073d593d", "1fc64fbfaccd"),
        (upto(0x10, 0x1C), upto(0, 20), upto(0x20, 0x38), "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5", "484392fbc1b09951"),
        (
            upto(0x10, 0x1D),
            (0..=255).cycle().take(65_536).collect(),
            upto(0x20, 0x40),
            "69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72",
            "b4ac6bec93e8598e7f0dadbcea5b",
        ),
    ] {
        let vector = AeVector { scheme: Scheme::Ccm, key: upto(0x40, 0x50), nonce, aad, plain, text: hex(text), tag: hex(tag) };
        vector.check();
    }
}

#[test]
fn ccm_wants_what_was_said_at_the_start() {
    let start = Start { nonce: &[1; 13], tag_len: 8, aad_len: 3, payload_len: 5 };
    let new = |start: &Start<'_>| Ae::new(None, Kind::Aes, Scheme::Ccm, false, &[0; 16], start);
    let mut ae = new(&start).unwrap();
    assert_eq!((ae.admits_payload(1), ae.admits_aad(4)), (Err(TeeError::BAD_STATE), Err(TeeError::BAD_PARAMETERS)));
    assert_eq!(ae.tag(), Err(TeeError::BAD_STATE));
    let mut ae = new(&start).unwrap();
    ae.aad(&[0; 3]);
    assert_eq!(ae.admits_payload(6), Err(TeeError::BAD_PARAMETERS));
    ae.payload(&mut [0; 4]);
    assert_eq!((ae.tag(), ae.admits_aad(0)), (Err(TeeError::BAD_STATE), Err(TeeError::BAD_STATE)));
    ae.payload(&mut [0; 1]);
    assert!(ae.tag().is_ok());
    // Two bytes of length beside 13 of nonce.
    assert!(new(&Start { payload_len: 0xFFFF, ..start }).is_ok() && new(&Start { payload_len: 0x1_0000, ..start }).is_err());
    for (nonce, tag_len) in [(&[0; 6][..], 8), (&[0; 14], 8), (&[0; 13], 7), (&[0; 13], 2), (&[0; 13], 18)] {
        assert!(new(&Start { nonce, tag_len, ..start }).is_err());
    }
}

/// RFC 5869 (cases 1 and 3), RFC 6070, and the concatenation function computed apart.
#[test]
fn derivations_agree_with_published_vectors() {
    let mut out = [0; 42];
    kdf::hkdf(Algorithm::Sha256, &[0x0B; 22], &upto(0, 13), &upto(0xF0, 0xFA), &mut out).unwrap();
    assert_eq!(out[..], hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
    kdf::hkdf(Algorithm::Sha256, &[0x0B; 22], &[], &[], &mut out).unwrap();
    assert_eq!(out[..], hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
    assert!(kdf::hkdf(Algorithm::Md5, &[1], &[], &[], &mut [0; 255 * 16 + 1]).is_err());

    let mut out = [0; 20];
    kdf::pbkdf2(Algorithm::Sha1, b"password", b"salt", 2, &mut out, &mut || Ok(())).unwrap();
    assert_eq!(out[..], hex("ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"));
    let mut out = [0; 25];
    kdf::pbkdf2(Algorithm::Sha1, b"passwordPASSWORDpassword", b"saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, &mut out, &mut || Ok(()))
        .unwrap();
    assert_eq!(out[..], hex("3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"));
    assert!(kdf::pbkdf2(Algorithm::Sha1, b"", b"", 0, &mut out, &mut || Ok(())).is_err());

    let mut out = [0; 50];
    kdf::concat(Algorithm::Sha256, &upto(0, 32), b"other information", &mut out).unwrap();
    assert_eq!(out[..], hex("4d8d1de15c54d134b1b3aec86d911c4ff131f1a5b668241b3a4285433d0eca2d2ad506ca0147db0bf8ff4a40111ddb0772ec"));
}

/// RFC 6979, A.2.3 to A.2.7: the keys.
const EC_KEYS: [(ecc::Curve, &str, &str, &str); 5] = [
    (
        ecc::Curve::P192,
        "6FAB034934E4C0FC9AE67F5B5659A9D7D1FEFD187EE09FD4",
        "AC2C77F529F91689FEA0EA5EFEC7F210D8EEA0B9E047ED56",
        "3BC723E57670BD4887EBC732C523063D0A7C957BC97C1C43",
    ),
    (
        ecc::Curve::P224,
        "F220266E1105BFE3083E03EC7A3A654651F45E37167E88600BF257C1",
        "00CF08DA5AD719E42707FA431292DEA11244D64FC51610D94B130D6C",
        "EEAB6F3DEBE455E3DBF85416F7030CBD94F34F2D6F232C69F3C1385A",
    ),
    (
        ecc::Curve::P256,
        "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
        "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
        "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
    ),
    (
        ecc::Curve::P384,
        "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
        "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
        "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
    ),
    (
        ecc::Curve::P521,
        "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538",
        "01894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD371123D46E45DB6B5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F5023A4",
        "00493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A28A0DB25741B5B34A828008B22ACC23F924FAAFBD4D33F81EA66956DFEAA2BFDFCF5",
    ),
];

#[test]
fn signatures_are_those_of_key_and_digest() {
    for (curve, secret, x, y) in EC_KEYS {
        let (secret, x, y) = (hex(secret), hex(x), hex(y));
        assert_eq!(ecc::check_pair(curve, &secret, &x, &y), Ok(()));
        assert!(ecc::check_pair(curve, &secret[..20], &x, &y).is_err());
        for len in [20, 28, 32, 48, 64] {
            let digest = vec![0xA5; len];
            let (mut one, mut two) = ([0; 2 * ecc::MAX_SCALAR], [0; 2 * ecc::MAX_SCALAR]);
            ecc::sign(curve, &secret, &digest, &[1; 32], &mut one).unwrap();
            ecc::sign(curve, &secret, &digest, &[2; 32], &mut two).unwrap();
            assert_ne!(one, two, "what is fresh goes in");
            for signature in [&mut one, &mut two] {
                let signature = &mut signature[..2 * curve.size()];
                assert_eq!(ecc::verify(curve, &x, &y, &digest, signature), Ok(()));
                let short = &signature[1..];
                assert_eq!(ecc::verify(curve, &x, &y, &digest, short), Err(TeeError::SIGNATURE_INVALID));
                signature[5] ^= 1;
                assert_eq!(ecc::verify(curve, &x, &y, &digest, signature), Err(TeeError::SIGNATURE_INVALID));
            }
            for wrong in [vec![0; 2 * curve.size()], vec![0xFF; 2 * curve.size()]] {
                assert_eq!(ecc::verify(curve, &x, &y, &digest, &wrong), Err(TeeError::SIGNATURE_INVALID));
            }
        }
    }
}

/// CVE-2026-45614 of OP-TEE: a point that is on no curve, or on another one, gives the secret away piece by piece.
#[test]
fn points_off_the_curve_are_refused_everywhere() {
    for (curve, secret, x, y) in EC_KEYS {
        let (secret, x, y) = (hex(secret), hex(x), hex(y));
        let [other, ox, oy] = ecc::pair(curve, &vec![1; curve.size()]).unwrap();
        let size = curve.size();
        let (other, ox, oy) = (&other[..size], &ox[..size], &oy[..size]);
        let (one, two) = (ecc::agree(curve, &secret, ox, oy).unwrap(), ecc::agree(curve, other, &x, &y).unwrap());
        assert_eq!(one[..], two[..], "both sides agree");
        let mut off = y.clone();
        off[size - 1] ^= 1;
        let big = vec![0xFF; size];
        let long = vec![0; size + 1];
        for (x, y) in [(&x, &off), (&vec![0; size], &vec![0; size]), (&big, &y), (&x, &big), (&long, &y), (&y, &x)] {
            assert_eq!(ecc::check_point(curve, x, y), Err(TeeError::BAD_PARAMETERS));
            assert_eq!(ecc::agree(curve, &secret, x, y).map(|_| ()), Err(TeeError::BAD_PARAMETERS));
            assert_eq!(ecc::verify(curve, x, y, &[1; 32], &vec![1; 2 * size]), Err(TeeError::BAD_PARAMETERS));
        }
        for scalar in [vec![0; size], big, Vec::new()] {
            assert!(ecc::agree(curve, &scalar, &x, &y).is_err());
            assert!(ecc::sign(curve, &scalar, &[1; 32], &[], &mut [0; 132]).is_err());
        }
    }
    assert!(ecc::Curve::of(0).is_err() && ecc::Curve::of(0x300).is_err() && ecc::Curve::of(0x400).is_err());
}

proptest! {
    /// Pieces of any length make no difference, and decryption undoes encryption.
    #[test]
    fn pieces_make_no_difference_to_ciphers(row in 0..cipher::ROWS.len(), data: Vec<u8>, cuts: Vec<u8>, seed: [u8; 32], on_engine: bool) {
        let (_, (kind, mode)) = cipher::ROWS[row];
        let size = kind.block_size();
        let key = &seed[..if kind == Kind::Des { 8 } else { 16 }];
        let key2: Vec<u8> = key.iter().map(|byte| !byte).collect();
        let iv = &seed[16..16 + if mode == Mode::Ecb { 0 } else { size }];
        let mut data = data;
        match mode {
            Mode::Ctr => {}
            Mode::Cts | Mode::Xts => data.resize(data.len().max(17), 5),
            _ => data.resize(data.len().next_multiple_of(size), 5),
        }
        let whole = run(kind, mode, false, [key, &key2], iv, &data).unwrap();
        for (decrypts, from, to) in [(false, &data, &whole), (true, &whole, &data)] {
            let mut cipher = Cipher::new(ENGINES[usize::from(on_engine)], kind, mode, decrypts, [Some(key), Some(&key2)], iv).unwrap();
            let mut out = from.clone();
            let body = out.len() - cipher.tail(out.len() as u64) as usize;
            let mut rest = &mut out[..];
            let mut left = body;
            for cut in &cuts {
                let wanted = if mode == Mode::Ctr { usize::from(*cut) } else { usize::from(*cut) / size * size };
                let (now, later) = rest.split_at_mut(wanted.min(left));
                cipher.update(now).unwrap();
                left -= now.len();
                rest = later;
            }
            let (now, later) = rest.split_at_mut(left);
            cipher.update(now).unwrap();
            cipher.finish(later).unwrap();
            prop_assert_eq!(&out, to);
        }
    }

    #[test]
    fn pieces_make_no_difference_to_codes_and_digests(data: Vec<u8>, cuts: Vec<u8>, key: [u8; 16], on_engine: bool) {
        for (_, service) in AlgorithmId::ALL.iter().filter_map(|(_, id)| Some((id, find(*id)?))) {
            let cut = |update: &mut dyn FnMut(&[u8])| {
                let mut rest = &data[..];
                for cut in &cuts {
                    let (now, later) = rest.split_at(usize::from(*cut).min(rest.len()));
                    update(now);
                    rest = later;
                }
                update(rest);
            };
            let (mut whole, mut parts) = ([0; MAX_DIGEST], [0; MAX_DIGEST]);
            match service {
                Service::Digest(algorithm) => {
                    let mut digest = Digest::of(algorithm);
                    digest.update(&data).unwrap();
                    digest.finish(&mut whole);
                    let mut digest = Digest::on(ENGINES[usize::from(on_engine)], algorithm);
                    cut(&mut |part| digest.update(part).unwrap());
                    digest.finish(&mut parts);
                }
                Service::Mac(code) => {
                    let key = &key[..if code.key_type() == utee_abi::crypto::ObjectType::DES { 8 } else { 16 }];
                    let mut mac = Mac::new(None, code, key).unwrap();
                    mac.update(&data).unwrap();
                    let first = mac.finish(&mut whole);
                    let mut mac = Mac::new(ENGINES[usize::from(on_engine)], code, key).unwrap();
                    cut(&mut |part| mac.update(part).unwrap());
                    prop_assert_eq!(mac.finish(&mut parts), first);
                }
                _ => continue,
            }
            prop_assert_eq!(whole, parts);
        }
    }

    #[test]
    fn what_was_sealed_opens(gcm: bool, key: [u8; 16], nonce in proptest::collection::vec(any::<u8>(), 7..13), aad: Vec<u8>, plain: Vec<u8>,
                             piece in 1usize..70, on_engine: bool) {
        let scheme = if gcm { Scheme::Gcm } else { Scheme::Ccm };
        let mut vector = AeVector { scheme, key: key.to_vec(), nonce, aad, plain, text: Vec::new(), tag: vec![0; 16] };
        let [engine, other] = if on_engine { ENGINES } else { [ENGINES[1], ENGINES[0]] };
        let (text, mut ae) = vector.run(engine, false, 1 << 20);
        let tag = ae.tag().unwrap();
        let (again, mut ae) = vector.run(other, false, piece);
        prop_assert_eq!((&again, ae.tag()), (&text, Ok(tag)));
        vector.text = text;
        let (plain, mut ae) = vector.run(engine, true, piece);
        prop_assert_eq!((plain, ae.verify(&tag)), (vector.plain, Ok(())));
    }
}
