// SPDX-License-Identifier: BSD-2-Clause
//! A TA's way to keys and states, by system call.
#![allow(dead_code, reason = "each test uses some of it")]

#[path = "../common/mod.rs"]
mod common;

use common::keys::{ATTRIBUTES, put};
pub(crate) use common::keys::{OK, attribute, bytes, new_object, populate, same, verify};
use std::sync::Arc;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId as Alg, AttributeId as Id, OperationMode};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

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

/// Slot of the script's memory where results stand.
pub(crate) const OUT: u64 = common::keys::OUT;

/// Puts a list of attributes into memory.
pub(crate) fn list(ta: &Ta, attributes: &[(Id, &[u8])]) -> u64 {
    common::keys::list(ta, ATTRIBUTES, attributes)
}

pub(crate) fn generate(ta: &mut Ta, object: u32, bits: u32, attributes: &[(Id, &[u8])]) -> u32 {
    let list = list(ta, attributes);
    ta.syscall(S::CrypObjGenerateKey, &[object.into(), bits.into(), list, attributes.len() as u64])
}

pub(crate) fn state(ta: &mut Ta, algorithm: Alg, mode: OperationMode, key: u32) -> Result<u32, u32> {
    common::keys::state(ta, algorithm, mode, [key, 0])
}

/// Signs, encrypts or decrypts: the result, or the error with the length that is needed.
pub(crate) fn operate(ta: &mut Ta, state: u32, params: &[(Id, &[u8])], data: &[u8], room: u64) -> Result<Vec<u8>, (u32, u64)> {
    put(ta, OUT, &[0xEE; 256]);
    common::keys::operate(ta, state, params, data, room).map_err(|(code, len)| {
        // What is refused leaves nothing behind.
        assert_eq!(bytes(ta, OUT, 256), [0xEE; 256]);
        (code, len as u64)
    })
}
