// SPDX-License-Identifier: BSD-2-Clause
//! Block ciphers behind one type, so that each mode is there once for all of them.

use crate::crypto::engine::{Aes, MaybeEngine};
use aes::{Aes128, Aes192, Aes256};
use cipher::array::Array;
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use des::{Des, TdesEde2, TdesEde3};
use sm4::Sm4;
use utee_abi::crypto::ObjectType;
use utee_abi::result::TeeError;
use zerocopy::{FromBytes, IntoBytes};

/// Longest block in bytes.
pub const MAX_BLOCK: usize = 16;

/// A block cipher, without the length of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AES (FIPS 197), in constant time: on the CPU's engine, or bit-sliced.
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
    /// AES with a key of any length, on an engine.
    Aes(Aes),
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
    ($block:expr, $engine:ident => $on_engine:expr, $inner:ident => $body:expr) => {
        match $block {
            Block::Aes($engine) => $on_engine,
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
    /// The cipher with a key, on `engine` if there is one that has it.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key of a length that it does not take.
    pub fn new(engine: MaybeEngine, kind: Kind, key: &[u8]) -> Result<Self, TeeError> {
        fn with<C: KeyInit>(key: &[u8]) -> Result<C, TeeError> {
            C::new_from_slice(key).map_err(|_| TeeError::BAD_PARAMETERS)
        }
        if let (Some(engine), Kind::Aes) = (engine, kind) {
            return Ok(Self::Aes(Aes::new(engine, key)?));
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
        each!(self, aes => aes.encrypt(data), inner => run(inner, data));
    }

    /// Decrypts whole blocks in place, each by itself. Bytes after the last whole block stay as they are.
    pub fn decrypt(&self, data: &mut [u8]) {
        fn run<C: BlockCipherDecrypt + BlockSizeUser>(cipher: &C, data: &mut [u8]) {
            cipher.decrypt_blocks(Array::slice_as_chunks_mut(data).0);
        }
        each!(self, aes => aes.decrypt(data), inner => run(inner, data));
    }

    /// Encrypts whole blocks in place, each added to the one before first, the first one to `chain`, which gets the last one.
    pub fn chain(&self, chain: &mut [u8; MAX_BLOCK], data: &mut [u8]) {
        if let Self::Aes(aes) = self {
            return aes.chain(chain, data);
        }
        for part in data.chunks_exact_mut(self.size()) {
            xor(part, chain);
            self.encrypt(part);
            chain.iter_mut().zip(part.iter()).for_each(|(to, from)| *to = *from);
        }
    }
}

/// Bytes that words can be made of: on CPUs that want words at whole addresses, [`xor`] of two such is several times as fast.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub struct Aligned<const N: usize>(pub [u8; N]);

/// `to ^= from`, as far as both go.
pub fn xor(to: &mut [u8], from: &[u8]) {
    let len = to.len().min(from.len());
    let whole = len - len % size_of::<u32>();
    let (to_words, to) = to.split_at_mut(whole);
    let (from_words, from) = from.split_at(whole);
    if let (Ok(to), Ok(from)) = (<[u32]>::mut_from_bytes(to_words), <[u32]>::ref_from_bytes(from_words)) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to ^= *from);
    } else {
        to_words.iter_mut().zip(from_words).for_each(|(to, from)| *to ^= *from);
    }
    to.iter_mut().zip(from).for_each(|(to, from)| *to ^= *from);
}

/// The bytes of blocks.
pub fn bytes_of(blocks: &mut [u128]) -> &mut [u8] {
    blocks.as_mut_bytes()
}
