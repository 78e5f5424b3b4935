// SPDX-License-Identifier: BSD-2-Clause
//! Memory in C (GlobalPlatform TEE Internal Core API 1.3.1, section 4.11).

use crate::{c_functions, raw};
use api::heap::{self, Fill};
use api::memory::{AccessFlags, check_access_rights};
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use utee_abi::gp::framework::{MALLOC_NO_FILL, USER_MEM_HINT_NO_FILL_ZERO};

static INSTANCE_DATA: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Where an allocation of no bytes points: nowhere that may be read or written, and not NULL (section 4.11.4).
const NO_BYTES: *mut c_void = ptr::without_provenance_mut(8);

c_functions! {
    /// TEE_CheckMemoryAccessRights.
    fn TEE_CheckMemoryAccessRights(flags: u32, buffer: *mut c_void, size: usize) -> u32 {
        raw(check_access_rights(AccessFlags::from_bits_retain(flags), buffer.cast(), size))
    }

    /// TEE_SetInstanceData.
    fn TEE_SetInstanceData(data: *const c_void) {
        INSTANCE_DATA.store(data.cast_mut(), Ordering::Relaxed);
    }

    /// TEE_GetInstanceData.
    fn TEE_GetInstanceData() -> *const c_void {
        INSTANCE_DATA.load(Ordering::Relaxed)
    }

    /// TEE_Malloc.
    fn TEE_Malloc(size: usize, hint: u32) -> *mut c_void {
        if size == 0 {
            return NO_BYTES;
        }
        let fill = if hint & (MALLOC_NO_FILL | USER_MEM_HINT_NO_FILL_ZERO) == 0 { Fill::Zero } else { Fill::None };
        heap::allocate(size, 1, fill).cast()
    }

    /// TEE_Realloc.
    fn TEE_Realloc(buffer: *mut c_void, size: usize) -> *mut c_void {
        let old = if buffer == NO_BYTES { ptr::null_mut() } else { buffer };
        if size == 0 {
            // SAFETY: the caller's allocation.
            unsafe { heap::free(old.cast()) };
            return NO_BYTES;
        }
        // SAFETY: the caller's allocation.
        unsafe { heap::reallocate(old.cast(), size).cast() }
    }

    /// TEE_Free.
    fn TEE_Free(buffer: *mut c_void) {
        if buffer != NO_BYTES {
            // SAFETY: the caller's allocation.
            unsafe { heap::free(buffer.cast()) };
        }
    }

    /// TEE_MemMove.
    fn TEE_MemMove(dest: *mut c_void, src: *const c_void, size: usize) {
        // SAFETY: the caller's memory.
        unsafe { ptr::copy(src.cast::<u8>(), dest.cast::<u8>(), size) };
    }

    /// TEE_MemCompare, in a time that does not depend on the contents.
    fn TEE_MemCompare(first: *const c_void, second: *const c_void, size: usize) -> i32 {
        // SAFETY: the caller's memory.
        unsafe { crate::libc::memory::consttime_memcmp(first, second, size) }
    }

    /// TEE_MemFill with the low byte of `x`.
    fn TEE_MemFill(buffer: *mut c_void, x: u32, size: usize) {
        // SAFETY: the caller's memory.
        unsafe { ptr::write_bytes(buffer.cast::<u8>(), x as u8, size) };
    }
}
