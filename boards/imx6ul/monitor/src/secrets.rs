// SPDX-License-Identifier: BSD-2-Clause
//! Random numbers and the hardware-unique key: of the block that the part has for them, or a stand-in where it has none.

use crate::devices::bus;
use drivers::imx6::bus::Mmio;
use drivers::imx6::keys::{Error, Keys};
use drivers::imx6::part::Part;
use lock_api::Mutex;
use sha2::{Digest, Sha256};
use tee_arch::cp15;
use tee_arch::lock::IrqSpinLock;
use tee_core::ports::{EntropyKind, HardwareKey, KeyState, Noise};
use utee_abi::result::TeeError;

/// The secrets of the chip.
pub(crate) struct Secrets {
    /// Whoever uses the blocks has it.
    keys: Mutex<IrqSpinLock, Keys<'static, Mmio>>,
    kind: EntropyKind,
}

impl Secrets {
    /// Those of a part that is locked down; starts its source of random numbers.
    ///
    /// # Errors
    /// What the source fails with.
    pub(crate) fn new(part: Part) -> Result<Self, Error> {
        let keys = Keys::new(bus(), part);
        let noise = keys.source().and_then(|source| Noise::new(source.name, source.width, source.millibits));
        let kind = match noise {
            Some(noise) => {
                keys.start_random()?;
                EntropyKind::Hardware(noise)
            }
            None => EntropyKind::StandIn("the counter of the CPU alone"),
        };
        Ok(Self { keys: Mutex::new(keys), kind })
    }

    /// Those of nothing, for last words.
    pub(crate) const fn none() -> Self {
        Self { keys: Mutex::new(Keys::new(bus(), Part::Emulated)), kind: EntropyKind::StandIn("none") }
    }

    /// Where entropy comes from.
    pub(crate) fn kind(&self) -> EntropyKind {
        self.kind
    }

    /// Fills `out` with samples as they come, or with what stands in for them.
    ///
    /// # Errors
    /// GENERIC when the source fails.
    pub(crate) fn entropy(&self, out: &mut [u8]) -> Result<(), TeeError> {
        if let EntropyKind::Hardware(_) = self.kind {
            return self.keys.lock().random(out).map_err(|_| TeeError::GENERIC);
        }
        for (index, part) in out.chunks_mut(32).enumerate() {
            let mut hash = Sha256::new();
            hash.update(cp15::cntpct().to_le_bytes());
            hash.update(index.to_le_bytes());
            for (to, from) in part.iter_mut().zip(hash.finalize()) {
                *to = from;
            }
        }
        Ok(())
    }

    /// The hardware-unique key; a part without a block for it has zeros, and says so.
    ///
    /// # Errors
    /// GENERIC when the block fails.
    pub(crate) fn hardware_key(&self) -> Result<HardwareKey, TeeError> {
        let keys = self.keys.lock();
        match keys.unique() {
            Ok(unique) => HardwareKey::derived(&*unique.secret, unique.fault.map_or(KeyState::Device, KeyState::Test)),
            Err(Error::Part(Part::Emulated)) => {
                Ok(HardwareKey::new([0; HardwareKey::SIZE], KeyState::StandIn("zeros, as QEMU models no block with one")))
            }
            Err(_) => Err(TeeError::GENERIC),
        }
    }
}
