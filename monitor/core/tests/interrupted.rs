// SPDX-License-Identifier: BSD-2-Clause
//! A normal world that ends sleeps and waits early, because it is killing the client, or for no reason at all.

mod common;

use common::Running;
use std::sync::Arc;
use tee_core::Tee;
use tee_core::limits::ABANDONED_LIMIT_MS;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use utee_abi::msg::{ATTR_META, ATTR_NONCONTIG, Command, Kind, MsgHeader, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::{NOTIFICATION_SEND, NOTIFICATION_WAIT, RpcCommand};
use utee_abi::smc::{FastCall, RpcReturn, rpc_of};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::TaFlags;
use utee_abi::time::WAIT_FOREVER;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

/// Waits for the milliseconds in the command; with this bit cancellation is let through.
const UNMASKED: u32 = 1 << 30;
/// Waits for ever.
const FOR_EVER: u32 = 1 << 29;

fn boot(notifying: bool) -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let flags = TaFlags::SINGLE_INSTANCE | TaFlags::MULTI_SESSION;
    let images = [(A, signed(&A, &elf(&A, flags, 8192)))];
    let tee = if notifying { FakePlatform::boot_notifying(&images, 4) } else { FakePlatform::boot(&images, 4) };
    tee.platform.scripts().set(&A, |ta| {
        let command = ta.command();
        if command == 0 {
            return 0;
        }
        if command & UNMASKED != 0 {
            let old = ta.scratch(0);
            ta.syscall(Syscall::UnmaskCancellation, &[old]);
        }
        let ms = if command & FOR_EVER != 0 { WAIT_FOREVER } else { command & !UNMASKED };
        ta.syscall(Syscall::Wait, &[u64::from(ms)])
    });
    let world = NormalWorld::new(Arc::clone(&tee));
    (tee, world)
}

fn is(a0: u32, wanted: RpcReturn) -> bool {
    rpc_of(a0) == Some(Ok(wanted))
}

/// Answers every sleep of a call at once, as Linux does for a task with a signal pending; the number of sleeps, the result.
fn kill(world: &mut NormalWorld, command: u32) -> (u32, u32) {
    let session = world.open(&A, &[]).header.session;
    let call = Running::start(world, session, command);
    let mut sleeps = 0;
    loop {
        assert_eq!(call.request(world).0, RpcCommand::Suspend);
        sleeps += 1;
        // The CPU rests after each, and the normal world gets its interrupts.
        assert!(is(call.answer(world, 0), RpcReturn::ForeignInterrupt));
        match call.resume(world) {
            0 => return (sleeps, call.result(world)),
            a0 => assert!(is(a0, RpcReturn::Cmd)),
        }
    }
}

#[test]
fn a_killed_client_ends_the_wait_of_its_ta() {
    let (tee, mut world) = boot(false);
    assert_eq!(kill(&mut world, UNMASKED | 60_000), (4, TeeError::CANCEL.raw()));
    assert_eq!(kill(&mut world, FOR_EVER), (4, TeeError::CANCEL.raw()));
    assert!(tee.threads.all_free());
}

#[test]
fn a_ta_that_masks_cancellation_waits_on_without_a_flood_of_requests() {
    let (tee, mut world) = boot(false);
    // An interrupt of the pretended normal world comes each millisecond.
    let (sleeps, result) = kill(&mut world, 50);
    assert_eq!(result, 0);
    assert!((25..=50).contains(&sleeps), "{sleeps} sleeps in 50 ms");
    assert_eq!(tee.platform.timer(), None);
}

#[test]
fn early_answers_now_and_then_are_no_interruption() {
    let (tee, mut world) = boot(false);
    let session = world.open(&A, &[]).header.session;
    let call = Running::start(&mut world, session, UNMASKED | 500);
    let mut early = 0;
    // Every other sleep ends at once, the rest as they should.
    while is(call.answer(&world, 0), RpcReturn::ForeignInterrupt) {
        early += 1;
        assert!(is(call.resume(&world), RpcReturn::Cmd));
        tee.platform.advance(call.request(&world).1.words[0]);
        if call.answer(&world, 0) == 0 {
            break;
        }
    }
    assert_eq!(call.result(&world), 0);
    assert!(early > 4, "{early}");
}

/// One call waits in the TA; two more wait for it.
fn three_calls(world: &mut NormalWorld) -> [Running; 3] {
    let session = world.open(&A, &[]).header.session;
    [1000, 0, 0].map(|command| Running::start(world, session, command))
}

const BAD: u32 = TeeError::BAD_PARAMETERS.raw();

#[test]
fn a_waiting_call_ends_when_its_client_is_killed() {
    let (tee, mut world) = boot(false);
    let [first, second, third] = three_calls(&mut world);
    // Linux: the time is over. The client is alive, as the sleep that follows shows.
    tee.platform.advance(900);
    assert!(is(second.answer(&world, BAD), RpcReturn::Cmd));
    assert_eq!(second.request(&world), (RpcCommand::Suspend, MsgParam::value_in(20, 0, 0)));
    tee.platform.advance(20);
    assert!(is(second.answer(&world, 0), RpcReturn::Cmd));
    assert_eq!(second.request(&world).1.words[0], NOTIFICATION_WAIT, "it waits on");
    // The next time it is being killed.
    tee.platform.advance(900);
    assert!(is(second.answer(&world, BAD), RpcReturn::Cmd));
    assert!(is(second.answer(&world, 0), RpcReturn::ForeignInterrupt));
    assert_eq!(second.resume(&world), 0);
    assert_eq!(second.result(&world), TeeError::CANCEL.raw());
    // The third one is woken nevertheless.
    assert!(is(first.answer(&world, 0), RpcReturn::Cmd));
    assert_eq!(first.request(&world).1, MsgParam::value_in(NOTIFICATION_SEND, u64::from(third.thread), 0));
    assert_eq!((first.answer(&world, 0), third.answer(&world, 0), third.result(&world)), (0, 0, 0));
    assert!(tee.threads.all_free());
}

#[test]
fn a_wake_up_that_reaches_nobody_is_passed_on() {
    let (tee, mut world) = boot(false);
    let [first, second, third] = three_calls(&mut world);
    tee.platform.advance(1000);
    assert!(is(first.answer(&world, 0), RpcReturn::Cmd));
    assert_eq!(first.request(&world).1.words[1], u64::from(second.thread));
    assert_eq!(first.answer(&world, 0), 0);
    // The second one is told so, but its client is being killed all the same.
    assert!(is(second.answer(&world, BAD), RpcReturn::Cmd));
    assert_eq!(second.request(&world).0, RpcCommand::Suspend);
    assert!(is(second.answer(&world, 0), RpcReturn::ForeignInterrupt));
    assert!(is(second.resume(&world), RpcReturn::Cmd));
    assert_eq!(second.request(&world).1, MsgParam::value_in(NOTIFICATION_SEND, u64::from(third.thread), 0));
    assert_eq!(second.answer(&world, 0), 0);
    assert_eq!((third.answer(&world, 0), third.result(&world)), (0, 0));
}

#[test]
fn waits_that_end_for_no_reason_are_waited_again_and_nobody_is_lost() {
    let (tee, mut world) = boot(false);
    let [first, second, third] = three_calls(&mut world);
    for _ in 0..20 {
        assert!(is(second.answer(&world, 0), RpcReturn::Cmd));
        assert_eq!(second.request(&world).1.words[0], NOTIFICATION_WAIT);
    }
    tee.platform.advance(1000);
    assert!(is(first.answer(&world, 0), RpcReturn::Cmd), "wakes the second");
    // The third comes first, although nobody has woken it; it wakes nobody in vain, and not itself.
    assert_eq!((third.answer(&world, 0), third.result(&world)), (0, 0));
    assert_eq!((first.answer(&world, 0), second.answer(&world, 0), second.result(&world)), (0, 0, 0));
    assert!(tee.threads.all_free());
}

/// A shared page that a call which waits in its TA uses.
fn used_memory(world: &mut NormalWorld) -> Running {
    let page = world.pages(1);
    let list = world.list(&[page]);
    let param = MsgParam::new(Kind::TmemOutput, [list, 4096, COOKIE]).with(ATTR_NONCONTIG);
    assert_eq!(world.perform(&MsgHeader::request(Command::RegisterShm.into(), 1), &[param]).header.ret, 0);
    let session = world.open(&A, &[]).header.session;
    Running::start_with(world, session, 1000, &[MsgParam::new(Kind::RmemInout, [0, 4096, COOKIE])])
}

const COOKIE: u64 = 0x00C0_FFEE;

fn unregister(world: &mut NormalWorld) -> Running {
    let header = MsgHeader::request(Command::UnregisterShm.into(), 1);
    Running::message(world, &header, &[MsgParam::new(Kind::RmemInput, [0, 0, COOKIE])])
}

#[test]
fn memory_in_use_is_given_back_by_notification() {
    let (tee, mut world) = boot(true);
    world.smc([FastCall::EnableAsyncNotif.into(), 0, 0, 0, 0, 0, 0, 0]);
    let call = used_memory(&mut world);
    let unregister = unregister(&mut world);
    let number = 64 + unregister.thread;
    assert_eq!(unregister.request(&world).1.words[..2], [NOTIFICATION_WAIT, u64::from(number)]);
    tee.platform.advance(1000);
    assert_eq!((call.answer(&world, 0), tee.platform.notified()), (0, 1));
    assert_eq!(world.smc([FastCall::GetAsyncNotifValue.into(), 0, 0, 0, 0, 0, 0, 0])[1], number);
    assert_eq!((unregister.answer(&world, 0), unregister.result(&world)), (0, 0));
    world.open(&A, &[]);
    assert_eq!(tee.platform.notified(), 1, "nobody waits any more");
}

#[test]
fn without_a_listener_it_is_looked_for_less_and_less_often() {
    let (tee, mut world) = boot(false);
    let call = used_memory(&mut world);
    let unregister = unregister(&mut world);
    let mut sleeps = Vec::new();
    for _ in 0..8 {
        let (command, param) = unregister.request(&world);
        assert_eq!(command, RpcCommand::Suspend);
        sleeps.push(param.words[0]);
        tee.platform.advance(param.words[0]);
        assert!(is(unregister.answer(&world, 0), RpcReturn::Cmd));
    }
    assert_eq!(sleeps, [1, 2, 4, 8, 16, 32, 50, 50]);
    tee.platform.advance(1000);
    assert_eq!(call.answer(&world, 0), 0);
    assert_eq!((unregister.answer(&world, 0), unregister.result(&world)), (0, 0));
}

/// An open of `uuid` that waits for the normal world.
fn opening(world: &mut NormalWorld, uuid: &Uuid) -> Running {
    let [a, b] = uuid.words();
    let meta = |words| MsgParam::new(Kind::ValueInput, words).with(ATTR_META);
    Running::message(world, &MsgHeader::request(Command::OpenSession.into(), 2), &[meta([a, b, 0]), meta([0; 3])])
}

/// Tells an open that there is no such TA, and that nothing is kept for it either.
fn finds_nothing(open: &Running, world: &NormalWorld) -> u32 {
    while is(open.answer(world, NOT_FOUND), RpcReturn::Cmd) {
        assert!(matches!(open.request(world).0, RpcCommand::ShmAlloc | RpcCommand::Fs));
    }
    open.result(world)
}

const NOT_FOUND: u32 = TeeError::ITEM_NOT_FOUND.raw();

#[test]
fn an_open_that_waits_for_the_load_of_another_ends_when_its_client_is_killed() {
    let tee = FakePlatform::boot(&[], 4);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    // The supplicant does not answer the first one.
    let first = opening(&mut world, &A);
    assert_eq!(first.request(&world).0, RpcCommand::LoadTa);
    let [second, third] = [(); 2].map(|()| opening(&mut world, &A));
    let mut sleeps = 1;
    while is(second.answer(&world, 0), RpcReturn::ForeignInterrupt) && second.resume(&world) != 0 {
        sleeps += 1;
        assert_eq!(second.request(&world).0, RpcCommand::Suspend);
    }
    // The first sleep is too short to tell.
    assert!((4..=6).contains(&sleeps), "{sleeps}");
    assert_eq!(second.result(&world), TeeError::CANCEL.raw());
    // The client of the third one is there: it waits, less and less impatiently, and is then the one to load.
    let mut lengths = Vec::new();
    for _ in 0..8 {
        let (command, time) = third.request(&world);
        assert_eq!(command, RpcCommand::Suspend);
        lengths.push(time.words[0]);
        tee.platform.advance(time.words[0]);
        assert!(is(third.answer(&world, 0), RpcReturn::Cmd));
    }
    assert_eq!(lengths, [1, 2, 4, 8, 16, 20, 20, 20]);
    assert_eq!(finds_nothing(&first, &world), NOT_FOUND);
    tee.platform.advance(20);
    assert!(is(third.answer(&world, 0), RpcReturn::Cmd));
    assert_eq!(third.request(&world).0, RpcCommand::LoadTa);
    assert_eq!(finds_nothing(&third, &world), NOT_FOUND);
    assert!(tee.threads.all_free());
}

/// A TA that computes without end, interrupted each millisecond; with [`UNMASKED`] it looks for cancellation.
fn computing() -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let (tee, world) = boot(false);
    script_computing(&tee);
    (tee, world)
}

fn script_computing(tee: &Arc<Tee<FakePlatform>>) {
    let machine = Arc::downgrade(tee);
    tee.platform.scripts().set(&A, move |ta| {
        let flag = ta.scratch(0);
        if ta.command() & UNMASKED != 0 {
            ta.syscall(Syscall::UnmaskCancellation, &[flag]);
        }
        for _ in 0..ta.command() & !UNMASKED {
            machine.upgrade().unwrap().platform.advance(1);
            ta.interrupted();
            ta.syscall(Syscall::GetCancellationFlag, &[flag]);
            if ta.word(flag) != 0 {
                return TeeError::CANCEL.raw();
            }
        }
        0
    });
}

fn invoke(session: u32, command: u32) -> MsgHeader {
    MsgHeader { session, func: command, ..MsgHeader::request(Command::InvokeCommand.into(), 0) }
}

/// Runs a command of the TA, each interrupt a millisecond after the last; requests are answered at once or when their time is
/// over. Their number, and the result.
fn compute(world: &mut NormalWorld, command: u32, killed: bool) -> (u32, u32) {
    let session = world.open(&A, &[]).header.session;
    let (call, mut a0) = Running::begin(world, &invoke(session, command), &[]);
    let mut requests = 0;
    while a0 != 0 {
        if is(a0, RpcReturn::Cmd) {
            let (command, time) = call.request(world);
            assert_eq!(command, RpcCommand::Suspend);
            requests += 1;
            world.tee.platform.advance(if killed { 0 } else { time.words[0] });
            a0 = call.answer(world, 0);
        } else {
            a0 = call.resume(world);
        }
    }
    (requests, call.result(world))
}

#[test]
fn a_killed_client_cancels_what_its_ta_computes() {
    let (tee, mut world) = computing();
    // Nothing is asked in the first second, then as often as it takes to be sure.
    assert_eq!(compute(&mut world, UNMASKED | 900, true), (0, 0));
    assert_eq!(compute(&mut world, UNMASKED | 5000, true), (4, TeeError::CANCEL.raw()));
    assert!(tee.threads.all_free());
}

#[test]
fn a_living_client_is_asked_for_once_a_second_and_never_where_nothing_would_come_of_it() {
    let (_, mut world) = computing();
    assert_eq!(compute(&mut world, UNMASKED | 5000, false), (4, 0));
    // Cancellation is masked, and another session counts on the TA.
    assert_eq!(compute(&mut world, 5000, true), (0, 0));
}

#[test]
fn a_ta_that_goes_on_for_an_interrupted_client_is_ended_after_its_limit() {
    const LIMIT: u32 = ABANDONED_LIMIT_MS;
    // It takes a second to find out, and four sleeps that end early, each with a rest of a tick.
    for (length, result) in [(LIMIT + 900, 0), (LIMIT + 1100, TeeError::TARGET_DEAD.raw())] {
        let (tee, mut world) = computing();
        assert_eq!(compute(&mut world, length, true), (4, result), "asked once");
        assert_eq!(tee.platform.printed().contains("its client was interrupted"), result != 0);
        assert_eq!(tee.platform.timer(), None);
        assert!(tee.threads.all_free());
    }
    let (_, mut world) = computing();
    let (requests, result) = compute(&mut world, 2 * LIMIT, false);
    assert_eq!((requests, result), (19, 0), "nothing is ended for a client that is there");
}

#[test]
fn a_ta_that_others_count_on_is_not_ended_for_one_client() {
    const LENGTH: u32 = 2 * ABANDONED_LIMIT_MS;
    let (_, mut world) = computing();
    world.open(&A, &[]);
    assert_eq!(compute(&mut world, LENGTH, true), (0, 0));
    // Neither is one that is to be there when all its clients are gone.
    let flags = TaFlags::SINGLE_INSTANCE | TaFlags::MULTI_SESSION | TaFlags::INSTANCE_KEEP_ALIVE;
    let tee = FakePlatform::boot(&[(A, signed(&A, &elf(&A, flags, 8192)))], 4);
    script_computing(&tee);
    let mut world = NormalWorld::new(tee);
    assert_eq!(compute(&mut world, LENGTH, true), (0, 0));
}

#[test]
fn who_joins_while_the_limit_runs_saves_the_ta() {
    let (tee, mut world) = computing();
    let session = world.open(&A, &[]).header.session;
    let (call, mut a0) = (Running::begin(&mut world, &invoke(session, 2 * ABANDONED_LIMIT_MS), &[]).0, 1);
    let mut rounds = 0;
    while a0 != 0 {
        rounds += 1;
        if rounds == 5000 {
            // It waits for its turn, but has its session's place in the TA.
            opening(&mut world, &A);
        }
        a0 = if is(a0, RpcReturn::Cmd) { call.answer(&world, 0) } else { call.resume(&world) };
    }
    assert_eq!(call.result(&world), 0);
    assert!(!tee.platform.printed().contains("its client was interrupted"));
}
