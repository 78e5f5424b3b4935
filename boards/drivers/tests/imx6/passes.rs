// SPDX-License-Identifier: BSD-2-Clause
//! The demonstration in two passes, as in the system whose promises this one keeps: before the chip is locked down its normal world
//! derives a key with the DCP, after it is refused and the secure world derives the same key. And what else the normal world tries
//! on the blocks that keep secrets, on each part.

use drivers::imx6::audit::audit;
use drivers::imx6::caam::{self, Caam};
use drivers::imx6::dcp::Dcp;
use drivers::imx6::dma::{Dma, Ocram};
use drivers::imx6::keys::Keys;
use drivers::imx6::lockdown::{Error, Policy, lock_down};
use drivers::imx6::map;
use drivers::imx6::part::Part;

use super::caam::CaamModel;
use super::dcp::MASTER;
use super::machine::{Fuses, Machine, Ram};
use super::model::{ACTORS, Actor};
use super::{LISTED, policy, windows};

/// RAM of the normal world, by [`super::windows`]; and some that is the secure world's.
const NORMAL_RAM: u32 = 0x8010_0000;
const SECURE_RAM: u32 = 0x9000_0000;

/// The diversifier of the demonstration.
const DIVERSIFIER: [u8; 16] = [0; 16];

fn lock(machine: &Machine) {
    let windows = windows();
    let policy = Policy { part: machine.fuses.part, ..policy(&windows) };
    let bus = machine.view(Actor::SecureCpu);
    assert_eq!(lock_down(&bus, &policy), Ok(()));
    let mut wrong = Vec::new();
    audit(&bus, &policy, |finding| wrong.extend((!finding.is_right()).then(|| finding.to_string())));
    assert_eq!(wrong, Vec::<String>::new());
    assert!(machine.aborts.borrow().is_empty());
}

#[test]
fn the_normal_world_derives_a_key_before_the_lock_down_and_not_after() {
    for part in [Part::Ull, Part::Ulz] {
        let machine = Machine::new(Fuses::new(part));
        let (normal, secure) = (machine.view(Actor::NormalCpu), machine.view(Actor::SecureCpu));

        // First pass: no restrictions.
        let dcp = Dcp::new(&normal, Ram(normal, NORMAL_RAM));
        dcp.start().unwrap();
        let first = dcp.derive(&DIVERSIFIER).unwrap();
        assert!(machine.aborts.borrow().is_empty());

        lock(&machine);

        // Second pass: every register of the DCP aborts, and no packet is carried out.
        let packets = machine.dcp.borrow().packets;
        let denied = dcp.start().and_then(|()| dcp.derive(&DIVERSIFIER)).unwrap_err();
        println!("in the normal world: {denied}");
        let aborts = std::mem::take(&mut *machine.aborts.borrow_mut());
        assert!(!aborts.is_empty() && aborts.iter().all(|&(actor, at, _)| actor == Actor::NormalCpu && map::DCP.contains(at)));
        assert!(dcp.derive(&DIVERSIFIER).is_err());
        assert_eq!(machine.dcp.borrow().packets, packets);
        machine.aborts.borrow_mut().clear();

        // The secure world derives the same key, through memory that nobody else reaches.
        let dcp = Dcp::new(&secure, Ocram::new(&secure));
        dcp.start().unwrap();
        assert_eq!(dcp.derive(&DIVERSIFIER).unwrap(), first);
        assert!(machine.aborts.borrow().is_empty());
    }
}

/// The DCP is a bus master: a packet that the normal world has prepared must not carry it past its own rights, neither before the
/// lock-down, when it speaks for whoever SA says, nor after.
#[test]
fn a_packet_of_the_normal_world_stays_behind_when_the_chip_is_locked() {
    let machine = Machine::new(Fuses::new(Part::Ull));
    let normal = machine.view(Actor::NormalCpu);
    let memory = Ram(normal, NORMAL_RAM);
    // A packet that copies what the unique key makes of secure memory to the normal world's.
    let packet = [0, 0x723, 0xFE10, SECURE_RAM, NORMAL_RAM + 0x80, 16, NORMAL_RAM + 0x40, 0];
    for (index, word) in packet.into_iter().enumerate() {
        memory.write(4 * index, word);
    }
    let dcp = Dcp::new(&normal, Ram(normal, NORMAL_RAM + 0x1000));
    dcp.start().unwrap();
    lock(&machine);
    // Its channel is ready and its packet stands; the register that starts it is out of reach.
    let packets = machine.dcp.borrow().packets;
    for (offset, value) in [(0x100, NORMAL_RAM), (0x110, 1), (0x020, 0xFF), (0x008, 3 << 30)] {
        machine.write(Actor::NormalCpu, map::DCP.base() + offset, value);
    }
    assert_eq!(machine.aborts.borrow().len(), 4);
    assert_eq!(machine.dcp.borrow().packets, packets);
    // And were it to speak for the normal world, it would reach no secure memory.
    let state = machine.state.borrow();
    let mut speaking = state.clone();
    speaking.sa |= 1 << 28;
    assert!(!speaking.allows(MASTER, SECURE_RAM, false) && !speaking.allows(MASTER, map::OCRAM.base() + 0x1_0080, false));
    assert!(state.allows(MASTER, map::OCRAM.base() + 0x1_0080, true), "the secure world's own packets need it");
}

/// Places that only the secure world may know of: every register of the blocks that keep secrets, and where their jobs stand.
fn secret_places(part: Part) -> Vec<u32> {
    let words = |block: map::Block| (block.base()..block.base() + block.size()).step_by(4);
    let mut places: Vec<u32> = [map::SNVS_HP, map::SNVS_LP, map::OCOTP].into_iter().flat_map(words).collect();
    let job = map::OCRAM.base() + 0x1_0000;
    places.extend((job..job + 0x400).step_by(4));
    if part.has_dcp() {
        places.extend(words(map::DCP).chain(words(map::RNGB)));
    }
    places
}

#[test]
fn no_master_of_the_normal_world_reaches_a_block_that_keeps_secrets() {
    for part in [Part::Ul, Part::Ull, Part::Ulz] {
        let machine = Machine::new(Fuses::new(part));
        lock(&machine);
        let secure = machine.view(Actor::SecureCpu);
        let keys = Keys::new(&secure, part);
        keys.start_random().unwrap();
        keys.unique().unwrap();
        assert!(machine.aborts.borrow().is_empty(), "the secure world's own way is closed on {part:?}");
        for place in secret_places(part) {
            for (actor, write) in ACTORS.into_iter().flat_map(|actor| [(actor, false), (actor, true)]) {
                assert!(!machine.state.borrow().reaches(actor, place, write), "{actor:?} reaches {place:#x} of {part:?}");
            }
            let before = machine.aborts.borrow().len();
            assert_eq!(machine.read(Actor::NormalCpu, place), 0);
            machine.write(Actor::NormalCpu, place, u32::MAX);
            assert_eq!(machine.aborts.borrow().len(), before + 2, "{place:#x} of {part:?} answers");
        }
        // Everything else, on the part that the other tests do not lock down with grants.
        if part == Part::Ul {
            assert_eq!(super::faults_at_the_end(&machine.state.borrow(), &LISTED), Vec::<String>::new());
        }
        let unique = keys.unique().map(|unique| unique.secret);
        assert!(unique.is_ok(), "what the normal world tried has left something behind on {part:?}");
    }
}

/// Blocks that a part does not have do not answer, to either world.
#[test]
fn a_part_has_only_its_own_blocks() {
    let aborts = |part: Part, address: u32| {
        let machine = Machine::new(Fuses::new(part));
        machine.read(Actor::SecureCpu, address);
        machine.aborts.take().len()
    };
    assert_eq!([map::DCP, map::RNGB, map::CAAM].map(|block| aborts(Part::Ul, block.base())), [1, 1, 0]);
    assert_eq!([map::DCP, map::RNGB, map::CAAM].map(|block| aborts(Part::Ulz, block.base())), [0, 0, 1]);
}

/// A job of the normal world for the blob key, in ring `ring`; whether it got one.
fn steal_blob_key(machine: &Machine) -> Option<Vec<u8>> {
    let actor = Actor::NormalCpu;
    let at = |offset: u32| map::CAAM.base() + offset;
    let job = [0xB080_0004, 0xF800_0020, NORMAL_RAM + 0x80, 0x870D_0002];
    for (index, word) in job.into_iter().enumerate() {
        machine.write(actor, NORMAL_RAM + 0x40 + 4 * index as u32, word);
    }
    machine.write(actor, NORMAL_RAM, NORMAL_RAM + 0x40);
    for (register, value) in [(0x1004, NORMAL_RAM), (0x100C, 1), (0x1024, NORMAL_RAM + 0x10), (0x102C, 1), (0x101C, 1)] {
        machine.write(actor, at(register), value);
    }
    let key = machine.fetch_bytes(actor, NORMAL_RAM + 0x80, 32)?;
    key.iter().any(|byte| *byte != 0).then_some(key)
}

/// As if no CSL covered the CAAM, of which no source says which does: its rings are the second line.
#[test]
fn on_the_6ul_no_job_ring_is_left_to_the_normal_world() {
    // Before: whoever makes ring 0 the normal world's gets what hardware keys are made of.
    let machine = Machine::new(Fuses::new(Part::Ul));
    machine.write(Actor::NormalCpu, map::CAAM.base() + 0x10, 1 << 3 | 1);
    let stolen = steal_blob_key(&machine).expect("the model lets an owner work");
    let secure = machine.view(Actor::SecureCpu);
    let caam = Caam::new(&secure, Ocram::new(&secure));
    assert_eq!(caam.start(), Ok(()));
    assert_eq!(caam.blob_key().unwrap().to_vec(), stolen);

    let machine = Machine::new(Fuses::new(Part::Ul));
    lock(&machine);
    for ring in 0..caam::RINGS {
        for owner in caam::ownership(ring) {
            let (register, value) = (owner.register.address(), owner.value);
            for other in (0..32).map(|bit| value ^ 1 << bit).chain([0, 1 << 3, u32::MAX]) {
                machine.write(Actor::NormalCpu, register, other);
                assert_eq!(machine.read(Actor::NormalCpu, register), value, "ring {ring} takes another owner");
            }
        }
        for offset in (0..0x1000).step_by(4) {
            let before = machine.aborts.borrow().len();
            machine.write(Actor::NormalCpu, map::CAAM.base() + 0x1000 * (ring + 1) + offset, 1);
            assert_eq!(machine.aborts.borrow().len(), before + 1, "ring {ring} is open");
        }
    }
    assert_eq!(steal_blob_key(&machine), None);
    assert_eq!(machine.caam.borrow().jobs, 0);
}

#[test]
fn a_chip_whose_job_rings_are_taken_is_not_locked_down() {
    let machine = Machine::new(Fuses::new(Part::Ul));
    CaamModel::write(&machine, Actor::NormalCpu, 0x10, 1 << 31 | 1 << 3 | 1);
    let windows = windows();
    let policy = Policy { part: Part::Ul, ..policy(&windows) };
    assert!(matches!(lock_down(&machine.view(Actor::SecureCpu), &policy), Err(Error::NotTaken { .. })));
    // Of its data alone is as bad; under another number of a secure master is as good.
    for (data, ring, good) in [(1 << 3, 1, false), (1 << 19, 1, false), (5 << 16 | 5, 5, true)] {
        let machine = Machine::new(Fuses::new(Part::Ul));
        CaamModel::write(&machine, Actor::SecureCpu, 0x14, data);
        CaamModel::write(&machine, Actor::SecureCpu, 0x10, 1 << 31 | ring);
        let bus = machine.view(Actor::SecureCpu);
        assert_eq!(lock_down(&bus, &policy).is_ok(), good);
        assert_eq!(Caam::new(&bus, Ocram::new(&bus)).start().is_ok(), good);
    }
}

/// CVE-2021-36133: OP-TEE left CSU_SA as it is at reset on these parts, so that masters which the normal world commands (USB,
/// USDHC, ENET, SDMA) read and wrote secure memory.
#[test]
fn cve_2021_36133_no_dma_reaches_secure_memory() {
    for part in [Part::Ul, Part::Ull, Part::Ulz] {
        let machine = Machine::new(Fuses::new(part));
        lock(&machine);
        let mut left_open = machine.state.borrow().clone();
        left_open.sa = 0;
        let reach = |state: &super::State| {
            let masters = ACTORS.into_iter().filter(|actor| matches!(actor, Actor::Dma(..)));
            masters.filter(|&master| state.reaches(master, SECURE_RAM, true)).count()
        };
        assert!(reach(&left_open) >= 5, "the model does not know this attack");
        assert_eq!(reach(&machine.state.borrow()), 0, "{part:?}");
        // Nor can SA be set back, by either world.
        for actor in [Actor::NormalCpu, Actor::SecureCpu] {
            machine.write(actor, map::CSU.base() + 0x218, 0);
            assert_eq!(reach(&machine.state.borrow()), 0, "{actor:?} sets SA back on {part:?}");
        }
    }
}

/// CVE-2021-44149: OP-TEE left SRC, GPC, CCM and SNVS to the normal world, which wrote where the chip starts when it wakes up from a
/// sleep, put it to sleep, and woke up as the secure world.
#[test]
fn cve_2021_44149_no_wake_up_is_the_normal_worlds() {
    // Entry and its argument (SRC GPR1, GPR2), the choice of the boot image (GPR10), who wakes (GPC), clocks, words that last (SNVS).
    let places = [map::SRC.base() + 0x20, map::SRC.base() + 0x24, map::SRC.base() + 0x44, map::GPC.base() + 0x08, map::CCM.base() + 0x54]
        .into_iter()
        .chain([map::SNVS_HP.base() + 0x38, map::SNVS_HP.base() + 0x68, map::SNVS_LP.base()]);
    let places: Vec<u32> = places.collect();
    for part in [Part::Ul, Part::Ull, Part::Ulz] {
        let machine = Machine::new(Fuses::new(part));
        machine.write(Actor::NormalCpu, places[0], 0x8000_0000);
        assert_eq!(machine.read(Actor::SecureCpu, places[0]), 0x8000_0000, "the model does not know this attack");
        // As OP-TEE sets it: everything for everybody but ROMCP, TZASC and OCRAM, and locked so.
        let mut as_optee = machine.state.borrow().clone();
        as_optee.csl = std::array::from_fn(|csl| {
            0x01FF_01FF
                & !match csl {
                    13 => 0xCC,
                    16 | 39 => 0x00CC_0000,
                    _ => 0,
                }
        });
        assert!(places.iter().all(|&place| as_optee.reaches(Actor::NormalCpu, place, true)));

        lock(&machine);
        for &place in &places {
            let before = machine.read(Actor::SecureCpu, place);
            for actor in ACTORS {
                assert!(!machine.state.borrow().reaches(actor, place, true), "{actor:?} writes {place:#x} of {part:?}");
            }
            machine.write(Actor::NormalCpu, place, 0x8000_0000);
            assert_eq!(machine.read(Actor::SecureCpu, place), before);
        }
    }
}
