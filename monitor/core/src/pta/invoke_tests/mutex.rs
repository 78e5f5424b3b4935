// SPDX-License-Identifier: BSD-2-Clause
//! A lock that many may read under and one may write under, whose waiting threads sleep in the normal world; and the test of it.

use crate::call::Call;
use crate::limits::MAX_THREADS;
use crate::lock::Lock;
use crate::ports::{Platform, ThreadId};
use crate::pta::value;
use crate::ta::params::{Param, Params};
use core::sync::atomic::{AtomicU32, Ordering};
use utee_abi::param::ParamType;
use utee_abi::pta::invoke_tests::{MUTEX_READER, MUTEX_WRITER};
use utee_abi::result::TeeError;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

struct State {
    readers: u32,
    writes: bool,
    waiting: heapless::Vec<ThreadId, MAX_THREADS>,
}

/// The lock, what it guards, and who was seen before and under it.
pub struct Mutex<P: Platform> {
    state: Lock<P, State>,
    /// Twice the first is the second, under the lock.
    numbers: [AtomicU32; 2],
    /// Before it and under it; readers and writers.
    seen: [[AtomicU32; 2]; 2],
}

impl<P: Platform> Mutex<P> {
    /// Nobody has it.
    pub fn new() -> Self {
        let state = State { readers: 0, writes: false, waiting: heapless::Vec::new() };
        Self { state: Lock::<P, _>::new(state), numbers: Default::default(), seen: Default::default() }
    }

    fn lock(&self, call: &Call<'_, P>, access: Access) -> Result<(), TeeError> {
        loop {
            {
                let mut state = self.state.lock();
                let free = !state.writes && (access == Access::Read || state.readers == 0);
                if free {
                    match access {
                        Access::Read => state.readers = state.readers.saturating_add(1),
                        Access::Write => state.writes = true,
                    }
                    return Ok(());
                }
                if !state.waiting.contains(&call.thread) {
                    state.waiting.push(call.thread).map_err(|_| TeeError::BUSY)?;
                }
            }
            call.wait_for_certain()?;
        }
    }

    fn unlock(&self, call: &Call<'_, P>, access: Access) {
        let waiting = {
            let mut state = self.state.lock();
            match access {
                Access::Read => state.readers = state.readers.saturating_sub(1),
                Access::Write => state.writes = false,
            }
            core::mem::take(&mut state.waiting)
        };
        for thread in waiting {
            call.wake(thread);
        }
    }
}

impl<P: Platform> Default for Mutex<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// One more; how many that makes.
fn enter(count: &AtomicU32) -> u64 {
    u64::from(count.fetch_add(1, Ordering::SeqCst).wrapping_add(1))
}

fn leave(count: &AtomicU32) {
    count.fetch_sub(1, Ordering::SeqCst);
}

/// Who it is and for how many rounds; how many were before the lock and under it.
pub(super) fn run<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [who, rounds] = value(p0, ParamType::ValueInput)?;
    let [waited, inside] = value(p1, ParamType::ValueOutput)?;
    let mutex = &call.tee.mutex;
    let [[readers_before, readers_under], [writers_before, writers_under]] = &mutex.seen;
    let (access, before, under) = match u32::try_from(*who) {
        Ok(MUTEX_READER) => (Access::Read, readers_before, readers_under),
        Ok(MUTEX_WRITER) => (Access::Write, writers_before, writers_under),
        _ => return Err(TeeError::BAD_PARAMETERS),
    };
    *waited = enter(before);
    let locked = mutex.lock(call, access);
    leave(before);
    locked?;
    *inside = enter(under);
    let [one, two] = &mutex.numbers;
    let mut result = Ok(());
    for _ in 0..*rounds {
        // Two steps each: what else has the lock sees them apart.
        let (first, second) = (one.load(Ordering::Relaxed), two.load(Ordering::Relaxed));
        match access {
            Access::Read if first.wrapping_mul(2) != second => result = Err(TeeError::BAD_STATE),
            Access::Read => {}
            Access::Write => {
                one.store(first.wrapping_add(1), Ordering::Relaxed);
                two.store(second.wrapping_add(2), Ordering::Relaxed);
            }
        }
    }
    leave(under);
    mutex.unlock(call, access);
    result
}
