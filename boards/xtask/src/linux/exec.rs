// SPDX-License-Identifier: BSD-2-Clause
//! Commands in the guest, and how they went.
//!
//! What happened comes over a port of its own, each line behind a random word, so that nothing that a program prints
//! can be mistaken for it.

use super::Guest;
use super::boot::{End, From, Lines, Running};
use super::log::Log;
use crate::test::Count;
use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::time::Duration;

/// A command of a test boot.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Its name; it is a test itself, which passes when its status is 0.
    pub(crate) name: String,
    /// For the shell, as root in /root. Lines `test <name> ... ok` or `... FAILED: <why>` that it prints are tests.
    pub(crate) command: String,
}

impl Named {
    /// A command with its name.
    pub(crate) fn new(name: &str, command: &str) -> Self {
        Self { name: name.into(), command: command.into() }
    }
}

/// A word that no program of the guest knows beforehand.
pub(super) fn token() -> Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("no random bytes")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Boots the guest, runs a command, passes its output on and gives its status.
///
/// # Errors
/// When the guest does not come to the command's end.
pub(crate) fn command(guest: &Guest<'_>, command: &str, limit: Duration, log: Log) -> Result<u8> {
    run(guest, command, limit, log, |bytes| Ok(std::io::stdout().write_all(bytes).and_then(|()| std::io::stdout().flush())?))
}

/// As [`command`]; its output goes to `out`.
///
/// # Errors
/// As [`command`], and what `out` fails with.
pub(crate) fn run(guest: &Guest<'_>, command: &str, limit: Duration, mut log: Log, mut out: impl FnMut(&[u8]) -> Result<()>) -> Result<u8> {
    let token = token()?;
    let run = format!(
        "#!/bin/sh\nsh /etc/oxtee/command >/dev/ports/oxtee.out 2>/dev/ports/oxtee.err\necho \"{token} status $?\" >/dev/ports/oxtee.control\n"
    );
    let scripts = [("command".into(), format!("{command}\n")), ("run".into(), run)];
    let mut running = Running::start(guest.image, &guest.prepare(&scripts, true)?)?;
    let (mut control, mut console, mut secure, mut status) = (Lines::default(), Lines::default(), Lines::default(), None);
    let end = running.follow(
        Some(limit),
        || false,
        |from, bytes| {
            match from {
                From::Out => out(bytes)?,
                From::Err => std::io::stderr().write_all(bytes)?,
                From::Control => {
                    let said = control.push(bytes);
                    status =
                        status.or_else(|| said.iter().find_map(|line| line.strip_prefix(&token)?.strip_prefix(" status ")?.parse().ok()));
                }
                // Behind the command nothing is to be seen but that the machine goes off.
                From::Console if status.is_some() => {}
                From::Console => console.push(bytes).iter().for_each(|line| log.linux(line)),
                From::Secure => secure.push(bytes).iter().for_each(|line| log.secure(line)),
            }
            Ok(())
        },
    )?;
    match (status, end) {
        (Some(status), _) => Ok(status),
        (None, End::Off) => bail!("Linux ended before the command did"),
        (None, End::Stopped(why)) => bail!("the run was stopped: {why}"),
    }
}

/// Lines of the shell that run a command and tell of its status, on a line of its own whatever it printed.
fn counted(token: &str, index: usize) -> String {
    format!("sh /etc/oxtee/test{index} </dev/null >&3 2>&1\nstatus=$?; echo >&3; echo \"{token} {index} $status\" >&3\n")
}

/// Boots the guest once, runs the commands in their order and counts how they and the tests in them went. Everything
/// that was said is shown when something failed.
///
/// # Errors
/// When the guest cannot be made or started; everything else is a failure that is counted.
pub(crate) fn tests(title: &str, guest: &Guest<'_>, commands: &[Named], limit: Duration, mut log: Log, count: &mut Count) -> Result<()> {
    let token = token()?;
    let mut scripts = Vec::new();
    let mut run = String::from("#!/bin/sh\nexec 3>/dev/ports/oxtee.control\n");
    for (index, Named { command, .. }) in commands.iter().enumerate() {
        scripts.push((format!("test{index}"), format!("{command}\n")));
        run.push_str(&counted(&token, index));
    }
    scripts.push(("run".into(), run));
    let mut running = Running::start(guest.image, &guest.prepare(&scripts, false)?)?;
    let (mut control, mut console, mut secure) = (Lines::default(), Lines::default(), Lines::default());
    let (mut passed, mut failed, mut ended) = (0, Vec::new(), 0);
    let end = running.follow(
        Some(limit),
        || false,
        |from, bytes| {
            match from {
                From::Control => {
                    for line in control.push(bytes) {
                        if let Some(result) = line.strip_prefix(&token) {
                            let mut words = result.split_whitespace();
                            let name =
                                words.next().and_then(|index| commands.get(index.parse::<usize>().ok()?)).map_or("?", |named| &named.name);
                            ended += 1;
                            match words.next() {
                                Some("0") => passed += 1,
                                status => failed.push(format!("{name}: status {}", status.unwrap_or("none"))),
                            }
                            log.linux(&format!("test: {name} ended"));
                            continue;
                        }
                        match line.strip_prefix("test ").and_then(|line| line.split_once(" ... ")) {
                            Some((_, "ok")) => passed += 1,
                            Some((name, why)) if why.starts_with("FAILED") => failed.push(format!("{name}: {why}")),
                            _ => {}
                        }
                        log.linux(&line);
                    }
                }
                From::Console => console.push(bytes).iter().for_each(|line| log.linux(line)),
                From::Secure => secure.push(bytes).iter().for_each(|line| log.secure(line)),
                From::Out | From::Err => {}
            }
            Ok(())
        },
    )?;
    if ended != commands.len() {
        let why = match end {
            End::Off => "Linux ended",
            End::Stopped(why) => why,
        };
        failed.push(format!("{ended} of {} commands came to their end: {why}", commands.len()));
    }
    count.add(title, passed, failed, log.kept());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::counted;
    use std::process::Command;

    #[test]
    fn the_status_is_that_of_the_command() {
        // The shell here runs the same lines; what it cannot open is a command that fails.
        let script = format!("exec 3>&1\n{}", counted("word", 999_999));
        let said = Command::new("sh").args(["-c", &script]).output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let said = said.expect("a shell");
        let status = said.lines().last().and_then(|line| line.strip_prefix("word 999999 ")).and_then(|status| status.parse::<u32>().ok());
        assert!(status.is_some_and(|status| status != 0), "{said}");
    }
}
