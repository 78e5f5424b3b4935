// SPDX-License-Identifier: BSD-2-Clause
//! What can be told without a TEE: pointers that are nothing, and contexts that are none.

use crate::types::{Context, Operation, Session, SharedMemory, Uuid};
use core::mem::{MaybeUninit, zeroed};
use core::ptr;
use utee_abi::result::{Origin, TeeError};

const BAD: u32 = TeeError::BAD_PARAMETERS.raw();

#[test]
fn null_is_bad_or_nothing() {
    let mut origin = 0;
    // SAFETY: every function takes null.
    unsafe {
        crate::TEEC_FinalizeContext(ptr::null_mut());
        crate::TEEC_CloseSession(ptr::null_mut());
        crate::TEEC_ReleaseSharedMemory(ptr::null_mut());
        crate::TEEC_RequestCancellation(ptr::null_mut());
        assert_eq!(crate::TEEC_InitializeContext(ptr::null(), ptr::null_mut()), BAD);
        assert_eq!(crate::TEEC_InvokeCommand(ptr::null_mut(), 0, ptr::null_mut(), &raw mut origin), BAD);
        assert_eq!(crate::TEEC_RegisterSharedMemory(ptr::null_mut(), ptr::null_mut()), BAD);
        assert_eq!(crate::TEEC_AllocateSharedMemory(ptr::null_mut(), ptr::null_mut()), BAD);
        let none = ptr::null_mut();
        assert_eq!(crate::TEEC_OpenSession(none, ptr::null_mut(), ptr::null(), 0, ptr::null(), ptr::null_mut(), ptr::null_mut()), BAD);
    }
    assert_eq!(origin, Origin::Api.raw());
}

#[test]
fn a_context_that_is_none_is_not_called() {
    let mut context = Context { fd: 1_000_000, reg_mem: true, memref_null: true };
    let uuid = Uuid { time_low: 1, time_mid: 2, time_hi_and_version: 3, clock_seq_and_node: [4; 8] };
    let (mut session, mut origin) = (MaybeUninit::<Session>::uninit(), 0);
    // SAFETY: the pointers are valid; all zero is a value of the structure.
    let answer = unsafe {
        let mut operation: Operation = zeroed();
        let (session, operation) = (session.as_mut_ptr(), &raw mut operation);
        crate::TEEC_OpenSession(&raw mut context, session, &raw const uuid, 0, ptr::null(), operation, &raw mut origin)
    };
    assert_eq!((answer, origin), (TeeError::GENERIC.raw(), Origin::Comms.raw()));
}

#[test]
fn memory_that_never_was_is_left_alone() {
    // SAFETY: all zero is a value of the structure.
    let mut memory: SharedMemory = unsafe { zeroed() };
    // SAFETY: the pointer is valid.
    unsafe { crate::TEEC_ReleaseSharedMemory(&raw mut memory) };
    assert_eq!(memory.imp.id, 0);
}
