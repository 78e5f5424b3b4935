// SPDX-License-Identifier: BSD-2-Clause
//! Encryption by public keys in C (GlobalPlatform TEE Internal Core API 1.3.1, section 6.7).

use crate::c_functions;
use crate::object::{attributes, only};
use crate::operation::get;
use crate::types::Attribute;
use api::TeeError;
use api::panic::panic;
use core::ffi::c_void;
use utee_abi::crypto::{OperationClass, OperationMode};

/// What the specification lets the functions answer.
const NAMED: &[TeeError] = &[TeeError::SHORT_BUFFER, TeeError::BAD_PARAMETERS, TeeError::CIPHERTEXT_INVALID, TeeError::NOT_SUPPORTED];

/// Encrypts or decrypts.
///
/// # Safety
/// As the functions that call it.
unsafe fn operate(
    operation: *mut c_void,
    mode: OperationMode,
    params: (*const Attribute, u32),
    data: (*const c_void, usize),
    out: (*mut c_void, *mut usize),
) -> u32 {
    // SAFETY: the caller's handle, attributes, memory and pointer.
    let result = unsafe {
        let operation = get(operation);
        operation.require(OperationClass::AsymmetricCipher);
        operation.require_key();
        if operation.mode != mode || (data.0.is_null() && data.1 != 0) {
            panic(TeeError::BAD_PARAMETERS);
        }
        let params = attributes(params.0, params.1);
        let (result, len) = operation.state.operate(&params, (data.0.cast(), data.1), (out.0.cast(), out.1.read()));
        out.1.write(len);
        result
    };
    only(result, NAMED)
}

c_functions! {
    /// TEE_AsymmetricEncrypt.
    fn TEE_AsymmetricEncrypt(
        operation: *mut c_void,
        params: *const Attribute,
        count: u32,
        src: *const c_void,
        src_len: usize,
        dest: *mut c_void,
        dest_len: *mut usize,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe { operate(operation, OperationMode::Encrypt, (params, count), (src, src_len), (dest, dest_len)) }
    }

    /// TEE_AsymmetricDecrypt.
    fn TEE_AsymmetricDecrypt(
        operation: *mut c_void,
        params: *const Attribute,
        count: u32,
        src: *const c_void,
        src_len: usize,
        dest: *mut c_void,
        dest_len: *mut usize,
    ) -> u32 {
        // SAFETY: passed on.
        unsafe { operate(operation, OperationMode::Decrypt, (params, count), (src, src_len), (dest, dest_len)) }
    }
}
