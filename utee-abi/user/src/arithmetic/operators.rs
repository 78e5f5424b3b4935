// SPDX-License-Identifier: BSD-2-Clause
//! Comparison, sums, products and quotients.
//!
//! Sums and products take a time that depends on the sizes, and on which of two numbers of different signs is larger. A
//! quotient takes a time that depends on the divisor, and not on the dividend.

use super::{BigInt, limbs};
use crate::{Result, TeeError};
use core::cmp::Ordering;
use core::ops::{Add, Mul, Neg, Sub};
use crypto_bigint::{BoxedUint, NonZero, Resize};

impl Ord for BigInt {
    /// TEE_BigIntCmp and TEE_BigIntCmpS32.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude.cmp_vartime(&other.magnitude),
            (true, true) => other.magnitude.cmp_vartime(&self.magnitude),
        }
    }
}

impl PartialOrd for BigInt {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl BigInt {
    /// `self` and `other`, which counts as negative when `negative` says so.
    fn add_signed(&self, other: &Self, negative: bool) -> Result<Self> {
        if self.negative == negative {
            return Self::new(negative, self.magnitude.concatenating_add(&other.magnitude));
        }
        match self.magnitude.cmp_vartime(&other.magnitude) {
            Ordering::Less => Self::new(negative, other.magnitude.wrapping_sub(&self.magnitude)),
            _ => Self::new(self.negative, self.magnitude.wrapping_sub(&other.magnitude)),
        }
    }

    /// The square (TEE_BigIntSquare).
    ///
    /// # Errors
    /// OVERFLOW above [`super::MAX_BITS`].
    pub fn square(&self) -> Result<Self> {
        self * self
    }

    /// Quotient, rounded towards zero, and remainder, which has the sign of `self` (TEE_BigIntDiv).
    ///
    /// # Errors
    /// BAD_PARAMETERS when `divisor` is zero.
    pub fn div_rem(&self, divisor: &Self) -> Result<(Self, Self)> {
        let by = divisor.nonzero().ok_or(TeeError::BAD_PARAMETERS)?;
        // A shorter number is its own remainder, and the crate's division wants no shorter one.
        if self.magnitude.nlimbs() < by.nlimbs() {
            return Ok((Self::zero(), self.clone()));
        }
        let (quotient, remainder) = self.magnitude.div_rem_vartime(by);
        Ok((Self::new(self.negative != divisor.negative, quotient)?, Self::new(self.negative, remainder)?))
    }

    /// The magnitude, unless it is zero.
    pub(super) fn nonzero(&self) -> Option<&NonZero<BoxedUint>> {
        self.magnitude.as_nz_vartime()
    }

    /// The magnitude in `bits` at least.
    pub(super) fn widened(&self, bits: u32) -> BoxedUint {
        (&self.magnitude).resize_unchecked(bits.max(self.magnitude.bits_precision()))
    }
}

impl Add for &BigInt {
    type Output = Result<BigInt>;

    /// The sum (TEE_BigIntAdd).
    fn add(self, other: Self) -> Self::Output {
        self.add_signed(other, other.negative)
    }
}

impl Sub for &BigInt {
    type Output = Result<BigInt>;

    /// The difference (TEE_BigIntSub).
    fn sub(self, other: Self) -> Self::Output {
        self.add_signed(other, !other.negative)
    }
}

impl Mul for &BigInt {
    type Output = Result<BigInt>;

    /// The product (TEE_BigIntMul).
    fn mul(self, other: Self) -> Self::Output {
        BigInt::new(self.negative != other.negative, limbs::product(&self.magnitude, &other.magnitude))
    }
}

impl Neg for &BigInt {
    type Output = BigInt;

    /// The number of the other sign (TEE_BigIntNeg).
    fn neg(self) -> Self::Output {
        BigInt { negative: !self.negative && !self.is_zero(), magnitude: self.magnitude.clone() }
    }
}
