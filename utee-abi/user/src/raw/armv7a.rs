// SPDX-License-Identifier: BSD-2-Clause
//! System calls of an A32 TA (OP-TEE ABI, system calls, convention): number in r7, arguments in r0 to r3, the address
//! and the count of further words in r5 and r6.

use super::{RawSyscalls, Word};
use core::arch::global_asm;
use utee_abi::regs::A32_REGISTER_ARGS;
use utee_abi::sysnum::Syscall;

global_asm!(
    ".syntax unified",
    ".cfi_sections .debug_frame",
    // The fifth and sixth argument are the number and the count of extra words, which follow them on the stack.
    ".pushsection .text.__utee_svc, \"ax\", %progbits",
    ".arm",
    ".balign 4",
    ".global __utee_svc",
    ".hidden __utee_svc",
    ".type __utee_svc, %function",
    "__utee_svc:",
    ".cfi_startproc",
    "push {{r5, r6, r7, lr}}",
    ".cfi_adjust_cfa_offset 16",
    ".cfi_offset r5, -16",
    ".cfi_offset r6, -12",
    ".cfi_offset r7, -8",
    ".cfi_offset lr, -4",
    "ldr r7, [sp, #16]",
    "ldr r6, [sp, #20]",
    "add r5, sp, #24",
    "svc #0",
    "pop {{r5, r6, r7, pc}}",
    ".cfi_endproc",
    ".size __utee_svc, . - __utee_svc",
    ".popsection",
    ".pushsection .text._utee_return, \"ax\", %progbits",
    ".arm",
    ".balign 4",
    ".global _utee_return",
    ".type _utee_return, %function",
    "_utee_return:",
    "mov r7, #{RETURN}",
    "svc #0",
    "udf #0",
    ".size _utee_return, . - _utee_return",
    ".popsection",
    // The outermost frame: a back-trace ends where the frame pointer is 0.
    ".pushsection .text.__ta_entry, \"ax\", %progbits",
    ".arm",
    ".balign 4",
    ".global __ta_entry",
    ".type __ta_entry, %function",
    "__ta_entry:",
    "mov r11, #0",
    "mov lr, #0",
    "b __oxtee_entry",
    ".size __ta_entry, . - __ta_entry",
    ".popsection",
    // Leaves pc, r0 to r11 and lr in that order at sp: what the kernel starts a back-trace from.
    ".pushsection .text._utee_panic, \"ax\", %progbits",
    ".arm",
    ".balign 4",
    ".global _utee_panic",
    ".type _utee_panic, %function",
    "_utee_panic:",
    ".cfi_startproc",
    "push {{r0-r11, lr}}",
    ".cfi_adjust_cfa_offset 52",
    ".cfi_offset r11, -8",
    ".cfi_offset lr, -4",
    "mov r12, pc",
    "push {{r12}}",
    ".cfi_adjust_cfa_offset 4",
    "mov r1, sp",
    "mov r7, #{PANIC}",
    "svc #0",
    "udf #0",
    ".cfi_endproc",
    ".size _utee_panic, . - _utee_panic",
    ".popsection",
    RETURN = const Syscall::Return.raw(),
    PANIC = const Syscall::Panic.raw(),
);

unsafe extern "C" {
    fn __utee_svc(a0: Word, a1: Word, a2: Word, a3: Word, number: u32, extra: u32, a4: Word, a5: Word, a6: Word, a7: Word) -> u32;
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
        let word = |index: usize| args.get(index).copied().unwrap_or(Word::ZERO);
        let extra = N.saturating_sub(A32_REGISTER_ARGS) as u32;
        // SAFETY: the veneer keeps the AAPCS; the caller vouches for the pointers.
        unsafe { __utee_svc(word(0), word(1), word(2), word(3), number.raw(), extra, word(4), word(5), word(6), word(7)) }
    }

    fn leave(result: u32) -> ! {
        _utee_return(result)
    }

    fn die(code: u32) -> ! {
        _utee_panic(code)
    }
}
