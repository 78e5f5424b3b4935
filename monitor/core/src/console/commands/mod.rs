// SPDX-License-Identifier: BSD-2-Clause
//! What the commands do.

pub mod access;
pub mod demonstration;
mod engine;
pub mod memory;
pub mod system;
pub mod tas;
pub mod threads;

use super::Refusal;
use core::fmt;

/// Writing to the operator cannot fail; the error of the formatting machinery has to be something.
impl From<fmt::Error> for Refusal {
    fn from(_: fmt::Error) -> Self {
        Self::Because("it cannot be shown")
    }
}

/// Refuses arguments of a command that takes none.
///
/// # Errors
/// Its usage.
pub fn none(arguments: &[&str], name: &'static str) -> Result<(), Refusal> {
    if arguments.is_empty() { Ok(()) } else { Err(Refusal::Usage(name)) }
}
