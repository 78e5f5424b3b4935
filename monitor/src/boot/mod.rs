// SPDX-License-Identifier: BSD-2-Clause
//! From the board's entry code to the run loop.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "arm")]
mod armv7a;

#[cfg(target_arch = "aarch64")]
pub use aarch64::{primary, secondary};
#[cfg(target_arch = "arm")]
pub use armv7a::{primary, secondary};

#[cfg(target_arch = "aarch64")]
use aarch64::prepare;
#[cfg(target_arch = "arm")]
use armv7a::prepare;

use crate::{heap, layout};
use core::ops::Range;
use tee_arch::descriptor::Kernel;
use tee_arch::percpu::PerCpuCell;
use tee_arch::{mmu, vectors};
use tee_core::limits::MAX_CPUS;

static CPUS: [PerCpuCell; MAX_CPUS] = [const { PerCpuCell::new() }; MAX_CPUS];

/// A device or memory that the kernel maps beside its own RAM.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Virtual address.
    pub va: u64,
    /// Physical range, in whole pages.
    pub pa: Range<u64>,
    /// Rights and kind.
    pub kind: Kernel,
}

/// Boot CPU, first: tables, MMU, heap. Everything that allocates comes after it.
///
/// # Safety
/// Once, in the mode of the run loop (Monitor mode, S-EL1) with interrupts masked and the MMU off, on the stack of CPU 0, with .bss zeroed.
pub unsafe fn early(mappings: &[Mapping]) {
    // SAFETY: the boot CPU with the MMU off, says the caller.
    let mut tables = unsafe { mmu::Builder::new() };
    let mut own = |range: Range<usize>, kind| tables.map(range.start as u64, range.start as u64, range.len() as u64, kind);
    own(layout::text(), Kernel::Text);
    own(layout::rodata(), Kernel::Rodata);
    own(layout::data(), Kernel::Data);
    own(layout::bss(), Kernel::Data);
    // The page below each stack stays unmapped: an overflow faults instead of reaching its neighbour.
    for stack in layout::stacks() {
        own(stack, Kernel::Data);
    }
    own(layout::heap().start..layout::secure_ram().end, Kernel::Data);
    for Mapping { va, pa, kind } in mappings {
        tables.map(*va, pa.start, pa.end - pa.start, *kind);
    }
    // SAFETY: the image, this stack and the devices are mapped where they are; heap memory is nobody else's.
    unsafe {
        cpu_init(0);
        heap::provide(layout::heap());
    }
}

/// What every CPU does for itself.
///
/// # Safety
/// In the mode of the run loop with interrupts masked, on the stack of CPU `index`; the tables are complete.
unsafe fn cpu_init(index: usize) {
    // SAFETY: the tables are complete, and the vectors are the kernel's.
    unsafe {
        prepare();
        mmu::enable();
        CPUS[index].install(index, layout::emergency_stack(index).end);
    }
    vectors::install();
}
