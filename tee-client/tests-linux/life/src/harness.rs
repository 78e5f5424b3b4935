// SPDX-License-Identifier: BSD-2-Clause
//! Running tests, and processes that are watched.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Why a test failed.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// How long anything may take that is to happen at once, on a machine that has much else to do.
pub(crate) const SOON: Duration = Duration::from_secs(15);

static FAILED: AtomicU32 = AtomicU32::new(0);

/// Runs a test and prints how it went.
pub(crate) fn test(name: &str, body: impl FnOnce() -> Result<()>) {
    match body() {
        Ok(()) => println!("test life: {name} ... ok"),
        Err(why) => {
            println!("test life: {name} ... FAILED: {why}");
            note_failure();
        }
    }
}

/// Counts a failure.
pub(crate) fn note_failure() {
    FAILED.fetch_add(1, Ordering::Relaxed);
}

/// The status of this program.
pub(crate) fn status() -> ExitCode {
    if FAILED.load(Ordering::Relaxed) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Fails when something is not so.
pub(crate) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(why()) }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !holds()? {
        ensure(start.elapsed() < SOON, || format!("{what}: not within {SOON:?}"))?;
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A process with its lines. It is killed when this is dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts a program.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = format!("{command:?}");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("{name}: {error}"))?;
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Self { name, child, lines })
    }

    /// This program as a client, see [`crate::client`].
    pub(crate) fn client(words: &[&str]) -> Result<Self> {
        Self::start(Command::new(own_path()?).arg("client").args(words))
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line; `None` at the end.
    pub(crate) fn line(&self) -> Result<Option<String>> {
        match self.lines.recv_timeout(SOON) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(format!("{}: says nothing", self.name)),
        }
    }

    /// Waits for a line.
    pub(crate) fn expect(&self, wanted: &str) -> Result<()> {
        match self.line()? {
            Some(line) if line == wanted => Ok(()),
            line => Err(format!("{}: says {line:?}, not {wanted}", self.name)),
        }
    }

    /// Kills it (SIGKILL); it has to be gone soon, whatever it does in the kernel or the TEE.
    pub(crate) fn kill(&mut self) -> Result<()> {
        Self::kill_all(std::slice::from_mut(self))
    }

    /// Kills several at once.
    pub(crate) fn kill_all(processes: &mut [Self]) -> Result<()> {
        for process in &mut *processes {
            process.child.kill().map_err(|error| format!("{}: {error}", process.name))?;
        }
        processes.iter_mut().try_for_each(Self::ended)
    }

    /// True while it runs.
    pub(crate) fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait().map_err(|error| format!("{}: {error}", self.name))?.is_none())
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> Result<()> {
        let what = format!("{} ends", self.name);
        until(&what, || Ok(!self.is_running()?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        // One that cannot be killed is what a test has told of; this one goes on.
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// This program.
pub(crate) fn own_path() -> Result<PathBuf> {
    std::env::current_exe().map_err(|error| error.to_string())
}

/// A program beside this one.
pub(crate) fn beside(name: &str) -> Result<PathBuf> {
    Ok(own_path()?.parent().unwrap_or_else(|| Path::new("/usr/bin")).join(name))
}
