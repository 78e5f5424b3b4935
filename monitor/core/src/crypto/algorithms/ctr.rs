// SPDX-License-Identifier: BSD-2-Clause
//! Counter mode, for the cipher itself and for CCM and GCM (SP 800-38A, 38C, 38D).

use super::block::{Block, MAX_BLOCK, increment, xor};
use zeroize::Zeroize;

/// Blocks of key stream that are made at a time: what a bit-sliced cipher works on, a few times.
const BLOCKS: usize = 8;

/// A key stream under way, of a cipher with blocks of 16 bytes.
#[derive(Clone)]
pub struct Counter {
    next: [u8; MAX_BLOCK],
    /// Bytes of the block that count.
    width: usize,
    stream: [u8; MAX_BLOCK],
    used: usize,
}

impl Counter {
    /// A key stream whose first block is that of `first`; its last `width` bytes count.
    pub fn new(first: [u8; MAX_BLOCK], width: usize) -> Self {
        Self { next: first, width, stream: [0; MAX_BLOCK], used: MAX_BLOCK }
    }

    /// Adds the next of the key stream to `data`.
    pub fn apply(&mut self, block: &Block, data: &mut [u8]) {
        let left = self.stream.get(self.used..).unwrap_or_default();
        let (head, body) = data.split_at_mut(left.len().min(data.len()));
        xor(head, left);
        self.used = self.used.saturating_add(head.len());
        let mut stream = [0; BLOCKS * MAX_BLOCK];
        for part in body.chunks_mut(stream.len()) {
            let blocks = part.len().div_ceil(MAX_BLOCK);
            let Some(stream) = stream.get_mut(..blocks.saturating_mul(MAX_BLOCK)) else { break };
            for counter in stream.chunks_exact_mut(MAX_BLOCK) {
                counter.copy_from_slice(&self.next);
                increment(&mut self.next, self.width);
            }
            block.encrypt(stream);
            xor(part, stream);
            let over = part.len() % MAX_BLOCK;
            if over != 0
                && let Some(last) = stream.last_chunk::<MAX_BLOCK>()
            {
                self.stream = *last;
                self.used = over;
            }
        }
        stream.zeroize();
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.stream.zeroize();
    }
}
