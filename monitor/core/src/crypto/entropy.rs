// SPDX-License-Identifier: BSD-2-Clause
//! Seeds from the board's source of entropy: tested, and as much taken for each as the source is said to need.

use super::health::{Failure, Health};
use crate::lock::Lock;
use crate::log;
use crate::ports::{EntropyKind, Noise, Platform};
use sha2::{Digest, Sha256};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Bytes of a seed.
pub const SEED: usize = 32;

/// Bits of entropy that go into a seed: those of the seed and 64 more, with which a hash loses nothing that matters
/// (NIST SP 800-90C, full entropy).
const NEEDED: u32 = 256 + 64;

/// Bytes that are asked of the board at a time.
const BLOCK: usize = 64;

/// A source of seeds.
pub enum Source<P: Platform> {
    /// What the board has in place of a generator: taken as it comes, since nobody relies on it.
    StandIn,
    /// A generator and the tests of it.
    Noise(Noise, Lock<P, Health>),
}

impl<P: Platform> Source<P> {
    /// The one of a platform.
    pub fn new(platform: &P) -> Self {
        match platform.entropy_kind() {
            EntropyKind::StandIn(_) => Self::StandIn,
            EntropyKind::Hardware(noise) => Self::Noise(noise, Lock::<P, _>::new(Health::new(&noise))),
        }
    }

    /// Why there will be no more seeds until reset, if so.
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::StandIn => None,
            Self::Noise(_, health) => health.lock().failure(),
        }
    }

    /// A seed.
    ///
    /// # Errors
    /// BAD_STATE when the source fails, now and until reset; a stand-in's own error.
    pub fn seed(&self, platform: &P) -> Result<Zeroizing<[u8; SEED]>, TeeError> {
        let mut seed = Zeroizing::new([0; SEED]);
        match self {
            Self::StandIn => platform.entropy(seed.as_mut_slice())?,
            Self::Noise(noise, health) => {
                let before = health.lock().failure();
                let digest = condition(platform, noise, health);
                match digest {
                    Ok(digest) => seed.copy_from_slice(digest.as_slice()),
                    Err(failure) => {
                        if before.is_none() {
                            log!(platform, "E core: the entropy source ({}) is not used until reset: {failure}", noise.name());
                        }
                        return Err(TeeError::BAD_STATE);
                    }
                }
            }
        }
        Ok(seed)
    }
}

/// The hash of as many samples as a seed needs, and of a whole start-up test the first time.
fn condition<P: Platform>(platform: &P, noise: &Noise, health: &Lock<P, Health>) -> Result<Zeroizing<[u8; SEED]>, Failure> {
    let mut hash = Sha256::new();
    let mut block = Zeroizing::new([0; BLOCK]);
    let (mut missing, mut started) = (NEEDED.saturating_mul(1000).div_ceil(noise.millibits()), false);
    while missing > 0 || !started {
        if platform.entropy(block.as_mut_slice()).is_err() {
            health.lock().fail(Failure::Source);
            return Err(Failure::Source);
        }
        let mut health = health.lock();
        for sample in block.chunks_exact(noise.width()) {
            health.sample(sample.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))?;
            missing = missing.saturating_sub(1);
        }
        started = health.has_started();
        drop(health);
        hash.update(block.as_slice());
    }
    let mut digest = Zeroizing::new([0; SEED]);
    digest.copy_from_slice(&hash.finalize());
    Ok(digest)
}
