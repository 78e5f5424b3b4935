// SPDX-License-Identifier: BSD-2-Clause
//! Statistics: memory pools, loaded TAs, clocks.

use super::{Caller, PseudoTa, memref, value};
use crate::call::Call;
use crate::ports::{Platform, Pool, PoolUsage};
use crate::session::{Client, Session, ops};
use crate::ta::memory::Memory;
use crate::ta::params::{Param, Params};
use crate::ta::time::Clock;
use utee_abi::param::ParamType;
use utee_abi::pta::stats::{AllocRecord, Command, DRIVER_CLOCK, DRIVER_REGULATOR, POOL_ALL, POOL_HEAP, POOL_TA_RAM, POOLS, TaRecord, UUID};
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// The pseudo-TA.
pub struct Statistics;

/// Forget what was counted so far, in the second number of [`Command::Alloc`].
const RESET: u64 = 1;

impl<P: Platform> PseudoTa<P> for Statistics {
    fn uuid(&self) -> Uuid {
        UUID
    }

    fn open(&self, _client: &Client, _caller: &Caller<'_, P>) -> Result<(), TeeError> {
        Ok(())
    }

    fn invoke(
        &self,
        call: &Call<'_, P>,
        _session: &Session<P>,
        _caller: Caller<'_, P>,
        command: u32,
        params: &mut Params<P>,
    ) -> Result<(), TeeError> {
        match Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)? {
            Command::Alloc => pools(call, params),
            Command::Ta => instances(call, params),
            Command::Time => time(call, params),
            Command::Pager => pager(params),
            Command::MemLeak => usage(call, params),
            Command::Driver => drivers(call, params),
        }
    }
}

/// There is no pager: all pages are there, and none was ever fetched.
fn pager<P: Platform>(params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, p2, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    for param in [p0, p1, p2] {
        let [first, second] = value(param, ParamType::ValueOutput)?;
        (*first, *second) = (0, 0);
    }
    Ok(())
}

/// Prints what is given out; which allocations these are is not noted.
fn usage<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [Param::None, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    for (name, pool) in [("heap", Pool::Heap), ("memory of TAs", Pool::TaRam)] {
        let PoolUsage { used, peak, size, .. } = call.platform().pool(pool, false);
        crate::log!(call.platform(), "I core: {name}: {used} of {size} bytes in use, {peak} at most");
    }
    Ok(())
}

/// Prints which clocks or regulators the TEE drives: none.
fn drivers<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [kind, _] = value(p0, ParamType::ValueInput)?;
    let name = match u32::try_from(*kind) {
        Ok(DRIVER_CLOCK) => "clocks",
        Ok(DRIVER_REGULATOR) => "regulators",
        _ => return Err(TeeError::BAD_PARAMETERS),
    };
    crate::log!(call.platform(), "I core: the TEE drives no {name}");
    Ok(())
}

fn pools<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [wanted, reset] = value(p0, ParamType::ValueInput)?;
    let wanted = u32::try_from(*wanted).ok().filter(|pool| *pool <= POOLS).ok_or(TeeError::BAD_PARAMETERS)?;
    let reset = *reset == RESET;
    let (memory, size) = memref(p1, ParamType::MemrefOutput)?;
    let (first, count) = if wanted == POOL_ALL { (POOL_ALL.saturating_add(1), POOLS) } else { (wanted, 1) };
    let memory = room(memory, size, count as usize, AllocRecord::SIZE)?;
    for index in 0..count {
        let record = pool(call.platform(), first.saturating_add(index), reset);
        put(call, memory, index as usize, &record.to_bytes())?;
    }
    Ok(())
}

fn pool<P: Platform>(platform: &P, number: u32, reset: bool) -> AllocRecord {
    let (title, pool) = match number {
        POOL_HEAP => ("Heap", Pool::Heap),
        POOL_TA_RAM => ("Secure DDR", Pool::TaRam),
        _ => return AllocRecord::default(),
    };
    let usage = platform.pool(pool, reset);
    let word = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let mut name = [0; AllocRecord::NAME_SIZE];
    for (to, from) in name.iter_mut().zip(title.bytes()) {
        *to = from;
    }
    AllocRecord {
        name,
        free_squares: 0,
        allocated: word(usage.used),
        max_allocated: word(usage.peak),
        size: word(usage.size),
        failures: word(usage.failures),
        largest_failure: word(usage.largest_failure),
        allocated_at_failure: word(usage.used_at_failure),
    }
}

fn instances<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let (memory, size) = memref(p0, ParamType::MemrefOutput)?;
    let registry = &call.tee.registry;
    // The room is settled before any TA is asked. What is loaded may change meanwhile: no more than these, and nobody twice.
    let count = registry.usage().0;
    let memory = room(memory, size, count, TaRecord::SIZE)?;
    let (mut written, mut last) = (0usize, 0);
    while written < count
        && let Some(instance) = registry.after(last)
    {
        last = instance.id;
        let heap = heap(ops::heap_of(call, &instance));
        let (panicked, sessions) = (u32::from(instance.is_dead()), instance.sessions());
        put(call, memory, written, &TaRecord { uuid: instance.uuid, panicked, sessions, heap }.to_bytes())?;
        written = written.saturating_add(1);
    }
    *size = written.saturating_mul(TaRecord::SIZE) as u64;
    Ok(())
}

/// The record of a TA's heap; all zero when it did not tell of it.
fn heap(told: Option<[[u64; 2]; 3]>) -> AllocRecord {
    let Some([[allocated, max_allocated], [size, failures], [largest_failure, at_failure]]) = told else { return AllocRecord::default() };
    let word = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    AllocRecord {
        allocated: word(allocated),
        max_allocated: word(max_allocated),
        size: word(size),
        failures: word(failures),
        largest_failure: word(largest_failure),
        allocated_at_failure: word(at_failure),
        ..AllocRecord::default()
    }
}

fn time<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let normal = value(p0, ParamType::ValueOutput)?;
    let secure = value(p1, ParamType::ValueOutput)?;
    for ([seconds, millis], time) in [(normal, call.normal_time()?), (secure, call.platform().uptime())] {
        (*seconds, *millis) = (time.as_secs(), u64::from(time.subsec_millis()));
    }
    Ok(())
}

/// The buffer for `count` records, and their size in `size`.
fn room<'m, P: Platform>(
    memory: Option<&'m Memory<P>>,
    size: &mut u64,
    count: usize,
    record: usize,
) -> Result<Option<&'m Memory<P>>, TeeError> {
    let needed = count.saturating_mul(record) as u64;
    let capacity = core::mem::replace(size, needed);
    match memory {
        _ if needed == 0 => Ok(None),
        Some(memory) if capacity >= needed => Ok(Some(memory)),
        _ => Err(TeeError::SHORT_BUFFER),
    }
}

fn put<P: Platform>(call: &Call<'_, P>, memory: Option<&Memory<P>>, index: usize, record: &[u8]) -> Result<(), TeeError> {
    let written = memory.is_some_and(|memory| memory.write(call.platform(), index.saturating_mul(record.len()), record));
    if written { Ok(()) } else { Err(TeeError::GENERIC) }
}
