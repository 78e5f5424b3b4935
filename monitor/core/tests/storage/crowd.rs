// SPDX-License-Identifier: BSD-2-Clause
//! Several TAs at once: one storage operation waits for the other, asleep.

use crate::calls::{Calls, READ};
use crate::common::Running;
use crate::disk::Shared;
use crate::rules::{A, B, tas};
use tee_core::ports::Store;
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::{FakePlatform, Secrets};
use utee_abi::result::TeeError;
use utee_abi::rpc::{NOTIFICATION_SEND, NOTIFICATION_WAIT, RpcCommand};
use utee_abi::ta_head::{EntryFunction, TaFlags};

const BAD: u32 = TeeError::OUT_OF_MEMORY.raw();

/// Two TAs whose every command opens an object that nobody can give.
fn two() -> (NormalWorld, [u32; 2]) {
    let secrets = Secrets { store: Store::NormalFiles, ..Secrets::default() };
    let mut world = NormalWorld::new(FakePlatform::boot_threads(secrets, &tas(TaFlags::empty()), 2).unwrap());
    for uuid in [A, B] {
        world.tee.platform.scripts().set(&uuid, |ta| match ta.function() {
            EntryFunction::InvokeCommand => Calls(ta).open(b"one", READ).err().map_or(0, TeeError::raw),
            _ => 0,
        });
    }
    let sessions = [A, B].map(|uuid| world.open(&uuid, &[]).header.session);
    (world, sessions)
}

fn what(call: &Running, world: &NormalWorld) -> (RpcCommand, u64) {
    let (command, param) = call.request(world);
    (command, param.words[0])
}

#[test]
fn one_operation_waits_for_the_other() {
    let (mut world, [a, b]) = two();
    let first = Running::start(&mut world, a, 0);
    assert_eq!(first.request(&world).0, RpcCommand::ShmAlloc);
    let second = Running::start(&mut world, b, 0);
    assert_eq!(what(&second, &world), (RpcCommand::Notification, NOTIFICATION_WAIT), "it is not let in");
    first.answer(&world, BAD);
    assert_eq!(what(&first, &world), (RpcCommand::Notification, NOTIFICATION_SEND), "it wakes the one that waits");
    first.answer(&world, 0);
    assert_eq!(first.result(&world), TeeError::STORAGE_NOT_AVAILABLE.raw());
    second.answer(&world, 0);
    assert_eq!(second.request(&world).0, RpcCommand::ShmAlloc);
    second.answer(&world, BAD);
    assert_eq!(second.result(&world), TeeError::STORAGE_NOT_AVAILABLE.raw());
}

#[test]
fn one_that_gives_up_holds_nobody_up() {
    let (mut world, [a, b]) = two();
    let first = Running::start(&mut world, a, 0);
    let second = Running::start(&mut world, b, 0);
    // Its wait fails at once: nobody can wait here.
    second.answer(&world, TeeError::NOT_SUPPORTED.raw());
    assert_eq!(second.result(&world), TeeError::STORAGE_NOT_AVAILABLE.raw());
    first.answer(&world, BAD);
    assert_eq!(first.result(&world), TeeError::STORAGE_NOT_AVAILABLE.raw(), "and nobody is woken");
    let disk = Shared::default();
    world.supplicant = Box::new(move |platform, command, params| disk.lock().unwrap().serve(platform, command, params));
    for session in [a, b] {
        assert_eq!(world.invoke(session, 0, &[]).header.ret, TeeError::ITEM_NOT_FOUND.raw());
    }
}
