// SPDX-License-Identifier: BSD-2-Clause
//! Strings.

use crate::c_functions;
use api::heap::{self, Fill};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

/// # Safety
/// `text` points at least to `index` characters and what follows them.
unsafe fn at(text: *const c_char, index: usize) -> u8 {
    // SAFETY: the caller's string.
    unsafe { text.add(index).read() as u8 }
}

/// Length of the string, `max` at most.
///
/// # Safety
/// `text` has a NUL or `max` characters.
unsafe fn length(text: *const c_char, max: usize) -> usize {
    let mut len = 0;
    // SAFETY: the caller's string.
    while len < max && unsafe { at(text, len) } != 0 {
        len += 1;
    }
    len
}

/// Compares up to `max` characters.
///
/// # Safety
/// Both are strings, or have `max` characters.
unsafe fn compare(first: *const c_char, second: *const c_char, max: usize, fold: fn(u8) -> u8) -> c_int {
    for index in 0..max {
        // SAFETY: neither string has ended before.
        let (a, b) = unsafe { (fold(at(first, index)), fold(at(second, index))) };
        if a != b || a == 0 {
            return c_int::from(a) - c_int::from(b);
        }
    }
    0
}

/// True when `set` has `byte`.
///
/// # Safety
/// `set` is a string.
unsafe fn has(set: *const c_char, byte: u8) -> bool {
    // SAFETY: the caller's string.
    unsafe { core::ffi::CStr::from_ptr(set) }.to_bytes().contains(&byte)
}

fn same(byte: u8) -> u8 {
    byte
}

fn lower(byte: u8) -> u8 {
    byte.to_ascii_lowercase()
}

c_functions! {
    /// memchr.
    fn memchr(memory: *const c_void, byte: c_int, size: usize) -> *mut c_void {
        let memory = memory.cast::<u8>();
        // SAFETY: the caller's memory.
        let found = (0..size).find(|index| unsafe { memory.add(*index).read() } == byte as u8);
        found.map_or(ptr::null_mut(), |index| memory.wrapping_add(index).cast_mut().cast())
    }

    /// strnlen.
    fn strnlen(text: *const c_char, max: usize) -> usize {
        // SAFETY: the caller's string.
        unsafe { length(text, max) }
    }

    /// strcmp.
    fn strcmp(first: *const c_char, second: *const c_char) -> c_int {
        // SAFETY: the caller's strings.
        unsafe { compare(first, second, usize::MAX, same) }
    }

    /// strncmp.
    fn strncmp(first: *const c_char, second: *const c_char, max: usize) -> c_int {
        // SAFETY: the caller's strings.
        unsafe { compare(first, second, max, same) }
    }

    /// strcasecmp.
    fn strcasecmp(first: *const c_char, second: *const c_char) -> c_int {
        // SAFETY: the caller's strings.
        unsafe { compare(first, second, usize::MAX, lower) }
    }

    /// strncasecmp.
    fn strncasecmp(first: *const c_char, second: *const c_char, max: usize) -> c_int {
        // SAFETY: the caller's strings.
        unsafe { compare(first, second, max, lower) }
    }

    /// strcpy.
    fn strcpy(to: *mut c_char, from: *const c_char) -> *mut c_char {
        // SAFETY: the caller's strings.
        unsafe { ptr::copy_nonoverlapping(from, to, length(from, usize::MAX) + 1) };
        to
    }

    /// strncpy.
    fn strncpy(to: *mut c_char, from: *const c_char, size: usize) -> *mut c_char {
        // SAFETY: the caller's strings.
        unsafe {
            let len = length(from, size);
            ptr::copy_nonoverlapping(from, to, len);
            ptr::write_bytes(to.add(len), 0, size - len);
        }
        to
    }

    /// strcat.
    fn strcat(to: *mut c_char, from: *const c_char) -> *mut c_char {
        // SAFETY: the caller's strings.
        unsafe { strcpy(to.add(length(to, usize::MAX)), from) };
        to
    }

    /// strncat.
    fn strncat(to: *mut c_char, from: *const c_char, max: usize) -> *mut c_char {
        // SAFETY: the caller's strings.
        unsafe {
            let (end, len) = (to.add(length(to, usize::MAX)), length(from, max));
            ptr::copy_nonoverlapping(from, end, len);
            end.add(len).write(0);
        }
        to
    }

    /// strlcpy.
    fn strlcpy(to: *mut c_char, from: *const c_char, size: usize) -> usize {
        // SAFETY: the caller's strings.
        unsafe {
            let len = length(from, usize::MAX);
            if let Some(room) = size.checked_sub(1) {
                ptr::copy_nonoverlapping(from, to, len.min(room));
                to.add(len.min(room)).write(0);
            }
            len
        }
    }

    /// strlcat.
    fn strlcat(to: *mut c_char, from: *const c_char, size: usize) -> usize {
        // SAFETY: the caller's strings.
        unsafe {
            let len = length(to, size);
            len + strlcpy(to.add(len), from, size - len)
        }
    }

    /// strchr.
    fn strchr(text: *const c_char, byte: c_int) -> *mut c_char {
        let mut index = 0;
        loop {
            // SAFETY: the string has not ended.
            let now = unsafe { at(text, index) };
            if now == byte as u8 {
                return text.wrapping_add(index).cast_mut();
            }
            if now == 0 {
                return ptr::null_mut();
            }
            index += 1;
        }
    }

    /// strrchr.
    fn strrchr(text: *const c_char, byte: c_int) -> *mut c_char {
        // SAFETY: the caller's string, its NUL included.
        unsafe {
            let len = length(text, usize::MAX);
            let found = (0..=len).rev().find(|index| at(text, *index) == byte as u8);
            found.map_or(ptr::null_mut(), |index| text.add(index).cast_mut())
        }
    }

    /// strstr.
    fn strstr(text: *const c_char, what: *const c_char) -> *mut c_char {
        // SAFETY: the caller's strings.
        unsafe {
            let (len, wanted) = (length(text, usize::MAX), length(what, usize::MAX));
            let Some(last) = len.checked_sub(wanted) else { return ptr::null_mut() };
            let found = (0..=last).find(|index| compare(text.add(*index), what, wanted, same) == 0);
            found.map_or(ptr::null_mut(), |index| text.add(index).cast_mut())
        }
    }

    /// strspn.
    fn strspn(text: *const c_char, accept: *const c_char) -> usize {
        let mut len = 0;
        // SAFETY: the caller's strings; the NUL ends the loop.
        while unsafe { at(text, len) != 0 && has(accept, at(text, len)) } {
            len += 1;
        }
        len
    }

    /// strcspn.
    fn strcspn(text: *const c_char, reject: *const c_char) -> usize {
        let mut len = 0;
        // SAFETY: the caller's strings; the NUL ends the loop.
        while unsafe { at(text, len) != 0 && !has(reject, at(text, len)) } {
            len += 1;
        }
        len
    }

    /// strpbrk.
    fn strpbrk(text: *const c_char, accept: *const c_char) -> *mut c_char {
        // SAFETY: the caller's strings.
        unsafe {
            let len = strcspn(text, accept);
            if at(text, len) == 0 { ptr::null_mut() } else { text.add(len).cast_mut() }
        }
    }

    /// strtok_r.
    fn strtok_r(text: *mut c_char, delimiters: *const c_char, rest: *mut *mut c_char) -> *mut c_char {
        // SAFETY: the caller's strings, `rest` being from the call before.
        unsafe {
            let start = if text.is_null() { rest.read() } else { text };
            let token = start.add(strspn(start, delimiters));
            if at(token, 0) == 0 {
                rest.write(token);
                return ptr::null_mut();
            }
            let end = token.add(strcspn(token, delimiters));
            if at(end, 0) == 0 {
                rest.write(end);
            } else {
                end.write(0);
                rest.write(end.add(1));
            }
            token
        }
    }

    /// strdup.
    fn strdup(text: *const c_char) -> *mut c_char {
        // SAFETY: the caller's string.
        unsafe { strndup(text, usize::MAX) }
    }

    /// strndup.
    fn strndup(text: *const c_char, max: usize) -> *mut c_char {
        // SAFETY: the caller's string, and an allocation of its length and a NUL.
        unsafe {
            let len = length(text, max);
            let copy = heap::allocate(len + 1, 1, Fill::Zero).cast::<c_char>();
            if !copy.is_null() {
                ptr::copy_nonoverlapping(text, copy, len);
            }
            copy
        }
    }
}
