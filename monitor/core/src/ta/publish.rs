// SPDX-License-Identifier: BSD-2-Clause
//! What a TA is told of its modules: the objects that the framework in it has for its loader (OP-TEE ABI, TA ELF and loading).

use super::memory::Backing;
use super::module::{self, Module, word};
use super::space::{Purpose, Region, UserSpace};
use crate::call::Call;
use crate::ports::{Frames, Machine, PAGE_SIZE, Platform, Prot};
use alloc::sync::Arc;
use ta_loader::LoadPlan;
use ta_loader::link::tls_module;
use utee_abi::access::AccessFlags;
use utee_abi::bytes::{u16_at, u32_at, u64_at};
use utee_abi::result::TeeError;
use utee_abi::ta_objects::InitFiniLayout;
use utee_abi::uaddr::UserSlice;

const PAGE: u64 = PAGE_SIZE as u64;

/// Tells a TA of all its modules, at first and whenever there are more of them. Arrays that it was given before stay where
/// they are. Gives the first address past what is mapped for it at or above `from`.
///
/// # Errors
/// OUT_OF_MEMORY.
pub fn publish<P: Platform>(call: &Call<'_, P>, space: &mut UserSpace<P>, modules: &mut [Module<P>], from: u64) -> Result<u64, TeeError> {
    let mut free_from = from;
    let Some(machine) = modules.first().map(|module| module.image.plan.machine) else { return Ok(from) };
    if let Some(object) = object(modules, |plan| plan.phdr_info) {
        free_from = publish_headers(call, space, machine, modules, object, free_from)?;
    }
    if let Some(object) = object(modules, |plan| plan.init_fini_info) {
        free_from = publish_init_fini(call, space, machine, modules, object, free_from)?;
    }
    Ok(free_from)
}

/// Address of an object in the first module that has it.
fn object<P: Platform>(modules: &[Module<P>], find: impl Fn(&LoadPlan) -> Option<u64>) -> Option<u64> {
    modules.iter().find_map(|module| Some(module.base.wrapping_add(find(&module.image.plan)?)))
}

fn user(address: u64, len: usize) -> Result<UserSlice, TeeError> {
    UserSlice::new(address, len as u64).ok_or(TeeError::BAD_FORMAT)
}

/// Writes number and address of an array into its object.
fn point<P: Platform>(call: &Call<'_, P>, space: &UserSpace<P>, fields: [(u64, &[u8]); 2]) -> Result<(), TeeError> {
    for (address, data) in fields {
        space.write(call.platform(), user(address, data.len())?, AccessFlags::empty(), data)?;
    }
    Ok(())
}

fn count_of<P: Platform>(modules: &[Module<P>]) -> Result<[u8; 2], TeeError> {
    u16::try_from(modules.len()).map(u16::to_le_bytes).map_err(|_| TeeError::OUT_OF_MEMORY)
}

/// Fills `__elf_phdr_info`: read-only pages hold the array, and the program headers that no segment holds.
fn publish_headers<P: Platform>(
    call: &Call<'_, P>,
    space: &mut UserSpace<P>,
    machine: Machine,
    modules: &mut [Module<P>],
    object: u64,
    from: u64,
) -> Result<u64, TeeError> {
    let layout = machine.phdr_info();
    let word = |value| word(machine, value);
    let array = modules.len().saturating_mul(layout.entry_size);
    let copied = |module: &Module<P>| module.headers.is_none() && module.image.plan.headers.vaddr.is_none();
    let copies =
        modules.iter().filter(|module| copied(module)).fold(0usize, |sum, module| sum.saturating_add(module.image.plan.headers.file.len()));
    let pages = array.saturating_add(copies).div_ceil(PAGE_SIZE);
    let frames = module::frames(call, pages)?;
    let va = space.find_secure(from, pages)?;
    let all = modules.len() as u64;
    let mut copy_at = array;
    for (index, module) in modules.iter_mut().enumerate() {
        let plan = &module.image.plan;
        let headers = match (module.headers, plan.headers.vaddr) {
            (Some(headers), _) => headers,
            (None, Some(vaddr)) => module.base.saturating_add(vaddr),
            (None, None) => {
                let content = module.image.elf().get(plan.headers.file.clone()).ok_or(TeeError::BAD_FORMAT)?;
                if !frames.write(copy_at, content) {
                    return Err(TeeError::GENERIC);
                }
                let headers = va.saturating_add(copy_at as u64);
                copy_at = copy_at.saturating_add(content.len());
                headers
            }
        };
        // The TA itself has no name: an empty string, which is the last byte of the object.
        let name = plan.name.map_or(object.saturating_add(layout.zero as u64), |name| module.base.saturating_add(name));
        let tls = if plan.tls_len > 0 { tls_module(index) } else { 0 };
        let entry = index.saturating_mul(layout.entry_size);
        let write = |field: usize, data: &[u8]| frames.write(entry.saturating_add(field), data);
        let written = write(layout.entry_addr, &word(module.base))
            && write(layout.entry_name, &word(name))
            && write(layout.entry_phdr, &word(headers))
            && write(layout.entry_phnum, &plan.headers.count.to_le_bytes())
            && write(layout.entry_adds, &all.to_le_bytes())
            && write(layout.entry_tls_module, &word(tls));
        if !written {
            return Err(TeeError::GENERIC);
        }
        module.headers = Some(headers);
    }
    let backing = Backing::Frames(Arc::new(frames));
    let region = Region { va, pages, prot: Prot::Read, purpose: Purpose::Image, backing, first: 0 };
    let end = region.end();
    space.map(region)?;
    let count = count_of(modules)?;
    let fields: [(u64, &[u8]); 2] =
        [(object.saturating_add(layout.count as u64), &count), (object.saturating_add(layout.array as u64), &word(va))];
    point(call, space, fields)?;
    Ok(end.saturating_add(PAGE))
}

/// Fills `__init_fini_info`: pages that the TA may write hold the array, because it notes there which functions have run.
fn publish_init_fini<P: Platform>(
    call: &Call<'_, P>,
    space: &mut UserSpace<P>,
    machine: Machine,
    modules: &[Module<P>],
    object: u64,
    from: u64,
) -> Result<u64, TeeError> {
    let layout = machine.init_fini();
    let word = |value| word(machine, value);
    let pages = modules.len().saturating_mul(layout.entry_size).div_ceil(PAGE_SIZE);
    let frames = module::frames(call, pages)?;
    let before = Noted::read(call, space, machine, object)?;
    for (index, module) in modules.iter().enumerate() {
        let plan = &module.image.plan;
        let count = |range: &core::ops::Range<u64>| {
            let functions = range.end.saturating_sub(range.start).checked_div(machine.address_size() as u64);
            functions.unwrap_or(0).min(u16::MAX.into()) as u16
        };
        let entry = index.saturating_mul(layout.entry_size);
        let write = |field: usize, data: &[u8]| frames.write(entry.saturating_add(field), data);
        let written = write(0, &before.flags(call, space, index).to_le_bytes())
            && write(layout.entry_init_count, &count(&plan.init).to_le_bytes())
            && write(layout.entry_fini_count, &count(&plan.fini).to_le_bytes())
            && write(layout.entry_init, &word(module.base.saturating_add(plan.init.start)))
            && write(layout.entry_fini, &word(module.base.saturating_add(plan.fini.start)));
        if !written {
            return Err(TeeError::GENERIC);
        }
    }
    let va = space.find_secure(from, pages)?;
    let backing = Backing::Frames(Arc::new(frames));
    let region = Region { va, pages, prot: Prot::ReadWrite, purpose: Purpose::Image, backing, first: 0 };
    let end = region.end();
    space.map(region)?;
    let count = count_of(modules)?;
    let fields: [(u64, &[u8]); 2] =
        [(object.saturating_add(layout.count as u64), &count), (object.saturating_add(layout.array as u64), &word(va))];
    point(call, space, fields)?;
    Ok(end.saturating_add(PAGE))
}

/// The array that a TA has at present, and what it noted in it. It is the TA's own word, about its own functions.
struct Noted {
    count: usize,
    array: u64,
    entry_size: usize,
}

impl Noted {
    fn read<P: Platform>(call: &Call<'_, P>, space: &UserSpace<P>, machine: Machine, object: u64) -> Result<Self, TeeError> {
        let layout = machine.init_fini();
        let mut bytes = [0; InitFiniLayout::A64.size];
        let bytes = bytes.get_mut(..layout.size).ok_or(TeeError::GENERIC)?;
        space.read(call.platform(), user(object, bytes.len())?, AccessFlags::empty(), bytes)?;
        let count = u16_at(bytes, layout.count).unwrap_or(0).into();
        let array = match machine {
            Machine::Arm => u32_at(bytes, layout.array).map(u64::from),
            Machine::Aarch64 => u64_at(bytes, layout.array),
        };
        Ok(Self { count, array: array.unwrap_or(0), entry_size: layout.entry_size })
    }

    /// Flags of an entry; those of a new one when there is none.
    fn flags<P: Platform>(&self, call: &Call<'_, P>, space: &UserSpace<P>, index: usize) -> u32 {
        let mut bytes = [0; 4];
        let at = (index as u64).saturating_mul(self.entry_size as u64).saturating_add(self.array);
        let known = index < self.count
            && user(at, bytes.len()).is_ok_and(|slice| space.read(call.platform(), slice, AccessFlags::empty(), &mut bytes).is_ok());
        if known { u32::from_le_bytes(bytes) } else { InitFiniLayout::VALID }
    }
}
