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

/// The TAs and root keys in the boot image.
pub struct BootArchive<P: Platform> {
    kept: Lock<P, Vec<Arc<Image<P>>>>,
}

impl<P: Platform> BootArchive<P> {
    /// Checks that there is an archive.
    ///
    /// # Errors
    /// BAD_FORMAT.
    pub fn read(platform: &P) -> Result<Self, TeeError> {
        Archive::read(platform.boot_archive().bytes()).ok_or(TeeError::BAD_FORMAT)?;
        Ok(Self { kept: Lock::<P, _>::new(Vec::new()) })
    }

    /// Number of TAs and of root keys.
    pub fn count_in(platform: &P) -> (usize, usize) {
        let archive = Archive::read(platform.boot_archive().bytes());
        let count = |kind| archive.map_or(0, |archive| archive.entries().filter(|entry| entry.kind == kind).count());
        (count(KIND_TA), count(KIND_ROOT_KEY))
    }

    /// UUIDs of the TAs that have been verified and have all of `flags`.
    pub fn flagged(&self, flags: TaFlags) -> impl Iterator<Item = Uuid> {
        let mut found: heapless::Vec<Uuid, KEPT_PLANS> = heapless::Vec::new();
        for image in self.kept.lock().iter().filter(|image| image.plan.flags.contains(flags)) {
            let _ = found.push(image.uuid);
        }
        found.into_iter()
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
