// SPDX-License-Identifier: BSD-2-Clause
//! Secure threads: stacks of their own in SVC mode, switched to from the run loop in Monitor mode and back.

use super::percpu::{NormalRegs, PerCpu, this_cpu};
use super::vfp;
use crate::lock::mask_interrupts;
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::ops::Range;
use tee_core::ports::ThreadExit;

/// What a thread executes: its index and a0..a7; the result is a0..a3.
pub type ThreadMain = fn(u32, &[u32; 8]) -> [u32; 4];

/// A thread that does not run.
#[repr(C)]
pub struct ThreadContext {
    sp: u32,
    stack_top: u32,
    index: u32,
    main: Option<ThreadMain>,
    regs: [u32; 8],
    exit: Option<ThreadExit>,
}

/// A place for a thread in a static.
pub struct ThreadCell(UnsafeCell<ThreadContext>);

// SAFETY: the core runs a thread on one CPU at a time: it leaves the state Free or Suspended under the lock of its table.
unsafe impl Sync for ThreadCell {}

impl ThreadCell {
    /// An empty place.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(ThreadContext { sp: 0, stack_top: 0, index: 0, main: None, regs: [0; 8], exit: None }))
    }

    /// Runs the thread from its start.
    ///
    /// # Safety
    /// In Monitor mode with interrupts masked; the thread is free and `stack_top` the top of a stack that only it has.
    pub unsafe fn start(&self, index: u32, stack_top: usize, main: ThreadMain, regs: [u32; 8]) -> ThreadExit {
        let thread = self.0.get();
        // SAFETY: the thread is free, so nobody else refers to it.
        unsafe {
            (*thread).index = index;
            (*thread).main = Some(main);
            (*thread).regs = regs;
            (*thread).stack_top = stack_top as u32;
            // thread_enter pops r4 to r12, which nothing looks at, and the address to go on at.
            let frame = (stack_top as *mut u32).sub(10);
            frame.add(9).write(thread_begin as *const () as usize as u32);
            (*thread).sp = frame as u32;
            run(thread)
        }
    }

    /// Goes on with a thread that has suspended.
    ///
    /// # Safety
    /// In Monitor mode with interrupts masked; the thread is suspended.
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
        let marker = 0u32;
        let here = &raw const marker as usize;
        // SAFETY: a word of a static; it may be stale by now, which is why it is checked below.
        let saved = unsafe { (&raw const (*self.0.get()).sp).read_volatile() } as usize;
        // The thread that runs this has no saved stack pointer that counts.
        let sp = if stack.contains(&here) { here } else { saved };
        if !stack.contains(&sp) {
            return;
        }
        let mut last = 0;
        for address in (sp & !3..stack.end).step_by(4) {
            // SAFETY: in the stack, which is mapped.
            let word = unsafe { (address as *const u32).read_volatile() } as usize;
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

/// True for BL and for BLX by register, whatever their condition (Arm ARM, A8.8.25 and A8.8.26).
fn is_call(instruction: u32) -> bool {
    let conditional = instruction >> 28 != 0xF;
    conditional && (instruction & 0x0F00_0000 == 0x0B00_0000 || instruction & 0x0FFF_FFF0 == 0x012F_FF30)
}

impl Default for ThreadCell {
    fn default() -> Self {
        Self::new()
    }
}

unsafe fn run(thread: *mut ThreadContext) -> ThreadExit {
    let cpu = this_cpu();
    // SAFETY: Monitor mode, interrupts masked; `cpu` is this CPU's and the thread nobody else's.
    unsafe {
        (*cpu).thread = thread;
        vfp::close(cpu);
        thread_enter(&raw mut (*cpu).normal.banked, (*thread).sp);
        vfp::give_back(cpu);
        super::space::deselect();
        (*cpu).thread = core::ptr::null_mut();
        // A thread leaves only through `leave`, which says why.
        (*thread).exit.take().unwrap_or(ThreadExit::ForeignInterrupt)
    }
}

global_asm!(
    // Mode by mode rather than by banked moves, which only CPUs with Hyp mode have.
    // r0: where the normal world's banked registers go; r1: stack pointer of the thread.
    ".global thread_enter",
    "thread_enter:",
    "push {{r0, r4-r12, lr}}",
    "cps #0x13",
    "mrs r2, spsr",
    "mov r3, sp",
    "mov r4, lr",
    "stmia r0!, {{r2-r4}}",
    "cps #0x12",
    "mrs r2, spsr",
    "mov r3, sp",
    "mov r4, lr",
    "stmia r0!, {{r2-r4}}",
    "cps #0x17",
    "mrs r2, spsr",
    "mov r3, sp",
    "mov r4, lr",
    "stmia r0!, {{r2-r4}}",
    "cps #0x1B",
    "mrs r2, spsr",
    "mov r3, sp",
    "mov r4, lr",
    "stmia r0!, {{r2-r4}}",
    "cps #0x11",
    "mrs r2, spsr",
    "mov r3, sp",
    "mov r4, lr",
    "stmia r0!, {{r2-r4}}",
    "cps #0x1F",
    "mov r2, sp",
    "mov r3, lr",
    "stmia r0!, {{r2, r3}}",
    "cps #0x13",
    "mov sp, r1",
    "pop {{r4-r12, pc}}",
    // r0: where the stack pointer of the thread goes. SVC mode, interrupts masked.
    ".global thread_leave",
    "thread_leave:",
    "push {{r4-r12, lr}}",
    "str sp, [r0]",
    "cps #0x16",
    "ldr r0, [sp]",
    "cps #0x13",
    "ldmia r0!, {{r2-r4}}",
    "msr spsr_cxsf, r2",
    "mov sp, r3",
    "mov lr, r4",
    "cps #0x12",
    "ldmia r0!, {{r2-r4}}",
    "msr spsr_cxsf, r2",
    "mov sp, r3",
    "mov lr, r4",
    "cps #0x17",
    "ldmia r0!, {{r2-r4}}",
    "msr spsr_cxsf, r2",
    "mov sp, r3",
    "mov lr, r4",
    "cps #0x1B",
    "ldmia r0!, {{r2-r4}}",
    "msr spsr_cxsf, r2",
    "mov sp, r3",
    "mov lr, r4",
    "cps #0x11",
    "ldmia r0!, {{r2-r4}}",
    "msr spsr_cxsf, r2",
    "mov sp, r3",
    "mov lr, r4",
    "cps #0x1F",
    "ldmia r0!, {{r2, r3}}",
    "mov sp, r2",
    "mov lr, r3",
    "cps #0x16",
    "pop {{r0, r4-r12, pc}}",
);

unsafe extern "C" {
    fn thread_enter(banked: *mut [u32; 17], sp: u32);
    fn thread_leave(sp: *mut u32);
}

const _: () = assert!(offset_of!(NormalRegs, banked) == 60);

/// First code of a thread, in SVC mode on its stack.
extern "C" fn thread_begin() -> ! {
    // SAFETY: interrupts are still masked, and `thread` is the one that was just entered.
    let (thread, main, index) = unsafe {
        let thread = (*this_cpu()).thread;
        (thread, (*thread).main, (*thread).index)
    };
    // SAFETY: the registers are the thread's own while it runs.
    let regs = unsafe { (*thread).regs };
    // SAFETY: vectors and stack are ready for interrupts of a thread.
    unsafe { asm!("cpsie if", options(nostack, preserves_flags)) };
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
        thread_leave(&raw mut (*thread).sp);
        (*thread).regs
    };
    crate::lock::restore_interrupts(before);
    regs
}
