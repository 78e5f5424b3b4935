// SPDX-License-Identifier: BSD-2-Clause
//! Elliptic curves of NIST: ECDSA (FIPS 186-5) and ECDH (SP 800-56A), in constant time where a secret is at work; and the keys on
//! the curve of SM2, whose schemes are in [`super::sm2`].
//!
//! A public point is checked to be on its curve whenever it comes in, and is never the point at infinity; the curves have no
//! points of low order beside it. The curves themselves are in [`curves`] and [`nist256`].

pub use curves::{FRESH, MAX_SCALAR, Pair};
use utee_abi::crypto::{Algorithm, AlgorithmId as Id};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Signs digests of an algorithm.
    Sign(Algorithm),
    /// Agrees on a secret.
    Agree,
}

/// The rows.
pub const ROWS: &[(Id, Use)] = &[
    (Id::ECDSA_SHA1, Use::Sign(Algorithm::Sha1)),
    (Id::ECDSA_SHA224, Use::Sign(Algorithm::Sha224)),
    (Id::ECDSA_SHA256, Use::Sign(Algorithm::Sha256)),
    (Id::ECDSA_SHA384, Use::Sign(Algorithm::Sha384)),
    (Id::ECDSA_SHA512, Use::Sign(Algorithm::Sha512)),
    (Id::ECDSA_SHA3_224, Use::Sign(Algorithm::Sha3_224)),
    (Id::ECDSA_SHA3_256, Use::Sign(Algorithm::Sha3_256)),
    (Id::ECDSA_SHA3_384, Use::Sign(Algorithm::Sha3_384)),
    (Id::ECDSA_SHA3_512, Use::Sign(Algorithm::Sha3_512)),
    (Id::ECDH_DERIVE_SHARED_SECRET, Use::Agree),
];

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-192.
    P192,
    /// P-224.
    P224,
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
    /// The curve of SM2, with schemes of its own.
    Sm2,
}

impl Curve {
    /// The curve of NIST of a number of TEE_ECC_CURVE_*.
    ///
    /// # Errors
    /// NOT_SUPPORTED.
    pub fn of(number: u32) -> Result<Self, TeeError> {
        use utee_abi::crypto::Curve as Id;
        match Id::from_raw(number) {
            Id::NIST_P192 => Ok(Self::P192),
            Id::NIST_P224 => Ok(Self::P224),
            Id::NIST_P256 => Ok(Self::P256),
            Id::NIST_P384 => Ok(Self::P384),
            Id::NIST_P521 => Ok(Self::P521),
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }

    /// Bits of its keys.
    pub const fn bits(self) -> u32 {
        match self {
            Self::P192 => 192,
            Self::P224 => 224,
            Self::P256 | Self::Sm2 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Bytes of a coordinate or scalar; half a signature.
    pub const fn size(self) -> usize {
        match self {
            Self::P192 => 24,
            Self::P224 => 28,
            Self::P256 | Self::Sm2 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// Calls the function of a curve, and gives `$sm2` for that of SM2.
macro_rules! on {
    ($curve:expr, $function:ident($($argument:expr),*), $sm2:expr) => {
        match $curve {
            Curve::P192 => curves::p192::$function($($argument),*),
            Curve::P224 => curves::p224::$function($($argument),*),
            Curve::P256 => nist256::$function($($argument),*),
            Curve::P384 => curves::p384::$function($($argument),*),
            Curve::P521 => curves::p521::$function($($argument),*),
            Curve::Sm2 => $sm2,
        }
    };
    ($curve:expr, $function:ident($($argument:expr),*)) => {
        on!($curve, $function($($argument),*), curves::sm2::$function($($argument),*))
    };
}

/// Checks that a point is on a curve.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_point(curve: Curve, x: &[u8], y: &[u8]) -> Result<(), TeeError> {
    on!(curve, check_point(x, y))
}

/// Checks that a scalar is one of the curve.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_secret(curve: Curve, secret: &[u8]) -> Result<(), TeeError> {
    on!(curve, check_secret(secret))
}

/// Checks that a scalar is one of the curve, and that the point is its.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_pair(curve: Curve, secret: &[u8], x: &[u8], y: &[u8]) -> Result<(), TeeError> {
    on!(curve, check_pair(secret, x, y))
}

/// A key pair of random bytes, as many as a scalar has: secret, x and y. `None` when they are none below the order; take others then.
pub fn pair(curve: Curve, random: &[u8]) -> Option<Pair> {
    on!(curve, pair(random))
}

/// Signs a digest: r and s to the start of `out`. The ephemeral key is derived from key and digest (RFC 6979) and from `fresh`
/// randomness, so that neither a bad source of it nor a fault that comes twice gives the key away.
///
/// # Errors
/// BAD_PARAMETERS for a secret that is none of the curve.
pub fn sign(curve: Curve, secret: &[u8], digest: &[u8], fresh: &[u8], out: &mut [u8; 2 * MAX_SCALAR]) -> Result<(), TeeError> {
    on!(curve, sign(secret, digest, fresh, out), Err(TeeError::BAD_PARAMETERS))
}

/// Verifies a signature of r and s.
///
/// # Errors
/// SIGNATURE_INVALID; BAD_PARAMETERS for a point that is not on the curve.
pub fn verify(curve: Curve, x: &[u8], y: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), TeeError> {
    on!(curve, verify(x, y, digest, signature), Err(TeeError::BAD_PARAMETERS))
}

/// The x coordinate of the point that both sides get, as long as a scalar.
///
/// # Errors
/// BAD_PARAMETERS for a point that is not on the curve, or a secret that is none of it.
pub fn agree(curve: Curve, secret: &[u8], x: &[u8], y: &[u8]) -> Result<Zeroizing<[u8; MAX_SCALAR]>, TeeError> {
    on!(curve, agree(secret, x, y), Err(TeeError::BAD_PARAMETERS))
}
