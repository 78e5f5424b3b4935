// SPDX-License-Identifier: BSD-2-Clause
//! Signatures in C (GlobalPlatform TEE Internal Core API 1.3.1, section 6.7).

use crate::c_functions;
use crate::object::{attributes, only};
use crate::operation::get;
use crate::types::Attribute;
use api::TeeError;
use api::panic::panic;
use core::ffi::c_void;
use utee_abi::crypto::{OperationClass, OperationMode};

c_functions! {
    /// TEE_AsymmetricSignDigest.
    fn TEE_AsymmetricSignDigest(
        operation: *mut c_void,
        params: *const Attribute,
        count: u32,
        digest: *const c_void,
        digest_len: usize,
        signature: *mut c_void,
        signature_len: *mut usize,
    ) -> u32 {
        // SAFETY: the caller's handle, attributes, memory and pointer.
        let result = unsafe {
            let operation = get(operation);
            operation.require(OperationClass::AsymmetricSignature);
            operation.require_key();
            if operation.mode != OperationMode::Sign {
                panic(TeeError::BAD_PARAMETERS);
            }
            let params = attributes(params, count);
            let (result, len) = operation.state.operate(&params, (digest.cast(), digest_len), (signature.cast(), signature_len.read()));
            signature_len.write(len);
            result
        };
        only(result, &[TeeError::SHORT_BUFFER])
    }

    /// TEE_AsymmetricVerifyDigest.
    fn TEE_AsymmetricVerifyDigest(
        operation: *mut c_void,
        params: *const Attribute,
        count: u32,
        digest: *const c_void,
        digest_len: usize,
        signature: *const c_void,
        signature_len: usize,
    ) -> u32 {
        // SAFETY: the caller's handle, attributes and memory.
        let result = unsafe {
            let operation = get(operation);
            operation.require(OperationClass::AsymmetricSignature);
            operation.require_key();
            if operation.mode != OperationMode::Verify {
                panic(TeeError::BAD_PARAMETERS);
            }
            operation.state.verify(&attributes(params, count), (digest.cast(), digest_len), (signature.cast(), signature_len))
        };
        only(result, &[TeeError::SIGNATURE_INVALID])
    }
}
