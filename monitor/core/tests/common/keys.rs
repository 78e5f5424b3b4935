// SPDX-License-Identifier: BSD-2-Clause
//! A TA's system calls for objects and operations.

use std::fmt::Debug;
use std::sync::Arc;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId, AttributeId, ObjectType, OperationMode, UteeAttribute};
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

pub(crate) const OK: u32 = 0;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

/// Slots of the script's memory, each of which ends where the one before it begins. Words of system calls stand in slot 15.
const DATA: u64 = 8;
pub(crate) const OUT: u64 = 12;
const CELL: u64 = 13;
pub(crate) const ATTRIBUTES: u64 = 24;

/// Runs a TA once, which leaves by itself with what does not hold.
pub(crate) fn run(script: impl Fn(&mut Ta) -> Result<(), String> + Send + Sync + 'static) {
    let tee = FakePlatform::boot(&[(A, signed(&A, &elf(&A, TaFlags::empty(), 16384)))], 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    tee.platform.scripts().set(&A, move |ta| match script(ta) {
        Ok(()) => OK,
        Err(text) => {
            eprintln!("{text}");
            1
        }
    });
    let reply = world.open(&A, &[]);
    assert_eq!((reply.code, reply.header.ret), (0, OK), "what does not hold stands above");
}

/// Leaves a script unless two values are the same.
#[track_caller]
pub(crate) fn same<T: PartialEq + Debug>(seen: T, wanted: T) -> Result<(), String> {
    let at = std::panic::Location::caller();
    if seen == wanted { Ok(()) } else { Err(format!("line {}: {seen:x?} is not {wanted:x?}", at.line())) }
}

pub(crate) fn put(ta: &Ta, slot: u64, bytes: &[u8]) -> u64 {
    let at = ta.scratch(slot);
    ta.write(at, bytes);
    at
}

pub(crate) fn bytes(ta: &Ta, slot: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    ta.read(ta.scratch(slot), &mut bytes);
    bytes
}

/// A cell that says how much room there is.
pub(crate) fn room(ta: &Ta, len: u64) -> u64 {
    put(ta, CELL, &len.to_le_bytes())
}

/// How much of it was used.
pub(crate) fn used(ta: &Ta) -> usize {
    u64::from_le_bytes(bytes(ta, CELL, 8).try_into().unwrap()) as usize
}

/// The attributes as the kernel reads them, their bytes in slots from `slot` on; a value is four bytes.
pub(crate) fn list(ta: &Ta, slot: u64, attributes: &[(AttributeId, &[u8])]) -> u64 {
    let mut raw = Vec::new();
    let mut at = slot;
    for (id, value) in attributes {
        let attribute = if id.is_value() {
            UteeAttribute { a: u32::from_le_bytes((*value).try_into().unwrap()).into(), b: 0, id: *id }
        } else {
            at += value.len().div_ceil(256).max(1) as u64;
            UteeAttribute { a: put(ta, at - 1, value), b: value.len() as u64, id: *id }
        };
        raw.extend(attribute.to_bytes());
    }
    put(ta, ATTRIBUTES - 1, &raw)
}

pub(crate) fn new_object(ta: &mut Ta, kind: ObjectType, bits: u32) -> Result<u32, u32> {
    let cell = ta.scratch(CELL + 1);
    match ta.syscall(S::CrypObjAlloc, &[kind.raw().into(), bits.into(), cell]) {
        OK => Ok(ta.word(cell)),
        error => Err(error),
    }
}

pub(crate) fn populate(ta: &mut Ta, object: u32, attributes: &[(AttributeId, &[u8])]) -> u32 {
    let at = list(ta, ATTRIBUTES, attributes);
    ta.syscall(S::CrypObjPopulate, &[object.into(), at, attributes.len() as u64])
}

/// An object with attributes.
pub(crate) fn object(ta: &mut Ta, kind: ObjectType, bits: u32, attributes: &[(AttributeId, &[u8])]) -> Result<u32, u32> {
    let object = new_object(ta, kind, bits)?;
    match populate(ta, object, attributes) {
        OK => Ok(object),
        error => Err(error),
    }
}

/// A generated key.
pub(crate) fn generate(ta: &mut Ta, kind: ObjectType, bits: u32, attributes: &[(AttributeId, &[u8])]) -> Result<u32, u32> {
    let object = new_object(ta, kind, bits)?;
    let at = list(ta, ATTRIBUTES, attributes);
    match ta.syscall(S::CrypObjGenerateKey, &[object.into(), bits.into(), at, attributes.len() as u64]) {
        OK => Ok(object),
        error => Err(error),
    }
}

pub(crate) fn attribute(ta: &mut Ta, object: u32, id: AttributeId) -> Result<Vec<u8>, u32> {
    let (at, cell) = (ta.scratch(OUT), put(ta, CELL, &512u64.to_le_bytes()));
    match ta.syscall(S::CrypObjGetAttr, &[object.into(), id.raw().into(), at, cell]) {
        OK => Ok(bytes(ta, OUT, used(ta))),
        error => Err(error),
    }
}

pub(crate) fn state(ta: &mut Ta, algorithm: AlgorithmId, mode: OperationMode, keys: [u32; 2]) -> Result<u32, u32> {
    let cell = ta.scratch(CELL + 1);
    let mode: u32 = mode.into();
    match ta.syscall(S::CrypStateAlloc, &[algorithm.raw().into(), mode.into(), keys[0].into(), keys[1].into(), cell]) {
        OK => Ok(ta.word(cell)),
        error => Err(error),
    }
}

/// Signs, encrypts or decrypts into so much room; what came out, or the error and the length that is needed.
pub(crate) fn operate(
    ta: &mut Ta,
    state: u32,
    attributes: &[(AttributeId, &[u8])],
    data: &[u8],
    capacity: u64,
) -> Result<Vec<u8>, (u32, usize)> {
    let at = list(ta, ATTRIBUTES, attributes);
    let (data_at, out, cell) = (put(ta, DATA, data), ta.scratch(OUT), put(ta, CELL, &capacity.to_le_bytes()));
    let args = [state.into(), at, attributes.len() as u64, data_at, data.len() as u64, out, cell];
    match ta.syscall(S::AsymmOperate, &args) {
        OK => Ok(bytes(ta, OUT, used(ta))),
        error => Err((error, used(ta))),
    }
}

pub(crate) fn verify(ta: &mut Ta, state: u32, attributes: &[(AttributeId, &[u8])], data: &[u8], signature: &[u8]) -> u32 {
    let at = list(ta, ATTRIBUTES, attributes);
    let (data_at, signature_at) = (put(ta, DATA, data), put(ta, OUT, signature));
    let args = [state.into(), at, attributes.len() as u64, data_at, data.len() as u64, signature_at, signature.len() as u64];
    ta.syscall(S::AsymmVerify, &args)
}

/// Derives a key into an object of type GENERIC_SECRET with so many bits.
pub(crate) fn derive(ta: &mut Ta, state: u32, attributes: &[(AttributeId, &[u8])], bits: u32) -> Result<Vec<u8>, u32> {
    let target = new_object(ta, ObjectType::GENERIC_SECRET, bits)?;
    let at = list(ta, ATTRIBUTES, attributes);
    let code = ta.syscall(S::CrypDeriveKey, &[state.into(), at, attributes.len() as u64, target.into()]);
    let secret = if code == OK { attribute(ta, target, AttributeId::SECRET_VALUE) } else { Err(code) };
    ta.syscall(S::CrypObjClose, &[target.into()]);
    secret
}
