// SPDX-License-Identifier: BSD-2-Clause
//! Keys, ECDSA (FIPS 186-5) and ECDH (SP 800-56A) on any curve y² = x³ + ax + b of the crates, and the macros that make them concrete.

use ecdsa::elliptic_curve::array::ArraySize;
use ecdsa::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use ecdsa::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize, NonZeroScalar, PublicKey, SecretKey, ecdh};
use ecdsa::{EcdsaCurve, Signature, SignatureSize, hazmat};
use sha2::Sha256;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Longest coordinate or scalar in bytes.
pub const MAX_SCALAR: usize = 66;

/// Bytes of fresh randomness that go into a signature's ephemeral key and into a new key.
pub const FRESH: usize = 32;

/// A secret and the coordinates of its point, each from the start on in as many bytes as the curve's scalars have.
pub type Pair = [Zeroizing<[u8; MAX_SCALAR]>; 3];

/// A number of a field, big-endian, with leading zeros as it needs them.
///
/// # Errors
/// BAD_PARAMETERS for one that is too long.
pub fn field<C: CurveArithmetic>(number: &[u8]) -> Result<FieldBytes<C>, TeeError> {
    let mut bytes = FieldBytes::<C>::default();
    let start = bytes.len().checked_sub(number.len()).ok_or(TeeError::BAD_PARAMETERS)?;
    bytes.get_mut(start..).ok_or(TeeError::GENERIC)?.copy_from_slice(number);
    Ok(bytes)
}

/// A point by its coordinates.
///
/// # Errors
/// BAD_PARAMETERS when it is not on the curve.
pub fn point<C>(x: &[u8], y: &[u8]) -> Result<PublicKey<C>, TeeError>
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

/// A secret scalar.
///
/// # Errors
/// BAD_PARAMETERS when it is zero or not below the order.
pub fn scalar<C: CurveArithmetic>(number: &[u8]) -> Result<SecretKey<C>, TeeError> {
    let bytes = Zeroizing::new(field::<C>(number)?);
    SecretKey::from_bytes(&bytes).map_err(|_| TeeError::BAD_PARAMETERS)
}

/// Whether a scalar is one of the curve, and the point is its.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_pair<C>(secret: &[u8], x: &[u8], y: &[u8]) -> Result<(), TeeError>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    if scalar::<C>(secret)?.public_key() == point::<C>(x, y)? { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
}

/// A key pair of random bytes; `None` when they are none below the order.
pub fn pair<C>(random: &[u8]) -> Option<Pair>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let secret = scalar::<C>(random).ok()?;
    let public = secret.public_key().to_sec1_point(false);
    let mut out: Pair = core::array::from_fn(|_| Zeroizing::new([0; MAX_SCALAR]));
    let bytes = Zeroizing::new(secret.to_bytes());
    for (out, from) in out.iter_mut().zip([&bytes[..], public.x()?, public.y()?]) {
        out.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    }
    Some(out)
}

/// Signs a digest: r and s to the start of `out`. The ephemeral key is derived from key and digest (RFC 6979) and from `fresh`
/// randomness.
///
/// # Errors
/// BAD_PARAMETERS for a secret that is none of the curve.
pub fn sign<C>(secret: &[u8], digest: &[u8], fresh: &[u8], out: &mut [u8; 2 * MAX_SCALAR]) -> Result<(), TeeError>
where
    C: EcdsaCurve + CurveArithmetic,
    SignatureSize<C>: ArraySize,
{
    let secret: NonZeroScalar<C> = scalar::<C>(secret)?.to_nonzero_scalar();
    let (signature, _) = hazmat::sign_prehashed_rfc6979::<C, Sha256>(&secret, digest, fresh);
    out.iter_mut().zip(signature.to_bytes().iter()).for_each(|(to, from)| *to = *from);
    Ok(())
}

/// Verifies a signature of r and s.
///
/// # Errors
/// SIGNATURE_INVALID; BAD_PARAMETERS for a point that is not on the curve.
pub fn verify<C>(x: &[u8], y: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), TeeError>
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

/// The x coordinate of the point that both sides get, as long as a scalar.
///
/// # Errors
/// BAD_PARAMETERS for a point that is not on the curve, or a secret that is none of it.
pub fn agree<C>(secret: &[u8], x: &[u8], y: &[u8]) -> Result<Zeroizing<[u8; MAX_SCALAR]>, TeeError>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let point = point::<C>(x, y)?;
    let shared = ecdh::diffie_hellman(scalar::<C>(secret)?.to_nonzero_scalar(), point.as_affine());
    let mut out = Zeroizing::new([0; MAX_SCALAR]);
    out.iter_mut().zip(shared.raw_secret_bytes()).for_each(|(to, from)| *to = *from);
    Ok(out)
}

/// The functions of a curve's keys, in the crate where this stands.
#[macro_export]
macro_rules! instance {
    ($curve:ty) => {
        /// Checks that a point is on the curve.
        ///
        /// # Errors
        /// BAD_PARAMETERS.
        #[inline(never)]
        pub fn check_point(x: &[u8], y: &[u8]) -> Result<(), ::utee_abi::result::TeeError> {
            $crate::on::point::<$curve>(x, y).map(|_| ())
        }

        /// Checks that a scalar is one of the curve.
        ///
        /// # Errors
        /// BAD_PARAMETERS.
        #[inline(never)]
        pub fn check_secret(secret: &[u8]) -> Result<(), ::utee_abi::result::TeeError> {
            $crate::on::scalar::<$curve>(secret).map(|_| ())
        }

        /// Checks that a scalar is one of the curve, and that the point is its.
        ///
        /// # Errors
        /// BAD_PARAMETERS.
        #[inline(never)]
        pub fn check_pair(secret: &[u8], x: &[u8], y: &[u8]) -> Result<(), ::utee_abi::result::TeeError> {
            $crate::on::check_pair::<$curve>(secret, x, y)
        }

        /// A key pair of random bytes, as many as a scalar has; `None` when they are none below the order.
        #[inline(never)]
        pub fn pair(random: &[u8]) -> Option<$crate::Pair> {
            $crate::on::pair::<$curve>(random)
        }
    };
}

/// ECDSA and ECDH on a curve, in the crate where this stands.
#[macro_export]
macro_rules! ecdsa_instance {
    ($curve:ty) => {
        /// Signs a digest: r and s to the start of `out`.
        ///
        /// # Errors
        /// BAD_PARAMETERS for a secret that is none of the curve.
        #[inline(never)]
        pub fn sign(
            secret: &[u8],
            digest: &[u8],
            fresh: &[u8],
            out: &mut [u8; 2 * $crate::MAX_SCALAR],
        ) -> Result<(), ::utee_abi::result::TeeError> {
            $crate::on::sign::<$curve>(secret, digest, fresh, out)
        }

        /// Verifies a signature of r and s.
        ///
        /// # Errors
        /// SIGNATURE_INVALID; BAD_PARAMETERS for a point that is not on the curve.
        #[inline(never)]
        pub fn verify(x: &[u8], y: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), ::utee_abi::result::TeeError> {
            $crate::on::verify::<$curve>(x, y, digest, signature)
        }

        /// The x coordinate of the point that both sides get, as long as a scalar.
        ///
        /// # Errors
        /// BAD_PARAMETERS for a point that is not on the curve, or a secret that is none of it.
        #[inline(never)]
        pub fn agree(
            secret: &[u8],
            x: &[u8],
            y: &[u8],
        ) -> Result<::zeroize::Zeroizing<[u8; $crate::MAX_SCALAR]>, ::utee_abi::result::TeeError> {
            $crate::on::agree::<$curve>(secret, x, y)
        }
    };
}
