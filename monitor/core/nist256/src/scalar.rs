// SPDX-License-Identifier: BSD-2-Clause
//! Numbers modulo the order of P-256, by the crates' own arithmetic: there are few of them in an operation.

use crate::curve::Nist256;
use p256::U256;
use p256::elliptic_curve::Curve as _;
use p256::elliptic_curve::ff::PrimeField;
use p256::elliptic_curve::scalar::{FromUintUnchecked, IsHigh};
use p256::elliptic_curve::subtle::{Choice, ConstantTimeEq, ConstantTimeGreater, CtOption};
use primeorder::wnaf;

/// SP 800-186, section 3.2.1.3.
pub(crate) const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

primefield::monty_field_params! {
    name: ScalarParams,
    modulus: ORDER,
    uint: U256,
    byte_order: primefield::ByteOrder::BigEndian,
    multiplicative_generator: 7,
    doc: "The order of P-256, and what follows from it."
}

primefield::monty_field_element! {
    name: Scalar,
    params: ScalarParams,
    uint: U256,
    doc: "A number modulo the order of P-256."
}

primefield::monty_field_arithmetic! {
    name: Scalar,
    params: ScalarParams,
    uint: U256
}

primefield::monty_field_reduce! {
    name: Scalar,
    params: ScalarParams,
    uint: U256,
}

p256::elliptic_curve::scalar_impls!(Nist256, Scalar);

wnaf::impl_wnaf_size_for_scalar!(Scalar);

impl AsRef<Self> for Scalar {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl FromUintUnchecked for Scalar {
    type Uint = U256;

    fn from_uint_unchecked(number: U256) -> Self {
        Self::from_uint_unchecked(number)
    }
}

impl IsHigh for Scalar {
    fn is_high(&self) -> Choice {
        self.to_canonical().ct_gt(&Nist256::ORDER.as_ref().shr_vartime(1))
    }
}
