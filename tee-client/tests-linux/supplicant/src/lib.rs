// SPDX-License-Identifier: BSD-2-Clause
//! A supplicant that loads TAs, well or with one thing wrong.
//!
//! * [`Behaviour`] - what it does wrong.
//! * [`serve`] - the requests of the TEE, one after the other.

#![forbid(unsafe_code)]

mod answers;
mod behaviour;

pub use answers::serve;
pub use behaviour::Behaviour;

/// What it prints when requests reach it from now on.
pub const READY: &str = "ready";
/// What it prints when it holds a request back for ever.
pub const SILENT: &str = "silent";
/// What it prints when Linux took an answer that it has to refuse.
pub const TAKEN: &str = "Linux took it";
