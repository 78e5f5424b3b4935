// SPDX-License-Identifier: BSD-2-Clause
//! Signatures of digests.

use super::operations::key_for;
use super::{Attribute, Object, State};
use crate::Result;
use alloc::vec::Vec;
use utee_abi::crypto::{AlgorithmId, KeyUsage, OperationMode};

/// Signs digests.
#[derive(Debug)]
pub struct Signer {
    state: State,
}

impl Signer {
    /// With a key pair.
    ///
    /// # Errors
    /// NOT_SUPPORTED, OUT_OF_MEMORY; ACCESS_DENIED for a key that may not be used so; BAD_PARAMETERS for one of another type.
    pub fn new(algorithm: AlgorithmId, key: &Object) -> Result<Self> {
        let key = key_for(key, KeyUsage::SIGN)?;
        Ok(Self { state: State::new(algorithm, OperationMode::Sign, [Some(key), None])? })
    }

    /// Signs a digest; the length of the signature.
    ///
    /// # Errors
    /// SHORT_BUFFER, BAD_PARAMETERS for a digest of a wrong length.
    pub fn sign(&self, digest: &[u8], out: &mut [u8]) -> Result<usize> {
        self.sign_with(&[], digest, out)
    }

    /// As [`Signer::sign`], with parameters: the length of the salt of PSS, for instance.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_with(&self, params: &[Attribute<'_>], digest: &[u8], out: &mut [u8]) -> Result<usize> {
        let raw: Vec<_> = params.iter().map(Attribute::raw).collect();
        // SAFETY: the kernel reads `digest` and what the parameters name, and writes `out`.
        let (result, len) = unsafe { self.state.operate(&raw, (digest.as_ptr(), digest.len()), (out.as_mut_ptr(), out.len())) };
        result.map(|()| len)
    }
}

/// Verifies signatures of digests.
#[derive(Debug)]
pub struct Verifier {
    state: State,
}

impl Verifier {
    /// With a public key or a key pair.
    ///
    /// # Errors
    /// As [`Signer::new`].
    pub fn new(algorithm: AlgorithmId, key: &Object) -> Result<Self> {
        let key = key_for(key, KeyUsage::VERIFY)?;
        Ok(Self { state: State::new(algorithm, OperationMode::Verify, [Some(key), None])? })
    }

    /// Verifies the signature of a digest.
    ///
    /// # Errors
    /// SIGNATURE_INVALID; BAD_PARAMETERS for a digest of a wrong length.
    pub fn verify(&self, digest: &[u8], signature: &[u8]) -> Result<()> {
        self.verify_with(&[], digest, signature)
    }

    /// As [`Verifier::verify`], with parameters.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_with(&self, params: &[Attribute<'_>], digest: &[u8], signature: &[u8]) -> Result<()> {
        let raw: Vec<_> = params.iter().map(Attribute::raw).collect();
        // SAFETY: the kernel reads both, and what the parameters name.
        unsafe { self.state.verify(&raw, (digest.as_ptr(), digest.len()), (signature.as_ptr(), signature.len())) }
    }
}
