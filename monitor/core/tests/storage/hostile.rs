// SPDX-License-Identifier: BSD-2-Clause
//! A normal world that changes files, loses them, fails and lies: objects are lost, and nothing else is.

use crate::calls::{META, READ, WRITE};
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
use utee_abi::ta_head::TaFlags;

const FILE: &str = "oxtee-objects-00000001000200030404040404040404/o6f6e65";

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
            check(ta.read(object, 100).map(drop))?;
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

#[test]
fn a_file_of_which_any_bit_or_any_part_is_missing_does_no_harm() {
    let disk = filled();
    let good = disk.lock().unwrap().content(FILE).clone();
    assert_eq!(good.len(), 16 + 24 + 20 + 10);
    for at in 0..good.len() {
        for bit in [0x01, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            disk.lock().unwrap().put(FILE, &bad);
            try_it(&disk);
        }
    }
    for len in 0..good.len() {
        disk.lock().unwrap().put(FILE, &good[..len]);
        try_it(&disk);
    }
}

#[test]
fn an_object_without_its_file_is_corrupt_and_its_handle_closed() {
    for (flags, closed) in [(TaFlags::empty(), true), (TaFlags::DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT, false)] {
        let disk = Shared::default();
        let mut world = boot(Some(&disk), &tas(flags));
        let losing = Arc::clone(&disk);
        world.supplicant = Box::new(move |platform, command, params| {
            let mut disk = losing.lock().unwrap();
            // Create, write, close, rename with a look before and after it: the object is there, and then it is not.
            if disk.requests == 6 {
                disk.lose_all();
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

/// Each request fails in turn, and all after it: what the TEE was given is given back, and the object is there or not.
#[test]
fn each_request_may_fail() {
    for error in [TeeError::STORAGE_NO_SPACE, TeeError::ACCESS_DENIED, TeeError::ITEM_NOT_FOUND, TeeError::from_raw(0x1234_5678).unwrap()] {
        for from in 0..50 {
            let disk = filled();
            {
                let mut disk = disk.lock().unwrap();
                disk.fails = Some((disk.requests + from, error));
            }
            act(
                &mut boot(Some(&disk), &tas(TaFlags::empty())),
                A,
                &[|ta| {
                    let _ = ta.list();
                    if let Ok(object) = ta.create(b"two", READ | WRITE | META, 0, b"data") {
                        let _ =
                            (ta.write(object, &[1; 100]), ta.truncate(object, 200), ta.truncate(object, 3), ta.rename(object, b"three"));
                    }
                    if let Ok(object) = ta.open(b"one", READ) {
                        let _ = ta.read(object, 20);
                    }
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

/// What nothing protects is not for products.
#[test]
fn files_are_refused_in_a_product() {
    let disk = Shared::default();
    let key = Ok(HardwareKey::new([1; 16], KeyState::Device));
    // A product has a generator; this one passes the tests of such.
    let mut state = 1u64;
    let entropy = move |out: &mut [u8]| {
        for byte in out {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            *byte = (state >> 56) as u8;
        }
        Ok(())
    };
    let entropy_kind = EntropyKind::Hardware(Noise::new("a generator", 4, 8000).unwrap());
    let secrets = Secrets { product: true, key, store: Store::NormalFiles, entropy_kind, entropy: Box::new(entropy) };
    act(
        &mut boot_with(Some(&disk), &tas(TaFlags::empty()), secrets),
        A,
        &[|ta| {
            assert_eq!(ta.create(b"one", READ, 0, b"data"), Err(TeeError::STORAGE_NOT_AVAILABLE));
            assert_eq!(ta.open(b"one", READ), Err(TeeError::STORAGE_NOT_AVAILABLE));
            assert_eq!(ta.list(), Err(TeeError::STORAGE_NOT_AVAILABLE));
            Ok(())
        }],
    );
    assert_eq!(disk.lock().unwrap().requests, 0);
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
            let _ = ta.list();
            let object = ta.create(b"two", READ | WRITE | META, 0, b"data").or_else(|_| ta.open(b"one", READ | WRITE | META));
            if let Ok(object) = object {
                let _ = (ta.read(object, 100), ta.write(object, &[1; 100]), ta.truncate(object, 200), ta.rename(object, b"three"));
                let _ = ta.delete(object);
            }
            Ok(())
        }]);
    }
}
