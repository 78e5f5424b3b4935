// SPDX-License-Identifier: BSD-2-Clause
//! Loads a TA: its modules, what it is told of them, its stack.

use super::abandoned::AbandonedLimit;
use super::image::Image;
use super::instance::{Body, Instance};
use super::memory::Backing;
use super::module::{self, Module};
use super::space::{Purpose, Region, UserSpace};
use super::time::ticks_of_ms;
use super::{libraries, publish, source};
use crate::call::Call;
use crate::ports::{AddressSpace, MAX_KEYS, PAGE_SIZE, Platform, Prot, UserContext};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use ta_loader::error::HeadError;
use ta_loader::plan::Program;
use utee_abi::param::UteeParams;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;
use zeroize::Zeroizing;

const PAGE: u64 = PAGE_SIZE as u64;

/// Where an image is put at the lowest; address 0 stays unmapped for NULL pointers.
const LOWEST_BASE: u64 = 0x10_0000;

/// Random pages in the gap below the stack.
const GAP_MASK: u32 = 0x7F;

/// Address space that is left to a TA behind its image and stack, for what it maps later.
const LEFT_FREE: u64 = 4 << 20;

/// A TA and its body, which the thread that loaded it has.
pub type Loaded<P> = (Arc<Instance<P>>, Box<Body<P>>);

/// Loads a TA with its libraries; this thread has its body.
///
/// # Errors
/// ITEM_NOT_FOUND when no source has it or a library, SECURITY, BAD_FORMAT, OUT_OF_MEMORY.
pub fn load<P: Platform>(call: &Call<'_, P>, uuid: &Uuid) -> Result<Loaded<P>, TeeError> {
    let image = source::find(call, uuid)?;
    let program = image.plan.program.clone().ok_or_else(|| module::refuse(call, &image, HeadError::Missing.into()))?;
    let body = Box::new(build(call, image, &program)?);
    let instance = Instance::new(call.tee.registry.new_id(), *uuid, &program, call.thread);
    Ok((Arc::new(instance), body))
}

fn build<P: Platform>(call: &Call<'_, P>, image: Arc<Image<P>>, program: &Program) -> Result<Body<P>, TeeError> {
    let platform = call.platform();
    let machine = image.plan.machine;
    let images = libraries::gather(call, &[], image)?;
    let [base_random, gap_pages] = randomness(call)?;
    let mut modules = Vec::new();
    modules.try_reserve_exact(images.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    let mut next = load_base(&images, program, base_random);
    for image in images {
        let module = Module::new(image, next);
        next = module.end().saturating_add(libraries::gap(call)?);
        modules.push(module);
    }
    let mut space = UserSpace::new(platform)?;
    set_keys(call, &mut space)?;
    for index in 0..modules.len() {
        module::map(call, &mut space, &modules, index)?;
    }
    let load_base = modules.first().map_or(0, |module| module.base);
    let free_from = publish::publish(call, &mut space, &mut modules, next)?;
    let stack_from = free_from.saturating_add(u64::from(gap_pages & GAP_MASK).saturating_mul(PAGE));
    let (stack, stack_top) = map_stack(call, &mut space, program.head.stack_size, stack_from)?;
    let limit = program.limits.filter(|limits| limits.time_limit_ms != 0);
    Ok(Body {
        space,
        context: UserContext::new(),
        machine,
        entry: load_base.saturating_add(program.entry),
        stack_top,
        stack,
        load_base,
        time_limit: limit.map(|limits| ticks_of_ms(platform, limits.time_limit_ms)),
        abandoned_limit: AbandonedLimit::of(platform, program.limits.as_ref()),
        free_from: stack_top.next_multiple_of(PAGE).saturating_add(PAGE),
        states: crate::crypto::state::States::new(),
        objects: crate::crypto::object::Objects::new(),
        enumerators: crate::storage::enumerator::Enumerators::new(),
        opened: Vec::new(),
        modules,
    })
}

/// Any of the pages that leave room for the images, the stack and more.
fn load_base<P: Platform>(images: &[Arc<Image<P>>], program: &Program, random: u32) -> u64 {
    let user = <P::Space as AddressSpace>::SECURE;
    let lowest = user.start.max(LOWEST_BASE);
    let spans = images.iter().fold(0u64, |sum, image| sum.saturating_add(image.plan.span).saturating_add(libraries::MAX_GAP));
    let needed = spans.saturating_add(u64::from(program.head.stack_size)).saturating_add(LEFT_FREE);
    let choices = user.end.saturating_sub(lowest).saturating_sub(needed) / PAGE;
    lowest.saturating_add((u64::from(random) % choices.max(1)).saturating_mul(PAGE))
}

fn randomness<P: Platform>(call: &Call<'_, P>) -> Result<[u32; 2], TeeError> {
    if !call.platform().randomise() {
        return Ok([0, 0]);
    }
    Ok([call.tee.rng.number(call.platform())?, call.tee.rng.number(call.platform())?])
}

/// Gives the TA keys of its own for its pointers, where the CPU has any.
fn set_keys<P: Platform>(call: &Call<'_, P>, space: &mut UserSpace<P>) -> Result<(), TeeError> {
    let mut keys = Zeroizing::new([0; MAX_KEYS]);
    let Some(keys) = keys.get_mut(..<P::Space as AddressSpace>::key_bytes()).filter(|keys| !keys.is_empty()) else { return Ok(()) };
    call.tee.rng.fill(call.platform(), keys)?;
    space.tables.set_keys(keys);
    Ok(())
}

/// Maps the stack with an unmapped page on either side; gives its frames and its top. A TA gets as much stack as it asks for: what
/// its last page has above that can be named by a buffer that begins on the stack, as TAs of OP-TEE do in tests.
fn map_stack<P: Platform>(
    call: &Call<'_, P>,
    space: &mut UserSpace<P>,
    stack_size: u32,
    from: u64,
) -> Result<(Arc<P::Frames>, u64), TeeError> {
    let pages = usize::try_from(u64::from(stack_size).div_ceil(PAGE)).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    let frames = Arc::new(module::frames(call, pages)?);
    let backing = Backing::Frames(Arc::clone(&frames));
    let va = space.find_free(&backing, from, pages)?;
    let region = Region { va, pages, prot: Prot::ReadWrite, purpose: Purpose::Stack, backing, first: 0 };
    let top = va.saturating_add(u64::from(stack_size).next_multiple_of(UteeParams::STACK_ALIGN));
    space.map(region)?;
    Ok((frames, top))
}
