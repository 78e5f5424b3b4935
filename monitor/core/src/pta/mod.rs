// SPDX-License-Identifier: BSD-2-Clause
//! Pseudo-TAs: services of the core that are called like TAs.

pub mod attestation;
pub mod device;
#[cfg(feature = "test-pta")]
pub mod invoke_tests;
#[cfg(feature = "log")]
pub mod log;
pub mod rng;
pub mod rtc;
pub mod secstor_ta_mgmt;
pub mod socket;
pub mod stats;
pub mod system;

use crate::call::Call;
use crate::ports::Platform;
use crate::session::{Client, Session};
use crate::ta::instance::{Body, Instance};
use crate::ta::memory::Memory;
use crate::ta::params::{Param, Params};
use utee_abi::param::ParamType;
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

/// Who calls a pseudo-TA.
pub enum Caller<'e, P: Platform> {
    /// The normal world.
    NormalWorld,
    /// A TA, whose own state a pseudo-TA may work on.
    Ta(&'e Instance<P>, &'e mut Body<P>),
}

/// A pseudo-TA.
pub trait PseudoTa<P: Platform>: Sync {
    /// Its UUID.
    fn uuid(&self) -> Uuid;

    /// Flags beyond single instance, multi session and keep alive, which all have.
    fn flags(&self) -> TaFlags {
        TaFlags::empty()
    }

    /// Whether this machine has what it serves; where it has not, there is no such TA.
    fn is_there(&self, _platform: &P) -> bool {
        true
    }

    /// Lets a client in, or not.
    ///
    /// # Errors
    /// ACCESS_DENIED for a client that it does not serve.
    fn open(&self, client: &Client, caller: &Caller<'_, P>) -> Result<(), TeeError>;

    /// Learns that a session is closed.
    fn close(&self, _call: &Call<'_, P>, _session: &Session<P>) {}

    /// Serves a command.
    ///
    /// # Errors
    /// NOT_IMPLEMENTED for an unknown command, BAD_PARAMETERS for other parameter types, and the command's own.
    fn invoke(
        &self,
        call: &Call<'_, P>,
        session: &Session<P>,
        caller: Caller<'_, P>,
        command: u32,
        params: &mut Params<P>,
    ) -> Result<(), TeeError>;
}

/// Every pseudo-TA.
pub fn all<P: Platform>() -> &'static [&'static dyn PseudoTa<P>] {
    &[
        &attestation::Attestation,
        &device::DeviceEnumeration,
        #[cfg(feature = "test-pta")]
        &invoke_tests::InvokeTests,
        #[cfg(feature = "log")]
        &log::Log,
        &rng::HardwareRng,
        &rtc::Clock,
        &secstor_ta_mgmt::TaManagement,
        &socket::Sockets,
        &stats::Statistics,
        &system::System,
    ]
}

/// Those that this machine has.
pub fn present<P: Platform>(platform: &P) -> impl Iterator<Item = &'static dyn PseudoTa<P>> + Clone {
    all::<P>().iter().copied().filter(|pseudo| pseudo.is_there(platform))
}

/// The pseudo-TA of a UUID.
pub fn find<P: Platform>(platform: &P, uuid: &Uuid) -> Option<&'static dyn PseudoTa<P>> {
    all::<P>().iter().copied().find(|pseudo| pseudo.uuid() == *uuid).filter(|pseudo| pseudo.is_there(platform))
}

/// The numbers of a value parameter of this type.
///
/// # Errors
/// BAD_PARAMETERS for any other parameter.
pub fn value<P: Platform>(param: &mut Param<P>, wanted: ParamType) -> Result<[&mut u64; 2], TeeError> {
    match param {
        Param::Value { kind, a, b } if *kind == wanted => Ok([a, b]),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

/// The buffer and size of a memref parameter of this type.
///
/// # Errors
/// BAD_PARAMETERS for any other parameter.
pub fn memref<P: Platform>(param: &mut Param<P>, wanted: ParamType) -> Result<(Option<&Memory<P>>, &mut u64), TeeError> {
    match param {
        Param::Memref { kind, memory, size } if *kind == wanted => Ok((memory.as_ref(), size)),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}
