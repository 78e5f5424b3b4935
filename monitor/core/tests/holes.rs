// SPDX-License-Identifier: BSD-2-Clause
//! Holes that others had and that no other test here shows to be closed; `monitor/docs/holes.md` has the list.

mod common;

use common::Running;
use common::keys::{self, new_object, put, same, state};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tee_core::Tee;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use tee_core::testing::{FakePlatform, RAM, SECURE_PROBE};
use utee_abi::crypto::{AlgorithmId as Alg, AttributeId as Id, ObjectType, OperationMode as Mode, UteeAttribute};
use utee_abi::msg::{ATTR_META, Command, Kind, MsgHeader, MsgParam};
use utee_abi::param::{ParamType, ParamTypes, UteeParams};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const B: Uuid = Uuid::new(5, 6, 7, [8; 8]);

const BAD_PARAMETERS: u32 = TeeError::BAD_PARAMETERS.raw();
const NOT_FOUND: u32 = TeeError::ITEM_NOT_FOUND.raw();

fn boot(threads: usize) -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let images = [A, B].map(|uuid| (uuid, signed(&uuid, &elf(&uuid, TaFlags::SINGLE_INSTANCE | TaFlags::MULTI_SESSION, 16384))));
    let tee = FakePlatform::boot(&images, threads);
    let world = NormalWorld::new(Arc::clone(&tee));
    (tee, world)
}

/// OP-TEE-2018-0007 to 0009 (CVE-2019-1010296 to 1010298): a number of attributes times their size was more than 32 bits hold.
#[test]
fn numbers_of_attributes_do_not_overflow() {
    keys::run(|ta| {
        let secret = new_object(ta, ObjectType::HKDF_IKM, 256).map_err(|code| format!("{code:x}"))?;
        let attribute = UteeAttribute { a: put(ta, 8, &[7; 32]), b: 32, id: Id::HKDF_IKM };
        let list = put(ta, 23, &attribute.to_bytes());
        same(ta.syscall(S::CrypObjPopulate, &[secret.into(), list, 1]), 0)?;
        let (to, empty) = (new_object(ta, ObjectType::GENERIC_SECRET, 256), new_object(ta, ObjectType::ECDSA_KEYPAIR, 256));
        let (to, empty) = (u64::from(to.unwrap_or(0)), u64::from(empty.unwrap_or(0)));
        let derive = state(ta, Alg::HKDF_SHA256_DERIVE_KEY, Mode::Derive, [secret, 0]).map_err(|code| format!("{code:x}"))?;
        // ECDSA and DSA never look at attributes.
        let mut pair = |mode| {
            let key = keys::generate(ta, ObjectType::ED25519_KEYPAIR, 256, &[]);
            key.and_then(|key| state(ta, Alg::ED25519, mode, [key, 0])).map_err(|code| format!("{code:x}"))
        };
        let (sign, check) = (u64::from(pair(Mode::Sign)?), u64::from(pair(Mode::Verify)?));
        let (data, out, cell) = (put(ta, 10, &[1; 32]), ta.scratch(12), put(ta, 13, &64u64.to_le_bytes()));
        let derive = u64::from(derive);
        // Each of them times 24 bytes, or times the 16 or 32 of others, wraps to little, or is just one too many.
        let wraps = [17, 1 << 27, (1 << 27) + 1, 1 << 28, 1 << 29, 0x0AAA_AAAB, 0x1555_5556, 1 << 31, u32::MAX];
        for count in wraps.map(u64::from) {
            same(ta.syscall(S::CrypObjPopulate, &[empty, list, count]), BAD_PARAMETERS)?;
            same(ta.syscall(S::CrypObjGenerateKey, &[empty, 256, list, count]), BAD_PARAMETERS)?;
            same(ta.syscall(S::CrypDeriveKey, &[derive, list, count, to]), BAD_PARAMETERS)?;
            same(ta.syscall(S::AsymmOperate, &[sign, list, count, data, 32, out, cell]), BAD_PARAMETERS)?;
            same(ta.syscall(S::AsymmVerify, &[check, list, count, data, 32, out, 64]), BAD_PARAMETERS)?;
        }
        same(ta.syscall(S::AsymmOperate, &[sign, 0, 0, data, 32, out, cell]), 0)?;
        put(ta, 12, &[1; 64]);
        same(ta.syscall(S::AsymmVerify, &[check, 0, 0, data, 32, out, 64]), TeeError::SIGNATURE_INVALID.raw())?;
        // As many as are let in are still claims: the list, and what it names.
        let denied = TeeError::ACCESS_DENIED.raw();
        for list in [0, SECURE_PROBE, u64::from(u32::MAX) - 30] {
            same(ta.syscall(S::CrypObjPopulate, &[empty, list, 16]), denied)?;
        }
        for (a, b) in [(SECURE_PROBE, 32), (attribute.a, 1 << 31), (u64::from(u32::MAX), 2)] {
            let list = put(ta, 23, &UteeAttribute { a, b, id: Id::ECC_PRIVATE_VALUE }.to_bytes());
            let code = ta.syscall(S::CrypObjPopulate, &[empty, list, 1]);
            same([denied, BAD_PARAMETERS, NOT_FOUND, TeeError::BAD_STATE.raw()].contains(&code), true)?;
        }
        Ok(())
    });
}

/// OP-TEE 9e5b9cfbc: what is a TA's alone went to another TA as a parameter, since the check for it was always false.
#[test]
fn private_memory_does_not_go_to_another_ta() {
    let (tee, mut world) = boot(2);
    let entered = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&entered);
    tee.platform.scripts().set(&B, move |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            count.fetch_add(1, Ordering::SeqCst);
        }
        0
    });
    tee.platform.scripts().set(&A, |ta| {
        if ta.function() != EntryFunction::InvokeCommand {
            return 0;
        }
        let (name, cell, at, origin) = (put(ta, 0, &B.to_memory()), ta.scratch(1), ta.scratch(2), ta.scratch(3));
        assert_eq!(ta.syscall(S::OpenTaSession, &[name, u64::from(u32::MAX), 0, cell, origin]), 0);
        let session = u64::from(ta.word(cell));
        let (client, size) = (ta.params().cells[0][0], ta.params().cells[0][1]);
        let invoke = |ta: &mut Ta, kind: ParamType, address: u64, size: u64| {
            let types = ParamTypes::new([kind, ParamType::None, ParamType::None, ParamType::None]);
            let params = UteeParams { types, cells: [[address, size], [0; 2], [0; 2], [0; 2]] };
            ta.write(at, &params.to_bytes());
            let code = ta.syscall(S::InvokeTaCommand, &[session, u64::from(u32::MAX), 0, at, origin]);
            // The same at the opening of another session.
            ta.write(at, &params.to_bytes());
            let opened = ta.syscall(S::OpenTaSession, &[name, u64::from(u32::MAX), at, cell, origin]);
            assert_eq!(opened, code, "{address:x} {size}");
            code
        };
        let (stack, image) = (ta.scratch(9), ta.base());
        for kind in [ParamType::MemrefInput, ParamType::MemrefOutput, ParamType::MemrefInout] {
            // Stack, and for reading the image; from the client's memory on into what follows it, and before it.
            assert_eq!(invoke(ta, kind, stack, 16), BAD_PARAMETERS);
            assert_ne!(invoke(ta, kind, image, 16), 0);
            for (address, size) in
                [(client, size + 4096), (client - 4096, 4097), (SECURE_PROBE, 4), (u64::from(u32::MAX) - 3, 8), (client, u64::MAX)]
            {
                assert_eq!(invoke(ta, kind, address, size), TeeError::ACCESS_DENIED.raw(), "{address:x} {size}");
            }
            // Nothing, wherever it is, and what the client shares.
            assert_eq!(invoke(ta, kind, stack, 0), 0);
            assert_eq!(invoke(ta, kind, client, size), 0);
            assert_eq!(invoke(ta, kind, 0, 4), BAD_PARAMETERS);
        }
        0
    });
    let session = world.open(&A, &[]).header.session;
    let page = world.pages(1);
    let list = world.list(&[page]);
    let shared = MsgParam::new(Kind::TmemInout, [list, 4096, 0]).with(utee_abi::msg::ATTR_NONCONTIG);
    let reply = world.invoke(session, 0, &[shared]);
    assert_eq!((reply.header.ret, entered.load(Ordering::SeqCst)), (0, 6), "a check of the script failed, or B saw what it should not");
}

/// OP-TEE aa84ba4e7, and calls with the numbers of others: a session is there when it is open, for whom it was opened for.
#[test]
fn a_session_is_nobody_else_s_and_not_there_before_it_is_open() {
    let (tee, mut world) = boot(4);
    tee.platform.scripts().set(&B, |ta| if ta.function() == EntryFunction::OpenSession { ta.syscall(S::Wait, &[5]) } else { 0 });
    let [a, b] = B.words();
    let meta = |words| MsgParam::new(Kind::ValueInput, words).with(ATTR_META);
    let header = MsgHeader::request(Command::OpenSession.into(), 2);
    let opening = Running::message(&mut world, &header, &[meta([a, b, 0]), meta([0; 3])]);
    for id in 0..20 {
        assert_eq!(world.invoke(id, 0, &[]).header.ret, BAD_PARAMETERS);
        assert_eq!(world.close(id).header.ret, NOT_FOUND);
        assert_eq!(world.perform(&MsgHeader { session: id, ..MsgHeader::request(Command::Cancel.into(), 0) }, &[]).header.ret, NOT_FOUND);
    }
    assert_eq!(tee.sessions.count(), 0);
    tee.platform.advance(5);
    assert_eq!((opening.answer(&world, 0), opening.result(&world)), (0, 0));
    let open = opening.header(&world).session;

    // A TA has a session of its own with B, and tries all that there are; then the normal world tries those of the TA.
    let own = Arc::new(AtomicU32::new(0));
    let told = Arc::clone(&own);
    tee.platform.scripts().set(&B, |_| 0);
    tee.platform.scripts().set(&A, move |ta| {
        let (name, cell, origin) = (put(ta, 0, &B.to_memory()), ta.scratch(1), ta.scratch(2));
        if ta.function() == EntryFunction::OpenSession {
            assert_eq!(ta.syscall(S::OpenTaSession, &[name, u64::from(u32::MAX), 0, cell, origin]), 0);
            told.store(ta.word(cell), Ordering::SeqCst);
        }
        let own = told.load(Ordering::SeqCst);
        for id in (0..20).filter(|id| *id != own) {
            assert_eq!(ta.syscall(S::InvokeTaCommand, &[id.into(), u64::from(u32::MAX), 0, 0, origin]), BAD_PARAMETERS);
            assert_eq!(ta.syscall(S::CloseTaSession, &[id.into()]), NOT_FOUND);
        }
        ta.syscall(S::InvokeTaCommand, &[own.into(), u64::from(u32::MAX), 0, 0, origin])
    });
    let session = world.open(&A, &[]).header.session;
    let own = own.load(Ordering::SeqCst);
    assert_eq!((world.invoke(own, 0, &[]).header.ret, world.close(own).header.ret), (BAD_PARAMETERS, NOT_FOUND));
    for id in [session, open] {
        assert_eq!((world.invoke(id, 0, &[]).header.ret, world.close(id).header.ret), (0, 0));
    }
    assert_eq!(tee.sessions.count(), 0);
}

/// Slices of Rust that are empty point anywhere; NULL with a length is refused.
#[test]
fn nothing_may_stand_anywhere() {
    keys::run(|ta| {
        let key = |ta: &mut Ta, kind| -> Result<u32, String> {
            let key = new_object(ta, kind, 128).map_err(|code| format!("{code:x}"))?;
            let list = UteeAttribute { a: put(ta, 8, &[7; 16]), b: 16, id: Id::SECRET_VALUE };
            let list = put(ta, 23, &list.to_bytes());
            same(ta.syscall(S::CrypObjPopulate, &[key.into(), list, 1]), 0).map(|()| key)
        };
        let new =
            |ta: &mut Ta, algorithm, mode, key| state(ta, algorithm, mode, [key, 0]).map(u64::from).map_err(|code| format!("{code:x}"));
        let aes = [key(ta, ObjectType::AES)?, key(ta, ObjectType::AES)?, key(ta, ObjectType::AES)?];
        let digest = new(ta, Alg::SHA256, Mode::Digest, 0)?;
        let cipher = new(ta, Alg::AES_CTR, Mode::Encrypt, aes[0])?;
        let sealing = new(ta, Alg::AES_GCM, Mode::Encrypt, aes[1])?;
        let ecb = new(ta, Alg::AES_ECB_NOPAD, Mode::Encrypt, aes[2])?;
        let (iv, out) = (put(ta, 8, &[9; 16]), ta.scratch(10));
        let denied = TeeError::ACCESS_DENIED.raw();
        for nowhere in [0, 1, SECURE_PROBE, u64::from(u32::MAX)] {
            let room = |ta: &Ta, len: u64| put(ta, 13, &len.to_le_bytes());
            same(ta.syscall(S::Log, &[nowhere, 0]), 0)?;
            same(ta.syscall(S::RandomNumberGenerate, &[nowhere, 0]), 0)?;
            same(ta.syscall(S::HashInit, &[digest, nowhere, 0]), 0)?;
            same(ta.syscall(S::HashUpdate, &[digest, nowhere, 0]), 0)?;
            let cell = room(ta, 32);
            same(ta.syscall(S::HashFinal, &[digest, nowhere, 0, out, cell]), 0)?;
            same(ta.syscall(S::CipherInit, &[ecb, nowhere, 0]), 0)?;
            same(ta.syscall(S::CipherInit, &[cipher, iv, 16]), 0)?;
            for call in [S::CipherUpdate, S::CipherFinal] {
                let cell = room(ta, 0);
                same(ta.syscall(call, &[cipher, nowhere, 0, nowhere, cell]), 0)?;
            }
            same(ta.syscall(S::AuthencInit, &[sealing, iv, 12, 16, 0, 0]), 0)?;
            same(ta.syscall(S::AuthencUpdateAad, &[sealing, nowhere, 0]), 0)?;
            let cell = room(ta, 0);
            same(ta.syscall(S::AuthencUpdatePayload, &[sealing, nowhere, 0, nowhere, cell]), 0)?;
            let tag_room = put(ta, 14, &16u64.to_le_bytes());
            same(ta.syscall(S::AuthencEncFinal, &[sealing, nowhere, 0, nowhere, cell, out, tag_room]), 0)?;
            // A byte there is another matter.
            same(ta.syscall(S::RandomNumberGenerate, &[nowhere, 1]), denied)?;
            same(ta.syscall(S::HashInit, &[digest, 0, 0]), 0)?;
            let code = ta.syscall(S::HashUpdate, &[digest, nowhere, 1]);
            same([denied, BAD_PARAMETERS].contains(&code), true)?;
        }
        Ok(())
    });
}

/// An argument of a system call: a number, memory of the TA's, or a handle that it has.
#[derive(Clone, Copy, Debug)]
enum Arg {
    Number(u64),
    Slot(u64),
    Handle(usize),
}

fn arg() -> impl Strategy<Value = Arg> {
    let ids = [Alg::AES_CTR, Alg::AES_GCM, Alg::SHA256, Alg::HMAC_SHA256, Alg::ECDSA_SHA256].map(Alg::raw);
    let kinds = [ObjectType::AES, ObjectType::GENERIC_SECRET, ObjectType::ECDSA_KEYPAIR, ObjectType::HMAC_SHA256].map(ObjectType::raw);
    let known = [ids.as_slice(), &kinds].concat().into_iter().map(u64::from).collect::<Vec<_>>();
    let wild = vec![SECURE_PROBE, RAM.start, 0xFFFF_FFFF, 0xFFFF_FFF0, 0x8000_0000, u64::MAX, 1 << 32, 0x1000_0000];
    prop_oneof![
        3 => (0..34u64).prop_map(Arg::Number),
        4 => (1..24u64).prop_map(Arg::Slot),
        4 => (0..8usize).prop_map(Arg::Handle),
        1 => proptest::sample::select(known).prop_map(Arg::Number),
        1 => proptest::sample::select(wild).prop_map(Arg::Number),
        1 => prop_oneof![Just(128), Just(256), Just(1 << 20)].prop_map(Arg::Number),
    ]
}

/// A system call with what stands in the memory that it may name.
type Step = (usize, [Arg; 8], u8, u64);

/// Everything a TA holds before it goes wild: two keys, three states, a session with B.
fn prepare(ta: &mut Ta) -> Vec<u64> {
    let mut handles = Vec::new();
    for kind in [ObjectType::AES, ObjectType::AES, ObjectType::HMAC_SHA256, ObjectType::GENERIC_SECRET] {
        handles.push(new_object(ta, kind, 256).unwrap_or(0));
    }
    for (algorithm, mode, key) in
        [(Alg::AES_CTR, Mode::Encrypt, handles[0]), (Alg::HMAC_SHA256, Mode::Mac, handles[2]), (Alg::SHA256, Mode::Digest, 0)]
    {
        handles.push(state(ta, algorithm, mode, [key, 0]).unwrap_or(0));
    }
    let (name, cell, origin) = (put(ta, 0, &B.to_memory()), ta.scratch(1), ta.scratch(2));
    ta.syscall(S::OpenTaSession, &[name, u64::from(u32::MAX), 0, cell, origin]);
    handles.push(ta.word(cell));
    handles.into_iter().map(u64::from).collect()
}

fn play(ta: &mut Ta, steps: &[Step]) {
    let handles = prepare(ta);
    let calls: Vec<S> = S::ALL.iter().copied().filter(|call| !matches!(call, S::Return | S::Panic | S::Wait)).collect();
    for (call, args, fill, words) in steps {
        // UUIDs, lengths, attributes, parameters: whatever the slots mean to the call.
        for slot in 1..24 {
            let mut bytes = [*fill; 64];
            bytes[..8].copy_from_slice(&(words & 0x3F).to_le_bytes());
            bytes[8..16].copy_from_slice(&ta.scratch(slot / 2).to_le_bytes());
            bytes[16..20].copy_from_slice(&(*words as u32 | 0xC000_0000).to_le_bytes());
            ta.write(ta.scratch(slot), if slot % 5 == 0 { &bytes[8..] } else { &bytes });
        }
        put(ta, 3, &B.to_memory());
        let args = args.map(|arg| match arg {
            Arg::Number(number) => number,
            Arg::Slot(slot) => ta.scratch(slot),
            Arg::Handle(index) => handles[index],
        });
        ta.syscall(calls[call % calls.len()], &args);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// TeeDFuzzer and others found crashes of kernels so. The core answers others as before, and nothing is left of the TA.
    #[test]
    fn no_system_calls_of_a_ta_harm_the_core(
        steps in proptest::collection::vec((any::<usize>(), proptest::array::uniform8(arg()), any::<u8>(), any::<u64>()), 1..150)
    ) {
        let (tee, mut world) = boot(2);
        tee.platform.scripts().set(&B, |_| 0);
        tee.platform.scripts().set(&A, move |ta| {
            if ta.function() == EntryFunction::InvokeCommand {
                play(ta, &steps);
            }
            0
        });
        let (other, session) = (world.open(&B, &[]).header.session, world.open(&A, &[]).header.session);
        let code = world.invoke(session, 0, &[]).header.ret;
        prop_assert!(code == 0 || code == TeeError::TARGET_DEAD.raw(), "{:x}", code);
        prop_assert_eq!((world.invoke(other, 0, &[]).header.ret, world.close(session).header.ret), (0, 0));
        prop_assert_eq!((tee.sessions.count(), world.close(other).header.ret), (1, 0));
        prop_assert_eq!((tee.platform.pages_used(), tee.sessions.count(), tee.registry.usage()), (0, 0, (0, 0)));
        prop_assert!(tee.threads.all_free());
    }
}
