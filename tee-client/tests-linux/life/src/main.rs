// SPDX-License-Identifier: BSD-2-Clause
//! `tee-test-life`: tests in Linux, as root, of clients and supplicants that die or do wrong, and of who clients are.
//!
//! What the TEE has loaded and given out is compared before and after, to the byte. Each test prints one line.

#![forbid(unsafe_code)]

mod client;
mod clients;
mod crowd;
mod evil;
mod harness;
mod identity;
mod restart;
mod statistics;
mod supplicant;

use std::process::ExitCode;

/// A group of tests.
type Group = fn() -> harness::Result<()>;

/// The groups by name.
const GROUPS: [(&str, Group); 5] =
    [("identity", identity::run), ("clients", clients::run), ("crowd", crowd::run), ("supplicants", evil::run), ("restart", restart::run)];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["client", rest @ ..] = words.as_slice() {
        return client::run(rest);
    }
    let wanted = |name: &str| words.is_empty() || words.contains(&name);
    for (name, group) in GROUPS.iter().filter(|(name, _)| wanted(name)) {
        if let Err(why) = group() {
            println!("test life: {name} ... FAILED: {why}");
            harness::note_failure();
        }
    }
    harness::status()
}
