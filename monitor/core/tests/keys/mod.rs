// SPDX-License-Identifier: BSD-2-Clause
//! A TA's way to keys and states, by system call.
#![allow(dead_code, reason = "each test uses some of it")]

use std::fmt::Debug;
use std::sync::Arc;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId as Alg, AttributeId as Id, ObjectType, OperationMode, UteeAttribute};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

pub(crate) const OK: u32 = 0;
pub(crate) const BAD_PARAMETERS: u32 = TeeError::BAD_PARAMETERS.raw();
pub(crate) const BAD_STATE: u32 = TeeError::BAD_STATE.raw();
pub(crate) const NOT_FOUND: u32 = TeeError::ITEM_NOT_FOUND.raw();
pub(crate) const NOT_SUPPORTED: u32 = TeeError::NOT_SUPPORTED.raw();
pub(crate) const SHORT: u32 = TeeError::SHORT_BUFFER.raw();
pub(crate) const INVALID: u32 = TeeError::SIGNATURE_INVALID.raw();

/// Runs a TA once; what it returns: 0, or the line that does not hold.
pub(crate) fn run(script: impl Fn(&mut Ta) -> u32 + Send + Sync + 'static) {
    let tee = FakePlatform::boot(&[(A, signed(&A, &elf(&A, TaFlags::empty(), 16384)))], 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    tee.platform.scripts().set(&A, script);
    let reply = world.open(&A, &[]);
    assert_eq!((reply.code, reply.header.ret), (0, OK), "the line that does not hold");
}

/// Leaves a script with the number of the line that does not hold.
macro_rules! check {
    ($left:expr, $right:expr) => {
        if let Err(text) = crate::keys::same($left, $right) {
            eprintln!("line {}: {text}", line!());
            return line!();
        }
    };
}
pub(crate) use check;

pub(crate) fn same<T: PartialEq + Debug>(seen: T, wanted: T) -> Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(format!("{seen:x?} is not {wanted:x?}")) }
}

/// Slots of 256 bytes of the script's memory, which go down: data in and out, cells, list and bytes of attributes. Words of
/// system calls stand in slot 15.
const IN: u64 = 4;
pub(crate) const OUT: u64 = 8;
const CELL: u64 = 10;
const LIST: u64 = 14;
const BYTES: u64 = 16;

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

pub(crate) fn new_object(ta: &mut Ta, kind: ObjectType, bits: u32) -> Result<u32, u32> {
    let cell = ta.scratch(CELL);
    match ta.syscall(S::CrypObjAlloc, &[kind.raw().into(), bits.into(), cell]) {
        OK => Ok(ta.word(cell)),
        error => Err(error),
    }
}

/// Puts a list of attributes into memory.
pub(crate) fn list(ta: &Ta, attributes: &[(Id, &[u8])]) -> u64 {
    let (mut raw, mut slot) = (Vec::new(), BYTES);
    for (id, value) in attributes {
        let attribute = if id.is_value() {
            UteeAttribute { a: u32::from_le_bytes((*value).try_into().unwrap()).into(), b: 0, id: *id }
        } else {
            slot += value.len().div_ceil(256).max(1) as u64;
            UteeAttribute { a: put(ta, slot - 1, value), b: value.len() as u64, id: *id }
        };
        raw.extend(attribute.to_bytes());
    }
    put(ta, LIST, &raw)
}

pub(crate) fn populate(ta: &mut Ta, object: u32, attributes: &[(Id, &[u8])]) -> u32 {
    let list = list(ta, attributes);
    ta.syscall(S::CrypObjPopulate, &[object.into(), list, attributes.len() as u64])
}

pub(crate) fn generate(ta: &mut Ta, object: u32, bits: u32, attributes: &[(Id, &[u8])]) -> u32 {
    let list = list(ta, attributes);
    ta.syscall(S::CrypObjGenerateKey, &[object.into(), bits.into(), list, attributes.len() as u64])
}

pub(crate) fn attribute(ta: &mut Ta, object: u32, id: Id) -> Result<Vec<u8>, u32> {
    let (at, cell) = (ta.scratch(OUT), put(ta, CELL, &512u64.to_le_bytes()));
    match ta.syscall(S::CrypObjGetAttr, &[object.into(), id.raw().into(), at, cell]) {
        OK => Ok(bytes(ta, OUT, u64::from_le_bytes(bytes(ta, CELL, 8).try_into().unwrap()) as usize)),
        error => Err(error),
    }
}

pub(crate) fn state(ta: &mut Ta, algorithm: Alg, mode: OperationMode, key: u32) -> Result<u32, u32> {
    let cell = ta.scratch(CELL);
    let mode: u32 = mode.into();
    match ta.syscall(S::CrypStateAlloc, &[algorithm.raw().into(), mode.into(), key.into(), 0, cell]) {
        OK => Ok(ta.word(cell)),
        error => Err(error),
    }
}

/// Signs, encrypts or decrypts: the result, or the error with the length that is needed.
pub(crate) fn operate(ta: &mut Ta, state: u32, params: &[(Id, &[u8])], data: &[u8], room: u64) -> Result<Vec<u8>, (u32, u64)> {
    let list = list(ta, params);
    let (data, at) = ((put(ta, IN, data), data.len() as u64), put(ta, OUT, &[0xEE; 256]));
    let cell = put(ta, CELL, &room.to_le_bytes());
    let code = ta.syscall(S::AsymmOperate, &[state.into(), list, params.len() as u64, data.0, data.1, at, cell]);
    let len = u64::from_le_bytes(bytes(ta, CELL, 8).try_into().unwrap());
    if code == OK {
        return Ok(bytes(ta, OUT, len as usize));
    }
    // What is refused leaves nothing behind.
    assert_eq!(bytes(ta, OUT, 256), [0xEE; 256]);
    Err((code, len))
}

pub(crate) fn verify(ta: &mut Ta, state: u32, params: &[(Id, &[u8])], digest: &[u8], signature: &[u8]) -> u32 {
    let list = list(ta, params);
    let (at, sent) = (put(ta, IN, digest), put(ta, OUT, signature));
    let args = [state.into(), list, params.len() as u64, at, digest.len() as u64, sent, signature.len() as u64];
    ta.syscall(S::AsymmVerify, &args)
}
