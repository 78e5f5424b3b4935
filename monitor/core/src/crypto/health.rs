// SPDX-License-Identifier: BSD-2-Clause
//! Health tests of a noise source (NIST SP 800-90B, section 4.4): repetition count and adaptive proportion.
//!
//! They find a source that has broken down, not one that was bad from the start: what entropy a source has is for its board to
//! say ([`Noise`]), and the cut-offs follow from that. A failure lasts until reset: whatever broke is not trusted again because
//! it looks whole for a while.

use crate::ports::Noise;
use core::fmt;

/// Samples that have to pass before the first is used: section 4.3 asks for 1024.
pub const START_UP: u32 = 1024;
/// A source as good as it is said to be fails a test with a chance of 2 to the minus this; section 4.4 has 20 to 40.
pub const FALSE_ALARM: u32 = 30;
/// Samples of a window of the adaptive proportion test, as section 4.4.2 has it for samples of more than a bit.
pub const WINDOW: u32 = 512;

/// Eighths of a bit that a row of [`ROWS`] is for: a source between two rows gets the lower one, whose cut-offs are higher.
const STEPS: [u32; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32, 40, 48, 56, 64];

/// Cut-offs for each of [`STEPS`]. Made when this is compiled: the kernel does no floating-point arithmetic.
const ROWS: [Cutoffs; STEPS.len()] = {
    let mut rows = [Cutoffs { repetition: 0, proportion: 0 }; STEPS.len()];
    let mut row = 0;
    while row < STEPS.len() {
        rows[row] = Cutoffs::compute(STEPS[row], FALSE_ALARM);
        row += 1;
    }
    rows
};

/// When the tests fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutoffs {
    /// This many equal samples in a row (section 4.4.1).
    pub repetition: u32,
    /// This many samples of a window that equal its first (section 4.4.2).
    pub proportion: u32,
}

impl Cutoffs {
    /// For `eighths` eighths of a bit of min-entropy a sample, 1 to 64, and a false alarm in 2 to the `alarm`.
    const fn compute(eighths: u32, alarm: u32) -> Self {
        Self { repetition: 1 + (8 * alarm).div_ceil(eighths), proportion: proportion(eighths, alarm) }
    }

    /// For a source.
    pub fn of(noise: &Noise) -> Self {
        let eighths = noise.millibits().saturating_mul(8) / 1000;
        let rows = STEPS.iter().zip(&ROWS);
        // The first row is there for every source: `Noise` refuses less.
        rows.take_while(|(step, _)| **step <= eighths).last().map_or(ROWS[0], |(_, row)| *row)
    }
}

/// The least count that a window reaches with a chance of at most 2 to the minus `alarm`, each of its samples being equal to
/// its first with the chance p that the min-entropy allows: the binomial distribution, summed up from its upper end.
const fn proportion(eighths: u32, alarm: u32) -> u32 {
    /// 2 to the minus an eighth.
    const EIGHTH: f64 = 0.917_004_043_204_671_2;
    const N: usize = WINDOW as usize;
    let mut p = 1.0;
    let mut step = 0;
    while step < eighths {
        p *= EIGHTH;
        step += 1;
    }
    // Weights relative to that of the likeliest count, so that none overflows.
    let mut weights = [0.0; N + 1];
    let mode = ((N + 1) as f64 * p) as usize;
    weights[mode] = 1.0;
    let mut count = mode;
    while count < N {
        weights[count + 1] = weights[count] * ((N - count) as f64 / (count + 1) as f64) * (p / (1.0 - p));
        count += 1;
    }
    count = mode;
    while count > 0 {
        weights[count - 1] = weights[count] * (count as f64 / (N - count + 1) as f64) * ((1.0 - p) / p);
        count -= 1;
    }
    let (mut total, mut chance) = (0.0, 1.0);
    count = 0;
    while count <= N {
        total += weights[count];
        count += 1;
    }
    let mut bits = 0;
    while bits < alarm {
        chance /= 2.0;
        bits += 1;
    }
    let mut above = 0.0;
    while above <= total * chance {
        count -= 1;
        above += weights[count];
    }
    count as u32 + 1
}

/// Why a source is not trusted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It gave the same sample too many times in a row.
    Repetition,
    /// One sample makes up too much of what it gives.
    Proportion,
    /// It said itself that it failed, or gave nothing.
    Source,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repetition => "it failed the repetition count test",
            Self::Proportion => "it failed the adaptive proportion test",
            Self::Source => "it reports an error",
        })
    }
}

/// The tests of a source, under way.
#[derive(Debug)]
pub struct Health {
    cutoffs: Cutoffs,
    /// Samples seen, as far as [`START_UP`].
    passed: u32,
    last: u64,
    repeated: u32,
    first: u64,
    in_window: u32,
    equal: u32,
    failure: Option<Failure>,
}

impl Health {
    /// Before the first sample.
    pub fn new(noise: &Noise) -> Self {
        let cutoffs = Cutoffs::of(noise);
        Self { cutoffs, passed: 0, last: 0, repeated: 0, first: 0, in_window: 0, equal: 0, failure: None }
    }

    /// Why the source failed, if it did.
    pub fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// Whether enough samples have passed for the source to be used.
    pub fn has_started(&self) -> bool {
        self.passed >= START_UP && self.failure.is_none()
    }

    /// The source failed, by a test or by what it says of itself. The first reason stays.
    pub fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    /// Tests a sample.
    ///
    /// # Errors
    /// Why the source failed, now or before.
    pub fn sample(&mut self, sample: u64) -> Result<(), Failure> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.repeated = if self.repeated > 0 && sample == self.last { self.repeated.saturating_add(1) } else { 1 };
        self.last = sample;
        if self.in_window == 0 {
            (self.first, self.equal) = (sample, 0);
        }
        self.equal = self.equal.saturating_add(u32::from(sample == self.first));
        self.in_window = self.in_window.saturating_add(1) % WINDOW;
        if self.repeated >= self.cutoffs.repetition {
            self.fail(Failure::Repetition);
        } else if self.equal >= self.cutoffs.proportion {
            self.fail(Failure::Proportion);
        }
        self.passed = self.passed.saturating_add(1).min(START_UP);
        self.failure.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Cutoffs, FALSE_ALARM, Failure, Health, ROWS, START_UP, STEPS, WINDOW, proportion};
    use crate::ports::Noise;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::{Rng as _, SeedableRng};
    use std::vec::Vec;

    fn noise(millibits: u32) -> Noise {
        Noise::new("a test", 1, millibits).unwrap()
    }

    fn first_failure(noise: &Noise, samples: impl IntoIterator<Item = u64>) -> Option<(usize, Failure)> {
        let mut health = Health::new(noise);
        samples.into_iter().enumerate().find_map(|(index, sample)| Some((index + 1, health.sample(sample).err()?)))
    }

    /// The examples of SP 800-90B, table 2, which are for a false alarm in 2 to the 20.
    #[test]
    fn the_cut_offs_are_those_of_the_standard() {
        let ours: Vec<u32> = [4, 8, 16, 32, 64].iter().map(|&eighths| proportion(eighths, 20)).collect();
        assert_eq!(ours, [410, 311, 177, 62, 13]);
        assert_eq!(Cutoffs::compute(8, 20).repetition, 21);
        assert_eq!(Cutoffs::compute(64, 20).repetition, 4);
    }

    #[test]
    fn more_entropy_never_means_higher_cut_offs() {
        for pair in ROWS.windows(2) {
            assert!(pair[0].repetition >= pair[1].repetition && pair[0].proportion > pair[1].proportion, "{pair:?}");
        }
        assert!(ROWS.iter().all(|row| row.repetition > 1 && row.proportion <= WINDOW));
        // A source between two rows has the cut-offs of the lower one.
        for (index, &eighths) in STEPS.iter().enumerate() {
            assert_eq!(Cutoffs::of(&noise(eighths * 125)), ROWS[index]);
            assert_eq!(Cutoffs::of(&Noise::new("a test", 8, eighths * 125 + 124).unwrap()), ROWS[index]);
        }
    }

    #[test]
    fn a_stuck_source_fails_at_the_cut_off_for_good() {
        let noise = noise(1000);
        assert_eq!(first_failure(&noise, std::iter::repeat(0)), Some((FALSE_ALARM as usize + 1, Failure::Repetition)));
        let mut health = Health::new(&noise);
        let stuck = (0..100).any(|_| health.sample(0x5A).is_err());
        assert!(stuck && !health.has_started());
        let mut good = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..2 * START_UP {
            assert_eq!(health.sample(good.next_u64() & 0xFF), Err(Failure::Repetition), "a failure is forgotten");
        }
        health.fail(Failure::Source);
        assert_eq!(health.failure(), Some(Failure::Repetition), "the first reason is lost");
    }

    /// Never twice the same in a row, so that only the other test can see it.
    #[test]
    fn a_source_that_alternates_fails() {
        let noise = noise(2000);
        let samples = (0..u64::from(WINDOW)).map(|index| if index % 2 == 0 { 7 } else { 1000 + index });
        let (at, failure) = first_failure(&noise, samples).unwrap();
        assert_eq!(failure, Failure::Proportion);
        assert_eq!(at, 2 * Cutoffs::of(&noise).proportion as usize - 1);
    }

    #[test]
    fn a_window_does_not_count_on_into_the_next() {
        let noise = noise(8000);
        let limit = u64::from(Cutoffs::of(&noise).proportion);
        let window = |first: u64| (0..u64::from(WINDOW)).map(move |at| if at % 4 == 0 && at / 4 < limit - 1 { first } else { 256 + at });
        assert_eq!(first_failure(&noise, (0..20).flat_map(|_| window(3))), None);
    }

    /// What is as good as it says passes for long; with chances of 2 to the minus 30, in a fixed stream.
    #[test]
    fn good_sources_pass() {
        for (millibits, mask) in [(8000, 0xFF), (4000, 0x0F), (1000, 0x01), (125, 0xFF)] {
            let mut random = ChaCha20Rng::seed_from_u64(millibits.into());
            let samples = (0..1_000_000).map(|_| random.next_u64() & mask);
            assert_eq!(first_failure(&noise(millibits), samples), None, "{millibits}");
        }
    }

    #[test]
    fn a_source_starts_with_its_1024th_sample() {
        let mut health = Health::new(&noise(1000));
        let mut random = ChaCha20Rng::seed_from_u64(2);
        for sample in 1..=START_UP {
            health.sample(random.next_u64() & 0xFF).unwrap();
            assert_eq!(health.has_started(), sample == START_UP);
        }
    }

    proptest! {
        /// One that gives the same sample with more than the chance that it says: found within a few windows.
        #[test]
        fn a_source_that_lost_its_entropy_fails(seed in any::<u64>(), stuck in any::<u8>(), millibits in 500u32..8000) {
            let mut random = ChaCha20Rng::seed_from_u64(seed);
            // 31 of 32 samples are the same: 0.046 bits.
            let samples = (0..16 * WINDOW).map(|_| if random.next_u32() % 32 == 0 { random.next_u64() & 0xFF } else { stuck.into() });
            prop_assert!(first_failure(&noise(millibits), samples).is_some());
        }

        #[test]
        fn the_tests_count_as_they_should(samples in proptest::collection::vec(0u64..3, 0..2000), millibits in 125u32..8000) {
            let noise = noise(millibits);
            let cutoffs = Cutoffs::of(&noise);
            let run = |end: usize| samples[..end].iter().rev().take_while(|sample| **sample == samples[end - 1]).count();
            let equal = |end: usize| {
                let window = &samples[(end - 1) / WINDOW as usize * WINDOW as usize..end];
                window.iter().filter(|sample| **sample == window[0]).count()
            };
            let expected = (1..=samples.len()).find_map(|end| {
                if run(end) >= cutoffs.repetition as usize {
                    return Some((end, Failure::Repetition));
                }
                (equal(end) >= cutoffs.proportion as usize).then_some((end, Failure::Proportion))
            });
            prop_assert_eq!(first_failure(&noise, samples.iter().copied()), expected);
        }
    }
}
