// SPDX-License-Identifier: BSD-2-Clause
//! Sessions with other TAs in C (GlobalPlatform TEE Internal Core API 1.3.1, section 4.9), and TEE_Param.

use crate::c_functions;
use crate::types::{Memref, TeeParam, TeeUuid, Value};
use api::params::{Cells, RawParams};
use api::session::{Failure, Session};
use api::{Origin, TeeError};
use core::ffi::c_void;
use core::ptr;
use utee_abi::param::{PARAMS, ParamTypes};

/// C parameters of the kernel's cells.
pub fn cells_to_params(types: ParamTypes, cells: &[Cells; PARAMS]) -> [TeeParam; PARAMS] {
    let mut params = [TeeParam { value: Value { a: 0, b: 0 } }; PARAMS];
    for (index, (param, [a, b])) in params.iter_mut().zip(cells).enumerate() {
        *param = if types.get(index).is_memref() {
            TeeParam { memref: Memref { buffer: ptr::with_exposed_provenance_mut(*a as usize), size: *b as usize } }
        } else {
            TeeParam { value: Value { a: *a as u32, b: *b as u32 } }
        };
    }
    params
}

/// The kernel's cells of C parameters.
///
/// # Safety
/// The fields of the unions that `types` name are set.
pub unsafe fn params_to_cells(types: ParamTypes, params: &[TeeParam; PARAMS], cells: &mut [Cells; PARAMS]) {
    for (index, (param, cells)) in params.iter().zip(cells).enumerate() {
        let kind = types.get(index);
        // SAFETY: the caller vouches for the field of the type.
        *cells = unsafe {
            if kind.is_memref() {
                [param.memref.buffer.expose_provenance() as u64, param.memref.size as u64]
            } else if kind.is_input() || kind.is_output() {
                [u64::from(param.value.a), u64::from(param.value.b)]
            } else {
                [0, 0]
            }
        };
    }
}

/// The kernel's structure of what a C TA passes.
///
/// # Safety
/// `params` is NULL, when no type asks for one, or points to four.
unsafe fn pack(types: u32, params: *mut TeeParam) -> Result<RawParams, Failure> {
    let bad = Failure { error: TeeError::BAD_PARAMETERS, origin: Some(Origin::Api) };
    let kinds = ParamTypes::from_word(u64::from(types)).ok_or(bad)?;
    let mut raw = RawParams { types: u64::from(types), cells: [[0; 2]; PARAMS] };
    if types != 0 {
        if params.is_null() {
            return Err(bad);
        }
        // SAFETY: the caller passes four parameters.
        let params = unsafe { &*params.cast::<[TeeParam; PARAMS]>() };
        // SAFETY: with the fields that the types name.
        unsafe { params_to_cells(kinds, params, &mut raw.cells) };
    }
    Ok(raw)
}

/// Takes over the outputs.
///
/// # Safety
/// As [`pack`].
unsafe fn unpack(raw: &RawParams, params: *mut TeeParam) {
    let Some(kinds) = ParamTypes::from_word(raw.types) else { return };
    let outputs = cells_to_params(kinds, &raw.cells);
    for (index, output) in outputs.iter().enumerate() {
        if kinds.get(index).is_output() {
            // SAFETY: one of the four parameters; `pack` refused NULL.
            unsafe { params.add(index).write(*output) };
        }
    }
}

/// # Safety
/// `origin` is NULL or writable.
unsafe fn finish(result: Result<(), Failure>, origin: *mut u32) -> u32 {
    let (code, from) = match result {
        Ok(()) => (utee_abi::result::SUCCESS, Origin::TrustedApp),
        Err(failure) => (failure.error.raw(), failure.origin.unwrap_or(Origin::Tee)),
    };
    if !origin.is_null() {
        // SAFETY: the caller's.
        unsafe { origin.write(from.raw()) };
    }
    code
}

/// A session handle is its number as a pointer.
fn handle(session: u32) -> *mut c_void {
    ptr::without_provenance_mut(session as usize)
}

fn number(handle: *mut c_void) -> u32 {
    handle.addr() as u32
}

c_functions! {
    /// TEE_OpenTASession.
    fn TEE_OpenTASession(
        destination: *const TeeUuid,
        timeout: u32,
        types: u32,
        params: *mut TeeParam,
        session: *mut *mut c_void,
        origin: *mut u32,
    ) -> u32 {
        // SAFETY: the caller's pointers.
        let result = unsafe {
            pack(types, params).and_then(|mut raw| {
                let opened = Session::open_raw(&(*destination).into(), timeout, Some(&mut raw));
                unpack(&raw, params);
                session.write(handle(opened?.keep()));
                Ok(())
            })
        };
        if result.is_err() {
            // SAFETY: the caller's pointer.
            unsafe { session.write(handle(0)) };
        }
        // SAFETY: the caller's pointer.
        unsafe { finish(result, origin) }
    }

    /// TEE_CloseTASession.
    fn TEE_CloseTASession(session: *mut c_void) {
        if !session.is_null() {
            drop(Session::from_kept(number(session)));
        }
    }

    /// TEE_InvokeTACommand.
    fn TEE_InvokeTACommand(
        session: *mut c_void,
        timeout: u32,
        command: u32,
        types: u32,
        params: *mut TeeParam,
        origin: *mut u32,
    ) -> u32 {
        // SAFETY: the caller's pointers.
        let result = unsafe {
            pack(types, params).and_then(|mut raw| {
                let result = Session::invoke_checked(number(session), timeout, command, &mut raw);
                unpack(&raw, params);
                result
            })
        };
        // SAFETY: the caller's pointer.
        unsafe { finish(result, origin) }
    }
}
