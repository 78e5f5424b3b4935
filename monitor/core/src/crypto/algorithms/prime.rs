// SPDX-License-Identifier: BSD-2-Clause
//! Random primes: a random start, what is above it sieved by small primes, then Miller-Rabin tests.

use super::numbers::{Aid, below, bytes, inverse, of_bits};
use alloc::vec::Vec;
use modular::{Modulus, Number, Pace, Word};
use utee_abi::result::TeeError;

/// Small primes are below this. Each doubling spares a few in a hundred of the tests.
const SMALL: usize = 1 << 14;

/// Odd numbers above a start that are looked at: a prime is missing among so many once in some hundred times for 1024 bits.
const SPAN: usize = 1 << 12;

/// Products of words after which the search asks whether it is to go on: some milliseconds.
const STRIDE: usize = 1 << 20;

/// Miller-Rabin rounds with random bases, beside the one with base 2. Composites that a random search meets pass
/// five for 1024 bits, and as many more for fewer bits, once in 2^100 times (FIPS 186-5, appendix B.3).
const fn rounds(bits: usize) -> usize {
    match bits {
        1024.. => 5,
        512.. => 8,
        256.. => 16,
        _ => 40,
    }
}

/// The odd primes below [`SMALL`], by Eratosthenes.
fn small_primes() -> Result<Vec<u16>, TeeError> {
    let mut sieve = bytes(SMALL / 2)?;
    let mut primes = Vec::new();
    primes.try_reserve_exact(2048).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    for index in 1..SMALL / 2 {
        if sieve.get(index) == Some(&0) {
            let prime = 2 * index + 1;
            primes.push(prime as u16);
            sieve.iter_mut().skip(index).step_by(prime).for_each(|composite| *composite = 1);
        }
    }
    Ok(primes)
}

/// A search for primes of a size that have no common divisor with an exponent, less one.
pub struct Search {
    small: Vec<u16>,
}

impl Search {
    /// Makes ready.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn new() -> Result<Self, TeeError> {
        Ok(Self { small: small_primes()? })
    }

    /// A random prime with the two highest of its `bits` bits set, so that a product of two has all its bits. Less one it has no common
    /// divisor with `exponent`, which is odd.
    ///
    /// # Errors
    /// BAD_STATE without random numbers; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn prime(&self, bits: usize, exponent: &Modulus, aid: &mut dyn Aid) -> Result<Number, TeeError> {
        let len = bits.div_ceil(Word::BITS as usize);
        let mut composite = bytes(SPAN)?;
        let mut work = 0;
        loop {
            aid.go_on()?;
            let mut start = of_bits(bits, len, aid)?;
            set(&mut start, bits.saturating_sub(1));
            set(&mut start, bits.saturating_sub(2));
            set(&mut start, 0);
            composite.fill(0);
            for prime in &self.small {
                let prime = *prime;
                // start + 2k is a multiple of the prime first for this k.
                let short = (prime - start.rest_of(prime)) % prime;
                let first = if short % 2 == 0 { short / 2 } else { (short + prime) / 2 };
                composite.iter_mut().skip(first.into()).step_by(prime.into()).for_each(|composite| *composite = 1);
            }
            for step in composite.iter().enumerate().filter_map(|(step, composite)| (*composite == 0).then_some(step)) {
                let mut candidate = start.resized(len)?;
                candidate.add_word(2 * step as Word);
                if candidate.bits() != bits {
                    break;
                }
                work += len * len * bits;
                if work > STRIDE {
                    work = 0;
                    aid.go_on()?;
                }
                if is_probable_prime(&candidate, aid)? && is_apart(&candidate, exponent)? {
                    return Ok(candidate);
                }
            }
        }
    }
}

fn set(number: &mut Number, bit: usize) {
    if let Some(word) = number.words_mut().get_mut(bit / Word::BITS as usize) {
        *word |= 1 << (bit % Word::BITS as usize);
    }
}

/// Whether a prime less one has no common divisor with an exponent.
fn is_apart(prime: &Number, exponent: &Modulus) -> Result<bool, TeeError> {
    let mut less = prime.resized(prime.words().len())?;
    // It is odd.
    less.words_mut().first_mut().into_iter().for_each(|word| *word &= !1);
    let rest = exponent.rest_of(&less)?;
    Ok(!rest.is_zero() && inverse(&rest, exponent.number())?.is_some())
}

/// Miller-Rabin tests of an odd number, to base 2 first, which is the cheapest and which nearly no composite passes.
///
/// # Errors
/// BAD_STATE without random numbers; OUT_OF_MEMORY; what `aid` ends it with.
pub fn is_probable_prime(number: &Number, aid: &mut dyn Aid) -> Result<bool, TeeError> {
    let modulus = Modulus::new(number.resized(number.words().len())?)?;
    let one = modulus.one()?;
    let minus_one = modulus.subtract(&modulus.subtract(&one, &one)?, &one)?;
    let mut less = number.resized(number.words().len())?;
    less.words_mut().first_mut().into_iter().for_each(|word| *word &= !1);
    let twos = (1..less.bits()).find(|bit| is_set(&less, *bit)).unwrap_or(1);
    let odd = less.halved(twos)?;
    for round in 0..=rounds(number.bits()) {
        let mut power = if round == 0 {
            modulus.power_of_two(&odd, &mut Pace::new(&mut || aid.go_on()))?
        } else {
            let base = modulus.enter(&below(&less, aid)?)?;
            modulus.power(&base, &odd, &mut Pace::new(&mut || aid.go_on()))?
        };
        let mut passes = power.is_same(&one) || power.is_same(&minus_one);
        for _ in 1..twos {
            if passes {
                break;
            }
            power = modulus.multiply(&power, &power)?;
            passes = power.is_same(&minus_one);
        }
        if !passes {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_set(number: &Number, bit: usize) -> bool {
    number.words().get(bit / Word::BITS as usize).is_some_and(|word| word >> (bit % Word::BITS as usize) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::{Search, is_probable_prime, small_primes};
    use crate::crypto::algorithms::numbers::Aid;
    use modular::{Modulus, Number};
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::{Rng as _, SeedableRng};
    use utee_abi::result::TeeError;

    struct Free(ChaCha20Rng);

    impl Aid for Free {
        fn random(&mut self, out: &mut [u8]) -> Result<(), TeeError> {
            self.0.fill_bytes(out);
            Ok(())
        }

        fn go_on(&mut self) -> Result<(), TeeError> {
            Ok(())
        }
    }

    #[test]
    fn small_primes_are_all_there() {
        let primes = small_primes().unwrap();
        assert_eq!((primes.len(), primes[0], primes[1], primes[2], primes.last()), (1899, 3, 5, 7, Some(&16_381)));
    }

    #[test]
    fn numbers_are_told_apart() {
        let mut aid = Free(ChaCha20Rng::from_seed([1; 32]));
        // Carmichael numbers, strong pseudoprimes to base 2 (OEIS A001262) and other composites; then primes.
        for composite in [9u32, 15, 561, 1105, 2047, 3277, 4033, 4681, 8321, 29_341, 1_373_653, 25_326_001, 3_215_031_751, 4_294_967_295] {
            let number = Number::from_bytes(&composite.to_be_bytes()).unwrap();
            assert!(!is_probable_prime(&number, &mut aid).unwrap(), "{composite}");
        }
        for prime in [5u32, 7, 11, 13, 17, 193, 257, 65_537, 2_147_483_647, 4_294_967_291] {
            let number = Number::from_bytes(&prime.to_be_bytes()).unwrap();
            assert!(is_probable_prime(&number, &mut aid).unwrap(), "{prime}");
        }
    }

    #[test]
    fn primes_have_their_bits_and_suit_the_exponent() {
        let mut aid = Free(ChaCha20Rng::from_seed([2; 32]));
        let search = Search::new().unwrap();
        for (bits, exponent) in [(128, 3u8), (129, 5), (160, 15), (255, 17)] {
            let exponent = Modulus::from_bytes(&[exponent]).unwrap();
            let prime = search.prime(bits, &exponent, &mut aid).unwrap();
            assert_eq!(prime.bits(), bits);
            assert!(is_probable_prime(&prime, &mut aid).unwrap());
            for factor in [3, 5, 17] {
                let shared = exponent.number().rest_of(factor) == 0;
                assert!(!shared || prime.rest_of(factor) != 1, "{bits} bits: {factor} divides both");
            }
        }
    }
}
