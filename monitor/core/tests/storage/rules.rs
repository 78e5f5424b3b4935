// SPDX-License-Identifier: BSD-2-Clause
//! The rules of the calls, as TAs see them, on every backend.

use crate::calls::{Calls, META, MOST, OVERWRITE, READ, Result, SHARE, WRITE};
use crate::disk::{Shared, boot};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use utee_abi::crypto::{HandleFlags, KeyUsage, ObjectType};
use utee_abi::result::TeeError;
use utee_abi::storage::{StorageId, Whence};
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

pub(crate) const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
pub(crate) const B: Uuid = Uuid::new(1, 2, 3, [5; 8]);

const CONFLICT: TeeError = TeeError::ACCESS_CONFLICT;
const MISSING: TeeError = TeeError::ITEM_NOT_FOUND;
const WRONG: TeeError = TeeError::BAD_PARAMETERS;

/// A step of a TA: what does not hold.
pub(crate) type Step = fn(&mut Calls<'_>) -> std::result::Result<(), String>;

macro_rules! check {
    ($left:expr, $right:expr) => {
        same(line!(), $left, $right)?
    };
}

fn same<T: PartialEq + Debug>(line: u32, seen: T, wanted: T) -> std::result::Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(format!("line {line}: {seen:?} is not {wanted:?}")) }
}

/// Images by UUID.
type Tas = Vec<(Uuid, Vec<u8>)>;

pub(crate) fn tas(flags: TaFlags) -> Tas {
    // Signing takes longer than most tests.
    static SIGNED: Mutex<Vec<(TaFlags, Tas)>> = Mutex::new(Vec::new());
    let mut all = SIGNED.lock().unwrap();
    if let Some((_, tas)) = all.iter().find(|(other, _)| *other == flags) {
        return tas.clone();
    }
    let tas = [A, B].map(|uuid| (uuid, signed(&uuid, &elf(&uuid, flags, 16384)))).to_vec();
    all.push((flags, tas.clone()));
    tas
}

/// Has a TA take steps, one an invocation, in one session; a step may end the TA.
pub(crate) fn act(world: &mut NormalWorld, uuid: Uuid, steps: &'static [Step]) {
    let failed = Arc::new(Mutex::new(Ok(())));
    let failure = Arc::clone(&failed);
    world.tee.platform.scripts().set(&uuid, move |ta| {
        if ta.function() != EntryFunction::InvokeCommand {
            return 0;
        }
        let step = steps[ta.command() as usize];
        if let Err(text) = step(&mut Calls(ta)) {
            *failure.lock().unwrap() = Err(text);
        }
        0
    });
    let opened = world.open(&uuid, &[]);
    assert_eq!(opened.header.ret, 0);
    for step in 0..steps.len() {
        let reply = world.invoke(opened.header.session, step as u32, &[]);
        assert_eq!(failed.lock().unwrap().clone(), Ok(()));
        assert!([0, TeeError::TARGET_DEAD.raw()].contains(&reply.header.ret), "{:x}", reply.header.ret);
    }
    assert_eq!(world.close(opened.header.session).header.ret, 0);
}

/// Lets a TA take steps on every backend.
fn on_every_backend(steps: &'static [Step]) {
    let disk = Shared::default();
    for disk in [None, Some(&disk)] {
        act(&mut boot(disk, &tas(TaFlags::empty())), A, steps);
    }
    assert!(disk.lock().unwrap().is_quiet());
}

#[test]
fn data_streams_have_positions() {
    on_every_backend(&[|ta| {
        let object = ta.create(b"one", READ | WRITE, 0, b"0123456789").unwrap();
        let info = ta.info(object).unwrap();
        check!((info.data_size, info.data_position, info.object_type), (10, 0, ObjectType::DATA.raw()));
        let flags = HandleFlags::PERSISTENT | HandleFlags::INITIALIZED | HandleFlags::ACCESS_READ | HandleFlags::ACCESS_WRITE;
        check!(info.handle_flags, flags.bits());
        check!(ta.read(object, 4).as_deref(), Ok(&b"0123"[..]));
        check!(ta.info(object).unwrap().data_position, 4);
        check!(ta.read(object, 100).as_deref(), Ok(&b"456789"[..]));
        check!(ta.read(object, 100).as_deref(), Ok(&b""[..]));
        check!(ta.seek(object, -3, Whence::End), Ok(()));
        check!(ta.write(object, b"abcd"), Ok(()));
        check!(ta.info(object).map(|info| (info.data_size, info.data_position)), Ok((11, 11)));
        check!(ta.seek(object, -100, Whence::Cur), Ok(()));
        check!(ta.read(object, 100).as_deref(), Ok(&b"0123456abcd"[..]));
        check!(ta.seek(object, 13, Whence::Set), Ok(()));
        check!(ta.read(object, 1).as_deref(), Ok(&b""[..]));
        check!(ta.write(object, b""), Ok(()));
        check!(ta.info(object).map(|info| (info.data_size, info.data_position)), Ok((11, 13)));
        check!(ta.write(object, b"x"), Ok(()));
        check!(ta.truncate(object, 12), Ok(()));
        check!(ta.info(object).map(|info| (info.data_size, info.data_position)), Ok((12, 14)));
        check!(ta.seek(object, 5, Whence::Set), Ok(()));
        check!(ta.read(object, 100).as_deref(), Ok(&b"56abcd\0"[..]));
        check!(ta.truncate(object, 20), Ok(()));
        check!(ta.read(object, 100).as_deref(), Ok(&[0; 8][..]));
        // To the last position but one, and past it.
        check!(ta.seek(object, 0, Whence::Set), Ok(()));
        for _ in 0..2 {
            check!(ta.seek(object, i32::MAX, Whence::Cur), Ok(()));
        }
        check!(ta.seek(object, 2, Whence::Cur), Err(WRONG));
        check!(ta.write(object, b"xy"), Err(TeeError::OVERFLOW));
        check!(ta.info(object).map(|info| (info.data_size, info.data_position)), Ok((20, u32::MAX - 1)));
        check!(ta.call(S::StorageObjSeek, &[object.into(), 0, 3]), Err(WRONG));
        let large: Vec<u8> = (0..MOST).map(|at| at as u8).collect();
        check!(ta.seek(object, 0, Whence::Set), Ok(()));
        check!(ta.write(object, &large), Ok(()));
        check!(ta.seek(object, 1, Whence::Set), Ok(()));
        check!(ta.read(object, MOST).as_deref(), Ok(&large[1..]));
        ta.close(object).map_err(|error| error.to_string())
    }]);
}

#[test]
fn what_was_not_asked_for_is_refused() {
    on_every_backend(&[|ta| {
        check!(ta.open(b"one", READ), Err(MISSING));
        check!(ta.create(b"one", 0x40, 0, b""), Err(WRONG));
        check!(ta.open(b"one", OVERWRITE), Err(WRONG));
        check!(ta.open(&[1; 65], READ), Err(WRONG));
        check!(ta.create(&[1; 65], READ, 0, b""), Err(WRONG));
        check!(ta.create(b"one", READ, 77, b""), Err(TeeError::BAD_STATE));
        let object = ta.create(b"one", READ, 0, b"data").unwrap();
        check!(ta.write(object, b"x"), Err(CONFLICT));
        check!(ta.truncate(object, 1), Err(CONFLICT));
        check!(ta.rename(object, b"two"), Err(TeeError::BAD_STATE));
        check!(ta.delete(object), Err(CONFLICT));
        check!(ta.info(object), Err(TeeError::BAD_STATE));
        let object = ta.open(b"one", WRITE | META).unwrap();
        check!(ta.read(object, 1), Err(CONFLICT));
        check!(ta.rename(object, &[1; 65]), Err(WRONG));
        check!(ta.rename(object, b"one"), Err(CONFLICT));
        check!(ta.rename(object, b"two"), Ok(()));
        check!(ta.open(b"one", READ), Err(MISSING));
        check!(ta.open(b"two", READ), Err(CONFLICT));
        let other = ta.create(b"one", META, 0, b"").unwrap();
        check!(ta.rename(other, b"two"), Err(CONFLICT));
        check!(ta.rename(object, b""), Ok(()));
        check!(ta.rename(other, b"two"), Ok(()));
        check!(ta.delete(other), Ok(()));
        check!(ta.open(b"two", READ), Err(MISSING));
        check!(ta.delete(object), Ok(()));
        check!(ta.list(), Ok(vec![]));
        check!(ta.delete(object), Err(TeeError::BAD_STATE));
        // Not persistent.
        let key = ta.key(&[1; 16]).unwrap();
        for result in [ta.write(key, b"x"), ta.truncate(key, 1), ta.seek(key, 1, Whence::Set), ta.rename(key, b"x"), ta.delete(key)] {
            check!(result, Err(TeeError::BAD_STATE));
        }
        check!(ta.read(key, 1), Err(TeeError::BAD_STATE));
        Ok(())
    }]);
}

#[test]
fn other_storages_are_not_there() {
    on_every_backend(&[|ta| {
        check!(ta.open_in(StorageId::PRIVATE_RPMB, b"one", READ), Err(TeeError::STORAGE_NOT_AVAILABLE));
        check!(ta.open_in(StorageId::from_raw(2), b"one", READ), Err(MISSING));
        check!(ta.open_in(StorageId::from_raw(0), b"one", READ), Err(MISSING));
        let enumerator = ta.enumerator().unwrap();
        check!(ta.call(S::StorageStartEnum, &[enumerator.into(), 7]), Err(MISSING));
        check!(ta.call(S::StorageStartEnum, &[enumerator.into(), 0x8000_0100]), Err(TeeError::STORAGE_NOT_AVAILABLE));
        Ok(())
    }]);
}

/// Pointers that a TA may not use, and that lead nowhere.
#[test]
fn claims_on_memory_are_checked() {
    on_every_backend(&[|ta| {
        let object = ta.create(b"one", READ | WRITE, 0, b"data").unwrap();
        let (o, bad, cell) = (u64::from(object), 0x10, ta.0.scratch(40));
        let (denied, private) = (Err(TeeError::ACCESS_DENIED), u64::from(StorageId::PRIVATE.raw()));
        check!(ta.call(S::StorageObjOpen, &[private, bad, 3, READ.into(), cell]), denied);
        check!(ta.call(S::StorageObjOpen, &[private, 0xFFFF_FFF0, 64, READ.into(), cell]), denied);
        check!(ta.create_at(b"two", READ, 0, b"", bad), denied);
        check!(ta.open(b"two", READ), Err(MISSING));
        check!(ta.call(S::StorageObjOpen, &[private, cell, 0, READ.into(), bad]), denied);
        check!(ta.call(S::StorageObjRead, &[o, bad, 4, cell]), denied);
        check!(ta.call(S::StorageObjRead, &[o, cell, 4, bad]), denied);
        check!(ta.call(S::StorageObjRead, &[o, cell, 0xFFFF_FFFF, cell]), denied);
        check!(ta.call(S::StorageObjWrite, &[o, bad, 4]), denied);
        check!(ta.call(S::StorageObjWrite, &[o, 0, 4]), Err(WRONG));
        check!(ta.call(S::StorageAllocEnum, &[bad]), denied);
        check!(ta.info(object).map(|info| (info.data_size, info.data_position)), Ok((4, 0)));
        for handle in [0, 1, 0x101, u32::MAX] {
            check!(ta.start(handle), Err(WRONG));
            check!(ta.next(handle).map(drop), Err(WRONG));
            check!(ta.call(S::StorageFreeEnum, &[handle.into()]), Err(WRONG));
            check!(ta.call(S::StorageResetEnum, &[handle.into()]), Err(WRONG));
        }
        Ok(())
    }]);
}

#[test]
fn handles_share_an_object_when_all_let() {
    on_every_backend(&[|ta| {
        let one = ta.create(b"one", READ | WRITE | SHARE, 0, b"data").unwrap();
        check!(ta.open(b"one", READ), Err(CONFLICT));
        check!(ta.open(b"one", META), Err(CONFLICT));
        check!(ta.create(b"one", READ | SHARE, 0, b""), Err(CONFLICT));
        let two = ta.open(b"one", READ | WRITE | SHARE).unwrap();
        check!(ta.seek(two, 0, Whence::End), Ok(()));
        check!(ta.write(two, b" and more"), Ok(()));
        check!(ta.info(one).map(|info| (info.data_size, info.data_position)), Ok((13, 0)));
        check!(ta.read(one, 100).as_deref(), Ok(&b"data and more"[..]));
        check!(ta.truncate(one, 2), Ok(()));
        check!(ta.info(two).map(|info| (info.data_size, info.data_position)), Ok((2, 13)));
        // Replaced under the other handles, which go on with what is there now.
        let three = ta.create(b"one", READ | WRITE | SHARE | OVERWRITE, 0, b"replaced").unwrap();
        check!(ta.seek(two, 2, Whence::Set), Ok(()));
        check!(ta.read(two, 3).as_deref(), Ok(&b"pla"[..]));
        for object in [one, two, three] {
            check!(ta.close(object), Ok(()));
        }
        let one = ta.open(b"one", READ).unwrap();
        check!(ta.open(b"one", READ), Err(CONFLICT));
        check!(ta.create(b"one", READ | OVERWRITE, 0, b""), Err(CONFLICT));
        check!(ta.read(one, 100).as_deref(), Ok(&b"replaced"[..]));
        Ok(())
    }]);
}

#[test]
fn keys_are_kept_with_objects() {
    on_every_backend(&[|ta| {
        let key = ta.key(&[7; 24]).unwrap();
        let object = ta.create(b"key", READ | WRITE | META, key, b"data").unwrap();
        check!(ta.secret(object), Ok(vec![7; 24]));
        check!(ta.info(object).map(|info| (info.object_size, info.max_object_size, info.usage)), Ok((192, 256, u32::MAX)));
        check!(ta.restrict(object, (KeyUsage::EXTRACTABLE | KeyUsage::MAC).bits()), Ok(()));
        check!(ta.info(object).map(|info| info.usage), Ok(9));
        // The one that it was made of is another.
        check!(ta.info(key).map(|info| (info.usage, info.handle_flags)), Ok((u32::MAX, HandleFlags::INITIALIZED.bits())));
        check!(ta.close(object), Ok(()));
        let object = ta.open(b"key", READ | SHARE).unwrap();
        let other = ta.open(b"key", READ | SHARE).unwrap();
        check!(ta.info(object).map(|info| (info.object_type, info.usage)), Ok((ObjectType::AES.raw(), 9)));
        check!(ta.read(object, 9).as_deref(), Ok(&b"data"[..]));
        check!(ta.restrict(other, KeyUsage::MAC.bits()), Ok(()));
        check!(ta.secret(object), Err(WRONG));
        // Neither may be changed, and both may be copied.
        check!(ta.call(S::CrypObjReset, &[object.into()]), Err(WRONG));
        check!(ta.call(S::CrypObjCopy, &[object.into(), key.into()]), Err(WRONG));
        let copy = ta.create(b"copy", READ, object, b"").unwrap();
        check!(ta.info(copy).map(|info| (info.object_size, info.usage, info.data_size)), Ok((192, 8, 0)));
        check!(ta.secret(copy), Err(WRONG));
        // Without a place for the handle a transient key becomes one.
        check!(ta.create_at(b"own", READ | META, key, b"mine", 0), Ok(()));
        check!(ta.read(key, 9).as_deref(), Ok(&b"mine"[..]));
        check!(ta.open(b"own", READ), Err(CONFLICT));
        check!(ta.create_at(b"none", READ, key, b"more", 0), Ok(()));
        check!(ta.create_at(b"plain", READ, 0, b"more", 0), Ok(()));
        for id in [&b"none"[..], b"plain"] {
            let object = ta.open(id, READ).unwrap();
            check!(ta.read(object, 9).as_deref(), Ok(&b"more"[..]));
        }
        check!(ta.delete(key), Ok(()));
        check!(ta.secret(key), Err(MISSING));
        let empty = { ta.0.scratch(40) };
        check!(ta.call(S::CrypObjAlloc, &[ObjectType::AES.raw().into(), 256, empty]), Ok(()));
        let empty = ta.0.word(empty);
        check!(ta.create(b"empty", READ, empty, b""), Err(WRONG));
        Ok(())
    }]);
}

#[test]
fn enumerators_go_through_what_there_was_at_their_start() {
    on_every_backend(&[|ta| {
        let enumerator = ta.enumerator().unwrap();
        check!(ta.start(enumerator), Err(MISSING));
        check!(ta.next(enumerator).map(drop), Err(MISSING));
        for index in 0..10u8 {
            let object = ta.create(&[index; 3], READ | WRITE, 0, &[0; 40][..usize::from(index)]).unwrap();
            check!(ta.close(object), Ok(()));
        }
        check!(ta.start(enumerator), Ok(()));
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(ta.next(enumerator).unwrap().0);
        }
        // One that was seen goes, one that was not, and there is a new one.
        let unseen = (0..10u8).find(|index| !seen.contains(&vec![*index; 3])).unwrap();
        for id in [seen[0].clone(), vec![unseen; 3]] {
            let object = ta.open(&id, META).unwrap();
            check!(ta.delete(object), Ok(()));
        }
        ta.create(b"new", 0, 0, b"").unwrap();
        while let Ok((id, info)) = ta.next(enumerator) {
            check!((info.data_size, info.data_position), (u32::from(id[0]), 0));
            seen.push(id);
        }
        check!(seen.len(), 9);
        check!(ta.next(enumerator).map(drop), Err(MISSING));
        check!(ta.list().map(|all| all.len()), Ok(9));
        check!(ta.start(enumerator), Ok(()));
        check!(ta.call(S::StorageResetEnum, &[enumerator.into()]), Ok(()));
        check!(ta.next(enumerator).map(drop), Err(MISSING));
        check!(ta.call(S::StorageFreeEnum, &[enumerator.into()]), Ok(()));
        check!(ta.next(enumerator).map(drop), Err(WRONG));
        // As many as a TA may have, and then they can be had again.
        for _ in 0..2 {
            let all: Vec<u32> = core::iter::from_fn(|| ta.enumerator().ok()).collect();
            check!(all.len(), 16);
            for enumerator in all {
                check!(ta.call(S::StorageFreeEnum, &[enumerator.into()]), Ok(()));
            }
        }
        Ok(())
    }]);
}

#[test]
fn a_ta_that_dies_closes_what_it_had() {
    let disk = Shared::default();
    for disk in [None, Some(&disk)] {
        let mut world = boot(disk, &tas(TaFlags::empty()));
        act(
            &mut world,
            A,
            &[|ta| {
                ta.create(b"one", READ | META, 0, b"data").unwrap();
                check!(ta.open(b"one", READ), Err(CONFLICT));
                let _ = ta.call(S::Panic, &[1, 0]);
                Ok(())
            }],
        );
        act(
            &mut world,
            A,
            &[|ta| {
                let object = ta.open(b"one", READ).unwrap();
                check!(ta.read(object, 9).as_deref(), Ok(&b"data"[..]));
                // Left open at the end of its last session.
                Ok(())
            }],
        );
        act(
            &mut world,
            A,
            &[|ta| {
                let object = ta.open(b"one", META).unwrap();
                ta.delete(object).map_err(|error| error.to_string())
            }],
        );
    }
    assert!(disk.lock().unwrap().is_quiet());
}

#[test]
fn nobody_reaches_the_objects_of_another_ta() {
    let disk = Shared::default();
    for disk in [None, Some(&disk)] {
        let mut world = boot(disk, &tas(TaFlags::empty()));
        act(&mut world, A, &[|ta| ta.create(b"one", READ, 0, b"of A").map(drop).map_err(|error| error.to_string())]);
        act(
            &mut world,
            B,
            &[|ta| {
                check!(ta.list(), Ok(vec![]));
                check!(ta.open(b"one", READ), Err(MISSING));
                ta.create(b"one", READ, 0, b"of B").unwrap();
                check!(ta.open(b"../00000001000200030404040404040404/o6f6e65", READ), Err(MISSING));
                Ok(())
            }],
        );
        act(
            &mut world,
            A,
            &[|ta| {
                let object = ta.open(b"one", READ).unwrap();
                check!(ta.read(object, 9).as_deref(), Ok(&b"of A"[..]));
                check!(ta.list().map(|all| all.len()), Ok(1));
                Ok(())
            }],
        );
    }
}

/// Instances of one TA are one owner.
#[test]
fn instances_of_a_ta_see_what_the_others_have_open() {
    let mut world = boot(None, &tas(TaFlags::empty()));
    let kept: Arc<Mutex<Vec<Result<u32>>>> = Arc::default();
    let results = Arc::clone(&kept);
    world.tee.platform.scripts().set(&A, move |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            let flags = ta.command();
            let opened = Calls(ta).create(b"one", flags, 0, b"").or_else(|_| Calls(ta).open(b"one", flags));
            results.lock().unwrap().push(opened);
        }
        0
    });
    let sessions = [(); 3].map(|()| world.open(&A, &[]).header.session);
    world.invoke(sessions[0], READ | SHARE, &[]);
    world.invoke(sessions[1], READ | WRITE, &[]);
    world.invoke(sessions[2], READ | WRITE | SHARE, &[]);
    world.close(sessions[0]);
    world.close(sessions[2]);
    world.invoke(sessions[1], READ | WRITE, &[]);
    let results: Vec<_> = kept.lock().unwrap().iter().map(|result| result.map(drop)).collect();
    assert_eq!(results, [Ok(()), Err(CONFLICT), Ok(()), Ok(())]);
}
