// SPDX-License-Identifier: BSD-2-Clause
//! Random numbers: a ChaCha20 generator seeded, and seeded again, from the board's entropy.
//!
//! Once the source of that has failed, no more numbers are given out: what the generator holds may be good still, but nobody
//! can tell how long the source had been bad before its tests saw it.

use super::entropy::{SEED, Source};
use super::health::Failure;
use super::huk;
use crate::lock::Lock;
use crate::log;
use crate::ports::Platform;
use core::sync::atomic::{AtomicBool, Ordering};
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
}

/// The generator of the TEE.
pub struct Rng<P: Platform> {
    generator: Lock<P, Generator>,
    source: Source<P>,
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
        let generator = Generator { chacha: ChaCha20Rng::from_seed(*seed), given: 0 };
        Ok(Self { generator: Lock::<P, _>::new(generator), source, stopped: AtomicBool::new(false) })
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

    fn try_fill(&self, platform: &P, out: &mut [u8]) -> Result<(), TeeError> {
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
        let fresh = Generator { chacha: ChaCha20Rng::from_seed(seed), given: 0 };
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
