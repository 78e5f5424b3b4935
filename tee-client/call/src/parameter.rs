// SPDX-License-Identifier: BSD-2-Clause
//! Parameters of the command line, and what becomes of them.

use crate::Failure;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tee_client::transport::linux::{Device, Linux};
use tee_client::{Direction, Operation, Param};
use utee_abi::param::PARAMS;

/// Bytes of an output file whose size is not given.
const DEFAULT_SIZE: usize = 65536;
/// Standard input or output.
const STANDARD: &str = "-";

/// A parameter; after the call its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    ValueInput(u32, u32),
    ValueOutput(u32, u32),
    ValueInout(u32, u32),
    /// With the size that the TA gave it.
    Null(usize),
    Input {
        path: PathBuf,
        bytes: Vec<u8>,
    },
    Output {
        path: PathBuf,
        bytes: Vec<u8>,
        size: usize,
    },
    Inout {
        to: PathBuf,
        bytes: Vec<u8>,
        size: usize,
    },
}

/// What the TA made of a parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    value: (u32, u32),
    size: usize,
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error| Failure::File(path.into(), error);
    if path.as_os_str() == STANDARD {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(fail)?;
        return Ok(bytes);
    }
    fs::read(path).map_err(fail)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = if path.as_os_str() == STANDARD { std::io::stdout().write_all(bytes) } else { fs::write(path, bytes) };
    written.map_err(|error| Failure::File(path.into(), error))
}

impl Parameter {
    pub(crate) fn input(path: &Path) -> Result<Self, Failure> {
        Ok(Self::Input { path: path.into(), bytes: read(path)? })
    }

    pub(crate) fn output(path: &Path, size: usize) -> Self {
        Self::Output { path: path.into(), bytes: vec![0; size], size }
    }

    pub(crate) fn inout(from: &Path, to: &Path) -> Result<Self, Failure> {
        let bytes = read(from)?;
        Ok(Self::Inout { to: to.into(), size: bytes.len(), bytes })
    }

    /// Takes the result over.
    pub(crate) fn take(&mut self, outcome: Outcome) {
        match self {
            Self::ValueOutput(a, b) | Self::ValueInout(a, b) => (*a, *b) = outcome.value,
            Self::Null(size) | Self::Output { size, .. } | Self::Inout { size, .. } => *size = outcome.size,
            Self::ValueInput(..) | Self::Input { .. } => {}
        }
    }

    /// Writes what the TA wrote to its file.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        match self {
            Self::Output { path: to, bytes, size } | Self::Inout { to, bytes, size } => write(to, bytes.get(..*size).unwrap_or(bytes)),
            _ => Ok(()),
        }
    }
}

/// The parameters of the call.
pub(crate) fn convert(parameters: &mut [Parameter]) -> [Param<'_, Linux<Device>>; PARAMS] {
    let mut params = [const { Param::None }; PARAMS];
    for (to, parameter) in params.iter_mut().zip(parameters) {
        *to = match parameter {
            Parameter::ValueInput(a, b) => Param::value_input(*a, *b),
            Parameter::ValueOutput(..) => Param::value_output(),
            Parameter::ValueInout(a, b) => Param::value_inout(*a, *b),
            Parameter::Null(_) => Param::null(Direction::Inout),
            Parameter::Input { bytes, .. } => Param::input(bytes),
            Parameter::Output { bytes, .. } => Param::output(bytes),
            Parameter::Inout { bytes, .. } => Param::inout(bytes),
        };
    }
    params
}

/// What became of them.
pub(crate) fn results(operation: &Operation<'_, Linux<Device>>) -> [Outcome; PARAMS] {
    core::array::from_fn(|index| Outcome { value: operation.value(index), size: operation.size(index) })
}

/// A number, decimal or hexadecimal.
pub(crate) fn number(text: &str) -> Result<u32, String> {
    let parsed = text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| u32::from_str_radix(digits, 16));
    parsed.map_err(|error| format!("{text}: {error}"))
}

/// Two numbers with a comma between.
pub(crate) fn numbers(text: &str) -> Result<(u32, u32), String> {
    let (a, b) = text.split_once(',').ok_or("two numbers with a comma between are needed")?;
    Ok((number(a)?, number(b)?))
}

/// FILE or FILE:SIZE. A colon that no number follows belongs to the name.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn output(text: &str) -> Result<(PathBuf, usize), String> {
    let sized = text.rsplit_once(':').and_then(|(path, size)| Some((path.into(), number(size).ok()? as usize)));
    Ok(sized.unwrap_or_else(|| (text.into(), DEFAULT_SIZE)))
}

/// FILE or FILE:OUTFILE.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn inout(text: &str) -> Result<(PathBuf, PathBuf), String> {
    Ok(text.split_once(':').map_or_else(|| (text.into(), text.into()), |(from, to)| (from.into(), to.into())))
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Parameter, inout, number, numbers, output};
    use std::path::{Path, PathBuf};

    #[test]
    fn numbers_and_files_are_told_apart() {
        assert_eq!(number("0xFFFFFFFF"), Ok(u32::MAX));
        assert!(number("4294967296").is_err() && number("-1").is_err() && number("").is_err());
        assert_eq!(numbers("1,0x10"), Ok((1, 16)));
        assert_eq!(output("a:b:0x20"), Ok((PathBuf::from("a:b"), 32)));
        assert_eq!(output("a:b"), Ok((PathBuf::from("a:b"), 65536)));
        assert_eq!(inout("a"), Ok((PathBuf::from("a"), PathBuf::from("a"))));
        assert_eq!(inout("a:b"), Ok((PathBuf::from("a"), PathBuf::from("b"))));
    }

    #[test]
    fn only_what_the_ta_wrote_is_saved() {
        let path = std::env::temp_dir().join(format!("tee-call-{}", std::process::id()));
        let mut parameter = Parameter::output(&path, 8);
        for (size, saved) in [(3, 3), (100, 8)] {
            parameter.take(Outcome { value: (0, 0), size });
            parameter.save().unwrap();
            assert_eq!(std::fs::read(&path).unwrap().len(), saved);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(Parameter::input(Path::new("/there/is/no/such/file")).is_err());
    }
}
