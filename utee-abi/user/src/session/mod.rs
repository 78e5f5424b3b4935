// SPDX-License-Identifier: BSD-2-Clause
//! Sessions with other TAs (GlobalPlatform TEE Internal Core API 1.3.1, section 4.9).

mod argument;
mod bounce;

pub use argument::Argument;

use crate::TeeError;
use crate::params::RawParams;
use crate::raw::{self, Word};
use bounce::Bounce;
use core::ptr;
use utee_abi::result::Origin;
use utee_abi::sysnum::Syscall;
use utee_abi::time::WAIT_FOREVER;
use utee_abi::uuid::Uuid;

/// Why a call of another TA failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code.
    pub error: TeeError,
    /// Who it comes from; `None` for an origin that does not exist.
    pub origin: Option<Origin>,
}

impl Failure {
    fn api(error: TeeError) -> Self {
        Self { error, origin: Some(Origin::Api) }
    }
}

impl From<Failure> for TeeError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// An open session with another TA. Dropping it closes it.
#[derive(Debug)]
pub struct Session {
    id: u32,
}

impl Session {
    /// Opens a session without parameters and without a time limit (TEE_OpenTASession).
    ///
    /// # Errors
    /// ITEM_NOT_FOUND when there is no such TA, BUSY when it has no place, TARGET_DEAD, or what the TA answers.
    pub fn open(ta: &Uuid) -> Result<Self, Failure> {
        Self::open_with(ta, WAIT_FOREVER, &mut [])
    }

    /// Opens a session with up to four parameters and a time limit in milliseconds.
    ///
    /// # Errors
    /// As [`Session::open`]; BAD_PARAMETERS for more than four; CANCEL when the time is over.
    pub fn open_with(ta: &Uuid, timeout_ms: u32, arguments: &mut [Argument<'_>]) -> Result<Self, Failure> {
        let mut params = argument::pack(arguments).map_err(Failure::api)?;
        // SAFETY: the memrefs are the slices that `arguments` borrows.
        let session = unsafe { Self::open_raw(ta, timeout_ms, Some(&mut params)) }?;
        argument::unpack(arguments, &params);
        Ok(session)
    }

    /// Opens a session without a look at the parameters: what the system pseudo-TA is opened by, since looking needs it.
    pub(crate) fn open_plain(ta: &Uuid) -> Result<Self, TeeError> {
        Ok(open_call(ta, WAIT_FOREVER, ptr::null_mut())?)
    }

    /// Opens a session with the kernel's structure.
    ///
    /// # Safety
    /// The memrefs are memory that this TA may read and, for outputs, write for the duration of the call.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub unsafe fn open_raw(ta: &Uuid, timeout_ms: u32, params: Option<&mut RawParams>) -> Result<Self, Failure> {
        let Some(params) = params else { return open_call(ta, timeout_ms, ptr::null_mut()) };
        // SAFETY: passed on.
        let bounce = unsafe { Bounce::new(params) }.map_err(Failure::api)?;
        let result = open_call(ta, timeout_ms, params);
        // SAFETY: the same parameters.
        unsafe { bounce.finish(params) };
        result
    }

    /// Invokes a command with up to four parameters, without a time limit (TEE_InvokeTACommand).
    ///
    /// # Errors
    /// TARGET_DEAD when the TA died, or what the TA answers; BAD_PARAMETERS for more than four.
    pub fn invoke(&mut self, command: u32, arguments: &mut [Argument<'_>]) -> Result<(), Failure> {
        self.invoke_with(WAIT_FOREVER, command, arguments)
    }

    /// Invokes a command with a time limit in milliseconds.
    ///
    /// # Errors
    /// As [`Session::invoke`]; CANCEL when the time is over.
    pub fn invoke_with(&mut self, timeout_ms: u32, command: u32, arguments: &mut [Argument<'_>]) -> Result<(), Failure> {
        let mut params = argument::pack(arguments).map_err(Failure::api)?;
        // SAFETY: the memrefs are the slices that `arguments` borrows.
        let result = unsafe { Self::invoke_checked(self.id, timeout_ms, command, &mut params) };
        // Outputs come back with an error as well: SHORT_BUFFER has the size that is needed.
        argument::unpack(arguments, &params);
        result
    }

    /// Invokes a command with the kernel's structure, private memory handed on through a mapping.
    ///
    /// # Safety
    /// As [`Session::open_raw`].
    ///
    /// # Errors
    /// As [`Session::invoke`].
    pub unsafe fn invoke_checked(session: u32, timeout_ms: u32, command: u32, params: &mut RawParams) -> Result<(), Failure> {
        // SAFETY: passed on.
        let bounce = unsafe { Bounce::new(params) }.map_err(Failure::api)?;
        // SAFETY: passed on; what is not in a mapping is the caller's memory as it was.
        let result = unsafe { Self::invoke_raw(session, timeout_ms, command, params) };
        // SAFETY: the same parameters.
        unsafe { bounce.finish(params) };
        result
    }

    /// Invokes a command with the kernel's structure as it is.
    ///
    /// # Safety
    /// As [`Session::open_raw`].
    ///
    /// # Errors
    /// As [`Session::invoke`]; BAD_PARAMETERS for private memory, unless a pseudo-TA is called.
    pub(crate) unsafe fn invoke_raw(session: u32, timeout_ms: u32, command: u32, params: &mut RawParams) -> Result<(), Failure> {
        let mut origin = 0u32;
        let args = [
            Word::number(session),
            Word::number(timeout_ms),
            Word::number(command),
            Word::from_mut(ptr::from_mut(params)),
            Word::from_mut(&raw mut origin),
        ];
        // SAFETY: the kernel reads and writes `params` and `origin`; the caller vouches for the memrefs.
        let result = unsafe { raw::call(Syscall::InvokeTaCommand, args) };
        result.map_err(|error| Failure { error, origin: Origin::try_from(origin).ok() })
    }

    /// Keeps the session open for good; its number.
    #[must_use]
    pub fn keep(self) -> u32 {
        let id = self.id;
        core::mem::forget(self);
        id
    }

    /// The session that [`Session::keep`] gave the number of.
    #[must_use]
    pub fn from_kept(id: u32) -> Self {
        Self { id }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A session that the kernel does not know is as closed as can be.
        // SAFETY: no memory is named.
        let _ = unsafe { raw::call(Syscall::CloseTaSession, [Word::number(self.id)]) };
    }
}

fn open_call(ta: &Uuid, timeout_ms: u32, params: *mut RawParams) -> Result<Session, Failure> {
    let uuid = ta.to_memory();
    let (mut session, mut origin) = (0u32, 0u32);
    let args = [
        Word::from_ptr(uuid.as_ptr()),
        Word::number(timeout_ms),
        Word::from_mut(params),
        Word::from_mut(&raw mut session),
        Word::from_mut(&raw mut origin),
    ];
    // SAFETY: the kernel reads `uuid`, reads and writes `params` unless NULL, and writes `session` and `origin`.
    let result = unsafe { raw::call(Syscall::OpenTaSession, args) };
    match result {
        Ok(()) => Ok(Session { id: session }),
        Err(error) => Err(Failure { error, origin: Origin::try_from(origin).ok() }),
    }
}
