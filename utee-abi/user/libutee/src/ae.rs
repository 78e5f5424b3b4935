// SPDX-License-Identifier: BSD-2-Clause
//! Authenticated encryption and derivation of keys in C (GlobalPlatform TEE Internal Core API 1.3.1, sections 6.6 and 6.8).

use crate::c_functions;
use crate::object::{attributes, object, only};
use crate::operation::{Stage, get};
use crate::types::Attribute;
use api::TeeError;
use api::panic::{or_panic, panic};
use core::ffi::c_void;
use utee_abi::crypto::{OperationClass, OperationMode};

const AE: OperationClass = OperationClass::AuthenticatedEncryption;

c_functions! {
    /// TEE_AEInit. The length of the tag is in bits.
    fn TEE_AEInit(operation: *mut c_void, nonce: *const c_void, nonce_len: usize, tag_len: u32, aad_len: usize, payload_len: usize) -> u32 {
        // SAFETY: the caller's handle.
        let operation = unsafe { get(operation) };
        operation.require(AE);
        operation.require_key();
        // Once there was payload, it is ended or reset before it starts again.
        if operation.stage == Stage::Active {
            panic(TeeError::BAD_STATE);
        }
        operation.reset();
        let bytes = tag_len as usize / 8;
        let result = if tag_len.is_multiple_of(8) {
            // SAFETY: the caller's memory.
            unsafe { operation.state.ae_init((nonce.cast(), nonce_len), bytes, aad_len, payload_len) }
        } else {
            Err(TeeError::NOT_SUPPORTED)
        };
        if result.is_ok() {
            operation.tag_len = bytes;
            operation.stage = Stage::Prepared;
        }
        only(result, &[TeeError::NOT_SUPPORTED])
    }

    /// TEE_AEUpdateAAD.
    fn TEE_AEUpdateAAD(operation: *mut c_void, data: *const c_void, len: usize) {
        // SAFETY: the caller's handle and memory.
        unsafe {
            let operation = get(operation);
            operation.require_started();
            if operation.stage == Stage::Active {
                panic(TeeError::BAD_STATE);
            }
            or_panic(operation.state.ae_aad((data.cast(), len)));
        }
    }

    /// TEE_AEUpdate.
    fn TEE_AEUpdate(operation: *mut c_void, src: *const c_void, src_len: usize, dest: *mut c_void, dest_len: *mut usize) -> u32 {
        // SAFETY: the caller's handle, memory and pointer.
        let result = unsafe {
            let operation = get(operation);
            operation.require_started();
            let (result, len) = operation.state.ae_payload((src.cast(), src_len), (dest.cast(), dest_len.read()));
            dest_len.write(len);
            if result.is_ok() && src_len != 0 {
                operation.stage = Stage::Active;
            }
            result
        };
        only(result, &[TeeError::SHORT_BUFFER])
    }

    /// TEE_AEEncryptFinal.
    fn TEE_AEEncryptFinal(
        operation: *mut c_void,
        src: *const c_void,
        src_len: usize,
        dest: *mut c_void,
        dest_len: *mut usize,
        tag: *mut c_void,
        tag_len: *mut usize,
    ) -> u32 {
        // SAFETY: the caller's handle, memory and pointers; that of the length of the text may be NULL when there is none.
        let result = unsafe {
            let operation = get(operation);
            operation.require_started();
            if operation.mode != OperationMode::Encrypt {
                panic(TeeError::BAD_PARAMETERS);
            }
            let room = if dest_len.is_null() { 0 } else { dest_len.read() };
            let (result, len, tag_size) = operation.state.ae_encrypt((src.cast(), src_len), (dest.cast(), room), (tag.cast(), tag_len.read()));
            if !dest_len.is_null() {
                dest_len.write(len);
            }
            tag_len.write(tag_size);
            if result.is_ok() {
                operation.reset();
            }
            result
        };
        only(result, &[TeeError::SHORT_BUFFER])
    }

    /// TEE_AEDecryptFinal.
    fn TEE_AEDecryptFinal(
        operation: *mut c_void,
        src: *const c_void,
        src_len: usize,
        dest: *mut c_void,
        dest_len: *mut usize,
        tag: *mut c_void,
        tag_len: usize,
    ) -> u32 {
        // SAFETY: the caller's handle, memory and pointer, which may be NULL when there is no text.
        let result = unsafe {
            let operation = get(operation);
            operation.require_started();
            if operation.mode != OperationMode::Decrypt {
                panic(TeeError::BAD_PARAMETERS);
            }
            let room = if dest_len.is_null() { 0 } else { dest_len.read() };
            let (result, len) = operation.state.ae_decrypt((src.cast(), src_len), (dest.cast(), room), (tag.cast_const().cast(), tag_len));
            if !dest_len.is_null() {
                dest_len.write(len);
            }
            if matches!(result, Ok(()) | Err(TeeError::MAC_INVALID)) {
                operation.reset();
            }
            result
        };
        only(result, &[TeeError::SHORT_BUFFER, TeeError::MAC_INVALID])
    }

    /// TEE_DeriveKey.
    fn TEE_DeriveKey(operation: *mut c_void, params: *const Attribute, count: u32, derived: *mut c_void) {
        // SAFETY: the caller's handle and attributes.
        unsafe {
            let operation = get(operation);
            operation.require(OperationClass::KeyDerivation);
            operation.require_key();
            or_panic(operation.state.derive_raw(&attributes(params, count), object(derived)));
        }
    }
}
