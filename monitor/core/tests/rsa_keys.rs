// SPDX-License-Identifier: BSD-2-Clause
//! RSA keys as TAs see them, by system call.

mod keys;

use keys::{
    BAD_PARAMETERS, BAD_STATE, INVALID, NOT_FOUND, NOT_SUPPORTED, OK, OUT, SHORT, attribute, bytes, check, generate, new_object, operate,
    populate, run, state, verify,
};
use num_bigint::BigUint;
use tee_core::crypto::algorithms::numbers::Aid;
use tee_core::crypto::algorithms::rsa as kernel_rsa;
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId as Alg, AttributeId as Id, ObjectType, OperationMode, UteeObjectInfo};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;

const KEY: [Id; 8] = [
    Id::RSA_MODULUS,
    Id::RSA_PUBLIC_EXPONENT,
    Id::RSA_PRIVATE_EXPONENT,
    Id::RSA_PRIME1,
    Id::RSA_PRIME2,
    Id::RSA_EXPONENT1,
    Id::RSA_EXPONENT2,
    Id::RSA_COEFFICIENT,
];

/// The numbers of a key of two primes.
fn numbers(p: &str, q: &str, e: u32) -> Vec<Vec<u8>> {
    let [p, q] = [p, q].map(|digits| BigUint::parse_bytes(digits.as_bytes(), 16).unwrap());
    let (e, one) = (BigUint::from(e), BigUint::from(1u8));
    let (p_less, q_less) = (&p - &one, &q - &one);
    let d = e.modinv(&(&p_less * &q_less)).unwrap();
    let all = [&p * &q, e, d.clone(), p.clone(), q.clone(), &d % p_less, &d % q_less, q.modinv(&p).unwrap()];
    all.iter().map(BigUint::to_bytes_be).collect()
}

/// Primes of 256 bits: the order of the curve P-256, and the field of SM2.
const P: &str = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
const Q: &str = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF";
/// Another one: 2^255 - 19.
const R: &str = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED";
/// Primes of 128 bits: 2^128 - 159, 2^128 - 173.
const SMALL: [&str; 2] = ["FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF61", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF53"];

fn attributes<'n>(numbers: &'n [Vec<u8>], ids: &[Id]) -> Vec<(Id, &'n [u8])> {
    ids.iter().map(|id| (*id, numbers[KEY.iter().position(|other| other == id).unwrap()].as_slice())).collect()
}

fn rsa_key(ta: &mut Ta, numbers: &[Vec<u8>], ids: &[Id]) -> Result<u32, u32> {
    let object = new_object(ta, ObjectType::RSA_KEYPAIR, 512)?;
    match populate(ta, object, &attributes(numbers, ids)) {
        OK => Ok(object),
        error => Err(error),
    }
}

#[test]
fn numbers_that_are_no_key_are_refused() {
    run(|ta| {
        let good = numbers(P, Q, 65_537);
        check!(rsa_key(ta, &good, &KEY).is_ok(), true);
        check!(rsa_key(ta, &good, &KEY[..3]).is_ok(), true);
        // Half a group, a number twice, one too few.
        check!(rsa_key(ta, &good, &KEY[..7]), Err(NOT_FOUND));
        check!(rsa_key(ta, &good, &KEY[..2]), Err(NOT_FOUND));
        check!(rsa_key(ta, &good, &[KEY[0], KEY[0], KEY[1], KEY[2]]), Err(NOT_FOUND));
        let with = |index: usize, number: &[u8]| {
            let mut numbers = good.clone();
            numbers[index] = number.to_vec();
            numbers
        };
        let even = |number: &[u8]| [&number[..number.len() - 1], &[number[number.len() - 1] & !1]].concat();
        let bad = [
            // An even modulus, tiny ones, none; one with too many bits.
            (with(0, &even(&good[0])), BAD_PARAMETERS),
            (with(0, &[0xFF; 31]), BAD_PARAMETERS),
            (with(0, &[3]), BAD_PARAMETERS),
            (with(0, &[0; 64]), BAD_PARAMETERS),
            (with(0, &[0xFF; 65]), BAD_STATE),
            // Exponents of 0, 1, even ones, ones that are no smaller than the modulus.
            (with(1, &[0]), BAD_PARAMETERS),
            (with(1, &[1]), BAD_PARAMETERS),
            (with(1, &[1, 0, 0]), BAD_PARAMETERS),
            (with(1, &good[0]), BAD_PARAMETERS),
            (with(2, &[]), BAD_PARAMETERS),
            (with(2, &good[0]), BAD_PARAMETERS),
            // Primes that are even, or of another modulus.
            (with(3, &even(&good[3])), BAD_PARAMETERS),
            (with(4, &[]), BAD_PARAMETERS),
            (with(4, &BigUint::parse_bytes(R.as_bytes(), 16).unwrap().to_bytes_be()), BAD_PARAMETERS),
            // Exponents and coefficients longer than their primes.
            (with(5, &[1; 33]), BAD_PARAMETERS),
            (with(6, &[1; 33]), BAD_PARAMETERS),
            (with(7, &[1; 33]), BAD_PARAMETERS),
        ];
        for (numbers, wanted) in &bad {
            check!(rsa_key(ta, numbers, &KEY), Err(*wanted));
        }
        let public = new_object(ta, ObjectType::RSA_PUBLIC_KEY, 512).unwrap();
        check!(populate(ta, public, &attributes(&with(1, &[1]), &KEY[..2])), BAD_PARAMETERS);
        check!(populate(ta, public, &attributes(&good, &KEY[..3])), NOT_FOUND);
        check!(populate(ta, public, &attributes(&good, &KEY[..2])), OK);
        check!(attribute(ta, public, Id::RSA_MODULUS), Ok(good[0].clone()));
        check!(new_object(ta, ObjectType::RSA_KEYPAIR, 255), Err(NOT_SUPPORTED));
        check!(new_object(ta, ObjectType::DH_KEYPAIR, 2049), Err(NOT_SUPPORTED));
        OK
    });
}

#[test]
fn signatures_and_messages_come_and_go() {
    run(|ta| {
        use OperationMode as M;
        let good = numbers(P, Q, 65_537);
        // As OP-TEE's PKCS#11 TA gives a key of which it has the primes alone.
        let primes: Vec<Vec<u8>> = good.iter().enumerate().map(|(at, number)| if at < 5 { number.clone() } else { Vec::new() }).collect();
        for (numbers, ids) in [(&good, &KEY[..]), (&good, &KEY[..3]), (&primes, &KEY[..])] {
            let keys: Vec<u32> = (0..4).map(|_| rsa_key(ta, numbers, ids).unwrap()).collect();
            let sign = state(ta, Alg::RSASSA_PKCS1_V1_5_SHA1, M::Sign, keys[0]).unwrap();
            check!(state(ta, Alg::RSASSA_PKCS1_V1_5_SHA1, M::Verify, keys[0]), Err(BAD_PARAMETERS));
            check!(state(ta, Alg::RSASSA_PKCS1_V1_5_SHA1, M::Encrypt, keys[1]), Err(BAD_PARAMETERS));
            check!(state(ta, Alg::DSA_SHA1, M::Sign, keys[1]), Err(BAD_PARAMETERS));
            let check = state(ta, Alg::RSASSA_PKCS1_V1_5_SHA1, M::Verify, keys[1]).unwrap();
            check!(operate(ta, sign, &[], &[1; 20], 63), Err((SHORT, 64)));
            check!(operate(ta, sign, &[], &[1; 21], 64), Err((BAD_PARAMETERS, 64)));
            let signature = match operate(ta, sign, &[], &[1; 20], 64) {
                Ok(signature) => signature,
                Err((code, _)) => return code,
            };
            check!(verify(ta, check, &[], &[1; 20], &signature), OK);
            check!(verify(ta, check, &[], &[2; 20], &signature), INVALID);
            check!(verify(ta, check, &[], &[1; 19], &signature), BAD_PARAMETERS);
            check!(verify(ta, check, &[], &[1; 20], &signature[1..]), INVALID);
            check!(verify(ta, check, &[], &[1; 20], &[0; 65]), INVALID);
            check!(verify(ta, check, &[], &[1; 20], &good[0]), INVALID);
            check!(verify(ta, sign, &[], &[1; 20], &signature), BAD_STATE);
            check!(operate(ta, check, &[], &[1; 20], 64), Err((BAD_STATE, 64)));

            let decrypt = state(ta, Alg::RSAES_PKCS1_V1_5, M::Decrypt, keys[2]).unwrap();
            let encrypt = state(ta, Alg::RSAES_PKCS1_V1_5, M::Encrypt, keys[3]).unwrap();
            check!(operate(ta, encrypt, &[], &[5; 54], 64), Err((BAD_PARAMETERS, 64)));
            check!(operate(ta, encrypt, &[], &[5; 53], 63), Err((SHORT, 64)));
            for message in [&[][..], &[5; 53], &[0; 7]] {
                let text = operate(ta, encrypt, &[], message, 64).unwrap();
                check!(operate(ta, decrypt, &[], &text, 64), Ok(message.to_vec()));
            }
            let text = operate(ta, encrypt, &[], &[5; 53], 64).unwrap();
            check!(operate(ta, decrypt, &[], &text, 52), Err((SHORT, 53)));
            // Whatever is wrong, the answer is the same.
            for text in [&text[1..], &good[0], &[0; 64], &[1; 64], &[0; 65]] {
                check!(operate(ta, decrypt, &[], text, 64).map_err(|(code, _)| code), Err(BAD_PARAMETERS));
            }
        }
        OK
    });
}

#[test]
fn parameters_of_paddings_count() {
    run(|ta| {
        use OperationMode as M;
        let good = numbers(P, Q, 5);
        let keys: Vec<u32> = (0..6).map(|_| rsa_key(ta, &good, &KEY).unwrap()).collect();
        let (sign, check) = (Alg::RSASSA_PKCS1_PSS_MGF1_SHA1, Alg::RSASSA_PKCS1_PSS_MGF1_SHA1);
        let (sign, check) = (state(ta, sign, M::Sign, keys[0]).unwrap(), state(ta, check, M::Verify, keys[1]).unwrap());
        let salt = |len: u32| len.to_le_bytes();
        // 64 bytes less digest and two: 42 of salt at most.
        for len in [0, 1, 20, 42] {
            let bytes = salt(len);
            let params = [(Id::RSA_PSS_SALT_LENGTH, &bytes[..])];
            let signature = operate(ta, sign, &params, &[3; 20], 64).unwrap();
            check!(verify(ta, check, &params, &[3; 20], &signature), OK);
            check!(verify(ta, check, &[], &[3; 20], &signature), if len == 20 { OK } else { INVALID });
        }
        for len in [43, 1000, u32::MAX] {
            let bytes = salt(len);
            let params = [(Id::RSA_PSS_SALT_LENGTH, &bytes[..])];
            check!(operate(ta, sign, &params, &[3; 20], 64).map_err(|(code, _)| code), Err(BAD_PARAMETERS));
            check!(verify(ta, check, &params, &[3; 20], &[1; 64]), INVALID);
        }
        let algorithm = Alg::RSAES_PKCS1_OAEP_MGF1_SHA1;
        let (encrypt, decrypt) = (state(ta, algorithm, M::Encrypt, keys[2]).unwrap(), state(ta, algorithm, M::Decrypt, keys[3]).unwrap());
        let mgf = Alg::SHA256.raw().to_le_bytes();
        let (label, mask) = ((Id::RSA_OAEP_LABEL, &b"label"[..]), (Id::RSA_OAEP_MGF_HASH, &mgf[..]));
        let text = operate(ta, encrypt, &[label, mask], b"message", 64).unwrap();
        check!(operate(ta, decrypt, &[mask, label], &text, 64), Ok(b"message".to_vec()));
        for params in [&[label][..], &[mask], &[], &[(Id::RSA_OAEP_LABEL, b"lebal"), mask]] {
            check!(operate(ta, decrypt, params, &text, 64).map_err(|(code, _)| code), Err(BAD_PARAMETERS));
        }
        let unknown = 0x5000_0101u32.to_le_bytes();
        check!(operate(ta, encrypt, &[(Id::RSA_OAEP_MGF_HASH, &unknown)], b"m", 64), Err((NOT_SUPPORTED, 64)));
        check!(operate(ta, encrypt, &[(Id::RSA_OAEP_MGF_HASH, &mgf[..3])], b"m", 64), Err((BAD_PARAMETERS, 64)));
        check!(operate(ta, encrypt, &[], &[1; 23], 64), Err((BAD_PARAMETERS, 64)));
        // Numbers as they are: without leading zeros, but for zero itself.
        let (encrypt, decrypt) =
            (state(ta, Alg::RSA_NOPAD, M::Encrypt, keys[4]).unwrap(), state(ta, Alg::RSA_NOPAD, M::Decrypt, keys[5]).unwrap());
        check!(operate(ta, encrypt, &[], &[2], 64), Ok(vec![32]));
        check!(operate(ta, decrypt, &[], &[32], 64), Ok(vec![2]));
        check!(operate(ta, decrypt, &[], &[], 64), Ok(vec![0]));
        check!(operate(ta, encrypt, &[], &[0; 64], 64), Ok(vec![0]));
        check!(operate(ta, encrypt, &[], &good[0], 64), Err((BAD_PARAMETERS, 64)));
        check!(operate(ta, encrypt, &[], &[9, 9], 0), Err((SHORT, 7)));
        OK
    });
}

#[test]
fn a_modulus_too_small_for_a_digest_signs_nothing() {
    run(|ta| {
        use OperationMode as M;
        let tiny = numbers(SMALL[0], SMALL[1], 65_537);
        check!(tiny[0].len(), 32);
        for (algorithm, digest) in [
            (Alg::RSASSA_PKCS1_V1_5_SHA1, 20),
            (Alg::RSASSA_PKCS1_V1_5_SHA256, 32),
            (Alg::RSASSA_PKCS1_V1_5_SHA512, 64),
            (Alg::RSASSA_PKCS1_PSS_MGF1_SHA256, 32),
            (Alg::RSASSA_PKCS1_V1_5, 22),
        ] {
            let (key, other) = (rsa_key(ta, &tiny, &KEY).unwrap(), rsa_key(ta, &tiny, &KEY).unwrap());
            let (sign, check) = (state(ta, algorithm, M::Sign, key).unwrap(), state(ta, algorithm, M::Verify, other).unwrap());
            check!(operate(ta, sign, &[], &vec![7; digest], 64).map_err(|(code, _)| code), Err(BAD_PARAMETERS));
            let verified = verify(ta, check, &[], &vec![7; digest], &[1; 32]);
            check!(verified == INVALID || verified == BAD_PARAMETERS, true);
        }
        let key = rsa_key(ta, &tiny, &KEY).unwrap();
        let sign = state(ta, Alg::RSASSA_PKCS1_V1_5, M::Sign, key).unwrap();
        check!(operate(ta, sign, &[], &[7; 21], 64).map(|signature| signature.len()), Ok(32));
        OK
    });
}

/// MD5 and SHA-1 together are signed as they are (RFC 4346, section 4.7).
#[test]
fn two_digests_are_signed_without_a_name() {
    run(|ta| {
        use OperationMode as M;
        let (key, other) = (rsa_key(ta, &numbers(P, Q, 65_537), &KEY).unwrap(), rsa_key(ta, &numbers(P, Q, 65_537), &KEY).unwrap());
        let named = state(ta, Alg::RSASSA_PKCS1_V1_5_MD5SHA1, M::Sign, key).unwrap();
        let bare = state(ta, Alg::RSASSA_PKCS1_V1_5, M::Sign, other).unwrap();
        let signature = operate(ta, named, &[], &[7; 36], 512).unwrap();
        check!(operate(ta, bare, &[], &[7; 36], 512), Ok(signature));
        check!(operate(ta, named, &[], &[7; 35], 512).map_err(|(code, _)| code), Err(BAD_PARAMETERS));
        OK
    });
}

/// What a fault in one half of the computation gives would tell the primes: it is not given out.
#[test]
fn a_wrong_result_stays_inside() {
    run(|ta| {
        use OperationMode as M;
        let good = numbers(P, Q, 65_537);
        for wrong in [2, 5, 6, 7] {
            let mut numbers = good.clone();
            *numbers[wrong].last_mut().unwrap() ^= 2;
            // Without the primes it is the private exponent that counts.
            let ids = if wrong == 2 { &KEY[..3] } else { &KEY };
            let key = rsa_key(ta, &numbers, ids).unwrap();
            let sign = state(ta, Alg::RSASSA_PKCS1_V1_5_SHA1, M::Sign, key).unwrap();
            check!(operate(ta, sign, &[], &[1; 20], 64), Err((TeeError::GENERIC.raw(), 64)));
        }
        OK
    });
}

#[test]
fn keys_without_attributes_do_nothing() {
    run(|ta| {
        use OperationMode as M;
        for (kind, algorithm, mode) in [
            (ObjectType::RSA_KEYPAIR, Alg::RSASSA_PKCS1_V1_5_SHA1, M::Sign),
            (ObjectType::RSA_PUBLIC_KEY, Alg::RSA_NOPAD, M::Encrypt),
            (ObjectType::RSA_KEYPAIR, Alg::RSAES_PKCS1_V1_5, M::Decrypt),
            (ObjectType::DSA_KEYPAIR, Alg::DSA_SHA1, M::Sign),
        ] {
            let key = new_object(ta, kind, 1024).unwrap();
            let state = state(ta, algorithm, mode, key).unwrap();
            check!(operate(ta, state, &[], &[1; 20], 64), Err((BAD_PARAMETERS, 64)));
        }
        let key = new_object(ta, ObjectType::RSA_PUBLIC_KEY, 1024).unwrap();
        let check = state(ta, Alg::RSASSA_PKCS1_V1_5_SHA1, M::Verify, key).unwrap();
        check!(verify(ta, check, &[], &[1; 20], &[1; 128]), BAD_PARAMETERS);
        check!(state(ta, Alg::RSA_NOPAD, M::Decrypt, key), Err(BAD_PARAMETERS));
        OK
    });
}

#[test]
fn generated_rsa_keys_are_whole() {
    run(|ta| {
        let mut seen = Vec::new();
        for (max, bits) in [(512, 256), (512, 257), (512, 511), (1024, 768), (1024, 1024)] {
            let object = new_object(ta, ObjectType::RSA_KEYPAIR, max).unwrap();
            check!(generate(ta, object, max + 1, &[]), NOT_SUPPORTED);
            check!(generate(ta, object, 255, &[]), NOT_SUPPORTED);
            check!(generate(ta, object, bits, &[(Id::RSA_MODULUS, &[3])]), NOT_FOUND);
            let exponent = (Id::RSA_PUBLIC_EXPONENT, &[1, 0, 0, 15][..]);
            check!(generate(ta, object, bits, &[exponent, exponent]), NOT_FOUND);
            for bad in [&[][..], &[0], &[1], &[3], &[0xFF, 0xFF], &[1, 0, 0], &[1; 33]] {
                check!(generate(ta, object, bits, &[(Id::RSA_PUBLIC_EXPONENT, bad)]), BAD_PARAMETERS);
            }
            let given = [exponent];
            let given: &[_] = if bits == 511 { &given } else { &[] };
            check!(generate(ta, object, bits, given), OK);
            check!(generate(ta, object, bits, &[]), BAD_STATE);
            let info = ta.scratch(OUT);
            check!(ta.syscall(S::CrypObjGetInfo, &[object.into(), info]), OK);
            check!(UteeObjectInfo::read(&bytes(ta, OUT, UteeObjectInfo::SIZE)).unwrap().object_size, bits);
            let mut numbers = Vec::new();
            for id in KEY {
                numbers.push(BigUint::from_bytes_be(&attribute(ta, object, id).unwrap()));
            }
            let [n, e, d, p, q, dp, dq, qinv] = numbers.clone().try_into().unwrap();
            let one = BigUint::from(1u8);
            check!((n.bits(), &p * &q == n), (bits.into(), true));
            check!(e.clone(), BigUint::from(if bits == 511 { 0x0100_000Fu32 } else { 65_537 }));
            check!(&d * &e % (&p - &one) == one && &d * &e % (&q - &one) == one, true);
            check!((dp == &d % (&p - &one), dq == &d % (&q - &one), qinv * &q % &p == one), (true, true, true));
            check!(d.bits() > u64::from(bits) / 2, true);
            check!(seen.contains(&p) || seen.contains(&q) || p == q, false);
            seen.extend([p, q]);
        }
        // The other implementation takes the last one, and what it signs.
        let object = new_object(ta, ObjectType::RSA_KEYPAIR, 1024).unwrap();
        check!(generate(ta, object, 1024, &[]), OK);
        let [n, e] = [Id::RSA_MODULUS, Id::RSA_PUBLIC_EXPONENT].map(|id| attribute(ta, object, id).unwrap());
        let sign = state(ta, Alg::RSASSA_PKCS1_V1_5_SHA256, OperationMode::Sign, object).unwrap();
        let signature = operate(ta, sign, &[], &[9; 32], 128).unwrap();
        let number = BigUint::from_bytes_be(&signature).modpow(&BigUint::from_bytes_be(&e), &BigUint::from_bytes_be(&n));
        let encoded = number.to_bytes_be();
        check!((encoded.len(), &encoded[..2], &encoded[95..]), (127, &[1, 0xFF][..], &[9; 32][..]));
        OK
    });
}

/// Ends what it helps the third time that it is asked.
struct Ending(u32);

impl Aid for Ending {
    fn random(&mut self, out: &mut [u8]) -> Result<(), TeeError> {
        // Composite candidates for ever.
        out.fill(0xFF);
        Ok(())
    }

    fn go_on(&mut self) -> Result<(), TeeError> {
        self.0 += 1;
        if self.0 == 3 { Err(TeeError::TARGET_DEAD) } else { Ok(()) }
    }
}

#[test]
fn a_search_for_primes_ends_when_nobody_wants_them() {
    let exponent = kernel_rsa::exponent(&kernel_rsa::EXPONENT).unwrap();
    let mut aid = Ending(0);
    assert_eq!(kernel_rsa::generate(4096, &exponent, &mut aid).err(), Some(TeeError::TARGET_DEAD));
    assert_eq!(aid.0, 3);
}
