// SPDX-License-Identifier: BSD-2-Clause
//! Operations: up to four typed parameters (GlobalPlatform TEE Client API 1.0, section 4.3.7).

use crate::error::Error;
use crate::memory::SharedMemory;
use crate::transport::Transport;
use alloc::sync::Arc;
use utee_abi::param::PARAMS;
use utee_abi::result::TeeError;

/// Which way a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From client to TA.
    Input,
    /// From TA to client.
    Output,
    /// Both.
    Inout,
}

impl Direction {
    /// True when the TA reads it.
    #[must_use]
    pub const fn is_input(self) -> bool {
        matches!(self, Self::Input | Self::Inout)
    }

    /// True when the TA writes it.
    #[must_use]
    pub const fn is_output(self) -> bool {
        matches!(self, Self::Output | Self::Inout)
    }

    /// True when memory of this access may be used that way.
    #[must_use]
    pub const fn allows(self, other: Self) -> bool {
        (self.is_input() || !other.is_input()) && (self.is_output() || !other.is_output())
    }
}

/// A buffer that is the TA's for the duration of one call.
#[derive(Debug)]
pub enum Temporary<'a> {
    /// Read by the TA.
    Input(&'a [u8]),
    /// Written by the TA.
    Output(&'a mut [u8]),
    /// Both.
    Inout(&'a mut [u8]),
}

impl Temporary<'_> {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Input(bytes) => bytes,
            Self::Output(bytes) | Self::Inout(bytes) => bytes,
        }
    }

    /// Its bytes, if the TA may write them.
    #[must_use]
    pub fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        match self {
            Self::Input(_) => None,
            Self::Output(bytes) | Self::Inout(bytes) => Some(bytes),
        }
    }

    const fn direction(&self) -> Direction {
        match self {
            Self::Input(_) => Direction::Input,
            Self::Output(_) => Direction::Output,
            Self::Inout(_) => Direction::Inout,
        }
    }
}

/// What a memory reference refers to.
pub enum Memref<'a, T: Transport> {
    /// Nothing: the TA gets a null pointer and size 0.
    Null,
    /// A buffer for one call.
    Temporary(Temporary<'a>),
    /// Shared memory from byte `offset` on.
    Registered {
        /// The memory.
        memory: &'a SharedMemory<T>,
        /// Where the reference starts, in bytes.
        offset: usize,
    },
}

/// A parameter.
pub enum Param<'a, T: Transport> {
    /// None.
    None,
    /// Two numbers.
    Value {
        /// Which way they go.
        direction: Direction,
        /// First number.
        a: u32,
        /// Second number.
        b: u32,
    },
    /// A buffer.
    Memory {
        /// Which way its content goes.
        direction: Direction,
        /// Where it is.
        memref: Memref<'a, T>,
        /// Size in bytes; after the call what the TA wrote, or needs when it answered SHORT_BUFFER.
        size: usize,
    },
}

impl<'a, T: Transport> Param<'a, T> {
    /// Numbers for the TA.
    #[must_use]
    pub const fn value_input(a: u32, b: u32) -> Self {
        Self::Value { direction: Direction::Input, a, b }
    }

    /// Numbers from the TA.
    #[must_use]
    pub const fn value_output() -> Self {
        Self::Value { direction: Direction::Output, a: 0, b: 0 }
    }

    /// Numbers both ways.
    #[must_use]
    pub const fn value_inout(a: u32, b: u32) -> Self {
        Self::Value { direction: Direction::Inout, a, b }
    }

    /// A buffer that the TA reads.
    #[must_use]
    pub const fn input(bytes: &'a [u8]) -> Self {
        Self::temporary(Temporary::Input(bytes))
    }

    /// A buffer that the TA writes.
    #[must_use]
    pub const fn output(bytes: &'a mut [u8]) -> Self {
        Self::temporary(Temporary::Output(bytes))
    }

    /// A buffer that the TA reads and writes.
    #[must_use]
    pub const fn inout(bytes: &'a mut [u8]) -> Self {
        Self::temporary(Temporary::Inout(bytes))
    }

    const fn temporary(buffer: Temporary<'a>) -> Self {
        let size = match &buffer {
            Temporary::Input(bytes) => bytes.len(),
            Temporary::Output(bytes) | Temporary::Inout(bytes) => bytes.len(),
        };
        Self::Memory { direction: buffer.direction(), memref: Memref::Temporary(buffer), size }
    }

    /// A reference to nothing.
    #[must_use]
    pub const fn null(direction: Direction) -> Self {
        Self::Memory { direction, memref: Memref::Null, size: 0 }
    }

    /// All of a block of shared memory, in the directions it was made for.
    #[must_use]
    pub fn whole(memory: &'a SharedMemory<T>) -> Self {
        let (direction, size) = (memory.access(), memory.size());
        Self::Memory { direction, memref: Memref::Registered { memory, offset: 0 }, size }
    }

    /// A part of a block of shared memory.
    #[must_use]
    pub const fn partial(memory: &'a SharedMemory<T>, direction: Direction, offset: usize, size: usize) -> Self {
        Self::Memory { direction, memref: Memref::Registered { memory, offset }, size }
    }
}

impl<T: Transport> Param<'_, T> {
    /// True when the TA writes it.
    #[must_use]
    pub const fn is_output(&self) -> bool {
        match self {
            Self::None => false,
            Self::Value { direction, .. } | Self::Memory { direction, .. } => direction.is_output(),
        }
    }
}

/// The parameters of one call, and after it their results.
pub struct Operation<'a, T: Transport> {
    pub(crate) params: [Param<'a, T>; PARAMS],
}

impl<'a, T: Transport> Operation<'a, T> {
    /// An operation with these parameters.
    #[must_use]
    pub const fn new(params: [Param<'a, T>; PARAMS]) -> Self {
        Self { params }
    }

    /// An operation without parameters.
    #[must_use]
    pub const fn none() -> Self {
        Self::new([Param::None, Param::None, Param::None, Param::None])
    }

    /// An operation with one parameter.
    #[must_use]
    pub const fn one(p0: Param<'a, T>) -> Self {
        Self::new([p0, Param::None, Param::None, Param::None])
    }

    /// An operation with two parameters.
    #[must_use]
    pub const fn two(p0: Param<'a, T>, p1: Param<'a, T>) -> Self {
        Self::new([p0, p1, Param::None, Param::None])
    }

    /// The parameters.
    #[must_use]
    pub const fn params(&self) -> &[Param<'a, T>; PARAMS] {
        &self.params
    }

    /// Number of parameters up to the last one that is not [`Param::None`].
    #[cfg(feature = "linux")]
    pub(crate) fn count(&self) -> u32 {
        let last = self.params.iter().rposition(|param| !matches!(param, Param::None));
        last.map_or(0, |index| index as u32 + 1)
    }

    /// The numbers of parameter `index`; zero when it has none.
    #[must_use]
    pub fn value(&self, index: usize) -> (u32, u32) {
        match self.params.get(index) {
            Some(Param::Value { a, b, .. }) => (*a, *b),
            _ => (0, 0),
        }
    }

    /// The size of parameter `index`; zero when it is no buffer.
    #[must_use]
    pub fn size(&self, index: usize) -> usize {
        match self.params.get(index) {
            Some(Param::Memory { size, .. }) => *size,
            _ => 0,
        }
    }

    /// Checks what only the client side can: shared memory belongs to this TEE, and is used as it may be.
    pub(crate) fn check(&self, transport: &Arc<T>) -> Result<(), Error> {
        for param in &self.params {
            if let Param::Memory { direction, memref: Memref::Registered { memory, offset }, size } = param {
                let inside = offset.checked_add(*size).is_some_and(|end| end <= memory.size());
                if !inside || !memory.access().allows(*direction) || !Arc::ptr_eq(&memory.transport, transport) {
                    return Err(Error::api(TeeError::BAD_PARAMETERS));
                }
            }
        }
        Ok(())
    }
}

impl<T: Transport> Default for Operation<'_, T> {
    fn default() -> Self {
        Self::none()
    }
}
