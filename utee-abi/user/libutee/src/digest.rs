// SPDX-License-Identifier: BSD-2-Clause
//! Digests in C (GlobalPlatform TEE Internal Core API 1.3.1, section 6.3).

use crate::c_functions;
use crate::object::only;
use crate::operation::{Operation, Stage, get};
use api::panic::{or_panic, panic};
use api::{Result, TeeError};
use core::ffi::c_void;
use utee_abi::crypto::{AlgorithmId, OperationClass};

/// A part of the digest, or of what a digest of any length gives; its length.
///
/// # Safety
/// As [`api::crypto::State::hash_final`].
unsafe fn extract(operation: &mut Operation, out: *mut u8, room: usize) -> Result<usize> {
    let is_endless = matches!(operation.algorithm, AlgorithmId::SHAKE128 | AlgorithmId::SHAKE256);
    if is_endless {
        operation.stage = Stage::Extracting;
        // SAFETY: passed on.
        let (result, len) = unsafe { operation.state.hash_final((core::ptr::null(), 0), (out, room)) };
        return result.map(|()| len);
    }
    let (digest, len, at) = &mut operation.extracted;
    if operation.stage != Stage::Extracting {
        // SAFETY: memory of the operation.
        let (result, size) = unsafe { operation.state.hash_final((core::ptr::null(), 0), (digest.as_mut_ptr(), digest.len())) };
        result?;
        (*len, *at) = (size, 0);
        operation.stage = Stage::Extracting;
    }
    let part = (*len - *at).min(room);
    // SAFETY: the caller's memory, of `room` bytes.
    unsafe { core::ptr::copy(digest[*at..].as_ptr(), out, part) };
    *at += part;
    Ok(part)
}

c_functions! {
    /// TEE_DigestUpdate.
    fn TEE_DigestUpdate(operation: *mut c_void, chunk: *const c_void, size: usize) {
        // SAFETY: the caller's handle and memory.
        unsafe {
            let operation = get(operation);
            operation.require(OperationClass::Digest);
            if operation.stage == Stage::Extracting {
                panic(TeeError::BAD_STATE);
            }
            or_panic(operation.state.hash_update((chunk.cast(), size)));
            operation.stage = Stage::Active;
        }
    }

    /// TEE_DigestDoFinal.
    fn TEE_DigestDoFinal(operation: *mut c_void, chunk: *const c_void, size: usize, hash: *mut c_void, hash_size: *mut usize) -> u32 {
        // SAFETY: the caller's handle and pointers.
        let result = unsafe {
            let operation = get(operation);
            operation.require(OperationClass::Digest);
            let (result, len) = if operation.stage == Stage::Extracting {
                if size != 0 {
                    panic(TeeError::BAD_STATE);
                }
                let room = hash_size.read();
                let left = operation.extracted.1 - operation.extracted.2;
                if left > room { (Err(TeeError::SHORT_BUFFER), left) } else { (Ok(()), or_panic(extract(operation, hash.cast(), room))) }
            } else {
                operation.state.hash_final((chunk.cast(), size), (hash.cast(), hash_size.read()))
            };
            hash_size.write(len);
            if result.is_ok() {
                operation.reset();
                or_panic(operation.state.hash_init());
            }
            result
        };
        only(result, &[TeeError::SHORT_BUFFER])
    }

    /// TEE_DigestExtract.
    fn TEE_DigestExtract(operation: *mut c_void, hash: *mut c_void, hash_size: *mut usize) -> u32 {
        // SAFETY: the caller's handle and pointers.
        let result = unsafe {
            let operation = get(operation);
            operation.require(OperationClass::Digest);
            extract(operation, hash.cast(), hash_size.read()).map(|len| hash_size.write(len))
        };
        only(result, &[])
    }
}
