// SPDX-License-Identifier: BSD-2-Clause
//! The DCP in the console's demonstration: lent to the normal world until that takes it back, if the image says so.

use crate::board::{Imx6ul, say};
use crate::devices::bus;
use drivers::imx6::dma::{Dma, Ram};
use drivers::imx6::lockdown::Policy;
use drivers::imx6::part::Part;
use drivers::imx6::passes;
use imx6ul::arguments::{Arguments, OPEN_FIRST};
use imx6ul::description::Description;
use imx6ul::map;
use lock_api::Mutex;
use monitor::panic;
use tee_arch::cache::{Maintenance, maintain};
use tee_arch::lock::IrqSpinLock;
use tee_core::console::ports::{EngineKey, EngineState, KeyEngine};
use utee_abi::result::TeeError;

/// Whether this image lends what it is told to.
pub(crate) const TO_DEBUG: bool = cfg!(feature = "debug-console");

/// The DCP.
pub(crate) struct Engine {
    description: &'static Description,
    part: Part,
    /// While it is lent: the key from before, and what is to be so afterwards.
    lent: Mutex<IrqSpinLock, Option<(EngineKey, &'static Policy<'static>)>>,
}

/// Memory for the secure world's packets, as the DCP speaks for the normal world.
fn memory() -> impl Dma {
    let flush = |start, len| {
        // SAFETY: mapped, as below.
        unsafe { maintain(start, len, Maintenance::CleanInvalidate) };
    };
    // SAFETY: RAM of the normal world, which `mappings` maps where it is and the kernel that ships does not use.
    unsafe { Ram::new(map::LENT_JOBS as u32, flush) }
}

impl Engine {
    /// None, for last words.
    pub(crate) fn none(description: &'static Description) -> Self {
        Self { description, part: Part::Emulated, lent: Mutex::new(None) }
    }

    /// The one of a part that is locked down by a policy: lends it, if the policy does.
    pub(crate) fn new(description: &'static Description, part: Part, policy: &'static Policy<'static>, words: Arguments<'_>) -> Self {
        let this = Self { description, part, lent: Mutex::new(None) };
        if !TO_DEBUG || !policy.lends {
            if words.has(OPEN_FIRST) {
                let why = if part.has_dcp() { "this image is not made to debug with" } else { "there is no DCP" };
                say!(description, "W board: {OPEN_FIRST} has no effect: {why}");
            }
            return this;
        }
        match passes::lend(bus(), policy, memory()) {
            Ok(key) => {
                say!(
                    description,
                    "W board: {OPEN_FIRST}: the DCP is the NORMAL WORLD'S until `tee` takes it back: no key of this chip is safe"
                );
                *this.lent.lock() = Some((key, policy));
            }
            Err(passes::Error::Dcp(error)) => {
                say!(description, "E board: {OPEN_FIRST}: the DCP is not lent: {error}");
            }
            Err(error) => panic::stop(&Imx6ul::last_words(), format_args!("the DCP cannot be lent: {error}")),
        }
        this
    }
}

impl KeyEngine for Engine {
    fn state(&self) -> EngineState {
        match self.part {
            Part::Emulated => EngineState::Missing("QEMU models none"),
            Part::Ul => EngineState::Missing("an i.MX6UL has a CAAM, all of which is the secure world's"),
            _ if self.lent.lock().is_some() => EngineState::Lent,
            _ => EngineState::Locked,
        }
    }

    fn key(&self) -> Option<EngineKey> {
        self.lent.lock().as_ref().map(|(key, _)| key.clone())
    }

    fn take_back(&self) -> Result<EngineKey, TeeError> {
        if !TO_DEBUG {
            return Err(TeeError::BAD_STATE);
        }
        let (_, policy) = self.lent.lock().take().ok_or(TeeError::BAD_STATE)?;
        let description = self.description;
        let taken = passes::take_back(bus(), policy, memory(), |finding| {
            if !finding.is_right() {
                say!(description, "E board: {finding}");
            }
        });
        match taken {
            Ok(Ok(key)) => Ok(key),
            Ok(Err(error)) => {
                say!(description, "E board: {error}");
                Err(TeeError::GENERIC)
            }
            Err(error) => panic::stop(&Imx6ul::last_words(), format_args!("the DCP cannot be taken back: {error}")),
        }
    }
}
