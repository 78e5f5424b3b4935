// SPDX-License-Identifier: BSD-2-Clause
//! Parameters for other TAs.

use crate::params::{RawParams, Shared, Value};
use crate::{Result, TeeError};
use utee_abi::param::{PARAMS, ParamType, ParamTypes};

/// A parameter for another TA.
#[derive(Debug)]
pub enum Argument<'a> {
    /// Absent.
    None,
    /// Two numbers.
    ValueInput(u32, u32),
    /// Two numbers that the TA sets.
    ValueOutput(&'a mut Value),
    /// Two numbers that the TA reads and sets.
    ValueInout(&'a mut Value),
    /// Memory that the TA reads.
    MemrefInput(&'a [u8]),
    /// Memory that the TA writes, and the size it set: more than the memory has with SHORT_BUFFER.
    MemrefOutput(&'a mut [u8], &'a mut usize),
    /// Memory that the TA reads and writes, and the size it set.
    MemrefInout(&'a mut [u8], &'a mut usize),
    /// Memory of a parameter of this TA handed on, not copied, for the TA to read and write; and the size it set.
    Forward(Shared<'a>, &'a mut usize),
}

impl Argument<'_> {
    fn kind(&self) -> ParamType {
        match self {
            Self::None => ParamType::None,
            Self::ValueInput(..) => ParamType::ValueInput,
            Self::ValueOutput(_) => ParamType::ValueOutput,
            Self::ValueInout(_) => ParamType::ValueInout,
            Self::MemrefInput(_) => ParamType::MemrefInput,
            Self::MemrefOutput(..) => ParamType::MemrefOutput,
            Self::MemrefInout(..) | Self::Forward(..) => ParamType::MemrefInout,
        }
    }

    fn cells(&mut self) -> [u64; 2] {
        match self {
            Self::None | Self::ValueOutput(_) => [0, 0],
            Self::ValueInput(a, b) => Value { a: *a, b: *b }.to_cells(),
            Self::ValueInout(value) => value.to_cells(),
            Self::MemrefInput(memory) => [memory.as_ptr().expose_provenance() as u64, memory.len() as u64],
            Self::MemrefOutput(memory, _) | Self::MemrefInout(memory, _) => {
                [memory.as_mut_ptr().expose_provenance() as u64, memory.len() as u64]
            }
            Self::Forward(memory, _) => [memory.as_ptr().expose_provenance() as u64, memory.len() as u64],
        }
    }

    fn set(&mut self, cells: &[u64; 2]) {
        match self {
            Self::ValueOutput(value) | Self::ValueInout(value) => **value = Value::from_cells(cells),
            Self::MemrefOutput(_, size) | Self::MemrefInout(_, size) | Self::Forward(_, size) => {
                **size = usize::try_from(cells[1]).unwrap_or(usize::MAX);
            }
            Self::None | Self::ValueInput(..) | Self::MemrefInput(_) => {}
        }
    }
}

/// The kernel's structure of `arguments`.
pub(super) fn pack(arguments: &mut [Argument<'_>]) -> Result<RawParams> {
    if arguments.len() > PARAMS {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let mut types = [ParamType::None; PARAMS];
    let mut cells = [[0; 2]; PARAMS];
    for ((argument, kind), cells) in arguments.iter_mut().zip(&mut types).zip(&mut cells) {
        *kind = argument.kind();
        *cells = argument.cells();
    }
    Ok(RawParams { types: u64::from(ParamTypes::new(types).word()), cells })
}

/// What the TA wrote, back into `arguments`.
pub(super) fn unpack(arguments: &mut [Argument<'_>], params: &RawParams) {
    for (argument, cells) in arguments.iter_mut().zip(&params.cells) {
        argument.set(cells);
    }
}
