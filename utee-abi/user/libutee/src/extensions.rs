// SPDX-License-Identifier: BSD-2-Clause
//! OP-TEE's extensions, and the trace functions that need no variable arguments.

use crate::types::TeeUuid;
use crate::{c_functions, raw};
use api::memory::{CacheOperation, maintain_cache};
use api::system::{self, Sharing};
use api::{TeeError, Uuid};
use core::ffi::{CStr, c_char, c_int, c_void};
use core::{ptr, slice};
use utee_abi::pta::system::MAP_SHAREABLE;

c_functions! {
    /// TEE_CacheClean.
    fn TEE_CacheClean(buffer: *mut c_char, len: usize) -> u32 {
        raw(maintain_cache(CacheOperation::Clean, buffer.cast(), len))
    }

    /// TEE_CacheFlush.
    fn TEE_CacheFlush(buffer: *mut c_char, len: usize) -> u32 {
        raw(maintain_cache(CacheOperation::Flush, buffer.cast(), len))
    }

    /// TEE_CacheInvalidate.
    fn TEE_CacheInvalidate(buffer: *mut c_char, len: usize) -> u32 {
        raw(maintain_cache(CacheOperation::Invalidate, buffer.cast(), len))
    }

    /// Maps zeroed memory; NULL when there is none.
    fn tee_map_zi(len: usize, flags: u32) -> *mut c_void {
        let sharing = if u64::from(flags) & MAP_SHAREABLE == 0 { Sharing::Private } else { Sharing::Shareable };
        system::map_zeroed(ptr::null_mut(), len, sharing, 0, 0).map_or(ptr::null_mut(), <*mut u8>::cast)
    }

    /// Unmaps it.
    fn tee_unmap(buffer: *mut c_void, len: usize) -> u32 {
        // SAFETY: the caller gives the memory up.
        raw(unsafe { system::unmap(buffer.cast(), len) })
    }

    /// Maps zeroed memory at an address; NULL when something is there.
    fn tee_map_zi_va(at: usize, len: usize, flags: u32) -> *mut c_void {
        let sharing = if u64::from(flags) & MAP_SHAREABLE == 0 { Sharing::Private } else { Sharing::Shareable };
        system::map_zeroed(ptr::without_provenance_mut(at), len, sharing, 0, 0).map_or(ptr::null_mut(), <*mut u8>::cast)
    }

    /// Invokes a plugin of the supplicant, which gets the buffer and answers in it.
    fn tee_invoke_supp_plugin(
        plugin: *const TeeUuid,
        command: u32,
        sub_command: u32,
        buffer: *mut c_void,
        len: usize,
        answer: *mut usize,
    ) -> u32 {
        if plugin.is_null() || (buffer.is_null() && len != 0) {
            return TeeError::BAD_PARAMETERS.raw();
        }
        // SAFETY: the caller's memory; no bytes may be anywhere.
        let data = if len == 0 { &mut [] } else { unsafe { slice::from_raw_parts_mut(buffer.cast::<u8>(), len) } };
        // SAFETY: the caller's UUID.
        let result = system::invoke_plugin(&unsafe { plugin.read() }.into(), command, sub_command, data);
        if !answer.is_null() {
            // SAFETY: the caller's cell.
            unsafe { answer.write(result.unwrap_or(0)) };
        }
        crate::raw(result.map(|_| ()))
    }

    /// A UUID of its text.
    fn tee_uuid_from_str(uuid: *mut TeeUuid, text: *const c_char) -> u32 {
        // SAFETY: the caller's string.
        let text = unsafe { CStr::from_ptr(text) };
        // Only the form with hyphens.
        let parsed = text.to_str().ok().filter(|text| text.len() == 36).and_then(|text| text.parse::<Uuid>().ok());
        let Some(parsed) = parsed else { return TeeError::BAD_PARAMETERS.raw() };
        // SAFETY: the caller's pointer.
        unsafe { uuid.write(parsed.into()) };
        utee_abi::result::SUCCESS
    }

    /// Prints a string as it is.
    fn trace_ext_puts(text: *const c_char) {
        // SAFETY: the caller's string.
        api::trace::write(unsafe { CStr::from_ptr(text) }.to_bytes());
    }

    /// Sets the trace level.
    fn trace_set_level(level: c_int) {
        api::trace::set_level(u32::try_from(level).unwrap_or(0));
    }

    /// The trace level.
    fn trace_get_level() -> c_int {
        c_int::try_from(api::trace::level()).unwrap_or(c_int::MAX)
    }
}
