// SPDX-License-Identifier: BSD-2-Clause
//! The TAs of the boot image. They do not change, so that one verification of each lasts.

use super::TaSource;
use crate::call::Call;
use crate::lock::Lock;
use crate::ports::{Platform, Sealed};
use crate::ta::image::{Image, Place};
use alloc::sync::Arc;
use alloc::vec::Vec;
use utee_abi::boot_image::{Archive, KIND_ROOT_KEY, KIND_TA};
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

/// Plans that are kept for the next open of the same image.
const KEPT_PLANS: usize = 8;

/// UUIDs and flags of TAs.
type Flags = Arc<[(Uuid, TaFlags)]>;

/// The TAs and root keys in the boot image.
pub struct BootArchive<P: Platform> {
    kept: Lock<P, Vec<Arc<Image<P>>>>,
    /// Of every TA that verifies, once somebody has asked.
    flags: Lock<P, Option<Flags>>,
}

impl<P: Platform> BootArchive<P> {
    /// Checks that there is an archive.
    ///
    /// # Errors
    /// BAD_FORMAT.
    pub fn read(platform: &P) -> Result<Self, TeeError> {
        Archive::read(platform.boot_archive().bytes()).ok_or(TeeError::BAD_FORMAT)?;
        Ok(Self { kept: Lock::<P, _>::new(Vec::new()), flags: Lock::<P, _>::new(None) })
    }

    /// Number of TAs and of root keys.
    pub fn count_in(platform: &P) -> (usize, usize) {
        let archive = Archive::read(platform.boot_archive().bytes());
        let count = |kind| archive.map_or(0, |archive| archive.entries().filter(|entry| entry.kind == kind).count());
        (count(KIND_TA), count(KIND_ROOT_KEY))
    }

    /// UUIDs and flags of the TAs. The flags stand in what is signed, so each TA is verified the first time that this is
    /// asked, and one that does not verify is left out.
    ///
    /// # Errors
    /// OUT_OF_MEMORY, BAD_FORMAT.
    pub fn flags(&self, call: &Call<'_, P>) -> Result<Flags, TeeError> {
        if let Some(flags) = &*self.flags.lock() {
            return Ok(Arc::clone(flags));
        }
        let memory = call.platform().boot_archive();
        let archive = Archive::read(memory.bytes()).ok_or(TeeError::BAD_FORMAT)?;
        let mut found = Vec::new();
        for entry in archive.entries().filter(|entry| entry.kind == KIND_TA) {
            let image = self.find(call, &entry.uuid).ok().flatten();
            if let Some(program) = image.as_ref().and_then(|image| image.plan.program.as_ref()) {
                found.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
                found.push((entry.uuid, program.flags));
            }
        }
        let found: Flags = found.into();
        *self.flags.lock() = Some(Arc::clone(&found));
        Ok(found)
    }

    fn keep(&self, image: &Arc<Image<P>>) -> Result<(), TeeError> {
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT_PLANS {
            kept.remove(0);
        }
        kept.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        kept.push(Arc::clone(image));
        Ok(())
    }
}

impl<P: Platform> TaSource<P> for BootArchive<P> {
    fn find(&self, call: &Call<'_, P>, uuid: &Uuid) -> Result<Option<Arc<Image<P>>>, TeeError> {
        if let Some(image) = self.kept.lock().iter().find(|image| image.uuid == *uuid) {
            return Ok(Some(Arc::clone(image)));
        }
        let memory = call.platform().boot_archive();
        let archive = Archive::read(memory.bytes()).ok_or(TeeError::BAD_FORMAT)?;
        let Some(entry) = archive.entries().find(|entry| entry.kind == KIND_TA && entry.uuid == *uuid) else { return Ok(None) };
        let range = entry.range.clone();
        let limit = range.end;
        let image = Arc::new(Image::verify(call.tee, uuid, Place { memory: Arc::clone(memory), range, limit })?);
        self.keep(&image)?;
        Ok(Some(image))
    }
}
