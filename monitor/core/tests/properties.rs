// SPDX-License-Identifier: BSD-2-Clause
//! Properties as a TA gets them by system calls.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use utee_abi::property::{Set, Type, names};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

/// Runs a script in a TA; what it gave.
fn within<R: Send + 'static>(script: impl Fn(&mut Ta) -> R + Send + Sync + 'static) -> R {
    let tee = FakePlatform::boot(&[(A, signed(&A, &elf(&A, TaFlags::empty(), 8192)))], 1);
    let given = Arc::new(Mutex::new(None));
    let give = Arc::clone(&given);
    tee.platform.scripts().set(&A, move |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            // What does not hold fails the test, not the TA.
            *give.lock().unwrap() = Some(catch_unwind(AssertUnwindSafe(|| script(ta))));
        }
        0
    });
    let mut world = NormalWorld::new(tee);
    let session = world.open(&A, &[]).header.session;
    assert_eq!(world.invoke(session, 0, &[]).header.ret, 0);
    let result = given.lock().unwrap().take().expect("the script ran");
    result.unwrap_or_else(|failure| resume_unwind(failure))
}

fn bytes(ta: &Ta, at: u64, len: u32) -> Vec<u8> {
    let mut out = vec![0; len as usize];
    ta.read(at, &mut out);
    out
}

/// Cells of the call: name, its size, value, its size, type.
fn get(ta: &mut Ta, set: Set, index: u32, room: [u32; 2]) -> (u32, [u32; 2], Vec<u8>, Vec<u8>, u32) {
    let [name, name_len, value, value_len, kind] = [0, 1, 2, 3, 4].map(|slot| ta.scratch(slot));
    ta.write(name_len, &room[0].to_le_bytes());
    ta.write(value_len, &room[1].to_le_bytes());
    let set = u64::from(u32::from(set));
    let code = ta.syscall(Syscall::GetProperty, &[set, u64::from(index), name, name_len, value, value_len, kind]);
    let lens = [ta.word(name_len), ta.word(value_len)];
    (code, lens, bytes(ta, name, lens[0].min(room[0])), bytes(ta, value, lens[1].min(room[1])), ta.word(kind))
}

fn index(ta: &mut Ta, set: Set, name: &str) -> (u32, u32) {
    let (text, cell) = (ta.scratch(0), ta.scratch(1));
    let bytes = [name.as_bytes(), &[0]].concat();
    ta.write(text, &bytes);
    let set = u64::from(u32::from(set));
    let code = ta.syscall(Syscall::GetPropertyNameToIndex, &[set, text, bytes.len() as u64, cell]);
    (code, ta.word(cell))
}

/// A name, its type and its value.
type Found = (String, u32, Vec<u8>);

fn all(set: Set) -> Vec<Found> {
    within(move |ta| {
        let mut found = Vec::new();
        for at in 0.. {
            let (code, _, name, value, kind) = get(ta, set, at, [100, 100]);
            if code == TeeError::ITEM_NOT_FOUND.raw() {
                break;
            }
            assert_eq!(code, 0);
            let name = String::from_utf8(name).unwrap();
            let name = name.strip_suffix('\0').expect("it ends with a NUL").to_string();
            assert_eq!(index(ta, set, &name), (0, at), "{name}");
            found.push((name, kind, value));
        }
        found
    })
}

#[test]
fn each_set_is_walked_through_to_its_end() {
    for (set, names) in [(Set::Implementation, names::IMPLEMENTATION), (Set::Client, names::CLIENT), (Set::Ta, names::TA)] {
        let found = all(set);
        assert_eq!(found.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), names);
        for (name, kind, value) in &found {
            let kind = Type::try_from(*kind).unwrap();
            let size = match kind {
                Type::Bool => 1,
                Type::U32 => 4,
                Type::Uuid => 16,
                Type::Identity => 20,
                Type::U64 => 8,
                Type::String => value.iter().position(|byte| *byte == 0).expect("a string ends with a NUL") + 1,
                Type::BinaryBlock => panic!("{name}: none yet"),
            };
            assert_eq!(value.len(), size, "{name}");
        }
    }
}

#[test]
fn values_are_those_that_the_specification_wants() {
    let found = all(Set::Implementation);
    let value = |name: &str| found.iter().find(|(other, ..)| other == name).map(|(_, kind, value)| (*kind, value.clone())).unwrap();
    let truth = |holds: bool| (u32::from(Type::Bool), vec![u8::from(holds)]);
    assert_eq!(value("gpd.tee.cryptography.ecc"), truth(true));
    for name in ["gpd.tee.cryptography.bsi-r", "gpd.tee.cryptography.bsi-t"] {
        assert_eq!(value(name), truth(false), "no Brainpool curve has an id of an object here");
    }
    // A family is there when its algorithms are.
    use tee_core::crypto::algorithms::find;
    use utee_abi::crypto::AlgorithmId as Id;
    let ietf = [Id::X25519, Id::ED25519, Id::X448].into_iter().all(|id| find(id).is_some());
    assert_eq!(value("gpd.tee.cryptography.ietf"), truth(ietf));
    assert_eq!(
        value("gpd.tee.cryptography.octa"),
        truth([Id::SM2_DSA_SM3, Id::SM2_PKE, Id::SM2_KEP].into_iter().all(|id| find(id).is_some()))
    );
    let number = |value: u32| (u32::from(Type::U32), value.to_le_bytes().to_vec());
    for name in ["antiRollback", "rollbackDetection"] {
        assert_eq!(value(&format!("gpd.tee.trustedStorage.{name}.protectionLevel")), number(100));
    }
    assert_eq!(value("gpd.tee.systemTime.protectionLevel"), number(1000));
    assert_eq!(value("gpd.tee.TAPersistentTime.protectionLevel"), number(100));
    let (_, device) = value("gpd.tee.deviceID");
    // Version 5 and the variant of RFC 4122, where they stand in memory.
    assert_eq!((device[7] >> 4, device[8] >> 6), (5, 2));
    assert_eq!(all(Set::Ta)[0].2, A.to_memory());
}

#[test]
fn sizes_and_claims_are_checked() {
    within(|ta| {
        let set = Set::Implementation;
        let short = TeeError::SHORT_BUFFER.raw();
        let (_, [name_len, value_len], ..) = get(ta, set, 0, [100, 100]);
        for room in [[name_len - 1, 100], [100, value_len - 1], [0, 0]] {
            let (code, lens, ..) = get(ta, set, 0, room);
            assert_eq!((code, lens), (short, [name_len, value_len]));
        }
        assert_eq!(get(ta, set, 0, [name_len, value_len]).0, 0);
        assert_eq!(get(ta, set, u32::MAX, [100, 100]).0, TeeError::ITEM_NOT_FOUND.raw());
        let (name, cell, set) = (ta.scratch(0), ta.scratch(1), u64::from(u32::from(set)));
        // Nothing is wanted of it, a set that there is not, a value without a size, memory that is not the TA's.
        assert_eq!(ta.syscall(Syscall::GetProperty, &[set, 0, 0, 0, 0, 0, 0]), 0);
        assert_eq!(ta.syscall(Syscall::GetProperty, &[7, 0, 0, 0, 0, 0, 0]), TeeError::ITEM_NOT_FOUND.raw());
        assert_eq!(ta.syscall(Syscall::GetProperty, &[set, 0, 0, 0, name, 0, 0]), TeeError::BAD_PARAMETERS.raw());
        ta.write(cell, &100u32.to_le_bytes());
        assert_eq!(ta.syscall(Syscall::GetProperty, &[set, 0, 4, cell, 0, 0, 0]), TeeError::ACCESS_DENIED.raw());
        assert_eq!(ta.syscall(Syscall::GetProperty, &[set, 0, 0, 4, 0, 0, 0]), TeeError::ACCESS_DENIED.raw());
        for (text, len, code) in
            [(0, 4, TeeError::BAD_PARAMETERS), (name, 0, TeeError::BAD_PARAMETERS), (name, 1 << 30, TeeError::ITEM_NOT_FOUND)]
        {
            assert_eq!(ta.syscall(Syscall::GetPropertyNameToIndex, &[set, text, len, cell]), code.raw());
        }
        assert_eq!(index(ta, Set::Client, "gpd.tee.deviceID").0, TeeError::ITEM_NOT_FOUND.raw());
    });
}
