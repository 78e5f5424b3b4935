// SPDX-License-Identifier: BSD-2-Clause
//! Notifications: by request and by interrupt, and what the normal world may do with them.

mod common;

use common::Running;
use std::sync::Arc;
use tee_core::Tee;
use tee_core::limits::MAX_WAITING;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use utee_abi::msg::{Command, MsgHeader, MsgParam};
use utee_abi::rpc::{NOTIFICATION_SEND, NOTIFICATION_WAIT, RpcCommand, notification};
use utee_abi::smc::{Capabilities, FastCall, ReturnCode, RpcReturn, UNKNOWN_FUNCTION, rpc_of};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
/// Command: waits a second.
const WAIT: u32 = 7;
/// Milliseconds after which a waiting thread looks whether its client is still there.
const WAIT_LIMIT: u64 = 1000;

/// A TA that waits a second on command [`WAIT`].
fn boot(notifying: bool) -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let flags = TaFlags::SINGLE_INSTANCE | TaFlags::MULTI_SESSION;
    let images = [(A, signed(&A, &elf(&A, flags, 8192)))];
    let tee = if notifying { FakePlatform::boot_notifying(&images, 3) } else { FakePlatform::boot(&images, 3) };
    tee.platform.scripts().set(&A, |ta| if ta.command() == WAIT { ta.syscall(Syscall::Wait, &[1000]) } else { 0 });
    let world = NormalWorld::new(Arc::clone(&tee));
    (tee, world)
}

fn fast(world: &NormalWorld, call: FastCall) -> [u32; 4] {
    world.smc([call.into(), 0, 0, 0, 0, 0, 0, 0])
}

#[test]
fn a_board_without_the_interrupt_has_no_asynchronous_notifications() {
    let (tee, mut world) = boot(false);
    let [code, caps, end, _] = fast(&world, FastCall::ExchangeCapabilities);
    assert_eq!((code, caps & Capabilities::ASYNC_NOTIF.bits(), end), (0, 0, 3 + MAX_WAITING as u32));
    assert_eq!(fast(&world, FastCall::EnableAsyncNotif)[0], UNKNOWN_FUNCTION);
    assert_eq!(fast(&world, FastCall::GetAsyncNotifValue)[0], UNKNOWN_FUNCTION);
    for command in [Command::DoBottomHalf, Command::StopAsyncNotif] {
        assert_eq!(world.perform(&MsgHeader::request(command.into(), 0), &[]).code, ReturnCode::EBadCmd.raw());
    }
    assert!(!tee.notifications.raise(&tee.platform, 0));
}

#[test]
fn numbers_are_fetched_once_lowest_first() {
    let (tee, mut world) = boot(true);
    let [code, caps, end, _] = fast(&world, FastCall::ExchangeCapabilities);
    assert_eq!((code, caps & Capabilities::ASYNC_NOTIF.bits(), end), (0, Capabilities::ASYNC_NOTIF.bits(), 64 + 3 + MAX_WAITING as u32));
    assert!(!tee.notifications.raise(&tee.platform, 5), "nobody listens yet");
    assert_eq!(fast(&world, FastCall::EnableAsyncNotif), [0; 4]);
    assert_eq!(fast(&world, FastCall::GetAsyncNotifValue), [0, 0, 0, 0]);
    for number in [66, 5, 0, 5] {
        assert!(tee.notifications.raise(&tee.platform, number));
    }
    assert!(!tee.notifications.raise(&tee.platform, 128), "no such number");
    assert_eq!(tee.platform.notified(), 4);
    let (valid, pending) = (notification::VALUE_VALID, notification::VALUE_PENDING);
    let got: Vec<_> = (0..4).map(|_| fast(&world, FastCall::GetAsyncNotifValue)).collect();
    assert_eq!(got, [[0, 0, valid | pending, 0], [0, 5, valid | pending, 0], [0, 66, valid, 0], [0, 0, 0, 0]]);
    for command in [Command::DoBottomHalf, Command::StopAsyncNotif] {
        let reply = world.perform(&MsgHeader { ret_origin: 77, ..MsgHeader::request(command.into(), 0) }, &[]);
        assert_eq!((reply.code, reply.header.ret, reply.header.ret_origin), (0, 0, 77));
    }
    assert!(!tee.notifications.raise(&tee.platform, 5), "nobody listens any more");
}

#[test]
fn what_is_pending_when_the_normal_world_begins_to_listen_again_is_told_at_once() {
    let (tee, mut world) = boot(true);
    fast(&world, FastCall::EnableAsyncNotif);
    assert!(tee.notifications.raise(&tee.platform, 9));
    world.perform(&MsgHeader::request(Command::StopAsyncNotif.into(), 0), &[]);
    assert_eq!(tee.platform.notified(), 1);
    fast(&world, FastCall::EnableAsyncNotif);
    assert_eq!(tee.platform.notified(), 2);
    assert_eq!(fast(&world, FastCall::GetAsyncNotifValue)[1], 9);
}

/// One call waits in the TA, a second one for the first.
fn two_calls(world: &mut NormalWorld) -> (Running, Running) {
    let session = world.open(&A, &[]).header.session;
    let first = Running::start(world, session, WAIT);
    assert_eq!(first.request(world).0, RpcCommand::Suspend);
    let second = Running::start(world, session, 0);
    (first, second)
}

#[test]
fn a_thread_that_waits_for_a_ta_is_woken_by_the_interrupt() {
    let (tee, mut world) = boot(true);
    fast(&world, FastCall::EnableAsyncNotif);
    let (first, second) = two_calls(&mut world);
    let number = 64 + second.thread;
    assert_eq!(second.request(&world), (RpcCommand::Notification, MsgParam::value_in(NOTIFICATION_WAIT, u64::from(number), WAIT_LIMIT)));
    tee.platform.advance(1000);
    assert_eq!(first.answer(&world, 0), 0, "it ends without another request");
    assert_eq!((first.result(&world), tee.platform.notified()), (0, 1));
    assert_eq!(fast(&world, FastCall::GetAsyncNotifValue), [0, number, notification::VALUE_VALID, 0]);
    assert_eq!(second.answer(&world, 0), 0);
    assert_eq!(second.result(&world), 0);
    assert!(tee.threads.all_free());
}

#[test]
fn without_a_listener_it_is_woken_by_request() {
    for notifying in [false, true] {
        let (tee, mut world) = boot(notifying);
        let (first, second) = two_calls(&mut world);
        let number = u64::from(if notifying { 64 + second.thread } else { second.thread });
        assert_eq!(second.request(&world), (RpcCommand::Notification, MsgParam::value_in(NOTIFICATION_WAIT, number, WAIT_LIMIT)));
        tee.platform.advance(1000);
        assert_eq!(rpc_of(first.answer(&world, 0)), Some(Ok(RpcReturn::Cmd)));
        assert_eq!(first.request(&world), (RpcCommand::Notification, MsgParam::value_in(NOTIFICATION_SEND, number, 0)));
        assert_eq!((first.answer(&world, 0), second.answer(&world, 0)), (0, 0));
        assert_eq!((first.result(&world), second.result(&world), tee.platform.notified()), (0, 0, 0));
    }
}
