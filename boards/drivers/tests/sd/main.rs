// SPDX-License-Identifier: BSD-2-Clause
//! The SD controller's driver on a model of controller and card: what it sends, and what becomes of failures.

mod model;

use drivers::block::{Disk, DiskError};
use drivers::imx6::sd::Card;
use drivers::imx6::usdhc::{HostError, Usdhc, divider};
use model::{Fault, Kind, Model};

/// Hertz of the root clock.
const ROOT: u32 = 198_000_000;
/// Sectors of the cards: a MiB.
const SECTORS: usize = 2048;

fn started(kind: Kind) -> (Model, Card<Model, Model>) {
    let model = Model::new(kind, SECTORS);
    let card = Card::start(Usdhc::first(model.clone(), model.clone()), ROOT).unwrap();
    (model, card)
}

fn pattern(sectors: usize) -> Vec<u8> {
    (0..sectors * 512).map(|at| (at * 31 + at / 512) as u8).collect()
}

#[test]
fn cards_are_started_by_the_book() {
    let voltages = 0x0030_0000;
    let (model, card) = started(Kind::High);
    let high = voltages | 1 << 30;
    let wanted = [
        (0, 0),
        (8, 0x1AA),
        (55, 0),
        (141, high),
        (55, 0),
        (141, high),
        (55, 0),
        (141, high),
        (2, 0),
        (3, 0),
        (9, 0x1234_0000),
        (7, 0x1234_0000),
        (55, 0x1234_0000),
        (106, 2),
    ];
    assert_eq!(model.lock().log, wanted);
    assert!(card.is_high_capacity());
    assert_eq!(card.sectors(), SECTORS as u64);

    let (model, card) = started(Kind::Standard);
    assert!(!card.is_high_capacity());
    assert_eq!(card.sectors(), SECTORS as u64);
    assert_eq!(model.lock().log.last(), Some(&(16, 512)));

    // A card of version 1 is not asked for high capacity.
    let (model, card) = started(Kind::Old);
    assert!(!card.is_high_capacity());
    assert_eq!(card.sectors(), SECTORS as u64);
    assert_eq!(model.lock().log[..5], [(0, 0), (8, 0x1AA), (0, 0), (55, 0), (141, voltages)]);
}

#[test]
fn no_card_and_one_that_never_starts() {
    for (kind, error) in [(Kind::None, HostError::NoAnswer), (Kind::Asleep, HostError::Stuck)] {
        let model = Model::new(kind, SECTORS);
        assert_eq!(Card::start(Usdhc::first(model.clone(), model), ROOT).err(), Some(error));
    }
}

#[test]
fn sectors_go_there_and_back() {
    for kind in [Kind::Old, Kind::Standard, Kind::High] {
        let (model, mut card) = started(kind);
        for (first, sectors) in [(0, 1), (7, 3), (100, 300), (SECTORS - 1, 1), (SECTORS - 2, 2)] {
            let bytes = pattern(sectors);
            card.write(first as u64, &bytes).unwrap();
            assert_eq!(model.lock().bytes[first * 512..][..bytes.len()], bytes, "{kind:?}: {sectors} sectors from {first} on");
            let mut back = vec![0; bytes.len()];
            card.read(first as u64, &mut back).unwrap();
            assert_eq!(back, bytes);
        }
        card.flush().unwrap();
        assert_eq!(card.read(0, &mut []), Ok(()));
        let mut one = [0; 512];
        assert_eq!(card.read(SECTORS as u64, &mut one), Err(DiskError::Range));
        assert_eq!(card.write(u64::MAX, &one), Err(DiskError::Range));
        assert_eq!(card.read(0, &mut one[..100]), Err(DiskError::Range));
    }
}

#[test]
fn long_transfers_are_split_and_each_is_ended() {
    let (model, mut card) = started(Kind::High);
    model.lock().log.clear();
    card.write(10, &pattern(130)).unwrap();
    let wanted = [(25, 10), (12, 0), (13, 0x1234_0000), (25, 138), (12, 0), (13, 0x1234_0000)];
    assert_eq!(model.lock().log, wanted);
    model.lock().log.clear();
    card.read(5, &mut [0; 512]).unwrap();
    card.read(5, &mut [0; 1024]).unwrap();
    assert_eq!(model.lock().log, [(17, 5), (18, 5), (12, 0)]);
    // Standard capacity counts bytes.
    let (model, mut card) = started(Kind::Standard);
    model.lock().log.clear();
    card.read(5, &mut [0; 512]).unwrap();
    assert_eq!(model.lock().log, [(17, 5 * 512)]);
}

#[test]
fn a_failure_that_passes_is_not_seen() {
    let faults = [Fault::NoAnswer, Fault::AnswerDamaged, Fault::DataDamaged, Fault::DataMissing, Fault::NotWritten, Fault::NotWrittenLate];
    for kind in [Kind::Old, Kind::High] {
        for fault in faults {
            for times in 1..=2 {
                for (command, sectors) in [(17, 1), (18, 40), (24, 1), (25, 40), (12, 40), (13, 40)] {
                    if matches!(fault, Fault::DataDamaged | Fault::DataMissing) && matches!(command, 12 | 13) {
                        continue;
                    }
                    let (model, mut card) = started(kind);
                    let bytes = pattern(sectors);
                    model.lock().bytes[512..][..bytes.len()].copy_from_slice(&bytes);
                    model.lock().faults.push((command, 0, times, fault));
                    let what = format!("{kind:?}, {fault:?} {times} times in command {command}");
                    if matches!(command, 17 | 18) {
                        let mut back = vec![0; bytes.len()];
                        assert_eq!(card.read(1, &mut back), Ok(()), "{what}");
                        assert_eq!(back, bytes, "{what}");
                    } else {
                        let other: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
                        assert_eq!(card.write(1, &other), Ok(()), "{what}");
                        assert_eq!(model.lock().bytes[512..][..other.len()], other, "{what}");
                    }
                    // Nothing is left of it.
                    let mut back = vec![0; 512];
                    assert_eq!(card.read(1, &mut back), Ok(()), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_failure_that_stays_is_told_and_ends() {
    let (model, mut card) = started(Kind::High);
    for (command, fault, error) in [
        (17, Fault::DataDamaged, DiskError::Failed),
        (17, Fault::DataMissing, DiskError::Gone),
        (24, Fault::NotWritten, DiskError::Failed),
        (24, Fault::NotWrittenLate, DiskError::Failed),
        (24, Fault::BusyForEver, DiskError::Gone),
        (17, Fault::NoAnswer, DiskError::Gone),
    ] {
        model.lock().faults = vec![(command, 0, u32::MAX, fault)];
        let done = if command == 17 { card.read(3, &mut [0; 512]) } else { card.write(3, &[1; 512]) };
        assert_eq!(done, Err(error), "{fault:?}");
        model.lock().faults.clear();
        // The card can be used again when it is well again.
        assert_eq!(card.read(3, &mut [0; 512]), Ok(()), "after {fault:?}");
        card.write(3, &[2; 512]).unwrap();
    }
}

#[test]
fn a_card_that_goes_or_is_changed_is_not_written() {
    let (model, mut card) = started(Kind::High);
    model.lock().kind = Kind::None;
    assert_eq!(card.write(1, &[1; 512]), Err(DiskError::Gone));
    // Another one is in its place: smaller, never started.
    model.lock().exchange(Kind::High, vec![7; SECTORS * 256]);
    assert_eq!(card.write(1, &[1; 512]), Err(DiskError::Gone));
    assert!(model.lock().bytes.iter().all(|byte| *byte == 7));
    // The first one comes back.
    model.lock().exchange(Kind::High, vec![0; SECTORS * 512]);
    assert_eq!(card.write(1, &[1; 512]), Ok(()));
}

#[test]
fn the_switch_of_a_card_is_heeded() {
    let model = Model::new(Kind::High, SECTORS);
    model.lock().write_protected = true;
    let mut card = Card::start(Usdhc::first(model.clone(), model.clone()), ROOT).unwrap();
    assert!(!card.writable());
    assert_eq!(card.write(0, &[1; 512]), Err(DiskError::ReadOnly));
    assert_eq!(card.read(0, &mut [0; 512]), Ok(()));
}

#[test]
fn the_clock_is_never_faster_than_asked_for() {
    for root in [24_000_000, 99_000_000, 198_000_000, 396_000_000] {
        for hertz in [100_000, 400_000, 25_000_000, 50_000_000] {
            let fields = divider(root, hertz);
            let prescaler = ((fields >> 8 & 0xFF) * 2).max(1);
            let clock = root / prescaler / ((fields >> 4 & 0xF) + 1);
            assert!(prescaler.is_power_of_two() && clock <= hertz, "{root} to {hertz}: {clock}");
            // And no slower than 15 of 16, or half the root clock, as the steps are.
            assert!(clock >= hertz / 2 || clock >= root / 2, "{root} to {hertz}: {clock}");
        }
    }
    // Nothing that it can do is slow enough: the slowest.
    assert_eq!(divider(u32::MAX, 1), 0x80 << 8 | 0xF << 4);
}
