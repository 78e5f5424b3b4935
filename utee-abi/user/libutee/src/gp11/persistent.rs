// SPDX-License-Identifier: BSD-2-Clause
//! Version 1.1 of persistent objects.

use super::crypto::ObjectInfo11;
use super::{narrow, with_size};
use crate::types::ObjectInfo;
use crate::{c_functions, persistent};
use core::ffi::c_void;

narrow! {
    __GP11_TEE_OpenPersistentObject persistent::TEE_OpenPersistentObject:
        (storage: u32, id: *const c_void, id_len: u32, flags: u32, object: *mut *mut c_void) sizes (id_len) -> u32;
    __GP11_TEE_CreatePersistentObject persistent::TEE_CreatePersistentObject:
        (storage: u32, id: *const c_void, id_len: u32, flags: u32, attributes: *mut c_void, data: *const c_void, data_len: u32,
         object: *mut *mut c_void) sizes (id_len, data_len) -> u32;
    __GP11_TEE_RenamePersistentObject persistent::TEE_RenamePersistentObject:
        (handle: *mut c_void, id: *const c_void, id_len: u32) sizes (id_len) -> u32;
    __GP11_TEE_WriteObjectData persistent::TEE_WriteObjectData:
        (handle: *mut c_void, buffer: *const c_void, size: u32) sizes (size) -> u32;
    __GP11_TEE_TruncateObjectData persistent::TEE_TruncateObjectData: (handle: *mut c_void, size: u32) sizes (size) -> u32;
}

c_functions! {
    /// TEE_ReadObjectData.
    fn __GP11_TEE_ReadObjectData(handle: *mut c_void, buffer: *mut c_void, size: u32, count: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(count, |count| persistent::TEE_ReadObjectData(handle, buffer, size as usize, count)) }
    }

    /// TEE_SeekObjectData.
    fn __GP11_TEE_SeekObjectData(handle: *mut c_void, offset: i32, whence: u32) -> u32 {
        // SAFETY: passed on.
        unsafe { persistent::TEE_SeekObjectData(handle, offset.into(), whence) }
    }

    /// TEE_GetNextPersistentObject.
    fn __GP11_TEE_GetNextPersistentObject(handle: *mut c_void, info: *mut ObjectInfo11, id: *mut c_void, id_len: *mut u32) -> u32 {
        let mut wide = ObjectInfo::default();
        // SAFETY: passed on.
        let code = unsafe {
            with_size(id_len, |id_len| persistent::TEE_GetNextPersistentObject(handle, &raw mut wide, id, id_len))
        };
        if code == crate::object::DONE && !info.is_null() {
            // SAFETY: the caller's pointer.
            unsafe { info.write(wide.into()) };
        }
        code
    }
}
