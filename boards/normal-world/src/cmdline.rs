// SPDX-License-Identifier: BSD-2-Clause
//! What this run is to do: words of the command line, from the emulator's firmware configuration device or the device tree.
//!
//! `demo` (also without any word), `call`, `suite`, `bench`, `isolation`, `reset`, `idle`; `known`: the suite plays the vectors of every
//! algorithm too; `semihosting`: end the emulator with a status; `icount`: the cycle counter counts instructions; `key=value` words are
//! the program's own.

use crate::board::{board, tree};
use alloc::string::String;
use alloc::vec::Vec;
use drivers::fw_cfg::FwCfg;
use qemu_virt::map::CMDLINE;

/// The program to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Demo,
    Call,
    Suite,
    Bench,
    Isolation,
    Reset,
    Idle,
}

/// The words.
pub(crate) struct Options {
    words: Vec<String>,
}

fn config() -> Option<FwCfg> {
    // SAFETY: the device's block, mapped as device memory.
    unsafe { FwCfg::new(board().fw_cfg? as usize) }
}

/// Number of CPUs, where the firmware configuration device says it.
pub(crate) fn cpus() -> Option<usize> {
    config().map(|config| usize::from(config.cpus()))
}

/// Reads the command line.
pub(crate) fn read() -> Options {
    let told = || tree()?.chosen("bootargs").map(|text| text.as_bytes().to_vec());
    let text = file(CMDLINE).or_else(told).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    Options { words: text.split(|c: char| c.is_whitespace() || c == '\0').filter(|word| !word.is_empty()).map(String::from).collect() }
}

/// Reads a file of the firmware configuration device.
pub(crate) fn file(name: &str) -> Option<Vec<u8>> {
    let config = config()?;
    let file = config.find(name)?;
    let mut bytes = alloc::vec![0; file.len as usize];
    config.read_file(file, &mut bytes);
    Some(bytes)
}

impl Options {
    /// True when the word is there.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    /// The value of `key=value`.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    /// The program.
    pub(crate) fn program(&self) -> Program {
        let known = [
            ("call", Program::Call),
            ("suite", Program::Suite),
            ("bench", Program::Bench),
            ("isolation", Program::Isolation),
            ("reset", Program::Reset),
            ("idle", Program::Idle),
        ];
        known.into_iter().find(|(word, _)| self.has(word)).map_or(Program::Demo, |(_, program)| program)
    }
}
