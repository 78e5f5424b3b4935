// SPDX-License-Identifier: BSD-2-Clause
//! System calls of an A64 TA (OP-TEE ABI, system calls, convention): number in x8, arguments in x0 to x7.

use super::{RawSyscalls, Word};
use core::arch::{asm, global_asm};
use utee_abi::sysnum::Syscall;

global_asm!(
    ".cfi_sections .debug_frame",
    ".pushsection .text._utee_return, \"ax\", %progbits",
    ".balign 4",
    ".global _utee_return",
    ".type _utee_return, %function",
    "_utee_return:",
    "hint #34", // bti c, as in all that may be called through a pointer
    "mov x8, #{RETURN}",
    "svc #0",
    "udf #0",
    ".size _utee_return, . - _utee_return",
    ".popsection",
    // The outermost frame: a back-trace ends where the frame pointer is 0.
    ".pushsection .text.__ta_entry, \"ax\", %progbits",
    ".balign 4",
    ".global __ta_entry",
    ".type __ta_entry, %function",
    "__ta_entry:",
    "hint #34",
    "mov x29, #0",
    "mov x30, #0",
    "b __oxtee_entry",
    ".size __ta_entry, . - __ta_entry",
    ".popsection",
    // Leaves x29 and x30 in that order at sp: what the kernel starts a back-trace from.
    ".pushsection .text._utee_panic, \"ax\", %progbits",
    ".balign 4",
    ".global _utee_panic",
    ".type _utee_panic, %function",
    "_utee_panic:",
    ".cfi_startproc",
    "hint #34",
    "stp x29, x30, [sp, #-16]!",
    ".cfi_adjust_cfa_offset 16",
    ".cfi_offset x29, -16",
    ".cfi_offset x30, -8",
    "mov x29, sp",
    "mov x1, sp",
    "mov x8, #{PANIC}",
    "svc #0",
    "udf #0",
    ".cfi_endproc",
    ".size _utee_panic, . - _utee_panic",
    ".popsection",
    RETURN = const Syscall::Return.raw(),
    PANIC = const Syscall::Panic.raw(),
);

unsafe extern "C" {
    safe fn _utee_return(result: u32) -> !;
    safe fn _utee_panic(code: u32) -> !;
}

/// `svc #0`.
#[derive(Clone, Copy, Debug)]
pub enum Svc {}

// SAFETY: the kernel keeps to the ABI; RETURN and PANIC have no way back.
unsafe impl RawSyscalls for Svc {
    #[inline]
    unsafe fn call<const N: usize>(number: Syscall, args: [Word; N]) -> u32 {
        let word = |index: usize| args.get(index).copied().unwrap_or(Word::ZERO).pointer::<()>();
        let result: u64;
        // SAFETY: the kernel keeps what a function keeps, and more; the caller vouches for the pointers.
        unsafe {
            asm!(
                "svc #0",
                in("x8") u64::from(number.raw()),
                inlateout("x0") word(0) => result,
                in("x1") word(1),
                in("x2") word(2),
                in("x3") word(3),
                in("x4") word(4),
                in("x5") word(5),
                in("x6") word(6),
                in("x7") word(7),
                clobber_abi("C"),
                options(nostack),
            );
        }
        result as u32
    }

    fn leave(result: u32) -> ! {
        _utee_return(result)
    }

    fn die(code: u32) -> ! {
        _utee_panic(code)
    }
}
