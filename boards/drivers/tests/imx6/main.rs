// SPDX-License-Identifier: BSD-2-Clause
//! The lockdown of the i.MX6UL, run on a model of the chip and attacked there by every bus master.

mod attack;
mod boards;
mod caam;
mod dcp;
mod document;
mod keys;
mod lent;
mod machine;
mod model;
mod mutations;
mod passes;
mod rngb;
mod steps;

use attack::{Listed, faults_at_the_end, faults_on_the_way};
use drivers::imx6::audit::audit;
use drivers::imx6::csu::Access;
use drivers::imx6::lockdown::{Error, Policy, check, lock_down};
use drivers::imx6::part::Part;
use drivers::imx6::table::{GPT2, Table, USDHC1, USDHC2};
use drivers::imx6::tzasc::Window;
use drivers::imx6::wdog::Times;
use model::{Chip, Mutation, State};

const SECURE: [(u32, u32); 1] = [(0x9000_0000, 128 << 20)];

fn windows() -> [Window; 2] {
    [Window::new(0x8000_0000, 256 << 20).unwrap(), Window::new(0x9800_0000, 128 << 20).unwrap()]
}

/// What [`policy`] is meant to give.
const LISTED: Listed = Listed { memory: &[(0x8000_0000, 0x1000_0000), (0x9800_0000, 0x0800_0000)], slots: &[(9, 0), (9, 1), (10, 0)] };

/// The policy of a board whose normal world has a card, an eMMC and a timer.
fn policy(windows: &[Window]) -> Policy<'_> {
    let table = Table::DENY
        .grant(USDHC1, Access::NormalPrivileged, "the card with the files of TAs")
        .grant(USDHC2, Access::NormalPrivileged, "the eMMC")
        .grant(GPT2, Access::NormalPrivileged, "a timer");
    Policy { part: Part::Ull, table, windows, secure: &SECURE, watchdog: Times::new(10, 2).unwrap(), lends: false }
}

/// A chip in a state that a boot may leave, from a number.
fn arbitrary(seed: u64) -> State {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 16) as u32
    };
    let mut state = State::open();
    state.csl = state.csl.map(|_| next() & 0x00FF_00FF);
    state.sa = next() & 0x5555_5555;
    state.gpr10 = next() & 0xFC03;
    state.inversion = next() & 1;
    for region in &mut state.regions {
        let code = 14 + next() % 15;
        let size = 2u32 << code;
        let base = 0x8000_0000 | (next() & 0x1FFF_FFFF & !(size - 1));
        *region = [base, 0, next() & 0xF000_FF00 | code << 1 | next() & 1];
    }
    state
}

#[test]
fn everything_that_is_not_listed_is_denied_for_good() {
    let windows = windows();
    for state in [State::open()].into_iter().chain((1..3).map(arbitrary)) {
        let chip = Chip::new(state, Mutation::None);
        assert_eq!(lock_down(&chip, &policy(&windows)), Ok(()));
        assert_eq!(faults_at_the_end(&chip.state(), &LISTED), Vec::<String>::new());
    }
}

#[test]
fn no_write_on_the_way_opens_a_window() {
    let windows = windows();
    for state in [State::open()].into_iter().chain((1..6).map(arbitrary)) {
        let chip = Chip::new(state, Mutation::None);
        lock_down(&chip, &policy(&windows)).unwrap();
        assert_eq!(faults_on_the_way(&chip.history(), &LISTED), Vec::<String>::new());
    }
}

#[test]
fn without_grants_and_without_dcp_nothing_is_reached() {
    let policy = Policy { part: Part::Ul, table: Table::DENY, windows: &[], ..policy(&[]) };
    let chip = Chip::new(State::open(), Mutation::None);
    lock_down(&chip, &policy).unwrap();
    let nothing = Listed { memory: &[], slots: &[] };
    assert_eq!(faults_at_the_end(&chip.state(), &nothing), Vec::<String>::new());
    assert_eq!(faults_on_the_way(&chip.history(), &nothing), Vec::<String>::new());
    // OP-TEE has this master speak for the normal world on this part.
    assert_eq!(chip.state().sa >> 28 & 0b11, 0b11);
}

#[test]
fn the_audit_finds_what_was_set_and_what_was_not() {
    let windows = windows();
    let policy = policy(&windows);
    let chip = Chip::new(State::open(), Mutation::None);
    assert!(audit(&chip, &policy, |_| ()) > 80);
    lock_down(&chip, &policy).unwrap();
    let mut lines = Vec::new();
    assert_eq!(audit(&chip, &policy, |finding| lines.push(finding.to_string())), 0);
    for line in &lines {
        println!("{line}");
    }
    assert!(lines.contains(&"ok    0x021c0024 0x01bb01bb USDHC1: the card with the files of TAs".into()));
    assert!(lines.contains(&"ok    0x021c0218 0xeffffffe SA: each bus master speaks for its world, until reset".into()));

    let mut state = chip.state();
    state.csl[13] = 0x0122_0122 & !0x0100_0000;
    let mut wrong = Vec::new();
    let broken = Chip::new(state, Mutation::None);
    assert_eq!(
        audit(&broken, &policy, |finding| if !finding.is_right() {
            wrong.push(finding.to_string())
        }),
        1
    );
    assert!(wrong[0].starts_with("WRONG 0x021c0034 0x00220122 (expected 0x01220000 of 0x01ff0000) MMDC"), "{wrong:?}");
}

/// Values as the sources have them, in full.
#[test]
fn registers_hold_the_documented_values() {
    let windows = windows();
    let chip = Chip::new(State::open(), Mutation::None);
    lock_down(&chip, &policy(&windows)).unwrap();
    let state = chip.state();
    let expected = [
        (0x021C_0000, 0x0122_0122),
        (0x021C_001C, 0x0122_0122),
        (0x021C_0024, 0x01BB_01BB),
        (0x021C_0028, 0x0122_01BB),
        (0x021C_009C, 0x0122_0122),
        (0x020E_4004, 0x0080_0000),
        (0x020E_4024, 0x0000_0001),
        (0x020E_4028, 0xFC00_0400),
        (0x021D_0108, 0xC000_0000),
        (0x021D_0110, 0x8000_0000),
        // 256 MB and 128 MB for the normal world.
        (0x021D_0118, 0x3000_0037),
        (0x021D_0120, 0x9800_0000),
        (0x021D_0128, 0x3000_0035),
        (0x020C_0000, 19 << 8 | 1 << 2),
        (0x020C_0006, 1 << 15 | 4),
    ];
    for (register, value) in expected {
        assert_eq!(state.read(register), value, "{register:#x}");
    }
    // The masters that OP-TEE locks are locked; it has all of them but the CPU speak for the normal world.
    assert_eq!(state.sa & 0x20AA_8AA2, 0x20AA_8AA2);
    assert_eq!(state.sa & 0x1055_4551 & !(1 << 28), 0x1055_4550 & !(1 << 28));
}

#[test]
fn a_policy_that_cannot_be_had_writes_nothing() {
    let windows = windows();
    let refused = |state: State, policy: &Policy<'_>| {
        let chip = Chip::new(state, Mutation::None);
        let result = lock_down(&chip, policy);
        assert_eq!(result, check(&chip, policy));
        assert_eq!(chip.history().len(), 1, "something was written");
        result.unwrap_err()
    };
    assert_eq!(refused(State { gpr9: 0, ..State::open() }, &policy(&windows)), Error::Bypassed);
    let emulated = Policy { part: Part::Emulated, ..policy(&windows) };
    assert_eq!(refused(State::open(), &emulated), Error::Part(Part::Emulated));
    let over = [Window::new(0x9000_0000, 256 << 20).unwrap()];
    assert_eq!(refused(State::open(), &policy(&over)), Error::Window(over[0]));
    let outside = [Window::new(0x4000_0000, 64 << 10).unwrap()];
    assert_eq!(refused(State::open(), &policy(&outside)), Error::Window(outside[0]));
    let many: Vec<_> = (0..16).map(|n| Window::new(0x8000_0000 + (n << 20), 1 << 20).unwrap()).collect();
    assert_eq!(refused(State::open(), &policy(&many)), Error::TooManyWindows);
    for row in Table::DENY.rows().iter().filter(|row| row.never) {
        let table = Table::DENY.grant(row.slot, Access::NormalPrivilegedReads, "a mistake");
        let policy = Policy { table, ..policy(&windows) };
        assert_eq!(refused(State::open(), &policy), Error::Grant(row.slot.csl(), row.slot.slave()));
    }
}
