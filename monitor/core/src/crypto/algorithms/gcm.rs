// SPDX-License-Identifier: BSD-2-Clause
//! Galois/counter mode for data that comes in pieces (SP 800-38D).

use super::ae::MAX_TAG;
use super::block::{Block, MAX_BLOCK};
use super::ctr::Counter;
use crate::crypto::engine::{Engine, GhashKey, GhashSum};
use cipher::array::Array;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use utee_abi::result::TeeError;
use zeroize::Zeroize;

/// Bytes of payload at most: the 32-bit counter must not come back to what it began with.
const MAX_PAYLOAD: u64 = (1 << 36) - 32;

/// Bytes of additional data at most, so that its bits have a 64-bit number.
const MAX_AAD: u64 = (1 << 61) - 1;

/// Bytes of the counter.
const WIDTH: usize = 4;

/// GCM under way.
#[derive(Clone)]
pub struct Gcm {
    block: Block,
    hash: Hasher,
    counter: Counter,
    /// Encrypted first counter block, which the tag is hidden by.
    mask: [u8; MAX_BLOCK],
    aad_len: u64,
    payload_len: u64,
}

impl Gcm {
    /// Starts with a nonce of any length but zero.
    ///
    /// # Errors
    /// BAD_PARAMETERS.
    pub fn new(block: Block, nonce: &[u8]) -> Result<Self, TeeError> {
        if nonce.is_empty() || block.size() != MAX_BLOCK {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let mut key = [0; MAX_BLOCK];
        block.encrypt(&mut key);
        let hash = Hasher { hash: Hash::new(&block, &key), held: [0; MAX_BLOCK], fill: 0 };
        key.zeroize();
        let mut first = [0; MAX_BLOCK];
        if let (12, Some(start)) = (nonce.len(), first.get_mut(..nonce.len())) {
            start.copy_from_slice(nonce);
            first[MAX_BLOCK - 1] = 1;
        } else {
            let mut of_nonce = hash.clone();
            of_nonce.update(nonce);
            of_nonce.pad();
            first = of_nonce.finish(0, nonce.len() as u64);
        }
        let mut mask = first;
        block.encrypt(&mut mask);
        Ok(Self { block, hash, counter: Counter::after(first, WIDTH), mask, aad_len: 0, payload_len: 0 })
    }

    /// Checks that so much additional data may come.
    ///
    /// # Errors
    /// BAD_PARAMETERS.
    pub fn admits_aad(&self, len: u64) -> Result<(), TeeError> {
        within(self.aad_len, len, MAX_AAD)
    }

    /// Takes in additional data.
    pub fn aad(&mut self, data: &[u8]) {
        self.hash.update(data);
        self.aad_len = self.aad_len.saturating_add(data.len() as u64);
    }

    /// Ends the additional data.
    pub fn end_aad(&mut self) {
        self.hash.pad();
    }

    /// Checks that so much payload may come.
    ///
    /// # Errors
    /// BAD_PARAMETERS.
    pub fn admits_payload(&self, len: u64) -> Result<(), TeeError> {
        within(self.payload_len, len, MAX_PAYLOAD)
    }

    /// Works on payload in place.
    pub fn payload(&mut self, data: &mut [u8], decrypts: bool) {
        self.payload_len = self.payload_len.saturating_add(data.len() as u64);
        if decrypts {
            self.hash.update(data);
        }
        self.counter.apply(&self.block, data);
        if !decrypts {
            self.hash.update(data);
        }
    }

    /// The tag.
    pub fn tag(&mut self) -> [u8; MAX_TAG] {
        self.hash.pad();
        let mut tag = self.hash.clone().finish(self.aad_len, self.payload_len);
        super::block::xor(&mut tag, &self.mask);
        tag
    }
}

impl Drop for Gcm {
    fn drop(&mut self) {
        self.mask.zeroize();
    }
}

fn within(done: u64, more: u64, max: u64) -> Result<(), TeeError> {
    match done.checked_add(more) {
        Some(sum) if sum <= max => Ok(()),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

/// GHASH over whole blocks.
#[derive(Clone)]
enum Hash {
    /// In portable code.
    Portable(GHash),
    /// On an engine.
    Engine(&'static dyn Engine, GhashKey, GhashSum),
}

impl Hash {
    /// Where the cipher is, there the hash is.
    fn new(block: &Block, key: &[u8; MAX_BLOCK]) -> Self {
        match block {
            Block::Aes(aes) => Self::Engine(aes.engine(), GhashKey::new(key), GhashSum::default()),
            _ => Self::Portable(GHash::new(&(*key).into())),
        }
    }

    fn update(&mut self, blocks: &[[u8; MAX_BLOCK]]) {
        match self {
            Self::Portable(hash) => hash.update(Array::cast_slice_from_core(blocks)),
            Self::Engine(engine, key, sum) => engine.ghash(key, sum, blocks),
        }
    }

    fn finish(self) -> [u8; MAX_BLOCK] {
        match self {
            Self::Portable(hash) => hash.finalize().into(),
            Self::Engine(_, _, sum) => sum.number().to_be_bytes(),
        }
    }
}

/// GHASH over data in pieces.
#[derive(Clone)]
struct Hasher {
    hash: Hash,
    held: [u8; MAX_BLOCK],
    fill: usize,
}

impl Hasher {
    fn update(&mut self, data: &[u8]) {
        let missing = if self.fill == 0 { 0 } else { MAX_BLOCK.saturating_sub(self.fill) };
        let (head, body) = data.split_at(missing.min(data.len()));
        self.hold(head);
        if self.fill == MAX_BLOCK {
            self.pad();
        }
        let (blocks, rest) = body.as_chunks();
        self.hash.update(blocks);
        self.hold(rest);
    }

    fn hold(&mut self, data: &[u8]) {
        for (to, from) in self.held.iter_mut().skip(self.fill).zip(data) {
            *to = *from;
        }
        self.fill = self.fill.saturating_add(data.len());
    }

    fn pad(&mut self) {
        if self.fill > 0 {
            self.hash.update(&[self.held]);
            self.held = [0; MAX_BLOCK];
            self.fill = 0;
        }
    }

    /// The hash, with the lengths in bytes of what came first and second.
    fn finish(mut self, first: u64, second: u64) -> [u8; MAX_BLOCK] {
        let mut lengths = [0; MAX_BLOCK];
        let bits = [first, second].map(|bytes| bytes.wrapping_mul(8).to_be_bytes());
        for (to, from) in lengths.iter_mut().zip(bits.iter().flatten()) {
            *to = *from;
        }
        self.hash.update(&[lengths]);
        self.hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Gcm, MAX_AAD, MAX_PAYLOAD};
    use crate::crypto::algorithms::block::Kind;

    /// The counter wraps in its own 32 bits, and data ends before it comes round.
    #[test]
    fn lengths_are_limited() {
        let mut gcm = Gcm::new(Block::new(None, Kind::Aes, &[0; 16]).unwrap(), &[1; 12]).unwrap();
        assert!(gcm.admits_payload(MAX_PAYLOAD).is_ok() && gcm.admits_payload(MAX_PAYLOAD + 1).is_err());
        gcm.payload(&mut [0; 33], false);
        assert!(gcm.admits_payload(MAX_PAYLOAD - 33).is_ok() && gcm.admits_payload(MAX_PAYLOAD - 32).is_err());
        assert!(gcm.admits_payload(u64::MAX).is_err() && gcm.admits_aad(MAX_AAD + 1).is_err());
        assert!(Gcm::new(Block::new(None, Kind::Aes, &[0; 16]).unwrap(), &[]).is_err());
    }
}
