// SPDX-License-Identifier: BSD-2-Clause
//! Version 1.1 of operations with asymmetric keys.

use super::crypto::{Attribute11, with_attributes};
use super::with_size;
use crate::types::Attribute;
use crate::{c_functions, encryption, signature};
use api::TeeError;
use core::ffi::c_void;

type Operate = unsafe extern "C-unwind" fn(*mut c_void, *const Attribute, u32, *const c_void, usize, *mut c_void, *mut usize) -> u32;

/// Calls a function of version 1.3.1.
///
/// # Safety
/// As the function.
unsafe fn operate(
    function: Operate,
    operation: *mut c_void,
    (params, count): (*const Attribute11, u32),
    (data, len): (*const c_void, u32),
    (out, room): (*mut c_void, *mut u32),
) -> u32 {
    // SAFETY: the caller's handle, attributes, memory and pointer.
    let done = unsafe {
        with_attributes(params, count, |params| with_size(room, |room| function(operation, params, count, data, len as usize, out, room)))
    };
    done.unwrap_or_else(|| api::panic::panic(TeeError::OUT_OF_MEMORY))
}

c_functions! {
    /// TEE_AsymmetricEncrypt.
    fn __GP11_TEE_AsymmetricEncrypt(
        operation: *mut c_void,
        params: *const Attribute11,
        count: u32,
        data: *const c_void,
        len: u32,
        out: *mut c_void,
        room: *mut u32,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe { operate(encryption::TEE_AsymmetricEncrypt, operation, (params, count), (data, len), (out, room)) }
    }

    /// TEE_AsymmetricDecrypt.
    fn __GP11_TEE_AsymmetricDecrypt(
        operation: *mut c_void,
        params: *const Attribute11,
        count: u32,
        data: *const c_void,
        len: u32,
        out: *mut c_void,
        room: *mut u32,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe { operate(encryption::TEE_AsymmetricDecrypt, operation, (params, count), (data, len), (out, room)) }
    }

    /// TEE_AsymmetricSignDigest.
    fn __GP11_TEE_AsymmetricSignDigest(
        operation: *mut c_void,
        params: *const Attribute11,
        count: u32,
        data: *const c_void,
        len: u32,
        out: *mut c_void,
        room: *mut u32,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe { operate(signature::TEE_AsymmetricSignDigest, operation, (params, count), (data, len), (out, room)) }
    }

    /// TEE_AsymmetricVerifyDigest.
    fn __GP11_TEE_AsymmetricVerifyDigest(
        operation: *mut c_void,
        params: *const Attribute11,
        count: u32,
        digest: *const c_void,
        len: u32,
        sent: *const c_void,
        sent_len: u32,
    ) -> u32 {
        // SAFETY: passed on.
        let done = unsafe {
            with_attributes(params, count, |params| {
                signature::TEE_AsymmetricVerifyDigest(operation, params, count, digest, len as usize, sent, sent_len as usize)
            })
        };
        done.unwrap_or_else(|| api::panic::panic(TeeError::OUT_OF_MEMORY))
    }
}
