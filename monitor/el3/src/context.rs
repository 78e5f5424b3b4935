// SPDX-License-Identifier: BSD-2-Clause
//! Registers of a world on a CPU while it does not run.

use crate::undefined;
use core::arch::asm;
use core::mem::offset_of;

/// SCR_EL3 of both worlds: pointer authentication is theirs to use.
const SCR_BOTH: u64 = 1 << 16 | 1 << 17;
/// SCR_EL3.NS.
const SCR_NS: u64 = 1;
/// SCR_EL3: AArch64 below EL3.
const SCR_RW: u64 = 1 << 10;
/// SCR_EL3 of the secure world: its timer is its own, it executes secure memory only, and its interrupts are too.
const SCR_SECURE: u64 = SCR_BOTH | SCR_RW | 1 << 9 | 1 << 11;
/// SCR_EL3 of the normal world: secure interrupts go to EL3, and EL2 may be called.
const SCR_NORMAL: u64 = SCR_BOTH | SCR_NS | 1 << 2 | 1 << 8;

/// SCR_EL3: extensions that the normal world may use, each with its identification register's field, of which so much is wanted:
/// memory tags; fine-grained traps and the offset of the counter, which are EL2's; TPIDR2_EL0 of SME; and HCRX_EL2.
const EXTENSIONS: [(u64, Id, u32, u64); 5] = [
    (1 << 26, Id::Pfr1, 8, 2),
    (1 << 27, Id::Mmfr0, 56, 1),
    (1 << 28, Id::Mmfr0, 60, 2),
    (1 << 38, Id::Mmfr1, 40, 1),
    (1 << 41, Id::Pfr1, 24, 1),
];

/// An identification register.
#[derive(Clone, Copy)]
enum Id {
    Pfr1,
    Mmfr0,
    Mmfr1,
}

/// SPSR: EL1 or EL2 on its own stack pointer, everything masked.
const SPSR_EL1: u64 = 0x3C5;
const SPSR_EL2: u64 = 0x3C9;
/// CPSR of an AArch32 start: SVC mode, asynchronous aborts and IRQ masked. FIQ is the secure world's.
const SPSR_A32: u64 = 0x193;
/// SPSR bit: T32 state.
const SPSR_T: u64 = 1 << 5;
/// SPSR bit: AArch32.
const SPSR_AARCH32: u64 = 1 << 4;

/// SCTLR_EL1 at a reset: MMU and caches off.
const SCTLR_RESET: u64 = 0x30D0_0800;
/// The same for AArch32.
const SCTLR_RESET_A32: u64 = 0x00C5_0078;

macro_rules! system_registers {
    ($count:ident, $save:ident, $load:ident: $($name:literal),* $(,)?) => {
        const $count: usize = [$($name),*].len();

        /// Saves registers that EL1 and EL0 of both worlds share.
        fn $save(registers: &mut [u64; $count]) {
            let mut next = registers.iter_mut();
            $(
                if let Some(slot) = next.next() {
                    // SAFETY: reading a register of a lower level has no effect.
                    unsafe { asm!(concat!("mrs {}, ", $name), out(reg) *slot, options(nomem, nostack, preserves_flags)) };
                }
            )*
        }

        /// Puts them back.
        fn $load(registers: &[u64; $count]) {
            let mut next = registers.iter();
            $(
                if let Some(value) = next.next() {
                    // SAFETY: registers of lower levels, which do not run now and get what was theirs.
                    unsafe { asm!(concat!("msr ", $name, ", {}"), in(reg) *value, options(nostack, preserves_flags)) };
                }
            )*
        }
    };
}

system_registers!(
    SYSTEM_REGISTERS, save, load:
    "sctlr_el1",
    "cpacr_el1",
    "ttbr0_el1",
    "ttbr1_el1",
    "tcr_el1",
    "mair_el1",
    "amair_el1",
    "vbar_el1",
    "sp_el1",
    "elr_el1",
    "spsr_el1",
    "esr_el1",
    "far_el1",
    "afsr0_el1",
    "afsr1_el1",
    "par_el1",
    "contextidr_el1",
    "tpidr_el0",
    "tpidrro_el0",
    "tpidr_el1",
    "cntkctl_el1",
    "csselr_el1",
    "actlr_el1",
    // What an AArch32 world has beside.
    "dacr32_el2",
    "ifsr32_el2",
    "spsr_abt",
    "spsr_und",
    "spsr_irq",
    "spsr_fiq",
);

// APIA, APIB, APDA, APDB and APGA, by encoding.
system_registers!(
    KEYS, save_keys, load_keys:
    "s3_0_c2_c1_0",
    "s3_0_c2_c1_1",
    "s3_0_c2_c1_2",
    "s3_0_c2_c1_3",
    "s3_0_c2_c2_0",
    "s3_0_c2_c2_1",
    "s3_0_c2_c2_2",
    "s3_0_c2_c2_3",
    "s3_0_c2_c3_0",
    "s3_0_c2_c3_1",
);

/// Registers of a world. The first fields are where `vectors` expects them.
#[repr(C, align(16))]
pub(crate) struct Context {
    /// x0 to x30.
    pub(crate) x: [u64; 31],
    sp_el0: u64,
    /// Where it goes on.
    pub(crate) elr: u64,
    spsr: u64,
    scr: u64,
    /// Stack of EL3 on this CPU.
    pub(crate) stack: u64,
    system: [u64; SYSTEM_REGISTERS],
    /// Keys of pointer authentication, on CPUs that have it.
    keys: [u64; KEYS],
}

/// Offsets for `vectors`.
pub(crate) const SP_EL0: usize = offset_of!(Context, sp_el0);
pub(crate) const ELR: usize = offset_of!(Context, elr);
pub(crate) const SCR: usize = offset_of!(Context, scr);
pub(crate) const STACK: usize = offset_of!(Context, stack);

const _: () = assert!(offset_of!(Context, x) == 0 && SP_EL0 == 248 && offset_of!(Context, spsr) == ELR + 8);

impl Context {
    pub(crate) const fn new() -> Self {
        Self { x: [0; 31], sp_el0: 0, elr: 0, spsr: 0, scr: 0, stack: 0, system: [0; SYSTEM_REGISTERS], keys: [0; KEYS] }
    }

    /// A start at S-EL1, everything as after a reset.
    pub(crate) fn start_secure(&mut self, entry: u64, args: [u64; 4]) {
        self.reset(entry, SPSR_EL1, SCR_SECURE, SCTLR_RESET, &args);
    }

    /// A start of the normal world, at EL2 where there is one.
    pub(crate) fn start_normal(&mut self, entry: u64, args: &[u64], a32: bool) {
        if a32 {
            let thumb = if entry & 1 != 0 { SPSR_T } else { 0 };
            self.reset(entry & !1, SPSR_A32 | thumb, SCR_NORMAL, SCTLR_RESET_A32, args);
        } else {
            let spsr = if has_el2() { SPSR_EL2 } else { SPSR_EL1 };
            self.reset(entry, spsr, SCR_NORMAL | SCR_RW | extensions(), SCTLR_RESET, args);
        }
    }

    fn reset(&mut self, entry: u64, spsr: u64, scr: u64, sctlr: u64, args: &[u64]) {
        *self = Self { elr: entry, spsr, scr, stack: self.stack, ..Self::new() };
        for (register, arg) in self.x.iter_mut().zip(args) {
            *register = *arg;
        }
        self.system[0] = sctlr;
    }

    /// True when it was left in AArch32 state.
    pub(crate) fn is_a32(&self) -> bool {
        self.spsr & SPSR_AARCH32 != 0
    }

    /// Makes the instruction that it was left at an undefined one; false when that cannot be.
    pub(crate) fn raise_undefined(&mut self) -> bool {
        let Some((elr, spsr)) = undefined::raise(self.elr, self.spsr) else { return false };
        (self.elr, self.spsr) = (elr, spsr);
        true
    }

    /// Saves what the CPU has of it, when another world is to run.
    pub(crate) fn save_system(&mut self) {
        save(&mut self.system);
        if has_keys() {
            save_keys(&mut self.keys);
        }
    }

    /// Gives the CPU what it is to run with.
    pub(crate) fn load_system(&self) {
        load(&self.system);
        if has_keys() {
            load_keys(&self.keys);
        }
    }
}

/// The bits of [`EXTENSIONS`] that this CPU has.
fn extensions() -> u64 {
    let (pfr1, mmfr0, mmfr1): (u64, u64, u64);
    // SAFETY: reading identification registers has no effect.
    unsafe {
        asm!("mrs {}, id_aa64pfr1_el1", "mrs {}, id_aa64mmfr0_el1", "mrs {}, id_aa64mmfr1_el1", out(reg) pfr1, out(reg) mmfr0, out(reg) mmfr1,
            options(nomem, nostack, preserves_flags));
    }
    let value = |id| match id {
        Id::Pfr1 => pfr1,
        Id::Mmfr0 => mmfr0,
        Id::Mmfr1 => mmfr1,
    };
    EXTENSIONS.iter().filter(|(_, id, shift, least)| value(*id) >> shift & 0xF >= *least).fold(0, |bits, (bit, ..)| bits | bit)
}

/// True when this CPU authenticates pointers, by whichever algorithm.
fn has_keys() -> bool {
    let (one, two): (u64, u64);
    // SAFETY: reading identification registers has no effect; the second, ID_AA64ISAR2_EL1, is named by its encoding.
    unsafe {
        asm!("mrs {}, id_aa64isar1_el1", "mrs {}, s3_0_c0_c6_2", out(reg) one, out(reg) two, options(nomem, nostack, preserves_flags));
    }
    one >> 4 & 0xFF != 0 || two >> 12 & 0xF != 0
}

/// True when this CPU has EL2.
pub(crate) fn has_el2() -> bool {
    let features: u64;
    // SAFETY: reading an identification register has no effect.
    unsafe { asm!("mrs {}, id_aa64pfr0_el1", out(reg) features, options(nomem, nostack, preserves_flags)) };
    features >> 8 & 0xF != 0
}
