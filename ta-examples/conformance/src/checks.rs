// SPDX-License-Identifier: BSD-2-Clause
//! Counts checks and remembers the first one that failed.

use alloc::string::String;
use core::fmt::Debug;
use core::panic::Location;
use utee::{TeeError, error};

/// The checks of one group.
pub(crate) struct Checks {
    group: &'static str,
    passed: u32,
    first_failure: u32,
}

impl Checks {
    pub(crate) fn new(group: &'static str) -> Self {
        Self { group, passed: 0, first_failure: 0 }
    }

    /// A check: `found` is to be `wanted`.
    #[track_caller]
    pub(crate) fn equal<T: PartialEq + Debug>(&mut self, found: T, wanted: T) {
        if found == wanted {
            self.passed += 1;
        } else {
            self.fail(Location::caller(), format_args!("{found:?} instead of {wanted:?}"));
        }
    }

    /// A check: `found` is true.
    #[track_caller]
    pub(crate) fn holds(&mut self, found: bool) {
        if found {
            self.passed += 1;
        } else {
            self.fail(Location::caller(), format_args!("does not hold"));
        }
    }

    /// A check: a published vector gives its answer.
    #[track_caller]
    pub(crate) fn answers(&mut self, vector: &str, number: usize, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(text) => self.fail(Location::caller(), format_args!("{vector}, number {number} of its file: {text}")),
        }
    }

    /// What had to work for the group to go on did not.
    pub(crate) fn stop(&mut self, error: TeeError) {
        error!("{}: stopped by {error}", self.group);
        self.first_failure = self.first_failure.max(1);
    }

    fn fail(&mut self, at: &Location<'_>, what: core::fmt::Arguments<'_>) {
        error!("{}: {at}: {what}", self.group);
        if self.first_failure == 0 {
            self.first_failure = at.line();
        }
    }

    pub(crate) fn passed(&self) -> u32 {
        self.passed
    }

    pub(crate) fn failed(&self) -> bool {
        self.first_failure != 0
    }

    /// Line of the first failure, 1 when the group was stopped, 0 for none.
    pub(crate) fn first_failure(&self) -> u32 {
        self.first_failure
    }
}
