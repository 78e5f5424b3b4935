// SPDX-License-Identifier: BSD-2-Clause
//! Who may use what on the bus of a chip that has a unit for it.

use crate::console::Refusal;
use crate::console::command::Session;
use crate::console::ports::AccessControl;
use crate::ports::Platform;

const NO_UNIT: Refusal = Refusal::Because("this board has no unit that separates peripherals and bus masters (CSU)");

const CSL: &str = "csl [PERIPHERAL SLAVE VALUE] (decimal, 0 or 1, hexadecimal)";
const SA: &str = "sa [MASTER secure|nonsecure]";

fn unit<'s, P: Platform>(session: &Session<'s, P>) -> Result<&'s dyn AccessControl, Refusal> {
    session.tee.platform.access_control().ok_or(NO_UNIT)
}

fn lock_mark(locked: bool) -> &'static str {
    if locked { " locked" } else { "" }
}

/// `csl [PERIPHERAL SLAVE VALUE]`.
///
/// # Errors
/// For other arguments, where there is no such unit, and when it cannot be set.
pub fn csl<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    let unit = unit(session)?;
    match arguments {
        [] => {
            for peripheral in 0..unit.counts().0 {
                write!(session.out, "CSL{peripheral:02}")?;
                for slave in 0..2 {
                    if let Some(right) = unit.peripheral(peripheral, slave) {
                        write!(session.out, " {slave}:{:#04x}{}", right.value, lock_mark(right.locked))?;
                    }
                }
                writeln!(session.out)?;
            }
            Ok(())
        }
        [peripheral, slave, value] => set::csl(session, unit, [peripheral, slave, value]),
        _ => Err(Refusal::Usage(CSL)),
    }
}

/// `sa [MASTER secure|nonsecure]`.
///
/// # Errors
/// As [`csl`].
pub fn sa<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    let unit = unit(session)?;
    match arguments {
        [] => {
            for master in 0..unit.counts().1 {
                if let Some(right) = unit.master(master) {
                    let world = if right.value { "secure" } else { "nonsecure" };
                    writeln!(session.out, "SA{master:02} {world}{}", lock_mark(right.locked))?;
                }
            }
            Ok(())
        }
        [master, world] => set::sa(session, unit, [master, world]),
        _ => Err(Refusal::Usage(SA)),
    }
}

/// Setting, which products leave out.
#[cfg(not(feature = "debug-console"))]
mod set {
    use super::{AccessControl, Platform, Refusal, Session};

    const NOT_HERE: Refusal = Refusal::Because("not in this image: only one that is built for debugging sets rights");

    pub(super) fn csl<P: Platform>(_: &mut Session<'_, P>, _: &dyn AccessControl, _: [&str; 3]) -> Result<(), Refusal> {
        Err(NOT_HERE)
    }

    pub(super) fn sa<P: Platform>(_: &mut Session<'_, P>, _: &dyn AccessControl, _: [&str; 2]) -> Result<(), Refusal> {
        Err(NOT_HERE)
    }
}

/// Setting.
#[cfg(feature = "debug-console")]
mod set {
    use super::{AccessControl, Platform, Refusal, SA, Session};
    use crate::console::ports::AccessError;
    use crate::console::words::{decimal, hexadecimal};

    const NONE_SUCH: Refusal = Refusal::Because("there is no such peripheral, slave, master or value");

    fn small(number: u64) -> Result<u8, Refusal> {
        u8::try_from(number).map_err(|_| NONE_SUCH)
    }

    pub(super) fn csl<P: Platform>(session: &mut Session<'_, P>, unit: &dyn AccessControl, words: [&str; 3]) -> Result<(), Refusal> {
        let [peripheral, slave, value] = words;
        let (peripheral, slave) = (small(decimal(peripheral)?)?, small(decimal(slave)?)?);
        done(session, unit.set_peripheral(peripheral, slave, small(hexadecimal(value)?)?))
    }

    pub(super) fn sa<P: Platform>(session: &mut Session<'_, P>, unit: &dyn AccessControl, words: [&str; 2]) -> Result<(), Refusal> {
        let [master, world] = words;
        let secure = match world {
            "secure" => true,
            "nonsecure" => false,
            _ => return Err(Refusal::Usage(SA)),
        };
        done(session, unit.set_master(small(decimal(master)?)?, secure))
    }

    fn done<P: Platform>(session: &mut Session<'_, P>, result: Result<(), AccessError>) -> Result<(), Refusal> {
        match result {
            Ok(()) => Ok(()),
            Err(AccessError::Unknown) => Err(NONE_SUCH),
            Err(AccessError::Locked(lock)) => {
                writeln!(session.out, "locked until the next reset by {lock}")?;
                Err(Refusal::Because("it is locked"))
            }
        }
    }
}
