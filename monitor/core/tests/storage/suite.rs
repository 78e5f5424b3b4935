// SPDX-License-Identifier: BSD-2-Clause
//! What every backend has to do, whatever it keeps its objects in.

use crate::disk::{Shared, boot, boot_with};
use tee_core::call::Call;
use tee_core::crypto::huk::{HardwareKey, KeyState};
use tee_core::ports::Store;
use tee_core::storage::backend::{Backend, Existing, Name, ObjectId, Source};
use tee_core::testing::{FakePlatform, Secrets};
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const B: Uuid = Uuid::new(1, 2, 3, [5; 8]);

type Result<T> = core::result::Result<T, TeeError>;

/// A backend under test.
struct Tested<'t> {
    call: &'t Call<'t, FakePlatform>,
    backend: &'t dyn Backend<FakePlatform>,
}

fn name(owner: Uuid, id: &[u8]) -> Name {
    Name { owner, id: ObjectId::new(id).unwrap() }
}

/// Bytes that cannot be had.
struct Refused(u64);

impl Source for Refused {
    fn len(&self) -> u64 {
        self.0
    }

    fn read(&self, _at: u64, _out: &mut [u8]) -> Result<()> {
        Err(TeeError::ACCESS_DENIED)
    }
}

impl Tested<'_> {
    fn create(&self, name: &Name, existing: Existing, content: &[u8]) -> Result<()> {
        self.backend.create(self.call, name, existing, &content)
    }

    fn len(&self, name: &Name) -> Result<u64> {
        self.backend.open(self.call, name, &mut [])
    }

    fn content(&self, name: &Name) -> Result<Vec<u8>> {
        let len = self.len(name)?;
        let mut out = Vec::new();
        let mut take = |part: &[u8]| {
            out.extend_from_slice(part);
            Ok(())
        };
        let count = self.backend.read(self.call, name, len, 0, len + 7, &mut take)?;
        assert_eq!(count, len);
        assert_eq!(out.len() as u64, len);
        Ok(out)
    }

    fn write(&self, name: &Name, at: u64, data: &[u8]) -> Result<u64> {
        self.backend.write(self.call, name, self.len(name)?, at, &data)
    }

    fn truncate(&self, name: &Name, new: u64) -> Result<()> {
        self.backend.truncate(self.call, name, self.len(name)?, new)
    }

    fn ids(&self, owner: Uuid) -> Vec<Vec<u8>> {
        let ids = self.backend.list(self.call, &owner).unwrap();
        let mut all = Vec::new();
        let mut at = 0;
        while let Some((id, next)) = ids.at(at) {
            all.push(id.bytes().to_vec());
            at = next;
        }
        assert_eq!(all.len(), ids.len());
        all.sort();
        all
    }
}

fn create_and_read(t: &Tested<'_>) {
    let object = name(A, b"one");
    assert_eq!(t.len(&object), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(t.create(&object, Existing::Keep, b"content"), Ok(()));
    assert_eq!(t.content(&object).unwrap(), b"content");
    let mut head = [0xEE; 10];
    assert_eq!(t.backend.open(t.call, &object, &mut head), Ok(7));
    assert_eq!(&head, b"content\xEE\xEE\xEE", "as many bytes as there are");
    let mut head = [0xEE; 3];
    assert_eq!(t.backend.open(t.call, &object, &mut head), Ok(7));
    assert_eq!(&head, b"con");
    assert_eq!(t.create(&object, Existing::Keep, b"other"), Err(TeeError::ACCESS_CONFLICT));
    assert_eq!(t.content(&object).unwrap(), b"content");
    assert_eq!(t.create(&object, Existing::Replace, b"other"), Ok(()));
    assert_eq!(t.content(&object).unwrap(), b"other");
    assert_eq!(t.create(&name(A, b"two"), Existing::Replace, b""), Ok(()), "nothing to replace");
    assert_eq!(t.content(&name(A, b"two")).unwrap(), b"");
    let denied = t.backend.create(t.call, &object, Existing::Replace, &Refused(10));
    assert_eq!(denied, Err(TeeError::ACCESS_DENIED));
    assert_eq!(t.content(&object).unwrap(), b"other", "it is as it was");
    let denied = t.backend.create(t.call, &name(A, b"three"), Existing::Keep, &Refused(10));
    assert_eq!(denied, Err(TeeError::ACCESS_DENIED));
    assert_eq!(t.len(&name(A, b"three")), Err(TeeError::ITEM_NOT_FOUND));
}

/// Sizes around those that anything is moved in.
fn sizes(t: &Tested<'_>) {
    for size in [1, 255, 256, 257, 511, 512, 513, 4096, 32 * 1024 - 17, 32 * 1024 - 16, 32 * 1024 - 15, 32 * 1024, 70_001] {
        let object = name(A, b"large");
        let content: Vec<u8> = (0..size).map(|at: usize| (at * 7 + at / 251) as u8).collect();
        t.create(&object, Existing::Replace, &content).unwrap();
        assert!(t.content(&object).unwrap() == content, "{size}");
        let part: Vec<u8> = content.iter().map(|byte| !byte).collect();
        assert_eq!(t.write(&object, 3, &part), Ok(size as u64 + 3));
        let whole = [&content[..3.min(size)], &[0, 0][..3 - 3.min(size)], &part].concat();
        assert!(t.content(&object).unwrap() == whole, "{size}");
        let mut middle = Vec::new();
        let mut take = |part: &[u8]| {
            middle.extend_from_slice(part);
            Ok(())
        };
        let half = size as u64 / 2;
        assert_eq!(t.backend.read(t.call, &object, size as u64 + 3, half, 300, &mut take), Ok(300.min(size as u64 + 3 - half)));
        assert!(middle == whole[half as usize..][..middle.len()], "{size}");
    }
}

fn write_and_cut(t: &Tested<'_>) {
    let object = name(B, b"");
    t.create(&object, Existing::Keep, b"0123456789").unwrap();
    assert_eq!(t.write(&object, 2, b"abc"), Ok(10));
    assert_eq!(t.content(&object).unwrap(), b"01abc56789");
    assert_eq!(t.write(&object, 8, b"wxyz"), Ok(12));
    assert_eq!(t.write(&object, 15, b"!"), Ok(16));
    assert_eq!(t.content(&object).unwrap(), b"01abc567wxyz\0\0\0!");
    assert_eq!(t.truncate(&object, 5), Ok(()));
    assert_eq!(t.content(&object).unwrap(), b"01abc");
    assert_eq!(t.truncate(&object, 9), Ok(()));
    assert_eq!(t.content(&object).unwrap(), b"01abc\0\0\0\0", "what was cut off does not come back");
    assert_eq!(t.truncate(&object, 0), Ok(()));
    assert_eq!(t.write(&object, 3, b"x"), Ok(4));
    assert_eq!(t.content(&object).unwrap(), b"\0\0\0x");
    let denied = t.backend.write(t.call, &object, 4, 0, &Refused(2));
    assert_eq!(denied, Err(TeeError::ACCESS_DENIED));
    assert_eq!(t.content(&object).unwrap(), b"\0\0\0x");
    let mut refuse = |_: &[u8]| Err(TeeError::ACCESS_DENIED);
    assert_eq!(t.backend.read(t.call, &object, 4, 0, 4, &mut refuse), Err(TeeError::ACCESS_DENIED));
    let mut none = |_: &[u8]| panic!("nothing is there");
    assert_eq!(t.backend.read(t.call, &object, 4, 4, 9, &mut none), Ok(0));
    assert_eq!(t.backend.read(t.call, &object, 4, u64::MAX, 9, &mut none), Ok(0));
}

fn names(t: &Tested<'_>) {
    let ids: [&[u8]; 6] = [b"", b"\0", b"a/../b", b"A", b"a", &[0xFF; 64]];
    for id in ids {
        t.create(&name(A, id), Existing::Keep, id).unwrap();
    }
    t.create(&name(B, b"a"), Existing::Keep, b"of another TA").unwrap();
    let mut sorted = ids.map(<[u8]>::to_vec);
    sorted.sort();
    assert_eq!(t.ids(A), sorted);
    assert_eq!(t.ids(B), [b"a"]);
    assert!(t.ids(Uuid::NIL).is_empty());
    for id in ids {
        assert_eq!(t.content(&name(A, id)).unwrap(), id);
    }
    let to = |id: &[u8]| ObjectId::new(id).unwrap();
    assert_eq!(t.backend.rename(t.call, &name(A, b"a"), &to(b"A")), Err(TeeError::ACCESS_CONFLICT));
    assert_eq!(t.backend.rename(t.call, &name(A, b"a"), &to(b"b")), Ok(()));
    assert_eq!(t.len(&name(A, b"a")), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(t.content(&name(A, b"b")).unwrap(), b"a");
    assert_eq!(t.content(&name(B, b"a")).unwrap(), b"of another TA");
    assert_eq!(t.backend.rename(t.call, &name(A, b"a"), &to(b"c")), Err(TeeError::CORRUPT_OBJECT), "it was open, and is gone");
    assert_eq!(t.backend.remove(t.call, &name(A, b"a")), Err(TeeError::ITEM_NOT_FOUND));
    for id in ids.iter().filter(|id| ***id != *b"a").copied().chain([&b"b"[..]]) {
        assert_eq!(t.backend.remove(t.call, &name(A, id)), Ok(()));
    }
    assert!(t.ids(A).is_empty());
    assert_eq!(t.ids(B), [b"a"]);
}

fn gone(t: &Tested<'_>) {
    let (object, mut none) = (name(A, b"never"), |_: &[u8]| Ok(()));
    assert_eq!(t.backend.read(t.call, &object, 4, 0, 4, &mut none), Err(TeeError::CORRUPT_OBJECT));
    assert_eq!(t.backend.write(t.call, &object, 4, 0, &&b"x"[..]), Err(TeeError::CORRUPT_OBJECT));
    assert_eq!(t.backend.truncate(t.call, &object, 4, 0), Err(TeeError::CORRUPT_OBJECT));
}

/// Runs a part of the suite on every backend.
fn on_every_backend(part: fn(&Tested<'_>)) {
    let disk = Shared::default();
    for disk in [None, Some(&disk)] {
        boot(disk, &[]).within(move |call| {
            let storage = &call.tee.storage;
            let backend = storage.backend(storage.private().unwrap());
            part(&Tested { call, backend });
        });
    }
    assert!(disk.lock().unwrap().is_quiet(), "everything was closed and given back");
}

#[test]
fn objects_are_created_whole_or_not_at_all() {
    on_every_backend(create_and_read);
}

#[test]
fn content_of_any_size_is_kept() {
    on_every_backend(sizes);
}

#[test]
fn streams_grow_and_shrink() {
    on_every_backend(write_and_cut);
}

#[test]
fn names_are_kept_apart() {
    on_every_backend(names);
}

#[test]
fn objects_that_vanish_are_corrupt() {
    on_every_backend(gone);
}

/// What the file backend writes is there after a reset; the memory backend's is not.
#[test]
fn files_outlast_a_reset() {
    let disk = Shared::default();
    for disk in [None, Some(&disk)] {
        let before = boot(disk, &[]).within(|call| {
            let backend = call.tee.storage.backend(call.tee.storage.private().unwrap());
            Tested { call, backend }.create(&name(A, b"x"), Existing::Keep, b"content")
        });
        assert_eq!(before, Ok(()));
        let after = boot(disk, &[]).within(|call| {
            let backend = call.tee.storage.backend(call.tee.storage.private().unwrap());
            Tested { call, backend }.content(&name(A, b"x"))
        });
        assert_eq!(after, if disk.is_some() { Ok(b"content".to_vec()) } else { Err(TeeError::ITEM_NOT_FOUND) });
    }
    assert_eq!(disk.lock().unwrap().names(), ["0", "dirf.db"], "as OP-TEE calls them");
}

/// What Debian's OP-TEE 4.5.0 left after a run of its test suite, under its hardware-unique key of zeros: its directory, of five
/// objects, and the file of one, its database of versions. The others are not here.
#[test]
fn a_store_that_optee_left_opens() {
    let disk = Shared::default();
    disk.lock().unwrap().put("dirf.db", include_bytes!("../vectors/optee-dirf.db"));
    disk.lock().unwrap().put("1", include_bytes!("../vectors/optee-ta_ver.db"));
    let key = Ok(HardwareKey::new([0; 16], KeyState::StandIn("a test")));
    boot_with(Some(&disk), &[], Secrets { key, store: Store::NormalFiles, ..Secrets::default() }).within(|call| {
        let backend = call.tee.storage.backend(call.tee.storage.private().unwrap());
        let tested = Tested { call, backend };
        let pkcs11 = Uuid::new(0xFD02_C9DA, 0x306C, 0x48C7, [0xA4, 0x9C, 0xBB, 0xD8, 0x27, 0xAE, 0x86, 0xEE]);
        let tokens = ["token.db.0", "token.db.1", "token.db.2"].map(|name| format!("{name:\0<32}").into_bytes());
        assert_eq!(tested.ids(pkcs11), tokens);
        assert_eq!(tested.ids(Uuid::NIL), [&b"ta.db\0"[..], b"ta_ver.db\0"]);
        let versions = name(Uuid::NIL, b"ta_ver.db\0");
        let mut content = tested.content(&versions).unwrap();
        assert_eq!((content.len(), &content[..8], &content[8..24]), (48, &[0, 0, 0, 0, 2, 0, 0, 0][..], &pkcs11.octets()[..]));
        assert_eq!(tested.len(&name(Uuid::NIL, b"ta.db\0")), Err(TeeError::CORRUPT_OBJECT), "its file is not here");
        // It goes on from there.
        assert_eq!(tested.write(&versions, 48, b"more"), Ok(52));
        content.extend(b"more");
        assert_eq!(tested.content(&versions), Ok(content));
    });
}
