// SPDX-License-Identifier: BSD-2-Clause
//! Persistent objects in C (GlobalPlatform TEE Internal Core API 1.3.1, sections 5.7 to 5.9). A handle is the kernel's number.

use crate::c_functions;
use crate::object::{DONE, handle, object, only};
use crate::types::ObjectInfo;
use api::crypto::ObjectRef;
use api::panic::{or_panic, panic};
use api::storage::StorageId;
use api::storage::raw::{self, EnumeratorRef};
use api::{Result, TeeError};
use core::ffi::c_void;
use core::ptr;
use utee_abi::storage::Whence;

/// Errors that opening may give, and everything else but the corrupt object and the missing storage panics the TA for.
const OPEN: &[TeeError] = &[
    TeeError::ITEM_NOT_FOUND,
    TeeError::ACCESS_CONFLICT,
    TeeError::OUT_OF_MEMORY,
    TeeError::STORAGE_NO_SPACE,
    TeeError::CORRUPT_OBJECT,
    TeeError::STORAGE_NOT_AVAILABLE,
];

/// Errors of what is done with an open object.
const USE: &[TeeError] = &[TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NOT_AVAILABLE];

/// Errors of changes.
const CHANGE: &[TeeError] = &[TeeError::STORAGE_NO_SPACE, TeeError::OVERFLOW, TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NOT_AVAILABLE];

/// Errors of an enumeration.
const ENUMERATE: &[TeeError] = &[TeeError::ITEM_NOT_FOUND, TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NOT_AVAILABLE];

fn enumerator(handle: *mut c_void) -> EnumeratorRef {
    EnumeratorRef::from_handle(u32::try_from(handle.addr()).unwrap_or(0))
}

/// Writes a handle that was opened, or TEE_HANDLE_NULL.
///
/// # Safety
/// `place` is writable.
unsafe fn give(opened: Result<ObjectRef>, place: *mut *mut c_void) -> u32 {
    // SAFETY: the caller's pointer.
    unsafe { place.write(opened.map_or(ptr::null_mut(), handle)) };
    only(opened.map(drop), OPEN)
}

c_functions! {
    /// TEE_OpenPersistentObject.
    fn TEE_OpenPersistentObject(storage: u32, id: *const c_void, id_len: usize, flags: u32, object: *mut *mut c_void) -> u32 {
        if object.is_null() {
            panic(TeeError::BAD_PARAMETERS);
        }
        // SAFETY: the caller's memory and pointer.
        unsafe { give(raw::open(StorageId::from_raw(storage), id.cast(), id_len, flags), object) }
    }

    /// TEE_CreatePersistentObject. Without `object` a transient `attributes` becomes the handle.
    fn TEE_CreatePersistentObject(
        storage: u32,
        id: *const c_void,
        id_len: usize,
        flags: u32,
        attributes: *mut c_void,
        data: *const c_void,
        data_len: usize,
        object: *mut *mut c_void,
    ) -> u32 {
        let key = (!attributes.is_null()).then(|| self::object(attributes));
        let (storage, id, data) = (StorageId::from_raw(storage), (id.cast(), id_len), (data.cast(), data_len));
        // SAFETY: the caller's memory and pointer.
        unsafe {
            if object.is_null() {
                return only(raw::create_as(storage, id, flags, key, data), OPEN);
            }
            give(raw::create(storage, id, flags, key, data), object)
        }
    }

    /// TEE_CloseAndDeletePersistentObject1.
    fn TEE_CloseAndDeletePersistentObject1(handle: *mut c_void) -> u32 {
        if handle.is_null() {
            return DONE;
        }
        only(raw::delete(object(handle)), &[TeeError::STORAGE_NOT_AVAILABLE])
    }

    /// TEE_CloseAndDeletePersistentObject.
    fn TEE_CloseAndDeletePersistentObject(handle: *mut c_void) {
        if !handle.is_null() {
            or_panic(raw::delete(object(handle)));
        }
    }

    /// TEE_RenamePersistentObject.
    fn TEE_RenamePersistentObject(handle: *mut c_void, id: *const c_void, id_len: usize) -> u32 {
        // SAFETY: the caller's memory.
        let renamed = unsafe { raw::rename(object(handle), id.cast(), id_len) };
        only(renamed, &[TeeError::ACCESS_CONFLICT, TeeError::STORAGE_NO_SPACE, USE[0], USE[1]])
    }

    /// TEE_AllocatePersistentObjectEnumerator.
    fn TEE_AllocatePersistentObjectEnumerator(place: *mut *mut c_void) -> u32 {
        if place.is_null() {
            panic(TeeError::BAD_PARAMETERS);
        }
        let new = EnumeratorRef::new();
        let handle = new.map_or(ptr::null_mut(), |new| ptr::without_provenance_mut(new.handle() as usize));
        // SAFETY: the caller's pointer.
        unsafe { place.write(handle) };
        only(new.map(drop), &[TeeError::OUT_OF_MEMORY])
    }

    /// TEE_FreePersistentObjectEnumerator.
    fn TEE_FreePersistentObjectEnumerator(handle: *mut c_void) {
        if !handle.is_null() {
            or_panic(enumerator(handle).free());
        }
    }

    /// TEE_ResetPersistentObjectEnumerator.
    fn TEE_ResetPersistentObjectEnumerator(handle: *mut c_void) {
        if !handle.is_null() {
            or_panic(enumerator(handle).reset());
        }
    }

    /// TEE_StartPersistentObjectEnumerator.
    fn TEE_StartPersistentObjectEnumerator(handle: *mut c_void, storage: u32) -> u32 {
        only(enumerator(handle).start(StorageId::from_raw(storage)), ENUMERATE)
    }

    /// TEE_GetNextPersistentObject. `info` may be NULL; there is room for 64 bytes at `id`.
    fn TEE_GetNextPersistentObject(handle: *mut c_void, info: *mut ObjectInfo, id: *mut c_void, id_len: *mut usize) -> u32 {
        if id.is_null() || id_len.is_null() {
            panic(TeeError::BAD_PARAMETERS);
        }
        // SAFETY: the caller's memory.
        let next = unsafe { enumerator(handle).next(id.cast()) };
        let given = next.map(|(about, len)| {
            // SAFETY: the caller's pointers.
            unsafe {
                id_len.write(len);
                if !info.is_null() {
                    info.write(about.into());
                }
            }
        });
        only(given, ENUMERATE)
    }

    /// TEE_ReadObjectData.
    fn TEE_ReadObjectData(handle: *mut c_void, buffer: *mut c_void, size: usize, count: *mut usize) -> u32 {
        if count.is_null() {
            panic(TeeError::BAD_PARAMETERS);
        }
        // SAFETY: the caller's memory and pointer.
        let read = unsafe { raw::read(object(handle), buffer.cast(), size).map(|len| count.write(len)) };
        only(read, USE)
    }

    /// TEE_WriteObjectData.
    fn TEE_WriteObjectData(handle: *mut c_void, buffer: *const c_void, size: usize) -> u32 {
        // SAFETY: the caller's memory.
        only(unsafe { raw::write(object(handle), buffer.cast(), size) }, CHANGE)
    }

    /// TEE_TruncateObjectData.
    fn TEE_TruncateObjectData(handle: *mut c_void, size: usize) -> u32 {
        let cut = u32::try_from(size).map_err(|_| TeeError::STORAGE_NO_SPACE).and_then(|size| raw::truncate(object(handle), size));
        only(cut, &[TeeError::STORAGE_NO_SPACE, USE[0], USE[1]])
    }

    /// TEE_SeekObjectData.
    fn TEE_SeekObjectData(handle: *mut c_void, offset: i64, whence: u32) -> u32 {
        let whence = Whence::try_from(whence).map_err(|_| TeeError::BAD_PARAMETERS);
        let sought = whence.and_then(|whence| raw::seek_wide(object(handle), offset, whence));
        only(sought, &[TeeError::OVERFLOW, USE[0], USE[1]])
    }
}

#[cfg(test)]
mod tests;
