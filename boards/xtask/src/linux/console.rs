// SPDX-License-Identifier: BSD-2-Clause
//! Linux's console on this terminal.

use super::Guest;
use super::boot::{From, Lines, Running};
use super::log::Log;
use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The key that starts a command to this tool: Control-A, as in QEMU.
const ESCAPE: u8 = 1;

/// The terminal's settings, which come back when this is dropped.
pub(crate) struct Raw {
    before: String,
}

impl Raw {
    /// Hands every key on as it is typed.
    ///
    /// # Errors
    /// When the terminal's settings cannot be read.
    pub(crate) fn new() -> Result<Self> {
        let output = Command::new("stty").arg("-g").stdin(Stdio::inherit()).output().context("cannot start stty")?;
        let before = String::from_utf8_lossy(&output.stdout).trim().to_string();
        stty(&["raw", "-echo"]);
        Ok(Self { before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        stty(&[&self.before]);
    }
}

fn stty(words: &[&str]) {
    // Where it does not work the terminal stays as it is, which the user sees.
    let _ = Command::new("stty").args(words).stdin(Stdio::inherit()).status();
}

/// Boots the guest to a shell on this terminal, until the machine ends or the user ends it by Control-A x.
///
/// # Errors
/// When the guest cannot be made or started.
pub(crate) fn shell(guest: &Guest<'_>, mut log: Log) -> Result<u8> {
    let machine = guest.prepare(&[], false)?;
    eprintln!("Control-A x ends the machine, and so does leaving the shell");
    let mut running = Running::start(guest.image, &machine)?;
    let ended = Arc::new(AtomicBool::new(false));
    let keyboard = running.console().try_clone()?;
    let raw = Raw::new()?;
    let typed = Arc::clone(&ended);
    std::thread::spawn(move || type_keys(keyboard, &typed));
    let (mut line, mut secure) = (Lines::default(), Lines::default());
    let mut stdout = std::io::stdout();
    running.follow(
        None,
        || ended.load(Ordering::Relaxed),
        |from, bytes| {
            match from {
                From::Console => {
                    line.push(bytes);
                    stdout.write_all(bytes)?;
                }
                From::Secure => {
                    for said in secure.push(bytes).iter().flat_map(|line| log.secure_lines(line)) {
                        write!(stdout, "\r\x1b[K{said}\r\n")?;
                        // What stood in that line comes again below.
                        stdout.write_all(line.rest())?;
                    }
                }
                From::Control | From::Out | From::Err => {}
            }
            stdout.flush()?;
            Ok(())
        },
    )?;
    drop(raw);
    println!();
    Ok(0)
}

/// Hands what is typed to the console, until it was Control-A x.
pub(crate) fn type_keys(mut console: impl Write, ended: &AtomicBool) {
    let mut escaped = false;
    for byte in std::io::stdin().lock().bytes() {
        let Ok(byte) = byte else { return };
        match (escaped, byte) {
            (true, b'x' | b'X') => return ended.store(true, Ordering::Relaxed),
            // Twice it is itself.
            (false, ESCAPE) => escaped = true,
            _ => {
                escaped = false;
                if console.write_all(&[byte]).is_err() {
                    return;
                }
            }
        }
    }
}
