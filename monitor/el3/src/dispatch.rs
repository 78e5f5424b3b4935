// SPDX-License-Identifier: BSD-2-Clause
//! Whose call it is, and what follows from it: the normal world's calls go to the trusted OS or are served here, and the
//! trusted OS is asked before a CPU is powered.

use crate::MAX_CPUS;
use crate::context::{Context, has_el2};
use crate::psci::{Action, Power, Request, Start, UNKNOWN};
use crate::scalable::Scalable;
use crate::undefined;
use crate::vectors::{self, FIQ, OWN, SYNC, el3_run};
use core::arch::asm;
use core::cell::UnsafeCell;
use core::fmt;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use spin::{Mutex, Once};
use utee_abi::opteed::{Entry, Return};
use utee_abi::smc::{Owner, SMCCC_ARCH_FEATURES, SMCCC_VERSION, SMCCC_VERSION_1_1, is_fast};

/// What EL3 needs of a board.
pub trait Firmware: Sync {
    /// Number of CPUs.
    fn cpus(&self) -> usize;
    /// Where a normal world may start.
    fn normal_ram(&self) -> Range<u64>;
    /// Sets up the interrupt controller for CPU `cpu`, which runs this; `el2` says whether it has EL2.
    fn init_cpu(&self, cpu: usize, el2: bool);
    /// Where the normal world starts; asked once, on the boot CPU, when the trusted OS has booted.
    fn normal(&self) -> NormalStart;
    /// Switches the machine off.
    fn system_off(&self) -> !;
    /// Resets the machine.
    fn system_reset(&self) -> !;
    /// Says why EL3 cannot go on, and stops.
    fn stop(&self, why: fmt::Arguments<'_>) -> !;
}

/// The trusted OS as it lies in secure memory.
#[derive(Clone, Copy, Debug)]
pub struct TrustedOs {
    /// Where it is entered.
    pub entry: u64,
    /// Its x0 to x3: the pageable part, the limit of its memory, the device tree, 0.
    pub args: [u64; 4],
}

/// Where the normal world starts.
#[derive(Clone, Copy, Debug)]
pub struct NormalStart {
    /// Physical address.
    pub entry: u64,
    /// First arguments.
    pub args: [u64; 3],
    /// True for an AArch32 kernel.
    pub a32: bool,
}

/// What the trusted OS was entered for.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// It has the CPU for nothing: the normal world runs, or nobody.
    Idle,
    Boot,
    Call,
    Interrupt,
    On(Start),
    Off,
    Suspend(Start),
    Resume(Start),
    SystemOff,
    SystemReset,
}

/// One CPU's data.
struct Cpu {
    secure: Context,
    normal: Context,
    scalable: Scalable,
    phase: Phase,
    index: usize,
}

impl Cpu {
    const fn new() -> Self {
        Self { secure: Context::new(), normal: Context::new(), scalable: Scalable::new(), phase: Phase::Idle, index: 0 }
    }
}

struct CpuCell(UnsafeCell<Cpu>);

// SAFETY: each cell is used by its own CPU only, which takes no exception while it runs EL3's code.
unsafe impl Sync for CpuCell {}

static CPUS: [CpuCell; MAX_CPUS] = [const { CpuCell(UnsafeCell::new(Cpu::new())) }; MAX_CPUS];

/// What all CPUs share.
struct Monitor {
    firmware: &'static dyn Firmware,
    power: Mutex<Power>,
    /// Table of entries of the trusted OS.
    entries: AtomicU64,
}

static MONITOR: Once<Monitor> = Once::new();

/// The boot CPU, after the board has put the trusted OS into memory: runs it, and then the normal world.
///
/// # Safety
/// At EL3 on CPU 0, once, after [`crate::mmu::enable`], with everything masked, on a stack of EL3 that ends at `stack`; the
/// other CPUs wait for [`secondary`] until this has begun. `os` is a trusted OS that keeps to the contract.
pub unsafe fn primary(firmware: &'static dyn Firmware, os: TrustedOs, stack: u64) -> ! {
    let power = Mutex::new(Power::new(firmware.cpus(), firmware.normal_ram()));
    let monitor = MONITOR.call_once(|| Monitor { firmware, power, entries: AtomicU64::new(0) });
    send_event();
    // SAFETY: the caller's.
    let cpu = unsafe { install(monitor, 0, stack) };
    cpu.secure.start_secure(os.entry, os.args);
    cpu.phase = Phase::Boot;
    cpu.secure.load_system();
    // SAFETY: a complete context of this CPU.
    unsafe { el3_run(&raw mut cpu.secure) }
}

/// Any other CPU: waits until it is switched on.
///
/// # Safety
/// At EL3 on CPU `index`, once, after `el3_mmu_on`, with everything masked, on a stack of EL3 that ends at `stack`, after
/// [`primary`] has begun.
pub unsafe fn secondary(index: usize, stack: u64) -> ! {
    let monitor = loop {
        if let Some(monitor) = MONITOR.get() {
            break monitor;
        }
        wait_for_event();
    };
    // SAFETY: the caller's.
    let cpu = unsafe { install(monitor, index, stack) };
    let context = sleep_until_on(monitor, cpu);
    // SAFETY: a complete context of this CPU.
    unsafe { el3_run(context) }
}

/// What each CPU does for itself.
///
/// # Safety
/// Once on each CPU, with its own index and stack.
unsafe fn install(monitor: &Monitor, index: usize, stack: u64) -> &'static mut Cpu {
    vectors::install();
    let Some(cell) = CPUS.get(index) else { monitor.firmware.stop(format_args!("there is no CPU {index}")) };
    let cpu = cell.0.get();
    // SAFETY: the cell is this CPU's, and nobody refers to it yet.
    unsafe {
        (*cpu).index = index;
        (*cpu).secure.stack = stack;
        (*cpu).normal.stack = stack;
        (*cpu).scalable.install();
        asm!("msr tpidr_el3, {}", in(reg) cpu, options(nostack, preserves_flags));
        monitor.firmware.init_cpu(index, has_el2());
        &mut *cpu
    }
}

fn wait_for_event() {
    // SAFETY: sleeps.
    unsafe { asm!("wfe", options(nomem, nostack, preserves_flags)) };
}

/// Completes what was written, and wakes CPUs that wait.
fn send_event() {
    // SAFETY: a barrier and an event.
    unsafe { asm!("dsb sy", "sev", options(nostack, preserves_flags)) };
}

/// Sleeps until an interrupt of either world is pending. They are masked here.
fn wait_for_interrupt() {
    loop {
        let pending: u64;
        // SAFETY: reads what is pending, and sleeps.
        unsafe { asm!("mrs {}, isr_el1", out(reg) pending, options(nomem, nostack, preserves_flags)) };
        if pending != 0 {
            return;
        }
        // SAFETY: as above.
        unsafe { asm!("dsb sy", "wfi", options(nostack, preserves_flags)) };
    }
}

/// Waits until this CPU is to be switched on; then the trusted OS starts it first.
fn sleep_until_on(monitor: &Monitor, cpu: &mut Cpu) -> *mut Context {
    let start = loop {
        if let Some(start) = monitor.power.lock().take_start(cpu.index) {
            break start;
        }
        wait_for_event();
    };
    let entries = monitor.entries.load(Ordering::Acquire);
    cpu.secure.start_secure(entries.wrapping_add(Entry::CpuOn.offset()), [0; 4]);
    cpu.phase = Phase::On(start);
    cpu.secure.load_system();
    &raw mut cpu.secure
}

/// Serves an exception of a world: `context` is where its registers were saved; gives the context to run.
#[unsafe(no_mangle)]
extern "C" fn el3_exception(context: *mut Context, reason: u64) -> *mut Context {
    /// Exception classes of `smc` from AArch32 and from AArch64.
    const SMC: [u64; 2] = [0x13, 0x17];
    /// That of an access to floating point.
    const FLOATING_POINT: u64 = 0x07;
    let (cpu, syndrome): (*mut Cpu, u64);
    // SAFETY: reading registers has no effect.
    unsafe { asm!("mrs {}, tpidr_el3", "mrs {}, esr_el3", out(reg) cpu, out(reg) syndrome, options(nomem, nostack, preserves_flags)) };
    // SAFETY: the data of this CPU, as `install` set it; nothing else on this CPU runs now.
    let cpu = unsafe { &mut *cpu };
    let Some(monitor) = MONITOR.get() else { hang() };
    let normal = core::ptr::eq(context, &raw const cpu.normal);
    let class = syndrome >> 26 & 0x3F;
    let called = reason == SYNC && SMC.contains(&class);
    match (normal, reason) {
        (true, _) if called => normal_call(monitor, cpu),
        (true, FIQ) => {
            let args = [cpu.normal.elr, 0, 0, 0, 0, 0, 0, 0];
            enter_secure(monitor, cpu, Entry::Interrupt, Phase::Interrupt, args)
        }
        (false, _) if called => secure_return(monitor, cpu),
        (false, SYNC) if class == FLOATING_POINT && cpu.scalable.trapped(cpu.index) => &raw mut cpu.secure,
        (true, SYNC) if undefined::is_trap(class) && cpu.normal.raise_undefined() => &raw mut cpu.normal,
        _ => {
            let (world, elr) = if normal { ("normal", cpu.normal.elr) } else { ("secure", cpu.secure.elr) };
            let index = cpu.index;
            monitor.firmware.stop(format_args!(
                "CPU {index}, {world} world: exception {reason} syndrome {syndrome:#x} at {elr:#x}, which nothing here is to handle"
            ))
        }
    }
}

/// A fault of EL3 itself.
#[unsafe(no_mangle)]
extern "C" fn el3_fault(reason: u64, syndrome: u64, pc: u64, address: u64) -> ! {
    let reason = reason - OWN;
    let Some(monitor) = MONITOR.get() else { hang() };
    monitor.firmware.stop(format_args!("fault {reason} of EL3: syndrome {syndrome:#x} pc {pc:#x} address {address:#x}"))
}

fn hang() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// From the normal world to an entry of the trusted OS.
fn enter_secure(monitor: &Monitor, cpu: &mut Cpu, entry: Entry, phase: Phase, args: [u64; 8]) -> *mut Context {
    cpu.normal.save_system();
    cpu.secure.load_system();
    cpu.scalable.leave_normal(cpu.index);
    secure_at(monitor, cpu, entry, phase, args)
}

/// The trusted OS, which the CPU already has, at one of its entries.
fn secure_at(monitor: &Monitor, cpu: &mut Cpu, entry: Entry, phase: Phase, args: [u64; 8]) -> *mut Context {
    cpu.phase = phase;
    for (register, arg) in cpu.secure.x.iter_mut().zip(args) {
        *register = arg;
    }
    cpu.secure.elr = monitor.entries.load(Ordering::Acquire).wrapping_add(entry.offset());
    &raw mut cpu.secure
}

/// From the trusted OS to the normal world.
fn enter_normal(cpu: &mut Cpu) -> *mut Context {
    cpu.phase = Phase::Idle;
    cpu.secure.save_system();
    cpu.normal.load_system();
    cpu.scalable.enter_normal(cpu.index);
    &raw mut cpu.normal
}

/// From the trusted OS to a fresh start of the normal world.
fn start_normal(cpu: &mut Cpu, start: &Start) -> *mut Context {
    cpu.normal.start_normal(start.entry, &[start.context], start.a32);
    cpu.scalable.forget();
    enter_normal(cpu)
}

/// A call of the normal world.
fn normal_call(monitor: &Monitor, cpu: &mut Cpu) -> *mut Context {
    let a32 = cpu.normal.is_a32();
    let [mut x0, mut x1, mut x2, mut x3, mut x4, mut x5, mut x6, mut x7, ..] = cpu.normal.x;
    if a32 {
        // What stands above the 32 bits of an AArch32 register is nobody's.
        for register in [&mut x0, &mut x1, &mut x2, &mut x3, &mut x4, &mut x5, &mut x6, &mut x7] {
            *register &= u64::from(u32::MAX);
        }
    }
    let id = x0 as u32;
    let answer = match Owner::of(id) {
        Owner::TrustedOs => {
            let entry = if is_fast(id) { Entry::Fast } else { Entry::Yielding };
            return enter_secure(monitor, cpu, entry, Phase::Call, [x0, x1, x2, x3, x4, x5, x6, x7]);
        }
        Owner::StandardService => return power_call(monitor, cpu, Request { x: [x0, x1, x2, x3], a32 }),
        Owner::Arch => arch_call(id, x1),
        Owner::Other => UNKNOWN,
    };
    cpu.normal.x[0] = answer;
    &raw mut cpu.normal
}

/// A call about the CPU and this monitor, which both worlds may make (SMC Calling Convention, chapter 7).
fn arch_call(id: u32, x1: u64) -> u64 {
    match id {
        SMCCC_VERSION => u64::from(SMCCC_VERSION_1_1),
        SMCCC_ARCH_FEATURES if matches!(x1 as u32, SMCCC_VERSION | SMCCC_ARCH_FEATURES) => 0,
        _ => UNKNOWN,
    }
}

/// A call about power. The trusted OS hears of it before the CPU is switched off or sleeps deeply.
fn power_call(monitor: &Monitor, cpu: &mut Cpu, request: Request) -> *mut Context {
    let action = monitor.power.lock().serve(cpu.index, &request);
    let none = [0; 8];
    cpu.normal.x[0] = match action {
        Action::Return(x0) => x0,
        Action::Wake(x0) => {
            send_event();
            x0
        }
        Action::Standby => {
            wait_for_interrupt();
            u64::from(utee_abi::psci::SUCCESS)
        }
        Action::Off => return enter_secure(monitor, cpu, Entry::CpuOff, Phase::Off, none),
        Action::Suspend(start) => return enter_secure(monitor, cpu, Entry::CpuSuspend, Phase::Suspend(start), none),
        Action::SystemOff => return enter_secure(monitor, cpu, Entry::SystemOff, Phase::SystemOff, none),
        Action::SystemReset => return enter_secure(monitor, cpu, Entry::SystemReset, Phase::SystemReset, none),
    };
    &raw mut cpu.normal
}

/// A call of the trusted OS: mostly that it is done with what it was entered for.
fn secure_return(monitor: &Monitor, cpu: &mut Cpu) -> *mut Context {
    let [x0, x1, x2, x3, x4, ..] = cpu.secure.x;
    let firmware = monitor.firmware;
    if Owner::of(x0 as u32) == Owner::Arch {
        cpu.secure.x[0] = arch_call(x0 as u32, x1);
        return &raw mut cpu.secure;
    }
    match (Return::try_from(x0 as u32), cpu.phase) {
        (Ok(Return::CallDone), Phase::Call) => {
            for (register, value) in cpu.normal.x.iter_mut().zip([x1, x2, x3, x4]) {
                *register = value;
            }
            enter_normal(cpu)
        }
        (Ok(Return::InterruptDone), Phase::Interrupt) => enter_normal(cpu),
        (Ok(Return::EntryDone), Phase::Boot) if x1 != 0 => {
            monitor.entries.store(x1, Ordering::Release);
            let NormalStart { entry, args, a32 } = firmware.normal();
            cpu.normal.start_normal(entry, &args, a32);
            enter_normal(cpu)
        }
        (Ok(Return::OnDone), Phase::On(start)) if x1 == 0 => start_normal(cpu, &start),
        (Ok(Return::OffDone), Phase::Off) if x1 == 0 => {
            monitor.power.lock().set_off(cpu.index);
            sleep_until_on(monitor, cpu)
        }
        (Ok(Return::OffDone), Phase::Off) => {
            monitor.power.lock().stay(cpu.index);
            cpu.normal.x[0] = i64::from(utee_abi::psci::Error::Denied.raw() as i32) as u64;
            enter_normal(cpu)
        }
        (Ok(Return::SuspendDone), Phase::Suspend(start)) => {
            wait_for_interrupt();
            secure_at(monitor, cpu, Entry::CpuResume, Phase::Resume(start), [0; 8])
        }
        (Ok(Return::ResumeDone), Phase::Resume(start)) => start_normal(cpu, &start),
        (Ok(Return::SystemOffDone), Phase::SystemOff) => firmware.system_off(),
        (Ok(Return::SystemResetDone), Phase::SystemReset) => firmware.system_reset(),
        (_, phase) => firmware.stop(format_args!("the trusted OS returned {x0:#x}, {x1:#x} from {phase:?}")),
    }
}
