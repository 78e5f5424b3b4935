// SPDX-License-Identifier: BSD-2-Clause
//! Steps that pass or fail, counted.

use crate::println;
use core::fmt::Display;

/// A run of named steps.
pub(crate) struct Report {
    what: &'static str,
    passed: u32,
    failed: u32,
}

impl Report {
    /// A run of steps of a kind (`demo`, `test`).
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, passed: 0, failed: 0 }
    }

    /// Counts a step and prints its line.
    pub(crate) fn step<T, E: Display>(&mut self, name: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => {
                self.passed += 1;
                println!("{} {name} ... ok", self.what);
                Some(value)
            }
            Err(error) => {
                self.failed += 1;
                println!("{} {name} ... FAILED: {error}", self.what);
                None
            }
        }
    }

    /// Prints the closing line; gives the number of failures.
    pub(crate) fn close(self) -> u32 {
        println!("{}: {} passed, {} failed", self.what, self.passed, self.failed);
        self.failed
    }
}

/// Compares what came with what was expected.
pub(crate) fn expect<T: PartialEq + core::fmt::Debug>(got: T, wanted: T) -> Result<(), alloc::string::String> {
    if got == wanted { Ok(()) } else { Err(alloc::format!("got {got:?}, expected {wanted:?}")) }
}
