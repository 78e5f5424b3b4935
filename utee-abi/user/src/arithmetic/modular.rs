// SPDX-License-Identifier: BSD-2-Clause
//! Arithmetic modulo a number, and greatest common divisors.
//!
//! A modulus is 2 or more, odd or even; anything else is BAD_PARAMETERS. Results are from 0 to the modulus less 1.
//! The time of reductions depends on the modulus, and not on what is reduced.

use super::{BigInt, FastModulus};
use crate::{Result, TeeError};
use crypto_bigint::{BoxedUint, Gcd, NonZero};
use zeroize::Zeroizing;

/// What [`BigInt::extended_gcd`] gives: `gcd` is `u * a + v * b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedGcd {
    /// The greatest common divisor; zero for two zeros.
    pub gcd: BigInt,
    /// Factor of the first number.
    pub u: BigInt,
    /// Factor of the second number.
    pub v: BigInt,
}

impl BigInt {
    /// The magnitude of a modulus.
    pub(super) fn as_modulus(&self) -> Result<&NonZero<BoxedUint>> {
        if self.negative || self.bit_count() < 2 {
            return Err(TeeError::BAD_PARAMETERS);
        }
        self.nonzero().ok_or(TeeError::BAD_PARAMETERS)
    }

    /// What is left of the number, never negative (TEE_BigIntMod).
    ///
    /// # Errors
    /// BAD_PARAMETERS for a modulus below 2.
    pub fn modulo(&self, modulus: &Self) -> Result<Self> {
        let n = modulus.as_modulus()?;
        let rest = if self.magnitude.nlimbs() < n.nlimbs() { self.magnitude.clone() } else { self.magnitude.rem_vartime(n) };
        let rest = Self::new(false, rest)?;
        if self.negative && !rest.is_zero() { modulus - &rest } else { Ok(rest) }
    }

    /// The sum (TEE_BigIntAddMod).
    ///
    /// # Errors
    /// As [`Self::modulo`]; OVERFLOW.
    pub fn add_mod(&self, other: &Self, modulus: &Self) -> Result<Self> {
        modulus.as_modulus()?;
        (self + other)?.modulo(modulus)
    }

    /// The difference (TEE_BigIntSubMod).
    ///
    /// # Errors
    /// As [`Self::modulo`]; OVERFLOW.
    pub fn sub_mod(&self, other: &Self, modulus: &Self) -> Result<Self> {
        modulus.as_modulus()?;
        (self - other)?.modulo(modulus)
    }

    /// The product (TEE_BigIntMulMod).
    ///
    /// # Errors
    /// As [`Self::modulo`]; OVERFLOW.
    pub fn mul_mod(&self, other: &Self, modulus: &Self) -> Result<Self> {
        modulus.as_modulus()?;
        (self * other)?.modulo(modulus)
    }

    /// The square (TEE_BigIntSquareMod).
    ///
    /// # Errors
    /// As [`Self::modulo`]; OVERFLOW.
    pub fn square_mod(&self, modulus: &Self) -> Result<Self> {
        self.mul_mod(self, modulus)
    }

    /// `self` to the power of `exponent` (TEE_BigIntExpMod). The time does not depend on the bits of base and exponent, for an
    /// odd modulus not on those of the modulus either.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a modulus below 2, or an exponent below 0.
    pub fn exp_mod(&self, exponent: &Self, modulus: &Self) -> Result<Self> {
        let fast = FastModulus::new(modulus)?;
        fast.leave(&fast.power(&fast.enter(self)?, exponent)?)
    }

    /// The inverse (TEE_BigIntInvMod). For an odd modulus the time does not depend on the bits of the number and the modulus; for
    /// an even one it depends on the values.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a modulus below 2, and when there is none: the number and the modulus have a common divisor.
    pub fn inv_mod(&self, modulus: &Self) -> Result<Self> {
        let n = modulus.as_modulus()?;
        let number = self.modulo(modulus)?;
        let Some(odd) = n.as_odd_vartime() else {
            let ExtendedGcd { gcd, u, .. } = number.extended_gcd(modulus)?;
            return if gcd.bit_count() == 1 { u.modulo(modulus) } else { Err(TeeError::BAD_PARAMETERS) };
        };
        let number = Zeroizing::new(number.widened(n.bits_precision()));
        let inverse = Option::<BoxedUint>::from(number.invert_odd_mod(odd)).ok_or(TeeError::BAD_PARAMETERS)?;
        Self::new(false, inverse)
    }

    /// The greatest common divisor of both magnitudes. The time depends on the sizes alone.
    #[must_use]
    pub fn gcd(&self, other: &Self) -> Self {
        let bits = self.magnitude.bits_precision().max(other.magnitude.bits_precision());
        // No larger than the larger of the two, which is below the limit.
        Self::new(false, self.widened(bits).gcd(&other.widened(bits))).unwrap_or_else(|_| Self::zero())
    }

    /// Whether both have no common divisor but 1 (TEE_BigIntRelativePrime).
    #[must_use]
    pub fn is_relative_prime(&self, other: &Self) -> bool {
        self.gcd(other).bit_count() == 1
    }

    /// The greatest common divisor and how it is made of both (TEE_BigIntComputeExtendedGcd), by Euclid's algorithm.
    /// The time depends on the values.
    ///
    /// # Errors
    /// None but OVERFLOW, which does not happen for numbers below half the limit.
    pub fn extended_gcd(&self, other: &Self) -> Result<ExtendedGcd> {
        let sign = |number: &Self| Self::from(if number.negative { -1 } else { 1 });
        if other.is_zero() || self.magnitude == other.magnitude {
            let u = if self.is_zero() { Self::zero() } else { sign(self) };
            return Ok(ExtendedGcd { gcd: self.abs(), u, v: Self::zero() });
        }
        // Invariant: each remainder is its factor times |self|, plus a multiple of |other|.
        let (mut last, mut rest) = (self.abs(), other.abs());
        let (mut last_factor, mut factor) = (Self::from(1), Self::zero());
        while !rest.is_zero() {
            let (quotient, next) = last.div_rem(&rest)?;
            let next_factor = (&last_factor - &(&quotient * &factor)?)?;
            (last, rest) = (rest, next);
            (last_factor, factor) = (factor, next_factor);
        }
        let multiple = (&last - &(&last_factor * &self.abs())?)?;
        let (v, _) = multiple.div_rem(other)?;
        let u = (&last_factor * &sign(self))?;
        Ok(ExtendedGcd { gcd: last, u, v })
    }
}
