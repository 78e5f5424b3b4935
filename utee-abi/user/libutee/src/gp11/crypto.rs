// SPDX-License-Identifier: BSD-2-Clause
//! Version 1.1 of operations, and of keys.

use super::{Memref11, narrow, with_size};
use crate::types::{Attribute, Content, Memref, ObjectInfo, Value};
use crate::{ae, c_functions, cipher, digest, object, operation};
use alloc::vec::Vec;
use api::TeeError;
use core::ffi::c_void;
use utee_abi::crypto::attribute::FLAG_VALUE;

/// The content of a TEE_Attribute of version 1.1.
#[derive(Clone, Copy)]
#[repr(C)]
pub union Content11 {
    /// Of a reference.
    pub reference: Memref11,
    /// Of a value.
    pub value: Value,
}

/// TEE_Attribute of version 1.1.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Attribute11 {
    /// Attribute id.
    pub id: u32,
    /// What it says.
    pub content: Content11,
}

/// TEE_ObjectInfo of version 1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ObjectInfo11 {
    /// Type.
    pub object_type: u32,
    /// Bits.
    pub size: u32,
    /// Bits at most.
    pub max_size: u32,
    /// Usage.
    pub usage: u32,
    /// Bytes of data.
    pub data_size: u32,
    /// Position in the data.
    pub data_position: u32,
    /// Handle flags.
    pub handle_flags: u32,
}

impl From<ObjectInfo> for ObjectInfo11 {
    fn from(info: ObjectInfo) -> Self {
        Self {
            object_type: info.object_type,
            size: info.object_size,
            max_size: info.max_object_size,
            usage: info.object_usage,
            data_size: u32::try_from(info.data_size).unwrap_or(u32::MAX),
            data_position: u32::try_from(info.data_position).unwrap_or(u32::MAX),
            handle_flags: info.handle_flags,
        }
    }
}

/// Calls `function` with attributes of version 1.3.1; `None` without memory for them.
///
/// # Safety
/// `attributes` points to `count`, with the content that their ids say.
pub(super) unsafe fn with_attributes<R>(
    attributes: *const Attribute11,
    count: u32,
    function: impl FnOnce(*const Attribute) -> R,
) -> Option<R> {
    let mut wide = Vec::new();
    wide.try_reserve_exact(count as usize).ok()?;
    for index in 0..count as usize {
        // SAFETY: one of the caller's attributes, with the content of its id.
        wide.push(unsafe {
            let Attribute11 { id, content } = attributes.add(index).read();
            let content = if id & FLAG_VALUE == 0 {
                Content { reference: Memref { buffer: content.reference.buffer, size: content.reference.size as usize } }
            } else {
                Content { value: content.value }
            };
            Attribute { id, content }
        });
    }
    Some(function(wide.as_ptr()))
}

narrow! {
    __GP11_TEE_DigestUpdate digest::TEE_DigestUpdate: (operation: *mut c_void, chunk: *const c_void, size: u32) sizes (size);
    __GP11_TEE_CipherInit cipher::TEE_CipherInit: (operation: *mut c_void, iv: *const c_void, len: u32) sizes (len);
    __GP11_TEE_MACInit cipher::TEE_MACInit: (operation: *mut c_void, iv: *const c_void, len: u32) sizes (len);
    __GP11_TEE_MACUpdate cipher::TEE_MACUpdate: (operation: *mut c_void, chunk: *const c_void, size: u32) sizes (size);
    __GP11_TEE_MACCompareFinal cipher::TEE_MACCompareFinal:
        (operation: *mut c_void, message: *const c_void, len: u32, mac: *const c_void, mac_len: u32) sizes (len, mac_len) -> u32;
    __GP11_TEE_AEInit ae::TEE_AEInit:
        (operation: *mut c_void, nonce: *const c_void, nonce_len: u32, tag_len: u32, aad_len: u32, payload_len: u32)
        sizes (nonce_len, aad_len, payload_len) -> u32;
    __GP11_TEE_AEUpdateAAD ae::TEE_AEUpdateAAD: (operation: *mut c_void, data: *const c_void, len: u32) sizes (len);
    __GP11_TEE_FreeOperation operation::TEE_FreeOperation: (operation: *mut c_void);
    __GP11_TEE_SetOperationKey operation::TEE_SetOperationKey: (operation: *mut c_void, key: *mut c_void) -> u32;
    __GP11_TEE_SetOperationKey2 operation::TEE_SetOperationKey2:
        (operation: *mut c_void, first: *mut c_void, second: *mut c_void) -> u32;
    __GP11_TEE_AllocateTransientObject object::TEE_AllocateTransientObject:
        (object_type: u32, max_size: u32, object: *mut *mut c_void) -> u32;
}

c_functions! {
    /// TEE_GetOperationInfoMultiple.
    fn __GP11_TEE_GetOperationInfoMultiple(handle: *mut c_void, info: *mut u32, size: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(size, |size| operation::TEE_GetOperationInfoMultiple(handle, info, size)) }
    }

    /// TEE_DigestDoFinal.
    fn __GP11_TEE_DigestDoFinal(handle: *mut c_void, chunk: *const c_void, len: u32, hash: *mut c_void, size: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(size, |size| digest::TEE_DigestDoFinal(handle, chunk, len as usize, hash, size)) }
    }

    /// TEE_CipherUpdate.
    fn __GP11_TEE_CipherUpdate(handle: *mut c_void, src: *const c_void, len: u32, dest: *mut c_void, size: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(size, |size| cipher::TEE_CipherUpdate(handle, src, len as usize, dest, size)) }
    }

    /// TEE_CipherDoFinal.
    fn __GP11_TEE_CipherDoFinal(handle: *mut c_void, src: *const c_void, len: u32, dest: *mut c_void, size: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(size, |size| cipher::TEE_CipherDoFinal(handle, src, len as usize, dest, size)) }
    }

    /// TEE_MACComputeFinal.
    fn __GP11_TEE_MACComputeFinal(handle: *mut c_void, message: *const c_void, len: u32, mac: *mut c_void, size: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(size, |size| cipher::TEE_MACComputeFinal(handle, message, len as usize, mac, size)) }
    }

    /// TEE_AEUpdate.
    fn __GP11_TEE_AEUpdate(handle: *mut c_void, src: *const c_void, len: u32, dest: *mut c_void, size: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(size, |size| ae::TEE_AEUpdate(handle, src, len as usize, dest, size)) }
    }

    /// TEE_AEEncryptFinal.
    fn __GP11_TEE_AEEncryptFinal(
        handle: *mut c_void,
        src: *const c_void,
        len: u32,
        dest: *mut c_void,
        size: *mut u32,
        tag: *mut c_void,
        tag_size: *mut u32,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe {
            with_size(size, |size| {
                with_size(tag_size, |tag_size| ae::TEE_AEEncryptFinal(handle, src, len as usize, dest, size, tag, tag_size))
            })
        }
    }

    /// TEE_AEDecryptFinal.
    fn __GP11_TEE_AEDecryptFinal(
        handle: *mut c_void,
        src: *const c_void,
        len: u32,
        dest: *mut c_void,
        size: *mut u32,
        tag: *mut c_void,
        tag_len: u32,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(size, |size| ae::TEE_AEDecryptFinal(handle, src, len as usize, dest, size, tag, tag_len as usize)) }
    }

    /// TEE_GetObjectBufferAttribute.
    fn __GP11_TEE_GetObjectBufferAttribute(handle: *mut c_void, id: u32, buffer: *mut c_void, size: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(size, |size| object::TEE_GetObjectBufferAttribute(handle, id, buffer, size)) }
    }

    /// TEE_GetObjectInfo1.
    fn __GP11_TEE_GetObjectInfo1(handle: *mut c_void, info: *mut ObjectInfo11) -> u32 {
        let mut wide = ObjectInfo::default();
        // SAFETY: the caller's handle.
        let code = unsafe { object::TEE_GetObjectInfo1(handle, &raw mut wide) };
        // SAFETY: the caller's pointer.
        unsafe { info.write(wide.into()) };
        code
    }

    /// TEE_GetObjectInfo.
    fn __GP11_TEE_GetObjectInfo(handle: *mut c_void, info: *mut ObjectInfo11) {
        let mut wide = ObjectInfo::default();
        // SAFETY: the caller's handle.
        unsafe { object::TEE_GetObjectInfo(handle, &raw mut wide) };
        // SAFETY: the caller's pointer.
        unsafe { info.write(wide.into()) };
    }

    /// TEE_InitRefAttribute.
    fn __GP11_TEE_InitRefAttribute(attribute: *mut Attribute11, id: u32, buffer: *const c_void, len: u32) {
        let content = Content11 { reference: Memref11 { buffer: buffer.cast_mut(), size: len } };
        if id & FLAG_VALUE != 0 {
            api::panic::panic(TeeError::BAD_PARAMETERS);
        }
        // SAFETY: the caller's pointer.
        unsafe { attribute.write(Attribute11 { id, content }) };
    }

    /// TEE_InitValueAttribute.
    fn __GP11_TEE_InitValueAttribute(attribute: *mut Attribute11, id: u32, a: u32, b: u32) {
        if id & FLAG_VALUE == 0 {
            api::panic::panic(TeeError::BAD_PARAMETERS);
        }
        // SAFETY: the caller's pointer.
        unsafe { attribute.write(Attribute11 { id, content: Content11 { value: Value { a, b } } }) };
    }

    /// TEE_PopulateTransientObject.
    fn __GP11_TEE_PopulateTransientObject(handle: *mut c_void, attributes: *const Attribute11, count: u32) -> u32 {
        // SAFETY: passed on.
        let done = unsafe {
            with_attributes(attributes, count, |attributes| object::TEE_PopulateTransientObject(handle, attributes, count))
        };
        done.unwrap_or(TeeError::OUT_OF_MEMORY.raw())
    }

    /// TEE_GenerateKey.
    fn __GP11_TEE_GenerateKey(handle: *mut c_void, size: u32, attributes: *const Attribute11, count: u32) -> u32 {
        // SAFETY: passed on.
        let done = unsafe { with_attributes(attributes, count, |attributes| object::TEE_GenerateKey(handle, size, attributes, count)) };
        done.unwrap_or(TeeError::OUT_OF_MEMORY.raw())
    }

    /// TEE_DeriveKey.
    fn __GP11_TEE_DeriveKey(handle: *mut c_void, attributes: *const Attribute11, count: u32, derived: *mut c_void) {
        // SAFETY: passed on.
        let done = unsafe { with_attributes(attributes, count, |attributes| ae::TEE_DeriveKey(handle, attributes, count, derived)) };
        done.unwrap_or_else(|| api::panic::panic(TeeError::OUT_OF_MEMORY));
    }
}
