// SPDX-License-Identifier: BSD-2-Clause
//! Which results come back to a TA in C, and which end it.

extern crate std;

use super::*;
use alloc::vec::Vec;
use api::fake::{self, End};
use utee_abi::storage::DATA_POSITION_MAX;
use utee_abi::sysnum::Syscall as S;

/// Errors that a kernel may give.
const ERRORS: [TeeError; 9] = [
    TeeError::ITEM_NOT_FOUND,
    TeeError::ACCESS_CONFLICT,
    TeeError::OUT_OF_MEMORY,
    TeeError::STORAGE_NO_SPACE,
    TeeError::CORRUPT_OBJECT,
    TeeError::STORAGE_NOT_AVAILABLE,
    TeeError::OVERFLOW,
    TeeError::BAD_STATE,
    TeeError::BAD_PARAMETERS,
];

/// Lets a system call fail in every way: the errors that came back as they are, where the others end the TA.
fn passed_on(number: S, call: impl Fn() -> u32) -> Vec<TeeError> {
    let passed = ERRORS.into_iter().filter(|error| {
        let raw = error.raw();
        fake::on(number, move |_| raw);
        let mut code = None;
        let end = fake::run(|| code = Some(call()));
        assert!(end == Some(End::Panic(raw)) && code.is_none() || end.is_none() && code == Some(raw), "{number:?}: {error}");
        end.is_none()
    });
    passed.collect()
}

const HANDLE: *mut c_void = ptr::without_provenance_mut(7);

#[test]
fn only_errors_of_the_specification_come_back() {
    let mut place = HANDLE;
    let at = &raw mut place;
    let (mut count, mut id) = (0usize, [0u8; 64]);
    let (count, id) = (&raw mut count, id.as_mut_ptr().cast::<c_void>());
    // SAFETY: pointers to what lives here.
    let opened = passed_on(S::StorageObjOpen, || unsafe { TEE_OpenPersistentObject(1, id, 3, 1, at) });
    assert_eq!(opened, OPEN);
    assert!(place.is_null(), "no handle where there is none");
    // SAFETY: as above.
    let created = passed_on(S::StorageObjCreate, || unsafe { TEE_CreatePersistentObject(1, id, 3, 1, HANDLE, id, 4, at) });
    assert_eq!(created, OPEN);
    // SAFETY: as above.
    let created = passed_on(S::StorageObjCreate, || unsafe { TEE_CreatePersistentObject(1, id, 3, 1, HANDLE, id, 4, ptr::null_mut()) });
    assert_eq!(created, OPEN);
    let gone = [TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NOT_AVAILABLE];
    // SAFETY: as above.
    unsafe {
        assert_eq!(passed_on(S::StorageObjDel, || TEE_CloseAndDeletePersistentObject1(HANDLE)), gone[1..]);
        assert_eq!(passed_on(S::StorageObjRead, || TEE_ReadObjectData(HANDLE, id, 4, count)), gone);
        let full = [TeeError::STORAGE_NO_SPACE, gone[0], gone[1]];
        assert_eq!(passed_on(S::StorageObjTrunc, || TEE_TruncateObjectData(HANDLE, 4)), full);
        assert_eq!(passed_on(S::StorageObjWrite, || TEE_WriteObjectData(HANDLE, id, 4)), [&full[..], &[TeeError::OVERFLOW]].concat());
        let taken = [TeeError::ACCESS_CONFLICT, full[0], gone[0], gone[1]];
        assert_eq!(passed_on(S::StorageObjRename, || TEE_RenamePersistentObject(HANDLE, id, 4)), taken);
        assert_eq!(passed_on(S::StorageAllocEnum, || TEE_AllocatePersistentObjectEnumerator(at)), [TeeError::OUT_OF_MEMORY]);
        assert_eq!(passed_on(S::StorageStartEnum, || TEE_StartPersistentObjectEnumerator(HANDLE, 1)), ENUMERATE);
        let next = || TEE_GetNextPersistentObject(HANDLE, ptr::null_mut(), id, count);
        assert_eq!(passed_on(S::StorageNextEnum, next), ENUMERATE);
        // What returns nothing ends the TA by whatever happens.
        let nothing = |call: unsafe extern "C-unwind" fn(*mut c_void)| {
            move || {
                call(HANDLE);
                0
            }
        };
        assert_eq!(passed_on(S::StorageObjDel, nothing(TEE_CloseAndDeletePersistentObject)), []);
        assert_eq!(passed_on(S::StorageFreeEnum, nothing(TEE_FreePersistentObjectEnumerator)), []);
        assert_eq!(passed_on(S::StorageResetEnum, nothing(TEE_ResetPersistentObjectEnumerator)), []);
        // No handle is no mistake where something is closed.
        let _ = fake::calls();
        assert_eq!(TEE_CloseAndDeletePersistentObject1(ptr::null_mut()), DONE);
        TEE_CloseAndDeletePersistentObject(ptr::null_mut());
        TEE_FreePersistentObjectEnumerator(ptr::null_mut());
        TEE_ResetPersistentObjectEnumerator(ptr::null_mut());
        assert_eq!(fake::calls(), []);
        let wrong = Some(End::Panic(TeeError::BAD_PARAMETERS.raw()));
        let nowhere = || {
            TEE_OpenPersistentObject(1, id, 3, 1, ptr::null_mut());
        };
        assert_eq!(fake::run(nowhere), wrong);
        let no_whence = || {
            TEE_SeekObjectData(HANDLE, 0, 3);
        };
        assert_eq!(fake::run(no_whence), wrong);
    }
}

/// The kernel takes 31 bits with a sign; the function takes 64.
#[test]
fn positions_of_any_width_are_reached() {
    use std::cell::Cell;
    use std::rc::Rc;
    use utee_abi::crypto::UteeObjectInfo;
    let position = Rc::new(Cell::new(0u32));
    let seen = Rc::clone(&position);
    fake::on(S::CrypObjGetInfo, move |args| {
        let info = UteeObjectInfo { data_size: 1000, data_position: seen.get(), ..UteeObjectInfo::default() };
        // SAFETY: the caller gives room for it.
        unsafe { args[1].pointer::<[u8; UteeObjectInfo::SIZE]>().write(info.to_bytes()) };
        0
    });
    let moved = Rc::clone(&position);
    fake::on(S::StorageObjSeek, move |args| {
        let from = [0, moved.get(), 1000][args[2].value()];
        let to = i64::from(from) + i64::from((args[1].value() as u32).cast_signed());
        match u32::try_from(to.max(0)) {
            Ok(to) => {
                moved.set(to);
                0
            }
            Err(_) => TeeError::BAD_PARAMETERS.raw(),
        }
    });
    // SAFETY: no memory.
    let seek = |offset: i64, whence: Whence| unsafe { TEE_SeekObjectData(HANDLE, offset, whence.into()) };
    let last = i64::from(DATA_POSITION_MAX);
    for to in [0, 1, i64::from(i32::MAX), 1 << 31, (1 << 31) + 1, last] {
        assert_eq!((seek(to, Whence::Set), position.get()), (0, to as u32));
        assert_eq!((seek(-to, Whence::Cur), position.get()), (0, 0));
        assert_eq!((seek(to - 1000, Whence::End), position.get()), (0, to as u32));
        assert_eq!(seek(last - to + 1, Whence::Cur), TeeError::OVERFLOW.raw());
        assert_eq!(position.get(), to as u32, "it stays");
    }
    assert_eq!((seek(i64::MIN, Whence::Cur), position.get()), (0, 0));
    assert_eq!(seek(i64::MAX, Whence::End), TeeError::OVERFLOW.raw());
    assert_eq!(seek(last - 999, Whence::End), TeeError::OVERFLOW.raw());
}
