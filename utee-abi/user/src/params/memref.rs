// SPDX-License-Identifier: BSD-2-Clause
//! Memory parameters. The client, in the normal world or in another TA, can change the memory at any time: it is
//! copied in and out, and no Rust reference to it exists.

use super::sealed::Sealed;
use super::{Cells, FromCells};
use crate::{Result, TeeError};
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ptr;
use utee_abi::param::ParamType;

const WORD: usize = size_of::<usize>();

/// Memory that others can change at any time.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    base: *mut u8,
    len: usize,
    memory: PhantomData<&'a ()>,
}

impl Shared<'_> {
    fn from_cells(cells: &Cells) -> Self {
        let (address, len) = (cells[0] as usize, cells[1] as usize);
        Self { base: ptr::with_exposed_provenance_mut(address), len, memory: PhantomData }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// True for the NULL reference, whose length the client may set as it likes.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.base.is_null()
    }

    /// Address of the first byte.
    #[must_use]
    pub fn as_ptr(&self) -> *mut u8 {
        self.base
    }

    fn at(&self, offset: usize, len: usize) -> Result<*mut u8> {
        let inside = offset.checked_add(len).is_some_and(|end| end <= self.len);
        if !inside || (self.is_null() && len != 0) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        Ok(self.base.wrapping_add(offset))
    }

    /// Copies the bytes at `offset` into `to`, each once.
    ///
    /// # Errors
    /// BAD_PARAMETERS when they are not all inside.
    pub fn read(&self, offset: usize, to: &mut [u8]) -> Result<()> {
        let from = self.at(offset, to.len())?;
        // SAFETY: `at` checked the range, and the memory is mapped while `self` lives; volatile, since it can change.
        unsafe { copy_volatile(from, to.as_mut_ptr(), to.len()) };
        Ok(())
    }

    /// Copies `from` to `offset`.
    ///
    /// # Errors
    /// BAD_PARAMETERS when it does not all fit.
    pub fn write(&self, offset: usize, from: &[u8]) -> Result<()> {
        let to = self.at(offset, from.len())?;
        // SAFETY: as in `read`.
        unsafe { copy_volatile(from.as_ptr(), to, from.len()) };
        Ok(())
    }

    /// Reads one little-endian word at `offset`.
    ///
    /// # Errors
    /// BAD_PARAMETERS when it is not inside.
    pub fn read_u32(&self, offset: usize) -> Result<u32> {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Copies everything into a new vector.
    ///
    /// # Errors
    /// OUT_OF_MEMORY; BAD_PARAMETERS for a NULL reference with a length.
    pub fn to_vec(&self) -> Result<Vec<u8>> {
        let mut copy = Vec::new();
        copy.try_reserve_exact(self.len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        copy.resize(self.len, 0);
        self.read(0, &mut copy)?;
        Ok(copy)
    }
}

/// Copies with volatile accesses, by words where both sides are aligned.
///
/// # Safety
/// `len` bytes are mapped at both places, and no other thread of this TA writes them.
unsafe fn copy_volatile(from: *const u8, to: *mut u8, len: usize) {
    let mut done = 0;
    if from.addr().is_multiple_of(WORD) && to.addr().is_multiple_of(WORD) {
        while len - done >= WORD {
            // SAFETY: `done + WORD <= len`, and both addresses are aligned.
            unsafe {
                let word = from.add(done).cast::<usize>().read_volatile();
                to.add(done).cast::<usize>().write_volatile(word);
            }
            done += WORD;
        }
    }
    while done < len {
        // SAFETY: `done < len`.
        unsafe { to.add(done).write_volatile(from.add(done).read_volatile()) };
        done += 1;
    }
}

/// Memory from the client.
#[derive(Debug)]
pub struct MemrefInput<'a> {
    memory: Shared<'a>,
}

/// Memory to the client.
#[derive(Debug)]
pub struct MemrefOutput<'a> {
    memory: Shared<'a>,
    cells: &'a mut Cells,
}

/// Memory there and back.
#[derive(Debug)]
pub struct MemrefInout<'a> {
    memory: Shared<'a>,
    cells: &'a mut Cells,
}

impl Sealed for MemrefInput<'_> {}
impl Sealed for MemrefOutput<'_> {}
impl Sealed for MemrefInout<'_> {}

impl<'a> FromCells<'a> for MemrefInput<'a> {
    const TYPE: ParamType = ParamType::MemrefInput;

    fn new(cells: &'a mut Cells) -> Self {
        Self { memory: Shared::from_cells(cells) }
    }
}

impl<'a> FromCells<'a> for MemrefOutput<'a> {
    const TYPE: ParamType = ParamType::MemrefOutput;

    fn new(cells: &'a mut Cells) -> Self {
        Self { memory: Shared::from_cells(cells), cells }
    }
}

impl<'a> FromCells<'a> for MemrefInout<'a> {
    const TYPE: ParamType = ParamType::MemrefInout;

    fn new(cells: &'a mut Cells) -> Self {
        Self { memory: Shared::from_cells(cells), cells }
    }
}

macro_rules! memref {
    ($name:ident) => {
        impl<'a> $name<'a> {
            /// The memory, for accesses at any offset.
            #[must_use]
            pub fn shared(&self) -> Shared<'a> {
                self.memory
            }

            /// Length of the client's memory in bytes.
            #[must_use]
            pub fn len(&self) -> usize {
                self.memory.len()
            }

            /// True for no bytes at all.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.memory.is_empty()
            }

            /// True for the NULL reference.
            #[must_use]
            pub fn is_null(&self) -> bool {
                self.memory.is_null()
            }
        }
    };
}

macro_rules! readable {
    ($name:ident) => {
        impl $name<'_> {
            /// Copies the bytes at `offset` into `to`, each once.
            ///
            /// # Errors
            /// BAD_PARAMETERS when they are not all inside.
            pub fn read(&self, offset: usize, to: &mut [u8]) -> Result<()> {
                self.memory.read(offset, to)
            }

            /// Copies everything into a new vector.
            ///
            /// # Errors
            /// OUT_OF_MEMORY; BAD_PARAMETERS for a NULL reference with a length.
            pub fn to_vec(&self) -> Result<Vec<u8>> {
                self.memory.to_vec()
            }
        }
    };
}

macro_rules! writable {
    ($name:ident) => {
        impl $name<'_> {
            /// Copies `from` to the start and sets the size that the client gets to its length.
            ///
            /// # Errors
            /// SHORT_BUFFER when it does not fit; the client gets the size it needs.
            pub fn write(&mut self, from: &[u8]) -> Result<()> {
                self.set_size(from.len())?;
                self.memory.write(0, from)
            }

            /// Copies `from` to `offset`; the size stays as it is.
            ///
            /// # Errors
            /// BAD_PARAMETERS when it does not all fit.
            pub fn write_at(&mut self, offset: usize, from: &[u8]) -> Result<()> {
                self.memory.write(offset, from)
            }

            /// Sets the size that the client gets.
            ///
            /// # Errors
            /// SHORT_BUFFER when it is more than there is, or the reference is NULL and it is not 0; the client gets the
            /// size all the same.
            pub fn set_size(&mut self, size: usize) -> Result<()> {
                self.cells[1] = size as u64;
                if size > self.memory.len() || (self.memory.is_null() && size != 0) { Err(TeeError::SHORT_BUFFER) } else { Ok(()) }
            }
        }
    };
}

memref!(MemrefInput);
memref!(MemrefOutput);
memref!(MemrefInout);
readable!(MemrefInput);
readable!(MemrefInout);
writable!(MemrefOutput);
writable!(MemrefInout);
