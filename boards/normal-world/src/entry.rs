// SPDX-License-Identifier: BSD-2-Clause
//! What the CPUs do once they have started, and the timer tick.

use crate::arch::start::init_vectors;
use crate::board::{self, board};
use crate::gic::gic;
use crate::latency;
use crate::{bench, call, cmdline, console, cpu, demo, isolation, memory, notification, part, power, println, probe, smp, suite, task};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Ticks of the timer in a second.
pub(crate) const HZ: u64 = 100;

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

/// An interrupt of this world is pending.
pub(crate) fn interrupt() {
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

#[panic_handler]
fn on_panic(info: &PanicInfo<'_>) -> ! {
    cpu::disable_interrupts();
    console::print_unlocked(format_args!("normal world: PANIC on CPU {}: {info}\n", cpu::index()));
    finish(101)
}
