// SPDX-License-Identifier: BSD-2-Clause
//! Pseudo-TAs that not every machine has: the clock, and what OP-TEE's test suite asks of the core.

use std::sync::Arc;
use tee_core::Tee;
use tee_core::testing::FakePlatform;
use tee_core::testing::normal::{NormalWorld, Reply};
use utee_abi::msg::{ATTR_META, ATTR_NONCONTIG, Command, Kind, Login, MsgHeader, MsgParam};
use utee_abi::pta::{device, invoke_tests, rtc};
use utee_abi::result::{Origin, TeeError};
use utee_abi::uuid::Uuid;

fn boot() -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let tee = FakePlatform::boot(&[], 2);
    let world = NormalWorld::new(Arc::clone(&tee));
    (tee, world)
}

/// Opens a session for a client that logs in so.
fn open(world: &mut NormalWorld, uuid: &Uuid, login: Login) -> Reply {
    let [a, b] = uuid.words();
    let meta = |words| MsgParam::new(Kind::ValueInput, words).with(ATTR_META);
    world.perform(&MsgHeader::request(Command::OpenSession.into(), 2), &[meta([a, b, 0]), meta([0, 0, u64::from(u32::from(login))])])
}

fn session(world: &mut NormalWorld, uuid: &Uuid, login: Login) -> u32 {
    let reply = open(world, uuid, login);
    assert_eq!((reply.code, reply.header.ret), (0, 0));
    reply.header.session
}

fn ta(error: TeeError) -> (u32, u32) {
    (error.raw(), Origin::TrustedApp.raw())
}

fn result(reply: &Reply) -> (u32, u32) {
    assert_eq!(reply.code, 0);
    (reply.header.ret, reply.header.ret_origin)
}

/// A buffer of up to two shared pages, and where it stands.
fn buffer(world: &mut NormalWorld, kind: Kind, size: u64) -> (u64, MsgParam) {
    let page = world.pages(2);
    let list = world.list(&[page, page + 4096]);
    (page, MsgParam::new(kind, [list, size, 0]).with(ATTR_NONCONTIG))
}

fn value(kind: Kind, a: u64, b: u64) -> MsgParam {
    MsgParam::new(kind, [a, b, 0])
}

fn none() -> MsgParam {
    MsgParam::new(Kind::None, [0; 3])
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

#[test]
fn a_machine_without_a_clock_serves_none() {
    let (_, mut world) = boot();
    assert_eq!(result(&open(&mut world, &rtc::UUID, Login::ReeKernel)), (TeeError::ITEM_NOT_FOUND.raw(), Origin::Tee.raw()));
}

#[test]
fn the_kernel_reads_and_sets_the_clock() {
    let (tee, mut world) = boot();
    tee.platform.add_clock(1_234_567_890);
    assert_eq!(result(&open(&mut world, &rtc::UUID, Login::Public)), ta(TeeError::ACCESS_DENIED));
    let devices = session(&mut world, &device::UUID, Login::Public);
    let (page, list) = buffer(&mut world, Kind::TmemOutput, 64);
    let reply = world.invoke(devices, device::Command::GetDevices.into(), &[list]);
    let found = world.read(page, reply.params[0].words[1] as usize);
    assert!(found.chunks_exact(16).any(|uuid| uuid == rtc::UUID.octets()));

    let clock = session(&mut world, &rtc::UUID, Login::ReeKernel);
    let (page, info) = buffer(&mut world, Kind::TmemOutput, 72);
    assert_eq!(result(&world.invoke(clock, rtc::Command::GetInfo.into(), &[info])).0, 0);
    let wanted = [1, 0, 0, 0, 0, 0, 0, 1, 0, 1970, 4, 15, 28, 6, 7, 1, 2106, 0];
    assert_eq!(words(&world.read(page, 72)), wanted);
    let (page, time) = buffer(&mut world, Kind::TmemOutput, 28);
    assert_eq!(result(&world.invoke(clock, rtc::Command::GetTime.into(), &[time])).0, 0);
    assert_eq!(words(&world.read(page, 28)), [30, 31, 23, 13, 1, 2009, 5]);

    let set = |world: &mut NormalWorld, time: [u32; 7]| {
        let (page, param) = buffer(world, Kind::TmemInput, 28);
        world.write(page, &time.map(u32::to_le_bytes).concat());
        result(&world.invoke(clock, rtc::Command::SetTime.into(), &[param]))
    };
    assert_eq!(set(&mut world, [0, 0, 0, 29, 1, 2024, 0]).0, 0);
    let clock_of = |tee: &Tee<FakePlatform>| tee_core::ports::Platform::clock(&tee.platform).unwrap().now().unwrap();
    assert_eq!(clock_of(&tee), 1_709_164_800);
    // A day that there is not, and one that the clock cannot show.
    assert_eq!(set(&mut world, [0, 0, 0, 30, 1, 2024, 0]), ta(TeeError::BAD_PARAMETERS));
    assert_eq!(set(&mut world, [0, 0, 0, 1, 2, 2106, 0]), ta(TeeError::BAD_PARAMETERS));
    assert_eq!(clock_of(&tee), 1_709_164_800);
    for size in [27, 29, 0] {
        let (_, wrong) = buffer(&mut world, Kind::TmemOutput, size);
        assert_eq!(result(&world.invoke(clock, rtc::Command::GetTime.into(), &[wrong])), ta(TeeError::BAD_PARAMETERS));
    }
    assert_eq!(result(&world.invoke(clock, rtc::Command::ReadAlarm.into(), &[])), ta(TeeError::NOT_SUPPORTED));
    assert_eq!(result(&world.invoke(clock, 11, &[])), ta(TeeError::NOT_IMPLEMENTED));
}

fn tests(world: &mut NormalWorld) -> u32 {
    session(world, &invoke_tests::UUID, Login::Public)
}

fn run(world: &mut NormalWorld, session: u32, command: invoke_tests::Command, params: &[MsgParam]) -> Reply {
    world.invoke(session, command.into(), params)
}

#[test]
fn the_core_tests_itself() {
    let (tee, mut world) = boot();
    let session = tests(&mut world);
    use invoke_tests::Command as C;
    for (command, code) in [
        (C::Trace, 0),
        (C::SelfTests, 0),
        (C::DtDriver, 0),
        (C::FsHtree, TeeError::NOT_SUPPORTED.raw()),
        (C::Lockdep, TeeError::NOT_SUPPORTED.raw()),
        (C::TransferList, TeeError::NOT_SUPPORTED.raw()),
    ] {
        assert_eq!(result(&run(&mut world, session, command, &[])).0, code, "{command:?}: {}", tee.platform.printed());
    }
    assert!(tee.platform.printed().contains("the pseudo-TA of tests says hello"));
    assert_eq!(result(&world.invoke(session, 13, &[])), ta(TeeError::BAD_PARAMETERS));
}

#[test]
fn a_self_test_that_fails_says_which() {
    use std::sync::atomic::{AtomicBool, Ordering};
    use tee_core::crypto::rng::RESEED_AFTER;
    use tee_core::ports::EntropyKind;
    use tee_core::testing::Secrets;
    static BROKEN: AtomicBool = AtomicBool::new(false);
    let entropy = |out: &mut [u8]| {
        out.fill(0x5A);
        if BROKEN.load(Ordering::SeqCst) { Err(TeeError::GENERIC) } else { Ok(()) }
    };
    let secrets = Secrets { entropy_kind: EntropyKind::StandIn("a test"), entropy: Box::new(entropy), ..Secrets::default() };
    let tee = FakePlatform::boot_keeping(secrets, &[]).unwrap();
    let mut world = NormalWorld::new(Arc::clone(&tee));
    let session = tests(&mut world);
    assert_eq!(result(&run(&mut world, session, invoke_tests::Command::SelfTests, &[])).0, 0);
    // The generator wants to be seeded anew.
    BROKEN.store(true, Ordering::SeqCst);
    let mut drawn = vec![0; RESEED_AFTER];
    while tee.rng.fill(&tee.platform, &mut drawn).is_ok() {}
    assert_eq!(result(&run(&mut world, session, invoke_tests::Command::SelfTests, &[])), ta(TeeError::GENERIC));
    assert!(tee.platform.printed().contains("self test failed: random numbers"));
}

#[test]
fn parameters_are_added_by_their_types() {
    let (_, mut world) = boot();
    let session = tests(&mut world);
    use invoke_tests::Command::{MemrefNull, Params};
    for at in 0..4 {
        let mut params = [none(); 4];
        params[at] = value(Kind::ValueInout, 0xFFFF_FFFF, 3);
        let reply = run(&mut world, session, Params, &params);
        assert_eq!((result(&reply).0, reply.params[at].words[..2].to_vec()), (0, vec![2, 3]));

        params = [value(Kind::ValueInput, 10, 20), value(Kind::ValueInput, 1, 2), value(Kind::ValueInput, 100, 200), none()];
        params[at..].rotate_right(1);
        params[at] = MsgParam::value_out();
        let reply = run(&mut world, session, Params, &params);
        assert_eq!((result(&reply).0, reply.params[at].words[..2].to_vec()), (0, vec![111, 222]));

        let (page, memory) = buffer(&mut world, Kind::TmemInout, 5000);
        let bytes: Vec<u8> = (0..5000).map(|index| (index * 7) as u8).collect();
        world.write(page, &bytes);
        params = [none(); 4];
        params[at] = memory;
        assert_eq!(result(&run(&mut world, session, Params, &params)).0, 0);
        let sum = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        assert_eq!(world.read(page, 3), [sum, bytes[1], bytes[2]]);
    }
    let null = MsgParam::new(Kind::TmemInout, [0; 3]);
    let two = [value(Kind::ValueInput, 1, 1), value(Kind::ValueInput, 1, 1), MsgParam::value_out()];
    for params in [&[null][..], &[], &two, &[value(Kind::ValueInput, 1, 1)]] {
        assert_eq!(result(&run(&mut world, session, Params, params)), ta(TeeError::BAD_PARAMETERS));
    }
    assert_eq!(result(&run(&mut world, session, MemrefNull, &[null])).0, 0);
    let (_, memory) = buffer(&mut world, Kind::TmemInout, 4);
    assert_eq!(result(&run(&mut world, session, MemrefNull, &[memory])), ta(TeeError::BAD_PARAMETERS));
}

#[test]
fn there_is_no_secure_data_path() {
    let (_, mut world) = boot();
    let session = tests(&mut world);
    use invoke_tests::Command as C;
    let (_, from) = buffer(&mut world, Kind::TmemInput, 8);
    let (_, to) = buffer(&mut world, Kind::TmemOutput, 8);
    let (_, short) = buffer(&mut world, Kind::TmemOutput, 7);
    let (_, both) = buffer(&mut world, Kind::TmemInout, 8);
    for command in [C::CopyNsecToSecure, C::CopySecureToNsec] {
        assert_eq!(result(&run(&mut world, session, command, &[from, to])), ta(TeeError::BAD_PARAMETERS));
        let reply = run(&mut world, session, command, &[from, short]);
        assert_eq!((result(&reply), reply.params[1].words[1]), (ta(TeeError::SHORT_BUFFER), 8));
    }
    assert_eq!(result(&run(&mut world, session, C::ReadModifySecure, &[both])), ta(TeeError::BAD_PARAMETERS));
}

#[test]
fn readers_and_writers_are_counted() {
    let (_, mut world) = boot();
    let session = tests(&mut world);
    use invoke_tests::{Command, MUTEX_READER, MUTEX_WRITER};
    for who in [MUTEX_WRITER, MUTEX_READER, MUTEX_WRITER, MUTEX_READER] {
        let reply = run(&mut world, session, Command::Mutex, &[value(Kind::ValueInput, who.into(), 1000), MsgParam::value_out()]);
        assert_eq!((result(&reply).0, reply.params[1].words[..2].to_vec()), (0, vec![1, 1]));
    }
    let nobody = [value(Kind::ValueInput, 2, 1), MsgParam::value_out()];
    assert_eq!(result(&run(&mut world, session, Command::Mutex, &nobody)), ta(TeeError::BAD_PARAMETERS));
}

#[test]
fn aes_over_a_buffer_comes_back() {
    let (_, mut world) = boot();
    let session = tests(&mut world);
    use invoke_tests::{AES_DECRYPT, AesMode, Command::AesPerf};
    let plain: Vec<u8> = (0..1056).map(|index| (index * 3) as u8).collect();
    let mut texts = Vec::new();
    for mode in [AesMode::Ecb, AesMode::Cbc, AesMode::Ctr, AesMode::Xts, AesMode::Gcm] {
        for bits in [128, 256] {
            let pass = |world: &mut NormalWorld, flags: u32, unit: u64, data: &[u8]| {
                let (from, source) = buffer(world, Kind::TmemInout, data.len() as u64);
                let (to, room) = buffer(world, Kind::TmemInout, data.len() as u64 + 1);
                world.write(from, data);
                let what = value(Kind::ValueInput, u64::from(bits | flags), u64::from(u32::from(mode)));
                let reply = run(world, session, AesPerf, &[what, value(Kind::ValueInput, 1, unit), source, room]);
                assert_eq!(result(&reply).0, 0, "{mode:?} {bits}");
                world.read(to, data.len())
            };
            let cipher = pass(&mut world, 0, 1056, &plain);
            assert_eq!(pass(&mut world, AES_DECRYPT, 48, &cipher), plain, "{mode:?} {bits}");
            assert_ne!(cipher, plain);
            texts.push(cipher);
        }
    }
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 10);
    let (_, memory) = buffer(&mut world, Kind::TmemInout, 16);
    let (_, short) = buffer(&mut world, Kind::TmemInout, 15);
    for (what, how, to) in [
        ((128, 5), (1, 16), memory),
        ((264, 0), (1, 16), memory),
        ((127, 0), (1, 16), memory),
        ((128, 0), (1, 0), memory),
        ((128, 0), (1, 16), short),
    ] {
        let params = [value(Kind::ValueInput, what.0, what.1), value(Kind::ValueInput, how.0, how.1), memory, to];
        assert_eq!(result(&run(&mut world, session, AesPerf, &params)), ta(TeeError::BAD_PARAMETERS), "{what:?} {how:?}");
    }
}
