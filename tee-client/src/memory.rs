// SPDX-License-Identifier: BSD-2-Clause
//! Memory that client and TA share.

use crate::error::Error;
use crate::operation::Direction;
use crate::transport::Transport;
use alloc::sync::Arc;
use alloc::vec::Vec;
use utee_abi::result::TeeError;

/// Bytes that somebody else may change at any time: they are copied, never borrowed.
pub trait SharedBytes: Send + Sync {
    /// Number of bytes.
    fn len(&self) -> usize;

    /// True when there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies from byte `at` on; false, with nothing copied, when that passes the end.
    #[must_use]
    fn read(&self, at: usize, out: &mut [u8]) -> bool;

    /// Copies to byte `at` on; false, with nothing copied, when that passes the end.
    #[must_use]
    fn write(&self, at: usize, data: &[u8]) -> bool;
}

/// A block of shared memory (TEEC_SharedMemory). Dropping it takes it back from the TEE.
pub struct SharedMemory<T: Transport> {
    pub(crate) transport: Arc<T>,
    // Empty only while it is being taken apart.
    memory: Option<T::Memory>,
    access: Direction,
}

impl<T: Transport> SharedMemory<T> {
    pub(crate) fn new(transport: Arc<T>, memory: T::Memory, access: Direction) -> Self {
        Self { transport, memory: Some(memory), access }
    }

    /// Ways that its content may go.
    #[must_use]
    pub fn access(&self) -> Direction {
        self.access
    }

    /// The transport's own view of it; none while it is being taken apart.
    #[must_use]
    pub fn block(&self) -> Option<&T::Memory> {
        self.memory.as_ref()
    }

    /// Number of bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.memory.as_ref().map_or(0, SharedBytes::len)
    }

    /// Copies from byte `at` on.
    ///
    /// # Errors
    /// BAD_PARAMETERS past the end.
    pub fn read(&self, at: usize, out: &mut [u8]) -> Result<(), Error> {
        self.memory()?.read(at, out).then_some(()).ok_or(Error::api(TeeError::BAD_PARAMETERS))
    }

    /// Copies to byte `at` on.
    ///
    /// # Errors
    /// BAD_PARAMETERS past the end.
    pub fn write(&self, at: usize, data: &[u8]) -> Result<(), Error> {
        self.memory()?.write(at, data).then_some(()).ok_or(Error::api(TeeError::BAD_PARAMETERS))
    }

    /// Takes the memory back from the TEE and gives the buffer that was registered, or that was allocated for it.
    ///
    /// # Errors
    /// What the TEE answers when it does not let go; the buffer stays with it then.
    pub fn into_inner(mut self) -> Result<Vec<u8>, Error> {
        match self.memory.take() {
            Some(memory) => self.transport.release(memory),
            None => Ok(Vec::new()),
        }
    }

    pub(crate) fn memory(&self) -> Result<&T::Memory, Error> {
        self.memory.as_ref().ok_or(Error::api(TeeError::BAD_STATE))
    }
}

impl<T: Transport> Drop for SharedMemory<T> {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            // Memory that the TEE does not let go of is kept from being used again by the transport.
            let _ = self.transport.discard(memory);
        }
    }
}
