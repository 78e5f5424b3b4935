// SPDX-License-Identifier: BSD-2-Clause
//! Calls beyond the number of secure threads: who waits, who is next, who may give up, and what a normal world can make of it.

mod common;

use common::Running;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use std::sync::Arc;
use tee_core::Tee;
use tee_core::limits::MAX_WAITING;
use tee_core::ports::Platform;
use tee_core::smc::Answer;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use utee_abi::msg::{ATTR_META, Command, Kind, MsgHeader, MsgParam};
use utee_abi::result::{Origin, TeeError};
use utee_abi::rpc::{NOTIFICATION_WAIT, RpcCommand};
use utee_abi::smc::{FastCall, ReturnCode, RpcReturn, YieldingCall, rpc_of};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const THREADS: u32 = 2;
/// Command: waits a second; cancellation is masked.
const LONG: u32 = 1000;
const CANCEL: u32 = TeeError::CANCEL.raw();

/// A TA of which each session has an instance of its own, and that waits as many milliseconds as the command says.
fn boot(listens: bool) -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    boot_with(THREADS, listens)
}

fn boot_with(threads: u32, listens: bool) -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let images = [(A, signed(&A, &elf(&A, TaFlags::empty(), 4096)))];
    let tee = FakePlatform::boot_notifying(&images, threads as usize);
    tee.platform.scripts().set(&A, |ta| if ta.command() == 0 { 0 } else { ta.syscall(Syscall::Wait, &[u64::from(ta.command())]) });
    let world = NormalWorld::new(Arc::clone(&tee));
    if listens {
        world.smc([FastCall::EnableAsyncNotif.into(), 0, 0, 0, 0, 0, 0, 0]);
    }
    (tee, world)
}

fn session(world: &mut NormalWorld) -> u32 {
    world.open(&A, &[]).header.session
}

/// All threads in use.
fn busy(world: &mut NormalWorld) -> Vec<Running> {
    let sessions: Vec<u32> = (0..THREADS).map(|_| session(world)).collect();
    sessions.into_iter().map(|session| Running::start(world, session, LONG)).collect()
}

fn open_header() -> (MsgHeader, [MsgParam; 2]) {
    let [a, b] = A.words();
    let meta = |words| MsgParam::new(Kind::ValueInput, words).with(ATTR_META);
    (MsgHeader::request(Command::OpenSession.into(), 2), [meta([a, b, 0]), meta([0; 3])])
}

fn cancel(world: &mut NormalWorld, session: u32) -> (u32, u32) {
    let reply = world.perform(&MsgHeader { session, ..MsgHeader::request(Command::Cancel.into(), 0) }, &[]);
    (reply.code, reply.header.ret)
}

fn is_request(a0: u32) -> bool {
    rpc_of(a0) == Some(Ok(RpcReturn::Cmd))
}

/// The notification that is pending, if one is.
fn notified(world: &NormalWorld) -> Option<u32> {
    let [_, number, flags, _] = world.smc([FastCall::GetAsyncNotifValue.into(), 0, 0, 0, 0, 0, 0, 0]);
    (flags != 0).then_some(number)
}

/// Ends a call that sleeps in its TA.
fn end(world: &NormalWorld, call: &mut Running) {
    world.tee.platform.advance(u64::from(LONG));
    assert_eq!((call.go_on(world), call.result(world)), (0, 0));
}

#[test]
fn linux_is_told_of_the_places_too() {
    let (_, world) = boot(true);
    assert_eq!(world.smc([FastCall::GetThreadCount.into(), 0, 0, 0, 0, 0, 0, 0])[1], THREADS + MAX_WAITING as u32);
}

#[test]
fn a_call_beyond_the_threads_waits_and_is_told_when_one_is_free() {
    let (tee, mut world) = boot(true);
    let more = session(&mut world);
    let mut running = busy(&mut world);
    let mut call = Running::start(&mut world, more, LONG);
    assert_eq!(call.thread, THREADS, "no thread's number");
    let number = 64 + THREADS;
    assert_eq!(call.request(&world), (RpcCommand::Notification, MsgParam::value_in(NOTIFICATION_WAIT, u64::from(number), 100)));
    assert_eq!(notified(&world), None);
    end(&world, &mut running[0]);
    assert_eq!(notified(&world), Some(number));
    assert!(is_request(call.go_on(&world)));
    assert_eq!((call.thread, call.request(&world).0), (0, RpcCommand::Suspend), "it runs");
    end(&world, &mut call);
    end(&world, &mut running[1]);
    assert!(tee.threads.all_free());
}

#[test]
fn a_thread_goes_to_who_has_waited_longest_and_a_new_call_does_not_take_it() {
    let (tee, mut world) = boot(true);
    let sessions: Vec<u32> = (0..4).map(|_| session(&mut world)).collect();
    let mut running = busy(&mut world);
    let mut calls: Vec<Running> = sessions.iter().map(|session| Running::start(&mut world, *session, 0)).collect();
    for index in 0..3 {
        let (told, other) = (64 + THREADS + index, index as usize + 1);
        if index == 0 {
            end(&world, &mut running[0]);
        }
        assert_eq!(notified(&world), Some(told));
        // Neither who waits behind it nor who comes now gets the thread.
        assert!(is_request(calls[other].go_on(&world)));
        assert_eq!(calls[other].thread, THREADS + index + 1);
        let late = Running::start(&mut world, sessions[0], 0);
        assert!(late.thread >= THREADS);
        late.spoil(&world);
        assert_eq!(late.resume(&world), ReturnCode::EBadAddr.raw());
        assert_eq!(calls[index as usize].go_on(&world), 0, "it runs to its end, and tells the next one");
    }
    assert_eq!((notified(&world), calls[3].go_on(&world)), (Some(64 + THREADS + 3), 0));
    end(&world, &mut running[1]);
    assert!(tee.threads.all_free());
}

#[test]
fn a_thread_is_not_kept_for_ever_for_a_call_that_does_not_come() {
    let (_, mut world) = boot(true);
    let more = session(&mut world);
    let mut running = busy(&mut world);
    let mut call = Running::start(&mut world, more, 0);
    end(&world, &mut running[0]);
    let other = open_header();
    let (waits, a0) = Running::begin(&mut world, &other.0, &other.1);
    assert!(is_request(a0) && waits.thread == THREADS + 1);
    world.tee.platform.advance(200);
    // Another one takes it now; the first one is next.
    let (_, a0) = Running::begin(&mut world, &other.0, &other.1);
    assert_eq!(a0, 0);
    assert_eq!(call.go_on(&world), 0);
}

#[test]
fn clients_with_a_signal_pending_leave_and_what_must_be_done_stays() {
    for listens in [true, false] {
        let (tee, mut world) = boot(listens);
        let more = session(&mut world);
        let mut running = busy(&mut world);
        let mut invoke = Running::start(&mut world, more, 0);
        let (header, params) = open_header();
        let mut open = Running::message(&mut world, &MsgHeader { session: 77, ..header }, &params);
        let mut close =
            Running::message(&mut world, &MsgHeader { session: more, ..MsgHeader::request(Command::CloseSession.into(), 0) }, &[]);
        for call in [&mut invoke, &mut open] {
            let mut sleeps = 0;
            let mut a0 = 1;
            while a0 != 0 {
                match call.request(&world).0 {
                    RpcCommand::Notification => tee.platform.advance(100),
                    _ => sleeps += 1,
                }
                a0 = call.go_on(&world);
            }
            let header = call.header(&world);
            assert_eq!((sleeps, header.ret, header.ret_origin), (2, CANCEL, Origin::Tee.raw()));
        }
        assert_eq!(open.header(&world).session, 0, "no session was opened");
        let before = tee.platform.ticks();
        for _ in 0..50 {
            if close.request(&world).0 == RpcCommand::Notification {
                tee.platform.advance(100);
            }
            assert!(is_request(close.go_on(&world)));
        }
        assert!(tee.platform.ticks() - before >= 48, "it does not flood the normal world");
        end(&world, &mut running[0]);
        assert_eq!((close.go_on(&world), close.result(&world)), (0, 0));
        end(&world, &mut running[1]);
        assert!(tee.threads.all_free());
    }
}

#[test]
fn clients_without_one_wait_as_long_as_it_takes() {
    for listens in [true, false] {
        let (tee, mut world) = boot(listens);
        let more = session(&mut world);
        let mut running = busy(&mut world);
        let mut call = Running::start(&mut world, more, 0);
        for round in 0..40 {
            let (command, param) = call.request(&world);
            let wait = listens && round % 2 == 0;
            assert_eq!(command, if wait { RpcCommand::Notification } else { RpcCommand::Suspend });
            tee.platform.advance(if wait { 100 } else { param.words[0] });
            assert!(is_request(call.go_on(&world)));
        }
        end(&world, &mut running[1]);
        assert_eq!((call.go_on(&world), call.result(&world)), (0, 0));
    }
}

#[test]
fn who_gives_up_passes_its_thread_on() {
    let (tee, mut world) = boot(true);
    let sessions = [session(&mut world), session(&mut world)];
    let mut running = busy(&mut world);
    let mut calls = sessions.map(|session| Running::start(&mut world, session, 0));
    end(&world, &mut running[0]);
    assert_eq!(notified(&world), Some(64 + THREADS));
    assert_eq!(cancel(&mut world, sessions[0]), (0, 0));
    assert_eq!((calls[0].go_on(&world), calls[0].result(&world)), (0, CANCEL));
    assert_eq!(notified(&world), Some(64 + THREADS), "it was told to look");
    assert_eq!(notified(&world), Some(64 + THREADS + 1));
    assert_eq!((calls[1].go_on(&world), calls[1].result(&world)), (0, 0));
    end(&world, &mut running[1]);
    assert!(tee.threads.all_free());
}

#[test]
fn a_cancellation_needs_no_thread_and_reaches_who_waits_for_one() {
    let (tee, mut world) = boot(true);
    let more = session(&mut world);
    let mut running = busy(&mut world);
    let mut calls = [0, 0].map(|command| Running::start(&mut world, more, command));
    let mut late = Running::start(&mut world, more, 0);
    let foreign = TeeError::ITEM_NOT_FOUND.raw();
    assert_eq!((cancel(&mut world, 0xDEAD), cancel(&mut world, more)), ((0, foreign), (0, 0)));
    for call in &mut calls {
        assert!(notified(&world).is_some());
        assert_eq!((call.go_on(&world), call.result(&world)), (0, CANCEL));
    }
    assert_eq!((late.go_on(&world), late.result(&world)), (0, CANCEL), "it was there when the cancellation came");
    end(&world, &mut running[0]);
    // The next operation of the session is another one.
    tee.platform.scripts().set(&A, |ta| {
        let flag = ta.scratch(0);
        ta.syscall(Syscall::UnmaskCancellation, &[flag]);
        ta.syscall(Syscall::GetCancellationFlag, &[flag]);
        ta.word(flag)
    });
    assert_eq!(world.invoke(more, 0, &[]).header.ret, 0);
}

/// Starts the close of a session; `a0` of what comes then.
fn close(world: &mut NormalWorld, session: u32) -> (Running, u32) {
    Running::begin(world, &MsgHeader { session, ..MsgHeader::request(Command::CloseSession.into(), 0) }, &[])
}

#[test]
fn sessions_are_closed_while_opens_and_invokes_fill_all_other_threads() {
    let (tee, mut world) = boot_with(4, true);
    let sessions: Vec<u32> = (0..6).map(|_| session(&mut world)).collect();
    let mut running: Vec<Running> = (0..3).map(|index| Running::start(&mut world, sessions[index], LONG)).collect();
    let mut invoke = Running::start(&mut world, sessions[3], 0);
    assert_eq!(invoke.thread, 4, "the last thread is not for it");
    assert_eq!(close(&mut world, sessions[4]).1, 0);
    // A close that takes long has the thread, and is the only one that it takes.
    tee.platform.scripts().set(&A, |ta| ta.syscall(Syscall::Wait, &[500]));
    let (mut slow, a0) = close(&mut world, sessions[5]);
    assert!(is_request(a0) && slow.thread == 3);
    let (mut next, a0) = close(&mut world, sessions[3]);
    assert!(is_request(a0) && next.thread == 5);
    tee.platform.advance(500);
    assert_eq!((slow.go_on(&world), notified(&world)), (0, Some(64 + 5)));
    assert!(is_request(next.go_on(&world)));
    assert_eq!(next.thread, 3);
    tee.platform.advance(500);
    assert_eq!((next.go_on(&world), notified(&world)), (0, None));
    // Who waits to invoke is served by the others, and hears that its session is gone.
    end(&world, &mut running[2]);
    assert_eq!((notified(&world), invoke.go_on(&world), invoke.result(&world)), (Some(64 + 4), 0, TeeError::BAD_PARAMETERS.raw()));
    for call in &mut running[..2] {
        end(&world, call);
    }
    assert!(tee.threads.all_free());
}

#[test]
fn when_all_places_are_taken_or_the_call_brings_none_for_requests_it_is_told_so() {
    let (tee, mut world) = boot(true);
    let more = session(&mut world);
    let mut running = busy(&mut world);
    let limit = ReturnCode::EThreadLimit.raw();
    let page = world.put(&MsgHeader { session: more, ..MsgHeader::request(Command::InvokeCommand.into(), 0) }, &[]);
    let legacy = [YieldingCall::WithArg.into(), 0, page as u32, 0, 0, 0, 0, 0];
    assert_eq!(world.smc(legacy), [limit, 0, 0, 0]);
    let mut calls: Vec<Running> = (0..MAX_WAITING).map(|_| Running::start(&mut world, more, 0)).collect();
    assert_eq!(world.smc([YieldingCall::WithRpcArg.into(), 0, page as u32, 0, 0, 0, 0, 0]), [limit, 0, 0, 0]);
    // Nothing is changed in how the normal world's caches may be switched.
    assert_eq!(world.smc([FastCall::EnableShmCache.into(), 0, 0, 0, 0, 0, 0, 0])[0], ReturnCode::EBusy.raw());
    end(&world, &mut running[0]);
    for (index, call) in calls.iter_mut().enumerate() {
        assert_eq!(notified(&world), Some(64 + THREADS + index as u32));
        assert_eq!(call.go_on(&world), 0);
    }
    end(&world, &mut running[1]);
    assert!(tee.threads.all_free());
    assert_eq!(world.smc(legacy), [0; 4]);
}

#[test]
fn wrong_and_repeated_resumes_are_refused() {
    let (tee, mut world) = boot(true);
    let more = session(&mut world);
    let mut running = busy(&mut world);
    let mut call = Running::start(&mut world, more, 0);
    let resume = |world: &NormalWorld, thread: u32| world.smc([YieldingCall::ReturnFromRpc.into(), 0, 0, thread, 0, 0, 0, 0])[0];
    let refused = ReturnCode::EResume.raw();
    for thread in [THREADS + 1, THREADS + MAX_WAITING as u32, 1 << 31, u32::MAX] {
        assert_eq!(resume(&world, thread), refused, "{thread}");
    }
    // Any CPU may go on with it.
    let regs = [YieldingCall::ReturnFromRpc.into(), 0, 0, call.thread, 0, 0, 0, 0];
    assert!(matches!(tee.smc(1, &regs), Answer::Return([a0, ..]) if is_request(a0)));
    end(&world, &mut running[0]);
    let place = call.thread;
    assert_eq!(call.go_on(&world), 0);
    assert_eq!(resume(&world, place), refused, "it is over");
    // One whose message is taken away ends, and its place is free again.
    let more = session(&mut world);
    let filler = Running::start(&mut world, more, LONG);
    let call = Running::start(&mut world, more, 0);
    call.spoil(&world);
    assert_eq!((call.resume(&world), resume(&world, call.thread)), (ReturnCode::EBadAddr.raw(), refused));
    for mut call in [filler, running.remove(1)] {
        end(&world, &mut call);
    }
    assert!(tee.threads.all_free());
}

/// What a normal world does next.
#[derive(Clone, Copy, Debug)]
enum Act {
    Start { command: u32, kind: u8 },
    Resume { index: usize, ms: u64 },
    Cancel { index: usize },
    Wild { thread: u32 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0u32..60, 0u8..4).prop_map(|(command, kind)| Act::Start { command, kind }),
        6 => (any::<usize>(), 0u64..120).prop_map(|(index, ms)| Act::Resume { index, ms }),
        1 => any::<usize>().prop_map(|index| Act::Cancel { index }),
        1 => prop_oneof![0u32..64, any::<u32>()].prop_map(|thread| Act::Wild { thread }),
    ]
}

proptest! {
    /// Calls of all kinds, resumed in any order, early or late, with strange resumes in between: each ends exactly once, no more
    /// run than there are threads, and nothing is left.
    #[test]
    fn every_call_ends_once_whatever_the_normal_world_does(acts in proptest::collection::vec(act(), 1..120), threads in 1u32..5, listens in any::<bool>()) {
        let (tee, mut world) = boot_with(threads, listens);
        let sessions: Vec<u32> = (0..4).map(|_| session(&mut world)).collect();
        let mut calls: Vec<Running> = Vec::new();
        for act in acts {
            match act {
                Act::Start { command, kind } => {
                    let session = sessions[command as usize % sessions.len()];
                    let (header, params) = match kind {
                        0 => open_header(),
                        // Closing what is not open must wait as well.
                        1 => (MsgHeader { session: 9999, ..MsgHeader::request(Command::CloseSession.into(), 0) }, [MsgParam::default(); 2]),
                        _ => (MsgHeader { session, func: command, ..MsgHeader::request(Command::InvokeCommand.into(), 0) }, [MsgParam::default(); 2]),
                    };
                    let params = &params[..header.num_params as usize];
                    let (call, a0) = Running::begin(&mut world, &header, params);
                    match rpc_of(a0) {
                        Some(_) => calls.push(call),
                        None => assert!(a0 == 0 || a0 == ReturnCode::EThreadLimit.raw(), "{a0}"),
                    }
                }
                Act::Resume { index, ms } if !calls.is_empty() => {
                    let index = index % calls.len();
                    tee.platform.advance(ms);
                    let a0 = calls[index].go_on(&world);
                    if rpc_of(a0).is_none() {
                        assert_eq!(a0, 0);
                        let call = calls.swap_remove(index);
                        assert_ne!(call.result(&world), TeeError::GENERIC.raw(), "it was answered");
                    }
                }
                Act::Cancel { index } => {
                    let session = sessions[index % sessions.len()];
                    let (call, a0) = Running::begin(&mut world, &MsgHeader { session, ..MsgHeader::request(Command::Cancel.into(), 0) }, &[]);
                    assert_eq!((a0, call.result(&world)), (0, 0));
                }
                Act::Wild { thread } if calls.iter().all(|call| call.thread != thread) => {
                    let code = world.smc([YieldingCall::ReturnFromRpc.into(), 0, 0, thread, 0, 0, 0, 0])[0];
                    assert_eq!(code, ReturnCode::EResume.raw());
                }
                Act::Resume { .. } | Act::Wild { .. } => {}
            }
            assert!(calls.iter().filter(|call| call.thread < threads).count() <= threads as usize);
            let mut ids: Vec<u32> = calls.iter().map(|call| call.thread).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), calls.len(), "no two calls have a number in common");
        }
        let mut rounds = 0;
        while !calls.is_empty() {
            rounds += 1;
            assert!(rounds < 1000, "{} calls never end", calls.len());
            tee.platform.advance(60);
            calls.retain_mut(|call| rpc_of(call.go_on(&world)).is_some());
        }
        assert!(tee.threads.all_free());
    }
}
