// SPDX-License-Identifier: BSD-2-Clause
//! A script's way to keys and states, with results as numbers: of the line that does not hold.

pub(crate) use crate::common::keys::{bytes, new_object, populate, put, room, same, state, used};

use std::sync::Arc;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AttributeId, ObjectType};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

pub(crate) const OK: u32 = 0;
pub(crate) const BAD_PARAMETERS: u32 = TeeError::BAD_PARAMETERS.raw();
pub(crate) const BAD_STATE: u32 = TeeError::BAD_STATE.raw();
pub(crate) const NOT_FOUND: u32 = TeeError::ITEM_NOT_FOUND.raw();
pub(crate) const SHORT: u32 = TeeError::SHORT_BUFFER.raw();

/// Runs a TA once; what it returns.
pub(crate) fn run(script: impl Fn(&mut Ta) -> u32 + Send + Sync + 'static) -> u32 {
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
        if let Err(text) = crate::calls::same($left, $right) {
            eprintln!("line {}: {text}", line!());
            return line!();
        }
    };
}
pub(crate) use check;

/// Slots of the script's memory beside those of `common::keys`: data in, data out with a tag above it, a list of attributes.
pub(crate) const IN: u64 = 8;
pub(crate) const OUT: u64 = 16;
pub(crate) const TAG_LEN: u64 = 19;
pub(crate) const ATTRIBUTES: u64 = 20;

pub(crate) fn key(ta: &mut Ta, kind: ObjectType, secret: &[u8]) -> u32 {
    let object = new_object(ta, kind, 8 * secret.len() as u32).expect("room for a key");
    assert_eq!(populate(ta, object, &[(AttributeId::SECRET_VALUE, secret)]), OK);
    object
}

/// A call that turns data into other data in place: its result and the data.
pub(crate) fn turn(ta: &mut Ta, call: S, state: u32, data: &[u8], capacity: u64) -> (u32, Vec<u8>) {
    let at = put(ta, IN, data);
    let cell = room(ta, capacity);
    let code = ta.syscall(call, &[state.into(), at, data.len() as u64, at, cell]);
    (code, bytes(ta, IN, data.len()))
}
