// SPDX-License-Identifier: BSD-2-Clause
//! The directory: which object is in which file, and what the hash of its root is (OP-TEE ABI, directory file content).

use crate::storage::backend::Name;
use crate::storage::htree::{Machine, Tree};
use alloc::vec::Vec;
use core::cell::Cell;
use utee_abi::htree::{DIR_ENTRY_SIZE, DirEntry};
use utee_abi::result::TeeError;

/// The directory, open.
pub(super) struct Directory<'m> {
    tree: Tree<'m>,
    damaged: Cell<bool>,
}

/// An entry and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) index: u64,
    pub(super) entry: DirEntry,
}

/// What there is to know before something is added.
pub(super) struct Room {
    /// The object of that name.
    pub(super) found: Option<Place>,
    /// Where a new entry goes.
    pub(super) index: u64,
    /// The least number that no file has.
    pub(super) file: u32,
}

impl<'m> Directory<'m> {
    /// The directory in a tree.
    pub(super) fn new(tree: Tree<'m>) -> Self {
        Self { tree, damaged: Cell::new(false) }
    }

    /// True when a block of it is not what was written.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.get()
    }

    /// Notes what is wrong with the directory: it is no matter of one object, which would be removed for it.
    fn note(&self, error: TeeError) -> TeeError {
        if error == TeeError::CORRUPT_OBJECT {
            self.damaged.set(true);
        }
        error
    }

    /// Its file.
    pub(super) fn tree(&mut self) -> &mut Tree<'m> {
        &mut self.tree
    }

    fn entries(&self) -> u64 {
        self.tree.len() / DIR_ENTRY_SIZE as u64
    }

    /// Goes through the entries that hold something.
    ///
    /// # Errors
    /// Those of the tree and of `each`.
    pub(super) fn each(&self, mut each: impl FnMut(Place) -> Result<(), TeeError>) -> Result<(), TeeError> {
        let mut bytes = [0; DIR_ENTRY_SIZE];
        let (mut fill, mut index) = (0usize, 0u64);
        // Entries go over the ends of blocks.
        let mut take = |mut part: &[u8]| {
            while !part.is_empty() {
                let (now, rest) = part.split_at(part.len().min(DIR_ENTRY_SIZE.saturating_sub(fill)));
                let end = fill.saturating_add(now.len());
                bytes.get_mut(fill..end).ok_or(TeeError::GENERIC)?.copy_from_slice(now);
                (fill, part) = (end, rest);
                if fill == DIR_ENTRY_SIZE {
                    let entry = DirEntry::read(&bytes).ok_or(TeeError::GENERIC)?;
                    if entry.id().is_some() {
                        each(Place { index, entry })?;
                    }
                    (fill, index) = (0, index.saturating_add(1));
                }
            }
            Ok(())
        };
        self.tree.read(0, self.tree.len(), &mut take).map(drop).map_err(|error| self.note(error))
    }

    /// The entry of an object.
    ///
    /// # Errors
    /// Those of the tree.
    pub(super) fn find(&self, name: &Name) -> Result<Option<Place>, TeeError> {
        let mut found = None;
        self.each(|place| {
            if is_of(&place.entry, name) {
                found = Some(place);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The entry of an object, and room for another one.
    ///
    /// # Errors
    /// Those of the tree; OUT_OF_MEMORY.
    pub(super) fn room(&self, machine: &dyn Machine, name: &Name) -> Result<Room, TeeError> {
        // A bit for each number that may be the least free one, and the same for places.
        let len = usize::try_from(self.entries() / 8).map_err(|_| TeeError::OUT_OF_MEMORY)?.saturating_add(1);
        let (mut files, mut places) = (bits(machine, len)?, bits(machine, len)?);
        let mut found = None;
        self.each(|place| {
            set(&mut files, u64::from(place.entry.file));
            set(&mut places, place.index);
            if is_of(&place.entry, name) {
                found = Some(place);
            }
            Ok(())
        })?;
        let file = u32::try_from(first_free(&files)).map_err(|_| TeeError::STORAGE_NO_SPACE)?;
        Ok(Room { found, index: first_free(&places).min(self.entries()), file })
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// Those of the tree.
    pub(super) fn put(&mut self, index: u64, entry: &DirEntry) -> Result<(), TeeError> {
        let written = self.tree.write(index.saturating_mul(DIR_ENTRY_SIZE as u64), &entry.write().as_slice());
        written.map_err(|error| self.note(error))
    }

    /// Takes an entry out; those at the end that hold nothing go too.
    ///
    /// # Errors
    /// Those of the tree.
    pub(super) fn clear(&mut self, index: u64) -> Result<(), TeeError> {
        let mut end = 0;
        self.each(|place| {
            if place.index != index {
                end = place.index.saturating_add(1);
            }
            Ok(())
        })?;
        if index < end { self.put(index, &DirEntry::FREE) } else { self.tree.set_len(end.saturating_mul(DIR_ENTRY_SIZE as u64)) }
    }
}

fn is_of(entry: &DirEntry, name: &Name) -> bool {
    entry.owner == name.owner.to_memory() && entry.id() == Some(name.id.bytes())
}

fn bits(machine: &dyn Machine, len: usize) -> Result<Vec<u8>, TeeError> {
    machine.admit(len)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

fn set(bits: &mut [u8], number: u64) {
    if let Some(byte) = usize::try_from(number / 8).ok().and_then(|at| bits.get_mut(at)) {
        *byte |= 1 << (number % 8);
    }
}

/// The first bit that is not set. There are more bits than entries, so that there is one.
fn first_free(bits: &[u8]) -> u64 {
    let at = bits.iter().take_while(|byte| **byte == 0xFF).count();
    let bit = bits.get(at).map_or(0, |byte| byte.trailing_ones());
    (at as u64).saturating_mul(8).saturating_add(u64::from(bit))
}
