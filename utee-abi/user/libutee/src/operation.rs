// SPDX-License-Identifier: BSD-2-Clause
//! Operations in C: digests so far (GlobalPlatform TEE Internal Core API 1.3.1, sections 6.2 and 6.3).

use crate::types::OperationInfo;
use crate::{c_functions, raw};
use alloc::boxed::Box;
use api::digest::Digest;
use api::panic::or_panic;
use api::{Result, TeeError};
use core::ffi::c_void;
use utee_abi::crypto::{Algorithm, OperationMode};
use utee_abi::gp::framework::{OPERATION_DIGEST, OPERATION_STATE_ACTIVE, OPERATION_STATE_INITIAL};
use utee_abi::gp::object::HANDLE_FLAG_INITIALIZED;

/// What a TEE_OperationHandle points to.
struct Operation {
    digest: Digest,
    algorithm: Algorithm,
    active: bool,
}

fn digest_size(algorithm: Algorithm) -> u32 {
    match algorithm {
        Algorithm::Md5 => 16,
        Algorithm::Sha1 => 20,
        Algorithm::Sha224 => 28,
        Algorithm::Sha256 => 32,
        Algorithm::Sha384 => 48,
        Algorithm::Sha512 => 64,
    }
}

fn allocate(algorithm: u32, mode: u32, max_key_size: u32) -> Result<Box<Operation>> {
    let algorithm = Algorithm::try_from(algorithm).map_err(|_| TeeError::NOT_SUPPORTED)?;
    if OperationMode::try_from(mode) != Ok(OperationMode::Digest) || max_key_size != 0 {
        return Err(TeeError::NOT_SUPPORTED);
    }
    Ok(Box::new(Operation { digest: Digest::new(algorithm)?, algorithm, active: false }))
}

/// The operation of a handle; the TA panics when there is none.
///
/// # Safety
/// `handle` is NULL or is from TEE_AllocateOperation and was not freed.
unsafe fn get<'a>(handle: *mut c_void) -> &'a mut Operation {
    // SAFETY: the caller's handle.
    let operation = unsafe { handle.cast::<Operation>().as_mut() };
    or_panic(operation.ok_or(TeeError::BAD_PARAMETERS))
}

c_functions! {
    /// TEE_AllocateOperation: NOT_SUPPORTED for all but digests.
    fn TEE_AllocateOperation(operation: *mut *mut c_void, algorithm: u32, mode: u32, max_key_size: u32) -> u32 {
        let result = allocate(algorithm, mode, max_key_size);
        let code = raw(result.as_ref().map(|_| ()).map_err(|error| *error));
        let handle = result.map_or(core::ptr::null_mut(), Box::into_raw);
        // SAFETY: the caller's pointer.
        unsafe { operation.write(handle.cast()) };
        code
    }

    /// TEE_FreeOperation.
    fn TEE_FreeOperation(operation: *mut c_void) {
        if !operation.is_null() {
            // SAFETY: the caller's handle, which TEE_AllocateOperation made of a box.
            drop(unsafe { Box::from_raw(operation.cast::<Operation>()) });
        }
    }

    /// TEE_GetOperationInfo.
    fn TEE_GetOperationInfo(operation: *mut c_void, info: *mut OperationInfo) {
        // SAFETY: the caller's handle and pointer.
        unsafe {
            let operation = get(operation);
            info.write(OperationInfo {
                algorithm: operation.algorithm.into(),
                operation_class: OPERATION_DIGEST,
                mode: OperationMode::Digest.into(),
                digest_length: digest_size(operation.algorithm),
                handle_state: HANDLE_FLAG_INITIALIZED,
                ..OperationInfo::default()
            });
        }
    }

    /// TEE_GetOperationInfoMultiple: eight words and no keys.
    fn TEE_GetOperationInfoMultiple(operation: *mut c_void, info: *mut u32, size: *mut usize) -> u32 {
        // SAFETY: the caller's handle.
        let operation = unsafe { get(operation) };
        let state = if operation.active { OPERATION_STATE_ACTIVE } else { OPERATION_STATE_INITIAL };
        let words: [u32; 8] = [
            operation.algorithm.into(),
            OPERATION_DIGEST,
            OperationMode::Digest.into(),
            digest_size(operation.algorithm),
            0,
            HANDLE_FLAG_INITIALIZED,
            state,
            0,
        ];
        // SAFETY: the caller's pointers, `info` being as large as `size` says.
        unsafe {
            let room = size.replace(size_of_val(&words));
            if room < size_of_val(&words) {
                return TeeError::SHORT_BUFFER.raw();
            }
            info.cast::<[u32; 8]>().write(words);
        }
        utee_abi::result::SUCCESS
    }

    /// TEE_ResetOperation.
    fn TEE_ResetOperation(operation: *mut c_void) {
        // SAFETY: the caller's handle.
        let operation = unsafe { get(operation) };
        operation.active = false;
        or_panic(operation.digest.reset());
    }

    /// TEE_CopyOperation.
    fn TEE_CopyOperation(to: *mut c_void, from: *mut c_void) {
        // SAFETY: the caller's handles; the copy of the number of the state ends the first borrow.
        let (from, active) = unsafe { (&raw const get(from).digest, get(from).active) };
        // SAFETY: the caller's handle.
        let to = unsafe { get(to) };
        if core::ptr::eq(&raw const to.digest, from) {
            return;
        }
        // SAFETY: another operation than `to`.
        or_panic(to.digest.copy_from(unsafe { &*from }));
        to.active = active;
    }

    /// TEE_IsAlgorithmSupported: digests so far.
    fn TEE_IsAlgorithmSupported(algorithm: u32, element: u32) -> u32 {
        let supported = Algorithm::try_from(algorithm).is_ok() && element == 0;
        if supported { utee_abi::result::SUCCESS } else { TeeError::NOT_SUPPORTED.raw() }
    }

    /// TEE_DigestUpdate.
    fn TEE_DigestUpdate(operation: *mut c_void, chunk: *const c_void, size: usize) {
        // SAFETY: the caller's handle and memory.
        unsafe {
            let operation = get(operation);
            or_panic(operation.digest.update_raw(chunk.cast(), size));
            operation.active = true;
        }
    }

    /// TEE_DigestDoFinal.
    fn TEE_DigestDoFinal(operation: *mut c_void, chunk: *const c_void, size: usize, hash: *mut c_void, hash_size: *mut usize) -> u32 {
        // SAFETY: the caller's handle and pointers.
        let result = unsafe {
            let operation = get(operation);
            let (result, size) = operation.digest.finish_raw(chunk.cast(), size, hash.cast(), hash_size.read());
            hash_size.write(size);
            operation.active &= result.is_err();
            result
        };
        match result {
            Ok(()) => utee_abi::result::SUCCESS,
            Err(TeeError::SHORT_BUFFER) => TeeError::SHORT_BUFFER.raw(),
            Err(error) => api::panic::panic(error),
        }
    }
}
