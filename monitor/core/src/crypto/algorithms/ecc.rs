// SPDX-License-Identifier: BSD-2-Clause
//! Elliptic curves of NIST: ECDSA (FIPS 186-5) and ECDH (SP 800-56A), in constant time where a secret is at work; and the keys on
//! the curve of SM2, whose schemes are in [`super::sm2`].
//!
//! A public point is checked to be on its curve whenever it comes in, and is never the point at infinity; the curves have no
//! points of low order beside it.

#[cfg(any(target_pointer_width = "32", test))]
use super::nist256::Nist256;
use ecdsa::{EcdsaCurve, Signature, SignatureSize, hazmat};
#[cfg(not(any(target_pointer_width = "32", test)))]
use p256::NistP256 as Nist256;
use p256::elliptic_curve::array::ArraySize;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize, NonZeroScalar, PublicKey, SecretKey};
use sha2::Sha256;
use utee_abi::crypto::{Algorithm, AlgorithmId as Id};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Longest coordinate or scalar in bytes.
pub const MAX_SCALAR: usize = 66;

/// Bytes of fresh randomness that go into a signature's ephemeral key and into a new key.
pub const FRESH: usize = 32;

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

/// Calls a function for a curve, and gives `$sm2` for that of SM2.
macro_rules! on {
    ($curve:expr, $function:ident($($argument:expr),*), $sm2:expr) => {
        match $curve {
            Curve::P192 => $function::<p192::NistP192>($($argument),*),
            Curve::P224 => $function::<p224::NistP224>($($argument),*),
            Curve::P256 => $function::<Nist256>($($argument),*),
            Curve::P384 => $function::<p384::NistP384>($($argument),*),
            Curve::P521 => $function::<p521::NistP521>($($argument),*),
            Curve::Sm2 => $sm2,
        }
    };
    ($curve:expr, $function:ident($($argument:expr),*)) => {
        on!($curve, $function($($argument),*), $function::<::sm2::Sm2>($($argument),*))
    };
}

/// A number of a field, big-endian, with leading zeros as it needs them.
pub(super) fn field<C: CurveArithmetic>(number: &[u8]) -> Result<FieldBytes<C>, TeeError> {
    let mut bytes = FieldBytes::<C>::default();
    let start = bytes.len().checked_sub(number.len()).ok_or(TeeError::BAD_PARAMETERS)?;
    bytes.get_mut(start..).ok_or(TeeError::GENERIC)?.copy_from_slice(number);
    Ok(bytes)
}

pub(super) fn point<C>(x: &[u8], y: &[u8]) -> Result<PublicKey<C>, TeeError>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let mut encoded = [0; 1 + 2 * MAX_SCALAR];
    let (x, y) = (field::<C>(x)?, field::<C>(y)?);
    let len = 1usize.saturating_add(x.len()).saturating_add(y.len());
    // SEC 1, section 2.3.4: 4 for an uncompressed point.
    for (to, from) in encoded.iter_mut().zip([4].iter().chain(x.iter()).chain(y.iter())) {
        *to = *from;
    }
    PublicKey::from_sec1_bytes(encoded.get(..len).ok_or(TeeError::GENERIC)?).map_err(|_| TeeError::BAD_PARAMETERS)
}

pub(super) fn scalar<C: CurveArithmetic>(number: &[u8]) -> Result<SecretKey<C>, TeeError> {
    let bytes = Zeroizing::new(field::<C>(number)?);
    SecretKey::from_bytes(&bytes).map_err(|_| TeeError::BAD_PARAMETERS)
}

/// Checks that a point is on a curve.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_point(curve: Curve, x: &[u8], y: &[u8]) -> Result<(), TeeError> {
    fn check<C>(x: &[u8], y: &[u8]) -> Result<(), TeeError>
    where
        C: CurveArithmetic,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
        FieldBytesSize<C>: ModulusSize,
    {
        point::<C>(x, y).map(|_| ())
    }
    on!(curve, check(x, y))
}

/// Checks that a scalar is one of the curve.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_secret(curve: Curve, secret: &[u8]) -> Result<(), TeeError> {
    fn check<C>(secret: &[u8]) -> Result<(), TeeError>
    where
        C: CurveArithmetic,
        FieldBytesSize<C>: ModulusSize,
    {
        scalar::<C>(secret).map(|_| ())
    }
    on!(curve, check(secret))
}

/// Checks that a scalar is one of the curve, and that the point is its.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_pair(curve: Curve, secret: &[u8], x: &[u8], y: &[u8]) -> Result<(), TeeError> {
    fn check<C>(secret: &[u8], x: &[u8], y: &[u8]) -> Result<(), TeeError>
    where
        C: CurveArithmetic,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
        FieldBytesSize<C>: ModulusSize,
    {
        if scalar::<C>(secret)?.public_key() == point::<C>(x, y)? { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }
    on!(curve, check(secret, x, y))
}

/// A key pair of random bytes, as many as a scalar has: secret, x and y. `None` when they are none below the order; take others then.
pub fn pair(curve: Curve, random: &[u8]) -> Option<[Zeroizing<[u8; MAX_SCALAR]>; 3]> {
    fn make<C>(random: &[u8]) -> Option<[Zeroizing<[u8; MAX_SCALAR]>; 3]>
    where
        C: CurveArithmetic,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
        FieldBytesSize<C>: ModulusSize,
    {
        let secret = scalar::<C>(random).ok()?;
        let public = secret.public_key().to_sec1_point(false);
        let mut out: [_; 3] = core::array::from_fn(|_| Zeroizing::new([0; MAX_SCALAR]));
        let bytes = Zeroizing::new(secret.to_bytes());
        for (out, from) in out.iter_mut().zip([&bytes[..], public.x()?, public.y()?]) {
            out.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
        Some(out)
    }
    on!(curve, make(random))
}

/// Signs a digest: r and s to the start of `out`. The ephemeral key is derived from key and digest (RFC 6979) and from `fresh`
/// randomness, so that neither a bad source of it nor a fault that comes twice gives the key away.
///
/// # Errors
/// BAD_PARAMETERS for a secret that is none of the curve.
pub fn sign(curve: Curve, secret: &[u8], digest: &[u8], fresh: &[u8], out: &mut [u8; 2 * MAX_SCALAR]) -> Result<(), TeeError> {
    fn make<C>(secret: &[u8], digest: &[u8], fresh: &[u8], out: &mut [u8; 2 * MAX_SCALAR]) -> Result<(), TeeError>
    where
        C: EcdsaCurve + CurveArithmetic,
        SignatureSize<C>: ArraySize,
    {
        let secret: NonZeroScalar<C> = scalar::<C>(secret)?.to_nonzero_scalar();
        let (signature, _) = hazmat::sign_prehashed_rfc6979::<C, Sha256>(&secret, digest, fresh);
        out.iter_mut().zip(signature.to_bytes().iter()).for_each(|(to, from)| *to = *from);
        Ok(())
    }
    on!(curve, make(secret, digest, fresh, out), Err(TeeError::BAD_PARAMETERS))
}

/// Verifies a signature of r and s.
///
/// # Errors
/// SIGNATURE_INVALID; BAD_PARAMETERS for a point that is not on the curve.
pub fn verify(curve: Curve, x: &[u8], y: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), TeeError> {
    fn check<C>(x: &[u8], y: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), TeeError>
    where
        C: EcdsaCurve + CurveArithmetic,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
        FieldBytesSize<C>: ModulusSize,
        SignatureSize<C>: ArraySize,
    {
        let point = point::<C>(x, y)?;
        let signature = Signature::<C>::from_slice(signature).map_err(|_| TeeError::SIGNATURE_INVALID)?;
        hazmat::verify_prehashed(&point.to_projective(), digest, &signature).map_err(|_| TeeError::SIGNATURE_INVALID)
    }
    on!(curve, check(x, y, digest, signature), Err(TeeError::BAD_PARAMETERS))
}

/// The x coordinate of the point that both sides get, as long as a scalar.
///
/// # Errors
/// BAD_PARAMETERS for a point that is not on the curve, or a secret that is none of it.
pub fn agree(curve: Curve, secret: &[u8], x: &[u8], y: &[u8]) -> Result<Zeroizing<[u8; MAX_SCALAR]>, TeeError> {
    fn run<C>(secret: &[u8], x: &[u8], y: &[u8]) -> Result<Zeroizing<[u8; MAX_SCALAR]>, TeeError>
    where
        C: CurveArithmetic,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
        FieldBytesSize<C>: ModulusSize,
    {
        let point = point::<C>(x, y)?;
        let shared = p256::elliptic_curve::ecdh::diffie_hellman(scalar::<C>(secret)?.to_nonzero_scalar(), point.as_affine());
        let mut out = Zeroizing::new([0; MAX_SCALAR]);
        out.iter_mut().zip(shared.raw_secret_bytes()).for_each(|(to, from)| *to = *from);
        Ok(out)
    }
    on!(curve, run(secret, x, y), Err(TeeError::BAD_PARAMETERS))
}
