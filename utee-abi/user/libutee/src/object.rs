// SPDX-License-Identifier: BSD-2-Clause
//! Transient objects in C (GlobalPlatform TEE Internal Core API 1.3.1, sections 5.5 and 5.6). A handle is the kernel's number.

use crate::types::{Attribute, Content, Memref, ObjectInfo, Value};
use crate::{c_functions, raw};
use alloc::vec::Vec;
use api::crypto::{Object, ObjectRef};
use api::panic::{or_panic, panic};
use api::{Result, TeeError};
use core::ffi::c_void;
use core::ptr;
use utee_abi::crypto::attribute::FLAG_VALUE;
use utee_abi::crypto::{AttributeId, HandleFlags, ObjectType, UteeAttribute, UteeObjectInfo};
use utee_abi::result::SUCCESS;

/// The object of a handle.
pub(crate) fn object(handle: *mut c_void) -> ObjectRef {
    ObjectRef::from_handle(u32::try_from(handle.addr()).unwrap_or(0))
}

pub(crate) fn handle(object: ObjectRef) -> *mut c_void {
    ptr::without_provenance_mut(object.handle() as usize)
}

/// Gives back the errors that the specification names; any other one panics the TA.
pub(crate) fn only(result: Result<()>, named: &[TeeError]) -> u32 {
    match result {
        Err(error) if !named.contains(&error) => panic(error),
        other => raw(other),
    }
}

/// What a persistent object may answer, whatever is done.
const STORAGE: &[TeeError] = &[TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NOT_AVAILABLE];

/// Attributes as the kernel reads them.
///
/// # Safety
/// `count` attributes stand at `attributes`.
pub(crate) unsafe fn attributes(attributes: *const Attribute, count: u32) -> Vec<[u8; UteeAttribute::SIZE]> {
    let mut all = Vec::new();
    for index in 0..count as usize {
        // SAFETY: the caller's array; each has the member that its id says.
        let attribute = unsafe {
            let attribute = attributes.add(index).read();
            let id = AttributeId::from_raw(attribute.id);
            if id.is_value() {
                UteeAttribute { a: attribute.content.value.a.into(), b: attribute.content.value.b.into(), id }
            } else {
                let memory = attribute.content.reference;
                UteeAttribute { a: memory.buffer.expose_provenance() as u64, b: memory.size as u64, id }
            }
        };
        all.push(attribute.to_bytes());
    }
    all
}

impl From<UteeObjectInfo> for ObjectInfo {
    fn from(info: UteeObjectInfo) -> Self {
        Self {
            object_type: info.object_type,
            object_size: info.object_size,
            max_object_size: info.max_object_size,
            object_usage: info.usage,
            data_size: info.data_size as usize,
            data_position: info.data_position as usize,
            handle_flags: info.handle_flags,
        }
    }
}

fn info(handle: *mut c_void) -> Result<ObjectInfo> {
    object(handle).info().map(ObjectInfo::from)
}

fn flags(handle: *mut c_void) -> HandleFlags {
    HandleFlags::from_bits_retain(or_panic(info(handle)).handle_flags)
}

c_functions! {
    /// TEE_GetObjectInfo1.
    fn TEE_GetObjectInfo1(object: *mut c_void, object_info: *mut ObjectInfo) -> u32 {
        // SAFETY: the caller's pointer.
        only(info(object).map(|info| unsafe { object_info.write(info) }), STORAGE)
    }

    /// TEE_GetObjectInfo.
    fn TEE_GetObjectInfo(object: *mut c_void, object_info: *mut ObjectInfo) {
        let info = info(object).unwrap_or_else(|error| if STORAGE.contains(&error) { ObjectInfo::default() } else { panic(error) });
        // SAFETY: the caller's pointer.
        unsafe { object_info.write(info) };
    }

    /// TEE_RestrictObjectUsage1.
    fn TEE_RestrictObjectUsage1(handle: *mut c_void, usage: u32) -> u32 {
        only(object(handle).restrict_usage(usage), STORAGE)
    }

    /// TEE_RestrictObjectUsage.
    fn TEE_RestrictObjectUsage(handle: *mut c_void, usage: u32) {
        only(object(handle).restrict_usage(usage), STORAGE);
    }

    /// TEE_GetObjectBufferAttribute.
    fn TEE_GetObjectBufferAttribute(handle: *mut c_void, id: u32, buffer: *mut c_void, size: *mut usize) -> u32 {
        let id = AttributeId::from_raw(id);
        if id.is_value() {
            panic(TeeError::BAD_PARAMETERS);
        }
        // SAFETY: the caller's memory and pointer.
        let result = unsafe {
            let (result, len) = object(handle).attribute_raw(id, buffer.cast(), size.read());
            size.write(len);
            result
        };
        only(result, &[TeeError::ITEM_NOT_FOUND, TeeError::SHORT_BUFFER, STORAGE[0], STORAGE[1]])
    }

    /// TEE_GetObjectValueAttribute.
    fn TEE_GetObjectValueAttribute(handle: *mut c_void, id: u32, a: *mut u32, b: *mut u32) -> u32 {
        let id = AttributeId::from_raw(id);
        if !id.is_value() {
            panic(TeeError::BAD_PARAMETERS);
        }
        let result = object(handle).value(id).map(|values| {
            for (to, value) in [(a, values.0), (b, values.1)].into_iter().filter(|(to, _)| !to.is_null()) {
                // SAFETY: the caller's pointers, either of which may be NULL.
                unsafe { to.write(value) };
            }
        });
        only(result, &[TeeError::ITEM_NOT_FOUND, STORAGE[0], STORAGE[1]])
    }

    /// TEE_CloseObject.
    fn TEE_CloseObject(handle: *mut c_void) {
        if !handle.is_null() {
            or_panic(object(handle).close());
        }
    }

    /// TEE_AllocateTransientObject.
    fn TEE_AllocateTransientObject(object_type: u32, max_size: u32, object: *mut *mut c_void) -> u32 {
        let result = match ObjectType::from_raw(object_type) {
            ObjectType::DATA => Err(TeeError::NOT_SUPPORTED),
            kind => Object::new(kind, max_size),
        };
        // SAFETY: the caller's pointer.
        let result = result.map(|new| unsafe { object.write(handle(new.into_ref())) });
        only(result, &[TeeError::NOT_SUPPORTED, TeeError::OUT_OF_MEMORY])
    }

    /// TEE_FreeTransientObject.
    fn TEE_FreeTransientObject(handle: *mut c_void) {
        if handle.is_null() {
            return;
        }
        if flags(handle).contains(HandleFlags::PERSISTENT) {
            panic(TeeError::BAD_STATE);
        }
        or_panic(object(handle).close());
    }

    /// TEE_ResetTransientObject.
    fn TEE_ResetTransientObject(handle: *mut c_void) {
        if handle.is_null() {
            return;
        }
        if flags(handle).contains(HandleFlags::PERSISTENT) {
            panic(TeeError::BAD_STATE);
        }
        or_panic(object(handle).reset());
    }

    /// TEE_PopulateTransientObject.
    fn TEE_PopulateTransientObject(handle: *mut c_void, attrs: *const Attribute, count: u32) -> u32 {
        if flags(handle).intersects(HandleFlags::PERSISTENT | HandleFlags::INITIALIZED) {
            panic(TeeError::BAD_STATE);
        }
        // SAFETY: the caller's attributes.
        let result = unsafe { object(handle).populate_raw(&attributes(attrs, count)) };
        only(result, &[TeeError::BAD_PARAMETERS, TeeError::OUT_OF_MEMORY])
    }

    /// TEE_InitRefAttribute.
    fn TEE_InitRefAttribute(attr: *mut Attribute, id: u32, buffer: *const c_void, length: usize) {
        if attr.is_null() || id & FLAG_VALUE != 0 {
            panic(TeeError::BAD_PARAMETERS);
        }
        let reference = Memref { buffer: buffer.cast_mut(), size: length };
        // SAFETY: the caller's pointer.
        unsafe { attr.write(Attribute { id, content: Content { reference } }) };
    }

    /// TEE_InitValueAttribute.
    fn TEE_InitValueAttribute(attr: *mut Attribute, id: u32, a: u32, b: u32) {
        if attr.is_null() || id & FLAG_VALUE == 0 {
            panic(TeeError::BAD_PARAMETERS);
        }
        // SAFETY: the caller's pointer.
        unsafe { attr.write(Attribute { id, content: Content { value: Value { a, b } } }) };
    }

    /// TEE_CopyObjectAttributes1.
    fn TEE_CopyObjectAttributes1(to: *mut c_void, from: *mut c_void) -> u32 {
        if flags(to).contains(HandleFlags::INITIALIZED) || !flags(from).contains(HandleFlags::INITIALIZED) {
            panic(TeeError::BAD_PARAMETERS);
        }
        only(object(to).copy_from(object(from)), STORAGE)
    }

    /// TEE_CopyObjectAttributes.
    fn TEE_CopyObjectAttributes(to: *mut c_void, from: *mut c_void) {
        // SAFETY: the caller's handles.
        unsafe { TEE_CopyObjectAttributes1(to, from) };
    }

    /// TEE_GenerateKey.
    fn TEE_GenerateKey(handle: *mut c_void, size: u32, params: *const Attribute, count: u32) -> u32 {
        // SAFETY: the caller's attributes.
        let result = unsafe { object(handle).generate_raw(size, &attributes(params, count)) };
        only(result, &[TeeError::BAD_PARAMETERS, TeeError::OUT_OF_MEMORY])
    }
}

/// Success, as C functions answer it.
pub(crate) const DONE: u32 = SUCCESS;
