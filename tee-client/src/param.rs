// SPDX-License-Identifier: BSD-2-Clause
//! Parameters of an operation (TEEC_Parameter).

use crate::memory::Buffer;

/// Which way a parameter goes, as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the TA.
    Input,
    /// From the TA.
    Output,
    /// Both.
    Inout,
}

/// One parameter. What the TA answers replaces what was passed.
#[derive(Debug)]
pub enum Param<'m> {
    /// None.
    None,
    /// Two numbers.
    Value {
        /// Which way.
        direction: Direction,
        /// First.
        a: u32,
        /// Second.
        b: u32,
    },
    /// A part of registered memory.
    Registered {
        /// Which way.
        direction: Direction,
        /// The memory.
        buffer: &'m Buffer,
        /// First byte of the part.
        offset: usize,
        /// Its size; afterwards the size that the TA left or needs.
        size: usize,
    },
    /// A buffer of the client's own, shared for the time of the operation.
    Temporary {
        /// Which way.
        direction: Direction,
        /// The bytes.
        data: &'m mut [u8],
        /// Its size; afterwards the size that the TA left or needs.
        size: usize,
    },
    /// The NULL reference; afterwards the size that the TA needs.
    Null {
        /// Which way.
        direction: Direction,
        /// 0; afterwards the size that the TA needs.
        size: usize,
    },
}

impl<'m> Param<'m> {
    /// Numbers to the TA.
    #[must_use]
    pub fn value_in(a: u32, b: u32) -> Self {
        Self::Value { direction: Direction::Input, a, b }
    }

    /// Numbers from the TA.
    #[must_use]
    pub fn value_out() -> Self {
        Self::Value { direction: Direction::Output, a: 0, b: 0 }
    }

    /// Numbers both ways.
    #[must_use]
    pub fn value_inout(a: u32, b: u32) -> Self {
        Self::Value { direction: Direction::Inout, a, b }
    }

    /// A temporary buffer.
    #[must_use]
    pub fn temporary(direction: Direction, data: &'m mut [u8]) -> Self {
        let size = data.len();
        Self::Temporary { direction, data, size }
    }

    /// All of a registered buffer.
    #[must_use]
    pub fn whole(direction: Direction, buffer: &'m Buffer) -> Self {
        Self::Registered { direction, buffer, offset: 0, size: buffer.size }
    }

    /// The NULL reference.
    #[must_use]
    pub fn null(direction: Direction) -> Self {
        Self::Null { direction, size: 0 }
    }

    /// Its numbers; zeros when it has none.
    #[must_use]
    pub fn values(&self) -> (u32, u32) {
        match self {
            Self::Value { a, b, .. } => (*a, *b),
            _ => (0, 0),
        }
    }

    /// Its size; 0 when it has none.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Registered { size, .. } | Self::Temporary { size, .. } | Self::Null { size, .. } => *size,
            _ => 0,
        }
    }
}
