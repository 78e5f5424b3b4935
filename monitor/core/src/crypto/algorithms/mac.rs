// SPDX-License-Identifier: BSD-2-Clause
//! Message authentication codes: HMAC of every digest (FIPS 198-1), CMAC (SP 800-38B) and CBC-MAC (ISO/IEC 9797-1, algorithm 1).

use super::block::{Aligned, Block, Kind, MAX_BLOCK, xor};
use super::digest::{self, Digest, MAX_DIGEST};
use crate::crypto::engine::MaybeEngine;
use utee_abi::crypto::{Algorithm, AlgorithmId as Id, ObjectType};
use utee_abi::result::TeeError;
use zeroize::Zeroize;

/// How a code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// HMAC with a digest.
    Hmac(Algorithm),
    /// CMAC with a block cipher.
    Cmac(Kind),
    /// CBC-MAC of whole blocks.
    CbcMac(Kind),
    /// CBC-MAC of data that is padded as PKCS #5 does.
    CbcMacPadded(Kind),
}

impl Code {
    /// The type of its keys.
    pub const fn key_type(self) -> ObjectType {
        match self {
            Self::Hmac(Algorithm::Md5) => ObjectType::HMAC_MD5,
            Self::Hmac(Algorithm::Sha1) => ObjectType::HMAC_SHA1,
            Self::Hmac(Algorithm::Sha224) => ObjectType::HMAC_SHA224,
            Self::Hmac(Algorithm::Sha256) => ObjectType::HMAC_SHA256,
            Self::Hmac(Algorithm::Sha384) => ObjectType::HMAC_SHA384,
            Self::Hmac(Algorithm::Sha512) => ObjectType::HMAC_SHA512,
            Self::Hmac(Algorithm::Sm3) => ObjectType::HMAC_SM3,
            Self::Hmac(Algorithm::Sha3_224) => ObjectType::HMAC_SHA3_224,
            Self::Hmac(Algorithm::Sha3_256) => ObjectType::HMAC_SHA3_256,
            Self::Hmac(Algorithm::Sha3_384) => ObjectType::HMAC_SHA3_384,
            Self::Hmac(Algorithm::Sha3_512) => ObjectType::HMAC_SHA3_512,
            // No row has these.
            Self::Hmac(Algorithm::Md5Sha1 | Algorithm::Shake128 | Algorithm::Shake256) => ObjectType::GENERIC_SECRET,
            Self::Cmac(kind) | Self::CbcMac(kind) | Self::CbcMacPadded(kind) => kind.key_type(),
        }
    }
}

/// The rows.
pub const ROWS: &[(Id, Code)] = &[
    (Id::HMAC_MD5, Code::Hmac(Algorithm::Md5)),
    (Id::HMAC_SHA1, Code::Hmac(Algorithm::Sha1)),
    (Id::HMAC_SHA224, Code::Hmac(Algorithm::Sha224)),
    (Id::HMAC_SHA256, Code::Hmac(Algorithm::Sha256)),
    (Id::HMAC_SHA384, Code::Hmac(Algorithm::Sha384)),
    (Id::HMAC_SHA512, Code::Hmac(Algorithm::Sha512)),
    (Id::HMAC_SM3, Code::Hmac(Algorithm::Sm3)),
    (Id::HMAC_SHA3_224, Code::Hmac(Algorithm::Sha3_224)),
    (Id::HMAC_SHA3_256, Code::Hmac(Algorithm::Sha3_256)),
    (Id::HMAC_SHA3_384, Code::Hmac(Algorithm::Sha3_384)),
    (Id::HMAC_SHA3_512, Code::Hmac(Algorithm::Sha3_512)),
    (Id::AES_CMAC, Code::Cmac(Kind::Aes)),
    (Id::DES3_CMAC, Code::Cmac(Kind::Des3)),
    (Id::AES_CBC_MAC_NOPAD, Code::CbcMac(Kind::Aes)),
    (Id::DES_CBC_MAC_NOPAD, Code::CbcMac(Kind::Des)),
    (Id::DES3_CBC_MAC_NOPAD, Code::CbcMac(Kind::Des3)),
    (Id::AES_CBC_MAC_PKCS5, Code::CbcMacPadded(Kind::Aes)),
    (Id::DES_CBC_MAC_PKCS5, Code::CbcMacPadded(Kind::Des)),
    (Id::DES3_CBC_MAC_PKCS5, Code::CbcMacPadded(Kind::Des3)),
];

/// A code under way.
#[derive(Clone)]
pub enum Mac {
    /// HMAC.
    Hmac(Hmac),
    /// CMAC.
    Cmac(CbcMac),
    /// CBC-MAC.
    CbcMac(CbcMac),
    /// CBC-MAC with padding.
    CbcMacPadded(CbcMac),
}

impl Mac {
    /// Starts a code, on `engine` if there is one that has its cipher.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key of a length that it does not take.
    pub fn new(engine: MaybeEngine, code: Code, key: &[u8]) -> Result<Self, TeeError> {
        Ok(match code {
            Code::Hmac(algorithm) => Self::Hmac(Hmac::on(engine, algorithm, key)?),
            Code::Cmac(kind) => Self::Cmac(CbcMac::new(Block::new(engine, kind, key)?)),
            Code::CbcMac(kind) => Self::CbcMac(CbcMac::new(Block::new(engine, kind, key)?)),
            Code::CbcMacPadded(kind) => Self::CbcMacPadded(CbcMac::new(Block::new(engine, kind, key)?)),
        })
    }

    /// Length of the code in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Hmac(hmac) => hmac.size(),
            Self::Cmac(mac) | Self::CbcMac(mac) | Self::CbcMacPadded(mac) => mac.block.size(),
        }
    }

    /// Takes in data.
    ///
    /// # Errors
    /// None that these digests have.
    pub fn update(&mut self, data: &[u8]) -> Result<(), TeeError> {
        match self {
            Self::Hmac(hmac) => return hmac.update(data),
            Self::Cmac(mac) | Self::CbcMac(mac) | Self::CbcMacPadded(mac) => mac.update(data),
        }
        Ok(())
    }

    /// Writes the code to the start of `out`.
    ///
    /// # Errors
    /// BAD_STATE when whole blocks were wanted.
    pub fn finish(&mut self, out: &mut [u8; MAX_DIGEST]) -> Result<(), TeeError> {
        let code = match self {
            Self::Hmac(hmac) => return hmac.finish(out),
            Self::Cmac(mac) => mac.finish_cmac(),
            Self::CbcMac(mac) => mac.finish_whole()?,
            Self::CbcMacPadded(mac) => mac.finish_padded(),
        };
        out.iter_mut().zip(code).for_each(|(to, from)| *to = from);
        Ok(())
    }
}

/// HMAC over any digest of a fixed length.
#[derive(Clone)]
pub struct Hmac {
    inner: Digest,
    outer: Digest,
}

impl Hmac {
    /// Starts with a key of any length, in portable code.
    ///
    /// # Errors
    /// As [`Hmac::on`].
    pub fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, TeeError> {
        Self::on(None, algorithm, key)
    }

    /// Starts with a key of any length, on `engine` if there is one that has the digest.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a digest that has no fixed length.
    pub fn on(engine: MaybeEngine, algorithm: Algorithm, key: &[u8]) -> Result<Self, TeeError> {
        let mut padded = [0u8; digest::MAX_BLOCK];
        let (mut inner, mut outer) = (Digest::on(engine, algorithm), Digest::on(engine, algorithm));
        let padded_key = padded.get_mut(..Digest::block_size(algorithm)).ok_or(TeeError::BAD_PARAMETERS)?;
        if inner.size().is_none() {
            return Err(TeeError::BAD_PARAMETERS);
        }
        if let Some(start) = padded_key.get_mut(..key.len()) {
            start.copy_from_slice(key);
        } else {
            inner.update(key)?;
            inner.finish(padded_key);
        }
        xor(padded_key, &[0x36; digest::MAX_BLOCK]);
        inner.update(padded_key)?;
        xor(padded_key, &[0x36 ^ 0x5C; digest::MAX_BLOCK]);
        outer.update(padded_key)?;
        padded.zeroize();
        Ok(Self { inner, outer })
    }

    /// Length of the code in bytes.
    pub fn size(&self) -> usize {
        self.inner.size().unwrap_or(0)
    }

    /// Takes in data.
    ///
    /// # Errors
    /// None.
    pub fn update(&mut self, data: &[u8]) -> Result<(), TeeError> {
        self.inner.update(data)
    }

    /// Writes the code to the start of `out`. What is taken in afterwards has no meaning.
    ///
    /// # Errors
    /// None.
    pub fn finish(&mut self, out: &mut [u8; MAX_DIGEST]) -> Result<(), TeeError> {
        let len = self.size();
        let code = out.get_mut(..len).ok_or(TeeError::GENERIC)?;
        self.inner.finish(code);
        self.outer.update(code)?;
        self.outer.finish(code);
        Ok(())
    }
}

/// A chain of cipher blocks over data in pieces. The last block is held back, as how it is padded is known at the end only.
#[derive(Clone)]
pub struct CbcMac {
    block: Block,
    chain: [u8; MAX_BLOCK],
    held: [u8; MAX_BLOCK],
    fill: usize,
}

impl CbcMac {
    /// A chain that starts with zero.
    pub fn new(block: Block) -> Self {
        Self { block, chain: [0; MAX_BLOCK], held: [0; MAX_BLOCK], fill: 0 }
    }

    /// The cipher.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// Takes in whole blocks, where none is held back.
    fn run(&mut self, data: &[u8]) {
        let mut buffer = Aligned([0; 8 * MAX_BLOCK]);
        for part in data.chunks(buffer.0.len()) {
            let Some(blocks) = buffer.0.get_mut(..part.len()) else { break };
            blocks.copy_from_slice(part);
            self.block.chain(&mut self.chain, blocks);
        }
        buffer.0.zeroize();
    }

    fn step(&mut self) {
        let size = self.block.size();
        if let Some(chain) = self.chain.get_mut(..size) {
            xor(chain, &self.held);
            self.block.encrypt(chain);
        }
        self.held = [0; MAX_BLOCK];
        self.fill = 0;
    }

    /// Takes in data.
    pub fn update(&mut self, mut data: &[u8]) {
        let size = self.block.size();
        while !data.is_empty() {
            if self.fill == size {
                self.step();
            }
            if self.fill == 0 && data.len() > size {
                let (blocks, rest) = data.split_at(data.len().saturating_sub(1) / size * size);
                self.run(blocks);
                data = rest;
            }
            let (now, later) = data.split_at(size.saturating_sub(self.fill).min(data.len()));
            for (to, from) in self.held.iter_mut().skip(self.fill).zip(now) {
                *to = *from;
            }
            self.fill = self.fill.saturating_add(now.len());
            data = later;
        }
    }

    /// Fills the block up with zeros, if it was begun.
    pub fn pad(&mut self) {
        if self.fill > 0 {
            self.step();
        }
    }

    /// The chain, of data that was padded.
    pub fn chain(&self) -> [u8; MAX_BLOCK] {
        self.chain
    }

    fn finish_whole(&mut self) -> Result<[u8; MAX_BLOCK], TeeError> {
        if self.fill != 0 && self.fill != self.block.size() {
            return Err(TeeError::BAD_STATE);
        }
        self.pad();
        Ok(self.chain)
    }

    fn finish_padded(&mut self) -> [u8; MAX_BLOCK] {
        let size = self.block.size();
        if self.fill == size {
            self.step();
        }
        let missing = size.saturating_sub(self.fill);
        let byte = u8::try_from(missing).unwrap_or(0);
        self.held.iter_mut().skip(self.fill).take(missing).for_each(|held| *held = byte);
        self.step();
        self.chain
    }

    fn finish_cmac(&mut self) -> [u8; MAX_BLOCK] {
        let size = self.block.size();
        let mut subkey = [0; MAX_BLOCK];
        self.block.encrypt(subkey.get_mut(..size).unwrap_or_default());
        double(&mut subkey, size);
        if self.fill < size {
            double(&mut subkey, size);
            self.held.iter_mut().skip(self.fill).take(1).for_each(|held| *held = 0x80);
        }
        xor(&mut self.held, &subkey);
        subkey.zeroize();
        self.step();
        self.chain
    }
}

impl Drop for CbcMac {
    fn drop(&mut self) {
        self.chain.zeroize();
        self.held.zeroize();
    }
}

/// Times x in GF(2^128) or, for blocks of 8 bytes, GF(2^64), big-endian (SP 800-38B, 5.3).
fn double(block: &mut [u8; MAX_BLOCK], size: usize) {
    let value = u128::from_be_bytes(*block);
    let polynomial = if size == MAX_BLOCK { 0x87 } else { 0x1B << 64 };
    *block = ((value << 1) ^ ((value >> 127) * polynomial)).to_be_bytes();
}
