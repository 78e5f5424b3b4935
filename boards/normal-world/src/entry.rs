// SPDX-License-Identifier: BSD-2-Clause
//! Start-up, exception vectors, the timer tick, and what becomes of faults.

use crate::board::{self, board};
use crate::cpu::{self, cp};
use crate::gic::gic;
use crate::latency;
use crate::layout::{ABORT_STACK, STACK_SLOT, THREADS};
use crate::{bench, call, cmdline, console, demo, isolation, memory, notification, part, power, println, probe, smp, suite, task};
use core::arch::global_asm;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Ticks of the timer in a second.
pub(crate) const HZ: u64 = 100;

global_asm!(
    ".section .text.reset, \"ax\"",
    ".global _start",
    "_start:",
    "cpsid aif, #0x13",
    "mov r7, r2",
    "ldr r1, =__bss_start",
    "ldr r2, =__bss_end",
    "mov r3, #0",
    "1: cmp r1, r2",
    "strlo r3, [r1], #4",
    "blo 1b",
    "bl set_stacks",
    "mov r0, r7",
    "bl kernel_main",
    ".global secondary_start",
    "secondary_start:",
    "cpsid aif, #0x13",
    "bl set_stacks",
    "bl secondary_main",
    // Sets the stacks of this CPU: thread slot n for SVC, exception slot n for the modes that take exceptions.
    "set_stacks:",
    "mov r12, lr",
    "mrc p15, 0, r0, c0, c0, 5",
    "and r0, r0, #0xFF",
    "ldr r1, =__stacks_start",
    "ldr r2, ={slot}",
    "mla r3, r0, r2, r1",
    "ldr r4, ={exceptions}",
    "add r4, r3, r4",
    "add r3, r3, r2",
    "add r5, r4, r2",
    "add r6, r4, #{abort}",
    "cps #0x12",
    "mov sp, r5",
    "cps #0x17",
    "mov sp, r6",
    "cps #0x1B",
    "mov sp, r6",
    "cps #0x13",
    "mov sp, r3",
    "bx r12",
    ".ltorg",
    ".balign 32",
    ".global vectors",
    "vectors:",
    "b .",
    "b undefined",
    "b .",
    "b prefetch",
    "b data",
    "b .",
    "b irq",
    "b .",
    "irq:",
    "sub lr, lr, #4",
    "push {{r0-r3, r12, lr}}",
    "bl on_irq",
    "ldm sp!, {{r0-r3, r12, pc}}^",
    // The return address is the instruction behind the one that faulted: a probe goes on there.
    "data:",
    "sub lr, lr, #4",
    "push {{r0-r3, r12, lr}}",
    "sub r0, lr, #4",
    "bl on_data_abort",
    "ldm sp!, {{r0-r3, r12, pc}}^",
    "undefined:",
    "push {{r0-r3, r12, lr}}",
    "sub r0, lr, #4",
    "bl on_undefined",
    "ldm sp!, {{r0-r3, r12, pc}}^",
    "prefetch:",
    "sub r0, lr, #4",
    "bl on_prefetch_abort",
    ".text",
    slot = const STACK_SLOT,
    exceptions = const THREADS * STACK_SLOT,
    abort = const ABORT_STACK,
);

unsafe extern "C" {
    static vectors: [u32; 8];
    pub(crate) fn secondary_start();
}

/// Ticks of the boot CPU since it started.
pub(crate) static TICKS: AtomicU64 = AtomicU64::new(0);

/// Whether whoever started the emulator wants a status.
static SEMIHOSTING: AtomicBool = AtomicBool::new(false);

#[unsafe(no_mangle)]
extern "C" fn kernel_main(tree: u32) -> ! {
    let started = cpu::counter();
    memory::build();
    init_cpu();
    memory::init();
    board::init(tree);
    console::init();
    let options = cmdline::read();
    SEMIHOSTING.store(options.has("semihosting"), Ordering::Relaxed);
    cpu::start_cycles();
    println!("normal world: Oxtee kernel {}, device tree at {tree:#010x}", env!("CARGO_PKG_VERSION"));
    let failed = if probe::secure_monitor() {
        match options.program() {
            cmdline::Program::Demo => demo::run(&options),
            cmdline::Program::Call => call::run(&options),
            cmdline::Program::Suite => suite::run(&options),
            cmdline::Program::Bench => bench::run(started),
            cmdline::Program::Isolation => isolation::run_alone(&options),
            cmdline::Program::Reset => power::reset_and_off(),
            cmdline::Program::Idle => idle(),
        }
    } else {
        println!("normal world: no secure firmware below this kernel, so there is no TEE; running the tests of the kernel alone");
        suite::run_kernel()
    };
    finish(u32::from(failed != 0))
}

/// Does nothing for ever but its part in the demonstration, for somebody at the secure console.
fn idle() -> ! {
    notification::hear();
    println!("normal world: idle");
    loop {
        part::take();
        cpu::wait();
    }
}

/// Ends the run with a status.
fn finish(status: u32) -> ! {
    if SEMIHOSTING.load(Ordering::Relaxed) {
        // SAFETY: the host tool says so only where the emulator serves semihosting.
        unsafe { drivers::semihosting::exit(status) }
    }
    println!("normal world: switching off, status {status}");
    if probe::secure_monitor() {
        cpu::smc([utee_abi::psci::Call::SystemOff.into(), 0, 0, 0, 0, 0, 0, 0]);
    }
    cpu::disable_interrupts();
    loop {
        cpu::wait();
    }
}

#[unsafe(no_mangle)]
extern "C" fn secondary_main() -> ! {
    init_cpu();
    smp::serve()
}

/// Points this CPU at the exception vectors.
pub(crate) fn init_vectors() {
    // SAFETY: the vector table above.
    unsafe { cp::set_vbar(&raw const vectors as u32) };
}

fn init_cpu() {
    memory::enable_mmu();
    init_vectors();
    gic().init_normal();
    gic().enable(board().normal_timer);
    gic().enable(smp::WAKE);
    cpu::next_tick(HZ);
    task::init_cpu();
    cpu::enable_interrupts();
}

#[unsafe(no_mangle)]
extern "C" fn on_irq() {
    // A wake-up by another CPU needs no more than that this CPU looks again.
    if let Some(id) = gic().take() {
        if id == board().normal_timer && latency::taken() {
            cpu::stop_tick();
        } else if id == board().normal_timer {
            cpu::next_tick(HZ);
            if cpu::index() == 0 {
                TICKS.fetch_add(1, Ordering::Relaxed);
            }
        }
        if id == board().notification {
            notification::on_interrupt();
        }
        gic().end(id);
    }
}

#[unsafe(no_mangle)]
extern "C" fn on_data_abort(pc: u32) {
    let (status, address) = (cp::dfsr(), cp::dfar());
    if !probe::faulted(status) {
        panic!("data abort at {pc:#010x}: address {address:#010x}, status {status:#x}");
    }
}

#[unsafe(no_mangle)]
extern "C" fn on_undefined(pc: u32) {
    if !probe::faulted(probe::UNDEFINED) {
        panic!("undefined instruction at {pc:#010x}");
    }
}

#[unsafe(no_mangle)]
extern "C" fn on_prefetch_abort(pc: u32) -> ! {
    panic!("prefetch abort at {pc:#010x}, status {:#x}", cp::ifsr());
}

#[panic_handler]
fn on_panic(info: &PanicInfo<'_>) -> ! {
    cpu::disable_interrupts();
    console::print_unlocked(format_args!("normal world: PANIC on CPU {}: {info}\n", cpu::index()));
    finish(101)
}
