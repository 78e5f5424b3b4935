// SPDX-License-Identifier: BSD-2-Clause
//! What every master of the normal world tries on the model, and what it may get.

use std::collections::BTreeSet;

use drivers::imx6::map;

use super::model::{ACTORS, Actor, SLOTS, State};

/// What the normal world is meant to get, written down apart from the policy.
pub(crate) struct Listed {
    /// Base and bytes.
    pub(crate) memory: &'static [(u32, u32)],
    /// CSL register and slave.
    pub(crate) slots: &'static [(usize, u32)],
}

impl Listed {
    fn has(&self, address: u32) -> bool {
        let in_memory = |&(base, size): &(u32, u32)| address >= base && address - base < size;
        let slot = SLOTS.iter().find(|(block, ..)| block.contains(address)).map(|&(_, csl, slave)| (csl, slave));
        self.memory.iter().any(in_memory) || slot.is_some_and(|slot| self.slots.contains(&slot))
    }

    fn has_slot(&self, slot: (usize, u32)) -> bool {
        self.slots.contains(&slot)
    }
}

/// An access that the normal world may try, by whatever master lets it: a place, and whether to write.
type Attempt = (u32, bool);

fn reached(state: &State, (place, write): Attempt) -> bool {
    ACTORS.iter().any(|&actor| state.reaches(actor, place, write))
}

/// Addresses where rights can change: those of the regions and of the list, and a grid; every page of the OCRAM, and the ends
/// of every block but the CSU, which has no rights to change.
fn places(history: &[State], listed: &Listed) -> BTreeSet<u32> {
    let mut places: BTreeSet<u32> = (0..64).map(|part| map::DDR.base() + part * (map::DDR.size() / 64)).collect();
    let bases = history.iter().flat_map(|state| state.regions).map(|[low, _, attributes]| (low & !0x7FFF, attributes));
    let regions: BTreeSet<_> = bases.map(|(low, attributes)| (low, 2u64 << (attributes >> 1 & 0x3F).min(40))).collect();
    let lists = listed.memory.iter().map(|&(base, size)| (base, u64::from(size)));
    for (base, size) in regions.into_iter().chain(lists) {
        let base = u64::from(base) & !(size - 1);
        for eighth in 0..=8 {
            let border = base + size * eighth / 8;
            places.extend([border.wrapping_sub(4), border].into_iter().filter_map(|place| u32::try_from(place).ok()));
        }
    }
    places.retain(|&place| map::DDR.contains(place));
    places.extend((0..32).map(|page| map::OCRAM.base() + page * 0x1000));
    for (block, ..) in SLOTS.iter().filter(|(block, ..)| *block != map::CSU) {
        places.extend([block.base(), block.base() + block.size() - 4]);
    }
    places
}

fn attempts(places: &BTreeSet<u32>) -> Vec<Attempt> {
    places.iter().flat_map(|&place| [(place, false), (place, true)]).collect()
}

/// Everything wrong with the way from the first state to the last.
pub(crate) fn faults_on_the_way(history: &[State], listed: &Listed) -> Vec<String> {
    let (mut faults, mut given) = (Vec::new(), false);
    let all = attempts(&places(history, listed));
    let (allowed, secure): (Vec<Attempt>, Vec<Attempt>) = all.into_iter().partition(|&(place, _)| listed.has(place));
    for (step, pair) in history.windows(2).enumerate() {
        let [before, after] = pair else { unreachable!("pairs") };
        // Once the normal world has been given anything that it had not, all of it may run.
        given |= allowed.iter().any(|&attempt| !reached(before, attempt) && reached(after, attempt));
        for &attempt in &secure {
            if reached(after, attempt) && (given || !reached(before, attempt)) {
                faults.push(format!("write {step}: opens {attempt:x?}"));
            }
        }
        if given && before != after && faults.is_empty() {
            faults.extend(takeovers(after, &secure).map(|fault| format!("write {step}: {fault}")));
        }
    }
    faults
}

/// Registers that decide who reaches what.
fn deciding() -> impl Iterator<Item = u32> {
    let words = |base: u32, bytes: u32| (0..bytes / 4).map(move |word| base + 4 * word);
    words(map::CSU.base(), 0x300).chain(words(map::TZASC.base(), 0x200)).chain(words(map::IOMUXC_GPR.base(), 0x40))
}

/// Values worth writing over `old`.
fn values(old: u32) -> Vec<u32> {
    let bits = (0..32).map(|bit| old ^ 1 << bit);
    [0, u32::MAX, !old, old & 0x00FF_00FF, old & 0x5555_5555].into_iter().chain(bits).collect()
}

/// Single writes of the normal world that reach a register and open something secure.
fn takeovers<'a>(state: &'a State, secure: &'a [Attempt]) -> impl Iterator<Item = String> + 'a {
    deciding().filter(|&register| ACTORS.iter().any(|&actor| state.reaches(actor, register, true))).filter_map(move |register| {
        let old = state.read(register);
        let opened = values(old).into_iter().find(|&value| {
            let mut changed = state.clone();
            changed.write(register, value);
            changed.others.clone_from(&state.others);
            changed != *state && secure.iter().any(|&attempt| reached(&changed, attempt))
        });
        opened.map(|value| format!("{register:#x} takes {value:#x} from the normal world, which opens secure memory"))
    })
}

/// Everything wrong with the state at the end.
pub(crate) fn faults_at_the_end(state: &State, listed: &Listed) -> Vec<String> {
    let mut faults = Vec::new();
    // Every slot, those of blocks without a known address too.
    for (csl, slave) in (0..40).flat_map(|csl| [(csl, 0), (csl, 1)]) {
        for (actor, write) in ACTORS.into_iter().flat_map(|actor| [(actor, false), (actor, true)]) {
            let reached = state.reaches_slot(actor, csl, slave, write);
            if reached && !listed.has_slot((csl, slave)) {
                faults.push(format!("{actor:?} reaches CSL({csl},{slave})"));
            }
            if actor == Actor::NormalCpu && !reached && listed.has_slot((csl, slave)) {
                faults.push(format!("CSL({csl},{slave}) is listed and closed"));
            }
        }
    }
    // Every register of every block, every page of memory.
    let registers = SLOTS.iter().filter(|(block, ..)| *block != map::CSU && *block != map::OCRAM);
    let registers = registers.flat_map(|(block, ..)| (block.base()..block.base() + block.size()).step_by(4));
    let pages = [map::OCRAM, map::DDR].into_iter().flat_map(|block| (block.base()..block.base() + block.size()).step_by(0x1000));
    for place in registers.chain(pages) {
        let is_listed = listed.has(place);
        for (actor, write) in ACTORS.into_iter().flat_map(|actor| [(actor, false), (actor, true)]) {
            let reached = state.reaches(actor, place, write);
            if reached && !is_listed {
                faults.push(format!("{actor:?} reaches {place:#x}"));
            }
            if !reached && is_listed && actor == Actor::NormalCpu {
                faults.push(format!("{place:#x} is listed and closed"));
            }
        }
    }
    faults.extend(unlocked(state));
    faults
}

/// Writes that undo something: of the normal world anything at all, of the secure world what is locked.
fn unlocked(state: &State) -> Vec<String> {
    let mut faults = Vec::new();
    for register in deciding() {
        for value in values(state.read(register)) {
            for actor in ACTORS {
                let mut changed = state.clone();
                changed.attempt(actor, register, value);
                // A register of the CSU that decides nothing may be anyone's.
                changed.others.clone_from(&state.others);
                if changed != *state {
                    faults.push(format!("{actor:?} changes {register:#x} to {value:#x}"));
                }
            }
            let mut changed = state.clone();
            changed.attempt(Actor::SecureCpu, register, value);
            if changed.locked_part() != state.locked_part() {
                faults.push(format!("{register:#x} is not locked: it takes {value:#x}"));
            }
        }
    }
    faults
}
