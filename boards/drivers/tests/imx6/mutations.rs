// SPDX-License-Identifier: BSD-2-Clause
//! Lockdowns with a mistake in them: the model has to find each.

use drivers::imx6::audit::audit;
use drivers::imx6::caam;
use drivers::imx6::csu::{Access, Csu};
use drivers::imx6::lockdown::{Policy, lock_down};
use drivers::imx6::part::Part;
use drivers::imx6::table::{UART2, USDHC1};
use drivers::imx6::tzasc::Tzasc;

use super::attack::{faults_at_the_end, faults_on_the_way};
use super::model::{Chip, Mutation, State};
use super::{LISTED, policy, windows};

#[test]
fn a_hole_in_the_table_is_found() {
    let windows = windows();
    let policy = policy(&windows);
    let table = policy.table.clone().grant(UART2, Access::NormalReads, "a mistake");
    let chip = Chip::new(State::open(), Mutation::None);
    lock_down(&chip, &Policy { table, ..policy }).unwrap();
    let faults = faults_at_the_end(&chip.state(), &LISTED);
    assert!(faults.contains(&"NormalCpu reaches CSL(30,0)".into()), "{faults:?}");
    assert!(faults.contains(&"NormalCpu reaches 0x21e8000".into()));
}

#[test]
fn every_lost_write_is_found() {
    let windows = windows();
    let policy = policy(&windows);
    let whole = Chip::new(State::open(), Mutation::None);
    lock_down(&whole, &policy).unwrap();
    let writes = whole.history().len() - 1;
    assert!(writes > 100);
    for lost in 0..writes {
        let chip = Chip::new(State::open(), Mutation::Lost(lost));
        let seen = lock_down(&chip, &policy).is_err() || audit(&chip, &policy, |_| ()) != 0;
        assert!(seen, "write {lost} of {writes} is lost and nobody notices");
    }
}

/// The writes that the 6UL has more: a job ring whose owner is not locked is not the secure world's.
#[test]
fn every_lost_lock_of_a_job_ring_is_found() {
    let windows = windows();
    let policy = Policy { part: Part::Ul, ..policy(&windows) };
    let whole = Chip::new(State::open(), Mutation::None);
    lock_down(&whole, &policy).unwrap();
    let history = whole.history();
    for ring in 0..caam::RINGS {
        let register = caam::ownership(ring)[1].register.address();
        let write = history.windows(2).position(|pair| pair[0].others.get(&register) != pair[1].others.get(&register));
        let chip = Chip::new(State::open(), Mutation::Lost(write.expect("the ring is taken")));
        assert!(lock_down(&chip, &policy).is_err());
        assert!(audit(&chip, &policy, |_| ()) != 0);
    }
}

/// As if the lockdown had no line for it, nor for reading it back.
#[test]
fn every_missing_lock_is_found_by_attacking() {
    let windows = windows();
    let policy = policy(&windows);
    let whole = Chip::new(State::open(), Mutation::None);
    lock_down(&whole, &policy).unwrap();
    let history = whole.history();
    let locks: Vec<usize> = (0..history.len() - 1).filter(|&write| history[write].locks() != history[write + 1].locks()).collect();
    // 39 CSLs with something closed, 3 grants, SA, OCRAM, TZASC.
    assert_eq!(locks.len(), 39 + 3 + 3);
    let mut mended = 0;
    for lost in locks {
        let chip = Chip::new(State::open(), Mutation::LostUnseen(lost));
        let seen = lock_down(&chip, &policy).is_err();
        if chip.state() == whole.state() {
            mended += 1;
            continue;
        }
        assert!(seen || !faults_at_the_end(&chip.state(), &LISTED).is_empty(), "lock {lost} is missing and nobody notices");
    }
    // CSL10 and the first grant of CSL9: the grant of the other half writes the lock again.
    assert_eq!(mended, 2);
}

#[test]
fn debugging_left_on_is_found() {
    let windows = windows();
    let chip = Chip::new(State::open(), Mutation::None);
    lock_down(&chip, &policy(&windows)).unwrap();
    let mut state = chip.state();
    state.write(0x020E_4028, state.gpr10 | 0b11);
    let faults = faults_at_the_end(&state, &LISTED);
    assert!(faults.iter().any(|fault| fault.starts_with("Dma(14") && fault.ends_with("reaches 0x90000000")), "{}", faults.len());
}

#[test]
fn a_master_left_secure_is_found() {
    let windows = windows();
    let chip = Chip::new(State::open(), Mutation::None);
    lock_down(&chip, &policy(&windows)).unwrap();
    // USDHC1, whose registers are the normal world's: CVE-2021-36133.
    let mut state = chip.state();
    state.sa &= !(1 << 20);
    let faults = faults_at_the_end(&state, &LISTED);
    assert!(faults.iter().any(|fault| fault.starts_with("Dma(10") && fault.ends_with("reaches 0x90000000")));
}

/// Secure memory lies under a secure region, and that over an open one, as an earlier stage may have left it.
fn layered() -> State {
    let mut state = State::open();
    state.inversion = 0;
    state.regions = [[0, 0, 0]; 16];
    state.regions[0] = [0, 0, 0x3000_0000];
    state.regions[1] = [0x8000_0000, 0, 0x3000_0039];
    state.regions[2] = [0x9000_0000, 0, 0xC000_0037];
    state.csl = [0x0022_0022; 40];
    state.sa = 0x4555_5554;
    state.gpr10 = 1 << 10;
    state
}

#[test]
fn regions_in_the_wrong_order_are_found() {
    let chip = Chip::new(layered(), Mutation::None);
    let controller = Tzasc::new(&chip);
    controller.close_background();
    for region in (1..controller.regions()).rev() {
        controller.disable(region);
    }
    assert!(!faults_on_the_way(&chip.history(), &LISTED).is_empty());

    let chip = Chip::new(layered(), Mutation::None);
    let controller = Tzasc::new(&chip);
    controller.close_background();
    for region in 1..controller.regions() {
        controller.disable(region);
    }
    assert_eq!(faults_on_the_way(&chip.history(), &LISTED), Vec::<String>::new());
}

#[test]
fn rights_before_place_are_found() {
    let [window, _] = windows();
    let run = |place_first: bool| {
        let mut state = layered();
        state.regions = [[0, 0, 0]; 16];
        state.regions[0][2] = 0xC000_0000;
        state.regions[1] = [0x9000_0000, 0, 0];
        state.csl = [0x0122_0122; 40];
        state.sa |= 0xAAAA_AAAA;
        let chip = Chip::new(state, Mutation::None);
        let controller = Tzasc::new(&chip);
        if place_first {
            controller.place(1, window);
            controller.open(1, window);
        } else {
            controller.open(1, window);
            controller.place(1, window);
        }
        faults_on_the_way(&chip.history(), &LISTED)
    };
    assert_eq!(run(true), Vec::<String>::new());
    assert!(!run(false).is_empty());
}

#[test]
fn a_grant_before_the_rest_is_closed_is_found() {
    let mut state = layered();
    state.regions[1] = [0, 0, 0];
    state.regions[0][2] = 0xC000_0000;
    state.sa |= 0xAAAA_AAAA;
    let run = |state: State| {
        let chip = Chip::new(state, Mutation::None);
        Csu::new(&chip).set(USDHC1, Access::NormalPrivileged, true);
        faults_on_the_way(&chip.history(), &LISTED)
    };
    // Closed, but not locked: the normal world opens what decides over memory.
    assert!(run(state.clone()).iter().any(|fault| fault.contains("opens secure memory")));
    state.csl = [0x0122_0122; 40];
    state.csl[9] = 0x0022_0122;
    assert_eq!(run(state), Vec::<String>::new());
}
