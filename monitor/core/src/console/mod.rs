// SPDX-License-Identifier: BSD-2-Clause
//! The console of the trusted OS: a secure thread of its own that serves an operator on the secure UART.
//!
//! * [`editor`], [`words`], [`shell`] - keys to lines, lines to words, words to commands, over any [`stream::ByteStream`].
//! * [`command`] - the list of commands; [`commands`] - what they do, one file a family.
//! * [`screen`] - log lines and the typed line on one UART.
//! * [`schedule`] - when the thread runs: after a secure interrupt, until it waits for input or the normal world is interrupted.
//! * [`job`] - what it has a thread of the calls do: the TA of its demonstration.
//! * [`ports`] - what it asks of the machine.

pub mod command;
pub mod commands;
pub mod editor;
pub mod job;
pub mod ports;
pub mod schedule;
pub mod screen;
pub mod shell;
pub mod stream;
pub mod words;

use crate::Tee;
use crate::ports::{Platform, ThreadExit};
use stream::ByteStream;

pub use schedule::Console;

/// Why a line was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such command.
    Unknown,
    /// Its arguments are not these.
    Usage(&'static str),
    /// For this reason.
    Because(&'static str),
}

/// The secure UART.
struct Uart<'p, P>(&'p P);

impl<P: Platform> ByteStream for Uart<'_, P> {
    fn read(&mut self, out: &mut [u8]) -> usize {
        self.0.console_read(out)
    }

    fn write(&mut self, text: &[u8]) -> usize {
        self.0.screen().print(|bytes| self.0.console(bytes), text);
        text.len()
    }

    fn show(&mut self, line: &[u8]) {
        self.0.screen().show(|bytes| self.0.console(bytes), line);
    }

    fn end_line(&mut self) {
        self.0.screen().end_line(|bytes| self.0.console(bytes));
    }

    fn alert(&mut self) {
        self.0.screen().alert(|bytes| self.0.console(bytes));
    }

    fn rest(&mut self) {
        self.0.screen().rest();
    }

    fn wait(&mut self) {
        self.0.suspend(ThreadExit::Wait(None));
    }
}

/// What the thread of the console executes.
pub fn main<P: Platform>(tee: &Tee<P>) -> ! {
    shell::run(tee, &mut Uart(&tee.platform))
}
