// SPDX-License-Identifier: BSD-2-Clause
//! memcpy and its likes for kernels and TAs: the ones that come with the compiler go word by word, or byte by byte.
//!
//! A crate that is linked for Armv7-A names this one (`use memory_functions as _;`), and its symbols are the ones that compiled
//! code calls.
#![no_std]

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
#[cfg(target_arch = "arm")]
use function;
