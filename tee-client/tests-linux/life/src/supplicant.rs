// SPDX-License-Identifier: BSD-2-Clause
//! The system's supplicant, and others in its place.

use crate::harness::{Process, Result, beside, until};
use evil_supplicant::{Behaviour, READY};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use utee_abi::linux::SUPPLICANT_NODE;

/// Debian's.
const PROGRAM: &str = "tee-supplicant";

/// The system's supplicant as a process of this program; `None` while Linux takes the last one for alive.
///
/// Linux (6.12 at least) keeps a supplicant that died until nobody uses memory of its making any more, and lets no other one in.
/// A call that it died under uses such memory and waits for it: only the end of that client ends this.
pub(crate) fn start() -> Result<Option<Process>> {
    let mut process = Process::start(&mut Command::new(PROGRAM))?;
    let files = PathBuf::from(format!("/proc/{}/fd", process.id()));
    let node = format!("{SUPPLICANT_NODE}0");
    let mut open = false;
    until("the supplicant starts", || {
        let files = fs::read_dir(&files).into_iter().flatten().flatten();
        open = files.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|file| file.starts_with(&node));
        Ok(open || !process.is_running()?)
    })?;
    Ok(open.then_some(process))
}

/// The same when nothing keeps the last one.
pub(crate) fn start_now() -> Result<Process> {
    let mut process = None;
    until("the next supplicant may start", || {
        process = start()?;
        Ok(process.is_some())
    })?;
    process.ok_or_else(|| "no supplicant".into())
}

/// One that does something wrong; requests reach it from now on.
pub(crate) fn start_evil(behaviour: Behaviour) -> Result<Process> {
    let process = Process::start(Command::new(beside("evil-supplicant")?).arg(behaviour.to_string()))?;
    process.expect(READY)?;
    Ok(process)
}

/// Takes the system's supplicant away while this lives; afterwards it is a service again.
pub(crate) struct Away;

impl Away {
    pub(crate) fn new() -> Result<Self> {
        for id in running()? {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
        until("the supplicant ends", || Ok(running()?.is_empty()))?;
        Ok(Self)
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        if let Err(why) =
            until("the system's supplicant is back", || Ok(Command::new(PROGRAM).arg("-d").status().is_ok_and(|status| status.success())))
        {
            println!("{why}");
        }
    }
}

/// Processes of the supplicant.
fn running() -> Result<Vec<u32>> {
    let processes = fs::read_dir("/proc").map_err(|error| error.to_string())?;
    let is_one = |entry: &fs::DirEntry| fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name.trim() == PROGRAM);
    Ok(processes.flatten().filter(is_one).filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}
