// SPDX-License-Identifier: BSD-2-Clause
//! Operations: lengths, keys that come and go, tags, derivations, curves.

use crate::calls::{
    ATTRIBUTES, BAD_PARAMETERS, BAD_STATE, IN, NOT_FOUND, OK, OUT, SHORT, TAG_LEN, bytes, check, key, new_object, populate, put, room, run,
    state, turn, used,
};
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId, AttributeId, ObjectType, OperationMode, UteeAttribute};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;

#[test]
fn operations_that_come_and_go_leave_no_keys() {
    let code = run(|ta| {
        for _ in 0..2 * tee_core::limits::MAX_OBJECTS_OF_TA {
            let key = key(ta, ObjectType::AES, &[7; 16]);
            let encrypt = state(ta, AlgorithmId::AES_CTR, OperationMode::Encrypt, [key, 0]).unwrap();
            check!(ta.syscall(S::CrypStateFree, &[encrypt.into()]), OK);
        }
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}

/// FIPS 197, appendix C.1, through the system calls.
#[test]
fn ciphers_work_in_place_and_say_how_much_room_they_need() {
    let code = run(|ta| {
        let secret: Vec<u8> = (0..16).collect();
        let key = key(ta, ObjectType::AES, &secret);
        let encrypt = state(ta, AlgorithmId::AES_ECB_NOPAD, OperationMode::Encrypt, [key, 0]).unwrap();
        check!(ta.syscall(S::CipherInit, &[encrypt.into(), 0, 0]), OK);
        let plain: Vec<u8> = (0..16).map(|byte| byte * 0x11).collect();
        check!(turn(ta, S::CipherUpdate, encrypt, &plain, 15).0, SHORT);
        check!(used(ta), 16);
        check!(turn(ta, S::CipherUpdate, encrypt, &plain[..15], 15).0, BAD_STATE);
        let (code, text) = turn(ta, S::CipherFinal, encrypt, &plain, 16);
        check!((code, &text[..4]), (OK, &[0x69, 0xC4, 0xE0, 0xD8][..]));
        check!(turn(ta, S::CipherUpdate, encrypt, &plain, 16).0, BAD_STATE);
        // The key serves one state at a time.
        check!(state(ta, AlgorithmId::AES_CTR, OperationMode::Encrypt, [key, 0]), Err(BAD_PARAMETERS));
        check!(ta.syscall(S::CrypObjClose, &[key.into()]), NOT_FOUND);
        check!(ta.syscall(S::CrypStateFree, &[encrypt.into()]), OK);
        // Its key went with it.
        check!(ta.syscall(S::CrypObjClose, &[key.into()]), BAD_STATE);
        check!(state(ta, AlgorithmId::AES_CTR, OperationMode::Encrypt, [key, 0]), Err(BAD_STATE));
        let key = crate::calls::key(ta, ObjectType::AES, &secret);
        check!(state(ta, AlgorithmId::AES_XTS, OperationMode::Encrypt, [key, 0]), Err(BAD_PARAMETERS));
        check!(state(ta, AlgorithmId::AES_XTS, OperationMode::Encrypt, [key, key]), Err(BAD_PARAMETERS));
        check!(state(ta, AlgorithmId::AES_CTR, OperationMode::Mac, [key, 0]), Err(BAD_PARAMETERS));
        check!(state(ta, AlgorithmId::SM4_CTR, OperationMode::Encrypt, [key, 0]), Err(BAD_PARAMETERS));
        check!(state(ta, AlgorithmId::AES_CTR, OperationMode::Encrypt, [key + 1, 0]), Err(BAD_STATE));
        check!(state(ta, AlgorithmId::from_raw(0x5000_0010), OperationMode::Digest, [0, 0]), Err(TeeError::NOT_SUPPORTED.raw()));
        let decrypt = state(ta, AlgorithmId::AES_CTR, OperationMode::Decrypt, [key, 0]).unwrap();
        check!(turn(ta, S::CipherUpdate, decrypt, &plain, 16).0, BAD_STATE);
        let iv = put(ta, OUT, &[0; 17]);
        check!(ta.syscall(S::CipherInit, &[decrypt.into(), iv, 17]), BAD_PARAMETERS);
        check!(ta.syscall(S::CipherInit, &[decrypt.into(), 0, 16]), BAD_PARAMETERS);
        check!(ta.syscall(S::CipherInit, &[decrypt.into(), iv, 16]), OK);
        check!(turn(ta, S::CipherUpdate, decrypt, &plain[..5], 5).0, OK);
        check!(ta.syscall(S::CipherFinal, &[decrypt.into(), 0, 0, 0, 0]), OK);
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}

#[test]
fn a_wrong_tag_gives_nothing_away() {
    let code = run(|ta| {
        let key = key(ta, ObjectType::AES, &[5; 16]);
        let other = new_object(ta, ObjectType::AES, 128).unwrap();
        check!(ta.syscall(S::CrypObjCopy, &[other.into(), key.into()]), OK);
        let encrypt = state(ta, AlgorithmId::AES_GCM, OperationMode::Encrypt, [key, 0]).unwrap();
        let decrypt = state(ta, AlgorithmId::AES_GCM, OperationMode::Decrypt, [other, 0]).unwrap();
        let nonce = put(ta, OUT, &[1; 12]);
        for (state, tag, wanted) in [(encrypt, 17, TeeError::NOT_SUPPORTED.raw()), (encrypt, 11, TeeError::NOT_SUPPORTED.raw())] {
            check!(ta.syscall(S::AuthencInit, &[state.into(), nonce, 12, tag, 0, 0]), wanted);
        }
        check!(ta.syscall(S::AuthencInit, &[encrypt.into(), nonce, 0, 16, 0, 0]), BAD_PARAMETERS);
        check!(ta.syscall(S::AuthencInit, &[encrypt.into(), nonce, 12, 16, 0, 0]), OK);
        let (at, cell) = (put(ta, IN, b"a secret text"), room(ta, 13));
        let (tag, tag_cell) = (ta.scratch(OUT + 1), put(ta, TAG_LEN, &15u64.to_le_bytes()));
        let last = [encrypt.into(), at, 13, at, cell, tag, tag_cell];
        check!(ta.syscall(S::AuthencEncFinal, &last), SHORT);
        check!(bytes(ta, IN, 13), b"a secret text".to_vec());
        put(ta, TAG_LEN, &16u64.to_le_bytes());
        check!(ta.syscall(S::AuthencEncFinal, &last), OK);
        check!(ta.syscall(S::AuthencEncFinal, &last), BAD_STATE);
        let text = bytes(ta, IN, 13);
        for (flip, wanted) in [(1, TeeError::MAC_INVALID.raw()), (0, OK)] {
            check!(ta.syscall(S::AuthencInit, &[decrypt.into(), nonce, 12, 16, 0, 0]), OK);
            put(ta, IN, &text);
            let mut sent = bytes(ta, OUT + 1, 16);
            sent[15] ^= flip;
            let sent = put(ta, OUT + 3, &sent);
            let cell = room(ta, 13);
            check!(ta.syscall(S::AuthencDecFinal, &[decrypt.into(), at, 13, at, cell, sent, 16]), wanted);
            let wanted = if flip == 0 { b"a secret text".to_vec() } else { vec![0; 13] };
            check!(bytes(ta, IN, 13), wanted);
        }
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}

/// RFC 5869, case 1.
#[test]
fn keys_are_derived() {
    let code = run(|ta| {
        let secret = new_object(ta, ObjectType::HKDF_IKM, 512).unwrap();
        check!(populate(ta, secret, &[(AttributeId::HKDF_IKM, &[0x0B; 22])]), OK);
        let state = state(ta, AlgorithmId::HKDF_SHA256_DERIVE_KEY, OperationMode::Derive, [secret, 0]).unwrap();
        let derived = new_object(ta, ObjectType::GENERIC_SECRET, 336).unwrap();
        let salt: Vec<u8> = (0..13).collect();
        let info: Vec<u8> = (0xF0..0xFA).collect();
        let (salt_at, info_at) = (put(ta, IN, &salt), put(ta, IN + 1, &info));
        let attributes = [
            UteeAttribute { a: salt_at, b: 13, id: AttributeId::HKDF_SALT },
            UteeAttribute { a: info_at, b: 10, id: AttributeId::OPTEE_HKDF_INFO },
            UteeAttribute { a: 42, b: 0, id: AttributeId::HKDF_OKM_LENGTH },
        ];
        let list = put(ta, ATTRIBUTES, &attributes.iter().flat_map(UteeAttribute::to_bytes).collect::<Vec<_>>());
        check!(ta.syscall(S::CrypDeriveKey, &[state.into(), list, 2, derived.into()]), BAD_PARAMETERS);
        check!(ta.syscall(S::CrypDeriveKey, &[state.into(), list, 3, secret.into()]), TeeError::NOT_SUPPORTED.raw());
        check!(ta.syscall(S::CrypDeriveKey, &[state.into(), list, 3, derived.into()]), OK);
        check!(ta.syscall(S::CrypDeriveKey, &[state.into(), list, 3, derived.into()]), BAD_PARAMETERS);
        let (at, cell) = (ta.scratch(OUT), room(ta, 64));
        check!(ta.syscall(S::CrypObjGetAttr, &[derived.into(), AttributeId::SECRET_VALUE.raw().into(), at, cell]), OK);
        check!((used(ta), bytes(ta, OUT, 4)), (42, vec![0x3C, 0xB2, 0x5F, 0x25]));
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}

/// A key pair on P-256.
fn pair(ta: &mut Ta, kind: ObjectType) -> u32 {
    let object = new_object(ta, kind, 256).unwrap();
    let curve = UteeAttribute { a: 3, b: 0, id: AttributeId::ECC_CURVE };
    let list = put(ta, ATTRIBUTES, &curve.to_bytes());
    assert_eq!(ta.syscall(S::CrypObjGenerateKey, &[object.into(), 256, list, 1]), OK);
    object
}

fn attribute(ta: &mut Ta, object: u32, id: AttributeId) -> Vec<u8> {
    let (at, cell) = (ta.scratch(OUT), room(ta, 256));
    assert_eq!(ta.syscall(S::CrypObjGetAttr, &[object.into(), id.raw().into(), at, cell]), OK);
    bytes(ta, OUT, used(ta))
}

#[test]
fn elliptic_keys_sign_and_agree_and_points_are_checked() {
    let code = run(|ta| {
        check!(new_object(ta, ObjectType::ECDSA_KEYPAIR, 191), Err(TeeError::NOT_SUPPORTED.raw()));
        let key = pair(ta, ObjectType::ECDSA_KEYPAIR);
        let (x, y) = (attribute(ta, key, AttributeId::ECC_PUBLIC_VALUE_X), attribute(ta, key, AttributeId::ECC_PUBLIC_VALUE_Y));
        check!(attribute(ta, key, AttributeId::ECC_CURVE), vec![3, 0, 0, 0, 0, 0, 0, 0]);
        let public = new_object(ta, ObjectType::ECDSA_PUBLIC_KEY, 256).unwrap();
        let mut off = y.clone();
        *off.last_mut().unwrap() ^= 1;
        let [ids_x, ids_y] = [AttributeId::ECC_PUBLIC_VALUE_X, AttributeId::ECC_PUBLIC_VALUE_Y];
        let curve = |number: &'static [u8]| (AttributeId::ECC_CURVE, number);
        check!(populate(ta, public, &[(ids_x, &x), (ids_y, &off), curve(&[3, 0, 0, 0])]), BAD_PARAMETERS);
        check!(populate(ta, public, &[(ids_x, &x), (ids_y, &y), curve(&[4, 0, 0, 0])]), BAD_STATE);
        check!(populate(ta, public, &[(ids_x, &[]), (ids_y, &[]), curve(&[3, 0, 0, 0])]), BAD_PARAMETERS);
        check!(populate(ta, public, &[(ids_x, &x), (ids_y, &y), curve(&[3, 0, 0, 0])]), OK);

        let sign = state(ta, AlgorithmId::ECDSA_SHA256, OperationMode::Sign, [key, 0]).unwrap();
        check!(state(ta, AlgorithmId::ECDSA_SHA256, OperationMode::Sign, [public, 0]), Err(BAD_PARAMETERS));
        let verify = state(ta, AlgorithmId::ECDSA_SHA256, OperationMode::Verify, [public, 0]).unwrap();
        let (digest, out, cell) = (put(ta, IN, &[7; 32]), ta.scratch(OUT), room(ta, 63));
        check!(ta.syscall(S::AsymmOperate, &[sign.into(), 0, 0, digest, 32, out, cell]), SHORT);
        check!(used(ta), 64);
        check!(ta.syscall(S::AsymmOperate, &[verify.into(), 0, 0, digest, 32, out, cell]), BAD_STATE);
        check!(ta.syscall(S::AsymmOperate, &[sign.into(), 0, 0, digest, 32, out, cell]), OK);
        check!(ta.syscall(S::AsymmVerify, &[sign.into(), 0, 0, digest, 32, out, 64]), BAD_STATE);
        check!(ta.syscall(S::AsymmVerify, &[verify.into(), 0, 0, digest, 65, out, 64]), BAD_PARAMETERS);
        // Any digest may be signed by it, as with OP-TEE; this one is another.
        check!(ta.syscall(S::AsymmVerify, &[verify.into(), 0, 0, digest, 31, out, 64]), TeeError::SIGNATURE_INVALID.raw());
        check!(ta.syscall(S::AsymmVerify, &[verify.into(), 0, 0, digest, 32, out, 64]), OK);
        put(ta, IN, &[8; 32]);
        check!(ta.syscall(S::AsymmVerify, &[verify.into(), 0, 0, digest, 32, out, 64]), TeeError::SIGNATURE_INVALID.raw());

        // Both sides get the same secret; a point off the curve gets none.
        let (one, two) = (pair(ta, ObjectType::ECDH_KEYPAIR), pair(ta, ObjectType::ECDH_KEYPAIR));
        let mut shared = Vec::new();
        for (own, other, good) in [(one, two, true), (two, one, true), (one, two, false)] {
            // The state closes its key.
            let mine = new_object(ta, ObjectType::ECDH_KEYPAIR, 256).unwrap();
            check!(ta.syscall(S::CrypObjCopy, &[mine.into(), own.into()]), OK);
            let (x, mut y) = (attribute(ta, other, ids_x), attribute(ta, other, ids_y));
            if !good {
                y[3] ^= 1;
            }
            let agree = match state(ta, AlgorithmId::ECDH_DERIVE_SHARED_SECRET, OperationMode::Derive, [mine, 0]) {
                Ok(state) => state,
                Err(error) => return error,
            };
            let target = new_object(ta, ObjectType::GENERIC_SECRET, 256).unwrap();
            let attributes = [
                UteeAttribute { a: put(ta, IN, &x), b: x.len() as u64, id: ids_x },
                UteeAttribute { a: put(ta, IN + 1, &y), b: y.len() as u64, id: ids_y },
            ];
            let list = put(ta, ATTRIBUTES, &attributes.iter().flat_map(UteeAttribute::to_bytes).collect::<Vec<_>>());
            let code = ta.syscall(S::CrypDeriveKey, &[agree.into(), list, 2, target.into()]);
            check!(code, if good { OK } else { BAD_PARAMETERS });
            if good {
                shared.push(attribute(ta, target, AttributeId::SECRET_VALUE));
            }
            check!(ta.syscall(S::CrypStateFree, &[agree.into()]), OK);
        }
        check!(shared[0].len(), 32);
        check!(&shared[0], &shared[1]);
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}

#[test]
fn digests_of_any_length_go_on() {
    let code = run(|ta| {
        let shake = state(ta, AlgorithmId::SHAKE128, OperationMode::Digest, [0, 0]).unwrap();
        check!(ta.syscall(S::HashInit, &[shake.into(), 0, 0]), OK);
        let (at, mut all) = (ta.scratch(OUT), Vec::new());
        for len in [1u64, 15, 16] {
            let cell = room(ta, len);
            check!(ta.syscall(S::HashFinal, &[shake.into(), 0, 0, at, cell]), OK);
            check!(used(ta) as u64, len);
            all.extend(bytes(ta, OUT, len as usize));
        }
        // FIPS 202, SHAKE128 of nothing.
        check!((&all[..4], &all[28..]), (&[0x7F, 0x9C, 0x2B, 0xA4][..], &[0xFA, 0x66, 0xEF, 0x26][..]));
        let data = put(ta, IN, b"more");
        check!(ta.syscall(S::HashUpdate, &[shake.into(), data, 4]), BAD_STATE);
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}
