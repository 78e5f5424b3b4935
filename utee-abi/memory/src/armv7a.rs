// SPDX-License-Identifier: BSD-2-Clause
//! memcpy, memmove, memset, memcmp, bcmp and strlen, which compiled code calls. In assembly, since a compiler may turn a
//! loop that copies into a call of memcpy. Words are loaded unaligned, as Rust's target does everywhere.

use crate::function;

// Copies upwards, which is right for overlapping ranges too when the destination is the lower one: each block is loaded
// before it is stored, and nothing is stored past what has been loaded.
function!(
    "memcpy",
    "push {{r0, r4-r9, lr}}",
    ".cfi_adjust_cfa_offset 32",
    ".cfi_offset lr, -4",
    "cmp r2, #8",
    "blo 5f",
    // The destination to a word.
    "1: tst r0, #3",
    "beq 2f",
    "ldrb r3, [r1], #1",
    "strb r3, [r0], #1",
    "sub r2, r2, #1",
    "b 1b",
    // Blocks of 32 bytes when the source is aligned too.
    "2: tst r1, #3",
    "bne 4f",
    "subs r2, r2, #32",
    "blo 3f",
    "7: ldmia r1!, {{r3-r9, lr}}",
    "stmia r0!, {{r3-r9, lr}}",
    "subs r2, r2, #32",
    "bhs 7b",
    "3: add r2, r2, #32",
    // Words, the source perhaps unaligned.
    "4: subs r2, r2, #4",
    "ldrhs r3, [r1], #4",
    "strhs r3, [r0], #4",
    "bhs 4b",
    "add r2, r2, #4",
    // Bytes.
    "5: subs r2, r2, #1",
    "ldrbhs r3, [r1], #1",
    "strbhs r3, [r0], #1",
    "bhs 5b",
    "pop {{r0, r4-r9, pc}}",
);

function!(
    "memmove",
    "sub r3, r0, r1",
    "cmp r3, r2",
    "bhs memcpy",
    // The destination starts inside the source: downwards.
    "add r1, r1, r2",
    "add r3, r0, r2",
    "1: cmp r2, #4",
    "blo 3f",
    "tst r3, #3",
    "bne 2f",
    "ldr r12, [r1, #-4]!",
    "str r12, [r3, #-4]!",
    "sub r2, r2, #4",
    "b 1b",
    "2: ldrb r12, [r1, #-1]!",
    "strb r12, [r3, #-1]!",
    "sub r2, r2, #1",
    "b 1b",
    "3: subs r2, r2, #1",
    "ldrbhs r12, [r1, #-1]!",
    "strbhs r12, [r3, #-1]!",
    "bhs 3b",
    "bx lr",
);

function!(
    "memset",
    "push {{r0, r4, r5, lr}}",
    ".cfi_adjust_cfa_offset 16",
    ".cfi_offset lr, -4",
    "and r1, r1, #0xff",
    "orr r1, r1, r1, lsl #8",
    "orr r1, r1, r1, lsl #16",
    "cmp r2, #8",
    "blo 5f",
    "1: tst r0, #3",
    "beq 2f",
    "strb r1, [r0], #1",
    "sub r2, r2, #1",
    "b 1b",
    "2: mov r3, r1",
    "mov r4, r1",
    "mov r5, r1",
    "subs r2, r2, #16",
    "blo 4f",
    "3: stmia r0!, {{r1, r3, r4, r5}}",
    "subs r2, r2, #16",
    "bhs 3b",
    "4: add r2, r2, #16",
    "5: subs r2, r2, #1",
    "strbhs r1, [r0], #1",
    "bhs 5b",
    "pop {{r0, r4, r5, pc}}",
);

function!(
    "memcmp",
    "orr r3, r0, r1",
    "tst r3, #3",
    "bne 2f",
    "1: cmp r2, #4",
    "blo 2f",
    "ldr r3, [r0]",
    "ldr r12, [r1]",
    "cmp r3, r12",
    // The bytes below find out which of the two words is the smaller one.
    "bne 2f",
    "add r0, r0, #4",
    "add r1, r1, #4",
    "sub r2, r2, #4",
    "b 1b",
    "2: subs r2, r2, #1",
    "movlo r0, #0",
    "bxlo lr",
    "ldrb r3, [r0], #1",
    "ldrb r12, [r1], #1",
    "subs r3, r3, r12",
    "beq 2b",
    "mov r0, r3",
    "bx lr",
);

function!("bcmp", "b memcmp");

function!("strlen", "mov r1, r0", "1: ldrb r2, [r0], #1", "cmp r2, #0", "bne 1b", "sub r0, r0, r1", "sub r0, r0, #1", "bx lr",);
