// SPDX-License-Identifier: BSD-2-Clause
//! Pseudo-TAs beside those that each machine has: the clock, attestation, and what OP-TEE's test suite asks of the core.

use sha2::{Digest, Sha256};
use std::sync::Arc;
use tee_core::Tee;
use tee_core::crypto::algorithms::numbers::Aid;
use tee_core::crypto::algorithms::rsa;
use tee_core::ports::{EntropyKind, HardwareKey, KeyState};
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::{NormalWorld, Reply};
use tee_core::testing::{FakePlatform, RESERVED, Secrets};
use utee_abi::crypto::Algorithm;
use utee_abi::msg::{ATTR_META, ATTR_NONCONTIG, Command, Kind, Login, MsgHeader, MsgParam};
use utee_abi::pta::{attestation, device, invoke_tests, rtc};
use utee_abi::result::{Origin, TeeError};
use utee_abi::rpc::{FsCommand, RpcCommand};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TaFlags};
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
        (C::FsHtree, 0),
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

/// Verifies with what the public key says, and gives the digest.
fn verified(world: &mut NormalWorld, session: u32, nonce: &[u8], quote: &[u8]) -> Vec<u8> {
    struct Nothing;
    impl Aid for Nothing {
        fn random(&mut self, _out: &mut [u8]) -> Result<(), TeeError> {
            Err(TeeError::BAD_STATE)
        }

        fn go_on(&mut self) -> Result<(), TeeError> {
            Ok(())
        }
    }
    let (exponent, modulus) = public_key(world, session);
    let (digest, signature) = quote.split_at(32);
    let signed = Sha256::digest([nonce, digest].concat());
    let key = rsa::Public::new(&modulus, &exponent).unwrap();
    let how = rsa::Use::SignPss(Algorithm::Sha256);
    key.verify(how, &signed, signature, 32, &mut Nothing).unwrap();
    let other = Sha256::digest([nonce, b"!", digest].concat());
    assert!(key.verify(how, &other, signature, 32, &mut Nothing).is_err());
    digest.to_vec()
}

fn public_key(world: &mut NormalWorld, session: u32) -> (Vec<u8>, Vec<u8>) {
    let (first, exponent) = buffer(world, Kind::TmemOutput, 3);
    let (second, modulus) = buffer(world, Kind::TmemOutput, 400);
    let reply = world.invoke(session, attestation::Command::GetPubkey.into(), &[exponent, modulus, MsgParam::value_out()]);
    let sizes = [0, 1].map(|index| reply.params[index].words[1]);
    assert_eq!((result(&reply).0, sizes, reply.params[2].words[0]), (0, [3, 384], 0x7041_4930));
    (world.read(first, 3), world.read(second, 384))
}

const QUOTE: u64 = 32 + 384;

#[test]
fn what_runs_here_is_signed() {
    use attestation::Command as C;
    let a = Uuid::new(1, 2, 3, [4; 8]);
    let image = signed(&a, &elf(&a, TaFlags::empty(), 8192));
    let boot = |key: u8| {
        let secrets = Secrets { key: Ok(HardwareKey::new([key; 16], KeyState::Device)), ..Secrets::default() };
        FakePlatform::boot_keeping(secrets, &[(a, image.clone())]).unwrap()
    };
    let tee = boot(7);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    let session = session(&mut world, &attestation::UUID, Login::Public);
    let key = public_key(&mut world, session);
    let (_, none) = buffer(&mut world, Kind::TmemOutput, 0);
    let reply = world.invoke(session, C::GetPubkey.into(), &[none, none, MsgParam::value_out()]);
    assert_eq!((result(&reply), [0, 1].map(|index| reply.params[index].words[1])), (ta(TeeError::SHORT_BUFFER), [3, 384]));

    // The TEE, and a TA that is not loaded.
    let (at, nonce) = buffer(&mut world, Kind::TmemInput, 1000);
    world.write(at, &[0xA5; 1000]);
    let (to, out) = buffer(&mut world, Kind::TmemOutput, QUOTE);
    assert_eq!(result(&world.invoke(session, C::HashTeeMemory.into(), &[nonce, out])).0, 0);
    let quote = world.read(to, QUOTE as usize);
    let digest = verified(&mut world, session, &[0xA5; 1000], &quote);
    assert_eq!(digest, Sha256::digest(b"the code of the TEEits constants").to_vec());
    let (name, uuid) = buffer(&mut world, Kind::TmemInput, 16);
    world.write(name, &a.to_memory());
    assert_eq!(result(&world.invoke(session, C::GetTaShdrDigest.into(), &[uuid, nonce, out])).0, 0);
    let quote = world.read(to, QUOTE as usize);
    // The digest stands behind the header of 20 bytes of what is signed.
    assert_eq!(verified(&mut world, session, &[0xA5; 1000], &quote), image[20..52]);

    // What may not be asked, or not so.
    world.write(name, &Uuid::new(9, 9, 9, [9; 8]).to_memory());
    assert_eq!(result(&world.invoke(session, C::GetTaShdrDigest.into(), &[uuid, nonce, out])), ta(TeeError::ITEM_NOT_FOUND));
    assert_eq!(result(&world.invoke(session, C::HashTaMemory.into(), &[nonce, out])), ta(TeeError::ACCESS_DENIED));
    let (_, short) = buffer(&mut world, Kind::TmemOutput, QUOTE - 1);
    let reply = world.invoke(session, C::HashTeeMemory.into(), &[nonce, short]);
    assert_eq!((result(&reply), reply.params[1].words[1]), (ta(TeeError::SHORT_BUFFER), QUOTE));
    let (_, empty) = buffer(&mut world, Kind::TmemInput, 0);
    for params in [&[empty, out][..], &[out, out], &[nonce], &[nonce, out, out]] {
        assert_eq!(result(&world.invoke(session, C::HashTeeMemory.into(), params)), ta(TeeError::BAD_PARAMETERS));
    }
    assert_eq!(result(&world.invoke(session, 4, &[])), ta(TeeError::NOT_IMPLEMENTED));

    // A TA of itself: the same wherever it is loaded.
    let first = of_itself(&tee, &mut world, &a);
    let second = of_itself(&tee, &mut world, &a);
    assert_ne!(first.0, second.0, "the salt is random");
    let digests = [first, second].map(|(quote, base)| (verified(&mut world, session, b"nonce", &quote), base));
    assert_eq!(digests[0].0, digests[1].0);
    assert_ne!(digests[0].1, digests[1].1, "loaded at another address");

    // The key is that of the device.
    let mut other = NormalWorld::new(boot(8));
    let different = self::session(&mut other, &attestation::UUID, Login::Public);
    assert_ne!(public_key(&mut other, different), key);
    assert_eq!(kept(&|| boot(7), &|| boot(8)), key);
}

/// The key with a normal world that keeps its file, however it changes that; and whether it is made anew for each.
fn kept(own: &dyn Fn() -> Arc<Tee<FakePlatform>>, others: &dyn Fn() -> Arc<Tee<FakePlatform>>) -> (Vec<u8>, Vec<u8>) {
    let disk: Arc<std::sync::Mutex<Disk>> = Arc::default();
    let ask = |tee: Arc<Tee<FakePlatform>>| {
        let mut world = NormalWorld::new(tee);
        let served = Arc::clone(&disk);
        world.supplicant = Box::new(move |platform, command, params| served.lock().unwrap().serve(platform, command, params));
        let session = session(&mut world, &attestation::UUID, Login::Public);
        let key = public_key(&mut world, session);
        (key, std::mem::take(&mut disk.lock().unwrap().written))
    };
    let (key, written) = ask(own());
    assert_eq!(written, 1);
    assert_eq!(ask(own()), (key.clone(), 0), "it is read, not made");
    let content = disk.lock().unwrap().file.clone().unwrap();
    // Nothing of the key is to be seen: its modulus would be the first that is.
    assert!(!content.windows(16).any(|part| part == &key.1[..16]));
    let mut changed = content.clone();
    changed[500] ^= 1;
    disk.lock().unwrap().file = Some(changed);
    assert_eq!(ask(own()), (key.clone(), 1), "what was changed is not believed");
    disk.lock().unwrap().file = Some(vec![7; 20]);
    assert_eq!(ask(own()).1, 1);
    // The file of another machine.
    let (_, written) = ask(others());
    assert_eq!(written, 1);
    key
}

/// A normal world that keeps one file, and the one that is to replace it.
#[derive(Default)]
struct Disk {
    file: Option<Vec<u8>>,
    new: Vec<u8>,
    written: usize,
}

impl Disk {
    fn serve(&mut self, platform: &FakePlatform, command: RpcCommand, params: &mut [MsgParam]) -> u32 {
        use tee_core::ports::Platform;
        match command {
            RpcCommand::ShmAlloc => params[0] = MsgParam::new(Kind::TmemOutput, [RESERVED.start, params[0].words[1], 1]),
            RpcCommand::Fs => match (FsCommand::try_from(params[0].words[0] as u32).unwrap(), &self.file) {
                (FsCommand::Open, None) => return TeeError::ITEM_NOT_FOUND.raw(),
                (FsCommand::Read, Some(file)) => {
                    assert!(platform.normal_write(params[1].words[0], file));
                    params[1].words[1] = file.len() as u64;
                }
                (FsCommand::Write, _) => {
                    self.new = vec![0; params[1].words[1] as usize];
                    assert!(platform.normal_read(params[1].words[0], &mut self.new));
                }
                (FsCommand::Rename, _) => {
                    self.file = Some(std::mem::take(&mut self.new));
                    self.written += 1;
                }
                _ => {}
            },
            _ => {}
        }
        0
    }
}

/// What a TA gets for its own memory, and where it was loaded.
fn of_itself(tee: &Tee<FakePlatform>, world: &mut NormalWorld, a: &Uuid) -> (Vec<u8>, u64) {
    use utee_abi::param::{ParamType, ParamTypes};
    let given = Arc::new(std::sync::Mutex::new((Vec::new(), 0)));
    let give = Arc::clone(&given);
    tee.platform.scripts().set(a, move |ta| {
        if ta.function() != EntryFunction::InvokeCommand {
            return 0;
        }
        let [name, session, origin, params, nonce] = [0, 1, 2, 3, 4].map(|slot| ta.scratch(slot));
        let out = ta.scratch(8);
        ta.write(name, &attestation::UUID.to_memory());
        ta.write(nonce, b"nonce");
        let code = ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, session, origin]);
        if code != 0 {
            return code;
        }
        let types = ParamTypes::new([ParamType::MemrefInput, ParamType::MemrefOutput, ParamType::None, ParamType::None]);
        let cells = [u64::from(types.word()), nonce, 5, out, QUOTE, 0, 0, 0, 0];
        ta.write(params, &cells.map(u64::to_le_bytes).concat());
        let (command, session) = (u32::from(attestation::Command::HashTaMemory), ta.word(session));
        let code = ta.syscall(Syscall::InvokeTaCommand, &[u64::from(session), 0xFFFF_FFFF, u64::from(command), params, origin]);
        let mut quote = vec![0; QUOTE as usize];
        ta.read(out, &mut quote);
        *give.lock().unwrap() = (quote, ta.base());
        code
    });
    let session = session(world, a, Login::Public);
    assert_eq!(result(&world.invoke(session, 0, &[])).0, 0);
    world.close(session);
    Arc::try_unwrap(given).map_or_else(|given| given.lock().unwrap().clone(), |given| given.into_inner().unwrap())
}

#[test]
fn a_product_without_a_key_of_its_own_signs_nothing() {
    let secrets = Secrets { product: true, ..Secrets::default() };
    // The stand-in for entropy is refused at boot by a product as well: it has a generator here.
    let noise = tee_core::ports::Noise::new("a test", 1, 1000).unwrap();
    let mut state = 1u32;
    let entropy = move |out: &mut [u8]| {
        out.fill_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        Ok(())
    };
    let secrets = Secrets { entropy_kind: EntropyKind::Hardware(noise), entropy: Box::new(entropy), ..secrets };
    let mut world = NormalWorld::new(FakePlatform::boot_keeping(secrets, &[]).unwrap());
    let session = session(&mut world, &attestation::UUID, Login::Public);
    let (_, out) = buffer(&mut world, Kind::TmemOutput, 400);
    let reply = world.invoke(session, attestation::Command::GetPubkey.into(), &[out, out, MsgParam::value_out()]);
    assert_eq!(result(&reply), ta(TeeError::SECURITY));
}
