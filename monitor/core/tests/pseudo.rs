// SPDX-License-Identifier: BSD-2-Clause
//! Pseudo-TAs as the normal world and TAs see them.

mod common;

use common::Running;
use std::sync::Arc;
use tee_core::Tee;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::{NormalWorld, Reply};
use tee_core::testing::script::Ta;
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::param::{ParamType, ParamTypes};
use utee_abi::pta::{device, invoke_tests, log, rng, stats, system};
use utee_abi::result::{Origin, TeeError};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const B: Uuid = Uuid::new(5, 6, 7, [8; 8]);
const C: Uuid = Uuid::new(9, 10, 11, [12; 8]);

fn boot(tas: &[(Uuid, TaFlags)]) -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let images: Vec<_> = tas.iter().map(|(uuid, flags)| (*uuid, signed(uuid, &elf(uuid, *flags, 8192)))).collect();
    let tee = FakePlatform::boot(&images, 2);
    let world = NormalWorld::new(Arc::clone(&tee));
    (tee, world)
}

fn session(world: &mut NormalWorld, uuid: &Uuid) -> u32 {
    let reply = world.open(uuid, &[]);
    assert_eq!((reply.code, reply.header.ret), (0, 0));
    reply.header.session
}

fn result(reply: &Reply) -> (u32, u32) {
    assert_eq!(reply.code, 0);
    (reply.header.ret, reply.header.ret_origin)
}

fn ta(error: TeeError) -> (u32, u32) {
    (error.raw(), Origin::TrustedApp.raw())
}

/// A buffer of one shared page.
fn buffer(world: &mut NormalWorld, kind: Kind, size: u64) -> (u64, MsgParam) {
    let page = world.pages(1);
    let list = world.list(&[page]);
    (page, MsgParam::new(kind, [list, size, 0]).with(utee_abi::msg::ATTR_NONCONTIG))
}

fn null() -> MsgParam {
    MsgParam::new(Kind::TmemOutput, [0; 3])
}

/// What the driver does: asks for the size, then for the devices.
fn devices(world: &mut NormalWorld, command: device::Command) -> Vec<[u8; 16]> {
    let session = session(world, &device::UUID);
    let reply = world.invoke(session, command.into(), &[null()]);
    let size = reply.params[0].words[1];
    if size == 0 {
        assert_eq!(result(&reply).0, 0);
        return Vec::new();
    }
    assert_eq!(result(&reply), ta(TeeError::SHORT_BUFFER));
    let (page, param) = buffer(world, Kind::TmemOutput, size);
    let reply = world.invoke(session, command.into(), &[param]);
    assert_eq!((result(&reply).0, reply.params[0].words[1]), (0, size));
    world.read(page, size as usize).chunks_exact(16).map(|uuid| uuid.try_into().unwrap()).collect()
}

#[test]
fn devices_are_enumerated_when_what_they_need_is_there() {
    let (_, mut world) = boot(&[
        (A, TaFlags::DEVICE_ENUM | TaFlags::SINGLE_INSTANCE),
        (B, TaFlags::DEVICE_ENUM_SUPP),
        (C, TaFlags::DEVICE_ENUM_TEE_STORAGE_PRIVATE),
    ]);
    for _ in 0..2 {
        let found = devices(&mut world, device::Command::GetDevices);
        assert_eq!(found, [invoke_tests::UUID.octets(), rng::UUID.octets(), A.octets()], "though no TA was ever opened");
    }
    assert_eq!(devices(&mut world, device::Command::GetDevicesSupp), [B.octets(), C.octets()]);
    assert!(devices(&mut world, device::Command::GetDevicesRpmb).is_empty());
}

#[test]
fn a_forged_ta_is_no_device() {
    let mut forged = signed(&B, &elf(&B, TaFlags::DEVICE_ENUM, 8192));
    *forged.last_mut().unwrap() ^= 1;
    let good = signed(&A, &elf(&A, TaFlags::DEVICE_ENUM, 8192));
    let mut world = NormalWorld::new(FakePlatform::boot(&[(B, forged), (A, good)], 2));
    let found = devices(&mut world, device::Command::GetDevices);
    assert_eq!(found, [invoke_tests::UUID.octets(), rng::UUID.octets(), A.octets()]);
}

#[test]
fn random_numbers_come_with_their_rate_and_quality() {
    let (_, mut world) = boot(&[]);
    let session = session(&mut world, &rng::UUID);
    let info = world.invoke(session, rng::Command::GetInfo.into(), &[MsgParam::value_out()]);
    let [rate, quality, _] = info.params[0].words;
    assert_eq!(result(&info).0, 0);
    assert!(rate > 0 && quality == 1, "the fake platform's entropy is a stand-in");
    let mut seen = Vec::new();
    for size in [0, 1, 300, 4096] {
        let (page, param) = buffer(&mut world, Kind::TmemInout, size);
        let reply = world.invoke(session, rng::Command::GetEntropy.into(), &[param]);
        assert_eq!((result(&reply).0, reply.params[0].words[1]), (0, size));
        let bytes = world.read(page, 4096);
        assert!(bytes[size as usize..].iter().all(|byte| *byte == 0), "nothing behind the buffer");
        if size >= 300 {
            assert!(bytes[..300].iter().filter(|byte| **byte == 0).count() < 20);
            assert!(!seen.contains(&bytes[..300].to_vec()));
            seen.push(bytes[..300].to_vec());
        }
    }
    let (_, wrong) = buffer(&mut world, Kind::TmemOutput, 16);
    let null = MsgParam::new(Kind::TmemInout, [0; 3]);
    for params in [&[wrong][..], &[null], &[MsgParam::value_out()], &[]] {
        assert_eq!(result(&world.invoke(session, rng::Command::GetEntropy.into(), params)), ta(TeeError::BAD_PARAMETERS));
    }
    assert_eq!(result(&world.invoke(session, 2, &[])), ta(TeeError::NOT_IMPLEMENTED));
}

#[test]
fn more_random_numbers_than_are_given_at_a_time_come_in_part() {
    let (_, mut world) = boot(&[]);
    let session = session(&mut world, &rng::UUID);
    let pages = [world.pages(1), world.pages(1)];
    let list = world.list(&pages);
    let param = MsgParam::new(Kind::TmemInout, [list, 8192, 0]).with(utee_abi::msg::ATTR_NONCONTIG);
    let reply = world.invoke(session, rng::Command::GetEntropy.into(), &[param]);
    assert_eq!((result(&reply).0, reply.params[0].words[1]), (0, 4096));
    assert_eq!(world.read(pages[1], 4096), [0; 4096]);
}

/// Reads the log; text, next position, lost bytes.
fn read(world: &mut NormalWorld, session: u32, [low, high]: [u64; 2], room: u64) -> (String, [u64; 2], u64) {
    let (page, out) = buffer(world, Kind::TmemOutput, room);
    let position = MsgParam::new(Kind::ValueInout, [low, high, 0]);
    let reply = world.invoke(session, log::Command::Read.into(), &[position, out, MsgParam::value_out()]);
    assert_eq!(result(&reply).0, 0);
    let text = String::from_utf8(world.read(page, reply.params[1].words[1] as usize)).unwrap();
    let [low, high, _] = reply.params[0].words;
    (text, [low, high], reply.params[2].words[0])
}

#[test]
fn the_log_is_followed_by_position_and_crash_dumps_are_not_in_it() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())]);
    tee.platform.scripts().set(&A, |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            match ta.command() {
                9 => drop(ta.syscall(Syscall::Panic, &[0xBAD, 0])),
                command => {
                    let text = format!("line {command}\n");
                    let at = ta.scratch(0);
                    ta.write(at, text.as_bytes());
                    ta.syscall(Syscall::Log, &[at, text.len() as u64]);
                }
            }
        }
        0
    });
    let follower = session(&mut world, &log::UUID);
    let speaker = session(&mut world, &A);
    let end = log::END.map(u64::from);
    let (text, mut position, _) = read(&mut world, follower, end, 4096);
    assert_eq!(text, "");
    for command in [1, 2] {
        assert_eq!(result(&world.invoke(speaker, command, &[])).0, 0);
    }
    let mut all = String::new();
    loop {
        let (text, next, lost) = read(&mut world, follower, position, 30);
        assert_eq!(lost, 0);
        if text.is_empty() {
            break;
        }
        (all, position) = (all + &text, next);
    }
    assert_eq!(all, format!("[ta {A}] line 1\n[ta {A}] line 2\n"));
    assert_eq!(result(&world.invoke(speaker, 9, &[])).0, TeeError::TARGET_DEAD.raw());
    assert!(tee.platform.printed().contains("dump: reg"));
    let (text, ..) = read(&mut world, follower, position, 4096);
    assert_eq!(text, format!("E core: ta {A} is dead\n"));
}

#[test]
fn a_log_reader_that_is_too_slow_learns_how_much_it_missed() {
    let (tee, mut world) = boot(&[]);
    let follower = session(&mut world, &log::UUID);
    let line = "x".repeat(99);
    let start = read(&mut world, follower, [0; 2], 0).1;
    for _ in 0..400 {
        tee_core::log!(&tee.platform, "{line}");
    }
    let (text, next, lost) = read(&mut world, follower, start, 4096);
    assert_eq!((text.len(), lost), (4096, 400 * 100 - 16 * 1024));
    assert_eq!(next[0], start[0] + lost + 4096);
}

#[test]
fn malformed_reads_of_the_log_are_refused() {
    let (_, mut world) = boot(&[]);
    let session = session(&mut world, &log::UUID);
    let (_, out) = buffer(&mut world, Kind::TmemOutput, 64);
    let (_, wrong) = buffer(&mut world, Kind::TmemInout, 64);
    let (at, lost) = (MsgParam::new(Kind::ValueInout, [0; 3]), MsgParam::value_out());
    let huge = MsgParam::new(Kind::ValueInout, [1 << 32, 0, 0]);
    for params in [
        &[at, out][..],
        &[at, wrong, lost],
        &[at, null(), lost],
        &[huge, out, lost],
        &[MsgParam::value_out(), out, lost],
        &[at, out, lost, at],
    ] {
        assert_eq!(result(&world.invoke(session, log::Command::Read.into(), params)), ta(TeeError::BAD_PARAMETERS));
    }
    assert_eq!(result(&world.invoke(session, 1, &[at, out, lost])), ta(TeeError::NOT_IMPLEMENTED));
}

#[test]
fn who_may_call_is_checked() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())]);
    tee.platform.scripts().set(&A, |ta| {
        if ta.function() != EntryFunction::InvokeCommand {
            return 0;
        }
        let uuid = if ta.command() == 0 { log::UUID } else { system::UUID };
        let (name, session, origin) = (ta.scratch(0), ta.scratch(1), ta.scratch(2));
        ta.write(name, &uuid.to_memory());
        ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, session, origin])
    });
    let own = session(&mut world, &A);
    assert_eq!(result(&world.invoke(own, 0, &[])), ta(TeeError::ACCESS_DENIED), "no TA reads the log");
    assert_eq!(result(&world.invoke(own, 1, &[])).0, 0);
    assert_eq!(result(&world.open(&system::UUID, &[])), ta(TeeError::ACCESS_DENIED));
}

/// The records that a command of the statistics answers with, after asking for their size as clients do.
fn records(world: &mut NormalWorld, session: u32, command: stats::Command, first: &[MsgParam]) -> Vec<u8> {
    let with = |memref| [first, &[memref]].concat();
    let at = first.len();
    let reply = world.invoke(session, command.into(), &with(null()));
    let size = reply.params[at].words[1];
    if size == 0 {
        assert_eq!(result(&reply).0, 0);
        return Vec::new();
    }
    assert_eq!(result(&reply), ta(TeeError::SHORT_BUFFER));
    let (_, short) = buffer(world, Kind::TmemOutput, size - 1);
    assert_eq!(result(&world.invoke(session, command.into(), &with(short))), ta(TeeError::SHORT_BUFFER));
    let (page, param) = buffer(world, Kind::TmemOutput, 4096);
    let reply = world.invoke(session, command.into(), &with(param));
    assert_eq!((result(&reply).0, reply.params[at].words[1]), (0, size));
    world.read(page, size as usize)
}

fn all_loaded(world: &mut NormalWorld, session: u32) -> Vec<stats::TaRecord> {
    let bytes = records(world, session, stats::Command::Ta, &[]);
    bytes.chunks_exact(stats::TaRecord::SIZE).map(|record| stats::TaRecord::from_bytes(record).unwrap()).collect()
}

fn loaded(world: &mut NormalWorld, session: u32) -> Vec<(Uuid, u32, u32)> {
    all_loaded(world, session).iter().map(|ta| (ta.uuid, ta.panicked, ta.sessions)).collect()
}

/// A TA that tells of its heap: what it says begins with `first`.
fn telling(first: u64) -> impl Fn(&mut Ta) -> u32 {
    move |ta| {
        if ta.function() == EntryFunction::DumpMemStats {
            let value = ParamType::ValueOutput;
            assert_eq!(ta.params().types, ParamTypes::new([value, value, value, ParamType::None]));
            assert_eq!((ta.params().cells, ta.command()), ([[0; 2]; 4], 0));
            for (number, cell) in (0..6).enumerate() {
                ta.set_cell(cell / 2, cell % 2, first + number as u64);
            }
        }
        0
    }
}

#[test]
fn statistics_tell_what_each_idle_ta_says_of_its_heap() {
    let keep = TaFlags::SINGLE_INSTANCE | TaFlags::INSTANCE_KEEP_ALIVE;
    let (tee, mut world) = boot(&[(A, TaFlags::empty()), (B, keep), (C, TaFlags::empty())]);
    tee.platform.scripts().set(&A, telling(1 << 32));
    tee.platform.scripts().set(&B, telling(10));
    // As a TA that was built without these numbers.
    tee.platform.scripts().set(&C, |ta| match ta.function() {
        EntryFunction::DumpMemStats => {
            ta.set_cell(0, 0, 77);
            TeeError::NOT_SUPPORTED.raw()
        }
        _ => 0,
    });
    let statistics = session(&mut world, &stats::UUID);
    let sessions = [A, B, C].map(|uuid| session(&mut world, &uuid));
    world.close(sessions[1]);
    let heaps: Vec<_> = all_loaded(&mut world, statistics).iter().map(|ta| ta.heap).collect();
    let told = stats::AllocRecord {
        allocated: 10,
        max_allocated: 11,
        size: 12,
        failures: 13,
        largest_failure: 14,
        allocated_at_failure: 15,
        ..stats::AllocRecord::default()
    };
    let most = u32::MAX;
    let more = stats::AllocRecord {
        allocated: most,
        max_allocated: most,
        size: most,
        failures: most,
        largest_failure: most,
        allocated_at_failure: most,
        ..told
    };
    assert_eq!(heaps, [more, told, stats::AllocRecord::default()], "more than fits is the most that fits");
    for session in [sessions[0], sessions[2]] {
        world.close(session);
    }
    assert_eq!(all_loaded(&mut world, statistics).len(), 1);
}

#[test]
fn a_ta_that_panics_or_loops_when_asked_of_its_heap_dies_alone() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty()), (B, TaFlags::empty()), (C, TaFlags::empty())]);
    let clock = Arc::clone(&tee);
    tee.platform.scripts().set(&A, |ta| if ta.function() == EntryFunction::DumpMemStats { ta.syscall(Syscall::Panic, &[1, 0]) } else { 0 });
    tee.platform.scripts().set(&B, move |ta| {
        while ta.function() == EntryFunction::DumpMemStats {
            clock.platform.advance(100);
            ta.secure_interrupt();
        }
        0
    });
    tee.platform.scripts().set(&C, telling(10));
    let statistics = session(&mut world, &stats::UUID);
    let sessions = [A, B, C].map(|uuid| session(&mut world, &uuid));
    let found = all_loaded(&mut world, statistics);
    let seen: Vec<_> = found.iter().map(|ta| (ta.uuid, ta.panicked, ta.heap.allocated)).collect();
    assert_eq!(seen, [(A, 1, 0), (B, 1, 0), (C, 0, 10)]);
    assert_eq!(loaded(&mut world, statistics), [(C, 0, 1)], "the dead are not kept");
    for session in &sessions[..2] {
        assert_eq!(result(&world.invoke(*session, 0, &[])), (TeeError::TARGET_DEAD.raw(), Origin::Tee.raw()));
    }
    assert_eq!(result(&world.invoke(sessions[2], 0, &[])).0, 0);
}

#[test]
fn nobody_waits_for_a_ta_that_runs_to_hear_of_its_heap() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty()), (B, TaFlags::SINGLE_INSTANCE | TaFlags::MULTI_SESSION)]);
    tee.platform.scripts().set(&A, |ta| match ta.function() {
        EntryFunction::InvokeCommand => ta.syscall(Syscall::Wait, &[5]),
        _ => telling(10)(ta),
    });
    // It opens a session with A while it is asked, and leaves it open.
    tee.platform.scripts().set(&B, |ta| {
        if ta.function() == EntryFunction::DumpMemStats {
            let (name, session, origin) = (ta.scratch(0), ta.scratch(1), ta.scratch(2));
            ta.write(name, &A.to_memory());
            assert_eq!(ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, session, origin]), 0);
        }
        0
    });
    let statistics = session(&mut world, &stats::UUID);
    let waits = session(&mut world, &A);
    let call = Running::start(&mut world, waits, 0);
    let other = session(&mut world, &B);
    let seen: Vec<_> = all_loaded(&mut world, statistics).iter().map(|ta| (ta.uuid, ta.sessions, ta.heap.allocated)).collect();
    assert_eq!(seen, [(A, 1, 0), (B, 1, 0)], "no more than there was room for");
    tee.platform.advance(10);
    assert_eq!(call.answer(&world, 0), 0);
    let seen: Vec<_> = loaded(&mut world, statistics);
    assert_eq!(seen, [(A, 0, 1), (B, 0, 1), (A, 0, 1)]);
    // What it left open ends with it.
    for session in [other, waits] {
        world.close(session);
    }
    assert_eq!(loaded(&mut world, statistics), []);
}

#[test]
fn statistics_tell_which_tas_are_loaded() {
    let keep = TaFlags::SINGLE_INSTANCE | TaFlags::INSTANCE_KEEP_ALIVE | TaFlags::INSTANCE_KEEP_CRASHED;
    let (tee, mut world) = boot(&[(A, TaFlags::SINGLE_INSTANCE | TaFlags::MULTI_SESSION), (B, keep)]);
    tee.platform.scripts().set(&A, |_| 0);
    tee.platform.scripts().set(&B, |ta| if ta.command() == 1 { ta.syscall(Syscall::Panic, &[1, 0]) } else { 0 });
    let statistics = session(&mut world, &stats::UUID);
    assert_eq!(loaded(&mut world, statistics), []);
    let sessions = [A, A, B].map(|uuid| session(&mut world, &uuid));
    assert_eq!(loaded(&mut world, statistics), [(A, 0, 2), (B, 0, 1)]);
    world.invoke(sessions[2], 1, &[]);
    assert_eq!(loaded(&mut world, statistics), [(A, 0, 2), (B, 1, 1)], "the dead one is kept, as its flags say");
    for session in sessions {
        world.close(session);
    }
    assert_eq!(loaded(&mut world, statistics), [(B, 1, 0)]);
}

#[test]
fn statistics_tell_of_the_pools() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())]);
    tee.platform.scripts().set(&A, |_| 0);
    let statistics = session(&mut world, &stats::UUID);
    let pools = |world: &mut NormalWorld, pool: u32| {
        let bytes = records(world, statistics, stats::Command::Alloc, &[MsgParam::value_in(u64::from(pool), 0, 0)]);
        bytes.chunks_exact(stats::AllocRecord::SIZE).map(|record| stats::AllocRecord::from_bytes(record).unwrap()).collect::<Vec<_>>()
    };
    let all = pools(&mut world, stats::POOL_ALL);
    assert_eq!(all.len() as u32, stats::POOLS);
    let ram = pools(&mut world, stats::POOL_TA_RAM);
    assert_eq!(ram, all[2..3]);
    assert!(ram[0].name.starts_with(b"Secure DDR\0") && all[0].name.starts_with(b"Heap\0") && all[1] == stats::AllocRecord::default());
    assert_eq!((ram[0].allocated, ram[0].size), (0, 4 << 20));
    let session = session(&mut world, &A);
    let used = pools(&mut world, stats::POOL_TA_RAM)[0].allocated;
    assert_eq!(used as usize, tee.platform.pages_used() * 4096);
    assert!(used > 0);
    world.close(session);
    assert_eq!(pools(&mut world, stats::POOL_TA_RAM), ram);
    let none = world.invoke(statistics, stats::Command::Alloc.into(), &[MsgParam::value_in(6, 0, 0), null()]);
    assert_eq!(result(&none), ta(TeeError::BAD_PARAMETERS));
}

#[test]
fn statistics_tell_both_times_and_nothing_of_what_is_not_there() {
    let (tee, mut world) = boot(&[]);
    let statistics = session(&mut world, &stats::UUID);
    world.supplicant = Box::new(|_, _, params| {
        params[0] = MsgParam::new(Kind::ValueOutput, [1_700_000_000, 5_999_999, 0]);
        0
    });
    tee.platform.advance(12_345);
    let out = MsgParam::value_out();
    let reply = world.invoke(statistics, stats::Command::Time.into(), &[out, out]);
    let times = [reply.params[0].words, reply.params[1].words];
    assert_eq!((result(&reply).0, times), (0, [[1_700_000_000, 5, 0], [12, 346, 0]]));
    let pager = world.invoke(statistics, stats::Command::Pager.into(), &[out; 3]);
    assert_eq!((result(&pager).0, pager.params.iter().all(|param| param.words[..2] == [0, 0])), (0, true));
    assert_eq!(result(&world.invoke(statistics, stats::Command::MemLeak.into(), &[])).0, 0);
    assert!(tee.platform.printed().contains("memory of TAs: 0 of 4194304 bytes in use"));
    for (kind, name) in [(0, "clocks"), (1, "regulators")] {
        assert_eq!(result(&world.invoke(statistics, stats::Command::Driver.into(), &[MsgParam::value_in(kind, 0, 0)])).0, 0);
        assert!(tee.platform.printed().contains(&format!("the TEE drives no {name}")));
    }
    for (command, params) in [
        (stats::Command::Pager, &[out; 2][..]),
        (stats::Command::MemLeak, &[out]),
        (stats::Command::Driver, &[MsgParam::value_in(2, 0, 0)]),
    ] {
        assert_eq!(result(&world.invoke(statistics, command.into(), params)), ta(TeeError::BAD_PARAMETERS));
    }
    assert_eq!(result(&world.invoke(statistics, 6, &[])), ta(TeeError::NOT_IMPLEMENTED));
    assert_eq!(result(&world.invoke(statistics, stats::Command::Time.into(), &[out])), ta(TeeError::BAD_PARAMETERS));
}
