// SPDX-License-Identifier: BSD-2-Clause
//! Primality: divisions by small primes, then Miller-Rabin tests with random bases.

use super::{BigInt, FastModulus};
use crate::{Result, random};
use crypto_bigint::{Limb, NonZero};
use crypto_primes::{Flavor, is_prime};

/// What is known of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Primality {
    /// It is no prime.
    Composite,
    /// It is a prime.
    Prime,
    /// It is a prime, but for the probability that was asked for.
    Probable,
}

/// Bits up to which no composite passes a Miller-Rabin test to base 2 and a strong Lucas test: all were tried.
const PROVEN_BITS: u32 = 64;

/// Small primes: most odd numbers have one of them as a factor.
const SMALL: [u32; 9] = [3, 5, 7, 11, 13, 17, 19, 23, 29];

/// Their product, which fits a limb.
const SMALL_PRODUCT: NonZero<Limb> = NonZero::<Limb>::new_unwrap(Limb::from_u32(3_234_846_615));

/// The confidence that is not fallen short of.
const MIN_CONFIDENCE: u32 = 80;

impl BigInt {
    /// Whether the number is a prime (TEE_BigIntIsProbablePrime). A composite number, whoever chose it, passes with a
    /// probability of 2 to the power of `-confidence` at most, 2^-80 if that is less: each Miller-Rabin round with a
    /// random base halves it twice.
    #[must_use]
    pub fn primality(&self, confidence: u32) -> Primality {
        if self.negative {
            return Primality::Composite;
        }
        if self.bit_count() <= PROVEN_BITS {
            return if is_prime(Flavor::Any, &self.magnitude) { Primality::Prime } else { Primality::Composite };
        }
        let rest = self.magnitude.rem_limb(SMALL_PRODUCT).0;
        if !self.is_odd() || SMALL.iter().any(|prime| rest.is_multiple_of((*prime).into())) {
            return Primality::Composite;
        }
        match self.passes(confidence.max(MIN_CONFIDENCE).div_ceil(2)) {
            Ok(true) => Primality::Probable,
            // No step of the test fails for a number that is within the limit.
            Ok(false) | Err(_) => Primality::Composite,
        }
    }

    /// Miller-Rabin tests of an odd number.
    fn passes(&self, rounds: u32) -> Result<bool> {
        let modulus = FastModulus::new(self)?;
        let less = (self - &Self::from(1))?;
        let twos = less.magnitude.trailing_zeros();
        let odd_part = less.shift_right(twos as usize);
        let (one, minus_one) = (modulus.enter(&Self::from(1))?, modulus.enter(&less)?);
        for _ in 0..rounds {
            let mut power = modulus.power(&modulus.enter(&self.random_base(&less)?)?, &odd_part)?;
            let mut left = twos;
            while power != minus_one && !(left == twos && power == one) {
                left -= 1;
                if left == 0 {
                    return Ok(false);
                }
                power = modulus.multiply(&power, &power)?;
            }
        }
        Ok(true)
    }

    /// A random number from 2 to `less` - 1.
    fn random_base(&self, less: &Self) -> Result<Self> {
        let mut bytes = self.to_be_bytes();
        let spare = 8 * bytes.len() as u32 - self.bit_count();
        loop {
            random::fill(&mut bytes);
            if let Some(first) = bytes.first_mut() {
                *first &= 0xFF >> spare;
            }
            let base = Self::from_be_bytes(&bytes, false)?;
            if base.bit_count() > 1 && base < *less {
                return Ok(base);
            }
        }
    }
}
