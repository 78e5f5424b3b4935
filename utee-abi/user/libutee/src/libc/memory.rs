// SPDX-License-Identifier: BSD-2-Clause
//! The heap, the end, and comparing and wiping secrets.

use crate::c_functions;
use api::TeeError;
use api::heap::{self, Fill};
use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use core::hint::black_box;
use core::ptr;

c_functions! {
    /// malloc.
    fn malloc(size: usize) -> *mut c_void {
        heap::allocate(size, 1, Fill::None).cast()
    }

    /// calloc.
    fn calloc(count: usize, size: usize) -> *mut c_void {
        count.checked_mul(size).map_or(ptr::null_mut(), |size| heap::allocate(size, 1, Fill::Zero).cast())
    }

    /// realloc.
    fn realloc(memory: *mut c_void, size: usize) -> *mut c_void {
        // SAFETY: the caller's allocation.
        unsafe { heap::reallocate(memory.cast(), size).cast() }
    }

    /// free.
    fn free(memory: *mut c_void) {
        // SAFETY: the caller's allocation.
        unsafe { heap::free(memory.cast()) };
    }

    /// memalign; NULL for an alignment that is no power of two.
    fn memalign(align: usize, size: usize) -> *mut c_void {
        if align.is_power_of_two() { heap::allocate(size, align, Fill::None).cast() } else { ptr::null_mut() }
    }

    /// aligned_alloc.
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
        // SAFETY: no pointers.
        unsafe { memalign(align, size) }
    }

    /// abort: panics the TA.
    fn abort() -> ! {
        api::panic::panic(TeeError::GENERIC)
    }

    /// raise: what division by zero ends in with libgcc; panics the TA.
    fn raise(signal: c_int) -> c_int {
        api::println!("signal {signal}");
        api::panic::panic(TeeError::GENERIC)
    }

    /// What a failed `assert` calls.
    fn __assert_fail(expression: *const c_char, file: *const c_char, line: c_uint, function: *const c_char) -> ! {
        // SAFETY: passed on.
        unsafe { print_assertion(expression, file, line, function) };
        api::panic::panic(TeeError::GENERIC)
    }

    /// 0 for equal memory, in a time that does not depend on the contents; else the sign of the first difference.
    fn consttime_memcmp(first: *const c_void, second: *const c_void, size: usize) -> c_int {
        let mut result: i32 = 0;
        for index in (0..size).rev() {
            // SAFETY: the caller's memory, inside its size.
            let difference = unsafe {
                i32::from(first.cast::<u8>().add(index).read_volatile()) - i32::from(second.cast::<u8>().add(index).read_volatile())
            };
            // From the end to the start, so that the first difference is what stays; all ones when there is one.
            let mask = black_box((difference | -difference) >> 31);
            result = (result & !mask) | (difference & mask);
        }
        result
    }

    /// Clears memory in a way that no optimisation drops.
    fn memzero_explicit(memory: *mut c_void, size: usize) {
        // SAFETY: the caller's memory.
        unsafe { ptr::write_bytes(memory.cast::<u8>(), 0, size) };
        black_box(memory);
    }
}

/// Prints an assertion that does not hold.
///
/// # Safety
/// Each text is NULL or a string.
pub(super) unsafe fn print_assertion(expression: *const c_char, file: *const c_char, line: c_uint, function: *const c_char) {
    let text = |text: *const c_char| {
        // SAFETY: the caller's string.
        if text.is_null() { "?" } else { unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("?") }
    };
    api::println!("assertion failed at {}:{line} in {}: {}", text(file), text(function), text(expression));
}
