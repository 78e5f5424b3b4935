// SPDX-License-Identifier: BSD-2-Clause
//! PL061 GPIO (Arm DDI 0190): output lines.

use crate::mmio::Block;

const DIR: usize = 0x400;

/// A GPIO block with eight lines.
#[derive(Clone, Copy, Debug)]
pub struct Pl061 {
    block: Block,
}

impl Pl061 {
    /// The block at `base`.
    ///
    /// # Safety
    /// As [`Block::new`].
    pub const unsafe fn new(base: usize) -> Self {
        // SAFETY: the caller's.
        Self { block: unsafe { Block::new(base) } }
    }

    /// Drives `line` (0 to 7) low, then high.
    pub fn raise(&self, line: u32) {
        let mask = 1 << (line & 7);
        // Address bits 9:2 select the lines that a data access touches.
        let data = (mask as usize) << 2;
        self.block.write(DIR, self.block.read(DIR) | mask);
        self.block.write(data, 0);
        self.block.write(data, mask);
    }
}
