// SPDX-License-Identifier: BSD-2-Clause
//! The DCP lent to the normal world, and taken back: for a demonstration in two passes, before and after the last restriction. Only
//! images to debug with do this; every other one has the DCP closed and locked from [`super::lockdown::lock_down`] on.
//!
//! | when | what |
//! | --- | --- |
//! | [`super::lockdown::lock_down`] with [`Policy::lends`] | all as ever, but that DCP speaks for the normal world, and the lock of its CSL is missing |
//! | [`lend`], before the normal world runs | a key is derived; CSL (34,0) opened |
//! | [`take_back`], between the passes | CSL (34,0) closed and locked; everything read back; the key derived again |
//!
//! A lent DCP reaches what the normal world reaches, and nothing else, whoever can write the CSU: its bit in SA is locked before it is
//! lent, and so is it in the second pass that it speaks for the normal world. The secure world's packets have to stand in RAM of the
//! normal world for that. What is derived so is worth nothing: whoever commands the DCP meanwhile may have it encrypt anything under the
//! unique key, what the hardware-unique key is made of too, which is therefore not to be used in such a boot.
//!
//! Not checked on hardware, in particular whether the DCP uses the unique key while it speaks for the normal world. If not, nothing is
//! lent.

use core::fmt;

use super::audit::{self, Finding};
use super::bus::Bus;
use super::csu::{Access, Csu};
use super::dcp::{self, Dcp};
use super::dma::Dma;
use super::keys;
use super::lockdown::{self, Policy, taken};
use super::table;
use zeroize::Zeroizing;

/// What either world has the DCP encrypt: as in GoTEE's example. No other key of this system is made of it.
pub const DIVERSIFIER: [u8; dcp::BLOCK] = [0; dcp::BLOCK];

/// What comes out.
pub type Key = Zeroizing<[u8; dcp::BLOCK]>;

/// Why the DCP was not lent, or the chip is not as it should be afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A register did not take a value.
    Lockdown(lockdown::Error),
    /// The DCP failed.
    Dcp(dcp::Error),
    /// This many settings are not the policy's.
    Wrong(usize),
}

impl From<lockdown::Error> for Error {
    fn from(error: lockdown::Error) -> Self {
        Self::Lockdown(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lockdown(error) => error.fmt(f),
            Self::Dcp(error) => error.fmt(f),
            Self::Wrong(count) => write!(f, "{count} settings of the chip are not the policy's"),
        }
    }
}

/// [`audit::audit`], without the lock that is missing while the DCP may be lent.
pub fn audit<B: Bus>(bus: &B, policy: &Policy<'_>, mut report: impl FnMut(&Finding)) -> usize {
    let missing = table::DCP.bits(Access::None, true);
    let mut wrong = 0;
    audit::audit(bus, policy, |finding| {
        let held = policy.lends && finding.register == Csu::<B>::csl_register(table::DCP.csl());
        let seen = Finding { mask: finding.mask & if held { !missing } else { u32::MAX }, ..*finding };
        wrong += usize::from(!seen.is_right());
        report(&seen);
    });
    wrong
}

fn set<B: Bus>(bus: &B, access: Access, lock: bool) -> Result<(), lockdown::Error> {
    Csu::new(bus).set(table::DCP, access, lock);
    taken(bus, Csu::<B>::csl_register(table::DCP.csl()), table::DCP.mask(), table::DCP.bits(access, lock))
}

fn derive<B: Bus, D: Dma>(bus: &B, memory: D) -> Result<Key, dcp::Error> {
    let dcp = Dcp::new(bus, memory);
    dcp.start()?;
    dcp.derive(&DIVERSIFIER)
}

/// Derives the key, then lets the normal world have the DCP; `memory` is RAM of the normal world that it does not use. After
/// [`lockdown::lock_down`] with [`Policy::lends`].
///
/// # Errors
/// `Dcp`: the DCP is closed and locked then, and all as after [`take_back`]. `Lockdown` when a register did not take a value: the chip
/// is to be stopped.
pub fn lend<B: Bus, D: Dma>(bus: &B, policy: &Policy<'_>, memory: D) -> Result<Key, Error> {
    keys::enable_clocks(bus, policy.part);
    match derive(bus, memory) {
        Ok(key) => {
            set(bus, Access::NormalPrivileged, false)?;
            Ok(key)
        }
        Err(error) => {
            set(bus, Access::SecurePrivileged, true)?;
            Err(Error::Dcp(error))
        }
    }
}

/// Closes the DCP to the normal world until reset, reads back everything, and derives the key again, which nobody can after that. Each
/// finding goes to `report`.
///
/// # Errors
/// `Lockdown`, `Wrong`: the chip is to be stopped. The key has an error of its own: all is closed, and there is no key.
pub fn take_back<B: Bus, D: Dma>(
    bus: &B,
    policy: &Policy<'_>,
    memory: D,
    report: impl FnMut(&Finding),
) -> Result<Result<Key, dcp::Error>, Error> {
    set(bus, Access::SecurePrivileged, true)?;
    let wrong = audit::audit(bus, policy, report);
    if wrong != 0 {
        return Err(Error::Wrong(wrong));
    }
    let dcp = Dcp::new(bus, memory);
    let key = dcp.start().and_then(|()| dcp.derive(&DIVERSIFIER));
    dcp.disable_unique_key();
    Ok(key)
}
