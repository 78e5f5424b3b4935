// SPDX-License-Identifier: BSD-2-Clause
//! Primality, by `crypto-primes`.

use super::BigInt;
use crate::random::TeeRng;
use crypto_primes::fips::{FipsOptions, is_prime as is_fips_prime};
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

/// The confidence that is not fallen short of.
const MIN_CONFIDENCE: u32 = 80;

impl BigInt {
    /// Whether the number is a prime (TEE_BigIntIsProbablePrime). A composite number, whoever chose it, passes with a
    /// probability of 2 to the power of `-confidence` at most, 2^-80 if that is less: each Miller-Rabin round with a
    /// random base halves it twice. A strong Lucas test comes on top.
    #[must_use]
    pub fn primality(&self, confidence: u32) -> Primality {
        if self.negative {
            return Primality::Composite;
        }
        if self.bit_count() <= PROVEN_BITS {
            return if is_prime(Flavor::Any, &self.magnitude) { Primality::Prime } else { Primality::Composite };
        }
        let rounds = confidence.max(MIN_CONFIDENCE).div_ceil(2) as usize;
        let options = FipsOptions::with_mr_iterations(rounds).with_lucas_test().with_trial_division_test();
        if is_fips_prime(&mut TeeRng, Flavor::Any, &self.magnitude, options) { Primality::Probable } else { Primality::Composite }
    }
}
