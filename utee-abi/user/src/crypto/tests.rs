// SPDX-License-Identifier: BSD-2-Clause
//! Who closes what: operations, their states and their keys, on a fake kernel that counts.

use super::{Ae, Agreement, Attribute, Cipher, Decryptor, Direction, Encryptor, Mac, Object, Signer, Sm2Exchange, State, Verifier};
use crate::raw::Word;
use crate::{Result, TeeError, fake};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use core::cell::RefCell;
use std::vec::Vec;
use utee_abi::crypto::{AlgorithmId, HandleFlags, KeyUsage, ObjectType, OperationMode, UteeObjectInfo};
use utee_abi::sysnum::Syscall;

/// What is open, as the kernel keeps it.
#[derive(Default)]
struct Kernel {
    last: u32,
    /// The type of each object.
    objects: BTreeMap<u32, u32>,
    /// The keys of each state.
    states: BTreeMap<u32, Vec<u32>>,
    /// Closed or freed though it was not there.
    wrong: Vec<u32>,
    refuses_states: bool,
}

fn put<T>(to: Word, value: T) {
    // SAFETY: the wrappers pass memory for what the kernel writes.
    unsafe { to.pointer::<T>().write(value) };
}

/// Answers as the kernel does, as far as it is about what is open.
fn kernel() -> Rc<RefCell<Kernel>> {
    let kernel = Rc::new(RefCell::new(Kernel::default()));
    let on = |number, handler: fn(&mut Kernel, &[Word]) -> u32| {
        let kernel = Rc::clone(&kernel);
        fake::on(number, move |args| handler(&mut kernel.borrow_mut(), args));
    };
    on(Syscall::CrypObjAlloc, |kernel, args| {
        kernel.last += 1;
        kernel.objects.insert(kernel.last, args[0].value() as u32);
        put(args[2], kernel.last);
        0
    });
    on(Syscall::CrypObjGetInfo, |kernel, args| {
        let Some(kind) = kernel.objects.get(&(args[0].value() as u32)) else { return TeeError::BAD_STATE.raw() };
        let info = UteeObjectInfo {
            object_type: *kind,
            object_size: 256,
            max_object_size: 256,
            usage: KeyUsage::all().bits(),
            data_size: 0,
            data_position: 0,
            handle_flags: HandleFlags::INITIALIZED.bits(),
        };
        put(args[1], info.to_bytes());
        0
    });
    for call in [Syscall::CrypObjCopy, Syscall::CrypObjPopulate, Syscall::CrypDeriveKey, Syscall::HashInit, Syscall::AsymmOperate] {
        on(call, |_, _| 0);
    }
    on(Syscall::CrypObjClose, |kernel, args| {
        let handle = args[0].value() as u32;
        if kernel.objects.remove(&handle).is_none() {
            kernel.wrong.push(handle);
        }
        0
    });
    on(Syscall::CrypStateAlloc, |kernel, args| {
        if kernel.refuses_states {
            return TeeError::OUT_OF_MEMORY.raw();
        }
        kernel.last += 1;
        let keys = [args[2], args[3]].map(|key| key.value() as u32);
        kernel.states.insert(kernel.last, keys.into_iter().filter(|key| *key != 0).collect());
        put(args[4], kernel.last);
        0
    });
    on(Syscall::CrypStateFree, |kernel, args| {
        let handle = args[0].value() as u32;
        match kernel.states.remove(&handle) {
            Some(keys) => kernel.wrong.extend(keys.iter().filter(|key| kernel.objects.remove(key).is_none())),
            None => kernel.wrong.push(handle),
        }
        0
    });
    kernel
}

/// Makes an operation with a key, and drops it.
type Use = fn(&Object) -> Result<()>;

fn key(kind: ObjectType) -> Object {
    Object::new(kind, 256).unwrap()
}

fn exchange(key: &Object) -> Result<()> {
    let with = Sm2Exchange {
        is_initiator: true,
        point: (&[1; 32], &[2; 32]),
        ephemeral: (&[3; 32], &[4; 32]),
        identities: [b"a", b"b"],
        confirmation: None,
    };
    key.exchange(key, &with, 16).map(drop)
}

/// Everything that has keys of its own, with the type of the key it is given and the number of keys it makes.
const USES: [(ObjectType, usize, Use); 12] = [
    (ObjectType::AES, 1, |key| Cipher::new(AlgorithmId::AES_CTR, Direction::Encrypt, key).map(drop)),
    (ObjectType::AES, 2, |key| Cipher::with_two_keys(AlgorithmId::AES_XTS, Direction::Encrypt, key, key).map(drop)),
    (ObjectType::HMAC_SHA256, 1, |key| Mac::new(AlgorithmId::HMAC_SHA256, key).map(drop)),
    (ObjectType::AES, 1, |key| Ae::new(AlgorithmId::AES_GCM, Direction::Decrypt, key).map(drop)),
    (ObjectType::ECDSA_KEYPAIR, 1, |key| Signer::new(AlgorithmId::ECDSA_SHA256, key).map(drop)),
    (ObjectType::ECDSA_PUBLIC_KEY, 1, |key| Verifier::new(AlgorithmId::ECDSA_SHA256, key).map(drop)),
    (ObjectType::RSA_PUBLIC_KEY, 1, |key| Encryptor::new(AlgorithmId::RSAES_PKCS1_V1_5, key).map(drop)),
    (ObjectType::RSA_KEYPAIR, 1, |key| Decryptor::new(AlgorithmId::RSAES_PKCS1_V1_5, key).map(drop)),
    (ObjectType::X25519_KEYPAIR, 1, |key| Agreement::new(AlgorithmId::X25519, key).map(drop)),
    (ObjectType::HKDF_IKM, 2, |key| {
        let params: [Attribute<'_>; 0] = [];
        Object::derive(ObjectType::GENERIC_SECRET, 256, AlgorithmId::HKDF_SHA256_DERIVE_KEY, key, &params).map(drop)
    }),
    (ObjectType::SM2_KEP_KEYPAIR, 3, exchange),
    (ObjectType::SM2_PKE_KEYPAIR, 1, |key| key.sm2_decrypt(&[4; 100], &mut [0; 8]).map(drop)),
];

/// Objects made, and how often each system call was that ends something.
fn counts() -> [usize; 4] {
    let calls = fake::calls();
    [Syscall::CrypObjAlloc, Syscall::CrypStateAlloc, Syscall::CrypStateFree, Syscall::CrypObjClose]
        .map(|number| calls.iter().filter(|call| call.number == number).count())
}

#[test]
fn the_keys_of_a_state_are_closed_once_by_the_kernel() {
    let kernel = kernel();
    for (index, (kind, objects, make)) in USES.into_iter().enumerate() {
        let own = key(kind);
        let _ = counts();
        make(&own).unwrap();
        // What is left to close is a result that was no key of the state.
        let results = usize::from(matches!(kind, ObjectType::HKDF_IKM | ObjectType::SM2_KEP_KEYPAIR));
        assert_eq!(counts(), [objects, 1, 1, results], "{index}");
        drop(own);
        let kernel = kernel.borrow();
        assert!(kernel.objects.is_empty() && kernel.states.is_empty() && kernel.wrong.is_empty(), "{index}: {:?}", kernel.wrong);
    }
}

#[test]
fn keys_are_closed_once_when_there_is_no_state() {
    let kernel = kernel();
    kernel.borrow_mut().refuses_states = true;
    for (index, (kind, objects, make)) in USES.into_iter().enumerate() {
        let own = key(kind);
        let _ = counts();
        assert_eq!(make(&own), Err(TeeError::OUT_OF_MEMORY), "{index}");
        assert_eq!(counts(), [objects, 1, 0, objects], "{index}");
        drop(own);
        let kernel = kernel.borrow();
        assert!(kernel.objects.is_empty() && kernel.wrong.is_empty(), "{index}: {:?}", kernel.wrong);
    }
}

#[test]
fn a_state_names_the_keys_that_it_took() {
    let kernel = kernel();
    let keys = [key(ObjectType::AES), key(ObjectType::AES)];
    let handles: BTreeSet<u32> = keys.iter().map(|key| key.handle()).collect();
    let state = State::new(AlgorithmId::AES_XTS, OperationMode::Encrypt, keys.map(Some)).unwrap();
    assert_eq!(state.keys().into_iter().flatten().map(|key| key.handle()).collect::<BTreeSet<_>>(), handles);
    assert_eq!(kernel.borrow().objects.len(), 2);
    drop(state);
    assert!(kernel.borrow().objects.is_empty() && kernel.borrow().wrong.is_empty());
}
