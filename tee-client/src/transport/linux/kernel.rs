// SPDX-License-Identifier: BSD-2-Clause
//! What the transport asks of Linux, so that a test can stand in for it.

use crate::error::Error;
use crate::memory::SharedBytes;
use alloc::vec::Vec;
use core::fmt;
use utee_abi::linux::{Capabilities, Invoke, OpenSession};
use utee_abi::result::TeeError;

/// An error number of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    /// The number of an I/O error.
    #[must_use]
    pub fn of(error: &std::io::Error) -> Self {
        Self(error.raw_os_error().unwrap_or(libc::EIO))
    }

    /// What OP-TEE's client library makes of it.
    #[must_use]
    pub const fn code(self) -> TeeError {
        match self.0 {
            libc::ENOMEM => TeeError::OUT_OF_MEMORY,
            libc::EINVAL => TeeError::BAD_PARAMETERS,
            _ => TeeError::GENERIC,
        }
    }

    /// The error of a call that failed on its way.
    #[must_use]
    pub const fn comms(self) -> Error {
        Error::comms(self.code())
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&std::io::Error::from_raw_os_error(self.0), f)
    }
}

/// Memory that Linux knows by a number.
pub trait Shared: SharedBytes {
    /// Its number.
    fn id(&self) -> i32;

    /// Makes `len` bytes from `at` on zero, as far as they exist.
    fn clear(&self, at: usize, len: usize);

    /// Takes it back from the TEE; its content.
    fn into_vec(self) -> Vec<u8>;
}

/// The TEE subsystem of Linux, through one open node. Dropping what it gives takes it back.
pub trait Kernel: Send + Sync + 'static {
    /// Memory shared until it is dropped.
    type Block: Shared;
    /// Memory of the caller, shared as long as it is borrowed.
    type Loan<'a>;

    /// What the TEE can.
    fn capabilities(&self) -> Capabilities;

    /// TEE_IOC_OPEN_SESSION.
    ///
    /// # Errors
    /// When the call did not get through; the result of one that did is in `call`.
    fn open_session(&self, call: &mut OpenSession) -> Result<(), Errno>;

    /// TEE_IOC_INVOKE.
    ///
    /// # Errors
    /// As [`Kernel::open_session`].
    fn invoke(&self, call: &mut Invoke) -> Result<(), Errno>;

    /// TEE_IOC_CANCEL.
    ///
    /// # Errors
    /// What Linux answers.
    fn cancel(&self, session: u32) -> Result<(), Errno>;

    /// TEE_IOC_CLOSE_SESSION.
    ///
    /// # Errors
    /// What Linux answers.
    fn close_session(&self, session: u32) -> Result<(), Errno>;

    /// Zeroed memory.
    ///
    /// # Errors
    /// What Linux answers.
    fn allocate(&self, size: usize) -> Result<Self::Block, Errno>;

    /// Shares a buffer where it lies.
    ///
    /// # Errors
    /// What Linux answers.
    fn register(&self, buffer: Vec<u8>) -> Result<Self::Block, Errno>;

    /// Shares bytes for the TEE to read; the number that Linux knows them by comes with the loan.
    ///
    /// # Errors
    /// What Linux answers, EFAULT for constants of the program among it.
    fn lend<'a>(&self, bytes: &'a [u8]) -> Result<(i32, Self::Loan<'a>), Errno>;

    /// Shares bytes for the TEE to read and write.
    ///
    /// # Errors
    /// What Linux answers.
    fn lend_mut<'a>(&self, bytes: &'a mut [u8]) -> Result<(i32, Self::Loan<'a>), Errno>;

    /// True once in a process that was forked from the one which asked last: memory that is shared with the TEE is the
    /// parent's then.
    fn forked(&self) -> bool;
}
