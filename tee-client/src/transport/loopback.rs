// SPDX-License-Identifier: BSD-2-Clause
//! A TEE in the same process: the real core on a pretended machine, called through the real SMC protocol.
//!
//! TAs are closures there (`tee_core::testing::script`); everything between the client and them is what runs on a board.

use super::smc::{ConnectError, NoSupplicant, Options, Os, PAGE_SIZE, Shareable, Smc, SmcTransport};
use crate::context::Context;
use crate::memory::SharedBytes;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;
use std::sync::{Condvar, Mutex, PoisonError};
use tee_core::Tee;
use tee_core::ports::Platform;
use tee_core::smc::Answer;
use tee_core::testing::{FakePlatform, RAM, RESERVED};
use utee_abi::result::TeeError;

/// A context over the loopback.
pub type LoopbackContext = Context<SmcTransport<Loopback, Loopback>>;

/// Bytes at the start of RAM that are left to whoever else plays normal world.
const LEFT_ALONE: u64 = 1 << 20;

/// The pretended normal world around the client.
#[derive(Clone)]
pub struct Loopback {
    shared: Arc<Shared>,
}

struct Shared {
    tee: Arc<Tee<FakePlatform>>,
    /// Runs of free pages.
    free: Mutex<Vec<Range<u64>>>,
    notified: Mutex<Vec<u32>>,
    changed: Condvar,
}

impl Loopback {
    /// The normal world below this TEE.
    #[must_use]
    pub fn new(tee: Arc<Tee<FakePlatform>>) -> Self {
        let free = Mutex::new(core::iter::once(RAM.start + LEFT_ALONE..RESERVED.start).collect());
        Self { shared: Arc::new(Shared { tee, free, notified: Mutex::default(), changed: Condvar::new() }) }
    }

    /// Makes a context.
    ///
    /// # Errors
    /// As [`SmcTransport::connect`].
    pub fn connect(&self, options: Options) -> Result<LoopbackContext, ConnectError> {
        SmcTransport::connect(self.clone(), self.clone(), NoSupplicant, options).map(Context::new)
    }

    /// Bytes of RAM that are in use.
    #[must_use]
    pub fn bytes_used(&self) -> u64 {
        let free = self.shared.free.lock().unwrap_or_else(PoisonError::into_inner);
        (RESERVED.start - RAM.start - LEFT_ALONE) - free.iter().map(|run| run.end - run.start).sum::<u64>()
    }

    fn memory(&self, pages: Range<u64>, offset: usize, len: usize) -> Memory {
        Memory { shared: Arc::clone(&self.shared), start: pages.start + offset as u64, len, pages }
    }
}

impl Shared {
    fn take(&self, bytes: usize) -> Option<Range<u64>> {
        let wanted = bytes.div_ceil(PAGE_SIZE).max(1).checked_mul(PAGE_SIZE)? as u64;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let run = free.iter_mut().find(|run| run.end - run.start >= wanted)?;
        let taken = run.start..run.start + wanted;
        run.start = taken.end;
        Some(taken)
    }
}

/// Memory of the pretended machine.
pub struct Memory {
    shared: Arc<Shared>,
    /// What goes back when it is dropped; empty for reserved memory.
    pages: Range<u64>,
    start: u64,
    len: usize,
}

impl Drop for Memory {
    fn drop(&mut self) {
        if !self.pages.is_empty() {
            self.shared.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.pages.clone());
        }
    }
}

impl SharedBytes for Memory {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        let inside = at.checked_add(out.len()).is_some_and(|end| end <= self.len);
        inside && self.shared.tee.platform.normal_read(self.start + at as u64, out)
    }

    fn write(&self, at: usize, data: &[u8]) -> bool {
        let inside = at.checked_add(data.len()).is_some_and(|end| end <= self.len);
        inside && self.shared.tee.platform.normal_write(self.start + at as u64, data)
    }
}

impl Shareable for Memory {
    fn offset(&self) -> usize {
        (self.start % PAGE_SIZE as u64) as usize
    }

    fn page(&self, index: usize) -> u64 {
        let first = self.start - self.offset() as u64;
        let page = first + (index * PAGE_SIZE) as u64;
        if page < self.start + self.len.max(1) as u64 { page } else { 0 }
    }

    fn into_vec(self) -> Vec<u8> {
        let mut out = vec![0; self.len];
        // It is as long as the memory.
        let _ = self.read(0, &mut out);
        out
    }
}

impl Smc for Loopback {
    fn call(&self, regs: [u32; 8]) -> [u32; 4] {
        match self.shared.tee.smc(0, &regs) {
            Answer::Return(result) => result,
            Answer::Yield | Answer::CpuOff | Answer::Sleep(_) => [0; 4],
        }
    }
}

impl Os for Loopback {
    type Memory = Memory;

    fn allocate(&self, bytes: usize) -> Option<Memory> {
        let memory = self.memory(self.shared.take(bytes)?, 0, bytes);
        memory.write(0, &vec![0; bytes]).then_some(memory)
    }

    /// A copy that starts as deep in its first page as the buffer does.
    fn adopt(&self, buffer: Vec<u8>) -> Result<Memory, Vec<u8>> {
        let offset = buffer.as_ptr().addr() % PAGE_SIZE;
        let Some(pages) = self.shared.take(offset.saturating_add(buffer.len())) else { return Err(buffer) };
        let memory = self.memory(pages, offset, buffer.len());
        if memory.write(0, &buffer) { Ok(memory) } else { Err(buffer) }
    }

    fn reserved(&self, pa: u64, bytes: usize) -> Option<Memory> {
        let inside = RESERVED.start <= pa && pa.checked_add(bytes as u64)? <= RESERVED.end;
        inside.then(|| Memory { shared: Arc::clone(&self.shared), pages: 0..0, start: pa, len: bytes })
    }

    fn physical(&self, _address: usize) -> Option<u64> {
        None
    }

    /// The machine's clock goes on at once; other threads get a moment.
    fn sleep(&self, time: Duration) {
        self.shared.tee.platform.advance(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        std::thread::sleep(Duration::from_micros(200));
    }

    fn yield_now(&self) {
        std::thread::yield_now();
    }

    fn wait(&self, number: u32, timeout: Option<Duration>) -> Result<(), TeeError> {
        const FOREVER: Duration = Duration::from_secs(60);
        let notified = self.shared.notified.lock().unwrap_or_else(PoisonError::into_inner);
        let absent = |numbers: &mut Vec<u32>| !numbers.contains(&number);
        let waited = self.shared.changed.wait_timeout_while(notified, timeout.unwrap_or(FOREVER), absent);
        let (mut notified, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let index = notified.iter().position(|other| *other == number).ok_or(TeeError::TIMEOUT)?;
        notified.swap_remove(index);
        Ok(())
    }

    fn notify(&self, number: u32) {
        let mut notified = self.shared.notified.lock().unwrap_or_else(PoisonError::into_inner);
        if !notified.contains(&number) {
            notified.push(number);
        }
        self.shared.changed.notify_all();
    }

    fn now(&self) -> Duration {
        let platform = &self.shared.tee.platform;
        let (ticks, hz) = (platform.ticks(), platform.tick_hz().max(1));
        Duration::new(ticks / hz, u32::try_from(ticks % hz * 1_000_000_000 / hz).unwrap_or(0))
    }
}
