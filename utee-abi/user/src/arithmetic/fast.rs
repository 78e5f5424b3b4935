// SPDX-License-Identifier: BSD-2-Clause
//! Fast modular multiplication: Montgomery's, for odd moduli; for even ones the ordinary one behind the same functions.
//!
//! With R the power of two just above the limbs of the modulus n, a number x stands as x * R mod n. A product needs a
//! division by R alone, for which a multiple of n is added that makes the lower half zero.

use super::{BigInt, limbs};
use crate::{Result, TeeError};
use alloc::boxed::Box;
use alloc::vec::Vec;
use crypto_bigint::{BoxedUint, Choice, CtAssign, CtSelect, Limb, Resize, Word};
use zeroize::Zeroize;

/// A number in the form that goes with a [`FastModulus`] (TEE_BigIntFMM).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastNumber(BigInt);

impl FastNumber {
    /// The number that stands for it.
    #[must_use]
    pub fn as_raw(&self) -> &BigInt {
        &self.0
    }

    /// From the number that stands for it.
    #[must_use]
    pub fn from_raw(raw: BigInt) -> Self {
        Self(raw)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Montgomery {
    /// The number that makes n times it -1 modulo the size of a limb.
    inverse: Word,
    /// R * R mod n.
    square: BoxedUint,
}

/// A modulus, prepared (TEE_BigIntFMMContext). Its functions take a time that does not depend on the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastModulus {
    modulus: BigInt,
    montgomery: Option<Montgomery>,
}

/// Bits of an exponent that are taken at a time.
const WINDOW: u32 = 4;

impl FastModulus {
    /// Prepares a modulus, odd or even (TEE_BigIntInitFMMContext1).
    ///
    /// # Errors
    /// BAD_PARAMETERS below 2.
    pub fn new(modulus: &BigInt) -> Result<Self> {
        let n = modulus.as_modulus()?;
        let bits = n.bits_precision();
        let montgomery = modulus.is_odd().then(|| {
            let square = BoxedUint::one_with_precision(2 * bits + 1).unbounded_shl_vartime(2 * bits);
            Montgomery { inverse: limbs::negated_inverse(n), square: square.rem(n).resize_unchecked(bits) }
        });
        Ok(Self { modulus: modulus.clone(), montgomery })
    }

    /// The modulus with what [`Self::prepared`] gave.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a modulus below 2, or what was prepared for another one.
    pub fn from_prepared(modulus: &BigInt, prepared: Option<&[u8]>) -> Result<Self> {
        let bits = modulus.as_modulus()?.bits_precision();
        let montgomery = match prepared {
            None if !modulus.is_odd() => None,
            Some(bytes) if modulus.is_odd() && bytes.len() == Self::prepared_len(bits as usize) => {
                let (inverse, square) = bytes.split_at(Limb::BYTES);
                let inverse = Word::from_le_bytes(inverse.try_into().map_err(|_| TeeError::BAD_PARAMETERS)?);
                Some(Montgomery { inverse, square: BoxedUint::from_le_slice_vartime(square) })
            }
            _ => return Err(TeeError::BAD_PARAMETERS),
        };
        Ok(Self { modulus: modulus.clone(), montgomery })
    }

    /// What was prepared, for [`Self::from_prepared`]; nothing for an even modulus.
    #[must_use]
    pub fn prepared(&self) -> Option<Box<[u8]>> {
        let Montgomery { inverse, square } = self.montgomery.as_ref()?;
        Some([&inverse.to_le_bytes()[..], &square.to_le_bytes()].concat().into())
    }

    /// Bytes of that for a modulus of `bits`.
    #[must_use]
    pub fn prepared_len(bits: usize) -> usize {
        bits.div_ceil(Limb::BITS as usize).saturating_add(1).saturating_mul(Limb::BYTES)
    }

    /// Brings a number into the form (TEE_BigIntConvertToFMM).
    ///
    /// # Errors
    /// OVERFLOW.
    pub fn enter(&self, number: &BigInt) -> Result<FastNumber> {
        let number = number.modulo(&self.modulus)?;
        Ok(FastNumber(match &self.montgomery {
            Some(montgomery) => BigInt::new(false, self.product(montgomery, &number.magnitude, &montgomery.square))?,
            None => number,
        }))
    }

    /// The number itself (TEE_BigIntConvertFromFMM).
    ///
    /// # Errors
    /// BAD_PARAMETERS for a number that no function of this modulus gave.
    pub fn leave(&self, number: &FastNumber) -> Result<BigInt> {
        let number = self.check(number)?;
        match &self.montgomery {
            Some(montgomery) => BigInt::new(false, self.product(montgomery, &number.magnitude, &BoxedUint::one())),
            None => Ok(number.clone()),
        }
    }

    /// The product (TEE_BigIntComputeFMM).
    ///
    /// # Errors
    /// BAD_PARAMETERS for numbers that no function of this modulus gave.
    pub fn multiply(&self, first: &FastNumber, second: &FastNumber) -> Result<FastNumber> {
        let (first, second) = (self.check(first)?, self.check(second)?);
        Ok(FastNumber(match &self.montgomery {
            Some(montgomery) => BigInt::new(false, self.product(montgomery, &first.magnitude, &second.magnitude))?,
            None => first.mul_mod(second, &self.modulus)?,
        }))
    }

    /// `base` to the power of `exponent`: the same steps for all exponents of as many limbs.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a number that no function of this modulus gave, and an exponent below 0.
    pub fn power(&self, base: &FastNumber, exponent: &BigInt) -> Result<FastNumber> {
        let base = self.check(base)?;
        if exponent.is_negative() {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let FastNumber(one) = self.enter(&BigInt::from(1))?;
        match &self.montgomery {
            Some(montgomery) => BigInt::new(false, self.odd_power(montgomery, &one, base, &exponent.magnitude)).map(FastNumber),
            None => self.even_power(one, base, &exponent.magnitude).map(FastNumber),
        }
    }

    fn odd_power(&self, montgomery: &Montgomery, one: &BigInt, base: &BigInt, exponent: &BoxedUint) -> BoxedUint {
        let bits = self.modulus.magnitude.bits_precision();
        let base = base.widened(bits);
        let mut powers: Vec<BoxedUint> = Vec::with_capacity(1 << WINDOW);
        powers.push(one.widened(bits));
        for index in 1..1usize << WINDOW {
            powers.push(self.product(montgomery, &powers[index - 1], &base));
        }
        let mut result = powers[0].clone();
        for word in exponent.as_words().iter().rev() {
            for shift in (0..Word::BITS / WINDOW).rev() {
                for _ in 0..WINDOW {
                    result = self.product(montgomery, &result, &result);
                }
                let wanted = (word >> (WINDOW * shift)) as u32 & ((1 << WINDOW) - 1);
                // Every power is read, whichever is wanted.
                let mut power = powers[0].clone();
                for (index, other) in (0u32..).zip(&powers) {
                    power.ct_assign(other, Choice::from_u32_eq(index, wanted));
                }
                result = self.product(montgomery, &result, &power);
            }
        }
        powers.iter_mut().for_each(Zeroize::zeroize);
        result
    }

    fn even_power(&self, one: BigInt, base: &BigInt, exponent: &BoxedUint) -> Result<BigInt> {
        let bits = self.modulus.magnitude.bits_precision();
        let mut result = one;
        for index in (0..exponent.bits_precision()).rev() {
            let square = result.square_mod(&self.modulus)?;
            let product = square.mul_mod(base, &self.modulus)?;
            result = BigInt::new(false, square.widened(bits).ct_select(&product.widened(bits), exponent.bit(index)))?;
        }
        Ok(result)
    }

    fn check<'n>(&self, number: &'n FastNumber) -> Result<&'n BigInt> {
        let FastNumber(raw) = number;
        if raw.is_negative() || *raw >= self.modulus { Err(TeeError::BAD_PARAMETERS) } else { Ok(raw) }
    }

    /// `first * second / R` modulo n, for numbers below n.
    fn product(&self, montgomery: &Montgomery, first: &BoxedUint, second: &BoxedUint) -> BoxedUint {
        limbs::montgomery(first, second, &self.modulus.magnitude, montgomery.inverse)
    }
}
