// SPDX-License-Identifier: BSD-2-Clause
//! From the stack of one thread to that of another.

use core::arch::global_asm;

global_asm!(
    // x0: where the stack pointer goes; x1: the new one.
    ".global task_switch",
    "task_switch:",
    "stp x19, x20, [sp, #-96]!",
    "stp x21, x22, [sp, #16]",
    "stp x23, x24, [sp, #32]",
    "stp x25, x26, [sp, #48]",
    "stp x27, x28, [sp, #64]",
    "stp x29, x30, [sp, #80]",
    "mov x2, sp",
    "str x2, [x0]",
    "mov sp, x1",
    "ldp x21, x22, [sp, #16]",
    "ldp x23, x24, [sp, #32]",
    "ldp x25, x26, [sp, #48]",
    "ldp x27, x28, [sp, #64]",
    "ldp x29, x30, [sp, #80]",
    "ldp x19, x20, [sp], #96",
    "ret",
);

/// Words that `task_switch` pushes, x29 and x30 last.
const FRAME: usize = 12;

unsafe extern "C" {
    /// Saves the stack pointer of this thread and goes on with another one.
    pub(crate) fn task_switch(save: *mut usize, load: usize);
}

/// A stack with `begin` as what runs first on it; gives its stack pointer.
///
/// # Safety
/// `top` is the end of a stack that nobody uses.
pub(crate) unsafe fn new_stack(top: usize, begin: extern "C" fn() -> !) -> usize {
    let sp = top - FRAME * size_of::<usize>();
    // SAFETY: the caller's stack.
    unsafe {
        (sp as *mut usize).add(FRAME - 2).write(0);
        (sp as *mut usize).add(FRAME - 1).write(begin as *const () as usize);
    }
    sp
}
