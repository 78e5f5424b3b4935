// SPDX-License-Identifier: BSD-2-Clause
//! Blocks of shared memory that small temporary buffers are copied through, kept from call to call: a call with such buffers
//! costs one request, where registering each of them would cost two more and two calls into the TEE.

use super::kernel::{Kernel, Shared};
use alloc::vec::Vec;
use std::sync::{Mutex, PoisonError};

/// Bytes of a block: what the temporary buffers of one call may take together to be copied.
pub(super) const BLOCK: usize = 64 * 1024;
/// Blocks that are kept at most; as many calls at once may have one without asking for more.
const KEPT: usize = 16;

pub(super) struct Pool<K: Kernel> {
    free: Mutex<Vec<K::Block>>,
}

impl<K: Kernel> Pool<K> {
    pub(super) fn new() -> Self {
        Self { free: Mutex::new(Vec::new()) }
    }

    /// A block, zeroed; none when there is no memory for one.
    pub(super) fn take(&self, kernel: &K) -> Option<K::Block> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if kernel.forked() {
            // The parent goes on using these.
            free.clear();
        }
        match free.pop() {
            Some(block) => Some(block),
            None => {
                drop(free);
                kernel.allocate(BLOCK).ok()
            }
        }
    }

    /// Gives a block back whose first `used` bytes were used: the next call, perhaps of another TA, finds zeroes.
    pub(super) fn give(&self, block: K::Block, used: usize) {
        block.clear(0, used);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT && free.try_reserve(1).is_ok() {
            free.push(block);
        }
    }
}
