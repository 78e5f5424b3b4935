// SPDX-License-Identifier: BSD-2-Clause
//! The structures of `tee_client_api.h`, as programs built for OP-TEE's library have them. `imp` is the library's own.

use core::ffi::c_void;
use core::mem::offset_of;

/// TEEC_Context
#[derive(Debug)]
#[repr(C)]
pub struct Context {
    /// File descriptor of the node.
    pub fd: i32,
    /// The TEE takes registered memory.
    pub reg_mem: bool,
    /// The TEE takes references to nothing.
    pub memref_null: bool,
}

/// TEEC_UUID
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Uuid {
    /// timeLow
    pub time_low: u32,
    /// timeMid
    pub time_mid: u16,
    /// timeHiAndVersion
    pub time_hi_and_version: u16,
    /// clockSeqAndNode
    pub clock_seq_and_node: [u8; 8],
}

/// TEEC_SharedMemory
#[derive(Debug)]
#[repr(C)]
pub struct SharedMemory {
    /// Where the program finds it.
    pub buffer: *mut c_void,
    /// Bytes.
    pub size: usize,
    /// TEEC_MEM_INPUT, TEEC_MEM_OUTPUT.
    pub flags: u32,
    /// The library's own.
    pub imp: SharedMemoryImp,
}

/// imp of TEEC_SharedMemory
#[derive(Debug)]
#[repr(C)]
pub struct SharedMemoryImp {
    /// Number that Linux knows it by; -1 when it is released.
    pub id: i32,
    /// Bytes.
    pub alloced_size: usize,
    /// The block behind it, null when there is none.
    pub block: *mut crate::shared::Shared,
    /// Not used.
    pub registered_fd: i32,
    /// Not used.
    pub flags: u32,
}

/// TEEC_TempMemoryReference
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TempMemoryReference {
    /// Where it is.
    pub buffer: *mut c_void,
    /// Bytes.
    pub size: usize,
}

/// TEEC_RegisteredMemoryReference
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RegisteredMemoryReference {
    /// The memory.
    pub parent: *mut SharedMemory,
    /// Bytes.
    pub size: usize,
    /// Where it starts, in bytes.
    pub offset: usize,
}

/// TEEC_Value
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Value {
    /// First number.
    pub a: u32,
    /// Second number.
    pub b: u32,
}

/// TEEC_Parameter
#[derive(Clone, Copy)]
#[repr(C)]
pub union Parameter {
    /// A temporary buffer.
    pub tmpref: TempMemoryReference,
    /// Shared memory.
    pub memref: RegisteredMemoryReference,
    /// Numbers.
    pub value: Value,
}

/// TEEC_Session
#[derive(Debug)]
#[repr(C)]
pub struct Session {
    /// Its context.
    pub context: *mut Context,
    /// Its number.
    pub id: u32,
}

/// TEEC_Operation
#[repr(C)]
pub struct Operation {
    /// Not used.
    pub started: u32,
    /// Types of the parameters, four bits each.
    pub param_types: u32,
    /// The parameters.
    pub params: [Parameter; 4],
    /// The session that it runs in, for TEEC_RequestCancellation.
    pub session: *mut Session,
}

/// One of two figures, as the width of pointers has it.
const fn by_width(narrow: usize, wide: usize) -> usize {
    if size_of::<usize>() == 8 { wide } else { narrow }
}

// What a compiler makes of `tee_client_api.h` of OP-TEE 4.5 as Debian has it, for 32-bit Arm and for AArch64.
const _: () = {
    assert!(size_of::<Context>() == 8 && offset_of!(Context, reg_mem) == 4 && offset_of!(Context, memref_null) == 5);
    assert!(size_of::<Uuid>() == 16);
    assert!(size_of::<SharedMemory>() == by_width(32, 56));
    assert!(offset_of!(SharedMemory, size) == by_width(4, 8) && offset_of!(SharedMemory, flags) == by_width(8, 16));
    assert!(offset_of!(SharedMemory, imp.id) == by_width(12, 24) && offset_of!(SharedMemory, imp.alloced_size) == by_width(16, 32));
    assert!(offset_of!(SharedMemory, imp.block) == by_width(20, 40) && offset_of!(SharedMemory, imp.registered_fd) == by_width(24, 48));
    assert!(size_of::<TempMemoryReference>() == by_width(8, 16) && size_of::<Value>() == 8);
    assert!(size_of::<RegisteredMemoryReference>() == by_width(12, 24) && offset_of!(RegisteredMemoryReference, offset) == by_width(8, 16));
    assert!(size_of::<Parameter>() == by_width(12, 24));
    assert!(size_of::<Session>() == by_width(8, 16) && offset_of!(Session, id) == by_width(4, 8));
    assert!(size_of::<Operation>() == by_width(60, 112));
    assert!(offset_of!(Operation, params) == 8 && offset_of!(Operation, session) == by_width(56, 104));
};
