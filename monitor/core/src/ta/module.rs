// SPDX-License-Identifier: BSD-2-Clause
//! The modules of a loaded program, the TA and its libraries: frames, copies, relocations, mappings.

use super::image::Image;
use super::memory::Backing;
use super::space::{Purpose, Region, UserSpace};
use crate::call::Call;
use crate::ports::{Frames, Machine, Platform, Prot, SealedOf};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;
use ta_loader::plan::{Rights, Segment, Value};
use ta_loader::{LoadError, LoadPlan, link};
use utee_abi::result::TeeError;

/// An image that is loaded into a TA.
pub struct Module<P: Platform> {
    /// The image. It stays as long as the TA, which may ask for symbols at any time.
    pub image: Arc<Image<P>>,
    /// Address that it is loaded at.
    pub base: u64,
    /// Address of its program headers, once the TA has been told.
    pub headers: Option<u64>,
}

impl<P: Platform> Module<P> {
    /// An image that is to be loaded at `base`.
    pub fn new(image: Arc<Image<P>>, base: u64) -> Self {
        Self { image, base, headers: None }
    }

    /// First address past it.
    pub fn end(&self) -> u64 {
        self.base.saturating_add(self.image.plan.span)
    }
}

/// Says why an image is not loaded.
pub fn refuse<P: Platform>(call: &Call<'_, P>, image: &Image<P>, error: LoadError) -> TeeError {
    crate::log!(call.platform(), "E core: ta {} refused: {error}", image.uuid);
    error.code()
}

/// The modules as the planner wants them.
///
/// # Errors
/// OUT_OF_MEMORY.
pub fn views<P: Platform>(modules: &[Module<P>]) -> Result<Vec<link::Module<'_>>, TeeError> {
    let mut views = Vec::new();
    views.try_reserve_exact(modules.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    views.extend(modules.iter().map(|module| link::Module { elf: module.image.elf(), plan: &module.image.plan, base: module.base }));
    Ok(views)
}

/// Maps module `index`; all modules are known by now.
///
/// # Errors
/// OUT_OF_MEMORY, BAD_FORMAT for a symbol that no module has.
pub fn map<P: Platform>(call: &Call<'_, P>, space: &mut UserSpace<P>, modules: &[Module<P>], index: usize) -> Result<(), TeeError> {
    let Module { image, base, .. } = modules.get(index).ok_or(TeeError::GENERIC)?;
    let plan = &image.plan;
    let mut parts: Vec<Part<P>> = Vec::new();
    parts.try_reserve_exact(plan.segments.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    for segment in &plan.segments {
        parts.push(match image.shared(segment) {
            Some((memory, first)) => Part::Shared(memory, first),
            None => Part::Own(fill(call, segment, image.elf())?),
        });
    }
    relocate(plan, &parts, *base)?;
    if !plan.imports.is_empty() {
        for link::Word { vaddr, value } in link::link(&views(modules)?, index).map_err(|error| refuse(call, image, error))? {
            write(plan, &parts, vaddr, &word(plan.machine, value))?;
        }
    }
    for (segment, part) in plan.segments.iter().zip(parts) {
        let prot = match segment.rights {
            Rights::Read => Prot::Read,
            Rights::ReadWrite => Prot::ReadWrite,
            Rights::ReadExecute if plan.landing_pads => Prot::GuardedExecute,
            Rights::ReadExecute => Prot::ReadExecute,
        };
        let va = base.checked_add(segment.page_start).ok_or(TeeError::OUT_OF_MEMORY)?;
        let pages = usize::try_from(segment.pages).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let (backing, first) = match part {
            Part::Own(frames) => (Backing::Frames(Arc::new(frames)), 0),
            Part::Shared(memory, first) => (Backing::Sealed(memory), first),
        };
        space.map(Region { va, pages, prot, purpose: Purpose::Image, backing, first })?;
    }
    Ok(())
}

/// What a segment is mapped from.
enum Part<P: Platform> {
    /// Frames that only this instance has.
    Own(P::Frames),
    /// Pages of the verified image from this one on, which every instance maps.
    Shared(Arc<SealedOf<P>>, usize),
}

/// Zeroed frames; images that are only held for the next open make room when there are too few.
///
/// # Errors
/// OUT_OF_MEMORY.
pub fn frames<P: Platform>(call: &Call<'_, P>, pages: usize) -> Result<P::Frames, TeeError> {
    loop {
        match call.platform().frames(pages) {
            Err(TeeError::OUT_OF_MEMORY) if call.tee.normal_source.drop_one() => {}
            result => return result,
        }
    }
}

/// Frames with the content of a segment.
fn fill<P: Platform>(call: &Call<'_, P>, segment: &Segment, elf: &[u8]) -> Result<P::Frames, TeeError> {
    let pages = usize::try_from(segment.pages).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    let frames = frames(call, pages)?;
    let offset = usize::try_from(segment.vaddr.saturating_sub(segment.page_start)).map_err(|_| TeeError::GENERIC)?;
    let content = elf.get(segment.file.clone()).ok_or(TeeError::BAD_FORMAT)?;
    if frames.write(offset, content) { Ok(frames) } else { Err(TeeError::BAD_FORMAT) }
}

/// Writes `data` at `vaddr` of the image.
fn write<P: Platform>(plan: &LoadPlan, parts: &[Part<P>], vaddr: u64, data: &[u8]) -> Result<(), TeeError> {
    let index = plan.segments.partition_point(|segment| segment.page_start <= vaddr);
    let index = index.checked_sub(1).ok_or(TeeError::BAD_FORMAT)?;
    let (Some(segment), Some(Part::Own(frames))) = (plan.segments.get(index), parts.get(index)) else {
        return Err(TeeError::BAD_FORMAT);
    };
    let at = usize::try_from(vaddr.saturating_sub(segment.page_start)).map_err(|_| TeeError::BAD_FORMAT)?;
    if frames.write(at, data) { Ok(()) } else { Err(TeeError::BAD_FORMAT) }
}

fn relocate<P: Platform>(plan: &LoadPlan, parts: &[Part<P>], base: u64) -> Result<(), TeeError> {
    for relocation in &plan.relocations {
        let value = match relocation.value {
            Value::Relative(value) => base.wrapping_add(value),
            Value::Absolute(value) => value,
        };
        write(plan, parts, relocation.vaddr, &word(plan.machine, value))?;
    }
    Ok(())
}

/// An address as it stands in the memory of a TA.
pub struct Word {
    bytes: [u8; 8],
    len: usize,
}

impl Deref for Word {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// An address of a TA.
pub fn word(machine: Machine, value: u64) -> Word {
    Word { bytes: value.to_le_bytes(), len: machine.address_size() }
}
