// SPDX-License-Identifier: BSD-2-Clause
//! RSA, DSA and Diffie-Hellman by published vectors: those of Project Wycheproof, and of RFCs.

use known_answers::{Section, vectors_of};
use num_bigint::BigUint;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use tee_core::crypto::algorithms::digest::Digest;
use tee_core::crypto::algorithms::numbers::Aid;
use tee_core::crypto::algorithms::rsa::{Oaep, Parts, Private, Public, Use};
use tee_core::crypto::algorithms::{dh, dsa, prime};
use utee_abi::crypto::{Algorithm, AlgorithmId};
use utee_abi::result::TeeError;
use wycheproof::{HashFunction, LargeInteger, RsaPrivate, TestResult};

struct Free(ChaCha20Rng);

impl Aid for Free {
    fn random(&mut self, out: &mut [u8]) -> Result<(), TeeError> {
        self.0.fill_bytes(out);
        Ok(())
    }

    fn go_on(&mut self) -> Result<(), TeeError> {
        Ok(())
    }
}

fn aid() -> Free {
    Free(ChaCha20Rng::from_seed([3; 32]))
}

fn bytes(number: &LargeInteger) -> Vec<u8> {
    number.as_num_bigint().to_bytes_be()
}

/// The digest of a name, if the TEE has RSA and DSA with it.
fn algorithm(name: HashFunction) -> Option<Algorithm> {
    Some(match name {
        HashFunction::Sha1 => Algorithm::Sha1,
        HashFunction::Sha2_224 => Algorithm::Sha224,
        HashFunction::Sha2_256 => Algorithm::Sha256,
        HashFunction::Sha2_384 => Algorithm::Sha384,
        HashFunction::Sha2_512 => Algorithm::Sha512,
        _ => return None,
    })
}

fn digest(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    let mut digest = Digest::of(algorithm);
    let mut out = vec![0; digest.size().unwrap()];
    digest.update(message).unwrap();
    digest.finish(&mut out);
    out
}

/// Counts results that are as they should be; "acceptable" ones may be either.
#[derive(Default)]
struct Tally {
    valid: usize,
    invalid: usize,
}

impl Tally {
    fn count(&mut self, what: &str, id: usize, wanted: &TestResult, fine: bool) {
        match wanted {
            TestResult::Valid => assert!(fine, "{what}, test {id}: valid, and refused"),
            TestResult::Invalid => assert!(!fine, "{what}, test {id}: invalid, and accepted"),
            TestResult::Acceptable => return,
        }
        *(if fine { &mut self.valid } else { &mut self.invalid }) += 1;
    }

    /// That there were so many at least: a file that says nothing would pass otherwise.
    fn at_least(&self, valid: usize, invalid: usize) {
        assert!(self.valid >= valid && self.invalid >= invalid, "{} valid, {} invalid", self.valid, self.invalid);
    }
}

#[test]
fn pkcs1_signatures_of_wycheproof() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    let mut tally = Tally::default();
    for name in TestName::all() {
        let set = TestSet::load(name).unwrap();
        for group in set.test_groups {
            let (Some(algorithm), true) = (algorithm(group.hash), group.key_size <= 4096) else { continue };
            let key = Public::new(&bytes(&group.key.n), &bytes(&group.key.e)).unwrap();
            for test in group.tests {
                let digest = digest(algorithm, &test.msg);
                let result = key.verify(Use::SignPkcs1v15(Some(algorithm)), &digest, &test.sig, 0, &mut aid());
                assert!(matches!(result, Ok(()) | Err(TeeError::SIGNATURE_INVALID)), "{name:?}, test {}: {result:?}", test.tc_id);
                tally.count(&format!("{name:?}"), test.tc_id, &test.result, result.is_ok());
            }
        }
    }
    tally.at_least(70, 2400);
}

#[test]
fn pss_signatures_of_wycheproof() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let mut tally = Tally::default();
    for name in TestName::all() {
        let set = TestSet::load(name).unwrap();
        for group in set.test_groups {
            let Some(algorithm) = algorithm(group.hash).filter(|_| group.mgf_hash == Some(group.hash)) else { continue };
            let key = Public::new(&bytes(&group.key.n), &bytes(&group.key.e)).unwrap();
            for test in group.tests {
                let digest = digest(algorithm, &test.msg);
                let result = key.verify(Use::SignPss(algorithm), &digest, &test.sig, group.salt_size, &mut aid());
                assert!(matches!(result, Ok(()) | Err(TeeError::SIGNATURE_INVALID)), "{name:?}, test {}: {result:?}", test.tc_id);
                tally.count(&format!("{name:?}"), test.tc_id, &test.result, result.is_ok());
            }
        }
    }
    tally.at_least(300, 500);
}

/// A key of Wycheproof: with its primes, or without.
fn private(key: &RsaPrivate, with_primes: bool) -> Private {
    let numbers = [&key.n, &key.e, &key.d].map(bytes);
    let halves = [&key.p, &key.q, &key.d1, &key.d2, &key.c].map(bytes);
    let halves = with_primes.then(|| halves.each_ref().map(Vec::as_slice));
    Private::new(&Parts { numbers: numbers.each_ref().map(Vec::as_slice), halves }).unwrap()
}

#[test]
fn pkcs1_ciphertexts_of_wycheproof() {
    use wycheproof::rsa_pkcs1_decrypt::{TestName, TestSet};
    let (mut tally, nothing) = (Tally::default(), Oaep { label: &[], mask: None });
    for name in [TestName::Rsa2048, TestName::Rsa3072] {
        let set = TestSet::load(name).unwrap();
        for group in set.test_groups {
            let key = private(&group.key, true);
            for test in group.tests {
                let result = key.decrypt(Use::Pkcs1v15, &test.ct, &nothing, &mut aid());
                assert!(matches!(result, Ok(_) | Err(TeeError::BAD_PARAMETERS)), "{name:?}, test {}", test.tc_id);
                let fine = result.is_ok_and(|text| text.as_slice() == test.pt.as_ref() as &[u8]);
                tally.count(&format!("{name:?}"), test.tc_id, &test.result, fine);
            }
        }
    }
    tally.at_least(30, 30);
}

#[test]
fn oaep_ciphertexts_of_wycheproof() {
    use wycheproof::rsa_oaep::{TestName, TestSet};
    let mut tally = Tally::default();
    let sets = [
        TestName::Rsa2048Sha1Mgf1Sha1,
        TestName::Rsa2048Sha256Mgf1Sha1,
        TestName::Rsa2048Sha384Mgf1Sha384,
        TestName::Rsa2048Sha512Mgf1Sha512,
        TestName::RsaMisc,
    ];
    for name in sets {
        let set = TestSet::load(name).unwrap();
        for group in set.test_groups {
            let (Some(algorithm), Some(mask), true) = (algorithm(group.hash), algorithm(group.mgf_hash), group.key_size <= 2048) else {
                continue;
            };
            let keys = [private(&group.key, true), private(&group.key, false)];
            for test in group.tests {
                // Some without the primes, which takes longer.
                let key = &keys[usize::from(test.tc_id % 16 == 0)];
                let result = key.decrypt(Use::Oaep(algorithm), &test.ct, &Oaep { label: &test.label, mask: Some(mask) }, &mut aid());
                assert!(matches!(result, Ok(_) | Err(TeeError::BAD_PARAMETERS)), "{name:?}, test {}", test.tc_id);
                let fine = result.is_ok_and(|text| text.as_slice() == test.pt.as_ref() as &[u8]);
                tally.count(&format!("{name:?}"), test.tc_id, &test.result, fine);
            }
        }
    }
    tally.at_least(100, 40);
}

#[test]
fn dsa_signatures_of_wycheproof() {
    use wycheproof::dsa::{TestName, TestSet};
    let mut tally = Tally::default();
    for name in [TestName::Dsa2048_224Sha224P1363, TestName::Dsa2048_256Sha256P1363] {
        let set = TestSet::load(name).unwrap();
        for group in set.test_groups {
            let algorithm = algorithm(group.hash).unwrap();
            let [p, q, g, y] = [&group.key.p, &group.key.q, &group.key.g, &group.key.y].map(bytes);
            let domain = dsa::Domain::new(&p, &q, &g).unwrap();
            for test in group.tests {
                let result = domain.verify(&y, &digest(algorithm, &test.msg), &test.sig, &mut aid());
                assert!(matches!(result, Ok(()) | Err(TeeError::SIGNATURE_INVALID)), "{name:?}, test {}: {result:?}", test.tc_id);
                tally.count(&format!("{name:?}"), test.tc_id, &test.result, result.is_ok());
            }
        }
    }
    tally.at_least(20, 100);
}

#[test]
fn primes_of_wycheproof() {
    use wycheproof::primality::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::Primality).unwrap().test_groups {
        for test in group.tests {
            // In two's complement: negative ones are not asked for, and small and even ones are never candidates.
            let value = BigUint::from_bytes_be(&test.value);
            if test.value.first().is_none_or(|first| first & 0x80 != 0) || !value.bit(0) || value < BigUint::from(5u8) {
                continue;
            }
            let number = modular::Number::from_bytes(&value.to_bytes_be()).unwrap();
            let prime = prime::is_probable_prime(&number, &mut aid()).unwrap();
            tally.count("primality", test.tc_id, &test.result, prime);
        }
    }
    tally.at_least(20, 100);
}

/// Numbers of a key or a vector that TAs play as well.
fn numbers<const N: usize>(section: Section, names: [&str; N]) -> [Vec<u8>; N] {
    names.map(|name| section.bytes(name).unwrap_or_else(|| panic!("{} without {name}", section.name)))
}

#[test]
fn dsa_signatures_of_rfc_6979() {
    let key = known_answers::key("dsa").unwrap();
    let [p, q, g, x, y] = numbers(key, ["DSA_PRIME", "DSA_SUBPRIME", "DSA_BASE", "DSA_PRIVATE_VALUE", "DSA_PUBLIC_VALUE"]);
    let domain = dsa::Domain::new(&p, &q, &g).unwrap();
    assert_eq!(domain.check_pair(&x, &y), Ok(()));
    let mut signatures = 0;
    for (id, algorithm) in dsa::ROWS {
        for vector in vectors_of(*id) {
            let [message, wanted] = numbers(vector, ["message", "out"]);
            let digest = digest(*algorithm, &message);
            assert_eq!(*domain.sign(&x, *algorithm, &digest, &[], &mut aid()).unwrap(), wanted, "{id}");
            assert_eq!(domain.verify(&y, &digest, &wanted, &mut aid()), Ok(()));
            // Fresh randomness makes another signature, which verifies as well.
            let other = domain.sign(&x, *algorithm, &digest, &[1; 32], &mut aid()).unwrap();
            assert_ne!(*other, wanted);
            assert_eq!(domain.verify(&y, &digest, &other, &mut aid()), Ok(()));
            signatures += 1;
        }
    }
    assert_eq!(signatures, 9);
}

#[test]
fn agreements_of_rfc_5114() {
    let mut agreements = 0;
    for vector in vectors_of(AlgorithmId::DH_DERIVE_SHARED_SECRET) {
        let key = known_answers::key(vector.text("by").unwrap()).unwrap();
        let [p, g, q, x, y] = numbers(key, ["DH_PRIME", "DH_BASE", "DH_SUBPRIME", "DH_PRIVATE_VALUE", "DH_PUBLIC_VALUE"]);
        let [other, wanted] = numbers(vector, ["DH_PUBLIC_VALUE", "out"]);
        for order in [Some(q.as_slice()), None] {
            let group = dh::Group::new(&p, &g, order, 0).unwrap();
            assert_eq!(*group.agree(&x, &other, &mut aid()).unwrap(), wanted);
            assert_eq!(group.check_pair(&x, &y), Ok(()));
        }
        // 0, 1, -1 and what is not below the prime give nothing secret.
        let group = dh::Group::new(&p, &g, None, 0).unwrap();
        let prime = BigUint::from_bytes_be(&p);
        for bad in [BigUint::ZERO, 1u8.into(), &prime - 1u8, prime.clone(), &prime + 1u8, &prime + 2u8] {
            assert_eq!(group.agree(&x, &bad.to_bytes_be(), &mut aid()).err(), Some(TeeError::BAD_PARAMETERS), "{bad}");
        }
        // Elements of another order, when the order is known.
        let group = dh::Group::new(&p, &g, Some(&q), 0).unwrap();
        assert_eq!(group.agree(&x, &[2], &mut aid()).err(), Some(TeeError::BAD_PARAMETERS));
        agreements += 1;
    }
    assert_eq!(agreements, 4);
}
