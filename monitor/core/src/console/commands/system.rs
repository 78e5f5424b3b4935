// SPDX-License-Identifier: BSD-2-Clause
//! The machine as a whole: what there is to type, debug state, reset.

use super::none;
use crate::console::Refusal;
use crate::console::command::{Session, all};
use crate::ports::Platform;

/// `help`.
///
/// # Errors
/// For arguments.
pub fn help<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    none(arguments, "help")?;
    for command in all::<P>() {
        writeln!(session.out, "{:8} {:26} {}", command.name, command.arguments, command.purpose)?;
    }
    Ok(())
}

/// `reboot`.
///
/// # Errors
/// For arguments.
pub fn reboot<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    none(arguments, "reboot")?;
    writeln!(session.out, "resetting the machine")?;
    session.tee.platform.system_reset()
}

/// Pairs of bits of DBGAUTHSTATUS from the lowest on, each enabled and implemented (Arm ARM, C11.11.1).
const RIGHTS: [&str; 4] = ["non-secure, invasive", "non-secure, non-invasive", "secure, invasive", "secure, non-invasive"];

/// `dbg`.
///
/// # Errors
/// For arguments, and where the CPU does not tell.
pub fn dbg<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    none(arguments, "dbg")?;
    let status = session.tee.platform.debug_authentication();
    let status = status.ok_or(Refusal::Because("this CPU does not tell: it has no DBGAUTHSTATUS"))?;
    writeln!(session.out, "DBGAUTHSTATUS {status:#010x}")?;
    writeln!(session.out, "{:26} {:12} enabled", "debug", "implemented")?;
    let mut bits = status;
    for what in RIGHTS {
        writeln!(session.out, "{what:26} {:12} {}", yes(bits & 2), yes(bits & 1))?;
        bits >>= 2;
    }
    Ok(())
}

fn yes(bit: u32) -> &'static str {
    if bit != 0 { "yes" } else { "no" }
}
