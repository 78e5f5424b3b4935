// SPDX-License-Identifier: BSD-2-Clause
//! Fast modular multiplication: Montgomery's, for odd moduli; for even ones the ordinary one behind the same functions.
//!
//! With R the power of two just above the limbs of the modulus n, a number x stands as x * R mod n. A product needs a
//! division by R alone, for which a multiple of n is added that makes the lower half zero.

use super::BigInt;
use crate::{Result, TeeError};
use crypto_bigint::{BoxedUint, ConcatenatingMul, CtSelect, NonZero, Resize};

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
    /// The number that makes n times it -1 modulo R.
    inverse: BoxedUint,
    /// R * R mod n.
    square: BoxedUint,
}

/// A modulus, prepared (TEE_BigIntFMMContext). Its functions take a time that does not depend on the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastModulus {
    modulus: BigInt,
    montgomery: Option<Montgomery>,
}

impl FastModulus {
    /// Prepares a modulus, odd or even (TEE_BigIntInitFMMContext1).
    ///
    /// # Errors
    /// BAD_PARAMETERS below 2.
    pub fn new(modulus: &BigInt) -> Result<Self> {
        let n = modulus.as_modulus()?;
        let bits = n.bits_precision();
        let montgomery = modulus.is_odd().then(|| {
            let (inverse, _) = n.invert_mod2k_vartime(bits);
            let square = BoxedUint::one_with_precision(2 * bits + 1).unbounded_shl_vartime(2 * bits);
            Montgomery { inverse: inverse.wrapping_neg(), square: square.rem_vartime(n).resize_unchecked(bits) }
        });
        Ok(Self { modulus: modulus.clone(), montgomery })
    }

    /// The modulus with what [`Self::parts`] gave.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a modulus below 2, or parts that do not go with its size.
    pub fn from_parts(modulus: &BigInt, parts: Option<(&[u8], &[u8])>) -> Result<Self> {
        let bits = modulus.as_modulus()?.bits_precision();
        let part = |bytes: &[u8]| (bytes.len() == bits as usize / 8).then(|| BoxedUint::from_le_slice_vartime(bytes));
        let montgomery = match parts {
            Some((inverse, square)) if modulus.is_odd() => {
                let parts = part(inverse).zip(part(square)).map(|(inverse, square)| Montgomery { inverse, square });
                Some(parts.ok_or(TeeError::BAD_PARAMETERS)?)
            }
            None if !modulus.is_odd() => None,
            _ => return Err(TeeError::BAD_PARAMETERS),
        };
        Ok(Self { modulus: modulus.clone(), montgomery })
    }

    /// What was prepared, for [`Self::from_parts`]: two times [`Self::part_len`] bytes, or nothing for an even modulus.
    #[must_use]
    pub fn parts(&self) -> Option<[alloc::boxed::Box<[u8]>; 2]> {
        let Montgomery { inverse, square } = self.montgomery.as_ref()?;
        Some([inverse.to_le_bytes(), square.to_le_bytes()])
    }

    /// Bytes of each part for a modulus of `bits`.
    #[must_use]
    pub fn part_len(bits: usize) -> usize {
        bits.div_ceil(crypto_bigint::Limb::BITS as usize).saturating_mul(crypto_bigint::Limb::BYTES)
    }

    /// Brings a number into the form (TEE_BigIntConvertToFMM).
    ///
    /// # Errors
    /// OVERFLOW.
    pub fn enter(&self, number: &BigInt) -> Result<FastNumber> {
        let number = number.modulo(&self.modulus)?;
        Ok(FastNumber(match &self.montgomery {
            Some(montgomery) => self.product(montgomery, &number.magnitude, &montgomery.square)?,
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
            Some(montgomery) => self.product(montgomery, &number.magnitude, &BoxedUint::one()),
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
            Some(montgomery) => self.product(montgomery, &first.magnitude, &second.magnitude)?,
            None => first.mul_mod(second, &self.modulus)?,
        }))
    }

    fn check<'n>(&self, number: &'n FastNumber) -> Result<&'n BigInt> {
        let FastNumber(raw) = number;
        if raw.is_negative() || *raw >= self.modulus { Err(TeeError::BAD_PARAMETERS) } else { Ok(raw) }
    }

    /// `first * second / R` modulo n, for numbers below n.
    fn product(&self, montgomery: &Montgomery, first: &BoxedUint, second: &BoxedUint) -> Result<BigInt> {
        let n: &NonZero<BoxedUint> = self.modulus.as_modulus()?;
        let bits = n.bits_precision();
        let product = first.concatenating_mul(second).resize_unchecked(2 * bits);
        let factor = (&product).resize_unchecked(bits).wrapping_mul(&montgomery.inverse);
        let sum = product.concatenating_add(factor.concatenating_mul(n.as_ref()));
        let quotient = sum.unbounded_shr_vartime(bits).resize_unchecked(bits + 1);
        // Below 2 * n: one subtraction at most, chosen without a branch.
        let (reduced, borrow) = quotient.underflowing_sub(n.as_ref());
        BigInt::new(false, reduced.ct_select(&quotient, borrow))
    }
}
