// SPDX-License-Identifier: BSD-2-Clause
//! From the stack of one thread to that of another.

use core::arch::global_asm;

global_asm!(
    // r0: where the stack pointer goes; r1: the new one.
    ".global task_switch",
    "task_switch:",
    "push {{r4-r11, lr}}",
    "str sp, [r0]",
    "mov sp, r1",
    "pop {{r4-r11, pc}}",
);

/// Words that `task_switch` pushes.
const FRAME: usize = 9;

unsafe extern "C" {
    /// Saves the stack pointer of this thread and goes on with another one.
    pub(crate) fn task_switch(save: *mut usize, load: usize);
}

/// A stack with `begin` as what runs first on it; gives its stack pointer.
///
/// # Safety
/// `top` is the end of a stack that nobody uses.
pub(crate) unsafe fn new_stack(top: usize, begin: extern "C" fn() -> !) -> usize {
    // What is popped is an odd number of words, and the stack pointer then a multiple of eight.
    let sp = top - FRAME * size_of::<usize>() - 4;
    // SAFETY: the caller's stack.
    unsafe { (sp as *mut usize).add(FRAME - 1).write(begin as *const () as usize) };
    sp
}
