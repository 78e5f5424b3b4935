// SPDX-License-Identifier: BSD-2-Clause
//! Message digests: one row an algorithm.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use utee_abi::crypto::Algorithm;
use utee_abi::result::TeeError;

/// Longest digest in bytes.
pub const MAX_DIGEST: usize = 64;

/// A digest under way.
#[derive(Clone)]
pub enum Digest {
    /// MD5 (RFC 1321).
    Md5(Md5),
    /// SHA-1 (FIPS 180-4).
    Sha1(Sha1),
    /// SHA-224 (FIPS 180-4).
    Sha224(Sha224),
    /// SHA-256 (FIPS 180-4).
    Sha256(Sha256),
    /// SHA-384 (FIPS 180-4).
    Sha384(Sha384),
    /// SHA-512 (FIPS 180-4).
    Sha512(Sha512),
}

macro_rules! each {
    ($digest:expr, $inner:ident => $body:expr) => {
        match $digest {
            Digest::Md5($inner) => $body,
            Digest::Sha1($inner) => $body,
            Digest::Sha224($inner) => $body,
            Digest::Sha256($inner) => $body,
            Digest::Sha384($inner) => $body,
            Digest::Sha512($inner) => $body,
        }
    };
}

impl Digest {
    /// The digest that an algorithm id names.
    ///
    /// # Errors
    /// NOT_SUPPORTED.
    pub fn new(algorithm: u32) -> Result<Self, TeeError> {
        Ok(match Algorithm::try_from(algorithm).map_err(|_| TeeError::NOT_SUPPORTED)? {
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha224 => Self::Sha224(Sha224::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        })
    }

    /// Length of the result in bytes.
    pub fn size(&self) -> usize {
        fn size<D: sha2::Digest>(_: &D) -> usize {
            <D as sha2::Digest>::output_size()
        }
        each!(self, inner => size(inner))
    }

    /// Takes in data.
    pub fn update(&mut self, data: &[u8]) {
        each!(self, inner => inner.update(data));
    }

    /// Writes the result to the start of `out` and starts afresh.
    pub fn finish(&mut self, out: &mut [u8; MAX_DIGEST]) {
        fn into<D: sha2::Digest + sha2::digest::FixedOutputReset>(digest: &mut D, out: &mut [u8; MAX_DIGEST]) {
            let result = digest.finalize_reset();
            for (to, from) in out.iter_mut().zip(result) {
                *to = from;
            }
        }
        each!(self, inner => into(inner, out));
    }

    /// Starts afresh.
    pub fn reset(&mut self) {
        each!(self, inner => sha2::Digest::reset(inner));
    }
}
