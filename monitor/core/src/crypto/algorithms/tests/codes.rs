// SPDX-License-Identifier: BSD-2-Clause
//! Digests, message authentication codes and derivations.

use super::{ENGINES, hex, upto};
use crate::crypto::algorithms::block::Kind;
use crate::crypto::algorithms::digest::{self, Digest, MAX_DIGEST};
use crate::crypto::algorithms::mac::{self, Code, Mac};
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

#[test]
fn codes_agree_with_published_vectors() {
    for (id, row) in mac::ROWS {
        for vector in known_answers::vectors_of(*id) {
            let [key, data, wanted] = ["key", "message", "out"].map(|name| vector.bytes(name).unwrap());
            assert_eq!(code(*row, &key, &data), wanted, "{id}");
        }
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
    let whole = code(Code::CbcMacPadded(Kind::Des), &key, &data);
    data.extend([8; 8]);
    assert_eq!(code(Code::CbcMac(Kind::Des), &key, &data), whole);
}

#[test]
fn digests_agree_with_published_vectors() {
    for (id, algorithm) in digest::ROWS {
        let vector = known_answers::vectors_of(*id).next().unwrap();
        let [data, wanted] = ["message", "out"].map(|name| vector.bytes(name).unwrap());
        let mut digest = Digest::of(*algorithm);
        digest.update(&data).unwrap();
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
        assert_eq!(Digest::of(*algorithm).size().map(|size| size as u32), algorithm.size());
    }
}

/// RFC 5869 (case 3), RFC 6070 (one of many iterations), and the concatenation function computed apart. More is played by TAs.
#[test]
fn derivations_agree_with_published_vectors() {
    let mut out = [0; 42];
    kdf::hkdf(Algorithm::Sha256, &[0x0B; 22], &[], &[], &mut out).unwrap();
    assert_eq!(out[..], hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
    assert!(kdf::hkdf(Algorithm::Md5, &[1], &[], &[], &mut [0; 255 * 16 + 1]).is_err());

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
