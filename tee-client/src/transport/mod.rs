// SPDX-License-Identifier: BSD-2-Clause
//! The way to a TEE.

#[cfg(all(feature = "linux", target_os = "linux"))]
pub mod linux;
#[cfg(feature = "loopback")]
pub mod loopback;
pub mod smc;

use crate::context::Identity;
use crate::error::Error;
use crate::memory::SharedBytes;
use crate::operation::Operation;
use alloc::vec::Vec;
use utee_abi::uuid::Uuid;

/// The way to a TEE. Calls may come from several threads at once.
pub trait Transport: Send + Sync + Sized + 'static {
    /// Memory that it shares with the TEE.
    type Memory: SharedBytes;

    /// Opens a session and gives its number.
    ///
    /// # Errors
    /// What the TEE or the TA answers.
    fn open(&self, uuid: Uuid, identity: Identity, operation: &mut Operation<'_, Self>) -> Result<u32, Error>;

    /// Invokes a command in a session. References to shared memory have been checked to lie inside it.
    ///
    /// # Errors
    /// What the TEE or the TA answers.
    fn invoke(&self, session: u32, command: u32, operation: &mut Operation<'_, Self>) -> Result<(), Error>;

    /// Asks for the present command of a session to be cancelled.
    ///
    /// # Errors
    /// What the TEE answers.
    fn cancel(&self, session: u32) -> Result<(), Error>;

    /// Closes a session.
    ///
    /// # Errors
    /// What the TEE answers.
    fn close(&self, session: u32) -> Result<(), Error>;

    /// Allocates zeroed shared memory.
    ///
    /// # Errors
    /// OUT_OF_MEMORY, and what the TEE answers.
    fn allocate(&self, size: usize) -> Result<Self::Memory, Error>;

    /// Shares a buffer.
    ///
    /// # Errors
    /// OUT_OF_MEMORY, and what the TEE answers.
    fn register(&self, buffer: Vec<u8>) -> Result<Self::Memory, Error>;

    /// Takes shared memory back and gives its content.
    ///
    /// # Errors
    /// What the TEE answers when it does not let go; the memory is never used again then.
    fn release(&self, memory: Self::Memory) -> Result<Vec<u8>, Error>;

    /// Takes shared memory back.
    ///
    /// # Errors
    /// As [`Transport::release`].
    fn discard(&self, memory: Self::Memory) -> Result<(), Error>;
}
