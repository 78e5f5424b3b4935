// SPDX-License-Identifier: BSD-2-Clause
//! Where the image, its stacks, the heap and the TA pool lie in secure RAM.
//!
//! The image as the boot medium has it comes first; .bss follows, at once or where the board puts it. From its end on: the
//! stacks, each with an unmapped page below it; the heap; the TA pool up to the end.

use core::ops::Range;
use tee_core::limits::MAX_CPUS;

/// Bytes of a page.
pub const PAGE: usize = 4096;
/// Frames grow with the registers: stacks of AArch64 are twice those of Armv7-A.
const WIDTH: usize = size_of::<usize>() / 4;
/// Bytes of the run-loop stack of a CPU.
pub const CPU_STACK: usize = 2 * PAGE * WIDTH;
/// Bytes of the stack of a secure thread.
pub const THREAD_STACK: usize = 6 * PAGE * WIDTH;
/// Bytes of the stack for fatal faults of a CPU.
pub const EMERGENCY_STACK: usize = PAGE * WIDTH;
/// Bytes of the stack of the console.
pub const CONSOLE_STACK: usize = 2 * PAGE * WIDTH;
/// Secure threads that serve calls; the console has the number after them.
pub const THREADS: usize = 8;
/// Bytes of the kernel heap.
pub const HEAP: usize = 1 << 20;

unsafe extern "C" {
    static __image_start: u8;
    static __text_end: u8;
    static __rodata_end: u8;
    static __image_end: u8;
    static __bss_start: u8;
    static __stacks_start: u8;
    static __secure_ram_start: u8;
    static __secure_ram_end: u8;
}

#[inline]
fn address(symbol: *const u8) -> usize {
    symbol as usize
}

/// Kernel code.
pub fn text() -> Range<usize> {
    address(&raw const __image_start)..address(&raw const __text_end)
}

/// Kernel constants.
pub fn rodata() -> Range<usize> {
    address(&raw const __text_end)..address(&raw const __rodata_end)
}

/// Kernel data that the image holds.
pub fn data() -> Range<usize> {
    address(&raw const __rodata_end)..address(&raw const __image_end)
}

/// Kernel data that starts as zero.
pub fn bss() -> Range<usize> {
    address(&raw const __bss_start)..address(&raw const __stacks_start)
}

/// Bytes of the image in the boot medium.
pub fn image_len() -> usize {
    address(&raw const __image_end) - address(&raw const __image_start)
}

/// Stacks of the kernel in order of their addresses.
pub fn stacks() -> impl Iterator<Item = Range<usize>> {
    (0..MAX_CPUS).map(cpu_stack).chain((0..MAX_CPUS).map(emergency_stack)).chain((0..THREADS).map(thread_stack)).chain([console_stack()])
}

/// The run-loop stack of a CPU.
#[inline]
pub fn cpu_stack(cpu: usize) -> Range<usize> {
    nth(address(&raw const __stacks_start), cpu, CPU_STACK)
}

/// The stack for fatal faults of a CPU.
#[inline]
pub fn emergency_stack(cpu: usize) -> Range<usize> {
    nth(cpu_stack(MAX_CPUS - 1).end, cpu, EMERGENCY_STACK)
}

/// The stack of a secure thread.
#[inline]
pub fn thread_stack(thread: usize) -> Range<usize> {
    nth(emergency_stack(MAX_CPUS - 1).end, thread, THREAD_STACK)
}

/// The stack of the console.
pub fn console_stack() -> Range<usize> {
    nth(thread_stack(THREADS - 1).end, 0, CONSOLE_STACK)
}

/// The `index`th stack of `size` bytes from `start` on, each behind a guard page.
#[inline]
fn nth(start: usize, index: usize, size: usize) -> Range<usize> {
    let base = start + index * (size + PAGE) + PAGE;
    base..base + size
}

/// The kernel heap.
pub fn heap() -> Range<usize> {
    let start = console_stack().end;
    start..start + HEAP
}

/// What is left for TAs.
pub fn ta_pool() -> Range<usize> {
    heap().end..address(&raw const __secure_ram_end)
}

/// All secure RAM.
pub fn secure_ram() -> Range<usize> {
    address(&raw const __secure_ram_start)..address(&raw const __secure_ram_end)
}
