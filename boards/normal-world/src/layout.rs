// SPDX-License-Identifier: BSD-2-Clause
//! Where this kernel's stacks lie: slots of one size behind its image, each with an unmapped page at its low end.

/// Bytes of a page.
pub(crate) const PAGE: usize = 4096;
/// CPUs that this kernel runs on.
pub(crate) const CPUS: usize = 8;
/// Threads, the first one of each CPU included.
pub(crate) const THREADS: usize = 48;
/// Bytes of a slot, its guard page included.
pub(crate) const STACK_SLOT: usize = 64 << 10;
/// Slots: a stack for each thread, and one for each CPU that is shared out among the modes that take exceptions.
pub(crate) const STACKS: usize = THREADS + CPUS;
/// End of the stack for aborts, in a CPU's slot for exceptions.
pub(crate) const ABORT_STACK: usize = 3 * PAGE;
/// The guard page of the stack for interrupts, which takes the rest of that slot.
pub(crate) const IRQ_GUARD: usize = ABORT_STACK;
