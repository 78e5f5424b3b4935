// SPDX-License-Identifier: BSD-2-Clause
//! Arithmetic modulo a number, and greatest common divisors.
//!
//! A modulus is 2 or more, odd or even; anything else is BAD_PARAMETERS. Results are from 0 to the modulus less 1.
//! The time of reductions depends on the modulus, and not on what is reduced.

use super::BigInt;
use crate::{Result, TeeError};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Gcd, NonZero, Odd, Resize};
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

    /// `self` to the power of `exponent` (TEE_BigIntExpMod). For an odd modulus the time does not depend on the bits of base,
    /// exponent and modulus; for an even one it depends on how often 2 divides the modulus.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a modulus below 2, or an exponent below 0.
    pub fn exp_mod(&self, exponent: &Self, modulus: &Self) -> Result<Self> {
        let n = modulus.as_modulus()?;
        if exponent.negative {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let base = self.modulo(modulus)?;
        let bits = n.bits_precision();
        if let Some(odd) = n.as_odd_vartime() {
            return Self::new(false, odd_power(base.widened(bits), &exponent.magnitude, odd));
        }
        // Modulo the odd part and modulo the power of two, put together by the Chinese remainder theorem.
        let twos = n.trailing_zeros();
        let odd = n.shr(twos);
        let base = Zeroizing::new(base.widened(bits));
        let mut of_two = base.wrapping_pow(&exponent.magnitude);
        low_bits(&mut of_two, twos);
        let Some(odd) = odd.as_odd_vartime().filter(|odd| odd.bit_width_vartime() > 1) else {
            return Self::new(false, of_two);
        };
        let of_odd = odd_power(base.rem_vartime(odd.as_nz_ref()).resize_unchecked(bits), &exponent.magnitude, odd);
        let (inverse, _) = odd.as_ref().invert_mod2k_vartime(twos);
        let mut factor = of_two.wrapping_sub(&of_odd).wrapping_mul(&inverse);
        low_bits(&mut factor, twos);
        Self::new(false, of_odd.wrapping_add(odd.as_ref().wrapping_mul(&factor)))
    }

    /// The inverse (TEE_BigIntInvMod). The time does not depend on the bits of the number, nor on those of an odd modulus.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a modulus below 2, and when there is none: the number and the modulus have a common divisor.
    pub fn inv_mod(&self, modulus: &Self) -> Result<Self> {
        let n = modulus.as_modulus()?;
        let number = Zeroizing::new(self.modulo(modulus)?.widened(n.bits_precision()));
        let inverse = Option::<BoxedUint>::from(number.invert_mod(n)).ok_or(TeeError::BAD_PARAMETERS)?;
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

/// `base`, which has the limbs of the modulus, to the power of `exponent`.
fn odd_power(base: BoxedUint, exponent: &BoxedUint, modulus: &Odd<BoxedUint>) -> BoxedUint {
    let params = BoxedMontyParams::new(modulus.clone());
    BoxedMontyForm::new(base, &params).pow(exponent).retrieve()
}

/// Clears all but the `bits` least significant bits.
fn low_bits(number: &mut BoxedUint, bits: u32) {
    let precision = number.bits_precision();
    let mask = BoxedUint::one_with_precision(precision).unbounded_shl_vartime(bits).wrapping_sub(BoxedUint::one_with_precision(precision));
    *number &= &mask;
}
