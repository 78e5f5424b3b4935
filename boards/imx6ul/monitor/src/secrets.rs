// SPDX-License-Identifier: BSD-2-Clause
//! Random numbers and the hardware-unique key: of the block that the part has for them, or a stand-in where it has none.

use crate::devices::bus;
use drivers::imx6::bus::Mmio;
use drivers::imx6::keys::{self, Error, Keys};
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
    /// Taken once, as nobody can take it again after that.
    key: Result<HardwareKey, TeeError>,
}

impl Secrets {
    /// Those of a part that is locked down: starts its source of random numbers, and takes its key. A key that cannot be had is told to
    /// `failed`; what needs one does without then.
    ///
    /// The block that the key came from is sealed, so that nobody takes it again until reset, unless `keep`. Where the normal world is
    /// going to have that block (`lent`), the key is not taken, and it is sealed when it comes back.
    ///
    /// # Errors
    /// What the source of random numbers fails with.
    pub(crate) fn new(part: Part, keep: bool, lent: bool, failed: impl FnOnce(Error)) -> Result<Self, Error> {
        let keys = Keys::new(bus(), part);
        let noise = keys.source().and_then(|source| Noise::new(source.name, source.width, source.millibits));
        let kind = match noise {
            Some(noise) => {
                keys.start_random()?;
                EntropyKind::Hardware(noise)
            }
            None => EntropyKind::StandIn("the counter of the CPU alone"),
        };
        if lent {
            let stand_in = KeyState::StandIn("zeros, as the normal world could derive the real one in this boot");
            return Ok(Self { keys: Mutex::new(keys), kind, key: Ok(HardwareKey::new([0; HardwareKey::SIZE], stand_in)) });
        }
        let key = match keys.unique() {
            Ok(unique) => HardwareKey::derived(&*unique.secret, unique.fault.map_or(KeyState::Device, KeyState::Test)),
            Err(Error::Part(Part::Emulated)) => Ok(stand_in()),
            Err(error) => {
                failed(error);
                Err(TeeError::GENERIC)
            }
        };
        if !keep {
            keys.seal();
        }
        Ok(Self { keys: Mutex::new(keys), kind, key })
    }

    /// Those of nothing, for last words.
    pub(crate) fn none() -> Self {
        let kind = EntropyKind::StandIn("none");
        Self { keys: Mutex::new(Keys::new(bus(), Part::Emulated)), kind, key: Err(TeeError::GENERIC) }
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
            // Interrupts are masked for a look alone, however long the noise takes.
            return keys::fill(out, |rest| self.keys.lock().random(rest)).map_err(|_| TeeError::GENERIC);
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
    /// GENERIC when the block failed.
    pub(crate) fn hardware_key(&self) -> Result<HardwareKey, TeeError> {
        self.key.clone()
    }
}

fn stand_in() -> HardwareKey {
    HardwareKey::new([0; HardwareKey::SIZE], KeyState::StandIn("zeros, as QEMU models no block with one"))
}
