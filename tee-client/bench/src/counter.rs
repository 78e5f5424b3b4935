// SPDX-License-Identifier: BSD-2-Clause
//! The cycle counter of an Armv7-A CPU, by privilege (Arm ARMv7-A, C12.8, PMCCFILTR through PMXEVTYPER). An emulator that counts
//! instructions counts them there. The firmware has to let programs at it: `cargo xtask bench --linux` has it do so.

use core::arch::asm;

/// Whose instructions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Programs of the normal world.
    User,
    /// The kernel of the normal world.
    Kernel,
}

impl Part {
    /// Its name in the figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Kernel => "kernel",
        }
    }

    /// Bits of the filter: P and U leave privileged and user mode of the secure world out; NSK and NSU, where they differ from
    /// those, leave the normal world's out.
    fn filter(self) -> u32 {
        const P: u32 = 1 << 31;
        const U: u32 = 1 << 30;
        const NSK: u32 = 1 << 29;
        const NSU: u32 = 1 << 28;
        match self {
            Self::User => P | U | NSU,
            Self::Kernel => P | U | NSK,
        }
    }
}

/// Has the counter count a part alone.
pub(crate) fn select(part: Part) {
    // SAFETY: selects the cycle counter and sets what it counts; nothing else depends on either. Where programs may not do that
    // the instruction is undefined and ends this program.
    unsafe {
        asm!(
            "mcr p15, 0, {counter}, c9, c12, 5",
            "isb",
            "mcr p15, 0, {filter}, c9, c13, 1",
            "isb",
            counter = in(reg) 31,
            filter = in(reg) part.filter(),
            options(nostack, preserves_flags)
        );
    }
}

/// The counter.
pub(crate) fn read() -> u32 {
    let value;
    // SAFETY: reading it has no effect.
    unsafe { asm!("isb", "mrc p15, 0, {}, c9, c13, 0", out(reg) value, options(nostack, preserves_flags)) };
    value
}
