// SPDX-License-Identifier: BSD-2-Clause
//! memcpy and its likes for the kernels of Armv7-A and for TAs: the ones that come with the compiler go word by word, or byte
//! by byte, and not every compiler's library has them.
//!
//! A crate that is linked for these names this one (`use memory_functions as _;`), and its symbols are the ones that compiled
//! code calls.
#![no_std]

#[cfg(all(target_arch = "aarch64", oxtee_ta))]
mod aarch64;
#[cfg(target_arch = "arm")]
mod aeabi;
#[cfg(target_arch = "arm")]
mod armv7a;

/// Defines a function of assembly lines.
#[cfg(target_arch = "arm")]
macro_rules! function {
    ($name:literal, $($line:literal),* $(,)?) => {
        core::arch::global_asm!(
            ".syntax unified",
            ".cfi_sections .debug_frame",
            concat!(".pushsection .text.", $name, ", \"ax\", %progbits"),
            ".arm",
            ".balign 4",
            concat!(".global ", $name),
            concat!(".type ", $name, ", %function"),
            concat!($name, ":"),
            ".cfi_startproc",
            $($line,)*
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
        );
    };
}

/// Defines a function of assembly lines. It may be called through a pointer from guarded pages (`bti c`).
#[cfg(all(target_arch = "aarch64", oxtee_ta))]
macro_rules! function {
    ($name:literal, $($line:literal),* $(,)?) => {
        core::arch::global_asm!(
            ".cfi_sections .debug_frame",
            concat!(".pushsection .text.", $name, ", \"ax\", %progbits"),
            ".balign 16",
            concat!(".global ", $name),
            concat!(".type ", $name, ", %function"),
            concat!($name, ":"),
            ".cfi_startproc",
            "hint #34",
            $($line,)*
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
        );
    };
}
#[cfg(any(target_arch = "arm", all(target_arch = "aarch64", oxtee_ta)))]
use function;
