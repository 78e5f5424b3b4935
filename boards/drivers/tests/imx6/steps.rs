// SPDX-License-Identifier: BSD-2-Clause
//! Random numbers in steps: a board masks interrupts for one look at the block at a time, which is short however long noise takes.

use drivers::imx6::caam;
use drivers::imx6::keys::{Error, Keys, fill};
use drivers::imx6::part::Part;
use drivers::imx6::rngb;

use super::caam::Fault as CaamFault;
use super::machine::{Fuses, Machine};
use super::model::Actor;
use super::rngb::Fault as RngbFault;

/// Accesses of a look at most: the memory of a job is wiped word by word.
const MOST: usize = 320;
/// What noise takes, in accesses, as long as a look may not.
const LONG: u32 = 20_000;

fn slow(part: Part) -> Machine {
    let machine = Machine::new(Fuses::new(part));
    machine.caam.borrow_mut().takes = LONG;
    machine.rngb.borrow_mut().takes = LONG;
    machine
}

#[test]
fn no_look_takes_as_long_as_the_noise() {
    for part in [Part::Ul, Part::Ull] {
        let machine = slow(part);
        let bus = machine.view(Actor::SecureCpu);
        let mut keys = Keys::new(&bus, part);
        keys.start_random().unwrap();
        if part == Part::Ull {
            // A bad seed on the way, and another.
            machine.rngb.borrow_mut().fault = RngbFault::Running(3, 1 << 3);
        }
        let (mut longest, mut looks) = (0, 0);
        let mut bytes = [0; 64];
        fill(&mut bytes, |rest| {
            let before = machine.accesses.get();
            let count = keys.random(rest);
            longest = longest.max(machine.accesses.get() - before);
            looks += 1;
            count
        })
        .unwrap();
        assert!(looks > LONG, "{looks} looks on {part:?}");
        assert!(longest <= MOST, "a look of {longest} accesses on {part:?}");
        assert!(bytes.chunks(4).all(|word| word != [0; 4]), "{bytes:?}");
    }
}

/// Threads that come in between: each gets its own bytes, and nobody those of another.
#[test]
fn two_that_ask_in_turn_get_different_bytes() {
    for part in [Part::Ul, Part::Ull] {
        let machine = slow(part);
        let bus = machine.view(Actor::SecureCpu);
        let mut keys = Keys::new(&bus, part);
        keys.start_random().unwrap();
        let mut bytes = [[0; 40], [0; 40]];
        let mut done = [0, 0];
        let mut turn = 0;
        while done != [40, 40] {
            let rest = &mut bytes[turn][done[turn]..];
            // The second one asks for less at a time.
            let rest = if turn == 1 && rest.len() > 8 { &mut rest[..8] } else { rest };
            if !rest.is_empty() {
                done[turn] += keys.random(rest).unwrap();
            }
            turn ^= 1;
        }
        let words: std::collections::BTreeSet<[u8; 4]> =
            bytes.iter().flat_map(|bytes| bytes.chunks(4)).map(|word| word.try_into().unwrap()).collect();
        assert_eq!(words.len(), 20, "words come twice on {part:?}");
        // And none of it stays behind.
        let left = machine.remembered();
        assert!(words.iter().all(|word| !left.chunks(4).any(|found| found == word)), "bytes stay in memory on {part:?}");
    }
}

#[test]
fn a_source_that_stops_is_an_error_in_the_end_and_may_come_back() {
    let machine = Machine::new(Fuses::new(Part::Ul));
    let bus = machine.view(Actor::SecureCpu);
    let mut keys = Keys::new(&bus, Part::Ul);
    keys.start_random().unwrap();
    machine.caam.borrow_mut().fault = CaamFault::Hangs;
    let mut bytes = [0; 16];
    assert_eq!(fill(&mut bytes, |rest| keys.random(rest)), Err(Error::Caam(caam::Error::Timeout)));
    assert_eq!(bytes, [0; 16]);
    machine.caam.borrow_mut().fault = CaamFault::Fails(0x2000_0001);
    assert_eq!(fill(&mut bytes, |rest| keys.random(rest)), Err(Error::Caam(caam::Error::Job(0x2000_0001))));
    machine.caam.borrow_mut().fault = CaamFault::None;
    assert_eq!(fill(&mut bytes, |rest| keys.random(rest)), Ok(()));
    assert_ne!(bytes, [0; 16]);

    let machine = Machine::new(Fuses::new(Part::Ull));
    let bus = machine.view(Actor::SecureCpu);
    let mut keys = Keys::new(&bus, Part::Ull);
    keys.start_random().unwrap();
    machine.rngb.borrow_mut().fault = RngbFault::Dry(2);
    let mut bytes = [0; 64];
    assert_eq!(fill(&mut bytes, |rest| keys.random(rest)), Err(Error::Rngb(rngb::Error::Empty)));
}
