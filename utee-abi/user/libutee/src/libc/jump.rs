// SPDX-License-Identifier: BSD-2-Clause
//! setjmp.h: what the AAPCS has a function preserve, r4 to r11, sp, lr, and d8 to d15: 104 bytes.

use core::arch::global_asm;

global_asm!(
    ".syntax unified",
    ".fpu vfpv3",
    ".pushsection .text.setjmp, \"ax\", %progbits",
    ".arm",
    ".balign 4",
    ".global setjmp",
    ".type setjmp, %function",
    "setjmp:",
    "mov r2, sp",
    "stmia r0!, {{r4-r11}}",
    "stmia r0!, {{r2, lr}}",
    "vstmia r0, {{d8-d15}}",
    "mov r0, #0",
    "bx lr",
    ".size setjmp, . - setjmp",
    ".popsection",
    ".pushsection .text.longjmp, \"ax\", %progbits",
    ".arm",
    ".balign 4",
    ".global longjmp",
    ".type longjmp, %function",
    "longjmp:",
    "ldmia r0!, {{r4-r11}}",
    "ldmia r0!, {{r2, lr}}",
    "vldmia r0, {{d8-d15}}",
    "mov sp, r2",
    // setjmp never seems to return 0 for the second time.
    "movs r0, r1",
    "moveq r0, #1",
    "bx lr",
    ".size longjmp, . - longjmp",
    ".popsection",
);
