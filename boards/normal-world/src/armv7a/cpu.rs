// SPDX-License-Identifier: BSD-2-Clause
//! Instructions and system registers.

use core::arch::asm;

pub(crate) mod cp {
    //! Coprocessor registers of this world.
    use core::arch::asm;

    macro_rules! register {
        ($read:ident, $write:ident, $opc1:literal, $crn:ident, $crm:ident, $opc2:literal) => {
            #[allow(dead_code, reason = "not each register is both read and written")]
            pub(crate) fn $read() -> u32 {
                let value: u32;
                // SAFETY: reading it has no effect.
                unsafe { asm!(concat!("mrc p15, ", $opc1, ", {}, ", stringify!($crn), ", ", stringify!($crm), ", ", $opc2), out(reg) value) };
                value
            }

            /// # Safety
            /// The value must keep this kernel running.
            #[allow(dead_code, reason = "not each register is both read and written")]
            pub(crate) unsafe fn $write(value: u32) {
                // SAFETY: the caller's.
                unsafe { asm!(concat!("mcr p15, ", $opc1, ", {}, ", stringify!($crn), ", ", stringify!($crm), ", ", $opc2), "isb", in(reg) value) };
            }
        };
    }

    register!(sctlr, set_sctlr, 0, c1, c0, 0);
    register!(ttbr0, set_ttbr0, 0, c2, c0, 0);
    register!(ttbcr, set_ttbcr, 0, c2, c0, 2);
    register!(dacr, set_dacr, 0, c3, c0, 0);
    register!(vbar, set_vbar, 0, c12, c0, 0);
    register!(dfsr, set_dfsr, 0, c5, c0, 0);
    register!(ifsr, set_ifsr, 0, c5, c0, 1);
    register!(dfar, set_dfar, 0, c6, c0, 0);
    register!(cpacr, set_cpacr, 0, c1, c0, 2);
    register!(pmcr, set_pmcr, 0, c9, c12, 0);
    register!(pmcntenset, set_pmcntenset, 0, c9, c12, 1);
    register!(pmccntr, set_pmccntr, 0, c9, c13, 0);
    register!(cntfrq, set_cntfrq, 0, c14, c0, 0);
    register!(cntp_tval, set_cntp_tval, 0, c14, c2, 0);
    register!(cntp_ctl, set_cntp_ctl, 0, c14, c2, 1);
    register!(id_pfr1, set_id_pfr1, 0, c0, c1, 1);
    register!(mpidr, set_mpidr, 0, c0, c0, 5);
    register!(tlbiall, set_tlbiall, 0, c8, c7, 0);
}

/// Whether the CPU knows landing pads, and whether it authenticates pointers; `None` on an architecture without either.
pub(crate) fn guards() -> Option<(bool, bool)> {
    None
}

/// Executes `smc` with a0..a7; gives a0..a3.
#[inline]
pub(crate) fn smc(regs: [u32; 8]) -> [u32; 4] {
    let [r0, r1, r2, r3, r4, r5, r6, r7] = regs;
    let (a0, a1, a2, a3);
    // SAFETY: the secure world keeps every register but r0 to r3 (SMC calling convention), and touches only memory
    // that is shared with it.
    unsafe {
        asm!(
            ".arch_extension sec", "push {{r6}}", "mov r6, {r6}", "smc #0", "pop {{r6}}",
            r6 = in(reg) r6,
            inlateout("r0") r0 => a0, inlateout("r1") r1 => a1, inlateout("r2") r2 => a2, inlateout("r3") r3 => a3,
            in("r4") r4, in("r5") r5, in("r7") r7,
        );
    }
    [a0, a1, a2, a3]
}

/// True when the CPU has the registers of an interrupt controller of version 3.
pub(crate) fn has_gic_registers() -> bool {
    cp::id_pfr1() >> 28 != 0
}

/// The physical counter.
pub(crate) fn counter() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: reading the counter has no effect.
    unsafe { asm!("mrrc p15, 0, {}, {}, c14", out(reg) low, out(reg) high) };
    u64::from(high) << 32 | u64::from(low)
}

/// The cycle counter, which counts instructions under `-icount`.
#[inline]
pub(crate) fn cycles() -> u32 {
    cp::pmccntr()
}

/// Starts the cycle counter, where the monitor has not done so.
pub(crate) fn start_cycles() {
    // SAFETY: counting changes nothing else.
    unsafe {
        cp::set_pmcntenset(1 << 31);
        cp::set_pmcr(cp::pmcr() | 1);
    }
}

/// Frequency of [`counter`] in hertz.
pub(crate) fn frequency() -> u64 {
    u64::from(cp::cntfrq()).max(1)
}

/// Writes memory that is mapped back, and drops it from the caches.
pub(crate) fn flush(start: usize, len: usize) {
    /// Bytes of the smallest line of a data cache.
    const LINE: usize = 32;
    for line in (start & !(LINE - 1)..start.saturating_add(len)).step_by(LINE) {
        // SAFETY: what was written stays written.
        unsafe { asm!("mcr p15, 0, {}, c7, c14, 1", in(reg) line) };
    }
    // SAFETY: waits for that.
    unsafe { asm!("dsb") };
}

/// Sets the timer to the next tick.
pub(crate) fn next_tick(hz: u64) {
    // SAFETY: the timer interrupt is handled.
    unsafe {
        cp::set_cntp_tval((frequency() / hz) as u32);
        cp::set_cntp_ctl(1);
    }
}

/// Sets the timer to a value of [`counter`] that is near.
pub(crate) fn tick_at(value: u64) {
    // SAFETY: the timer interrupt is handled.
    unsafe {
        cp::set_cntp_tval(value.saturating_sub(counter()) as u32);
        cp::set_cntp_ctl(1);
    }
}

/// Switches the timer off.
pub(crate) fn stop_tick() {
    // SAFETY: whoever needs the tick again sets it again.
    unsafe { cp::set_cntp_ctl(0) };
}

/// Lets interrupts in.
pub(crate) fn enable_interrupts() {
    // SAFETY: vectors and stacks are set up.
    unsafe { asm!("cpsie i") };
}

/// Keeps interrupts out.
pub(crate) fn disable_interrupts() {
    // SAFETY: only when interrupts are taken changes.
    unsafe { asm!("cpsid i") };
}

/// Takes the interrupts that are pending, and keeps further ones out again.
pub(crate) fn take_interrupts() {
    // SAFETY: vectors and stacks are set up.
    unsafe { asm!("cpsie i", "isb", "cpsid i") };
}

/// The program status before interrupts were masked, for [`restore_interrupts`].
#[derive(Clone, Copy)]
pub(crate) struct Masked(u32);

/// Keeps interrupts out for a while.
pub(crate) fn mask_interrupts() -> Masked {
    let status: u32;
    // SAFETY: only when interrupts are taken changes.
    unsafe { asm!("mrs {}, cpsr", "cpsid i", out(reg) status) };
    Masked(status)
}

/// Sets the mask as it was.
pub(crate) fn restore_interrupts(masked: Masked) {
    // SAFETY: the control bits of this mode as they were.
    unsafe { asm!("msr cpsr_c, {}", in(reg) masked.0) };
}

/// Sleeps until an interrupt.
pub(crate) fn wait() {
    // SAFETY: the timer tick wakes the CPU.
    unsafe { asm!("dsb", "wfi") };
}

/// True when this world's timer has fired and nobody has set it anew.
pub(crate) fn timer_fired() -> bool {
    cp::cntp_ctl() & 1 << 2 != 0
}

/// Masks what secure interrupts arrive as in this world. False when a mask shows that the CPU should not have taken on; with Hyp
/// mode, or above an EL3 in AArch64, it can be set and masks nothing.
pub(crate) fn mask_fast_interrupts() -> bool {
    const MASKED: u32 = 1 << 6;
    let status: u32;
    // SAFETY: masking FIQs has no effect on this kernel, which has none.
    unsafe { asm!("cpsid f", "mrs {}, cpsr", out(reg) status) };
    cp::id_pfr1() >> 12 & 0xF != 0 || has_gic_registers() || status & MASKED == 0
}

/// Index of this CPU, below [`crate::layout::CPUS`]: PSCI starts no others.
pub(crate) fn index() -> usize {
    (cp::mpidr() & 0x7) as usize
}
