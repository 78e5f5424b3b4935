// SPDX-License-Identifier: BSD-2-Clause
//! Cryptographic states of a TA by handle (OP-TEE ABI, state allocation).

use super::digest::Digest;
use crate::limits::MAX_STATES_OF_TA;
use alloc::boxed::Box;
use alloc::vec::Vec;
use utee_abi::result::TeeError;

/// What a state is for.
#[derive(Clone)]
pub enum Operation {
    /// A message digest.
    Digest(Box<Digest>),
}

/// A cryptographic state.
#[derive(Clone)]
pub struct State {
    /// Algorithm id.
    pub algorithm: u32,
    /// Mode id.
    pub mode: u32,
    /// True between init and final.
    pub initialised: bool,
    /// The operation.
    pub operation: Operation,
}

/// The states of a TA. A handle is never 0 and never names a state that came before it in the same place.
#[derive(Default)]
pub struct States {
    slots: Vec<(u32, Option<State>)>,
}

/// Bits of a handle that hold the slot number plus one.
const SLOT_BITS: u32 = 8;

impl States {
    /// No states.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a state in; gives its handle.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when the TA has too many.
    pub fn insert(&mut self, state: State) -> Result<u32, TeeError> {
        let index = match self.slots.iter().position(|(_, slot)| slot.is_none()) {
            Some(index) => index,
            None if self.slots.len() < MAX_STATES_OF_TA => {
                self.slots.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
                self.slots.push((0, None));
                self.slots.len().saturating_sub(1)
            }
            None => return Err(TeeError::OUT_OF_MEMORY),
        };
        let slot = self.slots.get_mut(index).ok_or(TeeError::GENERIC)?;
        slot.0 = slot.0.wrapping_add(1) & (u32::MAX >> SLOT_BITS);
        slot.1 = Some(state);
        let number = u32::try_from(index.saturating_add(1)).map_err(|_| TeeError::GENERIC)?;
        Ok(slot.0 << SLOT_BITS | number)
    }

    fn slot(&mut self, handle: u32) -> Option<&mut Option<State>> {
        let number = usize::try_from(handle & ((1 << SLOT_BITS) - 1)).ok()?;
        let (generation, slot) = self.slots.get_mut(number.checked_sub(1)?)?;
        (*generation == handle >> SLOT_BITS).then_some(slot)
    }

    /// The state of a handle.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an unknown one.
    pub fn get(&mut self, handle: u32) -> Result<&mut State, TeeError> {
        self.slot(handle).and_then(Option::as_mut).ok_or(TeeError::BAD_PARAMETERS)
    }

    /// Frees the state of a handle.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an unknown one.
    pub fn remove(&mut self, handle: u32) -> Result<(), TeeError> {
        let state = self.slot(handle).and_then(Option::take);
        state.map(drop).ok_or(TeeError::BAD_PARAMETERS)
    }
}
