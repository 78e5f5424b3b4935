// SPDX-License-Identifier: BSD-2-Clause
//! Linux: its TEE subsystem at `/dev/tee0`, with any OP-TEE behind it.
//!
//! A temporary buffer is copied through a block of shared memory that is kept from call to call as long as those of one call
//! fit in 64 KiB together; larger ones the TEE sees where they are. A session may be used from several threads at once, and
//! [`crate::Cancellation`] ends from another thread what it is doing.

mod device;
mod kernel;
mod pages;
mod pool;
mod stage;
#[cfg(test)]
mod tests;

pub use device::{Block, Device, Loan};
pub use kernel::{Errno, Kernel, Shared};

#[cfg(target_arch = "arm")]
use memory_functions as _;

use super::Transport;
use crate::context::{Context, Identity};
use crate::error::Error;
use crate::memory::SharedMemory;
use crate::operation::{Direction, Operation};
use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use pool::Pool;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use utee_abi::linux::{self, CLIENT_NODE, Capabilities, Invoke, OpenSession, PARAMS};
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// Nodes that are tried when none is named.
const NODES: usize = 10;

/// A context over Linux.
pub type LinuxContext = Context<Linux<Device>>;

/// The transport.
pub struct Linux<K: Kernel> {
    kernel: K,
    pool: Pool<K>,
    show_outputs: bool,
}

impl<K: Kernel> Linux<K> {
    /// A transport through this kernel.
    #[must_use]
    pub fn new(kernel: K) -> Self {
        Self { kernel, pool: Pool::new(), show_outputs: false }
    }

    /// Shows TAs what output buffers held before, as OP-TEE's client library does; a TA that says it wrote more than it did
    /// then leaves the rest as it was, where otherwise there are zeroes.
    #[must_use]
    pub fn showing_outputs(self) -> Self {
        Self { show_outputs: true, ..self }
    }

    /// What it calls.
    #[must_use]
    pub fn kernel(&self) -> &K {
        &self.kernel
    }

    /// Makes a call with its parameters in `words` and takes the results over when it got through.
    fn call<A>(
        &self,
        operation: &mut Operation<'_, Self>,
        argument: &mut A,
        words: fn(&mut A) -> &mut [linux::Param; PARAMS],
        make: impl FnOnce(&K, &mut A) -> Result<(), Errno>,
    ) -> Result<(), Error> {
        let staged = stage::stage(self, operation, words(argument))?;
        let made = make(&self.kernel, argument);
        let held = staged.returned();
        match made {
            Ok(()) => {
                held.unstage(&self.pool, operation, words(argument));
                Ok(())
            }
            Err(error) => {
                held.give_back(&self.pool);
                Err(error.comms())
            }
        }
    }
}

impl<K: Kernel> Transport for Linux<K> {
    type Memory = K::Block;

    fn open(&self, uuid: Uuid, identity: Identity, operation: &mut Operation<'_, Self>) -> Result<u32, Error> {
        let mut argument = OpenSession {
            uuid: uuid.octets(),
            client: identity.uuid.octets(),
            login: u32::from(identity.login),
            param_count: operation.count(),
            ..OpenSession::default()
        };
        self.call(operation, &mut argument, |argument| &mut argument.params, K::open_session)?;
        Error::check(argument.result, argument.origin)?;
        Ok(argument.session)
    }

    fn invoke(&self, session: u32, command: u32, operation: &mut Operation<'_, Self>) -> Result<(), Error> {
        let mut argument = Invoke { command, session, param_count: operation.count(), ..Invoke::default() };
        self.call(operation, &mut argument, |argument| &mut argument.params, K::invoke)?;
        Error::check(argument.result, argument.origin)
    }

    fn cancel(&self, session: u32) -> Result<(), Error> {
        self.kernel.cancel(session).map_err(Errno::comms)
    }

    fn close(&self, session: u32) -> Result<(), Error> {
        self.kernel.close_session(session).map_err(Errno::comms)
    }

    fn allocate(&self, size: usize) -> Result<K::Block, Error> {
        self.kernel.allocate(size).map_err(|error| Error::api(error.code()))
    }

    fn register(&self, buffer: Vec<u8>) -> Result<K::Block, Error> {
        if self.kernel.capabilities().contains(Capabilities::REGISTERED_MEMORY) {
            return self.kernel.register(buffer).map_err(|error| Error::api(error.code()));
        }
        let block = self.allocate(buffer.len())?;
        let copied = crate::memory::SharedBytes::write(&block, 0, &buffer);
        copied.then_some(block).ok_or(Error::api(TeeError::OUT_OF_MEMORY))
    }

    fn release(&self, memory: K::Block) -> Result<Vec<u8>, Error> {
        Ok(memory.into_vec())
    }

    fn discard(&self, memory: K::Block) -> Result<(), Error> {
        drop(memory);
        Ok(())
    }
}

/// Why there is no context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// There is no TEE: no node, or none that fits.
    NotFound,
    /// A node that there is cannot be opened.
    Node(PathBuf, Errno),
    /// What is behind a node does not follow GlobalPlatform, or is for the supplicant.
    Unfit(PathBuf),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(f, "no TEE: there is no {CLIENT_NODE}0 (is the kernel's optee driver loaded?)"),
            Self::Node(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Unfit(path) => write!(f, "{} is no GlobalPlatform TEE for clients", path.display()),
        }
    }
}

impl core::error::Error for ConnectError {}

impl LinuxContext {
    /// A context with the first TEE that there is (TEEC_InitializeContext).
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect() -> Result<Self, ConnectError> {
        open_first(|_| true).map(|device| Self::new(Linux::new(device)))
    }

    /// A context with the TEE behind a node.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect_to(node: &Path) -> Result<Self, ConnectError> {
        open(node).map(|device| Self::new(Linux::new(device)))
    }

    /// Shares a DMA buffer (TEEC_RegisterSharedMemoryFileDescriptor). It can be read and written through `fd` only.
    ///
    /// # Errors
    /// NOT_SUPPORTED when Linux cannot (before 6.18), BAD_PARAMETERS when it does not want that descriptor.
    pub fn register_fd(&self, fd: BorrowedFd<'_>, access: Direction) -> Result<SharedMemory<Linux<Device>>, Error> {
        let block = self.transport().kernel.register_fd(fd).map_err(|error| match error {
            Errno(libc::EOPNOTSUPP) => Error::api(TeeError::NOT_SUPPORTED),
            _ => Error::api(TeeError::BAD_PARAMETERS),
        })?;
        Ok(self.adopt(block, access))
    }
}

fn open(node: &Path) -> Result<Device, ConnectError> {
    let device = Device::open(node).map_err(|error| match error {
        Errno(libc::ENOENT) => ConnectError::NotFound,
        Errno(libc::ENOTTY) => ConnectError::Unfit(node.into()),
        error => ConnectError::Node(node.into(), error),
    })?;
    let capabilities = device.capabilities();
    let fits = capabilities.contains(Capabilities::GLOBAL_PLATFORM) && !capabilities.contains(Capabilities::PRIVILEGED);
    if fits { Ok(device) } else { Err(ConnectError::Unfit(node.into())) }
}

/// The first TEE that `wanted` wants.
///
/// # Errors
/// That of the first node which is there and does not open, when none does.
pub fn open_first(wanted: impl Fn(&linux::Version) -> bool) -> Result<Device, ConnectError> {
    let mut first_error = None;
    for index in 0..NODES {
        match open(Path::new(&format!("{CLIENT_NODE}{index}"))) {
            Ok(device) if wanted(&device.version()) => return Ok(device),
            Ok(_) | Err(ConnectError::NotFound) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(ConnectError::NotFound))
}
