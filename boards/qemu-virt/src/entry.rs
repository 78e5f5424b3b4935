// SPDX-License-Identifier: BSD-2-Clause
//! Reset: every CPU starts at the first byte of the flash, in secure SVC mode with the MMU off.

use crate::board::QemuVirt;
use core::arch::{asm, global_asm};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};
use drivers::gicv2::GicV2;
use monitor::{Machine, boot, layout, panic};
use spin::Once;
use tee_arch::frames::FramePool;
use tee_arch::vectors::{self, Fault, Hooks};
use tee_core::Tee;
use tee_core::limits::MAX_CPUS;
use tee_core::ports::ThreadId;

/// What [`READY`] holds once the boot CPU has built the TEE.
const BUILT: u32 = 0x4F58_5445;

/// Tells the other CPUs that the image is in RAM and the TEE is built. It stands in .data, which the boot CPU copies.
#[unsafe(link_section = ".data.ready")]
#[unsafe(no_mangle)]
static READY: AtomicU32 = AtomicU32::new(0);

static POOL: FramePool = FramePool::new();
static TEE: Once<Tee<Machine<QemuVirt>>> = Once::new();
static HOOKS: Hooks = Hooks { secure_interrupt, fault };

global_asm!(
    ".section .text.reset, \"ax\"",
    ".global _start",
    "_start:",
    "cpsid aif, #0x16",
    "mrc p15, 0, r0, c0, c0, 5",
    "and r0, r0, #0xFF",
    "cmp r0, #0",
    "bne 3f",
    // Boot CPU: flash to secure RAM, 32 bytes at a time; the image is whole pages.
    "ldr r0, ={flash}",
    "ldr r1, =__image_start",
    "ldr r2, =__image_end",
    "1:",
    "ldmia r0!, {{r3-r10}}",
    "stmia r1!, {{r3-r10}}",
    "cmp r1, r2",
    "blo 1b",
    "ldr r2, =__bss_end",
    "mov r3, #0",
    "mov r4, #0",
    "mov r5, #0",
    "mov r6, #0",
    "2:",
    "cmp r1, r2",
    "stmialo r1!, {{r3-r6}}",
    "blo 2b",
    "ldr sp, ={stacks} + {stack_first}",
    "ldr pc, =primary_entry",
    // Any other CPU: wait for the TEE, then take a stack of its own.
    "3:",
    "cmp r0, #{cpus}",
    "bhs 5f",
    "ldr r1, =READY",
    "ldr r2, ={built}",
    "ldr r4, ={distributor}",
    "4:",
    // Secure RAM outlives a reset, and READY with it; that the distributor is enabled does not.
    "ldr r3, [r4]",
    "tst r3, #{enabled}",
    "ldrne r3, [r1]",
    "cmp r3, r2",
    "wfene",
    "bne 4b",
    "dmb",
    "ldr sp, ={stacks} + {stack_first}",
    "ldr r1, ={stack_step}",
    "mla sp, r0, r1, sp",
    "ldr pc, =secondary_entry",
    "5:",
    "wfi",
    "b 5b",
    ".ltorg",
    ".text",
    flash = const qemu_virt::map::FLASH,
    stacks = sym stacks_start,
    stack_first = const layout::PAGE + layout::CPU_STACK,
    stack_step = const layout::PAGE + layout::CPU_STACK,
    cpus = const MAX_CPUS,
    built = const BUILT,
    distributor = const qemu_virt::map::GIC_DISTRIBUTOR,
    enabled = const GicV2::ENABLED_SECURE,
);

unsafe extern "C" {
    #[link_name = "__stacks_start"]
    static stacks_start: u8;
}

#[unsafe(no_mangle)]
extern "C" fn primary_entry() -> ! {
    vectors::set_hooks(&HOOKS);
    // SAFETY: the boot CPU, once, as the reset code left it: Monitor mode, masked, MMU off, .bss zeroed, own stack.
    unsafe { boot::early(&QemuVirt::mappings()) };
    // SAFETY: the range lies behind everything else in secure RAM and is mapped.
    unsafe { POOL.provide(layout::ta_pool()) };
    let board = QemuVirt::new();
    let tee = TEE.call_once(|| match Tee::new(Machine::new(board, &POOL, thread_main)) {
        Ok(tee) => tee,
        Err(error) => panic::stop(&QemuVirt::console_only(), format_args!("the boot image is unusable: {error}")),
    });
    READY.store(BUILT, Ordering::Release);
    // SAFETY: other CPUs wait for this event.
    unsafe { asm!("dsb", "sev", options(nostack, preserves_flags)) };
    // SAFETY: after `early`, in Monitor mode.
    match unsafe { boot::primary(tee) } {}
}

#[unsafe(no_mangle)]
extern "C" fn secondary_entry() -> ! {
    if let Some(tee) = TEE.get() {
        // SAFETY: once on this CPU, as the reset code left it, after READY was seen.
        match unsafe { boot::secondary(tee) } {}
    }
    panic::stop(&QemuVirt::console_only(), format_args!("a CPU started before the TEE"))
}

fn thread_main(thread: u32, regs: &[u32; 8]) -> [u32; 4] {
    TEE.get().map_or([0; 4], |tee| tee.thread_main(ThreadId(thread), regs))
}

fn secure_interrupt() {
    if let Some(tee) = TEE.get() {
        tee_core::ports::Platform::secure_interrupt(&tee.platform);
    }
}

fn fault(what: &Fault) -> ! {
    panic::fault(&QemuVirt::console_only(), what)
}

#[panic_handler]
fn on_panic(info: &PanicInfo<'_>) -> ! {
    panic::stop(&QemuVirt::console_only(), format_args!("{info}"))
}
