// SPDX-License-Identifier: BSD-2-Clause
//! Libraries of TAs: images of their own, found by UUID like TAs, with which a TA is loaded or which it opens later.

use super::image::{Image, LIMITS};
use super::instance::Body;
use super::module::{self, Module};
use super::space::Purpose;
use super::{publish, source};
use crate::call::Call;
use crate::ports::{Machine, PAGE_SIZE, Platform};
use alloc::sync::Arc;
use alloc::vec::Vec;
use ta_loader::LoadError;
use ta_loader::error::{ElfError, HeadError};
use ta_loader::link::lookup;
use ta_loader::plan::MAX_LIBRARIES;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

const PAGE: u64 = PAGE_SIZE as u64;

/// Random pages between modules.
const GAP_MASK: u32 = 0x7F;

/// Bytes between modules at most.
pub const MAX_GAP: u64 = (GAP_MASK as u64 + 1) * PAGE;

/// Bytes to leave before the next module: an unmapped page, and a random number of pages.
///
/// # Errors
/// What the generator of random numbers fails with.
pub fn gap<P: Platform>(call: &Call<'_, P>) -> Result<u64, TeeError> {
    let random = if call.platform().randomise() { call.tee.rng.number(call.platform())? } else { 0 };
    Ok(u64::from(random & GAP_MASK).saturating_add(1).saturating_mul(PAGE))
}

/// An image and the libraries that it needs, each once, in the order in which symbols are looked for: what the image
/// needs, then what these need, and so on. Those in `loaded` are there already.
///
/// # Errors
/// ITEM_NOT_FOUND for a library that no source has, BAD_FORMAT for one that is a TA, OUT_OF_MEMORY, and what verifying fails
/// with.
pub fn gather<P: Platform>(call: &Call<'_, P>, loaded: &[Module<P>], image: Arc<Image<P>>) -> Result<Vec<Arc<Image<P>>>, TeeError> {
    let mut images: Vec<Arc<Image<P>>> = Vec::new();
    images.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    images.push(image);
    let mut next = 0usize;
    while let Some(image) = images.get(next).map(Arc::clone) {
        for uuid in &image.plan.needed {
            let mut present = loaded.iter().map(|module| &module.image).chain(&images);
            if present.any(|image| image.uuid == *uuid) {
                continue;
            }
            let library = find(call, uuid, image.plan.machine)?;
            images.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
            images.push(library);
        }
        let all = loaded.iter().map(|module| &module.image).chain(&images);
        let (count, memory) =
            all.fold((0usize, 0u64), |(count, memory), image| (count.saturating_add(1), memory.saturating_add(image.plan.span)));
        if count.saturating_sub(1) > MAX_LIBRARIES || memory > LIMITS.memory {
            return Err(module::refuse(call, &image, LoadError::Memory));
        }
        next = next.saturating_add(1);
    }
    Ok(images)
}

/// A library for programs of an instruction set.
fn find<P: Platform>(call: &Call<'_, P>, uuid: &Uuid, machine: Machine) -> Result<Arc<Image<P>>, TeeError> {
    let image = source::find(call, uuid).inspect_err(|error| {
        crate::log!(call.platform(), "E core: library {uuid} cannot be loaded: {error}");
    })?;
    if image.plan.program.is_some() {
        return Err(module::refuse(call, &image, HeadError::NotLibrary.into()));
    }
    if image.plan.machine != machine {
        return Err(module::refuse(call, &image, ElfError::Machine.into()));
    }
    Ok(image)
}

/// Loads a library, and what it needs, into a TA that runs; nothing to do when it is there.
///
/// # Errors
/// As [`gather`], and BAD_FORMAT for a symbol that no module has.
pub fn open<P: Platform>(call: &Call<'_, P>, body: &mut Body<P>, uuid: &Uuid) -> Result<(), TeeError> {
    if body.modules.iter().any(|module| module.image.uuid == *uuid) {
        return Ok(());
    }
    let images = gather(call, &body.modules, find(call, uuid, body.machine)?)?;
    let before = body.modules.len();
    add(call, body, images).inspect_err(|_| {
        let added = body.modules.get(before..).unwrap_or_default();
        let inside = |va: u64| added.iter().any(|module| (module.base..module.end()).contains(&va));
        body.space.unmap_where(|region| region.purpose == Purpose::Image && inside(region.va));
        body.modules.truncate(before);
    })
}

fn add<P: Platform>(call: &Call<'_, P>, body: &mut Body<P>, images: Vec<Arc<Image<P>>>) -> Result<(), TeeError> {
    let before = body.modules.len();
    body.modules.try_reserve(images.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    let mut next = body.free_from;
    for image in images {
        let pages = usize::try_from(image.plan.span / PAGE).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let base = body.space.find_secure(next.saturating_add(gap(call)?), pages)?;
        let module = Module::new(image, base);
        next = module.end();
        body.modules.push(module);
    }
    for index in before..body.modules.len() {
        module::map(call, &mut body.space, &body.modules, index)?;
    }
    publish::publish(call, &mut body.space, &mut body.modules, next.saturating_add(PAGE))?;
    Ok(())
}

/// The address of a symbol of a library that is loaded, or of any module; with `None` of any module.
///
/// # Errors
/// ITEM_NOT_FOUND for a library that is not loaded, and for a symbol that nobody has.
pub fn symbol<P: Platform>(body: &Body<P>, library: Option<&Uuid>, name: &[u8]) -> Result<u64, TeeError> {
    let index = |uuid: &Uuid| body.modules.iter().position(|module| module.image.uuid == *uuid);
    let first = match library {
        Some(uuid) => Some(index(uuid).ok_or(TeeError::ITEM_NOT_FOUND)?),
        None => None,
    };
    lookup(&module::views(&body.modules)?, first, name).ok_or(TeeError::ITEM_NOT_FOUND)
}
