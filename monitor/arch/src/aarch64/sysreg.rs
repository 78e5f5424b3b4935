// SPDX-License-Identifier: BSD-2-Clause
//! System registers of EL1, barriers, and TLB maintenance.

use core::arch::asm;

macro_rules! register {
    ($(#[$doc:meta])* $read:ident, $write:ident, $name:literal) => {
        $(#[$doc])*
        #[inline]
        pub fn $read() -> u64 {
            let value: u64;
            // SAFETY: reading this register has no effect, and the kernel runs at EL1.
            unsafe { asm!(concat!("mrs {}, ", $name), out(reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// The value must keep the kernel's own code, data and stacks accessible.
        #[inline]
        pub unsafe fn $write(value: u64) {
            // SAFETY: the caller answers for the value.
            unsafe { asm!(concat!("msr ", $name, ", {}"), in(reg) value, options(nostack, preserves_flags)) };
        }
    };
    ($(#[$doc:meta])* $read:ident, $name:literal) => {
        $(#[$doc])*
        #[inline]
        pub fn $read() -> u64 {
            let value: u64;
            // SAFETY: reading this register has no effect, and the kernel runs at EL1.
            unsafe { asm!(concat!("mrs {}, ", $name), out(reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }
    };
}

register!(/** System Control Register. */ sctlr, set_sctlr, "sctlr_el1");
register!(/** Translation Control Register. */ tcr, set_tcr, "tcr_el1");
register!(/** Translation Table Base Register 0, with the ASID. */ ttbr0, set_ttbr0, "ttbr0_el1");
register!(/** Memory Attribute Indirection Register. */ mair, set_mair, "mair_el1");
register!(/** Vector Base Address Register. */ vbar, set_vbar, "vbar_el1");
register!(/** Architectural Feature Access Control Register. */ cpacr, set_cpacr, "cpacr_el1");
register!(/** Thread pointer of EL1: this CPU's data. */ tpidr_el1, set_tpidr_el1, "tpidr_el1");
register!(/** Thread pointer that user mode writes. */ tpidr_el0, set_tpidr_el0, "tpidr_el0");
register!(/** Thread pointer that user mode reads. */ tpidrro_el0, set_tpidrro_el0, "tpidrro_el0");
register!(/** What user mode may see of counters and timers. */ cntkctl, set_cntkctl, "cntkctl_el1");
register!(/** Tick at which the secure physical timer fires. */ cntps_cval, set_cntps_cval, "cntps_cval_el1");
register!(/** Control of the secure physical timer. */ cntps_ctl, set_cntps_ctl, "cntps_ctl_el1");
register!(/** Why the last exception was taken. */ esr, "esr_el1");
register!(/** Where the last exception was taken. */ elr, "elr_el1");
register!(/** Program status of what the last exception interrupted. */ spsr, "spsr_el1");
register!(/** Address of the last fault. */ far, "far_el1");
register!(/** Interrupt Status Register: what is pending on this CPU, masked or not. */ isr, "isr_el1");
register!(/** Multiprocessor Affinity Register. */ mpidr, "mpidr_el1");
register!(/** Instruction Set Attribute Register 0: instructions for ciphers among others. */ id_aa64isar0, "id_aa64isar0_el1");
register!(/** Memory Model Feature Register 0: physical addresses. */ id_aa64mmfr0, "id_aa64mmfr0_el1");
register!(/** Memory Model Feature Register 1: PAN among others. */ id_aa64mmfr1, "id_aa64mmfr1_el1");
register!(/** Instruction Set Attribute Register 1: pointer authentication among others. */ id_aa64isar1, "id_aa64isar1_el1");
register!(/** Instruction Set Attribute Register 2, by its encoding, which not each assembler names. */ id_aa64isar2, "s3_0_c0_c6_2");
register!(/** Processor Feature Register 1: landing pads among others. */ id_aa64pfr1, "id_aa64pfr1_el1");
register!(/** Cache Type Register. */ ctr, "ctr_el0");
register!(/** The physical counter. */ cntpct, "cntpct_el0");
register!(/** Frequency of the counter. */ cntfrq, "cntfrq_el0");

/// Bit of [`isr`]: an IRQ is pending.
pub const ISR_IRQ: u64 = 1 << 7;
/// Bit of [`isr`]: a FIQ is pending.
pub const ISR_FIQ: u64 = 1 << 6;

/// Instruction synchronisation barrier.
#[inline]
pub fn isb() {
    // SAFETY: a barrier.
    unsafe { asm!("isb", options(nostack, preserves_flags)) };
}

/// Data synchronisation barrier, for all CPUs of the system.
#[inline]
pub fn dsb() {
    // SAFETY: a barrier.
    unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
}

/// Invalidates every TLB entry of this world's EL1 and EL0, on this CPU.
pub fn tlb_flush_local() {
    // SAFETY: entries are fetched again from the tables.
    unsafe { asm!("dsb nshst", "tlbi vmalle1", "dsb nsh", "isb", options(nostack, preserves_flags)) };
}

/// Invalidates the TLB entries of an ASID on all CPUs.
pub fn tlb_flush_asid(asid: u64) {
    dsb();
    // SAFETY: entries are fetched again from the tables.
    unsafe { asm!("tlbi aside1is, {}", in(reg) asid << 48, options(nostack, preserves_flags)) };
    dsb();
    isb();
}

/// Invalidates the TLB entry of a page of an ASID on all CPUs; [`dsb`] and [`isb`] complete it.
#[inline]
pub fn tlb_flush_page(va: u64, asid: u64) {
    // SAFETY: the entry is fetched again from the tables.
    unsafe { asm!("tlbi vae1is, {}", in(reg) asid << 48 | va >> 12, options(nostack, preserves_flags)) };
}
