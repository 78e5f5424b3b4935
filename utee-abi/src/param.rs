// SPDX-License-Identifier: BSD-2-Clause
//! Parameters of a command as a TA gets them (OP-TEE ABI, TA entry).

use crate::bytes;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Type of a parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u8)]
pub enum ParamType {
    /// TEE_PARAM_TYPE_NONE
    #[default]
    None = 0,
    /// TEE_PARAM_TYPE_VALUE_INPUT
    ValueInput = 1,
    /// TEE_PARAM_TYPE_VALUE_OUTPUT
    ValueOutput = 2,
    /// TEE_PARAM_TYPE_VALUE_INOUT
    ValueInout = 3,
    /// TEE_PARAM_TYPE_MEMREF_INPUT
    MemrefInput = 5,
    /// TEE_PARAM_TYPE_MEMREF_OUTPUT
    MemrefOutput = 6,
    /// TEE_PARAM_TYPE_MEMREF_INOUT
    MemrefInout = 7,
}

impl ParamType {
    /// True for a buffer.
    #[must_use]
    pub fn is_memref(self) -> bool {
        matches!(self, Self::MemrefInput | Self::MemrefOutput | Self::MemrefInout)
    }

    /// True when the TA reads it.
    #[must_use]
    pub fn is_input(self) -> bool {
        matches!(self, Self::ValueInput | Self::ValueInout | Self::MemrefInput | Self::MemrefInout)
    }

    /// True when the TA writes it.
    #[must_use]
    pub fn is_output(self) -> bool {
        matches!(self, Self::ValueOutput | Self::ValueInout | Self::MemrefOutput | Self::MemrefInout)
    }
}

/// Number of parameters of a command.
pub const PARAMS: usize = 4;

const BITS: u32 = 4;

/// The types of the four parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParamTypes([ParamType; PARAMS]);

impl ParamTypes {
    /// From the four types.
    #[must_use]
    pub const fn new(types: [ParamType; PARAMS]) -> Self {
        Self(types)
    }

    /// From the types word; `None` for a type that does not exist or bits past the fourth.
    #[must_use]
    pub fn from_word(word: u64) -> Option<Self> {
        let mut types = [ParamType::None; PARAMS];
        let mut rest = word;
        for kind in &mut types {
            *kind = ParamType::try_from((rest & 0xF) as u8).ok()?;
            rest >>= BITS;
        }
        (rest == 0).then_some(Self(types))
    }

    /// The types word.
    #[must_use]
    pub fn word(self) -> u32 {
        self.0.iter().rev().fold(0, |word, kind| word << BITS | u32::from(u8::from(*kind)))
    }

    /// Type of parameter `index`.
    #[must_use]
    pub fn get(self, index: usize) -> ParamType {
        self.0.get(index).copied().unwrap_or_default()
    }
}

/// struct utee_params: the types, then two cells a parameter (values, or address and size).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UteeParams {
    /// Types.
    pub types: ParamTypes,
    /// Cells.
    pub cells: [[u64; 2]; PARAMS],
}

impl UteeParams {
    /// Size in bytes.
    pub const SIZE: usize = 72;

    /// Alignment of the stack that it stands on.
    pub const STACK_ALIGN: u64 = 16;

    /// Offset of the cells of parameter `index`.
    #[must_use]
    pub const fn cell_offset(index: usize) -> usize {
        index.saturating_mul(16).saturating_add(8)
    }

    /// Its memory.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        let (head, cells) = out.split_at_mut(8);
        head.copy_from_slice(&u64::from(self.types.word()).to_le_bytes());
        for (to, from) in cells.chunks_exact_mut(8).zip(self.cells.as_flattened()) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        out
    }

    /// From its memory; `None` for types that do not exist.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let types = ParamTypes::from_word(bytes::u64_at(bytes, 0)?)?;
        Some(Self { types, cells: Self::cells_from_bytes(bytes) })
    }

    /// The cells in its memory, whatever the types word says.
    #[must_use]
    pub fn cells_from_bytes(bytes: &[u8; Self::SIZE]) -> [[u64; 2]; PARAMS] {
        let mut cells = [[0; 2]; PARAMS];
        for (index, cell) in cells.as_flattened_mut().iter_mut().enumerate() {
            *cell = bytes::u64_at(bytes, index.saturating_mul(8).saturating_add(8)).unwrap_or(0);
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::{ParamType, ParamTypes, UteeParams};

    #[test]
    fn types_word_round_trips_and_refuses_what_does_not_exist() {
        for word in 0..=0xFFFFu64 {
            let exists = (0..4).all(|n| !matches!(word >> (4 * n) & 0xF, 4 | 8..));
            assert_eq!(ParamTypes::from_word(word).is_some(), exists);
            if let Some(types) = ParamTypes::from_word(word) {
                assert_eq!(u64::from(types.word()), word);
            }
        }
        assert_eq!(ParamTypes::from_word(1 << 16), None);
    }

    #[test]
    fn layout_is_types_then_cells() {
        let types = ParamTypes::new([ParamType::ValueInput, ParamType::MemrefInout, ParamType::None, ParamType::None]);
        let params = UteeParams { types, cells: [[1, 2], [3, 4], [0, 0], [0, 0]] };
        let bytes = params.to_bytes();
        assert_eq!(bytes[0], 0x71);
        assert_eq!(bytes[UteeParams::cell_offset(1)], 3);
        assert_eq!(UteeParams::from_bytes(&bytes), Some(params));
    }
}
