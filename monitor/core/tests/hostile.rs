// SPDX-License-Identifier: BSD-2-Clause
//! Messages of a hostile normal world: whatever they say, the core answers and goes on.

mod common;

use common::Running;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use std::sync::{Arc, OnceLock};
use tee_core::Tee;
use tee_core::ports::Platform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::{FakePlatform, RAM, RESERVED, SECURE_PROBE};
use utee_abi::msg::{ATTR_META, ATTR_NONCONTIG, Command, Kind, MsgHeader, MsgParam, message_size};
use utee_abi::result::TeeError;
use utee_abi::rpc::RpcCommand;
use utee_abi::smc::{FastCall, ReturnCode, YieldingCall};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::time::TimeCategory;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

fn boot() -> Arc<Tee<FakePlatform>> {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    let image = IMAGE.get_or_init(|| signed(&A, &elf(&A, TaFlags::empty(), 4096)));
    let tee = FakePlatform::boot(&[(A, image.clone())], 2);
    tee.platform.scripts().set(&A, |_| 0);
    tee
}

fn call(world: &NormalWorld, pa: u64) -> u32 {
    world.smc([YieldingCall::WithArg.into(), (pa >> 32) as u32, pa as u32, 0, 0, 0, 0, 0])[0]
}

#[test]
fn messages_stand_where_they_may_and_nowhere_else() {
    let mut world = NormalWorld::new(boot());
    let page = world.put(&MsgHeader::request(Command::CloseSession.into(), 0), &[]);
    assert_eq!(call(&world, page), 0);
    for bad in [page + 8, SECURE_PROBE, 0, RAM.start - 4096, RAM.end, RAM.end - 16, u64::MAX - 4095, u64::MAX] {
        assert_eq!(call(&world, bad), ReturnCode::EBadAddr.raw(), "{bad:#x}");
    }
    assert_eq!(call(&world, RESERVED.start + 24), 0);
    assert_eq!(call(&world, RESERVED.start + 4), ReturnCode::EBadAddr.raw());
    assert_eq!(call(&world, RESERVED.end - 16), ReturnCode::EBadAddr.raw());
}

#[test]
fn every_number_of_parameters_is_answered() {
    let mut world = NormalWorld::new(boot());
    for count in [0, 1, 5, 6, 7, 31, 126, 127] {
        let page = world.put(&MsgHeader::request(Command::OpenSession.into(), count), &[]);
        assert_eq!(call(&world, page), 0);
        let header = MsgHeader::read(&world.read(page, 32)).unwrap();
        assert_eq!(header.ret, TeeError::BAD_PARAMETERS.raw());
    }
    for count in [128, 129, 1 << 16, 1 << 27, u32::MAX] {
        let page = world.put(&MsgHeader::request(Command::OpenSession.into(), count), &[]);
        assert_eq!(call(&world, page), ReturnCode::EBadAddr.raw());
    }
}

#[test]
fn cookies_can_be_registered_twice_and_need_two_unregisters() {
    let mut world = NormalWorld::new(boot());
    let page = world.pages(1);
    let list = world.list(&[page]);
    let register = MsgParam::new(Kind::TmemOutput, [list, 100, 77]).with(ATTR_NONCONTIG);
    let unregister = MsgParam::new(Kind::RmemInput, [0, 0, 77]);
    let mut perform = |command: Command, param| world.perform(&MsgHeader::request(command.into(), 1), &[param]).header.ret;
    assert_eq!(perform(Command::RegisterShm, register), 0);
    assert_eq!(perform(Command::RegisterShm, register), 0);
    assert_eq!(perform(Command::UnregisterShm, unregister), 0);
    assert_eq!(perform(Command::UnregisterShm, unregister), 0);
    assert_eq!(perform(Command::UnregisterShm, unregister), TeeError::BAD_PARAMETERS.raw());
}

#[test]
fn registered_memory_is_not_left_behind_its_end() {
    let mut world = NormalWorld::new(boot());
    let session = world.open(&A, &[]).header.session;
    let page = world.pages(1);
    let list = world.list(&[page]);
    let register = MsgParam::new(Kind::TmemOutput, [list | 16, 100, 5]).with(ATTR_NONCONTIG);
    world.perform(&MsgHeader::request(Command::RegisterShm.into(), 1), &[register]);
    let mut code = |offset, size| world.invoke(session, 0, &[MsgParam::new(Kind::RmemInout, [offset, size, 5])]).header.ret;
    assert_eq!(code(0, 100), 0);
    assert_eq!(code(100, 0), 0);
    for (offset, size) in [(0, 101), (1, 100), (101, 0), (u64::MAX, 1), (1, u64::MAX), (u64::MAX, u64::MAX)] {
        assert_eq!(code(offset, size), TeeError::SECURITY.raw(), "{offset} {size}");
    }
}

/// A word that is looked at twice may have changed in between: whatever a message says is copied once, and so are its page lists.
#[test]
fn no_byte_of_a_message_is_read_twice() {
    let tee = boot();
    let mut world = NormalWorld::new(Arc::clone(&tee));
    let session = world.open(&A, &[]).header.session;
    let (one, two) = (world.pages(1), world.pages(1));
    let list = world.list(&[one, two]);
    let buffer = MsgParam::new(Kind::TmemInout, [list | 100, 5000, 0]).with(ATTR_NONCONTIG);
    let registered = MsgParam::new(Kind::RmemInout, [8, 100, 5]);
    let [a, b] = A.words();
    let meta = |words| MsgParam::new(Kind::ValueInput, words).with(ATTR_META);
    let value = MsgParam::value_in(1, 2, 3);
    let messages: [(Command, &[MsgParam]); 6] = [
        (Command::RegisterShm, &[MsgParam::new(Kind::TmemOutput, [list, 8192, 5]).with(ATTR_NONCONTIG)]),
        (Command::OpenSession, &[meta([a, b, 0]), meta([0; 3]), value, buffer]),
        (Command::InvokeCommand, &[value, buffer, registered, MsgParam::value_out()]),
        (Command::Cancel, &[]),
        (Command::UnregisterShm, &[MsgParam::new(Kind::RmemInput, [0, 0, 5])]),
        (Command::CloseSession, &[]),
    ];
    for (command, params) in messages {
        let header = MsgHeader { session, ..MsgHeader::request(command.into(), params.len() as u32) };
        let page = world.put(&header, params);
        let mut code = 0;
        let reads = tee.platform.noting_reads(|| code = call(&world, page));
        assert_eq!((code, MsgHeader::read(&world.read(page, 32)).map(|header| header.ret)), (0, Some(0)), "{command:?}");
        assert!(reads.iter().any(|read| read.contains(&page)), "{command:?}: it was read");
        for from in [page, list] {
            for at in from..from + 4096 {
                let times = reads.iter().filter(|read| read.contains(&at)).count();
                assert!(times < 2, "{command:?}: byte {} of {from:x} was read {times} times", at - from);
            }
        }
    }
}

/// The same of what the normal world answers to a request.
#[test]
fn no_byte_of_an_answer_is_read_twice() {
    let tee = boot();
    tee.platform.scripts().set(&A, |ta| {
        let time = ta.scratch(0);
        if ta.function() == EntryFunction::InvokeCommand { ta.syscall(Syscall::GetTime, &[TimeCategory::Ree as u64, time]) } else { 0 }
    });
    let mut world = NormalWorld::new(Arc::clone(&tee));
    let session = world.open(&A, &[]).header.session;
    let call = Running::start(&mut world, session, 0);
    assert_eq!(call.request(&world).0, RpcCommand::GetTime);
    let mut code = 1;
    let reads = tee.platform.noting_reads(|| code = call.answer(&world, 0));
    assert_eq!((code, call.result(&world)), (0, 0));
    assert!(reads.iter().any(|read| read.contains(&call.rpc)), "it was read");
    for at in call.rpc..call.rpc + message_size(1) as u64 {
        assert!(reads.iter().filter(|read| read.contains(&at)).count() < 2, "byte {}", at - call.rpc);
    }
}

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(SECURE_PROBE),
        Just(RAM.start),
        Just(RAM.start + 0xFFF),
        Just(RAM.end - 1),
        Just(RESERVED.start),
        any::<u64>(),
        0u64..10_000,
        RAM.start..RAM.end,
    ]
}

fn param() -> impl Strategy<Value = MsgParam> {
    let attr = prop_oneof![
        0u64..16,
        (0u64..16).prop_map(|kind| kind | ATTR_META),
        (0u64..16).prop_map(|kind| kind | ATTR_NONCONTIG),
        any::<u64>()
    ];
    (attr, [word(), word(), word()]).prop_map(|(attr, words)| MsgParam { attr, words })
}

proptest! {
    #[test]
    fn no_message_harms_the_core(
        cmd in prop_oneof![0u32..12, any::<u32>()],
        params in proptest::collection::vec(param(), 0..8),
        session in 0u32..4,
    ) {
        let tee = boot();
        let mut world = NormalWorld::new(Arc::clone(&tee));
        let good = world.open(&A, &[]).header.session;
        let header = MsgHeader { session, ..MsgHeader::request(cmd, params.len() as u32) };
        let reply = world.perform(&header, &params);
        assert!(reply.code == 0 || reply.code == ReturnCode::EBadCmd.raw(), "{}", reply.code);
        assert!(tee.threads.all_free());
        if !(cmd == u32::from(Command::CloseSession) && session == good) {
            assert_eq!(world.invoke(good, 0, &[]).header.ret, 0);
        }
    }

    #[test]
    fn no_registers_harm_the_core(id in prop_oneof![any::<u32>(), 0x3200_0000u32..0x3200_0020, 0xB200_0000u32..0xB200_0020], args in any::<[u32; 7]>()) {
        let tee = boot();
        let world = NormalWorld::new(Arc::clone(&tee));
        let [a1, a2, a3, a4, a5, a6, a7] = args;
        // These two end the machine, as they should.
        if !matches!(id, 0x8400_0002 | 0x8400_0008 | 0x8400_0009) {
            world.smc([id, a1, a2, a3, a4, a5, a6, a7]);
        }
        assert_eq!(world.smc([FastCall::CallsCount.into(), 0, 0, 0, 0, 0, 0, 0])[0], 12);
        assert!(tee.platform.heap().0 > 0);
    }
}
