// SPDX-License-Identifier: BSD-2-Clause
//! A normal world that changes files, loses them, fails and lies: objects are lost, and nothing else is.

use crate::calls::{Calls, META, OVERWRITE, READ, WRITE};
use crate::disk::{Shared, boot, boot_with};
use crate::rules::{A, act, tas};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use std::sync::Arc;
use tee_core::crypto::huk::{HardwareKey, KeyState};
use tee_core::ports::{EntropyKind, Noise, Store};
use tee_core::testing::{RESERVED, Secrets};
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::RpcCommand;
use utee_abi::storage::Whence;
use utee_abi::ta_head::TaFlags;

const FILE: &str = "0";
const DIRECTORY: &str = "dirf.db";

/// A disk with an object of a key and data.
fn filled() -> Shared {
    let disk = Shared::default();
    act(
        &mut boot(Some(&disk), &tas(TaFlags::empty())),
        A,
        &[|ta| {
            let key = ta.key(&[7; 16]).unwrap();
            ta.create(b"one", READ, key, b"0123456789").unwrap();
            Ok(())
        }],
    );
    disk
}

/// Opens the object and uses it: all of it is right, or it is an error that the specification has.
fn try_it(disk: &Shared) {
    act(
        &mut boot(Some(disk), &tas(TaFlags::empty())),
        A,
        &[|ta| {
            let fine = [
                TeeError::ITEM_NOT_FOUND,
                TeeError::CORRUPT_OBJECT,
                TeeError::STORAGE_NOT_AVAILABLE,
                TeeError::STORAGE_NO_SPACE,
                TeeError::OUT_OF_MEMORY,
                TeeError::NOT_SUPPORTED,
            ];
            let check = |result: Result<(), TeeError>| match result {
                Err(error) if !fine.contains(&error) => Err(format!("{error}")),
                _ => Ok(()),
            };
            let object = match ta.open(b"one", READ | WRITE | META) {
                Ok(object) => object,
                Err(error) => return check(Err(error)),
            };
            let info = ta.info(object).unwrap();
            check(ta.read(object, 100).map(|data| assert_eq!(data, b"0123456789", "what was written, or an error")))?;
            if ta.info(object).is_ok() {
                check(ta.restrict(object, 0))?;
            }
            if ta.info(object).is_ok() && info.data_size < 10_000 {
                check(ta.write(object, b"more"))?;
            }
            let _ = (ta.list(), ta.delete(object));
            Ok(())
        }],
    );
    assert!(disk.lock().unwrap().is_quiet());
}

/// Each part of a file of one block: heads, nodes, blocks, and what is between them. `tests/htree.rs` has every byte.
#[test]
fn a_file_of_which_any_bit_or_any_part_is_missing_does_no_harm() {
    for name in [FILE, DIRECTORY] {
        let disk = filled();
        let good = disk.lock().unwrap().snapshot();
        let content = good.iter().find(|(other, _)| other == name).unwrap().1.clone();
        assert!(!content.windows(4).any(|part| *part == *b"0123" || *part == [7; 4] || *part == *b"one\0"), "it is encrypted");
        let heads_and_nodes = (0..136).chain(4096..4096 + 132).step_by(3);
        for at in heads_and_nodes.chain((8192..content.len()).step_by(401)) {
            let mut bad = content.clone();
            bad[at] ^= 0x80;
            let mut disk_now = disk.lock().unwrap();
            disk_now.restore(&good);
            disk_now.put(name, &bad);
            drop(disk_now);
            try_it(&disk);
        }
        for len in [0, 67, 68, 136, 4096, 4200, 4228, 8191, 8192, 12_288].into_iter().filter(|len| *len < content.len()) {
            disk.lock().unwrap().restore(&good);
            disk.lock().unwrap().put(name, &content[..len]);
            try_it(&disk);
        }
    }
}

/// What was there once is refused while the machine runs, and so is nothing at all; what was there last is taken again.
#[test]
fn an_old_store_is_refused_until_reset() {
    let disk = filled();
    let old = disk.lock().unwrap().snapshot();
    let mut world = boot(Some(&disk), &tas(TaFlags::empty()));
    act(
        &mut world,
        A,
        &[|ta| {
            let object = ta.open(b"one", WRITE).unwrap();
            ta.write(object, b"new").unwrap();
            Ok(())
        }],
    );
    let new = disk.lock().unwrap().snapshot();
    for bad in [&old[..], &[]] {
        disk.lock().unwrap().restore(bad);
        act(
            &mut world,
            A,
            &[|ta| {
                assert_eq!(ta.open(b"one", READ), Err(TeeError::STORAGE_NOT_AVAILABLE));
                assert_eq!(ta.create(b"two", READ, 0, b"data"), Err(TeeError::STORAGE_NOT_AVAILABLE));
                assert_eq!(ta.list(), Err(TeeError::STORAGE_NOT_AVAILABLE));
                Ok(())
            }],
        );
    }
    assert!(world.tee.platform.printed().contains("the directory of stored objects is lost, corrupt or an old one"));
    disk.lock().unwrap().restore(&new);
    act(
        &mut world,
        A,
        &[|ta| {
            let object = ta.open(b"one", READ).unwrap();
            assert_eq!(ta.read(object, 20), Ok(b"new3456789".to_vec()));
            Ok(())
        }],
    );
    // After a reset nobody knows better: the threat model says so.
    disk.lock().unwrap().restore(&old);
    act(
        &mut boot(Some(&disk), &tas(TaFlags::empty())),
        A,
        &[|ta| {
            let object = ta.open(b"one", READ).unwrap();
            assert_eq!(ta.read(object, 20), Ok(b"0123456789".to_vec()));
            Ok(())
        }],
    );
}

/// An object of an older store in the files of a newer one: it is corrupt, and the others are not.
#[test]
fn an_old_object_is_refused() {
    let disk = filled();
    let old = disk.lock().unwrap().content(FILE).clone();
    act(
        &mut boot(Some(&disk), &tas(TaFlags::empty())),
        A,
        &[|ta| {
            ta.create(b"two", READ, 0, b"second").unwrap();
            let object = ta.open(b"one", WRITE).unwrap();
            ta.write(object, b"new").unwrap();
            ta.write(object, b"er").unwrap();
            Ok(())
        }],
    );
    disk.lock().unwrap().put(FILE, &old);
    act(
        &mut boot(Some(&disk), &tas(TaFlags::empty())),
        A,
        &[|ta| {
            assert_eq!(ta.open(b"one", READ), Err(TeeError::CORRUPT_OBJECT));
            assert_eq!(ta.open(b"one", READ), Err(TeeError::ITEM_NOT_FOUND), "it is removed");
            let object = ta.open(b"two", READ).unwrap();
            assert_eq!(ta.read(object, 20), Ok(b"second".to_vec()));
            Ok(())
        }],
    );
}

/// The power is cut at each request of each change: the object is as it was before or as after, and the store goes on.
#[test]
fn a_loss_of_power_leaves_each_object_whole() {
    use crate::rules::Step;
    let steps: [&'static [Step]; 6] = [
        &[|ta| ta.open(b"one", WRITE).and_then(|object| ta.write(object, &[b'x'; 900])).or(Ok(()))],
        &[|ta| ta.open(b"one", WRITE).and_then(|object| ta.truncate(object, 3)).or(Ok(()))],
        &[|ta| ta.open(b"one", WRITE).and_then(|object| ta.truncate(object, 9000)).or(Ok(()))],
        &[|ta| ta.create(b"one", READ | OVERWRITE, 0, b"replaced").map(drop).or(Ok(()))],
        &[|ta| ta.open(b"one", META).and_then(|object| ta.rename(object, b"other")).or(Ok(()))],
        &[|ta| ta.open(b"one", META).and_then(|object| ta.delete(object)).or(Ok(()))],
    ];
    let disk = filled();
    let good = disk.lock().unwrap().snapshot();
    for (kind, steps) in steps.into_iter().enumerate() {
        for from in 0.. {
            disk.lock().unwrap().restore(&good);
            let begun = disk.lock().unwrap().requests;
            disk.lock().unwrap().fails = Some((begun + from, TeeError::GENERIC));
            act(&mut boot(Some(&disk), &tas(TaFlags::empty())), A, steps);
            let all = disk.lock().unwrap().requests < begun + from;
            disk.lock().unwrap().fails = None;
            let checks: [&'static [Step]; 6] = [
                &[|ta| whole(ta, &[b"0123456789", &[b'x'; 900]])],
                &[|ta| whole(ta, &[b"0123456789", b"012"])],
                &[|ta| whole(ta, &[b"0123456789", &[b"0123456789", &[0; 8990][..]].concat()])],
                &[|ta| whole(ta, &[b"0123456789", b"replaced"])],
                &[|ta| whole(ta, &[b"0123456789"])],
                &[|ta| whole(ta, &[b"0123456789"])],
            ];
            act(&mut boot(Some(&disk), &tas(TaFlags::empty())), A, checks[kind]);
            if all {
                assert!(from > 10);
                break;
            }
        }
    }
}

/// There is one object with one of these contents, or none; and there is room for another.
fn whole(ta: &mut crate::calls::Calls<'_>, contents: &[&[u8]]) -> std::result::Result<(), String> {
    for (id, info) in ta.list().unwrap() {
        let object = ta.open(&id, READ | META).unwrap();
        let mut data = Vec::new();
        while data.len() < info.data_size as usize {
            data.extend(ta.read(object, 500).unwrap());
        }
        if !contents.contains(&&data[..]) {
            return Err(format!("{} bytes: {:?}", data.len(), &data[..20.min(data.len())]));
        }
        ta.close(object).unwrap();
    }
    let object = ta.create(b"next", READ, 0, b"content").unwrap();
    if ta.read(object, 10) == Ok(b"content".to_vec()) { Ok(()) } else { Err("the next object".into()) }
}

#[test]
fn an_object_without_its_file_is_corrupt_and_its_handle_closed() {
    for (flags, closed) in [(TaFlags::empty(), true), (TaFlags::DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT, false)] {
        let disk = Shared::default();
        let mut world = boot(Some(&disk), &tas(flags));
        let losing = Arc::clone(&disk);
        world.supplicant = Box::new(move |platform, command, params| {
            let mut disk = losing.lock().unwrap();
            // The object is there, and then its file is not.
            if disk.names().contains(&FILE.to_string()) && disk.nothing_is_open() {
                disk.lose(FILE);
            }
            disk.serve(platform, command, params)
        });
        let steps: &'static [crate::rules::Step] = if closed {
            &[|ta| {
                let object = ta.create(b"one", READ, 0, b"data").unwrap();
                assert_eq!(ta.read(object, 4), Err(TeeError::CORRUPT_OBJECT));
                assert_eq!(ta.info(object), Err(TeeError::BAD_STATE));
                Ok(())
            }]
        } else {
            &[|ta| {
                let object = ta.create(b"one", READ, 0, b"data").unwrap();
                assert_eq!(ta.read(object, 4), Err(TeeError::CORRUPT_OBJECT));
                assert_eq!(ta.info(object).map(|info| info.data_size), Ok(4));
                assert_eq!(ta.close(object), Ok(()));
                Ok(())
            }]
        };
        act(&mut world, A, steps);
    }
}

/// Does everything with objects. CVE-2025-46733 of OP-TEE: an error that the specification does not name for a function ends a TA in C,
/// so that a supplicant could end TAs by its answers. Whatever it answers, the errors are those that `libutee` hands on.
fn everything(ta: &mut Calls<'_>) {
    use TeeError as E;
    const USE: &[E] = &[E::CORRUPT_OBJECT, E::STORAGE_NOT_AVAILABLE];
    let opening = [USE, &[E::ITEM_NOT_FOUND, E::ACCESS_CONFLICT, E::OUT_OF_MEMORY, E::STORAGE_NO_SPACE]].concat();
    /// False when the object is corrupt: its handle is closed.
    #[track_caller]
    fn fits<T>(result: Result<T, E>, named: &[E]) -> bool {
        let error = result.err();
        assert!(error.is_none_or(|error| named.contains(&error)), "{error:?} ends the TA");
        error != Some(E::CORRUPT_OBJECT)
    }
    fits(ta.list(), &[USE, &[E::ITEM_NOT_FOUND]].concat());
    let created = ta.create(b"two", READ | WRITE | META, 0, b"data");
    fits(created, &opening);
    let changing = [USE, &[E::STORAGE_NO_SPACE]].concat();
    if let Ok(object) = created {
        let _ = fits(ta.read(object, 100), USE)
            && fits(ta.write(object, &[1; 100]), &changing)
            && fits(ta.truncate(object, 200), &changing)
            && fits(ta.truncate(object, 3), &changing)
            && fits(ta.seek(object, -1, Whence::End), USE)
            && fits(ta.info(object), USE)
            && fits(ta.rename(object, b"three"), &[changing.as_slice(), &[E::ACCESS_CONFLICT]].concat())
            && fits(ta.delete(object), &[E::STORAGE_NOT_AVAILABLE]);
    }
    let opened = ta.open(b"one", READ | WRITE | META);
    fits(opened, &opening);
    if let Ok(object) = opened {
        let _ = fits(ta.read(object, 20), USE) && fits(ta.restrict(object, 0), USE) && fits(ta.delete(object), &[E::STORAGE_NOT_AVAILABLE]);
    }
}

/// Each request fails in turn, and all after it: what the TEE was given is given back, and the object is there or not.
#[test]
fn each_request_may_fail() {
    let disk = filled();
    let good = disk.lock().unwrap().snapshot();
    let errors = [TeeError::STORAGE_NO_SPACE, TeeError::ACCESS_DENIED, TeeError::ITEM_NOT_FOUND, TeeError::from_raw(0x1234_5678).unwrap()];
    for (turn, error) in errors.into_iter().enumerate() {
        // Each with every fourth request, so that all have one.
        for from in (turn..160).step_by(4) {
            {
                let mut disk = disk.lock().unwrap();
                disk.restore(&good);
                disk.fails = Some((disk.requests + from, error));
            }
            act(
                &mut boot(Some(&disk), &tas(TaFlags::empty())),
                A,
                &[|ta| {
                    everything(ta);
                    Ok(())
                }],
            );
            disk.lock().unwrap().fails = None;
            act(
                &mut boot(Some(&disk), &tas(TaFlags::empty())),
                A,
                &[|ta| {
                    for (id, info) in ta.list().unwrap() {
                        let object = ta.open(&id, READ | WRITE).unwrap();
                        assert_eq!(ta.read(object, 300).unwrap().len(), info.data_size as usize);
                    }
                    Ok(())
                }],
            );
        }
    }
}

fn product(state: KeyState) -> Secrets {
    // A product has a generator; this one passes the tests of such.
    let mut number = 1u64;
    let entropy = move |out: &mut [u8]| {
        for byte in out {
            number = number.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            *byte = (number >> 56) as u8;
        }
        Ok(())
    };
    let entropy_kind = EntropyKind::Hardware(Noise::new("a generator", 4, 8000).unwrap());
    let key = Ok(HardwareKey::new([1; 16], state));
    Secrets { product: true, key, store: Store::NormalFiles, entropy_kind, entropy: Box::new(entropy), event_log: None }
}

/// A product keeps objects with a key of its own, or none.
#[test]
fn a_product_without_a_key_gives_nothing_away() {
    let disk = Shared::default();
    act(
        &mut boot_with(Some(&disk), &tas(TaFlags::empty()), product(KeyState::StandIn("a test"))),
        A,
        &[|ta| {
            assert_eq!(ta.create(b"one", READ, 0, b"data"), Err(TeeError::STORAGE_NOT_AVAILABLE));
            assert_eq!(ta.open(b"one", READ), Err(TeeError::STORAGE_NOT_AVAILABLE));
            assert_eq!(ta.list(), Err(TeeError::STORAGE_NOT_AVAILABLE));
            Ok(())
        }],
    );
    assert_eq!(disk.lock().unwrap().requests, 0);
    act(
        &mut boot_with(Some(&disk), &tas(TaFlags::empty()), product(KeyState::Device)),
        A,
        &[|ta| {
            let object = ta.create(b"one", READ, 0, b"data").unwrap();
            assert_eq!(ta.read(object, 10), Ok(b"data".to_vec()));
            Ok(())
        }],
    );
    // Another device: the directory is nobody's.
    act(
        &mut boot_with(Some(&disk), &tas(TaFlags::empty()), Secrets { store: Store::NormalFiles, ..Secrets::default() }),
        A,
        &[|ta| {
            assert_eq!(ta.open(b"one", READ), Err(TeeError::STORAGE_NOT_AVAILABLE));
            Ok(())
        }],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Answers that have nothing to do with the requests.
    #[test]
    fn any_answers_do_no_harm(codes in vec(any::<u32>(), 1..9), words in vec(any::<[u64; 3]>(), 1..9), content in any::<[u8; 64]>()) {
        let disk = filled();
        let mut world = boot(Some(&disk), &tas(TaFlags::empty()));
        let mut turn = 0;
        world.supplicant = Box::new(move |platform, command, params| {
            use tee_core::ports::Platform;
            turn += 1;
            match command {
                RpcCommand::ShmAlloc if codes[turn % codes.len()] % 5 == 0 => codes[turn % codes.len()].max(1),
                RpcCommand::ShmAlloc => {
                    let size = params[0].words[1];
                    params[0] = MsgParam::new(Kind::TmemOutput, [RESERVED.start, size, 1]);
                    assert!(platform.normal_write(RESERVED.start, &content));
                    0
                }
                RpcCommand::Fs => {
                    let count = params.len() - 1;
                    // Half of them are small numbers, which look like what was asked for.
                    let mut lie = words[turn % words.len()];
                    if turn % 2 == 0 {
                        lie = lie.map(|word| word % 64);
                    }
                    params[count].words = lie;
                    let code = codes[turn % codes.len()];
                    if code % 3 == 0 { code } else { 0 }
                }
                _ => 0,
            }
        });
        act(&mut world, A, &[|ta| {
            everything(ta);
            Ok(())
        }]);
    }
}
