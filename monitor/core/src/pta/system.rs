// SPDX-License-Identifier: BSD-2-Clause
//! System services for TAs: entropy, keys of their own, memory, libraries.

use super::{Caller, PseudoTa, memref, value};
use crate::call::Call;
use crate::crypto::huk;
use crate::ports::{PAGE_SIZE, Platform, Prot};
use crate::rpc::buffer::RpcBuffer;
use crate::rpc::plugin;
use crate::session::{Client, Session};
use crate::ta::instance::{Body, Instance};
use crate::ta::libraries;
use crate::ta::memory::{Backing, Memory};
use crate::ta::params::{Param, Params};
use crate::ta::space::{Purpose, Region};
use alloc::sync::Arc;
use utee_abi::param::ParamType;
use utee_abi::pta::system::{
    Command, DLOPEN_GLOBAL, DLOPEN_NODELETE, DLOPEN_NOW, MAP_SHAREABLE, UNIQUE_KEY_EXTRA_MAX, UNIQUE_KEY_MAX, UNIQUE_KEY_MIN, UUID,
};
use utee_abi::result::TeeError;
use utee_abi::rpc::ShmType;
use utee_abi::uuid::Uuid;
use zeroize::Zeroizing;

/// The pseudo-TA.
pub struct System;

/// Bytes of data for a plugin at most.
const MAX_PLUGIN_DATA: u64 = 1 << 20;

/// Bytes of the name of a symbol at most, with its NUL.
const MAX_SYMBOL: usize = 1024;

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
        let Caller::Ta(instance, body) = caller else { return Err(TeeError::ACCESS_DENIED) };
        match Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)? {
            Command::AddRngEntropy => add_entropy(call, params),
            Command::MapZi => map(call, body, params),
            Command::Unmap => unmap(body, params),
            Command::DlOpen => dlopen(call, body, params),
            Command::DlSym => dlsym(call, body, params),
            Command::SuppPluginInvoke => plugin(call, params),
            Command::DeriveTaUniqueKey => derive_key(call, instance, params),
            Command::GetTpmEventLog => event_log(call, params),
        }
    }
}

/// Invokes a plugin of the supplicant. All of the data goes there and comes back, however little of it is an answer.
fn plugin<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, p2, p3] = params;
    let (uuid, uuid_size) = memref(p0, ParamType::MemrefInput)?;
    let [command, sub_command] = value(p1, ParamType::ValueInput)?;
    let (data, size) = memref(p2, ParamType::MemrefInout)?;
    let [answer, _] = value(p3, ParamType::ValueOutput)?;
    let bad = TeeError::BAD_PARAMETERS;
    let word = |value: u64| u32::try_from(value).map_err(|_| bad);
    let mut bytes = [0; 16];
    if *uuid_size != bytes.len() as u64 || !uuid.ok_or(bad)?.read(call.platform(), 0, &mut bytes) {
        return Err(bad);
    }
    let len = usize::try_from(*size).ok().filter(|_| *size <= MAX_PLUGIN_DATA).ok_or(bad)?;
    // A plugin without data gets a buffer all the same: the supplicant refuses none.
    let buffer = RpcBuffer::allocate(call, ShmType::Application, len.max(1))?;
    if let Some(data) = data {
        buffer.copy_from(data, len)?;
    }
    let got = plugin::invoke(&buffer, &Uuid::from_memory(&bytes), word(*command)?, word(*sub_command)?, len)?;
    if let Some(data) = data {
        buffer.copy_to(data, len)?;
    }
    *answer = got as u64;
    Ok(())
}

fn add_entropy<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let (memory, size) = memref(p0, ParamType::MemrefInput)?;
    let memory = memory.ok_or(TeeError::BAD_PARAMETERS)?;
    in_parts(call, memory, *size, &mut |part| call.tee.rng.add_entropy(part))
}

/// Hands a buffer on in short parts, each copied once and wiped.
fn in_parts<P: Platform>(call: &Call<'_, P>, memory: &Memory<P>, size: u64, to: &mut dyn FnMut(&[u8])) -> Result<(), TeeError> {
    let mut left = usize::try_from(size).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let (mut bytes, mut at) = (Zeroizing::new([0u8; 64]), 0usize);
    while left > 0 {
        let len = left.min(bytes.len());
        let part = bytes.get_mut(..len).ok_or(TeeError::GENERIC)?;
        if !memory.read(call.platform(), at, part) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        to(part);
        at = at.saturating_add(len);
        left = left.saturating_sub(len);
    }
    Ok(())
}

/// What was measured before the TEE ran.
fn event_log<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let (memory, size) = memref(p0, ParamType::MemrefOutput)?;
    let log = call.platform().event_log().ok_or(TeeError::NOT_SUPPORTED)?;
    let capacity = core::mem::replace(size, log.len() as u64);
    if capacity < log.len() as u64 {
        return Err(TeeError::SHORT_BUFFER);
    }
    if memory.ok_or(TeeError::BAD_PARAMETERS)?.write(call.platform(), 0, log) { Ok(()) } else { Err(TeeError::GENERIC) }
}

/// A key that no other TA and no other device can have. It does not leave secure memory by this call.
fn derive_key<P: Platform>(call: &Call<'_, P>, instance: &Instance<P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let (extra, extra_size) = memref(p0, ParamType::MemrefInput)?;
    let (out, size) = memref(p1, ParamType::MemrefOutput)?;
    let len = usize::try_from(*size).map_err(|_| TeeError::BAD_PARAMETERS)?;
    if *extra_size > UNIQUE_KEY_EXTRA_MAX as u64 || !(UNIQUE_KEY_MIN..=UNIQUE_KEY_MAX).contains(&len) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let out = out.ok_or(TeeError::BAD_PARAMETERS)?;
    if !out.backing.is_secure() {
        return Err(TeeError::SECURITY);
    }
    let key = huk::ta_key(call.platform(), &instance.uuid, |add| match extra {
        Some(extra) => in_parts(call, extra, *extra_size, add),
        None if *extra_size == 0 => Ok(()),
        None => Err(TeeError::BAD_PARAMETERS),
    })?;
    let part = key.get(..len).ok_or(TeeError::GENERIC)?;
    if out.write(call.platform(), 0, part) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
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

fn dlopen<P: Platform>(call: &Call<'_, P>, body: &mut Body<P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let library = library(call, p0)?;
    let [flags, _] = value(p1, ParamType::ValueInput)?;
    if *flags != DLOPEN_NOW | DLOPEN_GLOBAL | DLOPEN_NODELETE {
        return Err(TeeError::BAD_PARAMETERS);
    }
    // Without a name it is the program itself, which is open.
    library.map_or(Ok(()), |uuid| libraries::open(call, body, &uuid))
}

fn dlsym<P: Platform>(call: &Call<'_, P>, body: &mut Body<P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, p2, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let library = library(call, p0)?;
    let (memory, size) = memref(p1, ParamType::MemrefInput)?;
    let memory = memory.ok_or(TeeError::BAD_PARAMETERS)?;
    let [high, low] = value(p2, ParamType::ValueOutput)?;
    let len = usize::try_from(*size).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let mut buffer = [0u8; MAX_SYMBOL];
    let bytes = buffer.get_mut(..len.min(MAX_SYMBOL)).ok_or(TeeError::GENERIC)?;
    if !memory.read(call.platform(), 0, bytes) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    if name.len() == MAX_SYMBOL {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let address = libraries::symbol(body, library.as_ref(), name)?;
    *high = address >> 32;
    *low = address & u64::from(u32::MAX);
    Ok(())
}

/// The UUID of a library in a memref; `None` for the nil one, which is every module.
fn library<P: Platform>(call: &Call<'_, P>, param: &mut Param<P>) -> Result<Option<Uuid>, TeeError> {
    let (memory, size) = memref(param, ParamType::MemrefInput)?;
    let mut bytes = [0; 16];
    let read = memory.is_some_and(|memory| *size == bytes.len() as u64 && memory.read(call.platform(), 0, &mut bytes));
    let uuid = Uuid::from_memory(&bytes);
    if read { Ok((uuid != Uuid::NIL).then_some(uuid)) } else { Err(TeeError::BAD_PARAMETERS) }
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
