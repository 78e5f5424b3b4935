// SPDX-License-Identifier: BSD-2-Clause
//! A system call that would take for ever: a killed client gets out of it, and a living one is not hurt by being asked.

mod common;

use common::Running;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId, AttributeId, ObjectType, OperationMode, UteeAttribute};
use utee_abi::msg::{Command, MsgHeader};
use utee_abi::result::TeeError;
use utee_abi::rpc::RpcCommand;
use utee_abi::smc::{RpcReturn, rpc_of};
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

/// PBKDF2 with as many iterations as the command says.
fn derive(ta: &mut Ta) -> u32 {
    if ta.function() != EntryFunction::InvokeCommand {
        return 0;
    }
    let (cell, password, list) = (ta.scratch(0), ta.scratch(1), ta.scratch(2));
    let allocate = |ta: &mut Ta, kind: ObjectType, bits: u64| {
        assert_eq!(ta.syscall(S::CrypObjAlloc, &[kind.raw().into(), bits, cell]), 0);
        ta.word(cell)
    };
    let (key, derived) = (allocate(ta, ObjectType::PBKDF2_PASSWORD, 512), allocate(ta, ObjectType::GENERIC_SECRET, 256));
    ta.write(password, b"password");
    ta.write(list, &UteeAttribute { a: password, b: 8, id: AttributeId::PBKDF2_PASSWORD }.to_bytes());
    assert_eq!(ta.syscall(S::CrypObjPopulate, &[key.into(), list, 1]), 0);
    let mode: u32 = OperationMode::Derive.into();
    let id = AlgorithmId::PBKDF2_HMAC_SHA256_DERIVE_KEY;
    assert_eq!(ta.syscall(S::CrypStateAlloc, &[id.raw().into(), mode.into(), key.into(), 0, cell]), 0);
    let state = ta.word(cell);
    let attributes = [
        UteeAttribute { a: password, b: 8, id: AttributeId::PBKDF2_SALT },
        UteeAttribute { a: u64::from(ta.command()), b: 0, id: AttributeId::PBKDF2_ITERATION_COUNT },
        UteeAttribute { a: 32, b: 0, id: AttributeId::PBKDF2_DKM_LENGTH },
    ];
    ta.write(list, &attributes.iter().flat_map(UteeAttribute::to_bytes).collect::<Vec<_>>());
    ta.syscall(S::CrypDeriveKey, &[state.into(), list, 3, derived.into()])
}

/// Has the TA derive while time passes; sleeps end early for a killed client. The number of sleeps, and the result.
fn run(iterations: u32, killed: bool) -> (u32, u32) {
    let tee = FakePlatform::boot(&[(A, signed(&A, &elf(&A, TaFlags::empty(), 16384)))], 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    tee.platform.scripts().set(&A, derive);
    let session = world.open(&A, &[]).header.session;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                tee.platform.advance(100);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let header = MsgHeader { session, func: iterations, ..MsgHeader::request(Command::InvokeCommand.into(), 0) };
        let (call, mut a0) = Running::begin(&mut world, &header, &[]);
        let mut sleeps = 0;
        while a0 != 0 {
            if rpc_of(a0) == Some(Ok(RpcReturn::Cmd)) {
                let (command, time) = call.request(&world);
                assert_eq!(command, RpcCommand::Suspend);
                sleeps += 1;
                if !killed {
                    tee.platform.advance(time.words[0]);
                }
                a0 = call.answer(&world, 0);
            } else {
                a0 = call.resume(&world);
            }
        }
        over.store(true, Ordering::Relaxed);
        (sleeps, call.result(&world))
    })
}

#[test]
fn a_killed_client_gets_out_of_a_derivation_without_end() {
    let (sleeps, result) = run(u32::MAX, true);
    assert_eq!(result, TeeError::TARGET_DEAD.raw());
    assert!(sleeps > 1, "{sleeps}");
}

#[test]
fn a_living_client_gets_its_key() {
    assert_eq!(run(4096, false).1, 0);
}
