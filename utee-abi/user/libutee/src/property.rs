// SPDX-License-Identifier: BSD-2-Clause
//! Properties in C (GlobalPlatform TEE Internal Core API 1.3.1, section 4.4).

use crate::types::{TeeIdentity, TeeUuid, UserTaProperty};
use crate::{boxed, c_functions, raw};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use api::base64;
use api::property::{self, Constant, Enumerator, Property, Set, Value};
use api::{Result, TeeError};
use core::ffi::{CStr, c_char, c_void};
use core::ptr;
use utee_abi::property::Type;

/// What a TEE_PropSetHandle of an enumerator points to.
struct Handle {
    enumerator: Option<Enumerator>,
}

/// Takes over the table of user_ta_header.c.
///
/// # Safety
/// Names and values are constants of the types that the table names.
///
/// # Errors
/// OUT_OF_MEMORY; BAD_FORMAT for a text that is not UTF-8 or a type that does not exist.
pub unsafe fn own_properties(table: &[UserTaProperty]) -> Result<()> {
    let mut properties = Vec::new();
    properties.try_reserve_exact(table.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    for row in table {
        // SAFETY: the caller's table.
        properties.push(unsafe { own_property(row) }?);
    }
    property::set_own(properties.leak());
    Ok(())
}

/// # Safety
/// As [`own_properties`].
unsafe fn own_property(row: &UserTaProperty) -> Result<Property> {
    // SAFETY: the value is of the type, and the strings are constants.
    let value = unsafe {
        match Type::try_from(row.kind).map_err(|_| TeeError::BAD_FORMAT)? {
            Type::Bool => Constant::Bool(row.value.cast::<u8>().read() != 0),
            Type::U32 => Constant::U32(row.value.cast::<u32>().read()),
            Type::U64 => Constant::U64(row.value.cast::<u64>().read()),
            Type::Uuid => Constant::Uuid(row.value.cast::<TeeUuid>().read().into()),
            Type::Identity => {
                let TeeIdentity { login, uuid } = row.value.cast::<TeeIdentity>().read();
                Constant::Identity(property::Identity { login, uuid: uuid.into() })
            }
            Type::String => Constant::String(constant(row.value.cast())?),
            Type::BinaryBlock => Constant::BinaryBlock(decode(constant(row.value.cast())?)?.leak()),
        }
    };
    // SAFETY: a constant.
    Ok(Property { name: unsafe { constant(row.name) }?, value })
}

/// # Safety
/// `text` is a constant string.
unsafe fn constant(text: *const c_char) -> Result<&'static str> {
    // SAFETY: the caller's string.
    unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| TeeError::BAD_FORMAT)
}

fn set(handle: *mut c_void) -> Option<Set> {
    Set::try_from(u32::try_from(handle.addr()).ok()?).ok()
}

/// The enumerator behind a handle.
///
/// # Safety
/// `handle` is NULL or an enumerator's.
unsafe fn enumerator<'a>(handle: *mut c_void) -> Result<&'a mut Enumerator> {
    // SAFETY: the caller's handle.
    let handle = unsafe { handle.cast::<Handle>().as_mut() }.ok_or(TeeError::BAD_PARAMETERS)?;
    handle.enumerator.as_mut().ok_or(TeeError::ITEM_NOT_FOUND)
}

/// The value that a set and a name, or an enumerator, stand for.
///
/// # Safety
/// `name` is NULL or a string, `handle` a set or an enumerator.
unsafe fn value(handle: *mut c_void, name: *const c_char) -> Result<Value> {
    match set(handle) {
        Some(set) => {
            if name.is_null() {
                return Err(TeeError::BAD_PARAMETERS);
            }
            // SAFETY: the caller's string. A name that is not UTF-8 is that of no property.
            let name = unsafe { CStr::from_ptr(name) }.to_str().map_err(|_| TeeError::ITEM_NOT_FOUND)?;
            property::get(set, name)
        }
        // SAFETY: the caller's handle.
        None => unsafe { enumerator(handle) }?.value(),
    }
}

/// The bytes of a binary block, which stands in base64.
fn decode(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(text.len() / 4 * 3 + 3).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    for byte in base64::decode(text.as_bytes()) {
        bytes.push(byte.ok_or(TeeError::BAD_FORMAT)?);
    }
    Ok(bytes)
}

/// The text of a value, as TEE_GetPropertyAsString gives it.
fn text(value: Value) -> String {
    match value {
        Value::Bool(value) => format!("{value}"),
        Value::U32(value) => format!("{value}"),
        Value::U64(value) => format!("{value}"),
        Value::Uuid(value) => format!("{value}"),
        Value::Identity(value) => format!("{}:{}", value.login, value.uuid),
        Value::String(value) => value,
        Value::BinaryBlock(value) => base64::encode(&value).map(char::from).collect(),
    }
}

/// Copies bytes out, the length set in any case.
///
/// # Safety
/// `len` is writable, and `buffer` as large as it says.
unsafe fn copy_out(bytes: &[u8], buffer: *mut c_void, len: *mut usize) -> Result<()> {
    // SAFETY: the caller's pointers.
    unsafe {
        let room = len.replace(bytes.len());
        if room < bytes.len() || (buffer.is_null() && !bytes.is_empty()) {
            return Err(TeeError::SHORT_BUFFER);
        }
        ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), bytes.len());
    }
    Ok(())
}

/// # Safety
/// As [`copy_out`].
unsafe fn string_out(mut text: String, buffer: *mut c_void, len: *mut usize) -> Result<()> {
    text.push('\0');
    // SAFETY: passed on.
    unsafe { copy_out(text.as_bytes(), buffer, len) }
}

/// GlobalPlatform panics the TA for all errors but those that a caller can expect.
fn expected(result: Result<()>) -> u32 {
    match result {
        Ok(()) | Err(TeeError::ITEM_NOT_FOUND | TeeError::SHORT_BUFFER | TeeError::BAD_FORMAT | TeeError::OUT_OF_MEMORY) => raw(result),
        Err(error) => api::panic::panic(error),
    }
}

macro_rules! typed {
    ($($name:ident $variant:ident $type:ty;)*) => {
        c_functions! {
            $(
                #[doc = concat!(stringify!($name), ": BAD_FORMAT for a property of another type.")]
                fn $name(handle: *mut c_void, name: *const c_char, to: *mut $type) -> u32 {
                    // SAFETY: the caller's handle and pointers.
                    let result = unsafe { value(handle, name) }.and_then(|value| match value {
                        // SAFETY: the caller's pointer.
                        Value::$variant(value) => Ok(unsafe { to.write(value.into()) }),
                        _ => Err(TeeError::BAD_FORMAT),
                    });
                    expected(result)
                }
            )*
        }
    };
}

typed! {
    TEE_GetPropertyAsBool Bool bool;
    TEE_GetPropertyAsU32 U32 u32;
    TEE_GetPropertyAsU64 U64 u64;
    TEE_GetPropertyAsUUID Uuid TeeUuid;
    TEE_GetPropertyAsIdentity Identity TeeIdentity;
}

impl From<property::Identity> for TeeIdentity {
    fn from(identity: property::Identity) -> Self {
        Self { login: identity.login, uuid: identity.uuid.into() }
    }
}

c_functions! {
    /// TEE_GetPropertyAsString, of a property of any type.
    fn TEE_GetPropertyAsString(handle: *mut c_void, name: *const c_char, buffer: *mut c_char, len: *mut usize) -> u32 {
        // SAFETY: the caller's handle and pointers.
        expected(unsafe { value(handle, name).and_then(|value| string_out(text(value), buffer.cast(), len)) })
    }

    /// TEE_GetPropertyAsBinaryBlock.
    fn TEE_GetPropertyAsBinaryBlock(handle: *mut c_void, name: *const c_char, buffer: *mut c_void, len: *mut usize) -> u32 {
        // SAFETY: the caller's handle and pointers.
        let result = unsafe { value(handle, name) }.and_then(|value| match value {
            // SAFETY: the caller's pointers.
            Value::BinaryBlock(bytes) => unsafe { copy_out(&bytes, buffer, len) },
            _ => Err(TeeError::BAD_FORMAT),
        });
        expected(result)
    }

    /// TEE_AllocatePropertyEnumerator.
    fn TEE_AllocatePropertyEnumerator(to: *mut *mut c_void) -> u32 {
        let handle = boxed(Handle { enumerator: None });
        let code = raw(handle.as_ref().map(|_| ()).map_err(|error| *error));
        // SAFETY: the caller's pointer.
        unsafe { to.write(handle.map_or(ptr::null_mut(), Box::into_raw).cast()) };
        code
    }

    /// TEE_FreePropertyEnumerator.
    fn TEE_FreePropertyEnumerator(handle: *mut c_void) {
        if !handle.is_null() {
            // SAFETY: the caller's handle, which TEE_AllocatePropertyEnumerator made of a box.
            drop(unsafe { Box::from_raw(handle.cast::<Handle>()) });
        }
    }

    /// TEE_StartPropertyEnumerator.
    fn TEE_StartPropertyEnumerator(handle: *mut c_void, of: *mut c_void) {
        // SAFETY: the caller's handle.
        if let Some(handle) = unsafe { handle.cast::<Handle>().as_mut() } {
            handle.enumerator = set(of).map(Enumerator::new);
        }
    }

    /// TEE_ResetPropertyEnumerator.
    fn TEE_ResetPropertyEnumerator(handle: *mut c_void) {
        // SAFETY: the caller's handle.
        if let Some(handle) = unsafe { handle.cast::<Handle>().as_mut() } {
            handle.enumerator = None;
        }
    }

    /// TEE_GetPropertyName.
    fn TEE_GetPropertyName(handle: *mut c_void, buffer: *mut c_void, len: *mut usize) -> u32 {
        // SAFETY: the caller's handle and pointers.
        expected(unsafe { enumerator(handle).and_then(|enumerator| string_out(enumerator.name()?, buffer, len)) })
    }

    /// TEE_GetNextProperty.
    fn TEE_GetNextProperty(handle: *mut c_void) -> u32 {
        // SAFETY: the caller's handle.
        let result = unsafe { enumerator(handle) }.and_then(|enumerator| {
            enumerator.advance();
            enumerator.name().map(|_| ())
        });
        expected(result)
    }
}
