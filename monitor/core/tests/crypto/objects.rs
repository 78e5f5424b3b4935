// SPDX-License-Identifier: BSD-2-Clause
//! Objects: their tables, sizes and limits, and keys that are generated.

use crate::calls::{
    ATTRIBUTES, BAD_PARAMETERS, BAD_STATE, NOT_FOUND, OK, OUT, SHORT, bytes, check, new_object, populate, room, run, state, used,
};
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId, AttributeId, HandleFlags, KeyUsage, ObjectType, OperationMode, UteeObjectInfo};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;

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
            let key = bytes(ta, OUT, len);
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
