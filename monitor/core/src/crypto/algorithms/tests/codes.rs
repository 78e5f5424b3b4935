// SPDX-License-Identifier: BSD-2-Clause
//! Digests, message authentication codes and derivations.

use super::ciphers::CBC_PLAIN;
use super::{ENGINES, hex, upto};
use crate::crypto::algorithms::block::Kind;
use crate::crypto::algorithms::digest::{Digest, MAX_DIGEST};
use crate::crypto::algorithms::mac::{Code, Mac};
use crate::crypto::algorithms::{Service, find, kdf};
use crate::crypto::engine::MaybeEngine;
use proptest::prelude::{prop_assert_eq, proptest};
use std::vec;
use std::vec::Vec;
use utee_abi::crypto::{Algorithm, AlgorithmId};
use utee_abi::result::TeeError;

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
        (Algorithm::Md5Sha1, &b"abc"[..], "900150983cd24fb0d6963f7d28e17f72a9993e364706816aba3e25717850c26c9cd0d89d"),
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

proptest! {
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
}
