// SPDX-License-Identifier: BSD-2-Clause
//! The console of the trusted OS: on this terminal, and typed at by a test.

pub(crate) mod golden;
pub(crate) mod load;
mod session;

use crate::image::Image;
use crate::linux::boot::Lines;
use crate::linux::console::{Raw, type_keys};
use crate::qemu::{Machine, World};
use crate::run::{Said, Speakers};
use crate::symbols::Symbols;
use anyhow::Result;
use session::Session;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Boots a machine and connects this terminal to its secure UART until it ends or Control-A x is typed.
///
/// What the secure world sends is shown byte by byte, return addresses with functions and lines; the normal world line by line.
///
/// # Errors
/// When QEMU does not start, or the terminal cannot be set up.
pub(crate) fn operate(image: &Image, machine: &Machine) -> Result<u8> {
    let mut session = Session::start(image, machine)?;
    eprintln!("any key wakes the console of the trusted OS, `help` lists its commands; Control-A x ends the machine");
    let ended = Arc::new(AtomicBool::new(false));
    let keyboard = session.keyboard()?;
    let raw = std::io::stdin().is_terminal().then(Raw::new).transpose()?;
    let typed = Arc::clone(&ended);
    std::thread::spawn(move || type_keys(keyboard, &typed));
    let speakers = Speakers::new(image);
    let mut symbols = Symbols::new(image.ta_arch.ta_directory(), image.monitor.clone());
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (mut secure, mut normal) = (Lines::default(), Lines::default());
    let mut stdout = std::io::stdout();
    while !ended.load(Ordering::Relaxed) {
        let (world, bytes) = match session.next(Duration::from_millis(200)) {
            Ok(Some(next)) => next,
            Ok(None) => continue,
            Err(_) => break,
        };
        match world {
            World::Secure => {
                // Each line as it comes, and what it means below it.
                for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                    let (line, end) = piece.strip_suffix(b"\n").map_or((piece, &b""[..]), |line| (line, &b"\r\n"[..]));
                    stdout.write_all(line)?;
                    stdout.write_all(end)?;
                    for text in secure.push(piece).iter().flat_map(|line| symbols.line(line)) {
                        write!(stdout, "{}\r\n", Said::new("symbols", &text).line(colour))?;
                    }
                }
            }
            World::Normal => {
                for line in normal.push(&bytes) {
                    write!(stdout, "\r\x1b[K{}\r\n", speakers.said(World::Normal, &line).line(colour))?;
                    // What stood in that line comes again below.
                    stdout.write_all(secure.rest())?;
                }
            }
        }
        stdout.flush()?;
    }
    drop(raw);
    println!();
    Ok(0)
}
