// SPDX-License-Identifier: BSD-2-Clause
//! Large integers (GlobalPlatform TEE Internal Core API 1.3.1, chapter 8), on `crypto-bigint`.
//!
//! A [`BigInt`] is on the heap and grows by itself, up to [`MAX_BITS`]. What may fail gives a [`Result`]: OVERFLOW past that size,
//! BAD_PARAMETERS for what has no value. Values are wiped when they are dropped.
//!
//! Which operations take the same time for all values of a size is said at each; sizes are never hidden.
//! [`FastModulus`] is the specification's fast modular multiplication. Everything gets by with about 2 KiB of stack.

mod fast;
mod limbs;
mod modular;
mod operators;
mod prime;
#[cfg(test)]
mod tests;

use crate::{Result, TeeError};
use alloc::boxed::Box;
use core::fmt;
use crypto_bigint::{BoxedUint, Resize};
use zeroize::Zeroize;

pub use fast::{FastModulus, FastNumber};
pub use modular::ExtendedGcd;
pub use prime::Primality;
pub use utee_abi::gp::arithmetic::{MAX_BITS, MAX_OPERAND_BITS};

/// A signed integer.
#[derive(Clone, PartialEq, Eq)]
pub struct BigInt {
    /// Never for zero.
    negative: bool,
    /// In as few limbs as hold it, one at least.
    magnitude: BoxedUint,
}

impl Drop for BigInt {
    fn drop(&mut self) {
        self.magnitude.zeroize();
    }
}

impl BigInt {
    fn new(negative: bool, magnitude: BoxedUint) -> Result<Self> {
        let bits = magnitude.bit_width_vartime();
        if bits > MAX_BITS {
            return Err(TeeError::OVERFLOW);
        }
        Ok(Self { negative: negative && bits != 0, magnitude: magnitude.resize_unchecked(bits.max(1)) })
    }

    /// Zero.
    #[must_use]
    pub fn zero() -> Self {
        Self { negative: false, magnitude: BoxedUint::zero() }
    }

    /// From its magnitude, the most significant byte first (TEE_BigIntConvertFromOctetString).
    ///
    /// # Errors
    /// OVERFLOW above [`MAX_BITS`].
    pub fn from_be_bytes(bytes: &[u8], negative: bool) -> Result<Self> {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let bytes = bytes.get(start..).unwrap_or_default();
        if bytes.len() > MAX_BITS as usize / 8 {
            return Err(TeeError::OVERFLOW);
        }
        Self::new(negative, BoxedUint::from_be_slice_vartime(bytes))
    }

    /// From its magnitude, the least significant byte first.
    ///
    /// # Errors
    /// OVERFLOW above [`MAX_BITS`].
    pub fn from_le_bytes(bytes: &[u8], negative: bool) -> Result<Self> {
        let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let bytes = bytes.get(..len).unwrap_or_default();
        if bytes.len() > MAX_BITS as usize / 8 {
            return Err(TeeError::OVERFLOW);
        }
        Self::new(negative, BoxedUint::from_le_slice_vartime(bytes))
    }

    /// From hexadecimal digits, `-` before them for a negative number.
    ///
    /// # Errors
    /// BAD_FORMAT for anything else; OVERFLOW above [`MAX_BITS`].
    pub fn from_hex(text: &str) -> Result<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(TeeError::BAD_FORMAT);
        }
        if digits.len() > MAX_BITS as usize / 4 {
            return Err(TeeError::OVERFLOW);
        }
        let magnitude = BoxedUint::from_str_radix_vartime(digits, 16).map_err(|_| TeeError::BAD_FORMAT)?;
        Self::new(negative, magnitude)
    }

    /// Bytes that the magnitude takes; none for zero.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        self.bit_count().div_ceil(8) as usize
    }

    /// Writes the magnitude to the start of `to`, the most significant byte first and no leading zeros; the number of bytes
    /// (TEE_BigIntConvertToOctetString). Zero has no bytes.
    ///
    /// # Errors
    /// SHORT_BUFFER when [`Self::byte_count`] is more than there is.
    pub fn write_be_bytes(&self, to: &mut [u8]) -> Result<usize> {
        let len = self.byte_count();
        let to = to.get_mut(..len).ok_or(TeeError::SHORT_BUFFER)?;
        self.with_le_bytes(|bytes| to.iter_mut().rev().zip(bytes).for_each(|(to, from)| *to = *from));
        Ok(len)
    }

    /// Fills `to` with the magnitude, the least significant byte first, zeros behind it.
    ///
    /// # Errors
    /// SHORT_BUFFER when [`Self::byte_count`] is more than there is.
    pub fn write_le_bytes(&self, to: &mut [u8]) -> Result<()> {
        if self.byte_count() > to.len() {
            return Err(TeeError::SHORT_BUFFER);
        }
        to.fill(0);
        self.with_le_bytes(|bytes| to.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from));
        Ok(())
    }

    /// The magnitude in a block of memory, the most significant byte first. Wiping it is the caller's.
    #[must_use]
    pub fn to_be_bytes(&self) -> Box<[u8]> {
        self.magnitude.to_be_bytes_trimmed_vartime()
    }

    fn with_le_bytes(&self, give: impl FnOnce(&[u8])) {
        let mut bytes = self.magnitude.to_le_bytes();
        give(&bytes);
        bytes.zeroize();
    }

    /// Whether it is less than zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.bit_count() == 0
    }

    /// Whether it is odd.
    #[must_use]
    pub fn is_odd(&self) -> bool {
        self.bit(0)
    }

    /// A bit of the magnitude, 0 the least significant one (TEE_BigIntGetBit).
    #[must_use]
    pub fn bit(&self, index: u32) -> bool {
        self.magnitude.bit(index).to_bool()
    }

    /// Bits of the magnitude, without leading zeros (TEE_BigIntGetBitCount).
    #[must_use]
    pub fn bit_count(&self) -> u32 {
        self.magnitude.bit_width_vartime()
    }

    /// The number with a bit of its magnitude set or cleared (TEE_BigIntSetBit).
    ///
    /// # Errors
    /// OVERFLOW for a bit from [`MAX_BITS`] on.
    pub fn with_bit(&self, index: u32, value: bool) -> Result<Self> {
        if index >= MAX_BITS {
            return Err(TeeError::OVERFLOW);
        }
        let bits = self.magnitude.bits_precision().max(index + 1);
        let mut magnitude = (&self.magnitude).resize_unchecked(bits);
        if value != self.bit(index) {
            let bit = BoxedUint::one_with_precision(bits).shl(index);
            magnitude ^= &bit;
        }
        Self::new(self.negative, magnitude)
    }

    /// The magnitude (TEE_BigIntAbs).
    #[must_use]
    pub fn abs(&self) -> Self {
        Self { negative: false, magnitude: self.magnitude.clone() }
    }

    /// The magnitude without its `bits` least significant bits, with the sign of the number (TEE_BigIntShiftRight).
    #[must_use]
    pub fn shift_right(&self, bits: usize) -> Self {
        match u32::try_from(bits).ok().filter(|bits| *bits < self.bit_count()) {
            // It does not grow, and stays below the limit.
            Some(bits) => Self::new(self.negative, self.magnitude.unbounded_shr_vartime(bits)).unwrap_or_else(|_| Self::zero()),
            None => Self::zero(),
        }
    }
}

macro_rules! from_unsigned {
    ($($type:ty)*) => {
        $(
            impl From<$type> for BigInt {
                fn from(value: $type) -> Self {
                    let magnitude = BoxedUint::from(value);
                    let bits = magnitude.bit_width_vartime().max(1);
                    Self { negative: false, magnitude: magnitude.resize_unchecked(bits) }
                }
            }
        )*
    };
}

from_unsigned!(u32 u64);

impl From<i32> for BigInt {
    fn from(value: i32) -> Self {
        let mut number = Self::from(value.unsigned_abs());
        number.negative = value < 0;
        number
    }
}

impl TryFrom<&BigInt> for i32 {
    type Error = TeeError;

    /// OVERFLOW for what does not fit (TEE_BigIntConvertToS32).
    fn try_from(value: &BigInt) -> Result<Self> {
        if value.bit_count() > 32 {
            return Err(TeeError::OVERFLOW);
        }
        let mut bytes = [0; 4];
        value.write_le_bytes(&mut bytes)?;
        let magnitude = i64::from(u32::from_le_bytes(bytes));
        Self::try_from(if value.negative { -magnitude } else { magnitude }).map_err(|_| TeeError::OVERFLOW)
    }
}

/// The value in hexadecimal digits. Not for secrets.
impl fmt::LowerHex for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let bytes = self.to_be_bytes();
        let Some((first, rest)) = bytes.split_first() else { return f.write_str("0") };
        write!(f, "{first:x}")?;
        rest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The size alone, so that no secret comes into a log by accident.
impl fmt::Debug for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BigInt({} bits)", self.bit_count())
    }
}
