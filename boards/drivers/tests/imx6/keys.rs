// SPDX-License-Identifier: BSD-2-Clause
//! The blocks that keep secrets: what they give when they are sound, and that each fault is an error and never a secret.

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use drivers::imx6::caam::{self, Caam};
use drivers::imx6::dcp::{self, Dcp};
use drivers::imx6::dma::Ocram;
use drivers::imx6::keys::{Error, Keys, fill};
use drivers::imx6::map;
use drivers::imx6::part::Part;
use drivers::imx6::rngb::{self, Rngb};
use drivers::imx6::snvs::{Snvs, State};

use super::machine::{Fuses, Machine, OPEN, TRUSTED, View};
use super::model::Actor;
use super::{caam as caam_model, dcp as dcp_model, rngb as rngb_model};

fn secure(machine: &Machine) -> View<'_> {
    machine.view(Actor::SecureCpu)
}

fn ull() -> Machine {
    Machine::new(Fuses::new(Part::Ull))
}

fn ul() -> Machine {
    Machine::new(Fuses::new(Part::Ul))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn the_rngb_is_tested_seeded_and_read() {
    let machine = ull();
    let bus = secure(&machine);
    let rngb = Rngb::new(&bus);
    rngb.start().unwrap();
    let mut bytes = [0; 4099];
    rngb.fill(&mut bytes).unwrap();
    let model = machine.rngb.borrow();
    assert_eq!((model.words, model.seeds), (1025, 1));
    assert!(bytes.iter().filter(|byte| **byte == 0).count() < 64);
}

#[test]
fn every_fault_of_the_rngb_is_an_error() {
    use rngb_model::Fault;
    let start = |fault| {
        let machine = ull();
        machine.rngb.borrow_mut().fault = fault;
        Rngb::new(&secure(&machine)).start()
    };
    assert_eq!(start(Fault::Absent), Err(rngb::Error::Absent(0)));
    assert_eq!(start(Fault::SelfTestHangs), Err(rngb::Error::SelfTestTimeout));
    assert!(matches!(start(Fault::SelfTestFails), Err(rngb::Error::SelfTest(status, 0)) if status >> 21 & 0b111 != 0));
    assert_eq!(start(Fault::SeedHangs), Err(rngb::Error::SeedTimeout));
    assert_eq!(start(Fault::SeedError(1)), Err(rngb::Error::Seed(1)));
    // A statistical error may be chance, four are none.
    assert_eq!(start(Fault::BadSeeds(3)), Ok(()));
    assert_eq!(start(Fault::BadSeeds(4)), Err(rngb::Error::Seed(1 << 3)));

    let fill = |fault| {
        let machine = ull();
        machine.rngb.borrow_mut().fault = fault;
        let bus = secure(&machine);
        let rngb = Rngb::new(&bus);
        rngb.start().unwrap();
        let filled = rngb.fill(&mut [0; 256]);
        (filled, machine.rngb.borrow().seeds)
    };
    assert_eq!(fill(Fault::None), (Ok(()), 1));
    assert_eq!(fill(Fault::Running(17, 1 << 1)), (Err(rngb::Error::Running(1 << 1)), 1));
    assert_eq!(fill(Fault::Running(17, 1 << 3)), (Ok(()), 2), "a bad seed on the way is met with another");
    assert_eq!(fill(Fault::Dry(17)), (Err(rngb::Error::Empty), 1));
}

#[test]
fn the_dcp_derives_what_aes_says() {
    let machine = ull();
    let bus = secure(&machine);
    let dcp = Dcp::new(&bus, Ocram::new(&bus));
    dcp.start().unwrap();
    // The derivation of the seed's demonstration: 16 zeros, with a vector of zeros.
    let mut expected = [0; 16];
    Aes128::new(&[0x3C; 16].into()).encrypt_block((&mut expected).into());
    assert_eq!(*dcp.derive(&[0; 16]).unwrap(), expected);
    // Two blocks, chained.
    let long = dcp.derive(&[0; 32]).unwrap();
    assert_eq!(long[..16], expected);
    Aes128::new(&[0x3C; 16].into()).encrypt_block((&mut expected).into());
    assert_eq!(long[16..], expected);
    assert_eq!(machine.dcp.borrow().packets, 3);
    let memory = machine.remembered();
    assert!(!memory.is_empty() && memory.iter().all(|byte| *byte == 0), "something is left where everybody's jobs stand");
}

#[test]
fn every_fault_of_the_dcp_is_an_error() {
    use dcp_model::Fault;
    let derive = |fault| {
        let machine = ull();
        machine.dcp.borrow_mut().fault = fault;
        let bus = secure(&machine);
        let dcp = Dcp::new(&bus, Ocram::new(&bus));
        let derived = dcp.start().and_then(|()| dcp.derive(&[0x77; 32]).map(drop));
        assert!(machine.remembered().iter().all(|byte| *byte == 0), "{fault:?}");
        derived
    };
    assert_eq!(derive(Fault::None), Ok(()));
    assert_eq!(derive(Fault::Absent), Err(dcp::Error::Absent(0)));
    assert_eq!(derive(Fault::Hangs), Err(dcp::Error::Timeout));
    assert_eq!(derive(Fault::Pretends), Err(dcp::Error::SelfTest));
    assert_eq!(derive(Fault::Flips), Err(dcp::Error::SelfTest));
    // Its self test passes: what it gives back would be a key that everybody knows.
    assert_eq!(derive(Fault::PretendsUnique), Err(dcp::Error::SelfTest));
}

#[test]
fn the_dcp_reports_what_it_may_not_touch_and_works_on() {
    let machine = ull();
    let bus = secure(&machine);
    let dcp = Dcp::new(&bus, Ocram::new(&bus));
    dcp.start().unwrap();
    // The DCP speaks for the normal world, and the OCRAM is secure: it cannot even fetch its packet.
    machine.state.borrow_mut().sa |= 1 << 28;
    machine.state.borrow_mut().gpr10 |= 1 << 10;
    assert!(matches!(dcp.derive(&[0; 16]), Err(dcp::Error::Packet(status)) if status >> 3 & 1 != 0 && status >> 16 & 0xFF == 0x03));
    machine.state.borrow_mut().sa &= !(1 << 28);
    assert!(dcp.derive(&[0; 16]).is_ok(), "an error stays in the block");
}

#[test]
fn what_the_dcp_does_not_take() {
    let machine = ull();
    let bus = secure(&machine);
    let dcp = Dcp::new(&bus, Ocram::new(&bus));
    dcp.start().unwrap();
    assert_eq!(dcp.derive(&[]).unwrap_err(), dcp::Error::Length(0));
    assert_eq!(dcp.derive(&[0; 17]).unwrap_err(), dcp::Error::Length(17));
    assert_eq!(dcp.derive(&[0; 80]).unwrap_err(), dcp::Error::Length(80));
    dcp.disable_unique_key();
    assert_eq!(dcp.derive(&[0; 16]).unwrap_err(), dcp::Error::Disabled);
}

#[test]
fn the_caam_makes_its_generator_anew_and_gives_a_blob_key() {
    // As a boot may leave it: nothing; both for tests; the second alone, without resistance.
    for left in [0, 0x333, 0x02] {
        let machine = ul();
        machine.caam.borrow_mut().generator = left;
        let bus = secure(&machine);
        let caam = Caam::new(&bus, Ocram::new(&bus));
        caam.start().unwrap();
        assert_eq!(machine.caam.borrow().generator, 1 << 30 | 0x33, "from {left:#x}");
        let mut bytes = [0; 150];
        caam.fill(&mut bytes).unwrap();
        assert!(bytes.iter().filter(|byte| **byte == 0).count() < 10);
        let key = caam.blob_key().unwrap();
        assert_eq!(caam.blob_key().unwrap(), key, "it is a key of the chip");
        assert!(machine.remembered().iter().all(|byte| *byte == 0), "something is left where everybody's jobs stand");
        caam.seal_blob_key();
        assert_eq!(caam.blob_key().unwrap_err(), caam::Error::Sealed);
    }
}

#[test]
fn a_generator_without_resistance_is_used_as_it_is() {
    let machine = ul();
    machine.caam.borrow_mut().plain = true;
    let bus = secure(&machine);
    let caam = Caam::new(&bus, Ocram::new(&bus));
    caam.start().unwrap();
    assert_eq!(machine.caam.borrow().generator, 1 << 30 | 0b11);
    caam.fill(&mut [0; 64]).unwrap();
}

#[test]
fn every_fault_of_the_caam_is_an_error() {
    use caam_model::Fault;
    let start = |fault| {
        let machine = ul();
        machine.caam.borrow_mut().fault = fault;
        let bus = secure(&machine);
        let started = Caam::new(&bus, Ocram::new(&bus)).start();
        assert!(!contains(&machine.remembered(), &[0x3C; 4]));
        started
    };
    assert_eq!(start(Fault::Absent), Err(caam::Error::Absent(0)));
    assert_eq!(start(Fault::RingStuck), Err(caam::Error::Ring));
    assert_eq!(start(Fault::Hangs), Err(caam::Error::Timeout));
    assert_eq!(start(Fault::Fails(0x4000_0088)), Err(caam::Error::Job(0x4000_0088)));
    assert!(matches!(start(Fault::Confuses), Err(caam::Error::Confused(_))));
    assert_eq!(start(Fault::StaysTest), Err(caam::Error::Noise));
    // It gathers for longer until that will do, if ever.
    assert_eq!(start(Fault::Noise(12_000)), Ok(()));
    assert_eq!(start(Fault::Noise(12_801)), Err(caam::Error::Noise));

    let machine = ul();
    let bus = secure(&machine);
    let caam = Caam::new(&bus, Ocram::new(&bus));
    caam.start().unwrap();
    machine.caam.borrow_mut().fault = Fault::Pretends;
    assert_eq!(caam.fill(&mut [0; 64]), Err(caam::Error::Nothing));
    assert_eq!(caam.blob_key().unwrap_err(), caam::Error::Nothing);
}

#[test]
fn a_job_ring_that_is_locked_for_the_normal_world_is_an_error() {
    let machine = ul();
    let bus = secure(&machine);
    caam_model::CaamModel::write(&machine, Actor::NormalCpu, 0x18, 1 << 31 | 1 << 3 | 1);
    assert!(matches!(Caam::new(&bus, Ocram::new(&bus)).start(), Err(caam::Error::Taken(1, _))));
    assert!(matches!(caam::own_rings(&bus), Err(caam::Error::Taken(1, _))));
}

fn unique(fuses: Fuses) -> (Vec<u8>, Option<&'static str>) {
    let machine = Machine::new(fuses);
    let bus = secure(&machine);
    let keys = Keys::new(&bus, fuses.part);
    keys.start_random().unwrap();
    let unique = keys.unique().unwrap();
    assert!(!contains(&machine.remembered(), &unique.secret[..8]));
    assert_eq!(unique.secret, keys.unique().unwrap().secret, "the same for the whole life of a chip");
    (unique.secret.to_vec(), unique.fault)
}

#[test]
fn a_closed_chip_has_a_key_of_its_own_and_an_open_one_that_of_all() {
    for part in [Part::Ul, Part::Ull, Part::Ulz] {
        let chip = |hpsr, byte: u8| Fuses { hpsr, unique: [byte; 32], ..Fuses::new(part) };
        let (one, fault) = unique(chip(TRUSTED, 1));
        assert_eq!(fault, None);
        assert_ne!(one, unique(chip(TRUSTED, 2)).0, "two chips of {part:?} have the same key");
        let faults = [
            (OPEN, "the chip is open, or booted an image that is not signed"),
            (TRUSTED | 1 << 27, "the unique key is not fused"),
            (TRUSTED | 1 << 19, "the fuses of the unique key are damaged"),
            (0b0011 << 8 | 0b011 << 12, "the chip has seen a security violation"),
            (0b1001 << 8, "the security monitor has not come to a secure state"),
        ];
        for (hpsr, why) in faults {
            let (test, fault) = unique(chip(hpsr, 1));
            assert_eq!(fault, Some(why));
            assert_ne!(test, one);
            assert_eq!(test, unique(chip(hpsr, 2)).0, "the test key of {part:?} is not that of all");
        }
    }
}

#[test]
fn a_violation_on_the_way_is_not_taken_for_a_good_key() {
    let machine = ull();
    machine.dcp.borrow_mut().fault = dcp_model::Fault::Violated;
    let bus = secure(&machine);
    assert_eq!(Keys::new(&bus, Part::Ull).unique().unwrap().fault, Some("the chip has seen a security violation"));
}

#[test]
fn both_kinds_of_part_give_random_numbers_and_seal_the_key() {
    for part in [Part::Ul, Part::Ull, Part::Ulz] {
        let machine = Machine::new(Fuses::new(part));
        let bus = secure(&machine);
        let mut keys = Keys::new(&bus, part);
        assert!(keys.source().is_some_and(|source| source.width == 4 && (125..=32_000).contains(&source.millibits)));
        keys.start_random().unwrap();
        let (mut one, mut two) = ([0; 64], [0; 64]);
        fill(&mut one, |rest| keys.random(rest)).unwrap();
        fill(&mut two, |rest| keys.random(rest)).unwrap();
        assert_ne!(one, two);
        keys.unique().unwrap();
        keys.seal();
        let error = keys.unique().unwrap_err();
        assert!(matches!(error, Error::Dcp(dcp::Error::Disabled) | Error::Caam(caam::Error::Sealed)), "{error}");
        assert!(machine.aborts.borrow().is_empty());
    }
}

/// What QEMU does not model is not touched, and nothing is made up in its place.
#[test]
fn an_emulated_chip_has_no_secrets() {
    for part in [Part::Emulated, Part::Unknown(0x0066_0001)] {
        let machine = Machine::new(Fuses::new(part));
        let bus = secure(&machine);
        let mut keys = Keys::new(&bus, part);
        assert_eq!(keys.source(), None);
        assert_eq!(keys.start_random(), Err(Error::Part(part)));
        assert_eq!(keys.random(&mut [0; 4]), Err(Error::Part(part)));
        assert_eq!(keys.unique().unwrap_err(), Error::Part(part));
        keys.seal();
        assert!(machine.aborts.borrow().is_empty() && machine.remembered().is_empty());
    }
}

#[test]
fn the_security_monitor_is_read_as_documented() {
    let status = |hpsr| Snvs::new(&secure(&Machine::new(Fuses { hpsr, ..Fuses::new(Part::Ull) }))).status();
    assert_eq!(status(TRUSTED).state(), State::Trusted);
    assert_eq!(status(TRUSTED | 0b1111 << 8).state(), State::Secure);
    assert_eq!(status(OPEN).state(), State::Other(0b1011));
    assert!(status(TRUSTED).is_closed() && status(TRUSTED).has_unique_key());
    assert!(!status(OPEN).is_closed() && !status(OPEN).has_unique_key());
}

#[test]
fn a_closed_chip_locks_the_choice_of_its_key() {
    let snvs = |offset: u32| map::SNVS_HP.base() + offset;
    let run = |hpsr, others: &[(u32, u32)]| {
        let machine = Machine::new(Fuses { hpsr, ..Fuses::new(Part::Ull) });
        machine.state.borrow_mut().others.extend(others.iter().copied());
        let bus = secure(&machine);
        let fault = Keys::new(&bus, Part::Ull).unique().unwrap().fault;
        let state = machine.state.borrow();
        (fault, state.read(snvs(0x04)), state.read(snvs(0x3C)), state.read(snvs(0x34)))
    };
    // Software had selected its own key: the fused one is selected again, for good.
    let own = [(snvs(0x04), 1 << 13), (snvs(0x3C), 0b10)];
    assert_eq!(run(TRUSTED, &own), (None, 1 << 13, 0, 1 << 9));
    // It had locked that: no key of this chip.
    let locked = [(snvs(0x04), 1 << 13), (snvs(0x3C), 0b10), (snvs(0x00), 1 << 9)];
    assert_eq!(run(TRUSTED, &locked), (Some("software has selected another key"), 1 << 13, 0b10, 0));
    // An open chip is left as it is.
    assert_eq!(run(OPEN, &[]).1, 0);
}
