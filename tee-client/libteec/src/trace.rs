// SPDX-License-Identifier: BSD-2-Clause
//! The log that OP-TEE's own programs, `tee-supplicant` among them, take from this library.

use core::ffi::{CStr, c_char};
use std::fmt::Write as _;
use std::io::Write as _;

/// Variable of the environment that makes [`dump_buffer`] print.
const DUMP: &str = "TEEC_DUMP";

unsafe extern "C" {
    fn oxtee_teec_log();
}

/// `void _dprintf(const char *function, int line, int level, const char *prefix, const char *format, ...)`: a line of the log.
///
/// # Safety
/// As printf.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn _dprintf() {
    // The linker exports functions of Rust only. Nothing is touched on the way: the arguments are for the other function.
    #[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
    core::arch::naked_asm!("b {}", sym oxtee_teec_log);
    #[cfg(target_arch = "x86_64")]
    core::arch::naked_asm!("jmp {}", sym oxtee_teec_log);
}

/// Prints bytes to standard error when `TEEC_DUMP` is set.
///
/// # Safety
/// `name` is a string, `buffer` has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dump_buffer(name: *const c_char, buffer: *const u8, len: usize) {
    if std::env::var_os(DUMP).is_none() || name.is_null() || buffer.is_null() {
        return;
    }
    // SAFETY: as this function asks for.
    let (name, bytes) = unsafe { (CStr::from_ptr(name), core::slice::from_raw_parts(buffer, len)) };
    // A log that cannot be written is no reason to stop.
    let _ = std::io::stderr().write_all(lines(&name.to_string_lossy(), bytes).as_bytes());
}

fn lines(name: &str, bytes: &[u8]) -> String {
    let mut out = format!("#### {name}\n");
    for row in bytes.chunks(16) {
        for byte in row {
            let _ = write!(out, "{byte:02x} ");
        }
        let text: String = row.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();
        let _ = writeln!(out, "{:width$} |{text}|", "", width = (16 - row.len()) * 3);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_are_sixteen_bytes() {
        let text = super::lines("x", &[b'a'; 17]);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 3);
        assert!(rows[1].ends_with("|aaaaaaaaaaaaaaaa|") && rows[2].ends_with("|a|"));
        assert_eq!(rows[1].find('|'), rows[2].find('|'));
    }
}
