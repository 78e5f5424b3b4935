// SPDX-License-Identifier: BSD-2-Clause
//! Encryption by public keys.

use super::operations::key_for;
use super::{Attribute, Object, State};
use crate::Result;
use alloc::vec::Vec;
use utee_abi::crypto::{AlgorithmId, KeyUsage, OperationMode};

/// A state with a key of its own; how data becomes other data with it.
#[derive(Debug)]
struct Operation {
    state: State,
}

impl Operation {
    fn new(algorithm: AlgorithmId, key: &Object, mode: OperationMode, usage: KeyUsage) -> Result<Self> {
        let key = key_for(key, usage)?;
        Ok(Self { state: State::new(algorithm, mode, [Some(key), None])? })
    }

    fn run(&self, params: &[Attribute<'_>], data: &[u8], out: &mut [u8]) -> Result<usize> {
        let raw: Vec<_> = params.iter().map(Attribute::raw).collect();
        // SAFETY: the kernel reads `data` and what the parameters name, and writes `out`.
        let (result, len) = unsafe { self.state.operate(&raw, (data.as_ptr(), data.len()), (out.as_mut_ptr(), out.len())) };
        result.map(|()| len)
    }
}

/// Encrypts messages.
#[derive(Debug)]
pub struct Encryptor(Operation);

impl Encryptor {
    /// With a public key or a key pair.
    ///
    /// # Errors
    /// NOT_SUPPORTED, OUT_OF_MEMORY; ACCESS_DENIED for a key that may not be used so; BAD_PARAMETERS for one of another type.
    pub fn new(algorithm: AlgorithmId, key: &Object) -> Result<Self> {
        let usage = if algorithm == AlgorithmId::RSA_NOPAD { KeyUsage::ENCRYPT | KeyUsage::VERIFY } else { KeyUsage::ENCRYPT };
        Operation::new(algorithm, key, OperationMode::Encrypt, usage).map(Self)
    }

    /// Encrypts a message; the length of the result. Parameters are the label of OAEP and the digest of its mask, for instance.
    ///
    /// # Errors
    /// SHORT_BUFFER; BAD_PARAMETERS for a message that is too long.
    pub fn encrypt(&self, params: &[Attribute<'_>], message: &[u8], out: &mut [u8]) -> Result<usize> {
        self.0.run(params, message, out)
    }
}

/// Decrypts messages.
#[derive(Debug)]
pub struct Decryptor(Operation);

impl Decryptor {
    /// With a key pair.
    ///
    /// # Errors
    /// As [`Encryptor::new`].
    pub fn new(algorithm: AlgorithmId, key: &Object) -> Result<Self> {
        let usage = if algorithm == AlgorithmId::RSA_NOPAD { KeyUsage::DECRYPT | KeyUsage::SIGN } else { KeyUsage::DECRYPT };
        Operation::new(algorithm, key, OperationMode::Decrypt, usage).map(Self)
    }

    /// Decrypts a message; the length of the result.
    ///
    /// # Errors
    /// SHORT_BUFFER; BAD_PARAMETERS for what is no encrypted message, whatever is wrong with it.
    pub fn decrypt(&self, params: &[Attribute<'_>], message: &[u8], out: &mut [u8]) -> Result<usize> {
        self.0.run(params, message, out)
    }
}
