// SPDX-License-Identifier: BSD-2-Clause
//! Where TAs come from: sources that are asked in turn, and the plan of what a source has verified.

use crate::lock::Lock;
use crate::ports::Platform;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::marker::PhantomData;
use ta_loader::{Limits, LoadPlan, RootKey};
use utee_abi::boot_image::{Archive, KIND_ROOT_KEY, KIND_TA};
use utee_abi::bytes::u32_at;
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

/// What a TA may be at most.
pub const LIMITS: Limits = Limits { memory: 24 << 20, segments: 16, relocations: 1 << 16 };

/// Root keys at most.
const MAX_KEYS: usize = 8;

/// Plans that are kept for the next open of the same image.
const KEPT_PLANS: usize = 8;

/// A TA image whose signature holds, and what loading it comes to.
pub struct Image {
    /// UUID of the TA.
    pub uuid: Uuid,
    /// What to do.
    pub plan: LoadPlan,
}

/// A verified image and its ELF file.
pub type Verified<'s> = (Arc<Image>, &'s [u8]);

/// A source of TAs.
pub trait TaSource<P: Platform>: Sync {
    /// The verified image of a TA and its ELF file; `None` when this source does not have it.
    ///
    /// # Errors
    /// SECURITY for an image that does not verify, BAD_FORMAT for an ELF file that breaks a rule, OUT_OF_MEMORY.
    fn find<'s>(&'s self, platform: &'s P, uuid: &Uuid) -> Result<Option<Verified<'s>>, TeeError>;
}

/// The TAs and root keys in the boot image. They do not change, so that one verification of each lasts.
pub struct BootArchive<P: Platform> {
    kept: Lock<P, Vec<Arc<Image>>>,
    marker: PhantomData<P>,
}

impl<P: Platform> BootArchive<P> {
    /// Checks that there is an archive.
    ///
    /// # Errors
    /// BAD_FORMAT.
    pub fn read(platform: &P) -> Result<Self, TeeError> {
        Archive::read(platform.boot_archive()).ok_or(TeeError::BAD_FORMAT)?;
        Ok(Self { kept: Lock::<P, _>::new(Vec::new()), marker: PhantomData })
    }

    /// Number of TAs and of root keys.
    pub fn count_in(platform: &P) -> (usize, usize) {
        let count =
            |kind| Archive::read(platform.boot_archive()).map_or(0, |archive| archive.entries().filter(|entry| entry.kind == kind).count());
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

    fn keep(&self, image: &Arc<Image>) -> Result<(), TeeError> {
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
    fn find<'s>(&'s self, platform: &'s P, uuid: &Uuid) -> Result<Option<Verified<'s>>, TeeError> {
        let archive = Archive::read(platform.boot_archive()).ok_or(TeeError::BAD_FORMAT)?;
        let Some(entry) = archive.entries().find(|entry| entry.kind == KIND_TA && entry.uuid == *uuid) else { return Ok(None) };
        let kept = self.kept.lock().iter().find(|image| image.uuid == *uuid).map(Arc::clone);
        if let Some(image) = kept {
            let elf = ta_loader::image::payload(entry.data).ok_or(TeeError::SECURITY)?;
            return Ok(Some((image, elf)));
        }
        let mut keys: heapless::Vec<RootKey<'_>, MAX_KEYS> = heapless::Vec::new();
        for key in archive.entries().filter(|entry| entry.kind == KIND_ROOT_KEY) {
            if let (Some(exponent), Some(modulus)) = (u32_at(key.data, 0), key.data.get(4..)) {
                let _ = keys.push(RootKey { exponent, modulus });
            }
        }
        let refuse = |error: ta_loader::LoadError| {
            crate::log!(platform, "E core: ta {uuid} refused: {error}");
            error.code()
        };
        let verified = ta_loader::verify(entry.data, uuid, &keys).map_err(refuse)?;
        let plan = ta_loader::plan(verified.elf, &LIMITS).map_err(refuse)?;
        if plan.head.uuid != *uuid {
            return Err(refuse(ta_loader::LoadError::Uuid));
        }
        let image = Arc::new(Image { uuid: *uuid, plan });
        self.keep(&image)?;
        Ok(Some((image, verified.elf)))
    }
}
