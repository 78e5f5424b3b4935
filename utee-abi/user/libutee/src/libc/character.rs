// SPDX-License-Identifier: BSD-2-Clause
//! ctype.h, for objects that call the functions and were not compiled with the header here: the characters of ASCII.

use crate::c_functions;
use core::ffi::c_int;

fn byte(c: c_int) -> Option<u8> {
    u8::try_from(c).ok()
}

macro_rules! tests {
    ($($name:ident $method:ident;)*) => {
        c_functions! {
            $(
                #[doc = concat!(stringify!($name), ".")]
                fn $name(c: c_int) -> c_int {
                    c_int::from(byte(c).is_some_and(|byte| byte.$method()))
                }
            )*
        }
    };
}

tests! {
    isalnum is_ascii_alphanumeric;
    isalpha is_ascii_alphabetic;
    iscntrl is_ascii_control;
    isdigit is_ascii_digit;
    isgraph is_ascii_graphic;
    islower is_ascii_lowercase;
    ispunct is_ascii_punctuation;
    isupper is_ascii_uppercase;
    isxdigit is_ascii_hexdigit;
}

c_functions! {
    /// isprint.
    fn isprint(c: c_int) -> c_int {
        c_int::from(byte(c).is_some_and(|byte| byte == b' ' || byte.is_ascii_graphic()))
    }

    /// isspace, the vertical tabulator included.
    fn isspace(c: c_int) -> c_int {
        c_int::from(byte(c).is_some_and(|byte| matches!(byte, b' ' | b'\t'..=b'\r')))
    }

    /// tolower.
    fn tolower(c: c_int) -> c_int {
        byte(c).map_or(c, |byte| byte.to_ascii_lowercase().into())
    }

    /// toupper.
    fn toupper(c: c_int) -> c_int {
        byte(c).map_or(c, |byte| byte.to_ascii_uppercase().into())
    }
}
