// SPDX-License-Identifier: BSD-2-Clause
//! Lines on the secure console: [`error!`](crate::error), [`info!`](crate::info), [`debug!`](crate::debug),
//! [`flow!`](crate::flow) and [`println!`](crate::println).

use crate::raw::{Kernel, RawSyscalls, Word};
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU32, Ordering};
use utee_abi::sysnum::Syscall;

/// How much of the trace is printed; each level has those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// What went wrong.
    Error = 1,
    /// What a user wants to know.
    Info = 2,
    /// What a developer wants to know.
    Debug = 3,
    /// The way through the code.
    Flow = 4,
}

impl Level {
    const fn letter(self) -> char {
        match self {
            Self::Error => 'E',
            Self::Info => 'I',
            Self::Debug => 'D',
            Self::Flow => 'F',
        }
    }
}

static LEVEL: AtomicU32 = AtomicU32::new(Level::Info as u32);

/// Sets the level as a number: 0 prints nothing, 4 everything.
pub fn set_level(level: u32) {
    LEVEL.store(level, Ordering::Relaxed);
}

/// The level as a number.
pub fn level() -> u32 {
    LEVEL.load(Ordering::Relaxed)
}

/// Prints bytes as they are; the kernel marks each line with the TA they are from.
pub fn write(bytes: &[u8]) {
    // SAFETY: the kernel reads `bytes` and nothing else.
    unsafe { Kernel::call(Syscall::Log, [Word::from_ptr(bytes.as_ptr()), Word::size(bytes.len())]) };
}

/// Bytes that are collected before a system call.
const LINE: usize = 200;

/// Collects text on the stack and prints it a line at a time.
#[derive(Debug)]
struct Line {
    bytes: [u8; LINE],
    len: usize,
}

impl Line {
    const fn new() -> Self {
        Self { bytes: [0; LINE], len: 0 }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
        if self.len == LINE || byte == b'\n' {
            self.flush();
        }
    }

    fn flush(&mut self) {
        write(self.bytes.get(..self.len).unwrap_or_default());
        self.len = 0;
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.push(byte));
        Ok(())
    }
}

/// Prints a line; what [`println!`](crate::println) does.
pub fn line(arguments: fmt::Arguments<'_>) {
    let mut line = Line::new();
    // A `Display` that fails cuts its line short; there is nobody to tell.
    let _ = line.write_fmt(arguments);
    line.push(b'\n');
}

/// Prints a line when `level` is on; what [`info!`](crate::info) and the like do.
pub fn leveled(level: Level, arguments: fmt::Arguments<'_>) {
    if level as u32 <= self::level() {
        line(format_args!("{}/TA: {arguments}", level.letter()));
    }
}

/// Prints a line to the secure console.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => { $crate::trace::line(::core::format_args!($($argument)*)) };
}

/// Prints a line about what went wrong.
#[macro_export]
macro_rules! error {
    ($($argument:tt)*) => { $crate::trace::leveled($crate::trace::Level::Error, ::core::format_args!($($argument)*)) };
}

/// Prints a line for the user, from trace level 2.
#[macro_export]
macro_rules! info {
    ($($argument:tt)*) => { $crate::trace::leveled($crate::trace::Level::Info, ::core::format_args!($($argument)*)) };
}

/// Prints a line for the developer, from trace level 3.
#[macro_export]
macro_rules! debug {
    ($($argument:tt)*) => { $crate::trace::leveled($crate::trace::Level::Debug, ::core::format_args!($($argument)*)) };
}

/// Prints a line about the way through the code, at trace level 4.
#[macro_export]
macro_rules! flow {
    ($($argument:tt)*) => { $crate::trace::leveled($crate::trace::Level::Flow, ::core::format_args!($($argument)*)) };
}
