// SPDX-License-Identifier: BSD-2-Clause
//! Runs cases in the guest, each by a start of the suite's program of its own. A case that stops the machine, or never ends,
//! fails; the ones behind it run after another boot.

use super::output::{self, Outcome, Run};
use crate::linux::Guest;
use crate::linux::boot::{End, From, Lines, Running};
use crate::linux::exec::token;
use crate::linux::log::Log;
use anyhow::{Result, bail};
use std::cell::Cell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Seconds that the guest has over the limit of a case, to end it and to boot.
const GRACE: u64 = 120;

/// What is run, and how.
pub(super) struct Plan {
    /// Cases in their order.
    pub(super) cases: Vec<String>,
    /// Level of the suite: more of each case.
    pub(super) level: u32,
    /// Seconds that a case may take.
    pub(super) limit: u64,
}

/// Runs the cases; `begun` and `done` are told of each.
///
/// # Errors
/// When the guest cannot be made or started, or does not come to the first case.
pub(super) fn run(guest: &Guest<'_>, plan: &Plan, log: &mut Log, begun: impl Fn(&str), mut done: impl FnMut(Run)) -> Result<()> {
    let mut rest: VecDeque<String> = plan.cases.iter().cloned().collect();
    while !rest.is_empty() {
        let cases: Vec<String> = rest.iter().cloned().collect();
        let (current, end) = boot(guest, &cases, plan, log, &begun, |run| {
            rest.pop_front();
            done(run);
        })?;
        let why = match end {
            End::Off => "the machine ended",
            End::Stopped(why) => why,
        };
        match current {
            Some((name, seconds)) => {
                rest.pop_front();
                done(Run { name, outcome: Outcome::Failed(why.into()), subtests: 0, seconds });
            }
            None if rest.len() == cases.len() => bail!("Linux did not come to the suite: {why}"),
            None => {}
        }
    }
    Ok(())
}

/// A case that was begun, with its seconds until now.
type Begun = Option<(String, u64)>;

/// One boot: gives the case that did not end, and how the machine did.
fn boot(
    guest: &Guest<'_>,
    cases: &[String],
    plan: &Plan,
    log: &mut Log,
    begun: &impl Fn(&str),
    mut done: impl FnMut(Run),
) -> Result<(Begun, End)> {
    let token = token()?;
    let (level, limit) = (plan.level, plan.limit);
    let script = format!(
        "#!/bin/sh\nexec >/dev/ports/oxtee.out 2>&1\nfor case in {}; do\n\
         echo; echo \"{token} begin $case\"\ntimeout -s KILL {limit} xtest -t \"${{case%%_*}}\" -l {level} \"$case\" </dev/null\n\
         status=$?\necho; echo \"{token} end $case $status\"\ndone\n",
        cases.join(" ")
    );
    let mut running = Running::start(guest.image, &guest.prepare(&[("run".into(), script)], false)?)?;
    let clock = Cell::new(Instant::now());
    let allowed = Duration::from_secs(limit + GRACE);
    let (mut console, mut secure, mut suite) = (Lines::default(), Lines::default(), Lines::default());
    let (mut current, mut lines): (Option<String>, Vec<String>) = (None, Vec::new());
    let whole = allowed * u32::try_from(cases.len() + 1)?;
    let end = running.follow(
        Some(whole),
        || clock.get().elapsed() > allowed,
        |from, bytes| {
            match from {
                From::Console => console.push(bytes).iter().for_each(|line| log.linux(line)),
                From::Secure => secure.push(bytes).iter().for_each(|line| log.secure(line)),
                From::Out => {
                    for line in suite.push(bytes) {
                        match line.strip_prefix(&token).map(|rest| rest.split_whitespace().collect::<Vec<_>>()).as_deref() {
                            Some(["begin", case]) => {
                                clock.set(Instant::now());
                                begun(case);
                                log.suite(&format!("begin {case}"));
                                current = Some((*case).to_string());
                                lines.clear();
                            }
                            Some(["end", case, status]) => {
                                log.suite(&format!("end {case}, status {status}"));
                                done(output::read(case, &lines, status, clock.get().elapsed().as_secs()));
                                clock.set(Instant::now());
                                current = None;
                            }
                            _ => {
                                log.suite(&line);
                                lines.push(line);
                            }
                        }
                    }
                }
                From::Control | From::Err => {}
            }
            Ok(())
        },
    )?;
    let end = if clock.get().elapsed() > allowed { End::Stopped("it did not end, nor could it be ended") } else { end };
    Ok((current.map(|case| (case, clock.get().elapsed().as_secs())), end))
}
