// SPDX-License-Identifier: BSD-2-Clause
//! Keys and operations as TAs see them, by system call.

use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tee_core::crypto::algorithms::digest::Digest;
use tee_core::crypto::algorithms::mac::{Code, Mac};
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use utee_abi::crypto::{
    Algorithm, AlgorithmId, AttributeId, HandleFlags, KeyUsage, ObjectType, OperationMode, UteeAttribute, UteeObjectInfo,
};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

const OK: u32 = 0;
const BAD_PARAMETERS: u32 = TeeError::BAD_PARAMETERS.raw();
const BAD_STATE: u32 = TeeError::BAD_STATE.raw();
const NOT_FOUND: u32 = TeeError::ITEM_NOT_FOUND.raw();
const SHORT: u32 = TeeError::SHORT_BUFFER.raw();

/// Runs a TA once; what it returns.
fn run(script: impl Fn(&mut Ta) -> u32 + Send + Sync + 'static) -> u32 {
    let tee = FakePlatform::boot(&[(A, signed(&A, &elf(&A, TaFlags::empty(), 16384)))], 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    tee.platform.scripts().set(&A, script);
    let reply = world.open(&A, &[]);
    assert_eq!(reply.code, 0);
    reply.header.ret
}

/// Leaves a script with the number of the line that does not hold.
macro_rules! check {
    ($left:expr, $right:expr) => {
        if let Err(text) = same($left, $right) {
            eprintln!("line {}: {text}", line!());
            return line!();
        }
    };
}

fn same<T: PartialEq + Debug>(seen: T, wanted: T) -> Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(format!("{seen:?} is not {wanted:?}")) }
}

/// Slots of the script's memory: data in, data out, cells, attributes. Words of system calls stand in slot 15.
const IN: u64 = 8;
const OUT: u64 = 16;
const CELL: u64 = 18;
const ATTRIBUTES: u64 = 20;

fn put(ta: &Ta, slot: u64, bytes: &[u8]) -> u64 {
    let at = ta.scratch(slot);
    ta.write(at, bytes);
    at
}

fn bytes(ta: &Ta, slot: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    ta.read(ta.scratch(slot), &mut bytes);
    bytes
}

fn room(ta: &Ta, len: u64) -> u64 {
    put(ta, CELL, &len.to_le_bytes())
}

fn used(ta: &Ta) -> u64 {
    u64::from_le_bytes(bytes(ta, CELL, 8).try_into().unwrap())
}

fn new_object(ta: &mut Ta, kind: ObjectType, bits: u32) -> Result<u32, u32> {
    let cell = ta.scratch(CELL + 1);
    match ta.syscall(S::CrypObjAlloc, &[kind.raw().into(), bits.into(), cell]) {
        OK => Ok(ta.word(cell)),
        error => Err(error),
    }
}

fn populate(ta: &mut Ta, object: u32, attributes: &[(AttributeId, &[u8])]) -> u32 {
    let mut raw = Vec::new();
    let mut at = IN;
    for (id, value) in attributes {
        let attribute = if id.is_value() {
            UteeAttribute { a: u32::from_le_bytes((*value).try_into().unwrap()).into(), b: 0, id: *id }
        } else {
            // A slot ends where the one before it begins.
            at += value.len().div_ceil(256).max(1) as u64;
            UteeAttribute { a: put(ta, at - 1, value), b: value.len() as u64, id: *id }
        };
        raw.extend(attribute.to_bytes());
    }
    let list = put(ta, ATTRIBUTES, &raw);
    ta.syscall(S::CrypObjPopulate, &[object.into(), list, attributes.len() as u64])
}

fn key(ta: &mut Ta, kind: ObjectType, secret: &[u8]) -> u32 {
    let object = new_object(ta, kind, 8 * secret.len() as u32).expect("room for a key");
    assert_eq!(populate(ta, object, &[(AttributeId::SECRET_VALUE, secret)]), OK);
    object
}

fn state(ta: &mut Ta, algorithm: AlgorithmId, mode: OperationMode, keys: [u32; 2]) -> Result<u32, u32> {
    let cell = ta.scratch(CELL + 1);
    let mode: u32 = mode.into();
    match ta.syscall(S::CrypStateAlloc, &[algorithm.raw().into(), mode.into(), keys[0].into(), keys[1].into(), cell]) {
        OK => Ok(ta.word(cell)),
        error => Err(error),
    }
}

/// A call that turns data into other data in place: its result and the data.
fn turn(ta: &mut Ta, call: S, state: u32, data: &[u8], capacity: u64) -> (u32, Vec<u8>) {
    let at = put(ta, IN, data);
    let cell = room(ta, capacity);
    let code = ta.syscall(call, &[state.into(), at, data.len() as u64, at, cell]);
    (code, bytes(ta, IN, data.len()))
}

#[test]
fn objects_follow_the_table_of_their_type() {
    let code = run(|ta| {
        check!(new_object(ta, ObjectType::from_raw(7), 128), Err(TeeError::NOT_SUPPORTED.raw()));
        check!(new_object(ta, ObjectType::AES, 64), Err(TeeError::NOT_SUPPORTED.raw()));
        check!(new_object(ta, ObjectType::AES, 512), Err(TeeError::NOT_SUPPORTED.raw()));
        check!(new_object(ta, ObjectType::RSA_KEYPAIR, 4097), Err(TeeError::NOT_SUPPORTED.raw()));
        let object = new_object(ta, ObjectType::AES, 192).unwrap();
        let secret = AttributeId::SECRET_VALUE;
        check!(populate(ta, object, &[]), NOT_FOUND);
        check!(populate(ta, object, &[(AttributeId::RSA_MODULUS, &[1; 16])]), NOT_FOUND);
        check!(populate(ta, object, &[(secret, &[1; 16]), (secret, &[1; 16])]), NOT_FOUND);
        check!(populate(ta, object, &[(secret, &[1; 33])]), TeeError::SECURITY.raw());
        check!(populate(ta, object, &[(secret, &[1; 32])]), BAD_STATE);
        check!(populate(ta, object, &[(secret, &[1; 17])]), BAD_PARAMETERS);
        // A number of attributes whose size does not fit into 32 bits.
        for count in [17, 0x0AAA_AAAB, 0x8000_0000, 0xFFFF_FFFF] {
            let list = ta.scratch(ATTRIBUTES);
            check!(ta.syscall(S::CrypObjPopulate, &[object.into(), list, count]), BAD_PARAMETERS);
        }
        let (at, cell) = (ta.scratch(OUT), room(ta, 256));
        check!(ta.syscall(S::CrypObjGetAttr, &[object.into(), secret.raw().into(), at, cell]), BAD_PARAMETERS);
        check!(populate(ta, object, &[(secret, &[7; 24])]), OK);
        check!(populate(ta, object, &[(secret, &[7; 24])]), BAD_PARAMETERS);

        let cell = room(ta, 23);
        check!(ta.syscall(S::CrypObjGetAttr, &[object.into(), secret.raw().into(), at, cell]), SHORT);
        check!(used(ta), 24);
        check!(ta.syscall(S::CrypObjGetAttr, &[object.into(), secret.raw().into(), at, cell]), OK);
        check!(bytes(ta, OUT, 24), vec![7; 24]);
        check!(ta.syscall(S::CrypObjGetAttr, &[object.into(), AttributeId::HKDF_IKM.raw().into(), at, cell]), NOT_FOUND);
        let info = ta.scratch(OUT);
        check!(ta.syscall(S::CrypObjGetInfo, &[object.into(), info]), OK);
        let info = UteeObjectInfo::read(&bytes(ta, OUT, UteeObjectInfo::SIZE)).unwrap();
        check!((info.object_type, info.object_size, info.max_object_size), (ObjectType::AES.raw(), 192, 192));
        check!((info.usage, info.handle_flags), (u32::MAX, HandleFlags::INITIALIZED.bits()));

        // What was taken away does not come back, but with a reset.
        let without = !KeyUsage::EXTRACTABLE.bits();
        check!(ta.syscall(S::CrypObjRestrictUsage, &[object.into(), without.into()]), OK);
        check!(ta.syscall(S::CrypObjRestrictUsage, &[object.into(), u32::MAX.into()]), OK);
        let cell = room(ta, 256);
        check!(ta.syscall(S::CrypObjGetAttr, &[object.into(), secret.raw().into(), at, cell]), BAD_PARAMETERS);
        let copy = new_object(ta, ObjectType::AES, 256).unwrap();
        check!(ta.syscall(S::CrypObjCopy, &[copy.into(), object.into()]), OK);
        check!(ta.syscall(S::CrypObjGetAttr, &[copy.into(), secret.raw().into(), at, cell]), BAD_PARAMETERS);
        let (small, other) = (new_object(ta, ObjectType::AES, 128).unwrap(), new_object(ta, ObjectType::SM4, 128).unwrap());
        for (to, from, wanted) in [(copy, object, BAD_PARAMETERS), (small, object, BAD_PARAMETERS), (object, object, BAD_PARAMETERS)] {
            check!(ta.syscall(S::CrypObjCopy, &[to.into(), from.into()]), wanted);
        }
        check!(ta.syscall(S::CrypObjCopy, &[small.into(), other.into()]), BAD_PARAMETERS);
        check!(ta.syscall(S::CrypObjReset, &[object.into()]), OK);
        check!(populate(ta, object, &[(secret, &[9; 16])]), OK);
        check!(ta.syscall(S::CrypObjGetAttr, &[object.into(), secret.raw().into(), at, cell]), OK);
        check!(ta.syscall(S::CrypObjClose, &[object.into()]), OK);
        for call in [S::CrypObjClose, S::CrypObjReset, S::CrypObjGetInfo, S::CrypObjRestrictUsage] {
            check!(ta.syscall(call, &[object.into(), info_cell(ta)]), BAD_STATE);
        }
        check!(ta.syscall(S::CrypObjGetAttr, &[object.into(), secret.raw().into(), at, cell]), NOT_FOUND);
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}

fn info_cell(ta: &Ta) -> u64 {
    ta.scratch(OUT)
}

#[test]
fn bits_of_des_are_counted_as_the_ta_counts_them() {
    let code = run(|ta| {
        for (kind, max, len, size) in [
            (ObjectType::DES, 56, 8, 56),
            (ObjectType::DES, 64, 8, 64),
            (ObjectType::DES3, 168, 24, 168),
            (ObjectType::DES3, 168, 16, 112),
            (ObjectType::DES3, 112, 16, 112),
            (ObjectType::DES3, 192, 24, 192),
        ] {
            let object = new_object(ta, kind, max).unwrap();
            check!(populate(ta, object, &[(AttributeId::SECRET_VALUE, &vec![0x01; len])]), OK);
            let info = ta.scratch(OUT);
            check!(ta.syscall(S::CrypObjGetInfo, &[object.into(), info]), OK);
            let info = UteeObjectInfo::read(&bytes(ta, OUT, UteeObjectInfo::SIZE)).unwrap();
            check!((info.object_size, info.max_object_size), (size, max));
        }
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}

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

#[test]
fn keys_are_generated_once_and_differ() {
    let code = run(|ta| {
        let mut seen = Vec::new();
        for (kind, max, bits, len) in [
            (ObjectType::AES, 256, 256, 32),
            (ObjectType::AES, 256, 128, 16),
            (ObjectType::DES, 56, 56, 8),
            (ObjectType::DES3, 192, 168, 24),
            (ObjectType::HMAC_SHA512, 1024, 512, 64),
            (ObjectType::GENERIC_SECRET, 4096, 2048, 256),
        ] {
            let object = new_object(ta, kind, max).unwrap();
            check!(ta.syscall(S::CrypObjGenerateKey, &[object.into(), 7, 0, 0]), TeeError::NOT_SUPPORTED.raw());
            check!(ta.syscall(S::CrypObjGenerateKey, &[object.into(), u64::from(max) * 2, 0, 0]), TeeError::NOT_SUPPORTED.raw());
            check!(ta.syscall(S::CrypObjGenerateKey, &[object.into(), bits, 0, 0]), OK);
            check!(ta.syscall(S::CrypObjGenerateKey, &[object.into(), bits, 0, 0]), BAD_STATE);
            let (at, cell) = (ta.scratch(OUT), room(ta, 256));
            check!(ta.syscall(S::CrypObjGetAttr, &[object.into(), AttributeId::SECRET_VALUE.raw().into(), at, cell]), OK);
            check!(used(ta), len);
            let key = bytes(ta, OUT, len as usize);
            if matches!(kind, ObjectType::DES | ObjectType::DES3) {
                check!(key.iter().all(|byte| byte.count_ones() % 2 == 1), true);
            }
            check!(seen.contains(&key[..8].to_vec()), false);
            seen.push(key[..8].to_vec());
        }
        OK
    });
    assert_eq!(code, OK, "the line that does not hold");
}

#[test]
fn what_a_ta_holds_is_limited() {
    let code = run(|ta| {
        let mut objects = 0;
        while let Ok(object) = new_object(ta, ObjectType::HMAC_SHA256, 1024) {
            objects += 1;
            check!(ta.syscall(S::CrypObjGenerateKey, &[object.into(), 1024, 0, 0]), OK);
        }
        check!(objects, tee_core::limits::MAX_OBJECTS_OF_TA);
        check!(new_object(ta, ObjectType::AES, 128), Err(TeeError::OUT_OF_MEMORY.raw()));
        let mut states = 0;
        while state(ta, AlgorithmId::SHA512, OperationMode::Digest, [0, 0]).is_ok() {
            states += 1;
        }
        check!(states, tee_core::limits::MAX_STATES_OF_TA);
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
        let key = crate::key(ta, ObjectType::AES, &secret);
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
        let (tag, tag_cell) = (ta.scratch(OUT + 1), put(ta, CELL + 1, &15u64.to_le_bytes()));
        let last = [encrypt.into(), at, 13, at, cell, tag, tag_cell];
        check!(ta.syscall(S::AuthencEncFinal, &last), SHORT);
        check!(bytes(ta, IN, 13), b"a secret text".to_vec());
        put(ta, CELL + 1, &16u64.to_le_bytes());
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
    bytes(ta, OUT, used(ta) as usize)
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
            check!(used(ta), len);
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

/// What the random sequences are played on: algorithm, mode, whether it has the key of the same number.
const STATES: [(AlgorithmId, OperationMode, Option<ObjectType>); 7] = [
    (AlgorithmId::SHA256, OperationMode::Digest, None),
    (AlgorithmId::SHA256, OperationMode::Digest, None),
    (AlgorithmId::HMAC_SHA256, OperationMode::Mac, Some(ObjectType::HMAC_SHA256)),
    (AlgorithmId::HMAC_SHA256, OperationMode::Mac, Some(ObjectType::HMAC_SHA256)),
    (AlgorithmId::AES_CBC_NOPAD, OperationMode::Encrypt, Some(ObjectType::AES)),
    (AlgorithmId::AES_GCM, OperationMode::Encrypt, Some(ObjectType::AES)),
    (AlgorithmId::AES_GCM, OperationMode::Decrypt, Some(ObjectType::AES)),
];

#[derive(Clone, Debug)]
enum Step {
    Call { call: S, state: usize },
    Copy { to: usize, from: usize },
    Free(usize),
    ResetKey(usize),
    PopulateKey(usize),
    CloseKey(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let calls = vec![
        S::HashInit,
        S::HashUpdate,
        S::HashFinal,
        S::CipherInit,
        S::CipherUpdate,
        S::CipherFinal,
        S::AuthencInit,
        S::AuthencUpdateAad,
        S::AuthencUpdatePayload,
        S::AuthencEncFinal,
        S::AuthencDecFinal,
    ];
    let states = 0..STATES.len();
    prop_oneof![
        30 => (proptest::sample::select(calls), states.clone()).prop_map(|(call, state)| Step::Call { call, state }),
        4 => (states.clone(), states.clone()).prop_map(|(to, from)| Step::Copy { to, from }),
        1 => states.clone().prop_map(Step::Free),
        2 => states.clone().prop_map(Step::ResetKey),
        3 => states.clone().prop_map(Step::PopulateKey),
        1 => states.prop_map(Step::CloseKey),
    ]
}

/// What the specification says of one state.
#[derive(Clone, Default)]
struct Model {
    is_free: bool,
    is_running: bool,
    /// Payload was given.
    is_late: bool,
    data: Vec<u8>,
    key: Option<u8>,
    /// The key that it was started with.
    started_with: Option<u8>,
}

impl Model {
    /// The result of a call, and what becomes of the state.
    fn call(&mut self, index: usize, call: S) -> u32 {
        let (algorithm, mode, kind) = STATES[index];
        let class = match algorithm {
            AlgorithmId::AES_CBC_NOPAD => 'c',
            AlgorithmId::AES_GCM => 'a',
            _ => 'h',
        };
        let (wanted, wrong) = match call {
            S::HashInit => ('h', BAD_PARAMETERS),
            S::HashUpdate | S::HashFinal => ('h', BAD_STATE),
            S::CipherInit | S::CipherUpdate | S::CipherFinal => ('c', BAD_STATE),
            _ => ('a', BAD_STATE),
        };
        if self.is_free {
            return BAD_PARAMETERS;
        }
        if class != wanted {
            return wrong;
        }
        match call {
            S::HashInit | S::CipherInit | S::AuthencInit => {
                if kind.is_some() && self.key.is_none() {
                    return BAD_PARAMETERS;
                }
                *self = Self { is_running: true, is_late: false, data: Vec::new(), started_with: self.key, ..self.clone() };
                return OK;
            }
            _ if !self.is_running => return BAD_STATE,
            S::AuthencUpdateAad if self.is_late => return BAD_STATE,
            S::AuthencUpdatePayload => self.is_late = true,
            S::AuthencEncFinal if mode == OperationMode::Decrypt => return BAD_STATE,
            S::AuthencDecFinal if mode == OperationMode::Encrypt => return BAD_STATE,
            S::HashUpdate => self.data.extend(DATA),
            S::AuthencDecFinal => {
                self.is_running = false;
                // The tag is none of any text.
                return TeeError::MAC_INVALID.raw();
            }
            _ => {}
        }
        if matches!(call, S::HashFinal | S::CipherFinal | S::AuthencEncFinal) {
            self.is_running = false;
        }
        OK
    }
}

const DATA: [u8; 16] = *b"sixteen bytes...";

fn secret(number: u8) -> Vec<u8> {
    vec![number; 32]
}

/// Plays a step; what was seen and what the model says.
fn play(ta: &mut Ta, step: &Step, states: &[u32], keys: &[u32], models: &mut [Model], count: u8) -> (u32, u32) {
    match step {
        Step::Call { call, state } => {
            let (data, out, tag) = (put(ta, IN, &DATA), ta.scratch(OUT), put(ta, OUT + 1, &[0xEE; 16]));
            let (cell, tag_cell) = (room(ta, 64), put(ta, CELL + 1, &16u64.to_le_bytes()));
            let handle = states[*state].into();
            let seen = match call {
                S::HashInit => ta.syscall(*call, &[handle, 0, 0]),
                S::HashUpdate | S::CipherInit | S::AuthencUpdateAad => ta.syscall(*call, &[handle, data, 16]),
                S::AuthencInit => ta.syscall(*call, &[handle, data, 12, 16, 0, 0]),
                S::HashFinal => ta.syscall(*call, &[handle, 0, 0, out, cell]),
                S::AuthencEncFinal => ta.syscall(*call, &[handle, data, 16, out, cell, tag, tag_cell]),
                S::AuthencDecFinal => ta.syscall(*call, &[handle, data, 16, out, cell, tag, 16]),
                _ => ta.syscall(*call, &[handle, data, 16, out, cell]),
            };
            let wanted = models[*state].call(*state, *call);
            if *call == S::HashFinal && seen == OK && wanted == OK {
                let model = &models[*state];
                let mut right = [0; 64];
                match model.started_with {
                    None => {
                        let mut digest = Digest::of(Algorithm::Sha256);
                        digest.update(&model.data).unwrap();
                        digest.finish(&mut right[..32]);
                    }
                    Some(key) => {
                        let mut mac = Mac::new(None, Code::Hmac(Algorithm::Sha256), &secret(key)).unwrap();
                        mac.update(&model.data).unwrap();
                        mac.finish(&mut right).unwrap();
                    }
                }
                if bytes(ta, OUT, 32) != right[..32] {
                    return (1, 2);
                }
            }
            (seen, wanted)
        }
        Step::Copy { to, from } => {
            let seen = ta.syscall(S::CrypStateCopy, &[states[*to].into(), states[*from].into()]);
            let (algorithm, mode, _) = STATES[*to];
            let same = (STATES[*from].0, STATES[*from].1) == (algorithm, mode);
            if models[*to].is_free || models[*from].is_free || !same {
                return (seen, BAD_PARAMETERS);
            }
            let Model { is_running, is_late, data, started_with, .. } = models[*from].clone();
            let key = models[*to].key;
            models[*to] = Model { is_free: false, is_running, is_late, data, key, started_with };
            (seen, OK)
        }
        Step::Free(state) => {
            let wanted = if models[*state].is_free { BAD_PARAMETERS } else { OK };
            models[*state].is_free = true;
            (ta.syscall(S::CrypStateFree, &[states[*state].into()]), wanted)
        }
        Step::ResetKey(state) | Step::PopulateKey(state) | Step::CloseKey(state) if STATES[*state].2.is_none() => (0, 0),
        // The key went with the state.
        Step::ResetKey(state) if models[*state].is_free => (ta.syscall(S::CrypObjReset, &[keys[*state].into()]), BAD_STATE),
        Step::PopulateKey(state) if models[*state].is_free => {
            (populate(ta, keys[*state], &[(AttributeId::SECRET_VALUE, &secret(count))]), BAD_STATE)
        }
        Step::CloseKey(state) if models[*state].is_free => (ta.syscall(S::CrypObjClose, &[keys[*state].into()]), BAD_STATE),
        Step::ResetKey(state) => {
            models[*state].key = None;
            (ta.syscall(S::CrypObjReset, &[keys[*state].into()]), OK)
        }
        Step::PopulateKey(state) => {
            let wanted = if models[*state].key.is_some() { BAD_PARAMETERS } else { OK };
            models[*state].key.get_or_insert(count);
            (populate(ta, keys[*state], &[(AttributeId::SECRET_VALUE, &secret(count))]), wanted)
        }
        Step::CloseKey(state) => (ta.syscall(S::CrypObjClose, &[keys[*state].into()]), NOT_FOUND),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Every order of calls is answered as the model says, and results are those of the data that came since the start.
    #[test]
    fn any_order_of_calls_is_answered(steps in proptest::collection::vec(step(), 1..120), start in any::<u8>()) {
        let failure = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&failure);
        run(move |ta| {
            let (mut states, mut keys, mut models) = (Vec::new(), Vec::new(), Vec::new());
            for (algorithm, mode, kind) in STATES {
                let key = kind.map_or(0, |kind| new_object(ta, kind, 256).unwrap());
                states.push(state(ta, algorithm, mode, [key, 0]).unwrap());
                keys.push(key);
                models.push(Model::default());
            }
            for (index, step) in steps.iter().enumerate() {
                let (found, wanted) = play(ta, step, &states, &keys, &mut models, start.wrapping_add(index as u8));
                if found != wanted {
                    *seen.lock().unwrap() = Some(format!("step {index}, {step:?}: {found:#x} instead of {wanted:#x}"));
                    return 1;
                }
            }
            0
        });
        prop_assert_eq!(failure.lock().unwrap().take(), None);
    }
}
