// SPDX-License-Identifier: BSD-2-Clause
//! From the mask ROM to the monitor. The ROM leaves the CPU in secure SVC mode, with MMU and caches on or off, after it has carried
//! out the DCD and copied the image to where it is linked.

use crate::board::{Imx6ul, mappings};
use core::arch::global_asm;
use core::panic::PanicInfo;
use imx6ul::description::Description;
use monitor::{Machine, boot, layout, panic};
use spin::Once;
use tee_arch::frames::FramePool;
use tee_arch::vectors::{self, Fault, Hooks};
use tee_core::Tee;
use tee_core::ports::ThreadId;

static POOL: FramePool = FramePool::new();
static TEE: Once<Tee<Machine<Imx6ul>>> = Once::new();
static HOOKS: Hooks = Hooks { secure_interrupt, fault };

global_asm!(
    ".section .text.reset, \"ax\"",
    ".global _start",
    "_start:",
    "cpsid aif, #0x13",
    // What the ROM wrote with its caches on has to be in memory before they are off: by set and way, all levels.
    "mrc p15, 0, r0, c1, c0, 0",
    "bic r0, r0, #0x4",
    "mcr p15, 0, r0, c1, c0, 0",
    "isb",
    "dmb",
    "mrc p15, 1, r0, c0, c0, 1",
    "ands r3, r0, #0x7000000",
    "lsr r3, r3, #23",
    "beq 5f",
    "mov r10, #0",
    "1:",
    "add r2, r10, r10, lsr #1",
    "lsr r1, r0, r2",
    "and r1, r1, #7",
    "cmp r1, #2",
    "blt 4f",
    "mcr p15, 2, r10, c0, c0, 0",
    "isb",
    "mrc p15, 1, r1, c0, c0, 0",
    "and r2, r1, #7",
    "add r2, r2, #4",
    "movw r4, #0x3FF",
    "ands r4, r4, r1, lsr #3",
    "clz r5, r4",
    "movw r7, #0x7FFF",
    "ands r7, r7, r1, lsr #13",
    "2:",
    "mov r9, r7",
    "3:",
    "orr r11, r10, r4, lsl r5",
    "orr r11, r11, r9, lsl r2",
    "mcr p15, 0, r11, c7, c14, 2",
    "subs r9, r9, #1",
    "bge 3b",
    "subs r4, r4, #1",
    "bge 2b",
    "4:",
    "add r10, r10, #2",
    "cmp r3, r10",
    "bgt 1b",
    "5:",
    "mov r10, #0",
    "mcr p15, 2, r10, c0, c0, 0",
    "dsb",
    // MMU, branch prediction and instruction cache off; what they hold is forgotten.
    "mrc p15, 0, r0, c1, c0, 0",
    "bic r0, r0, #0x1",
    "bic r0, r0, #0x1800",
    "mcr p15, 0, r0, c1, c0, 0",
    "isb",
    "mcr p15, 0, r10, c8, c7, 0",
    "mcr p15, 0, r10, c7, c5, 0",
    "mcr p15, 0, r10, c7, c5, 6",
    "dsb",
    "isb",
    "cps #0x16",
    "ldr r1, =__bss_start",
    "ldr r2, =__bss_end",
    "mov r3, #0",
    "mov r4, #0",
    "mov r5, #0",
    "mov r6, #0",
    "6:",
    "cmp r1, r2",
    "stmialo r1!, {{r3-r6}}",
    "blo 6b",
    "ldr sp, ={stacks} + {stack_first}",
    "ldr pc, =board_main",
    ".ltorg",
    ".text",
    stacks = sym stacks_start,
    stack_first = const layout::PAGE + layout::CPU_STACK,
);

unsafe extern "C" {
    #[link_name = "__stacks_start"]
    static stacks_start: u8;
}

/// Builds the TEE on a board and enters its normal world.
///
/// # Safety
/// Once, on the boot CPU as the reset code of this module leaves it: Monitor mode, masked, MMU off, .bss zeroed, own stack.
pub unsafe fn start(description: &'static Description) -> ! {
    vectors::set_hooks(&HOOKS);
    // SAFETY: the caller's.
    unsafe { boot::early(&mappings()) };
    // SAFETY: the range lies behind everything else in secure RAM and is mapped.
    unsafe { POOL.provide(layout::ta_pool()) };
    let board = Imx6ul::new(description);
    let tee = TEE.call_once(|| match Tee::new(Machine::new(board, &POOL, thread_main)) {
        Ok(tee) => tee,
        Err(error) => panic::stop(&Imx6ul::last_words(), format_args!("the boot image is unusable: {error}")),
    });
    // SAFETY: after `early`, in Monitor mode.
    match unsafe { boot::primary(tee) } {}
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
    panic::fault(&Imx6ul::last_words(), what)
}

#[panic_handler]
fn on_panic(info: &PanicInfo<'_>) -> ! {
    panic::stop(&Imx6ul::last_words(), format_args!("{info}"))
}
