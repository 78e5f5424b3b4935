// SPDX-License-Identifier: BSD-2-Clause
//! Contexts and sessions.

use crate::Transport;
use crate::error::Error;
use crate::memory::SharedMemory;
use crate::param::Param;
use utee_abi::msg::Login;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// Parameters of an operation at most.
pub const PARAMS: usize = utee_abi::param::PARAMS;

/// A connection to a TEE (TEEC_Context).
pub struct Context<T: Transport> {
    transport: T,
}

impl<T: Transport> Context<T> {
    /// A context over a transport.
    pub fn new(transport: T) -> Self {
        Self { transport }
    }

    /// The transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Opens a session as a public client, without parameters.
    ///
    /// # Errors
    /// What the TEE or the TA answers.
    pub fn open(&self, uuid: &Uuid) -> Result<Session<'_, T>, Error> {
        self.open_with(uuid, Login::Public, &Uuid::NIL, &mut [])
    }

    /// Opens a session (TEEC_OpenSession).
    ///
    /// # Errors
    /// What the TEE or the TA answers; BAD_PARAMETERS for more than four parameters.
    pub fn open_with(&self, uuid: &Uuid, login: Login, client: &Uuid, params: &mut [Param<'_>]) -> Result<Session<'_, T>, Error> {
        check(params)?;
        let id = self.transport.open(uuid, login, client, params)?;
        Ok(Session { transport: &self.transport, id, open: true })
    }

    /// Allocates shared memory (TEEC_AllocateSharedMemory).
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn allocate(&self, size: usize) -> Result<SharedMemory<'_, T>, Error> {
        SharedMemory::new(&self.transport, size)
    }
}

fn check(params: &[Param<'_>]) -> Result<(), Error> {
    if params.len() > PARAMS { Err(Error::api(TeeError::BAD_PARAMETERS)) } else { Ok(()) }
}

/// A session with a TA (TEEC_Session). It is closed when this is dropped.
pub struct Session<'c, T: Transport> {
    transport: &'c T,
    id: u32,
    open: bool,
}

impl<'c, T: Transport> Session<'c, T> {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Invokes a command (TEEC_InvokeCommand).
    ///
    /// # Errors
    /// What the TEE or the TA answers; BAD_PARAMETERS for more than four parameters.
    pub fn invoke(&self, command: u32, params: &mut [Param<'_>]) -> Result<(), Error> {
        check(params)?;
        self.transport.invoke(self.id, command, params)
    }

    /// A handle that cancels what runs in this session, for another thread.
    #[must_use]
    pub fn cancellation(&self) -> Cancellation<'c, T> {
        Cancellation { transport: self.transport, id: self.id }
    }

    /// Closes the session and says how that went.
    ///
    /// # Errors
    /// What the TEE answers.
    pub fn close(mut self) -> Result<(), Error> {
        self.open = false;
        self.transport.close(self.id)
    }
}

impl<T: Transport> Drop for Session<'_, T> {
    fn drop(&mut self) {
        if self.open {
            // Nobody is left to tell.
            let _ = self.transport.close(self.id);
        }
    }
}

/// Cancels what runs in a session (TEEC_RequestCancellation).
pub struct Cancellation<'c, T: Transport> {
    transport: &'c T,
    id: u32,
}

impl<T: Transport> Cancellation<'_, T> {
    /// Asks for the cancellation.
    ///
    /// # Errors
    /// What the TEE answers.
    pub fn request(&self) -> Result<(), Error> {
        self.transport.cancel(self.id)
    }
}
