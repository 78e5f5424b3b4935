// SPDX-License-Identifier: BSD-2-Clause
//! Entropy and the hardware-unique key: what is given out when the hardware behind them is good, and when it is not.

use proptest::prelude::{any, prop_assert_eq, proptest};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tee_core::Tee;
use tee_core::crypto::health::{Failure, START_UP};
use tee_core::crypto::huk::{Purpose, hardware, subkey};
use tee_core::crypto::rng::RESEED_AFTER;
use tee_core::ports::{EntropyKind, HardwareKey, KeyState, Noise, Platform, Store};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::{FakePlatform, Secrets};
use utee_abi::msg::{ATTR_NONCONTIG, Kind, MsgParam};
use utee_abi::pta::rng::{self, Command};
use utee_abi::result::TeeError;

/// What breaks in a generator.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// Nothing.
    None,
    /// Every sample is the same.
    Stuck,
    /// Every second sample is the same.
    HalfStuck,
    /// It reports an error.
    Error,
}

/// A generator of 4-byte samples whose faults are switched on and off.
#[derive(Clone)]
struct Generator {
    fault: Arc<Mutex<Fault>>,
    samples: Arc<AtomicUsize>,
}

const NOISE: Noise = Noise::new("a pretended generator", 4, 4000).unwrap();

impl Generator {
    fn new() -> Self {
        Self { fault: Arc::new(Mutex::new(Fault::None)), samples: Arc::default() }
    }

    fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    fn samples(&self) -> usize {
        self.samples.load(Ordering::SeqCst)
    }

    fn secrets(&self, noise: Noise, seed: u64) -> Secrets {
        let (generator, mut random) = (self.clone(), ChaCha20Rng::seed_from_u64(seed));
        let entropy = move |out: &mut [u8]| {
            let fault = *generator.fault.lock().unwrap();
            for sample in out.chunks_exact_mut(4) {
                let count = generator.samples.fetch_add(1, Ordering::SeqCst);
                match fault {
                    Fault::None => random.fill_bytes(sample),
                    Fault::Stuck => sample.copy_from_slice(&[0xDE, 0xAD, 0xBE, 0xEF]),
                    Fault::HalfStuck if count % 2 == 0 => sample.fill(0x11),
                    Fault::HalfStuck => random.fill_bytes(sample),
                    Fault::Error => return Err(TeeError::GENERIC),
                }
            }
            Ok(())
        };
        let key = Ok(HardwareKey::new([9; 16], KeyState::Device));
        Secrets {
            entropy_kind: EntropyKind::Hardware(noise),
            entropy: Box::new(entropy),
            key,
            product: false,
            store: Store::Memory,
            event_log: None,
        }
    }

    fn boot(&self) -> Result<Arc<Tee<FakePlatform>>, TeeError> {
        FakePlatform::boot_keeping(self.secrets(NOISE, 1), &[])
    }
}

fn bytes(tee: &Tee<FakePlatform>, len: usize) -> Result<Vec<u8>, TeeError> {
    let mut out = vec![0xA5; len];
    let filled = tee.rng.fill(&tee.platform, &mut out);
    if filled.is_err() {
        assert!(out.iter().all(|byte| *byte == 0), "something is given out with an error");
    }
    filled.map(|()| out)
}

/// Gives out bytes until fresh entropy is due.
fn until_reseed(tee: &Tee<FakePlatform>) -> Result<(), TeeError> {
    (0..=RESEED_AFTER / 4096).try_for_each(|_| bytes(tee, 4096).map(drop))
}

#[test]
fn a_good_generator_is_tested_before_it_is_used_and_asked_again() {
    let generator = Generator::new();
    let tee = generator.boot().unwrap();
    assert_eq!(generator.samples(), START_UP as usize, "the start-up test is not one");
    assert_ne!(bytes(&tee, 32).unwrap(), bytes(&tee, 32).unwrap());
    until_reseed(&tee).unwrap();
    // 320 bits at 4 bits a sample, in blocks of 16.
    assert_eq!(generator.samples() - START_UP as usize, 80);
    assert_eq!(tee.rng.failure(), None);
    tee.banner();
    let printed = tee.platform.printed();
    assert!(printed.contains("I core: entropy: a pretended generator, start-up test passed, 4000/1000 of a bit assumed in 32\n"));
    assert!(printed.contains("I core: hardware key: of this device alone\n"), "{printed}");
}

#[test]
fn a_generator_that_fails_at_the_start_is_not_used() {
    for fault in [Fault::Stuck, Fault::HalfStuck, Fault::Error] {
        let generator = Generator::new();
        generator.set(fault);
        assert_eq!(generator.boot().err(), Some(TeeError::BAD_STATE));
    }
}

#[test]
fn a_generator_that_fails_later_ends_random_numbers_for_good() {
    for (fault, failure) in [(Fault::Stuck, Failure::Repetition), (Fault::HalfStuck, Failure::Proportion), (Fault::Error, Failure::Source)]
    {
        let generator = Generator::new();
        let tee = generator.boot().unwrap();
        bytes(&tee, 32).unwrap();
        generator.set(fault);
        // A proportion shows in a window, of which one seed takes the smaller part.
        assert_eq!((0..4).find_map(|_| until_reseed(&tee).err()), Some(TeeError::BAD_STATE));
        assert_eq!(tee.rng.failure(), Some(failure));
        let line = format!("E core: the entropy source (a pretended generator) is not used until reset: {failure}\n");
        assert_eq!(tee.platform.printed().matches(&line).count(), 1, "{}", tee.platform.printed());
        // It works again, and is not believed.
        generator.set(Fault::None);
        let before = generator.samples();
        tee.rng.add_entropy(b"what a TA knows");
        assert_eq!(bytes(&tee, 16), Err(TeeError::BAD_STATE));
        assert_eq!(tee.rng.number(&tee.platform), Err(TeeError::BAD_STATE));
        assert_eq!(generator.samples(), before, "a generator that failed is asked");
        assert_eq!(tee.platform.printed().matches("not used until reset").count(), 1);
    }
}

#[test]
fn the_normal_world_gets_no_random_numbers_from_a_generator_that_failed() {
    let generator = Generator::new();
    let tee = generator.boot().unwrap();
    let mut world = NormalWorld::new(tee);
    let session = world.open(&rng::UUID, &[]).header.session;
    let page = world.pages(1);
    let list = world.list(&[page]);
    let buffer = MsgParam::new(Kind::TmemInout, [list, 4096, 0]).with(ATTR_NONCONTIG);
    let mut ask = || world.invoke(session, Command::GetEntropy.into(), &[buffer]).header.ret;
    assert_eq!(ask(), 0);
    generator.set(Fault::Stuck);
    let results: Vec<u32> = (0..RESEED_AFTER / 4096 + 2).map(|_| ask()).collect();
    assert_eq!(results.last().copied(), Some(TeeError::BAD_STATE.raw()));
}

proptest! {
    #[test]
    fn a_seed_takes_as_many_samples_as_the_source_needs(millibits in 125u32..=32_000, seed in any::<u64>()) {
        let generator = Generator::new();
        let noise = Noise::new("a pretended generator", 4, millibits).unwrap();
        let tee = FakePlatform::boot_keeping(generator.secrets(noise, seed), &[]).unwrap();
        let needed = 320_000usize.div_ceil(millibits as usize).next_multiple_of(16);
        prop_assert_eq!(generator.samples(), needed.max(START_UP as usize));
        let before = generator.samples();
        until_reseed(&tee).unwrap();
        prop_assert_eq!(generator.samples() - before, needed);
    }
}

#[test]
fn what_a_noise_source_may_say() {
    assert!([1, 2, 4, 8].iter().all(|&width| Noise::new("", width, 125).is_some() && Noise::new("", width, 8000).is_some()));
    assert!(Noise::new("", 1, 124).is_none() && Noise::new("", 1, 8001).is_none() && Noise::new("", 2, 16_001).is_none());
    assert!([0, 3, 5, 16].iter().all(|&width| Noise::new("", width, 1000).is_none()));
}

fn with_key(key: Result<HardwareKey, TeeError>, product: bool) -> Arc<Tee<FakePlatform>> {
    FakePlatform::boot_keeping(Secrets { key, product, ..Generator::new().secrets(NOISE, 1) }, &[]).unwrap()
}

#[test]
fn a_development_image_uses_any_key_and_says_what_it_is() {
    let states = [
        (KeyState::Device, "I core: hardware key: of this device alone\n"),
        (
            KeyState::Test("the chip is open"),
            "W core: hardware key is the TEST KEY of every such chip (the chip is open): nothing kept is safe\n",
        ),
        (KeyState::StandIn("zeros"), "W core: hardware key is a STAND-IN (zeros): nothing kept is safe\n"),
    ];
    for (state, line) in states {
        let tee = with_key(Ok(HardwareKey::new([1; 16], state)), false);
        assert_eq!(hardware(&tee.platform).unwrap().bytes(), &[1; 16]);
        tee.banner();
        let printed = tee.platform.printed();
        assert!(printed.contains(line) && !printed.contains("made for a product"), "{printed}");
    }
}

#[test]
fn a_product_image_gives_out_no_key_that_others_have() {
    for state in [KeyState::Test("the chip is open"), KeyState::StandIn("zeros")] {
        let tee = with_key(Ok(HardwareKey::new([1; 16], state)), true);
        assert_eq!(hardware(&tee.platform).unwrap_err(), TeeError::SECURITY);
        assert_eq!(subkey(&tee.platform, Purpose::TaVersions).unwrap_err(), TeeError::SECURITY);
        tee.banner();
        assert!(tee.platform.printed().contains("I core: made for a product: the hardware key is REFUSED\n"));
    }
    let tee = with_key(Ok(HardwareKey::new([1; 16], KeyState::Device)), true);
    assert!(subkey(&tee.platform, Purpose::TaVersions).is_ok());
    tee.banner();
    assert!(tee.platform.printed().contains("I core: made for a product: the hardware key is used\n"));
}

#[test]
fn a_key_that_cannot_be_had_is_an_error_and_no_other_key() {
    for product in [false, true] {
        let tee = with_key(Err(TeeError::GENERIC), product);
        assert_eq!(subkey(&tee.platform, Purpose::TaVersions).unwrap_err(), TeeError::GENERIC);
        tee.banner();
        assert!(tee.platform.printed().contains("E core: no hardware key ("));
    }
}

#[test]
fn a_product_image_does_not_start_on_a_stand_in_for_entropy() {
    let secrets = Secrets { product: true, key: Ok(HardwareKey::new([1; 16], KeyState::Device)), ..Secrets::default() };
    assert!(matches!(secrets.entropy_kind, EntropyKind::StandIn(_)));
    assert_eq!(FakePlatform::boot_keeping(secrets, &[]).err(), Some(TeeError::SECURITY));
    let tee = FakePlatform::boot_keeping(Secrets::default(), &[]).unwrap();
    assert!(matches!(tee.platform.entropy_kind(), EntropyKind::StandIn(_)));
}
