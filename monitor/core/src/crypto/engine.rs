// SPDX-License-Identifier: BSD-2-Clause
//! What a CPU may do faster than portable code: AES, GHASH and SHA-2 over many blocks.
//!
//! A port like those of [`crate::ports`]: the architecture has an engine or none, and says which by [`crate::ports::Platform::engine`].
//! Which modes there are, and what a key is, stays here.

use alloc::boxed::Box;
use core::fmt;
use utee_abi::result::TeeError;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a block of AES and GHASH.
pub const BLOCK: usize = 16;

/// Rounds of AES-256, the most there are.
const MAX_ROUNDS: usize = 14;

/// AES, GHASH and SHA-2 of a CPU, in constant time.
pub trait Engine: Send + Sync {
    /// SubBytes of each byte of a word (FIPS 197, 5.2).
    fn aes_sub_word(&self, word: [u8; 4]) -> [u8; 4];

    /// Encrypts blocks in place, each by itself.
    fn aes_encrypt(&self, keys: &AesKeys, blocks: &mut [[u8; BLOCK]]);

    /// Decrypts blocks in place, each by itself.
    fn aes_decrypt(&self, keys: &AesKeys, blocks: &mut [[u8; BLOCK]]);

    /// Encrypts blocks in place, each added to the one before first, the first one to `chain`, which gets the last one (SP 800-38A, 6.2).
    fn aes_chain(&self, keys: &AesKeys, chain: &mut [u8; BLOCK], blocks: &mut [[u8; BLOCK]]);

    /// Compresses blocks of SHA-224 and SHA-256 (FIPS 180-4, 6.2.2).
    fn sha256(&self, state: &mut [u32; 8], blocks: &[[u8; 64]]) {
        sha2::block_api::compress256(state, blocks);
    }

    /// Compresses blocks of SHA-384 and SHA-512 (FIPS 180-4, 6.4.2).
    fn sha512(&self, state: &mut [u64; 8], blocks: &[[u8; 128]]) {
        sha512_portable(state, blocks);
    }

    /// Takes blocks into a sum of GHASH.
    fn ghash(&self, key: &GhashKey, sum: &mut GhashSum, blocks: &[[u8; BLOCK]]);
}

/// Compresses blocks of SHA-384 and SHA-512, for engines that have no better way.
pub fn sha512_portable(state: &mut [u64; 8], blocks: &[[u8; 128]]) {
    sha2::block_api::compress512(state, blocks);
}

/// The engine of a machine, if it has one.
pub type MaybeEngine = Option<&'static dyn Engine>;

/// Round keys of AES for encryption, one after the other as FIPS 197, 5.2 makes them.
#[derive(Clone)]
#[repr(C, align(16))]
pub struct AesKeys {
    keys: [[u8; BLOCK]; MAX_ROUNDS + 1],
    rounds: usize,
}

impl AesKeys {
    /// The round keys of a key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another length.
    pub fn new(engine: &dyn Engine, key: &[u8]) -> Result<Self, TeeError> {
        let words = match key.len() {
            16 | 24 | 32 => key.len() / 4,
            _ => return Err(TeeError::BAD_PARAMETERS),
        };
        let mut keys = Self { keys: [[0; BLOCK]; MAX_ROUNDS + 1], rounds: words.saturating_add(6) };
        let schedule = keys.keys.as_flattened_mut();
        schedule.get_mut(..key.len()).ok_or(TeeError::GENERIC)?.copy_from_slice(key);
        let mut constant = 1u8;
        for index in words..keys.rounds.saturating_add(1).saturating_mul(4) {
            let at = index.saturating_mul(4);
            let (before, rest) = schedule.split_at_mut_checked(at).ok_or(TeeError::GENERIC)?;
            let mut word = Zeroizing::new(*before.last_chunk::<4>().ok_or(TeeError::GENERIC)?);
            if index % words == 0 {
                word.rotate_left(1);
                *word = engine.aes_sub_word(*word);
                word[0] ^= constant;
                constant = (constant << 1) ^ (constant >> 7).wrapping_mul(0x1B);
            } else if words > 6 && index % words == 4 {
                *word = engine.aes_sub_word(*word);
            }
            let old = before.get(at.saturating_sub(key.len())..).unwrap_or_default();
            for ((to, new), old) in rest.iter_mut().zip(*word).zip(old) {
                *to = new ^ *old;
            }
        }
        Ok(keys)
    }

    /// The round keys, the first one first: [`AesKeys::rounds`] and one.
    pub fn round_keys(&self) -> &[[u8; BLOCK]] {
        self.keys.get(..=self.rounds).unwrap_or_default()
    }

    /// Rounds: 10, 12 or 14.
    pub fn rounds(&self) -> usize {
        self.rounds
    }
}

impl Drop for AesKeys {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}

/// AES with a key, on an engine.
#[derive(Clone)]
pub struct Aes {
    engine: &'static dyn Engine,
    keys: Box<AesKeys>,
}

impl fmt::Debug for Aes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aes")
    }
}

impl Aes {
    /// AES with a key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another length.
    pub fn new(engine: &'static dyn Engine, key: &[u8]) -> Result<Self, TeeError> {
        Ok(Self { engine, keys: Box::new(AesKeys::new(engine, key)?) })
    }

    /// The engine.
    pub fn engine(&self) -> &'static dyn Engine {
        self.engine
    }

    /// As [`Engine::aes_encrypt`]; bytes after the last whole block stay as they are.
    pub fn encrypt(&self, data: &mut [u8]) {
        self.engine.aes_encrypt(&self.keys, data.as_chunks_mut().0);
    }

    /// As [`Engine::aes_decrypt`]; bytes after the last whole block stay as they are.
    pub fn decrypt(&self, data: &mut [u8]) {
        self.engine.aes_decrypt(&self.keys, data.as_chunks_mut().0);
    }

    /// As [`Engine::aes_chain`]; bytes after the last whole block stay as they are.
    pub fn chain(&self, chain: &mut [u8; BLOCK], data: &mut [u8]) {
        self.engine.aes_chain(&self.keys, chain, data.as_chunks_mut().0);
    }
}

/// A key of GHASH as POLYVAL takes it: bytes reversed, times x (RFC 8452, appendix A). The number is little-endian in memory on every
/// CPU that this is built for.
#[derive(Clone)]
#[repr(transparent)]
pub struct GhashKey(u128);

impl GhashKey {
    /// The key that the encrypted block of zeros gives (SP 800-38D, 7.1).
    pub fn new(hash_key: &[u8; BLOCK]) -> Self {
        let value = u128::from_be_bytes(*hash_key);
        let over = (value >> 127).wrapping_neg();
        Self((value << 1) ^ (over & (0xC2 << 120 | 1)))
    }

    /// The number.
    pub fn number(&self) -> &u128 {
        &self.0
    }
}

impl Drop for GhashKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What GHASH has come to: a number whose big-endian bytes are the block.
#[derive(Clone, Default)]
#[repr(transparent)]
pub struct GhashSum(u128);

impl GhashSum {
    /// The number.
    pub fn number(&self) -> u128 {
        self.0
    }

    /// The number, to be changed.
    pub fn number_mut(&mut self) -> &mut u128 {
        &mut self.0
    }
}

impl Drop for GhashSum {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::AesKeys;
    use crate::crypto::algorithms::tests::hex;
    use crate::testing::PortableEngine;

    /// FIPS 197, appendix A: the last round key of each length.
    #[test]
    fn round_keys_agree_with_the_standard() {
        for (key, rounds, last) in [
            ("2b7e151628aed2a6abf7158809cf4f3c", 10, "d014f9a8c9ee2589e13f0cc8b6630ca6"),
            ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", 12, "e98ba06f448c773c8ecc720401002202"),
            ("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 14, "fe4890d1e6188d0b046df344706c631e"),
        ] {
            let keys = AesKeys::new(&PortableEngine, &hex(key)).unwrap();
            assert_eq!((keys.rounds(), keys.round_keys().len()), (rounds, rounds + 1));
            assert_eq!(keys.round_keys().last().unwrap()[..], hex(last)[..]);
        }
        for len in [0, 8, 15, 17, 28, 33, 64] {
            assert!(AesKeys::new(&PortableEngine, &std::vec![1; len]).is_err(), "{len}");
        }
    }
}
