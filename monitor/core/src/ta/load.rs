// SPDX-License-Identifier: BSD-2-Clause
//! Applies a load plan: frames, copies, relocations, mappings, stack.

use super::image::Image;
use super::instance::{Body, Instance};
use super::memory::Backing;
use super::source;
use super::space::{Purpose, Region, UserSpace};
use super::time::ticks_of_ms;
use crate::call::Call;
use crate::ports::{AddressSpace, Frames, PAGE_SIZE, Platform, Prot, SealedOf, UserContext};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use ta_loader::LoadPlan;
use ta_loader::plan::{PhdrInfo, Rights, Segment, Value};
use utee_abi::result::TeeError;
use utee_abi::ta_head::phdr_info32;
use utee_abi::uuid::Uuid;

const PAGE: u64 = PAGE_SIZE as u64;

/// Where an image is put at the lowest; address 0 stays unmapped for NULL pointers.
const LOWEST_BASE: u64 = 0x10_0000;

/// Random pages in the gap below the stack.
const GAP_MASK: u32 = 0x7F;

/// Address space that is left to a TA behind its image and stack, for what it maps later.
const LEFT_FREE: u64 = 4 << 20;

/// A TA and its body, which the thread that loaded it has.
pub type Loaded<P> = (Arc<Instance<P>>, Box<Body<P>>);

/// Loads a TA; this thread has its body.
///
/// # Errors
/// ITEM_NOT_FOUND when no source has it, SECURITY, BAD_FORMAT, OUT_OF_MEMORY.
pub fn load<P: Platform>(call: &Call<'_, P>, uuid: &Uuid) -> Result<Loaded<P>, TeeError> {
    let image = source::find(call, uuid)?;
    let body = Box::new(build(call, &image)?);
    let instance = Instance::new(call.tee.registry.new_id(), *uuid, image.plan.flags, call.thread);
    Ok((Arc::new(instance), body))
}

fn build<P: Platform>(call: &Call<'_, P>, image: &Image<P>) -> Result<Body<P>, TeeError> {
    let platform = call.platform();
    let (plan, elf) = (&image.plan, image.elf());
    let [base_random, gap_pages] = randomness(call)?;
    let base = load_base::<P>(plan, base_random);
    let mut space = UserSpace::new(platform)?;
    let mut parts = Vec::new();
    parts.try_reserve_exact(plan.segments.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    for segment in &plan.segments {
        parts.push(match image.shared(segment) {
            Some((memory, first)) => Part::Shared(memory, first),
            None => Part::Own(fill(call, segment, elf)?),
        });
    }
    relocate(plan, &parts, base)?;
    let mut free_from = base.saturating_add(plan.span);
    if let Some(info) = &plan.phdr_info {
        free_from = publish_headers(call, &mut space, plan, info, &parts, base, elf)?;
    }
    for (segment, part) in plan.segments.iter().zip(parts) {
        let prot = match segment.rights {
            Rights::Read => Prot::Read,
            Rights::ReadWrite => Prot::ReadWrite,
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
    let stack_from = free_from.saturating_add(u64::from(gap_pages & GAP_MASK).saturating_add(1).saturating_mul(PAGE));
    let (stack, stack_top) = map_stack(call, &mut space, plan, stack_from)?;
    let limit = plan.limits.filter(|limits| limits.time_limit_ms != 0);
    Ok(Body {
        space,
        context: UserContext::new(),
        entry: base.saturating_add(plan.entry),
        stack_top,
        stack,
        load_base: base,
        time_limit: limit.map(|limits| ticks_of_ms(platform, limits.time_limit_ms)),
        free_from: stack_top.saturating_add(PAGE),
        states: crate::crypto::state::States::new(),
        opened: Vec::new(),
    })
}

/// Any of the pages that leave room for the image, its stack and more.
fn load_base<P: Platform>(plan: &LoadPlan, random: u32) -> u64 {
    let user = <P::Space as AddressSpace>::SECURE;
    let lowest = user.start.max(LOWEST_BASE);
    let needed = plan.span.saturating_add(u64::from(plan.head.stack_size)).saturating_add(LEFT_FREE);
    let choices = user.end.saturating_sub(lowest).saturating_sub(needed) / PAGE;
    lowest.saturating_add((u64::from(random) % choices.max(1)).saturating_mul(PAGE))
}

fn randomness<P: Platform>(call: &Call<'_, P>) -> Result<[u32; 2], TeeError> {
    if !call.platform().randomise() {
        return Ok([0, 0]);
    }
    Ok([call.tee.rng.number(call.platform())?, call.tee.rng.number(call.platform())?])
}

/// What a segment is mapped from.
enum Part<P: Platform> {
    /// Frames that only this instance has.
    Own(P::Frames),
    /// Pages of the verified image from this one on, which every instance maps.
    Shared(Arc<SealedOf<P>>, usize),
}

/// Zeroed frames; images that are only held for the next open make room when there are too few.
fn frames<P: Platform>(call: &Call<'_, P>, pages: usize) -> Result<P::Frames, TeeError> {
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
        write(plan, parts, relocation.vaddr, &word(value))?;
    }
    Ok(())
}

/// An address of a 32-bit TA.
fn word(value: u64) -> [u8; 4] {
    ((value & u64::from(u32::MAX)) as u32).to_le_bytes()
}

/// Fills `__elf_phdr_info`: one read-only page holds the array, and the headers when no segment does.
/// Gives the first address past that page.
fn publish_headers<P: Platform>(
    call: &Call<'_, P>,
    space: &mut UserSpace<P>,
    plan: &LoadPlan,
    info: &PhdrInfo,
    parts: &[Part<P>],
    base: u64,
    elf: &[u8],
) -> Result<u64, TeeError> {
    let va = base.checked_add(plan.span).and_then(|end| end.checked_add(PAGE)).ok_or(TeeError::OUT_OF_MEMORY)?;
    let frames = frames(call, 1)?;
    let headers_at = phdr_info32::ENTRY_SIZE.next_multiple_of(8);
    let headers = match info.headers {
        Some(vaddr) => base.saturating_add(vaddr),
        None => {
            let content = elf.get(info.file.clone()).ok_or(TeeError::BAD_FORMAT)?;
            if !frames.write(headers_at, content) {
                return Err(TeeError::BAD_FORMAT);
            }
            va.saturating_add(headers_at as u64)
        }
    };
    let written = frames.write(phdr_info32::ENTRY_ADDR, &word(base))
        && frames.write(phdr_info32::ENTRY_PHDR, &word(headers))
        && frames.write(phdr_info32::ENTRY_PHNUM, &info.count.to_le_bytes());
    if !written {
        return Err(TeeError::GENERIC);
    }
    write(plan, parts, info.object.saturating_add(phdr_info32::COUNT as u64), &1u16.to_le_bytes())?;
    write(plan, parts, info.object.saturating_add(phdr_info32::ARRAY as u64), &word(va))?;
    let backing = Backing::Frames(Arc::new(frames));
    space.map(Region { va, pages: 1, prot: Prot::Read, purpose: Purpose::Image, backing, first: 0 })?;
    Ok(va.saturating_add(PAGE))
}

/// Maps the stack with an unmapped page on either side; gives its frames and its top.
fn map_stack<P: Platform>(
    call: &Call<'_, P>,
    space: &mut UserSpace<P>,
    plan: &LoadPlan,
    from: u64,
) -> Result<(Arc<P::Frames>, u64), TeeError> {
    let pages = usize::try_from(u64::from(plan.head.stack_size).div_ceil(PAGE)).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    let frames = Arc::new(frames(call, pages)?);
    let backing = Backing::Frames(Arc::clone(&frames));
    let va = space.find_free(&backing, from, pages)?;
    let region = Region { va, pages, prot: Prot::ReadWrite, purpose: Purpose::Stack, backing, first: 0 };
    let top = region.end();
    space.map(region)?;
    Ok((frames, top))
}
