// SPDX-License-Identifier: BSD-2-Clause
//! What the two worlds say beside what was asked for: on standard error, in a file, or kept until it is needed.

use crate::image::Image;
use crate::qemu::World;
use crate::run::{Said, Speakers};
use crate::symbols::Symbols;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{IsTerminal, Write as _};
use std::path::Path;

/// Collects lines with who says them.
pub(crate) struct Log {
    speakers: Speakers,
    symbols: Symbols,
    file: Option<File>,
    /// Whether everything goes into the file.
    all: bool,
    kept: Option<String>,
    colour: bool,
}

impl Log {
    /// Prints to standard error; what the secure world says goes into the file if there is one.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn new(image: &Image, secure: Option<&Path>) -> Result<Self> {
        let file = secure.map(|path| File::create(path).with_context(|| format!("cannot write {}", path.display()))).transpose()?;
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let symbols = Symbols::new(image.ta_arch.ta_directory(), image.monitor.clone());
        Ok(Self { speakers: Speakers::new(image), symbols, file, all: false, kept: None, colour })
    }

    /// Keeps everything for [`Self::kept`] and prints nothing.
    pub(crate) fn keeping(image: &Image) -> Result<Self> {
        Ok(Self { kept: Some(String::new()), colour: false, ..Self::new(image, None)? })
    }

    /// Writes everything into a file and prints nothing.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn to_file(image: &Image, path: &Path) -> Result<Self> {
        Ok(Self { all: true, colour: false, ..Self::new(image, Some(path))? })
    }

    /// Everything that was kept.
    pub(crate) fn kept(&self) -> &str {
        self.kept.as_deref().unwrap_or_default()
    }

    /// A line of Linux.
    pub(crate) fn linux(&mut self, line: &str) {
        let text = Said::new("linux", line).line(self.colour);
        self.put(&text);
    }

    /// A line of OP-TEE's test suite.
    pub(crate) fn suite(&mut self, line: &str) {
        let text = Said::new("xtest", line).line(self.colour);
        self.put(&text);
    }

    /// A line of the secure world.
    pub(crate) fn secure(&mut self, line: &str) {
        for text in self.secure_lines(line) {
            self.put(&text);
        }
    }

    /// What is to be shown of a line of the secure world: nothing when it went into the file.
    pub(crate) fn secure_lines(&mut self, line: &str) -> Vec<String> {
        let mut said = vec![self.speakers.said(World::Secure, line)];
        said.extend(self.symbols.line(line).into_iter().map(|text| Said::new("symbols", &text)));
        match &mut self.file {
            Some(file) => {
                for said in said {
                    // A log that cannot be written ends nothing.
                    let _ = writeln!(file, "{}", said.line(false));
                }
                Vec::new()
            }
            None => said.iter().map(|said| said.line(self.colour)).collect(),
        }
    }

    fn put(&mut self, line: &str) {
        match (&mut self.kept, &mut self.file) {
            (Some(kept), _) => {
                let _ = writeln!(kept, "{line}");
            }
            (None, Some(file)) if self.all => {
                let _ = writeln!(file, "{line}");
            }
            _ => eprintln!("{line}"),
        }
    }
}
