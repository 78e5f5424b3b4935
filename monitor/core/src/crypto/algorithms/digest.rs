// SPDX-License-Identifier: BSD-2-Clause
//! Message digests: one row an algorithm.

use super::sha2::{Large, Small};
use crate::crypto::engine::MaybeEngine;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use shake::digest::{ExtendableOutput, XofReader};
use shake::{Shake128, Shake128Reader, Shake256, Shake256Reader};
use sm3::Sm3;
use utee_abi::crypto::{Algorithm, AlgorithmId};
use utee_abi::result::TeeError;
use zeroize::Zeroize;

/// Longest digest of a fixed length in bytes.
pub const MAX_DIGEST: usize = 64;

/// Longest block that a digest works on, in bytes: SHA3-224's.
pub const MAX_BLOCK: usize = 144;

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
    /// SHA-224 or SHA-256 on an engine.
    Sha2Small(Small),
    /// SHA-384 or SHA-512 on an engine.
    Sha2Large(Large),
    /// SM3 (GB/T 32905-2016).
    Sm3(Sm3),
    /// SHA3-224 (FIPS 202).
    Sha3_224(Sha3_224),
    /// SHA3-256 (FIPS 202).
    Sha3_256(Sha3_256),
    /// SHA3-384 (FIPS 202).
    Sha3_384(Sha3_384),
    /// SHA3-512 (FIPS 202).
    Sha3_512(Sha3_512),
    /// MD5 and SHA-1, one behind the other (RFC 4346, section 4.7).
    Md5Sha1(Md5, Sha1),
    /// SHAKE128 (FIPS 202), taking in.
    Shake128(Shake128),
    /// SHAKE256 (FIPS 202), taking in.
    Shake256(Shake256),
    /// SHAKE128, giving out.
    Shake128Out(Shake128Reader),
    /// SHAKE256, giving out.
    Shake256Out(Shake256Reader),
}

macro_rules! fixed {
    ($digest:expr, $inner:ident => $body:expr, $other:ident => $rest:expr) => {
        match $digest {
            Digest::Md5($inner) => $body,
            Digest::Sha1($inner) => $body,
            Digest::Sha224($inner) => $body,
            Digest::Sha256($inner) => $body,
            Digest::Sha384($inner) => $body,
            Digest::Sha512($inner) => $body,
            Digest::Sm3($inner) => $body,
            Digest::Sha3_224($inner) => $body,
            Digest::Sha3_256($inner) => $body,
            Digest::Sha3_384($inner) => $body,
            Digest::Sha3_512($inner) => $body,
            $other => $rest,
        }
    };
}

impl Digest {
    /// A digest of an algorithm, in portable code.
    pub fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha224 => Self::Sha224(Sha224::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
            Algorithm::Sm3 => Self::Sm3(Sm3::new()),
            Algorithm::Sha3_224 => Self::Sha3_224(Sha3_224::new()),
            Algorithm::Sha3_256 => Self::Sha3_256(Sha3_256::new()),
            Algorithm::Sha3_384 => Self::Sha3_384(Sha3_384::new()),
            Algorithm::Sha3_512 => Self::Sha3_512(Sha3_512::new()),
            Algorithm::Md5Sha1 => Self::Md5Sha1(Md5::new(), Sha1::new()),
            Algorithm::Shake128 => Self::Shake128(Shake128::default()),
            Algorithm::Shake256 => Self::Shake256(Shake256::default()),
        }
    }

    /// A digest of an algorithm, on `engine` if there is one that has it.
    pub fn on(engine: MaybeEngine, algorithm: Algorithm) -> Self {
        let small = engine.and_then(|engine| Small::of(engine, algorithm)).map(Self::Sha2Small);
        let large = engine.and_then(|engine| Large::of(engine, algorithm)).map(Self::Sha2Large);
        small.or(large).unwrap_or_else(|| Self::of(algorithm))
    }

    /// Length of the result in bytes; `None` when it may have any.
    pub fn size(&self) -> Option<usize> {
        fn size<D: sha2::Digest>(_: &D) -> usize {
            <D as sha2::Digest>::output_size()
        }
        fixed!(self, inner => Some(size(inner)), other => match other {
            Self::Sha2Small(inner) => Some(inner.size()),
            Self::Sha2Large(inner) => Some(inner.size()),
            Self::Md5Sha1(first, second) => Some(size(first).saturating_add(size(second))),
            _ => None,
        })
    }

    /// Length of the block that the digest works on, in bytes.
    pub fn block_size(algorithm: Algorithm) -> usize {
        match algorithm {
            Algorithm::Md5 | Algorithm::Sha1 | Algorithm::Md5Sha1 | Algorithm::Sha224 | Algorithm::Sha256 | Algorithm::Sm3 => 64,
            Algorithm::Sha384 | Algorithm::Sha512 => 128,
            Algorithm::Sha3_224 => 144,
            Algorithm::Sha3_256 | Algorithm::Shake256 => 136,
            Algorithm::Sha3_384 => 104,
            Algorithm::Sha3_512 => 72,
            Algorithm::Shake128 => 168,
        }
    }

    /// Takes in data.
    ///
    /// # Errors
    /// BAD_STATE once it gives out.
    pub fn update(&mut self, data: &[u8]) -> Result<(), TeeError> {
        use shake::digest::Update;
        fixed!(self, inner => sha2::Digest::update(inner, data), other => match other {
            Self::Shake128(inner) => inner.update(data),
            Self::Shake256(inner) => inner.update(data),
            Self::Sha2Small(inner) => inner.update(data),
            Self::Sha2Large(inner) => inner.update(data),
            Self::Md5Sha1(first, second) => {
                sha2::Digest::update(first, data);
                sha2::Digest::update(second, data);
            }
            _ => return Err(TeeError::BAD_STATE),
        });
        Ok(())
    }

    /// Writes the result to `out`: of a digest with a fixed length as much as there is room for, and it starts afresh; of any other
    /// the next bytes, as many as `out` has.
    pub fn finish(&mut self, out: &mut [u8]) {
        fn into<D: sha2::Digest + sha2::digest::FixedOutputReset>(digest: &mut D, out: &mut [u8]) {
            let mut result = digest.finalize_reset();
            for (to, from) in out.iter_mut().zip(result.iter()) {
                *to = *from;
            }
            result.as_mut_slice().zeroize();
        }
        let next = fixed!(&mut *self, inner => return into(inner, out), other => match other {
            Self::Shake128(inner) => Self::Shake128Out(inner.clone().finalize_xof()),
            Self::Shake256(inner) => Self::Shake256Out(inner.clone().finalize_xof()),
            Self::Sha2Small(inner) => return inner.finish(out),
            Self::Sha2Large(inner) => return inner.finish(out),
            Self::Md5Sha1(first, second) => {
                let (front, back) = out.split_at_mut(out.len().min(<Md5 as sha2::Digest>::output_size()));
                into(first, front);
                return into(second, back);
            }
            Self::Shake128Out(reader) => return reader.read(out),
            Self::Shake256Out(reader) => return reader.read(out),
            _ => return,
        });
        *self = next;
        self.finish(out);
    }
}

/// The rows.
pub const ROWS: &[(AlgorithmId, Algorithm)] = &[
    (AlgorithmId::MD5, Algorithm::Md5),
    (AlgorithmId::SHA1, Algorithm::Sha1),
    (AlgorithmId::SHA224, Algorithm::Sha224),
    (AlgorithmId::SHA256, Algorithm::Sha256),
    (AlgorithmId::SHA384, Algorithm::Sha384),
    (AlgorithmId::SHA512, Algorithm::Sha512),
    (AlgorithmId::SM3, Algorithm::Sm3),
    (AlgorithmId::SHA3_224, Algorithm::Sha3_224),
    (AlgorithmId::SHA3_256, Algorithm::Sha3_256),
    (AlgorithmId::SHA3_384, Algorithm::Sha3_384),
    (AlgorithmId::SHA3_512, Algorithm::Sha3_512),
    (AlgorithmId::MD5SHA1, Algorithm::Md5Sha1),
    (AlgorithmId::SHAKE128, Algorithm::Shake128),
    (AlgorithmId::SHAKE256, Algorithm::Shake256),
];
