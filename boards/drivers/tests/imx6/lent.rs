// SPDX-License-Identifier: BSD-2-Clause
//! The two passes of the console's demonstration, with the boards' own policies: the DCP is lent to the normal world at first and
//! taken back between them. What that may open, and that in the end all is closed and locked as where it was never lent.

use std::cell::Cell;

use drivers::imx6::audit::audit;
use drivers::imx6::bus::Bus;
use drivers::imx6::dcp::{self, Dcp};
use drivers::imx6::lockdown::{self, Policy, lock_down};
use drivers::imx6::map::{self, Register};
use drivers::imx6::part::Part;
use drivers::imx6::passes::{self, DIVERSIFIER, Error};
use imx6ul::arguments::Arguments;
use imx6ul::description::{Description, MCIMX6ULL_EVK, USB_ARMORY_MK2};
use imx6ul::policy;

use super::attack::{Listed, faults_at_the_end, faults_on_the_way};
use super::boards::{MEMORY, UART1, UART2, USDHC1};
use super::dcp::{Fault, MASTER};
use super::machine::{Fuses, Machine, Ram, View};
use super::model::Actor;

const DCP: (usize, u32) = (34, 0);
const CSL34: u32 = 0x021C_0088;
const SA: u32 = 0x021C_0218;
/// RAM of the normal world: its own, and what the secure world uses of it; and secure memory.
const NORMAL_RAM: u32 = 0x8010_0000;
const UNUSED: u32 = 0x8200_0000;
const SECURE_RAM: u32 = 0x9000_0000;

fn board_policy(board: &Description, part: Part) -> Policy<'static> {
    let words = Arguments::new("idle open-first");
    let policy = policy::policy(board, part, words);
    Policy { lends: policy::lends(part, words, true, false), ..policy }
}

/// A machine that is locked down but for the DCP, which is lent; the key that the secure world derived first.
fn lent(policy: &Policy<'_>) -> (Machine, passes::Key) {
    let machine = Machine::new(Fuses::new(policy.part));
    let bus = machine.view(Actor::SecureCpu);
    assert_eq!(lock_down(&bus, policy), Ok(()));
    assert_eq!(passes::audit(&bus, policy, |_| ()), 0);
    assert_eq!(audit(&bus, policy, |_| ()), 1, "more or less is missing than one lock");
    assert!(!machine.state.borrow().reaches(Actor::NormalCpu, map::DCP.base(), false), "it is open before it is lent");
    let key = passes::lend(&bus, policy, Ram(bus, UNUSED)).unwrap();
    assert!(machine.aborts.borrow().is_empty());
    (machine, key)
}

fn two_passes(board: &Description, part: Part, given: &'static [(usize, u32)], all: &'static [(usize, u32)]) {
    let policy = board_policy(board, part);
    let (machine, first) = lent(&policy);
    let normal = machine.view(Actor::NormalCpu);

    // Pass one: the normal world succeeds. What else it reaches is what it reaches without, and the one register that is not locked
    // gives it no more than it has.
    let dcp = Dcp::new(&normal, Ram(normal, NORMAL_RAM));
    dcp.start().unwrap();
    assert_eq!(dcp.derive(&DIVERSIFIER).unwrap(), first);
    let open = Listed { memory: MEMORY, slots: all };
    let faults = faults_at_the_end(&machine.state.borrow(), &open);
    let others: Vec<_> =
        faults.iter().filter(|fault| !fault.contains("changes 0x21c0088") && !fault.contains("0x21c0088 is not")).collect();
    assert!(others.is_empty() && !faults.is_empty(), "{others:?}");

    let secure = machine.view(Actor::SecureCpu);
    let again = passes::take_back(&secure, &policy, Ram(secure, UNUSED), |finding| assert!(finding.is_right(), "{finding}")).unwrap();
    assert_eq!(again, Ok(first));
    assert!(machine.aborts.borrow().is_empty(), "somebody was refused in pass one");

    // Pass two: the normal world is refused at each register, and nobody derives the key any more.
    let packets = machine.dcp.borrow().packets;
    assert!(dcp.start().is_err() && dcp.derive(&DIVERSIFIER).is_err());
    let aborts = machine.aborts.take();
    assert!(!aborts.is_empty() && aborts.iter().all(|&(actor, at, _)| actor == Actor::NormalCpu && map::DCP.contains(at)));
    assert_eq!(machine.dcp.borrow().packets, packets);
    assert_eq!(Dcp::new(&secure, Ram(secure, UNUSED)).derive(&DIVERSIFIER), Err(dcp::Error::Disabled));

    // All is locked as where the DCP was never lent; it speaks for the normal world, whose it is not.
    let usual = Machine::new(Fuses::new(part));
    let usual_policy = Policy { lends: false, ..policy.clone() };
    assert_eq!(lock_down(&usual.view(Actor::SecureCpu), &usual_policy), Ok(()));
    let (end, mut wanted) = (machine.state.borrow().clone(), usual.state.borrow().clone());
    assert_eq!(end.locks(), wanted.locks());
    wanted.sa |= 1 << 28;
    assert_eq!(end.locked_part(), wanted.locked_part());
    let listed = Listed { memory: MEMORY, slots: given };
    assert_eq!(faults_at_the_end(&end, &listed), Vec::<String>::new());
    // At no step in between was anything open but the DCP, nor one write of the normal world away from it.
    assert_eq!(faults_on_the_way(&machine.history.borrow(), &open), Vec::<String>::new());
}

#[test]
fn the_armory_lends_the_dcp_in_pass_one_and_is_locked_down_in_pass_two() {
    two_passes(&USB_ARMORY_MK2, Part::Ulz, &[USDHC1, UART1], &[USDHC1, UART1, DCP]);
}

#[test]
fn the_evk_lends_the_dcp_in_pass_one_and_is_locked_down_in_pass_two() {
    two_passes(&MCIMX6ULL_EVK, Part::Ull, &[USDHC1, UART2], &[USDHC1, UART2, DCP]);
}

/// Why the DCP speaks for the normal world from the start: the CSU may be the normal world's to write for all that is known.
#[test]
fn a_lent_dcp_that_might_be_made_secure_would_be_a_hole() {
    let (machine, _) = lent(&board_policy(&USB_ARMORY_MK2, Part::Ulz));
    let mut state = machine.state.borrow().clone();
    state.attempt(Actor::NormalCpu, SA, state.sa & !(1 << 28));
    assert!(!state.reaches(MASTER, SECURE_RAM, false));
    state.sa &= !(2 << 28);
    state.attempt(Actor::NormalCpu, SA, state.sa & !(1 << 28));
    assert!(state.reaches(MASTER, SECURE_RAM, false), "the model does not know this attack");
}

#[test]
fn a_normal_world_that_locks_the_dcp_open_is_found_out() {
    let policy = board_policy(&USB_ARMORY_MK2, Part::Ulz);
    let (machine, _) = lent(&policy);
    machine.write(Actor::NormalCpu, CSL34, 0x0122_01FF);
    let bus = machine.view(Actor::SecureCpu);
    let result = passes::take_back(&bus, &policy, Ram(bus, UNUSED), |_| ());
    assert!(matches!(result, Err(Error::Lockdown(lockdown::Error::NotTaken { .. }))), "{result:?}");
}

/// The secure CPU, one of whose writes is lost.
struct Losing<'m>(View<'m>, Cell<Option<usize>>);

impl Losing<'_> {
    fn arrives(&self) -> bool {
        let left = self.1.get();
        self.1.set(left.and_then(|left| left.checked_sub(1)));
        left != Some(0)
    }
}

impl Bus for Losing<'_> {
    fn read(&self, register: Register) -> u32 {
        self.0.read(register)
    }

    fn write(&self, register: Register, value: u32) {
        if self.arrives() {
            self.0.write(register, value);
        }
    }

    fn read16(&self, register: Register) -> u16 {
        self.0.read16(register)
    }

    fn write16(&self, register: Register, value: u16) {
        if self.arrives() {
            self.0.write16(register, value);
        }
    }
}

#[test]
fn every_lost_write_of_taking_back_is_found_or_opens_nothing() {
    let policy = board_policy(&MCIMX6ULL_EVK, Part::Ull);
    let (mut found, mut keyless, mut lost) = (0, 0, 0);
    loop {
        let (machine, _) = lent(&policy);
        let secure = machine.view(Actor::SecureCpu);
        let bus = Losing(secure, Cell::new(Some(lost)));
        let result = passes::take_back(&bus, &policy, Ram(secure, UNUSED), |_| ());
        if bus.1.get().is_some() {
            break;
        }
        match result {
            Err(_) => found += 1,
            Ok(key) => {
                keyless += usize::from(key.is_err());
                assert_eq!(audit(&secure, &policy, |_| ()), 0, "write {lost} is lost and nobody notices");
            }
        }
        lost += 1;
    }
    // The one of the CSL; and pointer and start of two packets.
    assert!(found == 1 && keyless >= 4 && lost > 10, "{found} found, {keyless} without key, of {lost}");
}

#[test]
fn nothing_is_lent_by_a_part_without_dcp_or_with_one_that_fails() {
    assert!(!policy::lends(Part::Ul, Arguments::new("open-first"), true, false));
    let policy = Policy { lends: true, ..board_policy(&USB_ARMORY_MK2, Part::Ul) };
    let machine = Machine::new(Fuses::new(Part::Ul));
    assert_eq!(lock_down(&machine.view(Actor::SecureCpu), &policy), Err(lockdown::Error::Part(Part::Ul)));
    assert_eq!(machine.history.borrow().len(), 1, "something was written");

    let policy = board_policy(&USB_ARMORY_MK2, Part::Ulz);
    let machine = Machine::new(Fuses::new(Part::Ulz));
    let bus = machine.view(Actor::SecureCpu);
    lock_down(&bus, &policy).unwrap();
    machine.dcp.borrow_mut().fault = Fault::PretendsUnique;
    assert_eq!(passes::lend(&bus, &policy, Ram(bus, UNUSED)), Err(Error::Dcp(dcp::Error::SelfTest)));
    assert!(!machine.state.borrow().reaches(Actor::NormalCpu, map::DCP.base(), false));
    assert_eq!(audit(&bus, &policy, |_| ()), 0, "it is closed, and not locked");
}
