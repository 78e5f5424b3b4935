// SPDX-License-Identifier: BSD-2-Clause
//! PL031 clock (Arm DDI 0224): seconds since the start of 1970, by its own counter.

use crate::mmio::Block;

const DR: usize = 0x00;
const LR: usize = 0x08;

/// A clock. It runs from reset on.
#[derive(Clone, Copy, Debug)]
pub struct Pl031 {
    block: Block,
}

impl Pl031 {
    /// The clock at `base`.
    ///
    /// # Safety
    /// As [`Block::new`].
    pub const unsafe fn new(base: usize) -> Self {
        // SAFETY: the caller's.
        Self { block: unsafe { Block::new(base) } }
    }

    /// The second that it shows.
    pub fn seconds(&self) -> u32 {
        self.block.read(DR)
    }

    /// Sets it to this second.
    pub fn set(&self, seconds: u32) {
        self.block.write(LR, seconds);
    }
}
