// SPDX-License-Identifier: BSD-2-Clause
//! Contexts and sessions (GlobalPlatform TEE Client API 1.0, section 4.5).

use crate::error::Error;
use crate::memory::SharedMemory;
use crate::operation::{Direction, Operation};
use crate::transport::Transport;
use alloc::sync::Arc;
use alloc::vec::Vec;
use utee_abi::msg::Login;
use utee_abi::uuid::Uuid;

/// Who a client says it is. Whether that holds is for whoever lets it speak to the TEE to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// How it logged in.
    pub login: Login,
    /// Its UUID; nil for [`Login::Public`] and [`Login::ReeKernel`].
    pub uuid: Uuid,
}

impl Identity {
    /// Anybody.
    pub const PUBLIC: Self = Self { login: Login::Public, uuid: Uuid::NIL };
    /// The kernel of the normal world.
    pub const KERNEL: Self = Self { login: Login::ReeKernel, uuid: Uuid::NIL };
    /// The user whose process this is. Linux fills in who that is, here and below where the UUID is nil.
    pub const USER: Self = Self { login: Login::User, uuid: Uuid::NIL };
    /// The program that this is.
    pub const APPLICATION: Self = Self { login: Login::Application, uuid: Uuid::NIL };
    /// The program and the user.
    pub const USER_APPLICATION: Self = Self { login: Login::ApplicationUser, uuid: Uuid::NIL };

    /// A group by its number; Linux checks that the process belongs to it.
    #[must_use]
    pub const fn group(id: u32) -> Self {
        Self { login: Login::Group, uuid: group_data(id) }
    }

    /// A group and the program.
    #[must_use]
    pub const fn group_application(id: u32) -> Self {
        Self { login: Login::ApplicationGroup, uuid: group_data(id) }
    }
}

/// The connection data of a group login: Linux reads the number from the first four bytes, and puts a UUID in its place.
const fn group_data(id: u32) -> Uuid {
    let [a, b, c, d] = id.to_ne_bytes();
    Uuid::from_octets([a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// A line to a TEE (TEEC_Context).
pub struct Context<T: Transport> {
    transport: Arc<T>,
}

impl<T: Transport> Clone for Context<T> {
    fn clone(&self) -> Self {
        Self { transport: Arc::clone(&self.transport) }
    }
}

impl<T: Transport> Context<T> {
    /// A context over a transport.
    #[must_use]
    pub fn new(transport: T) -> Self {
        Self { transport: Arc::new(transport) }
    }

    /// The transport.
    #[must_use]
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Makes a block of the transport shared memory of this context.
    #[must_use]
    pub fn adopt(&self, memory: T::Memory, access: Direction) -> SharedMemory<T> {
        SharedMemory::new(Arc::clone(&self.transport), memory, access)
    }

    /// Opens a session with the trusted application `uuid` (TEEC_OpenSession).
    ///
    /// # Errors
    /// What the TEE or the TA answers; ITEM_NOT_FOUND when there is no such TA. The parameters have their results even then.
    pub fn open(&self, uuid: Uuid, identity: Identity, operation: &mut Operation<'_, T>) -> Result<Session<T>, Error> {
        operation.check(&self.transport)?;
        let id = self.transport.open(uuid, identity, operation)?;
        Ok(Session { transport: Arc::clone(&self.transport), id: Some(id) })
    }

    /// Opens a session for anybody, without parameters.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub fn open_public(&self, uuid: Uuid) -> Result<Session<T>, Error> {
        self.open(uuid, Identity::PUBLIC, &mut Operation::none())
    }

    /// Allocates zeroed shared memory (TEEC_AllocateSharedMemory).
    ///
    /// # Errors
    /// OUT_OF_MEMORY, and what the TEE answers.
    pub fn allocate(&self, size: usize, access: Direction) -> Result<SharedMemory<T>, Error> {
        let memory = self.transport.allocate(size)?;
        Ok(SharedMemory::new(Arc::clone(&self.transport), memory, access))
    }

    /// Shares a buffer of the client (TEEC_RegisterSharedMemory); [`SharedMemory::into_inner`] gives it back.
    ///
    /// # Errors
    /// OUT_OF_MEMORY, and what the TEE answers. The buffer is lost then.
    pub fn register(&self, buffer: Vec<u8>, access: Direction) -> Result<SharedMemory<T>, Error> {
        let memory = self.transport.register(buffer)?;
        Ok(SharedMemory::new(Arc::clone(&self.transport), memory, access))
    }
}

/// A session with a trusted application (TEEC_Session). Dropping it closes it.
pub struct Session<T: Transport> {
    transport: Arc<T>,
    // Empty only while it is being closed.
    id: Option<u32>,
}

impl<T: Transport> Session<T> {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id.unwrap_or(0)
    }

    /// Invokes a command of the TA (TEEC_InvokeCommand).
    ///
    /// # Errors
    /// What the TEE or the TA answers; TARGET_DEAD from the TEE when the TA panicked. The parameters have their results
    /// even then.
    pub fn invoke(&self, command: u32, operation: &mut Operation<'_, T>) -> Result<(), Error> {
        operation.check(&self.transport)?;
        self.transport.invoke(self.id(), command, operation)
    }

    /// A handle with which another thread cancels what this session is doing.
    #[must_use]
    pub fn cancellation(&self) -> Cancellation<T> {
        Cancellation { transport: Arc::clone(&self.transport), session: self.id() }
    }

    /// Closes the session (TEEC_CloseSession) and says how that went, which dropping it does not.
    ///
    /// # Errors
    /// What the TEE answers. The session is closed in any case.
    pub fn close(mut self) -> Result<(), Error> {
        match self.id.take() {
            Some(id) => self.transport.close(id),
            None => Ok(()),
        }
    }
}

impl<T: Transport> Drop for Session<T> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            // Nobody is left who could act on a failure.
            let _ = self.transport.close(id);
        }
    }
}

/// A handle that cancels what a session is doing (TEEC_RequestCancellation).
pub struct Cancellation<T: Transport> {
    transport: Arc<T>,
    session: u32,
}

impl<T: Transport> Clone for Cancellation<T> {
    fn clone(&self) -> Self {
        Self { transport: Arc::clone(&self.transport), session: self.session }
    }
}

impl<T: Transport> Cancellation<T> {
    /// Asks the TA to end its present command. It may be slow to, or not do so at all.
    ///
    /// # Errors
    /// What the TEE answers, such as ITEM_NOT_FOUND or BAD_PARAMETERS when the session is closed.
    pub fn cancel(&self) -> Result<(), Error> {
        self.transport.cancel(self.session)
    }
}
