// SPDX-License-Identifier: BSD-2-Clause
//! What OP-TEE's library of utilities has beyond the C library: base64, counters, wiping, sorting by type, random numbers,
//! and text for a stream, all of which go to the log.

use crate::c_functions;
use crate::libc::memory::{free, memzero_explicit};
use api::base64;
use api::heap;
use core::ffi::{CStr, c_char, c_int, c_long, c_longlong, c_uint, c_ulong, c_ulonglong, c_void};
use core::slice;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Largest number of [`rand`], as OP-TEE's stdlib.h says.
const RAND_MAX: c_uint = c_int::MAX as c_uint;

macro_rules! sorts {
    ($($name:ident $type:ty;)*) => {
        c_functions! {
            $(
                #[doc = concat!(stringify!($name), ": sorts numbers in rising order.")]
                fn $name(numbers: *mut $type, count: usize) {
                    if count > 1 {
                        // SAFETY: the caller's array.
                        unsafe { slice::from_raw_parts_mut(numbers, count) }.sort_unstable();
                    }
                }
            )*
        }
    };
}

sorts! {
    qsort_int c_int;
    qsort_uint c_uint;
    qsort_long c_long;
    qsort_ul c_ulong;
    qsort_ll c_longlong;
    qsort_ull c_ulonglong;
    qsort_s8 i8;
    qsort_u8 u8;
    qsort_s16 i16;
    qsort_u16 u16;
    qsort_s32 i32;
    qsort_u32 u32;
    qsort_s64 i64;
    qsort_u64 u64;
}

/// The stream for what a program has to say. Every stream is the log, whatever it points to.
#[cfg_attr(any(target_arch = "arm", oxtee_ta), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "the name is the C library's")]
pub static stdout: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());

/// The stream for what went wrong.
#[cfg_attr(any(target_arch = "arm", oxtee_ta), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "the name is the C library's")]
pub static stderr: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());

/// Prints `len` bytes.
///
/// # Safety
/// `text` points to them.
unsafe fn print(text: *const c_void, len: usize) {
    if len != 0 {
        // SAFETY: the caller's memory.
        api::trace::write(unsafe { slice::from_raw_parts(text.cast(), len) });
    }
}

c_functions! {
    /// Counts up; the new count.
    fn atomic_inc32(count: *mut u32) -> u32 {
        // SAFETY: the caller's counter, which is aligned.
        unsafe { AtomicU32::from_ptr(count) }.fetch_add(1, Ordering::AcqRel).wrapping_add(1)
    }

    /// Counts down; the new count.
    fn atomic_dec32(count: *mut u32) -> u32 {
        // SAFETY: the caller's counter, which is aligned.
        unsafe { AtomicU32::from_ptr(count) }.fetch_sub(1, Ordering::AcqRel).wrapping_sub(1)
    }

    /// Wipes an allocation, then frees it.
    fn free_wipe(memory: *mut c_void) {
        if !memory.is_null() {
            // SAFETY: the caller's allocation.
            unsafe {
                memzero_explicit(memory, heap::usable_size(memory.cast()));
                free(memory);
            }
        }
    }

    /// A random number, from the TEE's generator.
    fn rand() -> c_int {
        (api::random::next_u32() & RAND_MAX) as c_int
    }

    /// Characters that `len` bytes take in base64, without the NUL.
    fn base64_enc_len(len: usize) -> usize {
        base64::encoded_len(len)
    }

    /// Bytes in base64, and a NUL; false, and the size that is needed, when there is no room.
    fn base64_enc(data: *const c_void, size: usize, buffer: *mut c_char, len: *mut usize) -> bool {
        let needed = base64::encoded_len(size) + 1;
        // SAFETY: the caller's cell.
        let room = unsafe { len.replace(needed) };
        if room < needed {
            return false;
        }
        // SAFETY: the caller's memory; no bytes may be anywhere.
        let data = if size == 0 { &[] } else { unsafe { slice::from_raw_parts(data.cast::<u8>(), size) } };
        for (index, digit) in base64::encode(data).chain([0]).enumerate() {
            // SAFETY: as many as are needed.
            unsafe { buffer.add(index).write(digit as c_char) };
        }
        true
    }

    /// Bytes of base64; false, and the size that is needed, when there is no room or the text is none.
    fn base64_dec(data: *const c_char, size: usize, buffer: *mut c_void, len: *mut usize) -> bool {
        // SAFETY: the caller's memory; no characters may be anywhere.
        let text = if size == 0 { &[] } else { unsafe { slice::from_raw_parts(data.cast::<u8>(), size) } };
        // It ends at a NUL, if there is one.
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        let Some(needed) = base64::decode(text).try_fold(0usize, |count, byte| byte.map(|_| count + 1)) else { return false };
        // SAFETY: the caller's cell.
        if unsafe { len.replace(needed) } < needed {
            return false;
        }
        for (index, byte) in base64::decode(text).flatten().enumerate() {
            // SAFETY: as many as are needed.
            unsafe { buffer.cast::<u8>().add(index).write(byte) };
        }
        true
    }

    /// Prints a string. Every stream is the log.
    fn fputs(text: *const c_char, stream: *mut c_void) -> c_int {
        let _ = stream;
        // SAFETY: the caller's string.
        api::trace::write(unsafe { CStr::from_ptr(text) }.to_bytes());
        0
    }

    /// Prints a character.
    fn fputc(c: c_int, stream: *mut c_void) -> c_int {
        let _ = stream;
        api::trace::write(&[c as u8]);
        c_int::from(c as u8)
    }

    /// Prints elements.
    fn fwrite(data: *const c_void, size: usize, count: usize, stream: *mut c_void) -> usize {
        let _ = stream;
        // SAFETY: the caller's array.
        unsafe { print(data, size.saturating_mul(count)) };
        count
    }

    /// Prints bytes.
    fn write(file: c_int, data: *const c_void, len: usize) -> isize {
        let _ = file;
        // SAFETY: the caller's memory.
        unsafe { print(data, len) };
        isize::try_from(len).unwrap_or(isize::MAX)
    }
}
