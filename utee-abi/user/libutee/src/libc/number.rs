// SPDX-License-Identifier: BSD-2-Clause
//! Numbers in texts.

use crate::c_functions;
use core::ffi::{CStr, c_char, c_int, c_long, c_longlong, c_ulong, c_ulonglong};

/// A number, its sign, and the index past it; 0 when there is none.
struct Parsed {
    magnitude: u64,
    negative: bool,
    overflow: bool,
    end: usize,
}

fn digit(byte: u8, base: u32) -> Option<u64> {
    char::from(byte).to_digit(base).map(u64::from)
}

fn parse(text: &[u8], base: u32) -> Parsed {
    let get = |index: usize| text.get(index).copied().unwrap_or(0);
    let mut at = text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0B).count();
    let negative = get(at) == b'-';
    if negative || get(at) == b'+' {
        at += 1;
    }
    let hexadecimal = get(at) == b'0' && get(at + 1).eq_ignore_ascii_case(&b'x') && digit(get(at + 2), 16).is_some();
    let base = match base {
        0 | 16 if hexadecimal => {
            at += 2;
            16
        }
        0 if get(at) == b'0' => 8,
        0 => 10,
        base => base,
    };
    let (mut magnitude, mut overflow, start) = (0u64, false, at);
    while let Some(value) = digit(get(at), base) {
        match magnitude.checked_mul(u64::from(base)).and_then(|all| all.checked_add(value)) {
            Some(all) => magnitude = all,
            None => overflow = true,
        }
        at += 1;
    }
    Parsed { magnitude, negative, overflow, end: if at == start { 0 } else { at } }
}

/// # Safety
/// `text` is a string, `end` NULL or writable.
unsafe fn parse_c(text: *const c_char, end: *mut *mut c_char, base: c_int) -> Parsed {
    let base = u32::try_from(base).unwrap_or(1);
    let parsed = if base == 1 || base > 36 {
        Parsed { magnitude: 0, negative: false, overflow: false, end: 0 }
    } else {
        // SAFETY: the caller's string.
        parse(unsafe { CStr::from_ptr(text) }.to_bytes(), base)
    };
    if !end.is_null() {
        // SAFETY: the caller's pointer.
        unsafe { end.write(text.wrapping_add(parsed.end).cast_mut()) };
    }
    parsed
}

impl Parsed {
    fn signed(&self, min: i64, max: i64) -> i64 {
        let value = if self.negative { 0i64.checked_sub_unsigned(self.magnitude) } else { i64::try_from(self.magnitude).ok() };
        match value {
            Some(value) if !self.overflow => value.clamp(min, max),
            _ if self.negative => min,
            _ => max,
        }
    }

    fn unsigned(&self, max: u64) -> u64 {
        if self.overflow || self.magnitude > max {
            max
        } else if self.negative {
            self.magnitude.wrapping_neg() & max
        } else {
            self.magnitude
        }
    }
}

#[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
mod limits {
    use core::ffi::{c_long, c_ulong};

    pub(super) const LONG_MIN: i64 = c_long::MIN as i64;
    pub(super) const LONG_MAX: i64 = c_long::MAX as i64;
    pub(super) const ULONG_MAX: u64 = c_ulong::MAX as u64;
}

c_functions! {
    /// strtol.
    fn strtol(text: *const c_char, end: *mut *mut c_char, base: c_int) -> c_long {
        // SAFETY: the caller's string.
        unsafe { parse_c(text, end, base) }.signed(limits::LONG_MIN, limits::LONG_MAX) as c_long
    }

    /// strtoul.
    fn strtoul(text: *const c_char, end: *mut *mut c_char, base: c_int) -> c_ulong {
        // SAFETY: the caller's string.
        unsafe { parse_c(text, end, base) }.unsigned(limits::ULONG_MAX) as c_ulong
    }

    /// strtoll.
    fn strtoll(text: *const c_char, end: *mut *mut c_char, base: c_int) -> c_longlong {
        // SAFETY: the caller's string.
        unsafe { parse_c(text, end, base) }.signed(i64::MIN, i64::MAX)
    }

    /// strtoull.
    fn strtoull(text: *const c_char, end: *mut *mut c_char, base: c_int) -> c_ulonglong {
        // SAFETY: the caller's string.
        unsafe { parse_c(text, end, base) }.unsigned(u64::MAX)
    }

    /// atol.
    fn atol(text: *const c_char) -> c_long {
        // SAFETY: the caller's string.
        unsafe { strtol(text, core::ptr::null_mut(), 10) }
    }

    /// atoi.
    fn atoi(text: *const c_char) -> c_int {
        // SAFETY: the caller's string.
        unsafe { atol(text) as c_int }
    }

    /// abs.
    fn abs(number: c_int) -> c_int {
        number.wrapping_abs()
    }

    /// labs.
    fn labs(number: c_long) -> c_long {
        number.wrapping_abs()
    }
}
