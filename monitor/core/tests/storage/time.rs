// SPDX-License-Identifier: BSD-2-Clause
//! Persistent time of TAs, over resets and with a normal world that changes its clock and its files.

use crate::calls::Calls;
use crate::disk::{Shared, boot};
use crate::rules::{A, B, tas};
use std::sync::{Arc, Mutex};
use tee_core::testing::normal::NormalWorld;
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::time::TeeTime;
use utee_abi::uuid::Uuid;

type Result<T> = core::result::Result<T, TeeError>;

/// Sets the time of a TA if there is one to set, or asks for it; in seconds.
fn call(world: &mut NormalWorld, uuid: Uuid, set: Option<u32>) -> Result<u32> {
    let gave = Arc::new(Mutex::new(Ok(0)));
    let place = Arc::clone(&gave);
    world.tee.platform.scripts().set(&uuid, move |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            let at = ta.scratch(8);
            *place.lock().unwrap() = match set {
                Some(seconds) => {
                    ta.write(at, &TeeTime { seconds, millis: 0 }.to_bytes());
                    Calls(ta).call(S::SetTaTime, &[at]).map(|()| seconds)
                }
                None => Calls(ta).call(S::GetTime, &[1, at]).map(|()| ta.word(at)),
            };
        }
        0
    });
    let session = world.open(&uuid, &[]).header.session;
    assert_eq!(world.invoke(session, 0, &[]).header.ret, 0);
    assert_eq!(world.close(session).header.ret, 0);
    let result = gave.lock().unwrap();
    *result
}

fn restart(disk: &Shared, clock: u64) -> NormalWorld {
    disk.lock().unwrap().clock = clock;
    boot(Some(disk), &tas(TaFlags::empty()))
}

const NOT_SET: Result<u32> = Err(TeeError::TIME_NOT_SET);
const NEEDS_RESET: Result<u32> = Err(TeeError::TIME_NEEDS_RESET);

#[test]
fn time_goes_on_over_a_reset() {
    let disk = Shared::default();
    let mut world = restart(&disk, 50_000);
    assert_eq!(call(&mut world, A, None), NOT_SET);
    assert_eq!(call(&mut world, A, Some(1000)), Ok(1000));
    assert_eq!(call(&mut world, B, None), NOT_SET, "each TA has its own");
    // While it runs the normal world's clock has no say in it.
    disk.lock().unwrap().clock = 3;
    world.tee.platform.advance(7000);
    assert_eq!(call(&mut world, A, None), Ok(1007));
    let mut world = restart(&disk, 50_100);
    assert_eq!(call(&mut world, A, None), Ok(1100));
    disk.lock().unwrap().clock = 90_000;
    world.tee.platform.advance(5000);
    assert_eq!(call(&mut world, A, None), Ok(1105));
    assert_eq!(call(&mut restart(&disk, 50_000), A, None), Ok(1000));
    assert_eq!(call(&mut restart(&disk, 49_999), A, None), NEEDS_RESET, "the clock was set back");
    let mut world = restart(&disk, 50_000 + u64::from(u32::MAX));
    assert_eq!(call(&mut world, A, None), Err(TeeError::OVERFLOW));
    assert_eq!(call(&mut world, A, Some(5)), Ok(5));
    assert_eq!(call(&mut world, A, None), Ok(5));
}

#[test]
fn a_record_that_was_changed_is_no_time() {
    let disk = Shared::default();
    let mut world = restart(&disk, 50_000);
    assert_eq!(call(&mut world, A, Some(1000)), Ok(1000));
    assert_eq!(call(&mut world, B, Some(2000)), Ok(2000));
    let names = disk.lock().unwrap().names();
    let [of_a, of_b, _directory] = &names[..] else { panic!("{names:?}") };
    let [a, b] = [of_a, of_b].map(|name| disk.lock().unwrap().content(name).clone());
    // The second places: head, node, block.
    for at in (68..136).chain(4096 + 66..4096 + 132).step_by(7).chain([3 * 4096, 4 * 4096 - 1]) {
        let mut bad = a.clone();
        bad[at] ^= 0x10;
        disk.lock().unwrap().put(of_a, &bad);
        assert_eq!(call(&mut restart(&disk, 50_001), A, None), NEEDS_RESET, "byte {at}");
    }
    for len in [0, 68, 135, 136, 4096, 4096 + 131, 3 * 4096, a.len() - 1] {
        disk.lock().unwrap().put(of_a, &a[..len]);
        assert_eq!(call(&mut restart(&disk, 50_001), A, None), NEEDS_RESET, "length {len}");
    }
    disk.lock().unwrap().put(of_a, &b);
    assert_eq!(call(&mut restart(&disk, 50_001), A, None), NEEDS_RESET, "the record of another TA");
    disk.lock().unwrap().put(of_a, &a);
    assert_eq!(call(&mut restart(&disk, 50_001), A, None), Ok(1001));
    disk.lock().unwrap().lose_all();
    assert_eq!(call(&mut restart(&disk, 50_001), A, None), NOT_SET);
}

#[test]
fn a_time_that_cannot_be_kept_is_not_set() {
    let disk = Shared::default();
    let mut world = restart(&disk, 50_000);
    disk.lock().unwrap().fails = Some((0, TeeError::GENERIC));
    assert_eq!(call(&mut world, A, Some(1000)), Err(TeeError::STORAGE_NO_SPACE));
    assert_eq!(call(&mut world, A, None), NEEDS_RESET, "nobody can tell");
    disk.lock().unwrap().fails = None;
    assert_eq!(call(&mut world, A, None), NOT_SET);
}
