// SPDX-License-Identifier: BSD-2-Clause
//! Versions of TAs that have been loaded, so that none goes back (OP-TEE ABI, TA version database).

use crate::lock::Lock;
use crate::ports::Platform;
use alloc::vec::Vec;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// TAs whose version is remembered.
const MAX_VERSIONS: usize = 256;

/// The highest version of each TA that came from the normal world since the last reset.
pub(super) struct Versions<P: Platform> {
    seen: Lock<P, Vec<(Uuid, u32)>>,
}

impl<P: Platform> Versions<P> {
    /// None seen yet.
    pub(super) fn new() -> Self {
        Self { seen: Lock::<P, _>::new(Vec::new()) }
    }

    /// Takes note of a version that is about to be loaded.
    ///
    /// # Errors
    /// ACCESS_CONFLICT when a higher one has been loaded before, OUT_OF_MEMORY when there are too many TAs to remember.
    pub(super) fn admit(&self, uuid: &Uuid, version: u32) -> Result<(), TeeError> {
        let mut seen = self.seen.lock();
        if let Some((_, highest)) = seen.iter_mut().find(|(other, _)| other == uuid) {
            if version < *highest {
                return Err(TeeError::ACCESS_CONFLICT);
            }
            *highest = version;
            return Ok(());
        }
        // A TA that has never had a version has none to go back to.
        if version == 0 {
            return Ok(());
        }
        if seen.len() >= MAX_VERSIONS {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        seen.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        seen.push((*uuid, version));
        Ok(())
    }
}
