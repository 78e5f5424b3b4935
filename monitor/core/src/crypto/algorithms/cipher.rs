// SPDX-License-Identifier: BSD-2-Clause
//! Ciphers: the modes ECB, CBC, CTR, CTS and XTS of the block ciphers, for data that comes in pieces.
//!
//! The pieces before the last one are whole blocks, but in CTR; in CTS and XTS more than one block is kept for the last piece.

use super::block::{Aligned, Block, Kind, MAX_BLOCK, xor};
use super::ctr::Counter;
use crate::crypto::engine::MaybeEngine;
use utee_abi::crypto::AlgorithmId as Id;
use utee_abi::result::TeeError;
use zerocopy::IntoBytes;
use zeroize::Zeroize;

/// How blocks are chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each by itself (SP 800-38A).
    Ecb,
    /// By the block of cipher text before it (SP 800-38A).
    Cbc,
    /// Counter mode, 128 bits big-endian (SP 800-38A).
    Ctr,
    /// CBC with cipher text stealing that always swaps the last two blocks (CBC-CS3, RFC 3962).
    Cts,
    /// Tweaked, with cipher text stealing (IEEE 1619).
    Xts,
}

/// The rows.
pub const ROWS: &[(Id, (Kind, Mode))] = &[
    (Id::AES_ECB_NOPAD, (Kind::Aes, Mode::Ecb)),
    (Id::AES_CBC_NOPAD, (Kind::Aes, Mode::Cbc)),
    (Id::AES_CTR, (Kind::Aes, Mode::Ctr)),
    (Id::AES_CTS, (Kind::Aes, Mode::Cts)),
    (Id::AES_XTS, (Kind::Aes, Mode::Xts)),
    (Id::DES_ECB_NOPAD, (Kind::Des, Mode::Ecb)),
    (Id::DES_CBC_NOPAD, (Kind::Des, Mode::Cbc)),
    (Id::DES3_ECB_NOPAD, (Kind::Des3, Mode::Ecb)),
    (Id::DES3_CBC_NOPAD, (Kind::Des3, Mode::Cbc)),
    (Id::SM4_ECB_NOPAD, (Kind::Sm4, Mode::Ecb)),
    (Id::SM4_CBC_NOPAD, (Kind::Sm4, Mode::Cbc)),
    (Id::SM4_CTR, (Kind::Sm4, Mode::Ctr)),
    (Id::SM4_XTS, (Kind::Sm4, Mode::Xts)),
];

/// A cipher under way.
#[derive(Clone)]
pub struct Cipher {
    block: Block,
    mode: Mode,
    decrypts: bool,
    /// The block that the next one is chained to.
    chain: Aligned<MAX_BLOCK>,
    /// The tweak of the next block, little-endian.
    tweak: u128,
    counter: Option<Counter>,
}

impl Cipher {
    /// Starts a cipher, on `engine` if there is one. `key2` is that of the tweak.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key or a start value of a wrong length.
    pub fn new(
        engine: MaybeEngine,
        kind: Kind,
        mode: Mode,
        decrypts: bool,
        [key, key2]: [Option<&[u8]>; 2],
        iv: &[u8],
    ) -> Result<Self, TeeError> {
        let key = key.ok_or(TeeError::BAD_PARAMETERS)?;
        let block = Block::new(engine, kind, key)?;
        let mut chain = [0; MAX_BLOCK];
        let wanted = if mode == Mode::Ecb { 0 } else { kind.block_size() };
        // A start value that is of no use is none of an error.
        let iv = if mode == Mode::Ecb { &[] } else { iv };
        if iv.len() != wanted {
            return Err(TeeError::BAD_PARAMETERS);
        }
        for (to, from) in chain.iter_mut().zip(iv) {
            *to = *from;
        }
        if mode == Mode::Xts {
            let key2 = key2.filter(|key2| key2.len() == key.len()).ok_or(TeeError::BAD_PARAMETERS)?;
            Block::new(engine, kind, key2)?.encrypt(&mut chain);
        }
        let counter = (mode == Mode::Ctr).then(|| Counter::new(chain, MAX_BLOCK));
        Ok(Self { block, mode, decrypts, chain: Aligned(chain), tweak: u128::from_le_bytes(chain), counter })
    }

    /// Bytes at the end of `len` bytes of last data that [`Cipher::finish`] takes; what is before goes through [`Cipher::update`].
    pub fn tail(&self, len: u64) -> u64 {
        let size = MAX_BLOCK as u64;
        match self.mode {
            Mode::Cts | Mode::Xts if len > 2 * size => len.saturating_sub(len.saturating_sub(size.saturating_add(1)) / size * size),
            Mode::Cts | Mode::Xts => len,
            _ => 0,
        }
    }

    /// Tells whether a piece that is not the last may have `len` bytes.
    pub fn takes(&self, len: u64) -> bool {
        self.mode == Mode::Ctr || len.is_multiple_of(self.block.size() as u64)
    }

    /// Tells whether the data may end with `len` bytes that were given to no [`Cipher::update`].
    pub fn ends_with(&self, len: u64) -> bool {
        let size = MAX_BLOCK as u64;
        match self.mode {
            Mode::Cts => len > size,
            Mode::Xts => len == 0 || len >= size,
            _ => self.takes(len),
        }
    }

    /// Works on a piece in place.
    ///
    /// # Errors
    /// BAD_STATE for a piece that is not whole blocks where it has to be.
    pub fn update(&mut self, data: &mut [u8]) -> Result<(), TeeError> {
        if !self.takes(data.len() as u64) {
            return Err(TeeError::BAD_STATE);
        }
        match (self.mode, self.decrypts) {
            (Mode::Ecb, false) => self.block.encrypt(data),
            (Mode::Ecb, true) => self.block.decrypt(data),
            (Mode::Cbc | Mode::Cts, false) => self.block.chain(&mut self.chain.0, data),
            (Mode::Cbc | Mode::Cts, true) => self.chain_decrypt(data),
            (Mode::Ctr, _) => {
                if let Some(counter) = &mut self.counter {
                    counter.apply(&self.block, data);
                }
            }
            (Mode::Xts, _) => self.tweak_run(data),
        }
        Ok(())
    }

    /// Works on the last piece in place, which has the length that [`Cipher::tail`] gave.
    ///
    /// # Errors
    /// BAD_STATE for a length that the mode cannot end with.
    pub fn finish(&mut self, data: &mut [u8]) -> Result<(), TeeError> {
        match self.mode {
            Mode::Cts if data.len() <= MAX_BLOCK => Err(TeeError::BAD_STATE),
            Mode::Cts if data.len() > 2 * MAX_BLOCK => Err(TeeError::BAD_STATE),
            Mode::Cts if self.decrypts => self.unsteal(data),
            Mode::Cts => self.steal(data),
            Mode::Xts if data.len().is_multiple_of(MAX_BLOCK) => self.update(data),
            Mode::Xts if data.len() < MAX_BLOCK || data.len() > 2 * MAX_BLOCK => Err(TeeError::BAD_STATE),
            Mode::Xts => self.tweak_end(data),
            _ => self.update(data),
        }
    }

    fn chain_decrypt(&mut self, data: &mut [u8]) {
        // As many blocks as a bit-sliced cipher likes; each is chained to the cipher text before it.
        let mut buffer = Aligned([0; 8 * MAX_BLOCK]);
        let size = self.block.size();
        for part in data.chunks_mut(buffer.0.len()) {
            let Some(before) = buffer.0.get_mut(..part.len()) else { break };
            before.copy_from_slice(part);
            self.block.decrypt(part);
            let mut chained = part.chunks_exact_mut(size);
            if let Some(first) = chained.next() {
                xor(first, &self.chain.0);
            }
            for (part, before) in chained.zip(before.chunks_exact(size)) {
                xor(part, before);
            }
            if let Some(last) = before.rchunks_exact(size).next() {
                self.chain.0.iter_mut().zip(last).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// The last two blocks, the second of which may be short: encrypted, swapped, the first one cut.
    fn steal(&mut self, data: &mut [u8]) -> Result<(), TeeError> {
        let len = data.len();
        let mut blocks = [0; 2 * MAX_BLOCK];
        blocks.get_mut(..len).ok_or(TeeError::GENERIC)?.copy_from_slice(data);
        self.block.chain(&mut self.chain.0, &mut blocks);
        let (first, second) = blocks.split_at(MAX_BLOCK);
        let (to_second, to_first) = data.split_at_mut(MAX_BLOCK);
        to_second.copy_from_slice(second);
        to_first.copy_from_slice(first.get(..to_first.len()).ok_or(TeeError::GENERIC)?);
        Ok(())
    }

    fn unsteal(&mut self, data: &mut [u8]) -> Result<(), TeeError> {
        let (second, first) = data.split_at_mut(MAX_BLOCK);
        // What the whole second block decrypts to: the second plain text, then the end of the first cipher text.
        let mut mixed = [0; MAX_BLOCK];
        mixed.copy_from_slice(second);
        self.block.decrypt(&mut mixed);
        let mut whole = mixed;
        whole.get_mut(..first.len()).ok_or(TeeError::GENERIC)?.copy_from_slice(first);
        xor(&mut mixed, &whole);
        self.chain_decrypt(&mut whole);
        second.copy_from_slice(&whole);
        first.copy_from_slice(mixed.get(..first.len()).ok_or(TeeError::GENERIC)?);
        mixed.zeroize();
        whole.zeroize();
        Ok(())
    }

    /// The tweak of the next block: times x in GF(2^128), little-endian.
    fn next_tweak(&mut self) {
        let reduced = (self.tweak >> 127).wrapping_neg() & 0x87;
        self.tweak = (self.tweak << 1) ^ reduced;
    }

    fn tweak_run(&mut self, data: &mut [u8]) {
        let mut tweaks = [0u128; 8];
        for part in data.chunks_mut(size_of_val(&tweaks)) {
            for tweak in tweaks.iter_mut().take(part.len() / MAX_BLOCK) {
                *tweak = self.tweak.to_le();
                self.next_tweak();
            }
            xor(part, tweaks.as_bytes());
            if self.decrypts {
                self.block.decrypt(part);
            } else {
                self.block.encrypt(part);
            }
            xor(part, tweaks.as_bytes());
        }
        tweaks.zeroize();
    }

    /// The last whole block and the short one behind it.
    fn tweak_end(&mut self, data: &mut [u8]) -> Result<(), TeeError> {
        let first_tweak = self.tweak;
        self.next_tweak();
        let last_tweak = self.tweak;
        let (whole, short) = data.split_at_mut(MAX_BLOCK);
        // Decryption needs the last tweak first.
        let (one, two) = if self.decrypts { (last_tweak, first_tweak) } else { (first_tweak, last_tweak) };
        self.tweak = one;
        self.tweak_run(whole);
        let stolen = whole.get_mut(..short.len()).ok_or(TeeError::GENERIC)?;
        stolen.swap_with_slice(short);
        self.tweak = two;
        self.tweak_run(whole);
        Ok(())
    }
}

impl Drop for Cipher {
    fn drop(&mut self) {
        self.chain.0.zeroize();
        self.tweak.zeroize();
    }
}
