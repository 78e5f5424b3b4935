// SPDX-License-Identifier: BSD-2-Clause
//! What the algorithms on large numbers share: the world around them, random numbers of a range, and from `crypto-bigint` what is
//! no product: inverses, divisors, quotients.

use crypto_bigint::{BoxedUint, Gcd};
use modular::{Number, Word};
use utee_abi::result::TeeError;
use zeroize::{Zeroize, Zeroizing};

/// What a computation wants of the world around it.
pub trait Aid {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// BAD_STATE when there are none.
    fn random(&mut self, out: &mut [u8]) -> Result<(), TeeError>;

    /// Asked now and then by what takes long.
    ///
    /// # Errors
    /// TARGET_DEAD when nobody wants the result any more.
    fn go_on(&mut self) -> Result<(), TeeError>;
}

/// Draws that a number below another one may take: each succeeds with a probability of a half at least.
const DRAWS: usize = 128;

/// A random number from 1 to `limit` - 1, in as many words as `limit`.
///
/// # Errors
/// BAD_PARAMETERS for a limit below 2; BAD_STATE without random numbers; OUT_OF_MEMORY.
pub fn below(limit: &Number, aid: &mut dyn Aid) -> Result<Number, TeeError> {
    let bits = limit.bits();
    for _ in 0..DRAWS {
        let number = of_bits(bits, limit.words().len(), aid)?;
        if !number.is_zero() && number.is_below(limit) {
            return Ok(number);
        }
    }
    Err(TeeError::BAD_PARAMETERS)
}

/// A random number of `bits` bits at most, in `len` words.
///
/// # Errors
/// BAD_PARAMETERS when it does not fit; BAD_STATE without random numbers; OUT_OF_MEMORY.
pub fn of_bits(bits: usize, len: usize, aid: &mut dyn Aid) -> Result<Number, TeeError> {
    let mut bytes = bytes(bits.div_ceil(8))?;
    aid.random(&mut bytes)?;
    if let (Some(first), Some(mask)) = (bytes.first_mut(), 0xFFu8.checked_shr((bits.div_ceil(8) * 8 - bits) as u32)) {
        *first &= mask;
    }
    Number::from_be(&bytes, len)
}

/// Bytes that are wiped when they are dropped.
///
/// # Errors
/// OUT_OF_MEMORY.
pub fn bytes(len: usize) -> Result<Zeroizing<alloc::vec::Vec<u8>>, TeeError> {
    let mut bytes = alloc::vec::Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    bytes.resize(len, 0);
    Ok(Zeroizing::new(bytes))
}

/// The bytes of a number, the most significant first, as many as it needs.
///
/// # Errors
/// OUT_OF_MEMORY.
pub fn to_bytes(number: &Number) -> Result<Zeroizing<alloc::vec::Vec<u8>>, TeeError> {
    let mut out = bytes(number.bits().div_ceil(8))?;
    number.write_be(&mut out)?;
    Ok(out)
}

/// A number of the crate, wiped when it is dropped.
fn boxed(number: &Number) -> Zeroizing<BoxedUint> {
    Zeroizing::new(BoxedUint::from_words(number.words().iter().copied()))
}

fn number(mut boxed: BoxedUint, len: usize) -> Result<Number, TeeError> {
    let mut number = Number::zero(len)?;
    let words: &[Word] = boxed.as_words();
    number.words_mut().iter_mut().zip(words).for_each(|(to, from)| *to = *from);
    boxed.zeroize();
    Ok(number)
}

/// The inverse of a number modulo an odd one, in as many words as that; `None` when they have a common divisor. The time depends on their
/// lengths alone.
///
/// # Errors
/// OUT_OF_MEMORY; BAD_PARAMETERS for an even modulus.
pub fn inverse(of: &Number, modulus: &Number) -> Result<Option<Number>, TeeError> {
    let odd = boxed(modulus).to_odd().into_option().ok_or(TeeError::BAD_PARAMETERS)?;
    let inverse = Option::<BoxedUint>::from(boxed(of).invert_odd_mod(&odd));
    inverse.map(|inverse| number(inverse, modulus.words().len())).transpose()
}

/// The greatest common divisor of two numbers that are not zero, in as many words as the first one.
///
/// # Errors
/// OUT_OF_MEMORY.
pub fn common_divisor(first: &Number, second: &Number) -> Result<Number, TeeError> {
    number((*boxed(first)).gcd(&*boxed(second)), first.words().len())
}

/// Quotient, in as many words as the number, and rest, in as many as the divisor.
///
/// # Errors
/// BAD_PARAMETERS for a division by zero; OUT_OF_MEMORY.
pub fn divide(of: &Number, by: &Number) -> Result<(Number, Number), TeeError> {
    let divisor = Option::from(boxed(by).to_nz()).ok_or(TeeError::BAD_PARAMETERS)?;
    let (quotient, rest) = boxed(of).div_rem::<BoxedUint>(&divisor);
    Ok((number(quotient, of.words().len())?, number(rest, by.words().len())?))
}
