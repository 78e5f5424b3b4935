// SPDX-License-Identifier: BSD-2-Clause
//! Closes the chip to the normal world, opens what the board lists, and locks both until reset.
//!
//! It runs in the secure world before the normal world does. Until it returns, a bus master may already be running (USB after a
//! boot by SDP), so that the order matters: what is secure is closed first, checked and locked, and only then is anything
//! opened. No write gives the normal world more than it had, until the last two stages, which give what is listed.
//!
//! | stage | registers | why there |
//! | --- | --- | --- |
//! | 1 check | none is written | a policy that cannot be had leaves the chip as it was |
//! | 2 debug off | GPR10 | the debug port speaks as master 14, which is made secure where there is a DCP |
//! | 3 masters | SA | all but the CPU speak for the normal world: what is closed next is closed to them (CVE-2021-36133) |
//! | 4 peripherals closed | every CSL | closed; then those that stay closed locked (CVE-2021-44149: SRC and GPC too) |
//! | 5 masters locked | SA | DCP, which nobody outside can command any more, secure; then locked |
//! | 5a job rings | CAAM (6UL) | every ring the secure world's, and that locked: see [`super::caam`] |
//! | 6 RAM closed | TZASC: region 0, then 1 upwards off | downwards, an open region would come out from under a secure one |
//! | 7 OCRAM | GPR10 | all of it secure; then locked |
//! | 8 watchdog | WDOG1-3 | power-down counters stopped, the trusted one running before the normal world is |
//! | 9 RAM opened | TZASC regions 1 on; lockdown; GPR1 | place before rights; then locked |
//! | 10 peripherals opened | granted CSLs | rights and lock in one write |
//!
//! What each lock is worth: CSL, SA, OCRAM and TZASC cannot be changed by the secure world either. GPR9, debugging, and the
//! blocks' own registers have no lock that the sources name and rely on a locked CSL. The sources do not say whether
//! the CSU refuses the normal world, so nothing here relies on it. What SA does to the CPU they do not say either: it stays
//! 0, as OP-TEE has it, and is locked. SA bits of numbers without a named master are written and locked with the rest, but
//! not checked: they may not exist. What LOCKDOWN_RANGE counts from is not said: all regions are selected.
//!
//! Which CSL protects CAAM on the 6UL the sources leave open. Every CSL is closed and locked, and its job rings are taken besides.
//!
//! Not checked on hardware.

use core::fmt;

use super::bus::Bus;
use super::caam;
use super::csu::{Access, CSL_COUNT, Csu, Master, SA_LOCKS, SA_NON_SECURE};
use super::gpr::{self, Gpr};
use super::keys;
use super::map::{DDR, Register};
use super::part::Part;
use super::table::{self, Row, Table};
use super::tzasc::{self, Tzasc, Window};
use super::wdog::{self, Times, Watchdog};

/// What a board gives its normal world.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// The part.
    pub part: Part,
    /// Rights on peripherals.
    pub table: Table,
    /// RAM of the normal world; the rest is secure.
    pub windows: &'a [Window],
    /// Base and size in bytes of RAM that the secure world uses, which no window may touch.
    pub secure: &'a [(u32, u32)],
    /// The trusted watchdog.
    pub watchdog: Times,
    /// Whether the DCP is the normal world's for a while ([`super::passes`]): it speaks for that one until reset, and its CSL is closed
    /// but not locked yet. For images to debug with.
    pub lends: bool,
}

impl Policy<'_> {
    /// The value of SA without its locks: everyone speaks for the normal world but the CPU, which says it by itself, and DCP
    /// where there is one that is not lent.
    pub fn masters(&self) -> u32 {
        let dcp = if self.part.has_dcp() && !self.lends { Master::Dcp.non_secure() } else { 0 };
        SA_NON_SECURE & !Master::Cpu.non_secure() & !dcp
    }
}

/// Bits of SA that belong to a named master.
pub(super) fn named_masters() -> u32 {
    Master::ALL.into_iter().fold(0, |mask, master| mask | master.non_secure() | master.lock())
}

/// Why a chip was not locked down. It is not to enter the normal world then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The part is not one of these, or does not have these blocks.
    Part(Part),
    /// No TZASC answers.
    NoTzasc,
    /// The TZASC is not in the path to the RAM: the boot image's DCD did not put it there.
    Bypassed,
    /// More windows than regions.
    TooManyWindows,
    /// A window outside the RAM, or one that touches memory of the secure world.
    Window(Window),
    /// The table grants what may not be granted: CSL register and slave.
    Grant(u8, u8),
    /// A register did not take a value.
    NotTaken {
        /// The register.
        register: Register,
        /// What was written, as far as it was compared.
        expected: u32,
        /// What was read.
        found: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Part(part) => write!(f, "cannot lock down this part: {part:?}"),
            Self::NoTzasc => f.write_str("no TZC-380 answers"),
            Self::Bypassed => f.write_str("TZASC is bypassed"),
            Self::TooManyWindows => f.write_str("more windows than TZASC regions"),
            Self::Window(window) => write!(f, "window {:#010x}+{:#x} is not the normal world's", window.base(), window.size()),
            Self::Grant(csl, slave) => write!(f, "CSL({csl},{slave}) is never granted"),
            Self::NotTaken { register, expected, found } => write!(f, "{register} is {found:#010x}, not {expected:#010x}"),
        }
    }
}

/// Whether the chip can have this policy. Writes nothing.
///
/// # Errors
/// All of [`Error`] but `NotTaken`.
pub fn check<B: Bus>(bus: &B, policy: &Policy<'_>) -> Result<(), Error> {
    if matches!(policy.part, Part::Emulated | Part::Unknown(_)) || policy.lends && !policy.part.has_dcp() {
        return Err(Error::Part(policy.part));
    }
    if let Some(row) = policy.table.rows().iter().find(|row| row.never && row.access.opens()) {
        return Err(Error::Grant(row.slot.csl(), row.slot.slave()));
    }
    let in_ram = |window: &Window| DDR.contains(window.base()) && window.size() <= DDR.size() - (window.base() - DDR.base());
    let is_secure = |window: &Window| policy.secure.iter().any(|&(base, size)| window.overlaps(base, size));
    if let Some(&window) = policy.windows.iter().find(|window| !in_ram(window) || is_secure(window)) {
        return Err(Error::Window(window));
    }
    let controller = Tzasc::new(bus);
    if !controller.is_present() {
        return Err(Error::NoTzasc);
    }
    if !Gpr::new(bus).tzasc_is_active() {
        return Err(Error::Bypassed);
    }
    // Region 0 is the background.
    if policy.windows.len() >= usize::from(controller.regions()) {
        return Err(Error::TooManyWindows);
    }
    Ok(())
}

/// Locks the chip down, and leaves it so until reset; one lock is missing where the DCP is to be lent.
///
/// # Errors
/// All of [`Error`]. After `NotTaken` the chip is partly closed: the caller stops it.
pub fn lock_down<B: Bus>(bus: &B, policy: &Policy<'_>) -> Result<(), Error> {
    check(bus, policy)?;
    let stages = Stages { bus, policy };
    stages.debug_off()?;
    stages.take_masters()?;
    stages.close_peripherals()?;
    stages.lock_masters()?;
    stages.own_job_rings()?;
    stages.close_memory()?;
    stages.close_ocram()?;
    stages.start_watchdog()?;
    stages.open_memory()?;
    stages.open_peripherals()
}

/// Whether a register has taken a value, as far as `mask` goes.
pub(super) fn taken<B: Bus>(bus: &B, register: Register, mask: u32, expected: u32) -> Result<(), Error> {
    let found = bus.read(register) & mask;
    if found == expected & mask { Ok(()) } else { Err(Error::NotTaken { register, expected: expected & mask, found }) }
}

struct Stages<'s, B> {
    bus: &'s B,
    policy: &'s Policy<'s>,
}

impl<B: Bus> Stages<'_, B> {
    fn taken(&self, register: Register, mask: u32, expected: u32) -> Result<(), Error> {
        taken(self.bus, register, mask, expected)
    }

    fn taken16(&self, register: Register, mask: u16, expected: u16) -> Result<(), Error> {
        let found = self.bus.read16(register) & mask;
        let expected = expected & mask;
        if found == expected { Ok(()) } else { Err(Error::NotTaken { register, expected: expected.into(), found: found.into() }) }
    }

    fn debug_off(&self) -> Result<(), Error> {
        Gpr::new(self.bus).disable_debug();
        self.taken(Gpr::<B>::ocram_register(), gpr::DEBUG, 0)
    }

    fn close_memory(&self) -> Result<(), Error> {
        let controller = Tzasc::new(self.bus);
        controller.set_error();
        let (register, value) = Tzasc::<B>::action();
        self.taken(register, u32::MAX, value)?;
        controller.clear_inversion();
        self.taken(Tzasc::<B>::inversion_register(), 1, 0)?;
        controller.close_background();
        self.taken(Tzasc::<B>::attributes_register(0), 0xF000_0000, tzasc::REGION0_SECURE)?;
        for region in 1..controller.regions() {
            controller.disable(region);
            self.taken(Tzasc::<B>::attributes_register(region), 1, 0)?;
        }
        Ok(())
    }

    fn take_masters(&self) -> Result<(), Error> {
        let value = SA_NON_SECURE & !Master::Cpu.non_secure();
        Csu::new(self.bus).set_sa(value);
        self.taken(Csu::<B>::sa_register(), named_masters() & SA_NON_SECURE, value)
    }

    fn lock_masters(&self) -> Result<(), Error> {
        let csu = Csu::new(self.bus);
        let (value, mask) = (self.policy.masters(), named_masters());
        csu.set_sa(value);
        self.taken(Csu::<B>::sa_register(), mask & SA_NON_SECURE, value)?;
        csu.set_sa(value | SA_LOCKS);
        self.taken(Csu::<B>::sa_register(), mask, value | SA_LOCKS)
    }

    fn own_job_rings(&self) -> Result<(), Error> {
        if !self.policy.part.has_caam() {
            return Ok(());
        }
        keys::enable_clocks(self.bus, self.policy.part);
        for owner in (0..caam::RINGS).flat_map(caam::ownership) {
            self.bus.write(owner.register, owner.value);
            self.taken(owner.register, owner.mask, owner.value)?;
        }
        Ok(())
    }

    fn close_ocram(&self) -> Result<(), Error> {
        let registers = Gpr::new(self.bus);
        registers.close_ocram();
        self.taken(Gpr::<B>::ocram_register(), gpr::OCRAM_SECURE | gpr::OCRAM_START, gpr::OCRAM_SECURE)?;
        registers.lock_ocram();
        self.taken(Gpr::<B>::ocram_register(), gpr::OCRAM_LOCKS, gpr::OCRAM_LOCKS)
    }

    fn close_peripherals(&self) -> Result<(), Error> {
        let csu = Csu::new(self.bus);
        let closed = |row: &Row| !row.access.opens();
        // Closed as the table has it, or as much as can be where it is going to be opened.
        let unlocked = |row: &Row| row.slot.bits(if closed(row) { row.access } else { Access::SecurePrivileged }, false);
        for csl in 0..CSL_COUNT {
            let value = self.policy.table.rows_of(csl).fold(0, |value, row| value | unlocked(row));
            csu.set_csl(csl, value);
            self.taken(Csu::<B>::csl_register(csl), 0x00FF_00FF, value)?;
        }
        for csl in 0..CSL_COUNT {
            let stays = |row: &&Row| closed(row) && !(self.policy.lends && row.slot == table::DCP);
            let rows = || self.policy.table.rows_of(csl).filter(stays);
            let locked = rows().fold(0, |value, row| value | row.slot.bits(row.access, true));
            let mask = rows().fold(0, |mask, row| mask | row.slot.mask());
            // Nothing of it stays closed.
            if mask == 0 {
                continue;
            }
            csu.set_csl(csl, csu.csl(csl) & !mask | locked);
            self.taken(Csu::<B>::csl_register(csl), mask, locked)?;
        }
        Ok(())
    }

    fn start_watchdog(&self) -> Result<(), Error> {
        let times = self.policy.watchdog;
        for watchdog in Watchdog::all(self.bus) {
            watchdog.stop_power_down();
            self.taken16(watchdog.power_down_register(), wdog::POWER_DOWN, 0)?;
        }
        let watchdog = Watchdog::trusted(self.bus);
        watchdog.start(times);
        self.taken16(watchdog.interrupt_register(), wdog::INTERRUPT_MASK, times.interrupt())?;
        self.taken16(watchdog.control_register(), wdog::CONTROL_MASK, times.control())
    }

    fn open_memory(&self) -> Result<(), Error> {
        let controller = Tzasc::new(self.bus);
        for (&window, region) in self.policy.windows.iter().zip(1..) {
            controller.place(region, window);
            let (low, high) = Tzasc::<B>::base_registers(region);
            self.taken(low, u32::MAX, window.base())?;
            self.taken(high, u32::MAX, 0)?;
            controller.open(region, window);
            self.taken(Tzasc::<B>::attributes_register(region), tzasc::ATTRIBUTES_MASK, window.attributes())?;
        }
        controller.select_lockdown();
        let (range, select) = Tzasc::<B>::lockdown_registers();
        self.taken(range, tzasc::LOCKDOWN_RANGE_MASK, tzasc::LOCKDOWN_ALL)?;
        self.taken(select, tzasc::LOCKDOWN_SELECT_MASK, tzasc::LOCKDOWN_ALL)?;
        Gpr::new(self.bus).lock_tzasc();
        self.taken(Gpr::<B>::lock_register(), gpr::TZASC_LOCK, gpr::TZASC_LOCK)
    }

    fn open_peripherals(&self) -> Result<(), Error> {
        let csu = Csu::new(self.bus);
        for row in self.policy.table.rows().iter().filter(|row| row.access.opens()) {
            csu.set(row.slot, row.access, true);
            self.taken(Csu::<B>::csl_register(row.slot.csl()), row.slot.mask(), row.slot.bits(row.access, true))?;
        }
        Ok(())
    }
}
