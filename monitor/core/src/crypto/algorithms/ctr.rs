// SPDX-License-Identifier: BSD-2-Clause
//! Counter mode, for the cipher itself and for CCM and GCM (SP 800-38A, 38C, 38D).

use super::block::{Block, MAX_BLOCK, bytes_of, xor};
use zerocopy::IntoBytes;
use zeroize::Zeroize;

/// Blocks of key stream that are made at a time: what a bit-sliced cipher works on, a few times.
const BLOCKS: usize = 8;

/// A key stream under way, of a cipher with blocks of 16 bytes.
#[derive(Clone)]
pub struct Counter {
    /// The next block as a big-endian number.
    next: u128,
    /// The bits of it that count.
    mask: u128,
    stream: u128,
    used: usize,
}

impl Counter {
    /// A key stream whose first block is that of `first`; its last `width` bytes count, and wrap by themselves.
    pub fn new(first: [u8; MAX_BLOCK], width: usize) -> Self {
        let unused = u32::try_from(MAX_BLOCK.saturating_sub(width).saturating_mul(8)).unwrap_or(0);
        let mask = u128::MAX.checked_shr(unused).unwrap_or(0);
        Self { next: u128::from_be_bytes(first), mask, stream: 0, used: MAX_BLOCK }
    }

    /// A key stream that begins one block behind `before`.
    pub fn after(before: [u8; MAX_BLOCK], width: usize) -> Self {
        let mut counter = Self::new(before, width);
        counter.count();
        counter
    }

    fn count(&mut self) {
        self.next = (self.next & !self.mask) | (self.next.wrapping_add(1) & self.mask);
    }

    /// Adds the next of the key stream to `data`.
    pub fn apply(&mut self, block: &Block, data: &mut [u8]) {
        let left = self.stream.as_bytes().get(self.used..).unwrap_or_default();
        let (head, body) = data.split_at_mut(left.len().min(data.len()));
        xor(head, left);
        self.used = self.used.saturating_add(head.len());
        let mut stream = [0u128; BLOCKS];
        for part in body.chunks_mut(size_of_val(&stream)) {
            let Some(stream) = stream.get_mut(..part.len().div_ceil(MAX_BLOCK)) else { break };
            for counter in stream.iter_mut() {
                *counter = self.next.to_be();
                self.count();
            }
            block.encrypt(bytes_of(stream));
            xor(part, stream.as_bytes());
            let over = part.len() % MAX_BLOCK;
            if over != 0
                && let Some(last) = stream.last()
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
