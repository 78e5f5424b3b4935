// SPDX-License-Identifier: BSD-2-Clause
//! `libteec.so.2`: the GlobalPlatform TEE Client API 1.0 for C, in place of OP-TEE's library of that name.
//!
//! Programs that were built for that one run unchanged: the functions, the structures, their errors and the log that OP-TEE's
//! own programs take from it ([`trace`]) are the same. A pointer that a program may not pass, but which can be told, is
//! BAD_PARAMETERS here.

mod params;
mod shared;
pub mod trace;
pub mod types;

use core::ffi::{CStr, c_char, c_void};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use shared::{Shared, direction, empty};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use tee_client::transport::linux::{Linux, LinuxContext, Shared as _, open_first};
use tee_client::{Error, Identity, Login, Origin, TeeError, Transport};
use types::{Context, Operation, Session, SharedMemory, Uuid};
use utee_abi::linux::{Capabilities, IMPLEMENTATION_OPTEE, OPTEE_TRUSTZONE, Version};
use utee_abi::result::SUCCESS;

/// Name of a context that wants OP-TEE in TrustZone.
const OPTEE: &CStr = c"optee-tz";

const BAD: Error = Error::api(TeeError::BAD_PARAMETERS);

/// The code of a result.
fn code(result: Result<(), TeeError>) -> u32 {
    utee_abi::result::raw(result)
}

/// The code of a result; where it comes from goes to `origin`, if that is wanted.
///
/// # Safety
/// `origin` is null or valid for writes.
unsafe fn answer(result: Result<(), Error>, origin: *mut u32) -> u32 {
    let (code, from) = result.map_or_else(|error| (error.code.raw(), error.origin), |()| (SUCCESS, Origin::TrustedApp));
    if !origin.is_null() {
        // SAFETY: as this function asks for.
        unsafe { origin.write(from.raw()) };
    }
    code
}

/// # Safety
/// `context` is null or valid.
unsafe fn line(context: *const Context) -> Result<LinuxContext, Error> {
    // SAFETY: as this function asks for.
    let context = unsafe { context.as_ref() }.ok_or(BAD)?;
    shared::context(context.fd).ok_or(Error::comms(TeeError::GENERIC))
}

/// TEEC_InitializeContext
///
/// # Safety
/// `name` is null or a string, `context` null or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_InitializeContext(name: *const c_char, context: *mut Context) -> u32 {
    if context.is_null() {
        return code(Err(TeeError::BAD_PARAMETERS));
    }
    // SAFETY: as this function asks for.
    let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) });
    let wanted = |version: &Version| match name {
        None => true,
        Some(name) => {
            let trustzone = version.implementation_capabilities & OPTEE_TRUSTZONE != 0;
            name == OPTEE && version.implementation == IMPLEMENTATION_OPTEE && trustzone
        }
    };
    let Ok(device) = open_first(wanted) else { return code(Err(TeeError::ITEM_NOT_FOUND)) };
    let capabilities = Capabilities::from_bits_retain(device.version().capabilities);
    let fd = device.as_fd().as_raw_fd();
    let reg_mem = capabilities.contains(Capabilities::REGISTERED_MEMORY);
    let memref_null = capabilities.contains(Capabilities::MEMREF_NULL);
    shared::add_context(fd, LinuxContext::new(Linux::new(device).showing_outputs()));
    // SAFETY: as this function asks for.
    unsafe { context.write(Context { fd, reg_mem, memref_null }) };
    SUCCESS
}

/// TEEC_FinalizeContext
///
/// # Safety
/// `context` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_FinalizeContext(context: *mut Context) {
    // SAFETY: as this function asks for.
    if let Some(context) = unsafe { context.as_ref() } {
        shared::remove_context(context.fd);
    }
}

/// Who the client says it is.
///
/// # Safety
/// `data` is null or what the method wants.
unsafe fn identity(method: u32, data: *const c_void) -> Result<Identity, Error> {
    let login = Login::try_from(method).map_err(|_| Error::comms(TeeError::BAD_PARAMETERS))?;
    // SAFETY: as this function asks for: a group's number, if it is asked for.
    let group = || unsafe { data.cast::<u32>().as_ref() }.copied().ok_or(BAD);
    Ok(match login {
        Login::Group => Identity::group(group()?),
        Login::ApplicationGroup => Identity::group_application(group()?),
        login => Identity { login, ..Identity::PUBLIC },
    })
}

/// TEEC_OpenSession
///
/// # Safety
/// Pointers are null or valid, `connection_data` is what the method wants, and buffers of the operation are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_OpenSession(
    context: *mut Context,
    session: *mut Session,
    destination: *const Uuid,
    connection_method: u32,
    connection_data: *const c_void,
    operation: *mut Operation,
    return_origin: *mut u32,
) -> u32 {
    let open = || {
        // SAFETY: as this function asks for.
        let (line, destination) = (unsafe { line(context) }?, unsafe { destination.as_ref() }.ok_or(BAD)?);
        if session.is_null() {
            return Err(BAD);
        }
        let uuid = tee_client::Uuid::new(
            destination.time_low,
            destination.time_mid,
            destination.time_hi_and_version,
            destination.clock_seq_and_node,
        );
        // SAFETY: as this function asks for.
        let identity = unsafe { identity(connection_method, connection_data) }?;
        // There is no session yet that a cancellation could be for.
        // SAFETY: as this function asks for.
        unsafe { set_session(operation, ptr::null_mut()) };
        let mut id = 0;
        // SAFETY: as this function asks for.
        unsafe {
            params::with_params(operation, |params| {
                id = line.transport().open(uuid, identity, params)?;
                Ok(())
            })
        }?;
        // SAFETY: it is not null.
        unsafe { session.write(Session { context, id }) };
        Ok(())
    };
    let result = open();
    // SAFETY: as this function asks for.
    unsafe { answer(result, return_origin) }
}

/// TEEC_CloseSession
///
/// # Safety
/// `session` is null or an open session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_CloseSession(session: *mut Session) {
    // SAFETY: as this function asks for.
    let Some(session) = (unsafe { session.as_ref() }) else { return };
    // SAFETY: its context outlives it.
    if let Ok(line) = unsafe { line(session.context) } {
        // Nobody is told.
        let _ = line.transport().close(session.id);
    }
}

/// Notes which session an operation runs in.
///
/// # Safety
/// `operation` is null or valid.
unsafe fn set_session(operation: *mut Operation, session: *mut Session) {
    if !operation.is_null() {
        // SAFETY: as this function asks for; other threads touch the field through an atomic only.
        unsafe { AtomicPtr::from_ptr(&raw mut (*operation).session) }.store(session, Ordering::Release);
    }
}

/// TEEC_InvokeCommand
///
/// # Safety
/// Pointers are null or valid, and buffers and shared memory of the operation are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_InvokeCommand(
    session: *mut Session,
    command: u32,
    operation: *mut Operation,
    return_origin: *mut u32,
) -> u32 {
    let invoke = || {
        // SAFETY: as this function asks for.
        let open = unsafe { session.as_ref() }.ok_or(BAD)?;
        // SAFETY: its context outlives it.
        let line = unsafe { line(open.context) }?;
        // SAFETY: as this function asks for.
        unsafe { set_session(operation, session) };
        // SAFETY: as this function asks for.
        unsafe { params::with_params(operation, |params| line.transport().invoke(open.id, command, params)) }
    };
    let result = invoke();
    // SAFETY: as this function asks for.
    unsafe { answer(result, return_origin) }
}

/// TEEC_RequestCancellation: from another thread than the one in the operation.
///
/// # Safety
/// `operation` is null or one that was zeroed before its first use; its session is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_RequestCancellation(operation: *mut Operation) {
    if operation.is_null() {
        return;
    }
    // SAFETY: as this function asks for.
    let session = unsafe { AtomicPtr::from_ptr(&raw mut (*operation).session) }.load(Ordering::Acquire);
    // SAFETY: as this function asks for.
    let Some(session) = (unsafe { session.as_ref() }) else { return };
    // SAFETY: its context outlives it.
    if let Ok(line) = unsafe { line(session.context) } {
        // A session that does nothing cannot be told from one that does not want to.
        let _ = line.transport().cancel(session.id);
    }
}

/// TEEC_RegisterSharedMemory
///
/// # Safety
/// Pointers are null or valid; the buffer stays valid until it is released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_RegisterSharedMemory(context: *mut Context, memory: *mut SharedMemory) -> u32 {
    let register = || {
        // SAFETY: as this function asks for.
        let (line, memory) = (unsafe { line(context) }?, unsafe { memory.as_mut() }.ok_or(BAD)?);
        let access = direction(memory.flags).ok_or(BAD)?;
        if memory.buffer.is_null() {
            return Err(BAD);
        }
        empty(memory);
        // SAFETY: as this function asks for.
        let seen = unsafe { line.transport().kernel().register_outside(memory.buffer.cast(), memory.size) };
        // Memory that Linux does not lend, such as what is read-only, is copied.
        let (block, copied) = match seen {
            Ok(block) => (block, false),
            Err(_) => (line.transport().allocate(memory.size)?, true),
        };
        let id = block.id();
        Shared::new(line.adopt(block, access), copied).give(memory, id);
        Ok(())
    };
    code(register().map_err(|error: Error| error.code))
}

/// TEEC_RegisterSharedMemoryFileDescriptor: NOT_SUPPORTED where Linux has no such request.
///
/// # Safety
/// Pointers are null or valid; `fd` is an open file descriptor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_RegisterSharedMemoryFileDescriptor(context: *mut Context, memory: *mut SharedMemory, fd: i32) -> u32 {
    let register = || {
        // SAFETY: as this function asks for.
        let (line, memory) = (unsafe { line(context) }?, unsafe { memory.as_mut() }.ok_or(BAD)?);
        let access = direction(memory.flags).ok_or(BAD)?;
        if fd < 0 {
            return Err(BAD);
        }
        // SAFETY: as this function asks for.
        let shared = line.register_fd(unsafe { BorrowedFd::borrow_raw(fd) }, access)?;
        let id = shared.block().map_or(-1, |block| block.id());
        (memory.buffer, memory.size) = (ptr::null_mut(), shared.size());
        Shared::new(shared, false).give(memory, id);
        Ok(())
    };
    code(register().map_err(|error: Error| error.code))
}

/// TEEC_AllocateSharedMemory
///
/// # Safety
/// Pointers are null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_AllocateSharedMemory(context: *mut Context, memory: *mut SharedMemory) -> u32 {
    let allocate = || {
        // SAFETY: as this function asks for.
        let (line, memory) = (unsafe { line(context) }?, unsafe { memory.as_mut() }.ok_or(BAD)?);
        let access = direction(memory.flags).ok_or(BAD)?;
        empty(memory);
        let block = line.transport().allocate(memory.size).map_err(|_| Error::api(TeeError::OUT_OF_MEMORY))?;
        let id = block.id();
        memory.buffer = block.address().cast();
        Shared::new(line.adopt(block, access), false).give(memory, id);
        Ok(())
    };
    code(allocate().map_err(|error: Error| error.code))
}

/// TEEC_ReleaseSharedMemory: what was released or never was is left alone.
///
/// # Safety
/// `memory` is null, zeroed, or was registered or allocated; no call uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TEEC_ReleaseSharedMemory(memory: *mut SharedMemory) {
    // SAFETY: as this function asks for.
    let Some(memory) = (unsafe { memory.as_mut() }) else { return };
    if memory.imp.id == -1 || memory.imp.block.is_null() {
        return;
    }
    // SAFETY: `Shared::give` put it there, and below it is taken out.
    drop(unsafe { Box::from_raw(memory.imp.block) });
    empty(memory);
    memory.buffer = ptr::null_mut();
}

#[cfg(test)]
mod tests;
