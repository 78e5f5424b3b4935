// SPDX-License-Identifier: BSD-2-Clause
//! Ciphers and message authentication codes in C (GlobalPlatform TEE Internal Core API 1.3.1, sections 6.4 and 6.5).

use crate::c_functions;
use crate::libc::memory::consttime_memcmp;
use crate::object::only;
use crate::operation::{Stage, get};
use api::TeeError;
use api::panic::or_panic;
use core::ffi::c_void;
use utee_abi::crypto::OperationClass;

c_functions! {
    /// TEE_CipherInit.
    fn TEE_CipherInit(operation: *mut c_void, iv: *const c_void, iv_len: usize) {
        // SAFETY: the caller's handle and memory.
        unsafe {
            let operation = get(operation);
            operation.require(OperationClass::Cipher);
            operation.require_key();
            operation.reset();
            or_panic(operation.state.cipher_init((iv.cast(), iv_len)));
            operation.stage = Stage::Active;
        }
    }

    /// TEE_CipherUpdate.
    fn TEE_CipherUpdate(operation: *mut c_void, src: *const c_void, src_len: usize, dest: *mut c_void, dest_len: *mut usize) -> u32 {
        // SAFETY: the caller's handle, memory and pointer.
        let result = unsafe {
            let operation = get(operation);
            operation.require_active(OperationClass::Cipher);
            let (result, len) = operation.blocks.update(&operation.state, (src.cast(), src_len), (dest.cast(), dest_len.read()));
            dest_len.write(len);
            result
        };
        only(result, &[TeeError::SHORT_BUFFER])
    }

    /// TEE_CipherDoFinal.
    fn TEE_CipherDoFinal(operation: *mut c_void, src: *const c_void, src_len: usize, dest: *mut c_void, dest_len: *mut usize) -> u32 {
        // SAFETY: the caller's handle, memory and pointer, which may be NULL when nothing is to come.
        let result = unsafe {
            let operation = get(operation);
            operation.require_active(OperationClass::Cipher);
            let room = if dest_len.is_null() { 0 } else { dest_len.read() };
            let (result, len) = operation.blocks.finish(&operation.state, (src.cast(), src_len), (dest.cast(), room));
            if !dest_len.is_null() {
                dest_len.write(len);
            }
            if result.is_ok() {
                operation.reset();
            }
            result
        };
        only(result, &[TeeError::SHORT_BUFFER])
    }

    /// TEE_MACInit. There is no code that takes a start value.
    fn TEE_MACInit(operation: *mut c_void, _iv: *const c_void, _iv_len: usize) {
        // SAFETY: the caller's handle.
        let operation = unsafe { get(operation) };
        operation.require(OperationClass::Mac);
        operation.require_key();
        or_panic(operation.state.hash_init());
        operation.stage = Stage::Active;
    }

    /// TEE_MACUpdate.
    fn TEE_MACUpdate(operation: *mut c_void, chunk: *const c_void, size: usize) {
        // SAFETY: the caller's handle and memory.
        unsafe {
            let operation = get(operation);
            operation.require_active(OperationClass::Mac);
            or_panic(operation.state.hash_update((chunk.cast(), size)));
        }
    }

    /// TEE_MACComputeFinal.
    fn TEE_MACComputeFinal(operation: *mut c_void, message: *const c_void, len: usize, mac: *mut c_void, mac_len: *mut usize) -> u32 {
        // SAFETY: the caller's handle, memory and pointer.
        let result = unsafe {
            let operation = get(operation);
            operation.require_active(OperationClass::Mac);
            let (result, size) = operation.state.hash_final((message.cast(), len), (mac.cast(), mac_len.read()));
            mac_len.write(size);
            if result.is_ok() {
                operation.reset();
            }
            result
        };
        only(result, &[TeeError::SHORT_BUFFER])
    }

    /// TEE_MACCompareFinal, in constant time.
    fn TEE_MACCompareFinal(operation: *mut c_void, message: *const c_void, len: usize, mac: *const c_void, mac_len: usize) -> u32 {
        let mut computed = [0u8; 64];
        // SAFETY: the caller's handle and memory.
        unsafe {
            let operation = get(operation);
            operation.require_active(OperationClass::Mac);
            let (result, size) = operation.state.hash_final((message.cast(), len), (computed.as_mut_ptr(), computed.len()));
            or_panic(result);
            operation.reset();
            let equal = size == mac_len && consttime_memcmp(computed.as_ptr().cast(), mac.cast(), size) == 0;
            only(if equal { Ok(()) } else { Err(TeeError::MAC_INVALID) }, &[TeeError::MAC_INVALID])
        }
    }
}
