// SPDX-License-Identifier: BSD-2-Clause
//! From the board's entry code to the run loop.

use crate::machine::{Board, Machine};
use crate::{heap, layout};
use core::convert::Infallible;
use core::ops::Range;
use tee_arch::descriptor::Kernel;
use tee_arch::percpu::PerCpuCell;
use tee_arch::world::World;
use tee_arch::{cp15, mmu, vectors};
use tee_core::Tee;
use tee_core::limits::MAX_CPUS;
use tee_core::ports::Platform;
use tee_core::smc::psci::Start;

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

/// NSACR: coprocessors 10 and 11, and the SMP bit of ACTLR, for the normal world.
const NSACR_NORMAL: u32 = 1 << 10 | 1 << 11 | 1 << 18;

/// Boot CPU, first: tables, MMU, heap. Everything that allocates comes after it.
///
/// # Safety
/// Once, in Monitor mode with interrupts masked and the MMU off, on the stack of CPU 0, with .bss zeroed.
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
/// In Monitor mode with interrupts masked, on the stack of CPU `index`; the tables are complete.
unsafe fn cpu_init(index: usize) {
    // SAFETY: tables are complete; NSACR gives the normal world what Linux expects; vectors are the kernel's.
    unsafe {
        cp15::set_nsacr(NSACR_NORMAL);
        mmu::enable();
        CPUS[index].install(index, layout::emergency_stack(index).end);
    }
    vectors::install();
}

/// Boot CPU, last: interrupt controller, banner, normal world.
///
/// # Safety
/// After [`early`], in Monitor mode with interrupts masked.
pub unsafe fn primary<B: Board>(tee: &Tee<Machine<B>>) -> Infallible {
    tee.platform.board().init_cpu();
    tee.banner();
    let (entry, tree) = tee.platform.normal_entry();
    // As Linux and its likes want to be entered on Armv7-A: no machine type, and the device tree third.
    let args = [0, u64::from(u32::MAX), tree];
    // CPU 0 is off until now, so this cannot fail.
    let _ = tee.cpus.request(0, Start { entry, args });
    // SAFETY: Monitor mode on CPU 0, whose data is installed.
    let mut world = unsafe { World::new() };
    tee.run_cpu(0, &mut world)
}

/// Any other CPU: everything.
///
/// # Safety
/// Once on each, in Monitor mode with interrupts masked and the MMU off, on the stack of this CPU, after the boot CPU
/// has built the TEE.
pub unsafe fn secondary<B: Board>(tee: &Tee<Machine<B>>) -> Infallible {
    let index = cp15::cpu_index();
    // SAFETY: the caller's.
    unsafe { cpu_init(index) };
    tee.platform.board().init_cpu();
    // SAFETY: Monitor mode on this CPU, whose data is installed.
    let mut world = unsafe { World::new() };
    tee.run_cpu(index, &mut world)
}
