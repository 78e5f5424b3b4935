// SPDX-License-Identifier: BSD-2-Clause
//! Reset: every CPU starts at the first byte of the flash, at EL3 with the MMU off.

use crate::board::{Virt, stop};
use crate::{load, memory};
use core::arch::{asm, global_asm};
use core::panic::PanicInfo;
use el3::{MAX_CPUS, mmu, primary, secondary};
use qemu_virt::map;
use spin::Once;

/// Bytes of the stack of a CPU.
pub(crate) const STACK: usize = 8 << 10;
/// Bytes below each stack that are not mapped.
pub(crate) const GUARD: usize = 4 << 10;
/// Bytes from one stack to the next.
pub(crate) const STEP: usize = GUARD + STACK;

static FIRMWARE: Once<Virt> = Once::new();

global_asm!(
    ".section .text.reset, \"ax\"",
    ".global _start",
    "_start:",
    "msr daifset, #0xF",
    "mrs x19, mpidr_el1",
    "and x19, x19, #0xFF",
    "cbnz x19, 3f",
    // Boot CPU: flash to secure RAM; the image is whole pages.
    "ldr x0, ={flash}",
    "ldr x1, =__image_start",
    "ldr x2, =__image_end",
    "1:",
    "ldp x3, x4, [x0], #16",
    "stp x3, x4, [x1], #16",
    "cmp x1, x2",
    "b.lo 1b",
    "ldr x2, =__bss_end",
    "2:",
    "cmp x1, x2",
    "b.hs 6f",
    "stp xzr, xzr, [x1], #16",
    "b 2b",
    "6:",
    "ldr x0, =__stacks_start + {step}",
    "mov sp, x0",
    "ldr x1, =el3_primary",
    "br x1",
    // Any other CPU: wait for the boot CPU, switch the MMU on as it has, then take a stack of its own. RAM may hold anything
    // until then, and after a reset what was there before: the sign is a register of the interrupt controller, which a reset
    // clears.
    "3:",
    "cmp x19, #{cpus}",
    "b.hs 5f",
    "ldr x1, ={distributor}",
    "b 7f",
    "4:",
    "wfe",
    "7:",
    "ldr w2, [x1]",
    "tbz w2, #{on}, 4b",
    "dmb sy",
    // The flash is not mapped for execution.
    "ldr x2, =8f",
    "br x2",
    "8:",
    "bl el3_mmu_on",
    "ldr x2, =__stacks_start + {step}",
    "mov x3, #{step}",
    "madd x1, x19, x3, x2",
    "mov sp, x1",
    "mov x0, x19",
    "ldr x2, =el3_secondary",
    "br x2",
    "5:",
    "wfi",
    "b 5b",
    ".ltorg",
    ".text",
    flash = const map::FLASH,
    step = const STEP,
    cpus = const MAX_CPUS,
    distributor = const map::GIC_DISTRIBUTOR,
    on = const drivers::gicv3::SECURE_ON_BIT,
);

#[unsafe(no_mangle)]
extern "C" fn el3_primary(stack: u64) -> ! {
    // SAFETY: the boot CPU, once, as the reset code left it; these are this image and the devices that it uses.
    if !unsafe { mmu::enable(&memory::all()) } {
        stop(format_args!("the memory of EL3 cannot be mapped"));
    }
    let firmware = FIRMWARE.call_once(Virt::new);
    let os = match load::trusted_os() {
        Ok(os) => os,
        Err(why) => stop(format_args!("{why}")),
    };
    // SAFETY: what was written is there before the other CPUs see the sign.
    unsafe { asm!("dsb sy", options(nostack, preserves_flags)) };
    firmware.init_distributor();
    // SAFETY: other CPUs wait for this event.
    unsafe { asm!("dsb sy", "sev", options(nostack, preserves_flags)) };
    // SAFETY: the boot CPU, once, as the reset code left it; the others wait in `secondary` until this has begun.
    unsafe { primary(firmware, os, stack) }
}

#[unsafe(no_mangle)]
extern "C" fn el3_secondary(index: usize, stack: u64) -> ! {
    // SAFETY: once on this CPU, as the reset code left it, which has switched the MMU on.
    unsafe { secondary(index, stack) }
}

#[panic_handler]
fn on_panic(info: &PanicInfo<'_>) -> ! {
    stop(format_args!("{info}"))
}
