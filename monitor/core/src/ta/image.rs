// SPDX-License-Identifier: BSD-2-Clause
//! Verified TA images, and what loading one comes to.

use crate::Tee;
use crate::crypto::algorithms::digest::Digest;
use crate::ports::{AddressSpace, PAGE_SIZE, Platform, Sealed, SealedOf};
use alloc::sync::Arc;
use core::ops::Range;
use ta_loader::error::ElfError;
use ta_loader::plan::{Rights, Segment};
use ta_loader::{Limits, LoadError, LoadPlan, RootKey};
use utee_abi::boot_image::{Archive, KIND_ROOT_KEY};
use utee_abi::bytes::u32_at;
use utee_abi::crypto::Algorithm;
use utee_abi::image::DIGEST_SIZE;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// What a TA may be at most.
pub const LIMITS: Limits = Limits { memory: 24 << 20, segments: 16, relocations: 1 << 16 };

/// Root keys at most.
const MAX_KEYS: usize = 8;

/// The image of a TA or of a library whose signature holds, in memory that does not change any more.
pub struct Image<P: Platform> {
    /// UUID of the TA or library.
    pub uuid: Uuid,
    /// Version that was signed.
    pub version: u32,
    /// The signed digest: what identifies this very image.
    pub digest: [u8; DIGEST_SIZE],
    /// What to do to load it.
    pub plan: LoadPlan,
    memory: Arc<SealedOf<P>>,
    whole: Range<usize>,
    elf: Range<usize>,
    /// First byte of `memory` that is somebody else's.
    limit: usize,
}

/// Where an image stands in sealed memory.
pub struct Place<P: Platform> {
    /// The memory.
    pub memory: Arc<SealedOf<P>>,
    /// The signed image in it.
    pub range: Range<usize>,
    /// First byte behind it that is not its own; what lies between is zero.
    pub limit: usize,
}

impl<P: Platform> Image<P> {
    /// Verifies the image of the TA `uuid` and plans its load.
    ///
    /// # Errors
    /// SECURITY for an image that does not verify, BAD_FORMAT for an ELF file that breaks a rule, OUT_OF_MEMORY.
    pub fn verify(tee: &Tee<P>, uuid: &Uuid, place: Place<P>) -> Result<Self, TeeError> {
        let Place { memory, range, limit } = place;
        let bytes = memory.bytes().get(range.clone()).ok_or(TeeError::BAD_FORMAT)?;
        let archive = Archive::read(tee.platform.boot_archive().bytes()).ok_or(TeeError::BAD_FORMAT)?;
        let mut keys: heapless::Vec<RootKey<'_>, MAX_KEYS> = heapless::Vec::new();
        for key in archive.entries().filter(|entry| entry.kind == KIND_ROOT_KEY) {
            if let (Some(exponent), Some(modulus)) = (u32_at(key.data, 0), key.data.get(4..)) {
                let _ = keys.push(RootKey { exponent, modulus });
            }
        }
        let refuse = |error: LoadError| {
            crate::log!(&tee.platform, "E core: ta {uuid} refused: {error}");
            error.code()
        };
        let sha256 = |parts: [&[u8]; 2]| {
            let (mut digest, mut out) = (Digest::on(tee.platform.engine(), Algorithm::Sha256), [0; DIGEST_SIZE]);
            // Data alone is never refused by a digest.
            let _ = parts.iter().try_for_each(|part| digest.update(part));
            digest.finish(&mut out);
            out
        };
        let verified = ta_loader::verify_with(bytes, uuid, &keys, sha256).map_err(refuse)?;
        let plan = ta_loader::plan(verified.elf, &LIMITS).map_err(refuse)?;
        if !<P::Space as AddressSpace>::MACHINES.contains(&plan.machine) {
            return Err(refuse(ElfError::Machine.into()));
        }
        if plan.uuid != *uuid {
            return Err(refuse(LoadError::Uuid));
        }
        // The ELF file is what an image ends with.
        let elf = range.end.checked_sub(verified.elf.len()).ok_or(TeeError::BAD_FORMAT)?..range.end;
        let (version, digest) = (verified.version, verified.digest);
        Ok(Self { uuid: *uuid, version, digest, plan, memory, whole: range, elf, limit })
    }

    /// True when nothing is mapped from it.
    pub fn is_unused(&self) -> bool {
        Arc::strong_count(&self.memory) == 1
    }

    /// The signed image.
    pub fn bytes(&self) -> &[u8] {
        self.memory.bytes().get(self.whole.clone()).unwrap_or_default()
    }

    /// The ELF file in it.
    pub fn elf(&self) -> &[u8] {
        self.memory.bytes().get(self.elf.clone()).unwrap_or_default()
    }

    /// The pages of the image that a segment can be mapped from as they are; `None` when it needs a copy of its own.
    pub fn shared(&self, segment: &Segment) -> Option<(Arc<SealedOf<P>>, usize)> {
        if segment.relocated || segment.rights == Rights::ReadWrite || segment.mem_len > segment.file.len() as u64 {
            return None;
        }
        let lead = usize::try_from(segment.vaddr.checked_sub(segment.page_start)?).ok()?;
        let start = self.elf.start.checked_add(segment.file.start)?.checked_sub(lead)?;
        let end = usize::try_from(segment.pages).ok()?.checked_mul(PAGE_SIZE)?.checked_add(start)?;
        let whole_pages = start.is_multiple_of(PAGE_SIZE) && start >= self.whole.start && end <= self.limit;
        whole_pages.then(|| (Arc::clone(&self.memory), start / PAGE_SIZE))
    }
}
