// SPDX-License-Identifier: BSD-2-Clause
//! Slots: places for messages that are made once and used again and again.

use super::ports::Os;
use super::shm::SmcMemory;
use super::{PAGE_SIZE, Shareable};
use alloc::vec::Vec;
use core::ops::Deref;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

/// Slots at most.
pub(super) const MAX: usize = 32;
/// Bytes of a slot that hold a message and the RPC message behind it.
pub(super) const MESSAGE: usize = 512;
/// Where small temporary buffers are copied to.
pub(super) const BOUNCE: usize = MESSAGE;
/// Where they end; the page behind holds a page list.
pub(super) const LIST: usize = 2 * PAGE_SIZE;
/// Bytes of a slot.
pub(super) const SIZE: usize = 3 * PAGE_SIZE;

/// Yields before a caller that finds everything busy starts to sleep.
const PATIENCE: u32 = 4;
/// Longest sleep between two tries.
const MAX_SLEEP: Duration = Duration::from_millis(10);

/// A place for a message.
pub(super) struct Slot<M> {
    /// Its memory.
    pub(super) memory: SmcMemory<M>,
    /// Registers of the call that sends what stands in it.
    pub(super) call: [u32; 8],
}

/// All slots.
pub(super) struct Slots<M> {
    slots: Vec<Slot<M>>,
    /// A bit for each free one.
    free: AtomicU32,
}

impl<M: Shareable> Slots<M> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: AtomicU32::new(0) }
    }

    pub(super) fn push(&mut self, slot: Slot<M>) {
        if self.slots.len() < MAX {
            *self.free.get_mut() |= 1 << self.slots.len();
            self.slots.push(slot);
        }
    }

    /// Takes the last slot out again.
    pub(super) fn pop(&mut self) -> Option<Slot<M>> {
        let slot = self.slots.pop()?;
        *self.free.get_mut() &= !(1 << self.slots.len());
        Some(slot)
    }

    /// The first slot, for a change that nobody else can see.
    pub(super) fn first_mut(&mut self) -> Option<&mut Slot<M>> {
        self.slots.first_mut()
    }

    /// Takes a free slot, waiting for one if need be.
    pub(super) fn claim(&self, os: &impl Os) -> Claimed<'_, M> {
        let mut tries = 0;
        loop {
            let free = self.free.load(Ordering::Relaxed);
            let index = free.trailing_zeros();
            let Some(slot) = self.slots.get(index as usize) else {
                back_off(os, &mut tries);
                continue;
            };
            let bit = 1 << index;
            if self.free.compare_exchange_weak(free, free & !bit, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return Claimed { slots: self, slot, bit };
            }
        }
    }
}

/// Lets others go on: first at once, then for longer and longer.
pub(super) fn back_off(os: &impl Os, tries: &mut u32) {
    match tries.checked_sub(PATIENCE) {
        None => os.yield_now(),
        Some(doublings) => os.sleep(Duration::from_millis(1 << doublings.min(8)).min(MAX_SLEEP)),
    }
    *tries = tries.saturating_add(1);
}

/// A slot in use.
pub(super) struct Claimed<'a, M> {
    slots: &'a Slots<M>,
    slot: &'a Slot<M>,
    bit: u32,
}

impl<M> Deref for Claimed<'_, M> {
    type Target = Slot<M>;

    fn deref(&self) -> &Slot<M> {
        self.slot
    }
}

impl<M> Drop for Claimed<'_, M> {
    fn drop(&mut self) {
        self.slots.free.fetch_or(self.bit, Ordering::Release);
    }
}
