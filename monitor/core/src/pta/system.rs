// SPDX-License-Identifier: BSD-2-Clause
//! System services for TAs: entropy, keys of their own, memory.

use super::{Caller, PseudoTa, memref, value};
use crate::call::Call;
use crate::ports::{PAGE_SIZE, Platform, Prot};
use crate::session::{Client, Session};
use crate::ta::instance::Body;
use crate::ta::memory::Backing;
use crate::ta::params::{Param, Params};
use crate::ta::space::{Purpose, Region};
use alloc::sync::Arc;
use utee_abi::param::ParamType;
use utee_abi::pta::system::{Command, MAP_SHAREABLE, UUID};
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;
use zeroize::Zeroize;

/// The pseudo-TA.
pub struct System;

const PAGE: u64 = PAGE_SIZE as u64;

impl<P: Platform> PseudoTa<P> for System {
    fn uuid(&self) -> Uuid {
        UUID
    }

    fn open(&self, _client: &Client, caller: &Caller<'_, P>) -> Result<(), TeeError> {
        match caller {
            Caller::Ta(..) => Ok(()),
            Caller::NormalWorld => Err(TeeError::ACCESS_DENIED),
        }
    }

    fn invoke(
        &self,
        call: &Call<'_, P>,
        _session: &Session<P>,
        caller: Caller<'_, P>,
        command: u32,
        params: &mut Params<P>,
    ) -> Result<(), TeeError> {
        let Caller::Ta(_, body) = caller else { return Err(TeeError::ACCESS_DENIED) };
        match Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)? {
            Command::AddRngEntropy => add_entropy(call, params),
            Command::MapZi => map(call, body, params),
            Command::Unmap => unmap(body, params),
            Command::DeriveTaUniqueKey | Command::DlOpen | Command::DlSym | Command::SuppPluginInvoke => Err(TeeError::NOT_IMPLEMENTED),
            Command::GetTpmEventLog => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

fn add_entropy<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let (memory, size) = memref(p0, ParamType::MemrefInput)?;
    let memory = memory.ok_or(TeeError::BAD_PARAMETERS)?;
    let mut left = usize::try_from(*size).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let (mut bytes, mut at) = ([0u8; 64], 0usize);
    while left > 0 {
        let len = left.min(bytes.len());
        let part = bytes.get_mut(..len).ok_or(TeeError::GENERIC)?;
        if !memory.read(call.platform(), at, part) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        call.tee.rng.add_entropy(part);
        at = at.saturating_add(len);
        left = left.saturating_sub(len);
    }
    bytes.zeroize();
    Ok(())
}

fn map<P: Platform>(call: &Call<'_, P>, body: &mut Body<P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, p2, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [bytes, flags] = value(p0, ParamType::ValueInput)?;
    let [high, low] = value(p1, ParamType::ValueInout)?;
    let [before, after] = value(p2, ParamType::ValueInput)?;
    let purpose = match *flags {
        0 => Purpose::Private,
        MAP_SHAREABLE => Purpose::Shareable,
        _ => return Err(TeeError::BAD_PARAMETERS),
    };
    let pages = pages_of(*bytes)?;
    let (before, after) = (pages_or_none(*before)?, pages_or_none(*after)?);
    let all = pages.checked_add(before).and_then(|sum| sum.checked_add(after)).ok_or(TeeError::OUT_OF_MEMORY)?;
    let wanted = join(*high, *low)?;
    let backing = Backing::Frames(Arc::new(call.platform().frames(pages)?));
    let va = if wanted == 0 {
        let gap = body.space.find_free(&backing, body.free_from, all)?;
        gap.checked_add((before as u64).saturating_mul(PAGE)).ok_or(TeeError::OUT_OF_MEMORY)?
    } else {
        wanted
    };
    let region = Region { va, pages, prot: Prot::ReadWrite, purpose, backing, first: 0 };
    body.space.map(region)?;
    *high = va >> 32;
    *low = va & u64::from(u32::MAX);
    Ok(())
}

fn unmap<P: Platform>(body: &mut Body<P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [bytes, zero] = value(p0, ParamType::ValueInput)?;
    let [high, low] = value(p1, ParamType::ValueInput)?;
    let pages = pages_of(*bytes)?;
    let va = join(*high, *low)?;
    let ours = body.space.region_at(va).filter(|region| region.va == va && region.pages == pages && *zero == 0);
    match ours.map(|region| region.purpose) {
        Some(Purpose::Private | Purpose::Shareable) => {
            body.space.unmap_where(|region| region.va == va);
            Ok(())
        }
        Some(_) => Err(TeeError::ACCESS_DENIED),
        None => Err(TeeError::BAD_PARAMETERS),
    }
}

fn pages_or_none(bytes: u64) -> Result<usize, TeeError> {
    usize::try_from(bytes.div_ceil(PAGE)).map_err(|_| TeeError::OUT_OF_MEMORY)
}

fn pages_of(bytes: u64) -> Result<usize, TeeError> {
    if bytes == 0 { Err(TeeError::BAD_PARAMETERS) } else { pages_or_none(bytes) }
}

fn join(high: u64, low: u64) -> Result<u64, TeeError> {
    let word = |value: u64| u32::try_from(value).map_err(|_| TeeError::BAD_PARAMETERS);
    Ok(u64::from(word(high)?) << 32 | u64::from(word(low)?))
}
