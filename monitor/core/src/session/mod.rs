// SPDX-License-Identifier: BSD-2-Clause
//! Sessions: who is connected to which TA, and the four things one can do with that: open, invoke, close, cancel.
//!
//! * [`Session`] - one connection, with its cancellation state.
//! * [`Client`] and [`Opener`] - who a session belongs to.
//! * [`Sessions`] - the table of open ones.
//! * [`ops`] - open, invoke, close.

pub mod ops;
mod table;

pub use table::Sessions;

use crate::ports::Platform;
use crate::pta::PseudoTa;
use crate::ta::instance::Instance;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use utee_abi::msg::Login;
use utee_abi::result::{Origin, TeeError};
use utee_abi::uuid::Uuid;

/// Identity of a client as its TA sees it (gpd.client.identity).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Login method.
    pub login: Login,
    /// UUID that goes with it; nil for public clients and the normal-world kernel.
    pub uuid: Uuid,
}

/// Who opened a session, and may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// The normal world.
    NormalWorld,
    /// The TA instance of this number.
    Ta(u32),
    /// The console of the TEE.
    Console,
}

/// What a session is connected to.
pub enum Target<P: Platform> {
    /// A TA in user mode.
    User(Arc<Instance<P>>),
    /// A pseudo-TA inside the core.
    Pseudo(&'static dyn PseudoTa<P>),
}

/// A failed operation, with who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error.
    pub error: TeeError,
    /// Where it comes from.
    pub origin: Origin,
}

impl Failure {
    /// An error of the TEE itself.
    pub fn tee(error: TeeError) -> Self {
        Self { error, origin: Origin::Tee }
    }

    /// An error that a TA returned.
    pub fn ta(error: TeeError) -> Self {
        Self { error, origin: Origin::TrustedApp }
    }
}

impl From<TeeError> for Failure {
    fn from(error: TeeError) -> Self {
        Self::tee(error)
    }
}

const NO_DEADLINE: u64 = u64::MAX;

/// Nothing runs in a session.
const IDLE: u8 = 0;
/// Something does, and cancellation is masked.
const MASKED: u8 = 1;
/// Something does, and lets cancellation through.
const UNMASKED: u8 = 2;

/// A connection of a client to a TA.
pub struct Session<P: Platform> {
    /// Its number, the same for client and TA.
    pub id: u32,
    /// The client's identity.
    pub client: Client,
    /// Who may use it.
    pub opener: Opener,
    /// What it is connected to.
    pub target: Target<P>,
    cancelled: AtomicBool,
    entry: AtomicU8,
    deadline: AtomicU64,
}

impl<P: Platform> Session<P> {
    /// A new session.
    pub fn new(id: u32, client: Client, opener: Opener, target: Target<P>) -> Self {
        Self {
            id,
            client,
            opener,
            target,
            cancelled: AtomicBool::new(false),
            entry: AtomicU8::new(IDLE),
            deadline: AtomicU64::new(NO_DEADLINE),
        }
    }

    /// Asks the TA to cancel what it is doing for this session.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Sets the tick past which the current operation counts as cancelled.
    pub fn set_deadline(&self, tick: Option<u64>) {
        self.deadline.store(tick.unwrap_or(NO_DEADLINE), Ordering::Release);
    }

    /// Cancellation is masked at each entry; a request that came before the entry stays.
    pub fn begin_entry(&self) {
        self.entry.store(MASKED, Ordering::Release);
    }

    /// The operation is over: neither its cancellation nor its deadline reaches the next one.
    pub fn end_entry(&self) {
        self.entry.store(IDLE, Ordering::Release);
        self.cancelled.store(false, Ordering::Release);
        self.set_deadline(None);
    }

    /// True when the operation is cancelled and the TA lets cancellation through.
    pub fn is_cancelled(&self, now: u64) -> bool {
        let requested = self.cancelled.load(Ordering::Acquire) || self.deadline.load(Ordering::Acquire) <= now;
        requested && self.lets_cancel_through()
    }

    /// Masks or unmasks cancellation; gives what it was before.
    pub fn set_masked(&self, mask: Masking) -> Masking {
        let new = if mask == Masking::Masked { MASKED } else { UNMASKED };
        if self.entry.swap(new, Ordering::AcqRel) == UNMASKED { Masking::Unmasked } else { Masking::Masked }
    }

    /// True while an operation runs in the TA.
    pub fn is_entered(&self) -> bool {
        self.entry.load(Ordering::Acquire) != IDLE
    }

    /// True when a cancellation would reach the TA.
    pub fn lets_cancel_through(&self) -> bool {
        self.entry.load(Ordering::Acquire) == UNMASKED
    }
}

/// Whether cancellation reaches a TA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// It does not.
    Masked,
    /// It does.
    Unmasked,
}
