// SPDX-License-Identifier: BSD-2-Clause
//! Random numbers: a ChaCha20 generator seeded, and seeded again, from the board's entropy.

use crate::lock::Lock;
use crate::ports::Platform;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use sha2::{Digest, Sha256};
use utee_abi::result::TeeError;
use zeroize::Zeroize;

/// Bytes that are given out before fresh entropy is mixed in.
const RESEED_AFTER: usize = 1 << 16;

const SEED: usize = 32;

struct Generator {
    chacha: ChaCha20Rng,
    given: usize,
}

/// The generator of the TEE.
pub struct Rng<P: Platform> {
    generator: Lock<P, Generator>,
}

impl<P: Platform> Rng<P> {
    /// A generator seeded from the platform.
    ///
    /// # Errors
    /// GENERIC when the entropy source fails.
    pub fn new(platform: &P) -> Result<Self, TeeError> {
        let mut seed = [0; SEED];
        platform.entropy(&mut seed)?;
        let generator = Generator { chacha: ChaCha20Rng::from_seed(seed), given: 0 };
        seed.zeroize();
        Ok(Self { generator: Lock::<P, _>::new(generator) })
    }

    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// GENERIC when it is time for fresh entropy and the source fails.
    pub fn fill(&self, platform: &P, out: &mut [u8]) -> Result<(), TeeError> {
        // Short pieces, so that interrupts are not held off for long.
        for part in out.chunks_mut(256) {
            let due = {
                let mut generator = self.generator.lock();
                generator.chacha.fill_bytes(part);
                generator.given = generator.given.saturating_add(part.len());
                generator.given >= RESEED_AFTER
            };
            if due {
                let mut entropy = [0; SEED];
                platform.entropy(&mut entropy)?;
                self.add_entropy(&entropy);
                entropy.zeroize();
            }
        }
        Ok(())
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
