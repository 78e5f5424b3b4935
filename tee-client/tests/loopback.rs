// SPDX-License-Identifier: BSD-2-Clause
//! The client against the real core in this process: every kind of parameter by every way to send a message, errors,
//! cancellation, sleeping TAs, more callers than threads.

use std::sync::Arc;
use std::thread;
use tee_client::transport::loopback::{Loopback, LoopbackContext};
use tee_client::transport::smc::{Calling, ConnectError, MemoryKind, Options, SmcTransport};
use tee_client::{Direction, Error, Identity, Login, Operation, Origin, Param, TeeError, Uuid};
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::script::Ta;
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::time::TimeCategory;

type Line = SmcTransport<Loopback, Loopback>;

const ECHO: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const OTHER: Uuid = Uuid::new(5, 6, 7, [8; 8]);

// Commands of ECHO.
const ADD: u32 = 1;
const INVERT: u32 = 2;
const FAIL: u32 = 3;
const PANIC: u32 = 4;
const SLEEP: u32 = 5;
const LARGER: u32 = 6;
const TIME: u32 = 7;

const ALL_LINES: [(MemoryKind, Calling); 5] = [
    (MemoryKind::Dynamic, Calling::WithArg),
    (MemoryKind::Dynamic, Calling::WithRpcArg),
    (MemoryKind::Dynamic, Calling::WithRegdArg),
    (MemoryKind::Reserved, Calling::WithArg),
    (MemoryKind::Reserved, Calling::WithRpcArg),
];

/// What the TA does. Parameter 0 is its subject.
fn echo(ta: &mut Ta) -> u32 {
    if ta.function() != EntryFunction::InvokeCommand {
        return 0;
    }
    let [a, b] = ta.params().cells[0];
    match ta.command() {
        ADD => ta.set_cell(0, 0, a + b),
        INVERT => {
            let mut bytes = vec![0; b as usize];
            ta.read(a, &mut bytes);
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
            ta.write(a, &bytes);
            ta.set_cell(0, 1, b);
        }
        FAIL => return a as u32,
        PANIC => {
            ta.syscall(Syscall::Panic, &[7, 0]);
        }
        SLEEP => {
            let cell = ta.scratch(0);
            ta.syscall(Syscall::UnmaskCancellation, &[cell]);
            return ta.syscall(Syscall::Wait, &[a]);
        }
        LARGER => {
            ta.set_cell(0, 1, b + 100);
            return TeeError::SHORT_BUFFER.raw();
        }
        TIME => {
            let cell = ta.scratch(0);
            let code = ta.syscall(Syscall::GetTime, &[TimeCategory::Ree as u64, cell]);
            let seconds = ta.word(cell);
            ta.set_cell(0, 0, u64::from(seconds));
            return code;
        }
        _ => return TeeError::NOT_SUPPORTED.raw(),
    }
    0
}

fn loopback(threads: usize) -> Loopback {
    let image = |uuid: &Uuid| (*uuid, signed(uuid, &elf(uuid, TaFlags::empty(), 8192)));
    let tee = FakePlatform::boot(&[image(&ECHO), image(&OTHER)], threads);
    tee.platform.scripts().set(&ECHO, echo);
    tee.platform.scripts().set(&OTHER, echo);
    Loopback::new(tee)
}

fn context(threads: usize) -> LoopbackContext {
    loopback(threads).connect(Options::default()).unwrap()
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 7 + index / 251) as u8).collect()
}

fn inverted(len: usize) -> Vec<u8> {
    pattern(len).iter().map(|byte| !byte).collect()
}

#[test]
fn the_line_says_what_the_tee_is_and_takes_what_linux_takes() {
    let tee = context(3);
    let info = tee.transport().info();
    assert_eq!((info.api_revision, info.threads, info.rpc_params), ((2, 0), Some(3 + 48), 4));
    assert_eq!((tee.transport().kind(), tee.transport().calling()), (MemoryKind::Dynamic, Calling::WithRegdArg));
    assert!(info.reserved_shm.is_some());
}

#[test]
fn registered_arguments_need_dynamic_memory() {
    let options = Options { memory: Some(MemoryKind::Reserved), calling: Some(Calling::WithRegdArg), ..Options::default() };
    assert_eq!(loopback(2).connect(options).map(drop), Err(ConnectError::NoSuchCall));
}

#[test]
fn every_parameter_goes_by_every_line() {
    for (memory, calling) in ALL_LINES {
        let loopback = loopback(2);
        let options = Options { memory: Some(memory), calling: Some(calling), ..Options::default() };
        let tee = loopback.connect(options).unwrap();
        let session = tee.open_public(ECHO).unwrap();
        let mut operation = Operation::one(Param::value_inout(40, 2));
        session.invoke(ADD, &mut operation).unwrap();
        assert_eq!(operation.value(0), (42, 2));
        // In the slot, at its end, past it, of several pages, and with two list pages.
        for len in [0, 1, 4096, 7680, 7681, 9000, 513 * 4096] {
            if memory == MemoryKind::Reserved && len > 500_000 {
                continue;
            }
            let mut bytes = pattern(len);
            let mut operation = Operation::one(Param::inout(&mut bytes));
            session.invoke(INVERT, &mut operation).unwrap();
            assert_eq!(operation.size(0), len);
            assert!(bytes == inverted(len), "{memory:?} {calling:?} {len}");
            if len == 0 {
                continue;
            }
            let shared = tee.register(pattern(len), Direction::Inout).unwrap();
            session.invoke(INVERT, &mut Operation::one(Param::whole(&shared))).unwrap();
            assert!(shared.into_inner().unwrap() == inverted(len), "{memory:?} {calling:?} {len}");
        }
        session.close().unwrap();
    }
}

#[test]
fn only_the_part_that_is_referred_to_changes() {
    let tee = context(2);
    let session = tee.open_public(ECHO).unwrap();
    let shared = tee.allocate(10_000, Direction::Inout).unwrap();
    session.invoke(INVERT, &mut Operation::one(Param::partial(&shared, Direction::Inout, 4095, 3))).unwrap();
    let mut around = [9; 5];
    shared.read(4094, &mut around).unwrap();
    assert_eq!(around, [0, 0xFF, 0xFF, 0xFF, 0]);
    assert_eq!(shared.read(9_999, &mut [0; 2]), Err(Error::api(TeeError::BAD_PARAMETERS)));
}

#[test]
fn references_that_do_not_fit_never_leave_the_client() {
    let tee = context(2);
    let session = tee.open_public(ECHO).unwrap();
    let input = tee.allocate(100, Direction::Input).unwrap();
    let refused = Err(Error::api(TeeError::BAD_PARAMETERS));
    for (direction, offset, size) in [
        (Direction::Input, 0, 101),
        (Direction::Input, 101, 0),
        (Direction::Input, usize::MAX, 2),
        (Direction::Output, 0, 1),
        (Direction::Inout, 0, 1),
    ] {
        let mut operation = Operation::one(Param::partial(&input, direction, offset, size));
        assert_eq!(session.invoke(INVERT, &mut operation), refused);
    }
    // Memory of another TEE has a meaning here that nobody wants.
    let other = context(2);
    let foreign = other.allocate(100, Direction::Inout).unwrap();
    assert_eq!(session.invoke(INVERT, &mut Operation::one(Param::whole(&foreign))), refused);
}

#[test]
fn short_buffers_name_the_size_that_is_needed() {
    let tee = context(2);
    let session = tee.open_public(ECHO).unwrap();
    for len in [10, 20_000] {
        let mut bytes = pattern(len);
        let mut operation = Operation::one(Param::output(&mut bytes));
        let error = session.invoke(LARGER, &mut operation).unwrap_err();
        assert_eq!((error.code, error.origin), (TeeError::SHORT_BUFFER, Origin::TrustedApp));
        assert_eq!(operation.size(0), len + 100);
        assert_eq!(bytes, pattern(len));
    }
    let mut operation = Operation::one(Param::null(Direction::Output));
    assert!(session.invoke(LARGER, &mut operation).is_err());
    assert_eq!(operation.size(0), 100);
}

#[test]
fn errors_come_with_their_origin() {
    let tee = context(2);
    let error = |code, origin| Err(Error { code, origin });
    let session = tee.open_public(ECHO).unwrap();
    let busy = TeeError::BUSY;
    assert_eq!(session.invoke(FAIL, &mut Operation::one(Param::value_input(busy.raw(), 0))), error(busy, Origin::TrustedApp));
    assert_eq!(tee.open_public(Uuid::new(9, 9, 9, [9; 8])).map(drop), error(TeeError::ITEM_NOT_FOUND, Origin::Tee));
    let application = Identity { login: Login::TrustedApp, uuid: ECHO };
    let opened = tee.open(ECHO, application, &mut Operation::none()).map(drop);
    assert_eq!(opened, error(TeeError::BAD_PARAMETERS, Origin::Tee));
    for _ in 0..2 {
        assert_eq!(session.invoke(PANIC, &mut Operation::none()), error(TeeError::TARGET_DEAD, Origin::Tee));
    }
    session.close().unwrap();
    tee.open_public(ECHO).unwrap().invoke(ADD, &mut Operation::one(Param::value_inout(1, 1))).unwrap();
}

#[test]
fn a_sleeping_ta_is_cancelled_from_another_thread() {
    let tee = context(3);
    let session = tee.open_public(ECHO).unwrap();
    let cancellation = session.cancellation();
    let canceller = thread::spawn(move || {
        thread::sleep(std::time::Duration::from_millis(50));
        cancellation.cancel()
    });
    let forever = u32::MAX;
    let error = session.invoke(SLEEP, &mut Operation::one(Param::value_input(forever, 0))).unwrap_err();
    assert_eq!(error.code, TeeError::CANCEL);
    canceller.join().unwrap().unwrap();
}

#[test]
fn the_clock_of_this_world_is_asked() {
    for (memory, calling) in ALL_LINES {
        let options = Options { memory: Some(memory), calling: Some(calling), ..Options::default() };
        let tee = loopback(2).connect(options).unwrap();
        let session = tee.open_public(ECHO).unwrap();
        session.invoke(SLEEP, &mut Operation::one(Param::value_input(5_000, 0))).unwrap();
        let mut operation = Operation::one(Param::value_output());
        session.invoke(TIME, &mut operation).unwrap();
        assert!((5..100).contains(&operation.value(0).0), "{memory:?} {calling:?} {:?}", operation.value(0));
    }
}

#[test]
fn callers_beyond_the_threads_wait_their_turn() {
    // Few slots: they wait for one; many: the TEE refuses them at first.
    for slots in [1, 2, 16] {
        let tee = loopback(2).connect(Options { slots: Some(slots), ..Options::default() }).unwrap();
        let callers: Vec<_> = (0..8)
            .map(|caller| {
                let tee = tee.clone();
                thread::spawn(move || {
                    for round in 0..5 {
                        let session = tee.open_public(if caller % 2 == 0 { ECHO } else { OTHER }).unwrap();
                        session.invoke(SLEEP, &mut Operation::one(Param::value_input(1, 0))).unwrap();
                        let mut operation = Operation::one(Param::value_inout(caller, round));
                        session.invoke(ADD, &mut operation).unwrap();
                        assert_eq!(operation.value(0).0, caller + round);
                        session.close().unwrap();
                    }
                })
            })
            .collect();
        callers.into_iter().for_each(|caller| caller.join().unwrap());
    }
}

#[test]
fn a_line_that_ends_leaves_nothing_behind() {
    let loopback = loopback(2);
    for (memory, calling) in ALL_LINES {
        let tee = loopback.connect(Options { memory: Some(memory), calling: Some(calling), ..Options::default() }).unwrap();
        let session = tee.open_public(ECHO).unwrap();
        let shared = tee.allocate(5000, Direction::Inout).unwrap();
        session.invoke(INVERT, &mut Operation::one(Param::whole(&shared))).unwrap();
        session.invoke(SLEEP, &mut Operation::one(Param::value_input(1, 0))).unwrap();
        drop((shared, session));
        drop(tee);
        assert_eq!(loopback.bytes_used(), 0, "{memory:?} {calling:?}");
    }
}

#[test]
fn contexts_and_sessions_go_between_threads() {
    fn sends<T: Send + Sync>() {}
    sends::<tee_client::Context<Line>>();
    sends::<tee_client::Session<Line>>();
    sends::<tee_client::SharedMemory<Line>>();
    sends::<tee_client::Cancellation<Line>>();
    let _: Arc<Loopback> = Arc::new(loopback(1));
}
