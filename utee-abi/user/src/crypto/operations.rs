// SPDX-License-Identifier: BSD-2-Clause
//! Ciphers, message authentication codes and authenticated encryption, each with a key of its own.

use super::{Blocks, Object, State};
use crate::{Result, TeeError};
use utee_abi::crypto::{AlgorithmId, KeyUsage, OperationMode};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To cipher text.
    Encrypt,
    /// To plain text.
    Decrypt,
}

impl Direction {
    const fn mode(self) -> OperationMode {
        match self {
            Self::Encrypt => OperationMode::Encrypt,
            Self::Decrypt => OperationMode::Decrypt,
        }
    }

    const fn usage(self) -> KeyUsage {
        match self {
            Self::Encrypt => KeyUsage::ENCRYPT,
            Self::Decrypt => KeyUsage::DECRYPT,
        }
    }
}

/// A copy of a key, which may be used so.
pub(super) fn key_for(key: &Object, usage: KeyUsage) -> Result<Object> {
    if key.allows(usage)? { key.duplicate() } else { Err(TeeError::ACCESS_DENIED) }
}

/// A cipher.
#[derive(Debug)]
pub struct Cipher {
    state: State,
    blocks: Blocks,
}

impl Cipher {
    /// A cipher with a key, to be started.
    ///
    /// # Errors
    /// NOT_SUPPORTED, OUT_OF_MEMORY; ACCESS_DENIED for a key that may not be used so; BAD_PARAMETERS for one of another type.
    pub fn new(algorithm: AlgorithmId, direction: Direction, key: &Object) -> Result<Self> {
        let key = key_for(key, direction.usage())?;
        let state = State::new(algorithm, direction.mode(), [Some(key), None])?;
        Ok(Self { state, blocks: Blocks::new(algorithm) })
    }

    /// A cipher with a second key for the tweak: XTS.
    ///
    /// # Errors
    /// As [`Cipher::new`].
    pub fn with_two_keys(algorithm: AlgorithmId, direction: Direction, key: &Object, tweak: &Object) -> Result<Self> {
        let keys = [Some(key_for(key, direction.usage())?), Some(key_for(tweak, direction.usage())?)];
        let state = State::new(algorithm, direction.mode(), keys)?;
        Ok(Self { state, blocks: Blocks::new(algorithm) })
    }

    /// Starts afresh with a start value.
    ///
    /// # Errors
    /// BAD_PARAMETERS for one of a wrong length.
    pub fn start(&mut self, iv: &[u8]) -> Result<()> {
        self.blocks.clear();
        // SAFETY: the kernel reads `iv`.
        unsafe { self.state.cipher_init((iv.as_ptr(), iv.len())) }
    }

    /// Works on a piece of any length; the length of the result, as what is no whole block is kept.
    ///
    /// # Errors
    /// BAD_STATE before the start; SHORT_BUFFER.
    pub fn update(&mut self, data: &[u8], out: &mut [u8]) -> Result<usize> {
        // SAFETY: the kernel reads `data` and writes `out`.
        let (result, len) = unsafe { self.blocks.update(&self.state, (data.as_ptr(), data.len()), (out.as_mut_ptr(), out.len())) };
        result.map(|()| len)
    }

    /// Works on the last piece; the length of the result.
    ///
    /// # Errors
    /// BAD_STATE before the start, or for an end that the mode cannot have; SHORT_BUFFER.
    pub fn finish(&mut self, data: &[u8], out: &mut [u8]) -> Result<usize> {
        // SAFETY: the kernel reads `data` and writes `out`.
        let (result, len) = unsafe { self.blocks.finish(&self.state, (data.as_ptr(), data.len()), (out.as_mut_ptr(), out.len())) };
        result.map(|()| len)
    }

    /// Works on all the data where it stands.
    ///
    /// # Errors
    /// As [`Cipher::finish`]; SHORT_BUFFER when a piece was given before that was not whole blocks.
    pub fn finish_in_place(&mut self, data: &mut [u8]) -> Result<()> {
        let pointer = data.as_mut_ptr();
        // SAFETY: the kernel reads and writes `data`.
        unsafe { self.blocks.finish(&self.state, (pointer, data.len()), (pointer, data.len())) }.0
    }
}

/// A message authentication code.
#[derive(Debug)]
pub struct Mac {
    state: State,
}

impl Mac {
    /// A code with a key, started.
    ///
    /// # Errors
    /// As [`Cipher::new`].
    pub fn new(algorithm: AlgorithmId, key: &Object) -> Result<Self> {
        let key = key_for(key, KeyUsage::MAC)?;
        let state = State::new(algorithm, OperationMode::Mac, [Some(key), None])?;
        state.hash_init()?;
        Ok(Self { state })
    }

    /// Takes in data.
    ///
    /// # Errors
    /// Those of the kernel; none for memory of this TA.
    pub fn update(&mut self, data: &[u8]) -> Result<()> {
        // SAFETY: the kernel reads `data`.
        unsafe { self.state.hash_update((data.as_ptr(), data.len())) }
    }

    /// Takes in the last data and writes the code; its length. It starts afresh.
    ///
    /// # Errors
    /// SHORT_BUFFER; BAD_STATE when whole blocks were wanted.
    pub fn finish(&mut self, data: &[u8], out: &mut [u8]) -> Result<usize> {
        // SAFETY: the kernel reads `data` and writes `out`.
        let (result, len) = unsafe { self.state.hash_final((data.as_ptr(), data.len()), (out.as_mut_ptr(), out.len())) };
        result?;
        self.state.hash_init()?;
        Ok(len)
    }

    /// Forgets all data.
    ///
    /// # Errors
    /// Those of the kernel.
    pub fn reset(&mut self) -> Result<()> {
        self.state.hash_init()
    }

    /// Takes in the last data and compares the code in constant time. It starts afresh.
    ///
    /// # Errors
    /// MAC_INVALID.
    pub fn verify(&mut self, data: &[u8], code: &[u8]) -> Result<()> {
        let mut computed = [0; 64];
        let len = self.finish(data, &mut computed)?;
        let differs = computed.iter().zip(code).fold(0, |differs, (one, other)| differs | (one ^ other));
        if differs == 0 && len == code.len() { Ok(()) } else { Err(TeeError::MAC_INVALID) }
    }
}

/// Authenticated encryption or decryption.
#[derive(Debug)]
pub struct Ae {
    state: State,
}

impl Ae {
    /// With a key, to be started.
    ///
    /// # Errors
    /// As [`Cipher::new`].
    pub fn new(algorithm: AlgorithmId, direction: Direction, key: &Object) -> Result<Self> {
        let key = key_for(key, direction.usage())?;
        let state = State::new(algorithm, direction.mode(), [Some(key), None])?;
        Ok(Self { state })
    }

    /// What is under way in the kernel.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Starts afresh. `tag_len` is in bytes; CCM has to know the lengths of the additional data and of the payload.
    ///
    /// # Errors
    /// NOT_SUPPORTED for a tag of such a length; BAD_PARAMETERS.
    pub fn start(&mut self, nonce: &[u8], tag_len: usize, aad_len: usize, payload_len: usize) -> Result<()> {
        // SAFETY: the kernel reads `nonce`.
        unsafe { self.state.ae_init((nonce.as_ptr(), nonce.len()), tag_len, aad_len, payload_len) }
    }

    /// Takes in additional data.
    ///
    /// # Errors
    /// BAD_STATE before the start or once there was payload.
    pub fn add(&mut self, data: &[u8]) -> Result<()> {
        // SAFETY: the kernel reads `data`.
        unsafe { self.state.ae_aad((data.as_ptr(), data.len())) }
    }

    /// Works on payload; the length of the result. What is decrypted is not to be trusted before the tag was compared.
    ///
    /// # Errors
    /// BAD_STATE, SHORT_BUFFER.
    pub fn update(&mut self, data: &[u8], out: &mut [u8]) -> Result<usize> {
        // SAFETY: the kernel reads `data` and writes `out`.
        let (result, len) = unsafe { self.state.ae_payload((data.as_ptr(), data.len()), (out.as_mut_ptr(), out.len())) };
        result.map(|()| len)
    }

    /// Encrypts the last payload and writes the tag; the lengths of both.
    ///
    /// # Errors
    /// BAD_STATE, SHORT_BUFFER.
    pub fn seal(&mut self, data: &[u8], out: &mut [u8], tag: &mut [u8]) -> Result<(usize, usize)> {
        let (data, out, tag) = ((data.as_ptr(), data.len()), (out.as_mut_ptr(), out.len()), (tag.as_mut_ptr(), tag.len()));
        // SAFETY: the kernel reads and writes these.
        let (result, len, tag_len) = unsafe { self.state.ae_encrypt(data, out, tag) };
        result.map(|()| (len, tag_len))
    }

    /// Decrypts the last payload and compares the tag; the length of the result.
    ///
    /// # Errors
    /// MAC_INVALID, BAD_STATE, SHORT_BUFFER.
    pub fn open(&mut self, data: &[u8], out: &mut [u8], tag: &[u8]) -> Result<usize> {
        let (data, out, tag) = ((data.as_ptr(), data.len()), (out.as_mut_ptr(), out.len()), (tag.as_ptr(), tag.len()));
        // SAFETY: the kernel reads and writes these.
        let (result, len) = unsafe { self.state.ae_decrypt(data, out, tag) };
        result.map(|()| len)
    }
}
