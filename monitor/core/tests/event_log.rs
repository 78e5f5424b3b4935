// SPDX-License-Identifier: BSD-2-Clause
//! The log of what earlier boot stages measured, as a TA gets it.

mod common;

use common::pseudo::call_pseudo;
use std::sync::{Arc, Mutex};
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::{FakePlatform, Secrets};
use utee_abi::param::ParamType;
use utee_abi::pta::system::{Command, UUID};
use utee_abi::result::TeeError;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

/// What a TA with room for `room` bytes gets: the code, the size afterwards, and its eight bytes.
fn asked(log: Option<&'static [u8]>, room: u64) -> (u32, u64, [u8; 8]) {
    let secrets = Secrets { event_log: log, ..Secrets::default() };
    let tee = FakePlatform::boot_keeping(secrets, &[(A, signed(&A, &elf(&A, TaFlags::empty(), 8192)))]).unwrap();
    let got = Arc::new(Mutex::new(None));
    let out = Arc::clone(&got);
    tee.platform.scripts().set(&A, move |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            let at = ta.scratch(9);
            ta.write(at, &[0xA5; 8]);
            let none = (ParamType::None, [0; 2]);
            let params = [(ParamType::MemrefOutput, [at, room]), none, none, none];
            let (code, after) = call_pseudo(ta, UUID, Command::GetTpmEventLog.into(), params);
            let mut bytes = [0; 8];
            ta.read(at, &mut bytes);
            *out.lock().unwrap() = Some((code, after.cells[0][1], bytes));
        }
        0
    });
    let mut world = NormalWorld::new(tee);
    let session = world.open(&A, &[]).header.session;
    assert_eq!(world.invoke(session, 0, &[]).header.ret, 0);
    let got = got.lock().unwrap().take();
    got.unwrap()
}

#[test]
fn a_ta_gets_the_log_of_measurements() {
    assert_eq!(asked(Some(b"events"), 8), (0, 6, *b"events\xA5\xA5"));
    assert_eq!(asked(Some(b"events"), 6), (0, 6, *b"events\xA5\xA5"));
    assert_eq!(asked(Some(b"events"), 5), (TeeError::SHORT_BUFFER.raw(), 6, [0xA5; 8]));
    assert_eq!(asked(None, 8).0, TeeError::NOT_SUPPORTED.raw());
}
