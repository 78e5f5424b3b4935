// SPDX-License-Identifier: BSD-2-Clause
//! Entry from EL3: at S-EL1 with the MMU off and everything masked (OP-TEE ABI, EL3 contract).

use crate::archive;
use crate::board::Virt;
use core::arch::global_asm;
use core::panic::PanicInfo;
use monitor::{Board, Machine, boot, layout, panic};
use spin::Once;
use tee_arch::frames::FramePool;
use tee_arch::vectors::{self, Fault, Hooks};
use tee_core::Tee;
use tee_core::limits::MAX_CPUS;
use tee_core::ports::ThreadId;
use utee_abi::boot_image::APPENDED_AT;

static POOL: FramePool = FramePool::new();
static TEE: Once<Tee<Machine<Virt>>> = Once::new();
static HOOKS: Hooks = Hooks { secure_interrupt, fault };

global_asm!(
    ".section .text.reset, \"ax\"",
    // Boot CPU: x0 is the address of the pageable part, x1 its bytes or 0, x2 the address of the device tree. EL3 has loaded
    // the image, and with it the boot archive if the word below says so.
    ".global _start",
    "_start:",
    "msr daifset, #0xF",
    "b 5f",
    ".org _start + {appended_at}",
    "4: .quad 0",
    "5:",
    "mov x19, x0",
    "mov x20, x1",
    "mov x21, x2",
    "ldr x6, 4b",
    "cbz x6, 7f",
    // What follows the image needs the room that the archive takes: that goes to the end of RAM, from its own end down, for
    // both places may overlap.
    "ldr x5, =__secure_ram_end",
    "sub x19, x5, x6",
    "mov x20, x6",
    "mov x0, x19",
    "mov x1, x5",
    "bl drop_lines",
    "ldr x4, =__image_end",
    "add x4, x4, x6",
    "6:",
    "ldp x7, x8, [x4, #-16]!",
    "stp x7, x8, [x5, #-16]!",
    "cmp x5, x19",
    "b.hi 6b",
    "mov x0, x19",
    "ldr x1, =__secure_ram_end",
    "bl drop_lines",
    "7:",
    "ldr x0, =__image_end",
    "ldr x1, =__stacks_start + {stack_first}",
    "bl drop_lines",
    "ldr x1, =__image_end",
    "ldr x2, =__bss_end",
    "1:",
    "cmp x1, x2",
    "b.hs 2f",
    "stp xzr, xzr, [x1], #16",
    "b 1b",
    "2:",
    "ldr x0, =__image_end",
    "ldr x1, =__stacks_start + {stack_first}",
    "bl drop_lines",
    "ldr x3, =__stacks_start + {stack_first}",
    "mov sp, x3",
    "mov x0, x19",
    "mov x1, x20",
    "mov x2, x21",
    "mov x29, xzr",
    "bl primary_entry",
    // Writes lines of the data cache from x0 up to x1 back and drops them: a loader with caches may have left some, and what is
    // written while they are off goes past them. Changes x0, x2 and x3.
    "drop_lines:",
    "mrs x2, ctr_el0",
    "ubfx x2, x2, #16, #4",
    "mov x3, #4",
    "lsl x2, x3, x2",
    "8:",
    "dc civac, x0",
    "add x0, x0, x2",
    "cmp x0, x1",
    "b.lo 8b",
    "dsb sy",
    "ret",
    // Any other CPU, or one that was off: EL3 starts it after the boot CPU has built the TEE.
    ".global secondary_start",
    "secondary_start:",
    "msr daifset, #0xF",
    "mrs x0, mpidr_el1",
    "and x0, x0, #0xFF",
    "cmp x0, #{cpus}",
    "b.hs 3f",
    "ldr x1, =__stacks_start + {stack_first}",
    "ldr x2, ={stack_step}",
    "madd x1, x0, x2, x1",
    "mov sp, x1",
    "mov x29, xzr",
    "bl secondary_entry",
    "3:",
    "wfi",
    "b 3b",
    ".ltorg",
    ".text",
    stack_first = const layout::PAGE + layout::CPU_STACK,
    stack_step = const layout::PAGE + layout::CPU_STACK,
    cpus = const MAX_CPUS,
    appended_at = const APPENDED_AT,
);

#[unsafe(no_mangle)]
extern "C" fn primary_entry(archive: u64, len: u64, tree: u64) -> ! {
    vectors::set_hooks(&HOOKS);
    // SAFETY: the boot CPU, once, as EL3 entered it: S-EL1, masked, MMU off, .bss zeroed, own stack.
    unsafe { boot::early(&Virt::mappings()) };
    let Some(archive) = archive::find(archive, len) else {
        panic::stop(&Virt::console_only(), format_args!("EL3 gave no boot archive: x0 is {archive:#x}, x1 {len:#x}"))
    };
    // SAFETY: the range lies behind everything else in secure RAM but the archive, beside it, and is mapped.
    unsafe { POOL.provide(archive.pool()) };
    let board = Virt::new(archive, tree);
    let tee = TEE.call_once(|| match Tee::new(Machine::new(board, &POOL, thread_main)) {
        Ok(tee) => tee,
        Err(error) => panic::stop(&Virt::console_only(), format_args!("the boot image is unusable: {error}")),
    });
    let board = tee.platform.board();
    if !board.announce(tree) {
        board.console(b"W core: the device tree has no room for the TEE\n");
    }
    // SAFETY: after `early`, at S-EL1.
    match unsafe { boot::primary(tee) } {}
}

#[unsafe(no_mangle)]
extern "C" fn secondary_entry() -> ! {
    if let Some(tee) = TEE.get() {
        // SAFETY: on this CPU's stack, as EL3 entered it, after the TEE was built.
        match unsafe { boot::secondary(tee) } {}
    }
    panic::stop(&Virt::console_only(), format_args!("a CPU started before the TEE"))
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
    panic::fault(&Virt::console_only(), what)
}

#[panic_handler]
fn on_panic(info: &PanicInfo<'_>) -> ! {
    panic::stop(&Virt::console_only(), format_args!("{info}"))
}
