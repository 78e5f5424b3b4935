// SPDX-License-Identifier: BSD-2-Clause
//! Reads back what [`super::lockdown`] set, register by register, and says what each is for.

use core::fmt;

use super::bus::Bus;
use super::caam;
use super::csu::{CSL_COUNT, Csu, SA_LOCKS};
use super::gpr::{self, Gpr};
use super::lockdown::{Policy, named_masters};
use super::map::Register;
use super::tzasc::{self, Tzasc};
use super::wdog::{self, Watchdog};

/// One register, or half of one, against the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The register.
    pub register: Register,
    /// What it governs.
    pub name: &'static str,
    /// Why it has its value.
    pub reason: &'static str,
    /// Bits that matter.
    pub mask: u32,
    /// Their value by the policy.
    pub expected: u32,
    /// What was read, all bits.
    pub found: u32,
}

impl Finding {
    /// Whether the register is as it should be.
    pub const fn is_right(&self) -> bool {
        (self.found ^ self.expected) & self.mask == 0
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_right() { "ok   " } else { "WRONG" };
        write!(f, "{verdict} {} {:#010x}", self.register, self.found)?;
        if !self.is_right() {
            write!(f, " (expected {:#010x} of {:#010x})", self.expected & self.mask, self.mask)?;
        }
        write!(f, " {}: {}", self.name, self.reason)
    }
}

/// Reads everything back and passes each finding to `report`. Writes nothing.
///
/// Returns how many were wrong: 0 is a chip that is locked down as the policy says.
pub fn audit<B: Bus>(bus: &B, policy: &Policy<'_>, mut report: impl FnMut(&Finding)) -> usize {
    let mut wrong = 0;
    findings(bus, policy, &mut |finding| {
        wrong += usize::from(!finding.is_right());
        report(&finding);
    });
    wrong
}

fn findings<B: Bus>(bus: &B, policy: &Policy<'_>, report: &mut dyn FnMut(Finding)) {
    let mut word = |register, name, reason, mask, expected| {
        report(Finding { register, name, reason, mask, expected, found: bus.read(register) });
    };
    let (sa, named) = (Csu::<B>::sa_register(), named_masters());
    word(sa, "SA", "each bus master speaks for its world, until reset", named, policy.masters() | SA_LOCKS);
    word(Gpr::<B>::bypass_register(), "GPR9", "the TZASC filters", gpr::TZASC_ACTIVE, gpr::TZASC_ACTIVE);
    word(Gpr::<B>::lock_register(), "GPR1", "the TZASC takes no changes until reset", gpr::TZASC_LOCK, gpr::TZASC_LOCK);
    let ocram = Gpr::<B>::ocram_register();
    word(ocram, "GPR10", "debugging of the CPU is off", gpr::DEBUG, 0);
    let (mask, value) = (gpr::OCRAM_SECURE | gpr::OCRAM_START | gpr::OCRAM_LOCKS, gpr::OCRAM_SECURE | gpr::OCRAM_LOCKS);
    word(ocram, "GPR10", "all of the OCRAM is secure until reset", mask, value);

    let (action, value) = Tzasc::<B>::action();
    word(action, "ACTION", "a refused access ends in an error", u32::MAX, value);
    word(Tzasc::<B>::inversion_register(), "SEC_INV_EN", "no region is the normal world's alone", 1, 0);
    let (range, select) = Tzasc::<B>::lockdown_registers();
    word(range, "LOCKDOWN_RANGE", "every region is locked", tzasc::LOCKDOWN_RANGE_MASK, tzasc::LOCKDOWN_ALL);
    word(select, "LOCKDOWN_SELECT", "all that can be locked is", tzasc::LOCKDOWN_SELECT_MASK, tzasc::LOCKDOWN_ALL);
    let background = Tzasc::<B>::attributes_register(0);
    word(background, "region 0", "what no window opens is secure", 0xF000_0000, tzasc::REGION0_SECURE);
    for region in 1..Tzasc::new(bus).regions() {
        let attributes = Tzasc::<B>::attributes_register(region);
        match policy.windows.get(usize::from(region) - 1) {
            Some(window) => {
                let (low, high) = Tzasc::<B>::base_registers(region);
                word(low, "window", "RAM of the normal world, its base", u32::MAX, window.base());
                word(high, "window", "upper half of its base", u32::MAX, 0);
                word(attributes, "window", "its size and rights", tzasc::ATTRIBUTES_MASK, window.attributes());
            }
            None => word(attributes, "no window", "not used", 1, 0),
        }
    }

    for csl in 0..CSL_COUNT {
        for row in policy.table.rows_of(csl) {
            word(Csu::<B>::csl_register(csl), row.name, row.reason, row.slot.mask(), row.slot.bits(row.access, true));
        }
    }

    if policy.part.has_caam() {
        for owner in (0..caam::RINGS).flat_map(caam::ownership) {
            word(owner.register, "CAAM", "job rings are the secure world's, until reset", owner.mask, owner.value);
        }
    }

    let mut half = |register, name, reason, mask: u16, expected: u16| {
        report(Finding { register, name, reason, mask: mask.into(), expected: expected.into(), found: bus.read16(register).into() });
    };
    for watchdog in Watchdog::all(bus) {
        half(watchdog.power_down_register(), "WMCR", "no reset 16 s after the last", wdog::POWER_DOWN, 0);
    }
    let watchdog = Watchdog::trusted(bus);
    let times = policy.watchdog;
    half(watchdog.interrupt_register(), "WDOG2", "warns the secure world", wdog::INTERRUPT_MASK, times.interrupt());
    half(watchdog.control_register(), "WDOG2", "resets a board that hangs", wdog::CONTROL_MASK, times.control());
}
