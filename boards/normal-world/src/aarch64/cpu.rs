// SPDX-License-Identifier: BSD-2-Clause
//! Instructions and system registers.

use core::arch::asm;

macro_rules! register {
    ($read:ident, $name:literal) => {
        pub(crate) fn $read() -> u64 {
            let value: u64;
            // SAFETY: reading it has no effect.
            unsafe { asm!(concat!("mrs {}, ", $name), out(reg) value, options(nostack, preserves_flags)) };
            value
        }
    };
    ($read:ident, $write:ident, $name:literal) => {
        register!($read, $name);

        /// # Safety
        /// The value must keep this kernel running.
        pub(crate) unsafe fn $write(value: u64) {
            // SAFETY: the caller's.
            unsafe { asm!(concat!("msr ", $name, ", {}"), "isb", in(reg) value, options(nostack, preserves_flags)) };
        }
    };
}

pub(crate) mod system {
    //! System registers of EL1.
    use core::arch::asm;

    register!(sctlr, set_sctlr, "sctlr_el1");
    register!(pmcr, set_pmcr, "pmcr_el0");
    register!(cntp_ctl, set_cntp_ctl, "cntp_ctl_el0");
    register!(esr, "esr_el1");
    register!(far, "far_el1");
    register!(mpidr, "mpidr_el1");
    register!(id_aa64pfr0, "id_aa64pfr0_el1");
    register!(id_aa64mmfr0, "id_aa64mmfr0_el1");
    register!(id_aa64pfr1, "id_aa64pfr1_el1");
    register!(id_aa64isar1, "id_aa64isar1_el1");
    register!(id_aa64isar2, "s3_0_c0_c6_2");
}

/// Whether the CPU knows landing pads, and whether it authenticates pointers; `None` on an architecture without either.
pub(crate) fn guards() -> Option<(bool, bool)> {
    let signatures = system::id_aa64isar1() >> 4 & 0xFF != 0 || system::id_aa64isar2() >> 12 & 0xF != 0;
    Some((system::id_aa64pfr1() & 0xF != 0, signatures))
}

/// Executes `smc` with a0..a7; gives a0..a3.
#[inline]
pub(crate) fn smc(regs: [u32; 8]) -> [u32; 4] {
    let [x0, x1, x2, x3, x4, x5, x6, x7] = regs.map(u64::from);
    let (a0, a1, a2, a3): (u64, u64, u64, u64);
    // SAFETY: the secure world keeps every register but x0 to x17 (SMC calling convention), and touches only memory that is
    // shared with it.
    unsafe {
        asm!(
            "smc #0",
            inlateout("x0") x0 => a0, inlateout("x1") x1 => a1, inlateout("x2") x2 => a2, inlateout("x3") x3 => a3,
            inlateout("x4") x4 => _, inlateout("x5") x5 => _, inlateout("x6") x6 => _, inlateout("x7") x7 => _,
            out("x8") _, out("x9") _, out("x10") _, out("x11") _, out("x12") _, out("x13") _, out("x14") _, out("x15") _,
            out("x16") _, out("x17") _,
            options(nostack),
        );
    }
    [a0, a1, a2, a3].map(|value| value as u32)
}

/// True when the CPU has the registers of an interrupt controller of version 3.
pub(crate) fn has_gic_registers() -> bool {
    system::id_aa64pfr0() >> 24 & 0xF != 0
}

/// The physical counter.
pub(crate) fn counter() -> u64 {
    let value: u64;
    // SAFETY: reading the counter has no effect.
    unsafe { asm!("isb", "mrs {}, cntpct_el0", out(reg) value, options(nostack, preserves_flags)) };
    value
}

/// The cycle counter, which counts instructions under `-icount`.
#[inline]
pub(crate) fn cycles() -> u32 {
    let value: u64;
    // SAFETY: reading the counter has no effect.
    unsafe { asm!("mrs {}, pmccntr_el0", out(reg) value, options(nostack, preserves_flags)) };
    value as u32
}

/// Starts the cycle counter, where the monitor has not done so.
pub(crate) fn start_cycles() {
    // SAFETY: counting changes nothing else.
    unsafe {
        asm!("msr pmcntenset_el0, {}", in(reg) 1u64 << 31, options(nostack, preserves_flags));
        system::set_pmcr(system::pmcr() | 1);
    }
}

/// Frequency of [`counter`] in hertz.
pub(crate) fn frequency() -> u64 {
    let value: u64;
    // SAFETY: reading it has no effect.
    unsafe { asm!("mrs {}, cntfrq_el0", out(reg) value, options(nostack, preserves_flags)) };
    value.max(1)
}

/// Writes memory that is mapped back, and drops it from the caches.
pub(crate) fn flush(start: usize, len: usize) {
    /// Bytes of the smallest line of a data cache.
    const LINE: usize = 16;
    for line in (start & !(LINE - 1)..start.saturating_add(len)).step_by(LINE) {
        // SAFETY: what was written stays written.
        unsafe { asm!("dc civac, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: waits for that.
    unsafe { asm!("dsb sy", options(nostack, preserves_flags)) };
}

/// Sets the timer to the next tick.
pub(crate) fn next_tick(hz: u64) {
    tick_in(frequency() / hz);
}

/// Sets the timer to a value of [`counter`] that is near.
pub(crate) fn tick_at(value: u64) {
    tick_in(value.saturating_sub(counter()));
}

fn tick_in(ticks: u64) {
    // SAFETY: the timer interrupt is handled.
    unsafe {
        asm!("msr cntp_tval_el0, {}", in(reg) ticks, options(nostack, preserves_flags));
        system::set_cntp_ctl(1);
    }
}

/// Switches the timer off.
pub(crate) fn stop_tick() {
    // SAFETY: whoever needs the tick again sets it again.
    unsafe { system::set_cntp_ctl(0) };
}

/// Lets interrupts in.
pub(crate) fn enable_interrupts() {
    // SAFETY: vectors and stacks are set up.
    unsafe { asm!("msr daifclr, #2") };
}

/// Keeps interrupts out.
pub(crate) fn disable_interrupts() {
    // SAFETY: only when interrupts are taken changes.
    unsafe { asm!("msr daifset, #2") };
}

/// Takes the interrupts that are pending, and keeps further ones out again.
pub(crate) fn take_interrupts() {
    // SAFETY: vectors and stacks are set up.
    unsafe { asm!("msr daifclr, #2", "isb", "msr daifset, #2") };
}

/// The masks before interrupts were masked, for [`restore_interrupts`].
#[derive(Clone, Copy)]
pub(crate) struct Masked(u64);

/// Keeps interrupts out for a while.
pub(crate) fn mask_interrupts() -> Masked {
    let status: u64;
    // SAFETY: only when interrupts are taken changes.
    unsafe { asm!("mrs {}, daif", "msr daifset, #2", out(reg) status) };
    Masked(status)
}

/// Sets the mask as it was.
pub(crate) fn restore_interrupts(masked: Masked) {
    // SAFETY: the masks as they were.
    unsafe { asm!("msr daif, {}", in(reg) masked.0) };
}

/// Sleeps until an interrupt.
pub(crate) fn wait() {
    // SAFETY: the timer tick wakes the CPU.
    unsafe { asm!("dsb sy", "wfi") };
}

/// True when this world's timer has fired and nobody has set it anew.
pub(crate) fn timer_fired() -> bool {
    system::cntp_ctl() & 1 << 2 != 0
}

/// Masks what secure interrupts arrive as in this world. That can be done above an EL3, and masks nothing of its own.
pub(crate) fn mask_fast_interrupts() -> bool {
    // SAFETY: masking FIQs has no effect on this kernel, which has none.
    unsafe { asm!("msr daifset, #1") };
    true
}

/// Index of this CPU, below [`crate::layout::CPUS`]: PSCI starts no others.
pub(crate) fn index() -> usize {
    (system::mpidr() & 0x7) as usize
}
