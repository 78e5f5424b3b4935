// SPDX-License-Identifier: BSD-2-Clause
//! Secure threads: stacks of their own at EL1, switched to from the run loop and back.

use super::pauth;
use super::percpu::{PerCpu, this_cpu};
use super::vfp;
use crate::cpu::{mask_interrupts, restore_interrupts};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::ops::Range;
use tee_core::ports::ThreadExit;

/// What a thread executes: its index and a0..a7; the result is a0..a3.
pub type ThreadMain = fn(u32, &[u32; 8]) -> [u32; 4];

/// A thread that does not run.
#[repr(C)]
pub struct ThreadContext {
    sp: u64,
    index: u32,
    main: Option<ThreadMain>,
    regs: [u32; 8],
    exit: Option<ThreadExit>,
}

/// A place for a thread in a static.
pub struct ThreadCell(UnsafeCell<ThreadContext>);

// SAFETY: the core runs a thread on one CPU at a time: it leaves the state Free or Suspended under the lock of its table.
unsafe impl Sync for ThreadCell {}

/// Words that `thread_switch` pushes: x19 to x30.
const FRAME: usize = 12;

impl ThreadCell {
    /// An empty place.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(ThreadContext { sp: 0, index: 0, main: None, regs: [0; 8], exit: None }))
    }

    /// Runs the thread from its start.
    ///
    /// # Safety
    /// On the run loop with interrupts masked; the thread is free and `stack_top` the top of a stack that only it has.
    pub unsafe fn start(&self, index: u32, stack_top: usize, main: ThreadMain, regs: [u32; 8]) -> ThreadExit {
        let thread = self.0.get();
        // SAFETY: the thread is free, so nobody else refers to it, and its stack is empty.
        unsafe {
            (*thread).index = index;
            (*thread).main = Some(main);
            (*thread).regs = regs;
            // The outermost frame: no frame pointer, and the address to go on at.
            let frame = (stack_top as *mut u64).sub(FRAME);
            frame.add(FRAME - 2).write(0);
            frame.add(FRAME - 1).write(pauth::signed(thread_begin as *const () as u64, stack_top as u64));
            (*thread).sp = frame as u64;
            run(thread)
        }
    }

    /// Goes on with a thread that has suspended.
    ///
    /// # Safety
    /// On the run loop with interrupts masked; the thread is suspended.
    pub unsafe fn resume(&self, regs: [u32; 8]) -> ThreadExit {
        let thread = self.0.get();
        // SAFETY: the thread is suspended, so nobody else refers to it.
        unsafe {
            (*thread).regs = regs;
            run(thread)
        }
    }

    /// Gives the return addresses into `text` on the stack of the thread to `found`, the innermost first.
    ///
    /// A word is one if the instruction before the one that it points to is a call. Calls that have returned may have
    /// left some as well. Of a thread that another CPU resumes meanwhile, whatever stands there is looked at.
    ///
    /// # Safety
    /// `stack` is the stack of this thread, and `text` the kernel's code, both mapped.
    pub unsafe fn return_addresses(&self, stack: Range<usize>, text: Range<usize>, found: &mut dyn FnMut(u64)) {
        let marker = 0u64;
        let here = &raw const marker as usize;
        // SAFETY: a word of a static; it may be stale by now, which is why it is checked below.
        let saved = unsafe { (&raw const (*self.0.get()).sp).read_volatile() } as usize;
        // The thread that runs this has no saved stack pointer that counts.
        let sp = if stack.contains(&here) { here } else { saved };
        if !stack.contains(&sp) {
            return;
        }
        let mut last = 0;
        for address in (sp & !7..stack.end).step_by(8) {
            // SAFETY: in the stack, which is mapped.
            let word = pauth::stripped(unsafe { (address as *const u64).read_volatile() }) as usize;
            if word.is_multiple_of(4) && word > text.start && text.contains(&word) {
                // SAFETY: in the kernel's code, which is mapped and never changes.
                let before = unsafe { ((word - 4) as *const u32).read() };
                // This function's own copy of the last one is none.
                if is_call(before) && word != last {
                    last = word;
                    found(word as u64);
                }
            }
        }
    }
}

/// True for BL and for BLR (Arm ARM, C6.2.38 and C6.2.39).
fn is_call(instruction: u32) -> bool {
    instruction >> 26 == 0b10_0101 || instruction & 0xFFFF_FC1F == 0xD63F_0000
}

impl Default for ThreadCell {
    fn default() -> Self {
        Self::new()
    }
}

unsafe fn run(thread: *mut ThreadContext) -> ThreadExit {
    let cpu = this_cpu();
    // SAFETY: interrupts are masked; `cpu` is this CPU's and the thread nobody else's.
    unsafe {
        (*cpu).thread = thread;
        thread_switch(&raw mut (*cpu).loop_sp, (*thread).sp);
        vfp::give_back(cpu);
        super::space::deselect();
        (*cpu).thread = core::ptr::null_mut();
        // A thread leaves only through `leave`, which says why.
        (*thread).exit.take().unwrap_or(ThreadExit::ForeignInterrupt)
    }
}

global_asm!(
    // x0: where the stack pointer goes; x1: the new one. Interrupts are masked. Return addresses are signed with where the stack
    // pointer is, and so good on their own stack only.
    ".global thread_switch",
    "thread_switch:",
    "hint #25", // paciasp
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
    "hint #29", // autiasp
    "ret",
);

unsafe extern "C" {
    fn thread_switch(save: *mut u64, load: u64);
}

/// First code of a thread, on its stack.
extern "C" fn thread_begin() -> ! {
    // SAFETY: interrupts are still masked, and `thread` is the one that was just entered.
    let (thread, main, index) = unsafe {
        let thread = (*this_cpu()).thread;
        (thread, (*thread).main, (*thread).index)
    };
    // SAFETY: the registers are the thread's own while it runs.
    let regs = unsafe { (*thread).regs };
    // SAFETY: vectors and stack are ready for interrupts of a thread.
    unsafe { asm!("msr daifclr, #3", options(nostack, preserves_flags)) };
    let result = main.map_or([0; 4], |main| main(index, &regs));
    loop {
        leave(ThreadExit::Done(result));
    }
}

/// Leaves to the run loop of this CPU; returns with a0..a7 of the resuming call, maybe on another CPU.
///
/// To be called on a secure thread; interrupts may be masked or not and are as before afterwards.
pub fn leave(exit: ThreadExit) -> [u32; 8] {
    let before = mask_interrupts();
    // SAFETY: on a secure thread with interrupts masked, so `thread` is this one; it is looked up before the switch
    // and used after it, wherever it then runs.
    let regs = unsafe {
        let cpu: *mut PerCpu = this_cpu();
        let thread = (*cpu).thread;
        (*thread).exit = Some(exit);
        thread_switch(&raw mut (*thread).sp, (*cpu).loop_sp);
        (*thread).regs
    };
    restore_interrupts(before);
    regs
}
