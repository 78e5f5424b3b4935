// SPDX-License-Identifier: BSD-2-Clause
//! Names that TAs of version 1.1 of the API link with when they were compiled with OP-TEE's headers: sizes are 32 bits wide.
//!
//! Where a pointer has 32 bits there is no other difference to the functions of version 1.3.1.

pub mod asymmetric;
pub mod crypto;
pub mod persistent;
#[cfg(test)]
mod tests;

use crate::types::{Memref, TeeParam, TeeUuid, Value};
use crate::{arithmetic, c_functions, memory, property, session, time};
use core::ffi::{c_char, c_void};
use core::ptr;
use utee_abi::param::{PARAMS, ParamTypes};

/// The memref of a TEE_Param of version 1.1.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Memref11 {
    /// Address.
    pub buffer: *mut c_void,
    /// Bytes.
    pub size: u32,
}

/// TEE_Param of version 1.1.
#[derive(Clone, Copy)]
#[repr(C)]
pub union Param11 {
    /// Of a memref type.
    pub memref: Memref11,
    /// Of a value type.
    pub value: Value,
}

/// Calls `function` with a cell as wide as it wants it.
///
/// # Safety
/// `len` is readable and writable.
unsafe fn with_size(len: *mut u32, function: impl FnOnce(*mut usize) -> u32) -> u32 {
    // SAFETY: the caller's pointer.
    let mut wide = unsafe { len.read() } as usize;
    let code = function(&raw mut wide);
    // SAFETY: the caller's pointer. What is longer than the cell can say is too long in any case.
    unsafe { len.write(u32::try_from(wide).unwrap_or(u32::MAX)) };
    code
}

/// Calls `function` with parameters of version 1.3.1, and takes over what it left in them.
///
/// # Safety
/// `params` is NULL or points to four, with the fields that `types` names.
unsafe fn with_params(types: u32, params: *mut Param11, function: impl FnOnce(*mut TeeParam) -> u32) -> u32 {
    let Some(kinds) = ParamTypes::from_word(u64::from(types)).filter(|_| !params.is_null()) else {
        return function(ptr::null_mut());
    };
    let mut wide = [TeeParam { value: Value { a: 0, b: 0 } }; PARAMS];
    for (index, to) in wide.iter_mut().enumerate() {
        // SAFETY: the caller's four parameters, with the fields of their types.
        unsafe {
            let from = params.add(index).read();
            *to = if kinds.get(index).is_memref() {
                TeeParam { memref: Memref { buffer: from.memref.buffer, size: from.memref.size as usize } }
            } else {
                TeeParam { value: from.value }
            };
        }
    }
    let code = function(wide.as_mut_ptr());
    for (index, from) in wide.iter().enumerate().filter(|(index, _)| kinds.get(*index).is_output()) {
        // SAFETY: as above.
        unsafe {
            params.add(index).write(if kinds.get(index).is_memref() {
                Param11 { memref: Memref11 { buffer: from.memref.buffer, size: u32::try_from(from.memref.size).unwrap_or(u32::MAX) } }
            } else {
                Param11 { value: from.value }
            });
        }
    }
    code
}

/// Functions that differ in the width of sizes alone.
macro_rules! narrow {
    ($($name:ident $to:path: ($($argument:ident: $type:ty),*) $(sizes ($($size:ident),*))? $(-> $result:ty)?;)*) => {
        c_functions! {
            $(
                #[doc = concat!(stringify!($name), ".")]
                fn $name($($argument: $type),*) $(-> $result)? {
                    $($(let $size = $size as usize;)*)?
                    // SAFETY: passed on.
                    unsafe { $to($($argument),*) }
                }
            )*
        }
    };
}
pub(crate) use narrow;

narrow! {
    __GP11_TEE_CheckMemoryAccessRights memory::TEE_CheckMemoryAccessRights:
        (flags: u32, buffer: *mut c_void, size: u32) sizes (size) -> u32;
    __GP11_TEE_Malloc memory::TEE_Malloc: (size: u32, hint: u32) sizes (size) -> *mut c_void;
    __GP11_TEE_Realloc memory::TEE_Realloc: (buffer: *mut c_void, size: u32) sizes (size) -> *mut c_void;
    __GP11_TEE_MemMove memory::TEE_MemMove: (dest: *mut c_void, src: *const c_void, size: u32) sizes (size);
    __GP11_TEE_MemCompare memory::TEE_MemCompare: (first: *const c_void, second: *const c_void, size: u32) sizes (size) -> i32;
    __GP11_TEE_MemFill memory::TEE_MemFill: (buffer: *mut c_void, x: u32, size: u32) sizes (size);
    __GP11_TEE_GenerateRandom time::TEE_GenerateRandom: (buffer: *mut c_void, len: u32) sizes (len);
    __GP11_TEE_BigIntInit arithmetic::TEE_BigIntInit: (number: *mut u32, len: u32) sizes (len);
    __GP11_TEE_BigIntInitFMM arithmetic::TEE_BigIntInitFMM: (number: *mut u32, len: u32) sizes (len);
    __GP11_TEE_BigIntInitFMMContext arithmetic::TEE_BigIntInitFMMContext:
        (context: *mut u32, len: u32, modulus: *const u32) sizes (len);
    __GP11_TEE_BigIntConvertFromOctetString arithmetic::TEE_BigIntConvertFromOctetString:
        (dest: *mut u32, buffer: *const u8, len: u32, sign: i32) sizes (len) -> u32;
    __GP11_TEE_BigIntShiftRight arithmetic::TEE_BigIntShiftRight: (dest: *mut u32, op: *const u32, bits: u32) sizes (bits);
}

c_functions! {
    /// TEE_BigIntFMMSizeInU32.
    fn __GP11_TEE_BigIntFMMSizeInU32(bits: u32) -> u32 {
        // SAFETY: no pointers.
        u32::try_from(unsafe { arithmetic::TEE_BigIntFMMSizeInU32(bits as usize) }).unwrap_or(u32::MAX)
    }

    /// TEE_BigIntFMMContextSizeInU32.
    fn __GP11_TEE_BigIntFMMContextSizeInU32(bits: u32) -> u32 {
        // SAFETY: no pointers.
        u32::try_from(unsafe { arithmetic::TEE_BigIntFMMContextSizeInU32(bits as usize) }).unwrap_or(u32::MAX)
    }

    /// TEE_BigIntConvertToOctetString.
    fn __GP11_TEE_BigIntConvertToOctetString(buffer: *mut u8, len: *mut u32, number: *const u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(len, |len| arithmetic::TEE_BigIntConvertToOctetString(buffer, len, number)) }
    }

    /// TEE_GetPropertyAsString.
    fn __GP11_TEE_GetPropertyAsString(handle: *mut c_void, name: *const c_char, buffer: *mut c_char, len: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(len, |len| property::TEE_GetPropertyAsString(handle, name, buffer, len)) }
    }

    /// TEE_GetPropertyAsBinaryBlock.
    fn __GP11_TEE_GetPropertyAsBinaryBlock(handle: *mut c_void, name: *const c_char, buffer: *mut c_void, len: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(len, |len| property::TEE_GetPropertyAsBinaryBlock(handle, name, buffer, len)) }
    }

    /// TEE_GetPropertyName.
    fn __GP11_TEE_GetPropertyName(handle: *mut c_void, buffer: *mut c_void, len: *mut u32) -> u32 {
        // SAFETY: passed on.
        unsafe { with_size(len, |len| property::TEE_GetPropertyName(handle, buffer, len)) }
    }

    /// TEE_OpenTASession.
    fn __GP11_TEE_OpenTASession(
        destination: *const TeeUuid,
        timeout: u32,
        types: u32,
        params: *mut Param11,
        session: *mut *mut c_void,
        origin: *mut u32,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe {
            with_params(types, params, |params| session::TEE_OpenTASession(destination, timeout, types, params, session, origin))
        }
    }

    /// TEE_InvokeTACommand.
    fn __GP11_TEE_InvokeTACommand(
        handle: *mut c_void,
        timeout: u32,
        command: u32,
        types: u32,
        params: *mut Param11,
        origin: *mut u32,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe { with_params(types, params, |params| session::TEE_InvokeTACommand(handle, timeout, command, types, params, origin)) }
    }
}
