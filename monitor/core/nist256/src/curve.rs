// SPDX-License-Identifier: BSD-2-Clause
//! P-256 as `primeorder` does it, over a field and with multiplication of the base point of our own.

use crate::comb;
use crate::field::FieldElement;
use crate::scalar::Scalar;
use ecdsa::EcdsaCurve;
use p256::elliptic_curve::bigint::Odd;
use p256::elliptic_curve::hazmat::FieldArithmetic;
use p256::elliptic_curve::point::PointCompression;
use p256::elliptic_curve::{Curve, CurveArithmetic, PrimeCurve, PrimeCurveArithmetic};
use p256::{NistP256, U256};
use primeorder::{MulBackend, PrimeCurveParams, point_arithmetic};

/// The curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nist256;

impl Curve for Nist256 {
    type FieldBytesSize = <NistP256 as Curve>::FieldBytesSize;
    type Uint = U256;
    const ORDER: Odd<U256> = NistP256::ORDER;
}

impl PrimeCurve for Nist256 {}

impl PointCompression for Nist256 {
    const COMPRESS_POINTS: bool = false;
}

impl CurveArithmetic for Nist256 {
    type AffinePoint = primeorder::AffinePoint<Self>;
    type ProjectivePoint = primeorder::ProjectivePoint<Self>;
    type Scalar = Scalar;
}

impl FieldArithmetic for Nist256 {
    type FieldElement = FieldElement;
}

impl PrimeCurveArithmetic for Nist256 {
    type CurveGroup = primeorder::ProjectivePoint<Self>;
}

impl EcdsaCurve for Nist256 {
    const NORMALIZE_S: bool = false;
}

/// SP 800-186, section 3.2.1.3.
impl PrimeCurveParams for Nist256 {
    type PointArithmetic = point_arithmetic::EquationAIsMinusThree;
    type Backend = Backend;
    const EQUATION_A: FieldElement = FieldElement::ZERO.sub(&FieldElement::from_uint_unchecked(U256::from_u8(3)));
    const EQUATION_B: FieldElement = FieldElement::from_hex_vartime("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
    const GENERATOR: (FieldElement, FieldElement) = (
        FieldElement::from_hex_vartime("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        FieldElement::from_hex_vartime("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    );
}

/// Multiplies the base point by a comb.
#[derive(Clone, Copy, Debug)]
pub struct Backend;

impl MulBackend<Nist256> for Backend {
    fn mul_by_generator(scalar: &Scalar) -> primeorder::ProjectivePoint<Nist256> {
        comb::multiply(scalar)
    }
}
