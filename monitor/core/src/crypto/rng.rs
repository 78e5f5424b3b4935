// SPDX-License-Identifier: BSD-2-Clause
//! Random numbers: a ChaCha20 generator seeded, and seeded again, from the board's entropy.
//!
//! With each call of the normal world it gets a new key, made of its own output and of when the calls came: what a call was given
//! cannot be computed from what the generator holds later, nor what a later one is given from what it held alone.
//!
//! Once the source of that has failed, no more numbers are given out: what the generator holds may be good still, but nobody
//! can tell how long the source had been bad before its tests saw it.

use super::entropy::{SEED, Source};
use super::health::Failure;
use super::huk;
use crate::lock::Lock;
use crate::log;
use crate::ports::Platform;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use sha2::{Digest, Sha256};
use utee_abi::result::TeeError;
use zeroize::Zeroize;

/// Bytes that are given out before fresh entropy is mixed in.
pub const RESEED_AFTER: usize = 1 << 16;

struct Generator {
    chacha: ChaCha20Rng,
    given: usize,
    /// The events that its key has.
    events: u32,
}

impl Generator {
    /// Takes a new key, of its own output and of events. What somebody knows of these does not make it worse.
    fn renew(&mut self, events: u32) {
        let mut seed = [0; SEED];
        self.chacha.fill_bytes(&mut seed);
        seed.iter_mut().zip(events.to_le_bytes()).for_each(|(to, from)| *to ^= from);
        self.chacha = ChaCha20Rng::from_seed(seed);
        self.events = events;
        seed.zeroize();
    }
}

/// The generator of the TEE.
pub struct Rng<P: Platform> {
    generator: Lock<P, Generator>,
    source: Source<P>,
    /// When calls came, all together.
    events: AtomicU32,
    /// The source has failed.
    stopped: AtomicBool,
}

impl<P: Platform> Rng<P> {
    /// A generator seeded from the platform.
    ///
    /// # Errors
    /// BAD_STATE when the entropy source fails, SECURITY for a stand-in in an image that was made for a product; each with its
    /// error on the console.
    pub fn new(platform: &P) -> Result<Self, TeeError> {
        let source = Source::new(platform);
        if matches!(source, Source::StandIn) && huk::is_product(platform) {
            log!(platform, "E core: made for a product, and the board has no entropy");
            return Err(TeeError::SECURITY);
        }
        let seed = source.seed(platform)?;
        let generator = Generator { chacha: ChaCha20Rng::from_seed(*seed), given: 0, events: 0 };
        Ok(Self { generator: Lock::<P, _>::new(generator), source, events: AtomicU32::new(0), stopped: AtomicBool::new(false) })
    }

    /// Fills `out` with random bytes, or leaves it zero.
    ///
    /// # Errors
    /// BAD_STATE when the source fails as fresh entropy is due, and ever after.
    pub fn fill(&self, platform: &P, out: &mut [u8]) -> Result<(), TeeError> {
        let filled = self.try_fill(platform, out);
        if filled.is_err() {
            out.zeroize();
        }
        filled
    }

    /// A call came from the normal world at this tick.
    #[inline]
    pub fn event(&self, ticks: u64) {
        // Calls on several CPUs may lose one another's, which only means less that an attacker has to know.
        let events = self.events.load(Ordering::Relaxed).rotate_left(7).wrapping_add(ticks as u32).wrapping_add(1);
        self.events.store(events, Ordering::Relaxed);
    }

    fn try_fill(&self, platform: &P, out: &mut [u8]) -> Result<(), TeeError> {
        let events = self.events.load(Ordering::Relaxed);
        {
            // Apart from the rest, so that interrupts are not held off for both.
            let mut generator = self.generator.lock();
            if generator.events != events {
                generator.renew(events);
            }
        }
        // Short pieces, so that interrupts are not held off for long.
        for part in out.chunks_mut(256) {
            if self.stopped.load(Ordering::Relaxed) {
                return Err(TeeError::BAD_STATE);
            }
            let due = {
                let mut generator = self.generator.lock();
                generator.chacha.fill_bytes(part);
                generator.given = generator.given.saturating_add(part.len());
                generator.given >= RESEED_AFTER
            };
            if due {
                let seed = self.source.seed(platform).inspect_err(|_| self.stopped.store(true, Ordering::Relaxed))?;
                self.add_entropy(seed.as_slice());
            }
        }
        Ok(())
    }

    /// Why there are no more random numbers until reset, if so.
    pub fn failure(&self) -> Option<Failure> {
        self.source.failure()
    }

    /// Mixes bytes into the generator. They can only add to what nobody knows of its state.
    pub fn add_entropy(&self, bytes: &[u8]) {
        let mut state = [0; SEED];
        self.generator.lock().chacha.fill_bytes(&mut state);
        let mut hash = Sha256::new();
        hash.update(state);
        hash.update(bytes);
        let mut seed: [u8; SEED] = hash.finalize().into();
        let events = self.events.load(Ordering::Relaxed);
        let fresh = Generator { chacha: ChaCha20Rng::from_seed(seed), given: 0, events };
        *self.generator.lock() = fresh;
        state.zeroize();
        seed.zeroize();
    }

    /// A random number.
    ///
    /// # Errors
    /// As [`Rng::fill`].
    pub fn number(&self, platform: &P) -> Result<u32, TeeError> {
        let mut bytes = [0; 4];
        self.fill(platform, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;
    use crate::testing::FakePlatform;

    /// What comes from a generator after calls at these ticks.
    fn after(ticks: &[u64]) -> [u8; 48] {
        let tee = FakePlatform::boot(&[], 1);
        let rng = Rng::new(&tee.platform).unwrap();
        let mut out = [0; 48];
        rng.fill(&tee.platform, &mut out).unwrap();
        for tick in ticks {
            rng.event(*tick);
        }
        rng.fill(&tee.platform, &mut out).unwrap();
        out
    }

    /// The platform's entropy is the same each time, so that only the calls make a difference.
    #[test]
    fn calls_of_the_normal_world_change_the_key() {
        assert_eq!(after(&[]), after(&[]));
        let seen = [after(&[]), after(&[5]), after(&[6]), after(&[5, 6]), after(&[6, 5]), after(&[5, 5])];
        for (index, one) in seen.iter().enumerate() {
            assert!(seen.iter().skip(index + 1).all(|other| one != other), "{index}");
        }
        // Nothing of the old stream shows in the new one.
        assert!(after(&[5]).windows(4).all(|bytes| !after(&[]).windows(4).any(|other| other == bytes)));
    }
}
