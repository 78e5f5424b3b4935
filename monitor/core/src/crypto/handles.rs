// SPDX-License-Identifier: BSD-2-Clause
//! Things of a TA by handle. A handle is never 0 and never names a thing that came before in the same place.

use alloc::vec::Vec;
use utee_abi::result::TeeError;

/// Bits of a handle that hold the slot number plus one.
const SLOT_BITS: u32 = 8;

/// A table of things of which a TA has `LIMIT` at most.
pub struct Handles<T, const LIMIT: usize> {
    slots: Vec<(u32, Option<T>)>,
}

impl<T, const LIMIT: usize> Default for Handles<T, LIMIT> {
    fn default() -> Self {
        const { assert!(LIMIT < 1 << SLOT_BITS) };
        Self { slots: Vec::new() }
    }
}

impl<T, const LIMIT: usize> Handles<T, LIMIT> {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a thing in; gives its handle.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when the TA has too many.
    pub fn insert(&mut self, thing: T) -> Result<u32, TeeError> {
        let index = match self.slots.iter().position(|(_, slot)| slot.is_none()) {
            Some(index) => index,
            None if self.slots.len() < LIMIT => {
                self.slots.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
                self.slots.push((0, None));
                self.slots.len().saturating_sub(1)
            }
            None => return Err(TeeError::OUT_OF_MEMORY),
        };
        let slot = self.slots.get_mut(index).ok_or(TeeError::GENERIC)?;
        slot.0 = slot.0.wrapping_add(1) & (u32::MAX >> SLOT_BITS);
        slot.1 = Some(thing);
        let number = u32::try_from(index.saturating_add(1)).map_err(|_| TeeError::GENERIC)?;
        Ok(slot.0 << SLOT_BITS | number)
    }

    fn index(&self, handle: u32) -> Option<usize> {
        let index = usize::try_from(handle & ((1 << SLOT_BITS) - 1)).ok()?.checked_sub(1)?;
        let (generation, _) = self.slots.get(index)?;
        (*generation == handle >> SLOT_BITS).then_some(index)
    }

    /// The thing of a handle.
    pub fn get(&self, handle: u32) -> Option<&T> {
        self.slots.get(self.index(handle)?)?.1.as_ref()
    }

    /// The thing of a handle, to change it.
    pub fn get_mut(&mut self, handle: u32) -> Option<&mut T> {
        let index = self.index(handle)?;
        self.slots.get_mut(index)?.1.as_mut()
    }

    /// Takes the thing of a handle out.
    pub fn remove(&mut self, handle: u32) -> Option<T> {
        let index = self.index(handle)?;
        self.slots.get_mut(index)?.1.take()
    }
}

#[cfg(test)]
mod tests {
    use super::Handles;

    #[test]
    fn a_handle_names_one_thing_only() {
        let mut handles = Handles::<u8, 3>::new();
        let first = handles.insert(1).unwrap();
        assert!(handles.insert(2).is_ok() && handles.insert(3).is_ok() && handles.insert(4).is_err());
        assert_eq!(handles.remove(first), Some(1));
        let again = handles.insert(5).unwrap();
        assert_ne!(first, again);
        assert_eq!((handles.get(first), handles.get(again)), (None, Some(&5)));
        assert_eq!((handles.get(0), handles.get(u32::MAX)), (None, None));
        assert!(handles.remove(first).is_none() && handles.get_mut(again ^ 0x100).is_none());
    }
}
