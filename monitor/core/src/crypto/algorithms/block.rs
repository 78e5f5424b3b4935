// SPDX-License-Identifier: BSD-2-Clause
//! Block ciphers behind one type, so that each mode is there once for all of them.

use aes::{Aes128, Aes192, Aes256};
use cipher::array::Array;
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use des::{Des, TdesEde2, TdesEde3};
use sm4::Sm4;
use utee_abi::crypto::ObjectType;
use utee_abi::result::TeeError;

/// Longest block in bytes.
pub const MAX_BLOCK: usize = 16;

/// A block cipher, without the length of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AES (FIPS 197), bit-sliced in constant time.
    Aes,
    /// DES (FIPS 46-3).
    Des,
    /// Triple DES with two or three keys (SP 800-67).
    Des3,
    /// SM4 (GB/T 32907-2016).
    Sm4,
}

impl Kind {
    /// The type of its keys.
    pub const fn key_type(self) -> ObjectType {
        match self {
            Self::Aes => ObjectType::AES,
            Self::Des => ObjectType::DES,
            Self::Des3 => ObjectType::DES3,
            Self::Sm4 => ObjectType::SM4,
        }
    }

    /// Bytes of a block.
    pub const fn block_size(self) -> usize {
        match self {
            Self::Aes | Self::Sm4 => 16,
            Self::Des | Self::Des3 => 8,
        }
    }
}

/// A block cipher with its key.
#[derive(Clone)]
pub enum Block {
    /// AES-128.
    Aes128(Aes128),
    /// AES-192.
    Aes192(Aes192),
    /// AES-256.
    Aes256(Aes256),
    /// DES.
    Des(Des),
    /// Triple DES, two keys.
    Des3Two(TdesEde2),
    /// Triple DES, three keys.
    Des3Three(TdesEde3),
    /// SM4.
    Sm4(Sm4),
}

macro_rules! each {
    ($block:expr, $inner:ident => $body:expr) => {
        match $block {
            Block::Aes128($inner) => $body,
            Block::Aes192($inner) => $body,
            Block::Aes256($inner) => $body,
            Block::Des($inner) => $body,
            Block::Des3Two($inner) => $body,
            Block::Des3Three($inner) => $body,
            Block::Sm4($inner) => $body,
        }
    };
}

impl Block {
    /// The cipher with a key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key of a length that it does not take.
    pub fn new(kind: Kind, key: &[u8]) -> Result<Self, TeeError> {
        fn with<C: KeyInit>(key: &[u8]) -> Result<C, TeeError> {
            C::new_from_slice(key).map_err(|_| TeeError::BAD_PARAMETERS)
        }
        Ok(match (kind, key.len()) {
            (Kind::Aes, 16) => Self::Aes128(with(key)?),
            (Kind::Aes, 24) => Self::Aes192(with(key)?),
            (Kind::Aes, 32) => Self::Aes256(with(key)?),
            (Kind::Des, 8) => Self::Des(with(key)?),
            (Kind::Des3, 16) => Self::Des3Two(with(key)?),
            (Kind::Des3, 24) => Self::Des3Three(with(key)?),
            (Kind::Sm4, 16) => Self::Sm4(with(key)?),
            _ => return Err(TeeError::BAD_PARAMETERS),
        })
    }

    /// Bytes of a block.
    pub fn size(&self) -> usize {
        match self {
            Self::Des(_) | Self::Des3Two(_) | Self::Des3Three(_) => 8,
            _ => 16,
        }
    }

    /// Encrypts whole blocks in place, each by itself. Bytes after the last whole block stay as they are.
    pub fn encrypt(&self, data: &mut [u8]) {
        fn run<C: BlockCipherEncrypt + BlockSizeUser>(cipher: &C, data: &mut [u8]) {
            cipher.encrypt_blocks(Array::slice_as_chunks_mut(data).0);
        }
        each!(self, inner => run(inner, data));
    }

    /// Decrypts whole blocks in place, each by itself. Bytes after the last whole block stay as they are.
    pub fn decrypt(&self, data: &mut [u8]) {
        fn run<C: BlockCipherDecrypt + BlockSizeUser>(cipher: &C, data: &mut [u8]) {
            cipher.decrypt_blocks(Array::slice_as_chunks_mut(data).0);
        }
        each!(self, inner => run(inner, data));
    }
}

/// `to ^= from`, as far as both go.
pub fn xor(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to ^= *from;
    }
}

/// Adds one to the last `bytes` bytes of a counter block, which wrap by themselves.
pub fn increment(counter: &mut [u8; MAX_BLOCK], bytes: usize) {
    let mut carry = true;
    for byte in counter.iter_mut().rev().take(bytes) {
        let (sum, over) = byte.overflowing_add(u8::from(carry));
        *byte = sum;
        carry = over;
    }
}
