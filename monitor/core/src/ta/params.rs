// SPDX-License-Identifier: BSD-2-Clause
//! The four parameters of a command, as the core holds them between client and TA.

use super::memory::{Backing, Memory};
use super::space::{Purpose, Region, UserSpace};
use crate::ports::{PAGE_SIZE, Platform, Prot};
use utee_abi::param::{ParamType, ParamTypes, UteeParams};
use utee_abi::result::TeeError;

const PAGE: u64 = PAGE_SIZE as u64;

/// One parameter.
pub enum Param<P: Platform> {
    /// Not used.
    None,
    /// Two numbers.
    Value {
        /// Which way they go.
        kind: ParamType,
        /// First number.
        a: u64,
        /// Second number.
        b: u64,
    },
    /// A buffer, or the NULL reference.
    Memref {
        /// Which way it goes.
        kind: ParamType,
        /// The buffer; `None` is the NULL reference.
        memory: Option<Memory<P>>,
        /// Its size in bytes, and after the call the size that the TA left (or needs).
        size: u64,
    },
}

/// The parameters of a command.
pub type Params<P> = [Param<P>; 4];

/// Four times no parameter.
pub fn none<P: Platform>() -> Params<P> {
    [Param::None, Param::None, Param::None, Param::None]
}

/// The types word of parameters.
pub fn types<P: Platform>(params: &Params<P>) -> ParamTypes {
    let kind = |param: &Param<P>| match param {
        Param::None => ParamType::None,
        Param::Value { kind, .. } | Param::Memref { kind, .. } => *kind,
    };
    let [a, b, c, d] = params;
    ParamTypes::new([kind(a), kind(b), kind(c), kind(d)])
}

/// Maps the buffers of `params` into a TA's space and builds what the TA finds on its stack.
///
/// Overlapping and neighbouring ranges of one object are mapped once (OP-TEE ABI, memory of parameters).
///
/// # Errors
/// OUT_OF_MEMORY when the TA's address space or its tables are full; what was mapped is unmapped by [`unmap`].
pub fn map<P: Platform>(space: &mut UserSpace<P>, params: &Params<P>, from: u64) -> Result<UteeParams, TeeError> {
    let mut cells = [[0u64; 2]; 4];
    let alone = params.iter().filter(|param| matches!(param, Param::Memref { memory: Some(_), .. })).count() == 1;
    for (slot, param) in cells.iter_mut().zip(params) {
        *slot = match param {
            Param::None => [0, 0],
            Param::Value { kind: ParamType::ValueOutput, .. } => [0, 0],
            Param::Value { a, b, .. } => [*a, *b],
            Param::Memref { memory: None, size, .. } => [0, *size],
            Param::Memref { memory: Some(memory), size, .. } => {
                let others = if alone { None } else { Some(params) };
                [map_buffer(space, others, memory, *size, from)?, *size]
            }
        };
    }
    Ok(UteeParams { types: types(params), cells })
}

/// Page range `first..end` of a buffer in its object.
fn pages_of<P: Platform>(memory: &Memory<P>, size: u64) -> Option<(usize, usize)> {
    let first = memory.offset / PAGE_SIZE;
    let size = usize::try_from(size).ok()?.max(1);
    let end = memory.offset.checked_add(size)?.div_ceil(PAGE_SIZE);
    Some((first, end))
}

/// Maps a buffer; `others` are the parameters, if it is not the only buffer among them.
fn map_buffer<P: Platform>(
    space: &mut UserSpace<P>,
    others: Option<&Params<P>>,
    memory: &Memory<P>,
    size: u64,
    from: u64,
) -> Result<u64, TeeError> {
    let (mut first, mut end) = pages_of(memory, size).ok_or(TeeError::OUT_OF_MEMORY)?;
    if let Some(params) = others {
        if let Some(region) = covering(space, &memory.backing, first, end) {
            return address_in(region, memory);
        }
        (first, end) = grown(params, memory, first, end);
    }
    let pages = end.saturating_sub(first);
    let va = space.find_free(&memory.backing, from, pages)?;
    let region = Region { va, pages, prot: Prot::ReadWrite, purpose: Purpose::Param, backing: memory.backing.clone(), first };
    let address = address_in(&region, memory)?;
    space.map(region)?;
    Ok(address)
}

/// The page range, grown by the other buffers of the same object that touch it; four at most, so four rounds do.
fn grown<P: Platform>(params: &Params<P>, memory: &Memory<P>, mut first: usize, mut end: usize) -> (usize, usize) {
    for _ in 0..params.len() {
        for other in params {
            let Param::Memref { memory: Some(other), size, .. } = other else { continue };
            let Some((other_first, other_end)) = pages_of(other, *size) else { continue };
            if other.backing.same(&memory.backing) && other_first <= end && first <= other_end {
                first = first.min(other_first);
                end = end.max(other_end);
            }
        }
    }
    (first, end)
}

fn covering<'s, P: Platform>(space: &'s UserSpace<P>, backing: &Backing<P>, first: usize, end: usize) -> Option<&'s Region<P>> {
    space.regions().iter().find(|region| {
        region.purpose == Purpose::Param
            && region.first <= first
            && end <= region.first.saturating_add(region.pages)
            && region.backing.same(backing)
    })
}

fn address_in<P: Platform>(region: &Region<P>, memory: &Memory<P>) -> Result<u64, TeeError> {
    let start = (region.first as u64).checked_mul(PAGE);
    start
        .and_then(|start| (memory.offset as u64).checked_sub(start))
        .and_then(|inside| region.va.checked_add(inside))
        .ok_or(TeeError::OUT_OF_MEMORY)
}

/// Unmaps what [`map`] mapped.
pub fn unmap<P: Platform>(space: &mut UserSpace<P>) {
    space.unmap_params();
}

/// True when there are none.
pub fn is_empty<P: Platform>(params: &Params<P>) -> bool {
    params.iter().all(|param| matches!(param, Param::None))
}

/// True when any parameter has a buffer that [`map`] maps.
pub fn has_memory<P: Platform>(params: &Params<P>) -> bool {
    params.iter().any(|param| matches!(param, Param::Memref { memory: Some(_), .. }))
}

/// Takes over what the TA left in its cells: numbers of output values, sizes of output buffers.
pub fn take_back<P: Platform>(params: &mut Params<P>, cells: &[[u64; 2]; 4]) {
    for (param, cell) in params.iter_mut().zip(cells) {
        match param {
            Param::Value { kind: ParamType::ValueOutput | ParamType::ValueInout, a, b } => [*a, *b] = *cell,
            Param::Memref { kind: ParamType::MemrefOutput | ParamType::MemrefInout, size, .. } => *size = cell[1],
            _ => {}
        }
    }
}

/// True when any parameter brings something back.
pub fn has_output<P: Platform>(params: &Params<P>) -> bool {
    params.iter().any(|param| match param {
        Param::None => false,
        Param::Value { kind, .. } | Param::Memref { kind, .. } => kind.is_output(),
    })
}
