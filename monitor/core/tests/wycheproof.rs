// SPDX-License-Identifier: BSD-2-Clause
//! Project Wycheproof's vectors of the curves: signatures, points and results that others got wrong.

use tee_core::crypto::algorithms::ae::{Ae, Scheme, Start};
use tee_core::crypto::algorithms::block::Kind;
use tee_core::crypto::algorithms::digest::Digest;
use tee_core::crypto::algorithms::ecc::{self, Curve};
use tee_core::crypto::algorithms::edwards::{Dom, Use, Verify, Verifying};
use tee_core::crypto::engine::{Engine, MaybeEngine};
use tee_core::testing::PortableEngine;
use utee_abi::crypto::Algorithm;
use utee_abi::result::TeeError;
use wycheproof::TestResult::Valid;
use wycheproof::{aead, ecdh, ecdsa, eddsa, xdh};

#[test]
fn ecdsa() {
    use ecdsa::TestName as N;
    for (set, curve, algorithm) in [
        (N::EcdsaSecp192r1Sha256P1363, Curve::P192, Algorithm::Sha256),
        (N::EcdsaSecp224r1Sha224P1363, Curve::P224, Algorithm::Sha224),
        (N::EcdsaSecp256r1Sha256P1363, Curve::P256, Algorithm::Sha256),
        (N::EcdsaSecp384r1Sha384P1363, Curve::P384, Algorithm::Sha384),
        (N::EcdsaSecp521r1Sha512P1363, Curve::P521, Algorithm::Sha512),
    ] {
        let mut count = 0;
        for group in ecdsa::TestSet::load(set).unwrap().test_groups {
            // The form of SEC 1, with the byte 4.
            let (x, y) = group.key.key[1..].split_at(curve.size());
            for test in group.tests {
                let mut hash = vec![0; algorithm.size().unwrap() as usize];
                let mut digest = Digest::of(algorithm);
                digest.update(&test.msg).unwrap();
                digest.finish(&mut hash);
                let wanted = if test.result == Valid { Ok(()) } else { Err(TeeError::SIGNATURE_INVALID) };
                assert_eq!(ecc::verify(curve, x, y, &hash, &test.sig), wanted, "{curve:?} {} {}", test.tc_id, test.comment);
                count += 1;
            }
        }
        assert!(count > 100, "{curve:?} has {count}");
    }
}

/// Points in the form of SEC 1, which TAs do not know: those that are not compressed are tried.
#[test]
fn ecdh() {
    use ecdh::TestName as N;
    for (set, curve) in [
        (N::EcdhSecp224r1Ecpoint, Curve::P224),
        (N::EcdhSecp256r1Ecpoint, Curve::P256),
        (N::EcdhSecp384r1Ecpoint, Curve::P384),
        (N::EcdhSecp521r1Ecpoint, Curve::P521),
    ] {
        let mut count = 0;
        for test in ecdh::TestSet::load(set).unwrap().test_groups.into_iter().flat_map(|group| group.tests) {
            if test.public_key.first() != Some(&4) || test.public_key.len() != 1 + 2 * curve.size() {
                continue;
            }
            let (x, y) = test.public_key[1..].split_at(curve.size());
            let secret = test.private_key.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>();
            let shared = ecc::agree(curve, &secret, x, y).map(|shared| shared[..curve.size()].to_vec());
            let wanted = if test.result == Valid { Ok(test.shared_secret.to_vec()) } else { Err(TeeError::BAD_PARAMETERS) };
            assert_eq!(shared, wanted, "{curve:?} {} {}", test.tc_id, test.comment);
            count += 1;
        }
        assert!(count > 50, "{curve:?} has {count}");
    }
}

#[test]
fn eddsa() {
    for (set, of) in [(eddsa::TestName::Ed25519, Use::Ed25519), (eddsa::TestName::Ed448, Use::Ed448)] {
        let mut count = 0;
        for group in eddsa::TestSet::load(set).unwrap().test_groups {
            for test in group.tests {
                let verified = Verify::new(of, &group.key.pk, Dom::default(), &test.sig).and_then(|mut verify| {
                    verify.update(&test.msg);
                    verify.finish()
                });
                assert_eq!(verified.is_ok(), test.result == Valid, "{of:?} {} {}", test.tc_id, test.comment);
                count += 1;
            }
        }
        assert!(count > 80, "{of:?} has {count}");
    }
}

/// What the vectors leave open is a result of zeros, and is refused here; the rest is right.
#[test]
fn xdh() {
    for (set, of) in [(xdh::TestName::X25519, Use::X25519), (xdh::TestName::X448, Use::X448)] {
        let mut count = 0;
        for test in xdh::TestSet::load(set).unwrap().test_groups.into_iter().flat_map(|group| group.tests) {
            let shared = of.agree(&test.private_key, &test.public_key).map(|shared| shared.to_vec());
            let is_zero = test.shared_secret.iter().all(|byte| *byte == 0);
            let wanted = if is_zero { Err(TeeError::BAD_PARAMETERS) } else { Ok(test.shared_secret.to_vec()) };
            assert_eq!(shared, wanted, "{of:?} {} {}", test.tc_id, test.comment);
            count += 1;
        }
        assert!(count > 400, "{of:?} has {count}");
    }
}

/// Seals and opens all vectors of a set; how many of them make the counter come round.
fn sealed(name: aead::TestName, scheme: Scheme, engine: MaybeEngine) -> usize {
    let (mut count, mut wraps) = (0, 0);
    for test in aead::TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests) {
        let start =
            Start { nonce: &test.nonce, tag_len: test.tag.len(), aad_len: test.aad.len() as u64, payload_len: test.pt.len() as u64 };
        let new = |decrypts| Ae::new(engine, Kind::Aes, scheme, decrypts, &test.key, &start);
        let run = |mut ae: Ae, data: &[u8]| {
            ae.aad(&test.aad);
            let mut data = data.to_vec();
            ae.payload(&mut data);
            (ae, data)
        };
        let opened = new(true).and_then(|ae| {
            let (mut ae, plain) = run(ae, &test.ct);
            ae.verify(&test.tag).map(|()| plain)
        });
        let wanted = (test.result == Valid).then(|| test.pt.to_vec());
        assert_eq!(opened.ok(), wanted, "{name:?} {} {}", test.tc_id, test.comment);
        if test.result == Valid {
            let (mut ae, text) = run(new(false).unwrap(), &test.pt);
            assert_eq!(
                (text.as_slice(), &ae.tag().unwrap()[..test.tag.len()]),
                (test.ct.as_slice(), test.tag.as_slice()),
                "{}",
                test.tc_id
            );
        }
        count += 1;
        wraps += usize::from(test.flags.contains(&aead::TestFlag::CounterWrap));
    }
    assert!(count > 100, "{name:?} has {count}");
    wraps
}

/// Nonces of every length, those among them that make GCM's counter come round, tags that are wrong, too short or too long.
#[test]
fn authenticated_encryption() {
    for engine in [None, Some(&PortableEngine as &dyn Engine)] {
        assert!(sealed(aead::TestName::AesGcm, Scheme::Gcm, engine) > 10);
        sealed(aead::TestName::AesCcm, Scheme::Ccm, engine);
    }
}
