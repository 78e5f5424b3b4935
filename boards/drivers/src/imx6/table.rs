// SPDX-License-Identifier: BSD-2-Clause
//! Who may use which peripheral, and why: one row for each half of each CSL register ("CSL" tables of the security reference
//! manual). A board starts from [`Table::DENY`] and grants what its normal world needs.

use super::csu::{Access, CSL_COUNT, Slot};

const CSLS: usize = CSL_COUNT as usize;
/// Number of rows.
pub const ROWS: usize = 2 * CSLS;

/// What shares slave 0 and slave 1 of each CSL register; empty: nothing that is known.
const NAMES: [(&str, &str); CSLS] = [
    ("PWM", "CAN1"),
    ("CAN2", "GPT1, EPIT"),
    ("GPIO1, GPIO2", "GPIO3, GPIO4"),
    ("GPIO5", "SNVS_LP"),
    ("KPP", "WDOG1"),
    ("WDOG2", "CCM, SNVS_HP, SRC, GPC"),
    ("ANATOP", "IOMUXC"),
    ("IOMUXC_GPR", "SDMA"),
    ("USB", "ENET"),
    ("GPT2", "USDHC1"),
    ("USDHC2", "SIM1"),
    ("SIM2", "I2C1"),
    ("I2C2", "I2C3"),
    ("ROMCP", "MMDC"),
    ("WEIM", "OCOTP"),
    ("SCTR", "SCTR"),
    ("SCTR", "TZASC"),
    ("SAI", "QSPI, ASRC"),
    ("SPDIF", "eCSPI1"),
    ("eCSPI2", "eCSPI3"),
    ("eCSPI4, I2C4", "IPS mux"),
    ("UART1", "UART7"),
    ("UART8, ESAI", ""),
    ("", ""),
    ("", ""),
    ("WDOG3", "ADC1"),
    ("ADC2", ""),
    ("", ""),
    ("IOMUXC_SNVS", "IOMUXC_SNVS_GPR"),
    ("UART8", "UART6"),
    ("UART2", "UART3"),
    ("UART4", "UART5"),
    ("LCDIF, CSI, PXP, EPDC", ""),
    ("SPBA", "TSC"),
    ("DCP", "RNGB"),
    ("", ""),
    ("", ""),
    ("", ""),
    ("", ""),
    ("", "OCRAM"),
];

/// What no board may grant, with the reason.
const NEVER: [(Slot, &str); 17] = [
    (slot(3, 1), "state and keys of the chip; words that survive a sleep, which a wake-up relies on"),
    (slot(5, 0), "the trusted watchdog"),
    (slot(5, 1), "SRC and GPC hold where a wake-up starts in the secure world (CVE-2021-44149); CCM can stop WDOG2"),
    (slot(6, 0), "clocks and voltages out of bounds make the secure world fail"),
    (slot(6, 1), "pads: could take the reset line of WDOG2 away"),
    (slot(7, 0), "bypass and lock of TZASC, secure part of OCRAM, debugging"),
    (slot(13, 0), "patches of the ROM that runs at the next boot"),
    (slot(13, 1), "geometry of the RAM: could make an alias of secure memory"),
    (slot(14, 1), "fuses"),
    (slot(15, 0), "time that the secure world measures by"),
    (slot(15, 1), "as the other half"),
    (slot(16, 0), "as CSL 15"),
    (slot(16, 1), "who may use which part of the RAM"),
    (slot(28, 1), "general-purpose registers beside the SNVS pads"),
    (DCP, "the key that no other chip has"),
    (slot(34, 1), "entropy of the secure world"),
    (slot(39, 1), "secure memory of the chip, used by its ROM"),
];

/// Why everything else is closed.
const DENIED: &str = "nothing in the normal world needs it";

/// A slot that exists; evaluated when this is compiled.
const fn slot(csl: u8, slave: u8) -> Slot {
    match Slot::new(csl, slave) {
        Some(slot) => slot,
        None => panic!("no such slot"),
    }
}

/// SD controller 1.
pub const USDHC1: Slot = slot(9, 1);
/// SD controller 2.
pub const USDHC2: Slot = slot(10, 0);
/// Timer GPT2.
pub const GPT2: Slot = slot(9, 0);
/// USB.
pub const USB: Slot = slot(8, 0);
/// Ethernet.
pub const ENET: Slot = slot(8, 1);
/// DCP.
pub const DCP: Slot = slot(34, 0);
/// UART 1.
pub const UART1: Slot = slot(21, 0);
/// UART 2.
pub const UART2: Slot = slot(30, 0);

/// A peripheral, or several that share one slot.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Where its rights stand.
    pub slot: Slot,
    /// Its name, as the chip's manual has it.
    pub name: &'static str,
    /// Its rights.
    pub access: Access,
    /// Why.
    pub reason: &'static str,
    /// Whether no board may grant it.
    pub never: bool,
}

/// The rights of every peripheral.
#[derive(Clone, Debug)]
pub struct Table([Row; ROWS]);

impl Table {
    /// Everything for the kernel of the secure world only, which keeps TAs out as well.
    pub const DENY: Self = Self::deny();

    const fn deny() -> Self {
        let closed = Row { slot: slot(0, 0), name: "-", access: Access::SecurePrivileged, reason: DENIED, never: false };
        let mut rows = [closed; ROWS];
        let mut row = 0;
        while row < ROWS {
            let (csl, slave) = (row / 2, row % 2);
            let name = if slave == 0 { NAMES[csl].0 } else { NAMES[csl].1 };
            rows[row].slot = slot(csl as u8, slave as u8);
            rows[row].name = if name.is_empty() { "-" } else { name };
            row += 1;
        }
        let mut never = 0;
        while never < NEVER.len() {
            let (slot, reason) = NEVER[never];
            let row = 2 * slot.csl() as usize + slot.slave() as usize;
            rows[row].reason = reason;
            rows[row].never = true;
            never += 1;
        }
        Self(rows)
    }

    /// The table with other rights on one slot. [`super::lockdown::check`] refuses one that may never be granted.
    #[must_use]
    pub const fn grant(mut self, slot: Slot, access: Access, reason: &'static str) -> Self {
        let row = 2 * slot.csl() as usize + slot.slave() as usize;
        self.0[row].access = access;
        self.0[row].reason = reason;
        self
    }

    /// Its rows, in the order of the registers: slave 0 and 1 of each.
    pub const fn rows(&self) -> &[Row; ROWS] {
        &self.0
    }

    /// The value of CSL register `csl` at the end: rights and locks.
    pub fn csl(&self, csl: u8) -> u32 {
        self.rows_of(csl).fold(0, |value, row| value | row.slot.bits(row.access, true))
    }

    /// The rows of a register.
    pub(super) fn rows_of(&self, csl: u8) -> impl Iterator<Item = &Row> {
        self.0.iter().filter(move |row| row.slot.csl() == csl)
    }
}
