// SPDX-License-Identifier: BSD-2-Clause
//! Objects in secure memory, until the next reset: for boards without a normal world that keeps files, and for tests.

use super::backend::{Backend, Existing, Ids, Name, ObjectId, Sink, Source};
use crate::call::Call;
use crate::limits::{MAX_STORE_IN_MEMORY, admit};
use crate::lock::Lock;
use crate::ports::Platform;
use alloc::vec::Vec;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

/// Bytes that are moved at a time.
const PART: usize = 256;

/// What an object costs beside its content.
const OVERHEAD: usize = size_of::<(Name, Zeroizing<Vec<u8>>)>();

type Content = Zeroizing<Vec<u8>>;

/// The store. Its content is in the kernel's heap, of which all objects together take a part at most.
pub struct Memory<P: Platform> {
    objects: Lock<P, Vec<(Name, Content)>>,
}

impl<P: Platform> Memory<P> {
    /// An empty store.
    pub fn new() -> Self {
        Self { objects: Lock::<P, _>::new(Vec::new()) }
    }

    /// Runs `f` on the content of an object that was opened.
    fn with<R>(&self, name: &Name, f: impl FnOnce(&mut Content) -> Result<R, TeeError>) -> Result<R, TeeError> {
        let mut objects = self.objects.lock();
        let object = objects.iter_mut().find(|(other, _)| other == name);
        f(&mut object.ok_or(TeeError::CORRUPT_OBJECT)?.1)
    }

    /// Refuses bytes for which there is no room.
    fn room_for(&self, platform: &P, more: usize) -> Result<(), TeeError> {
        let used =
            self.objects.lock().iter().fold(0usize, |sum, (_, content)| sum.saturating_add(content.capacity()).saturating_add(OVERHEAD));
        if used.saturating_add(more) > MAX_STORE_IN_MEMORY {
            return Err(TeeError::STORAGE_NO_SPACE);
        }
        admit(platform, more).map_err(|_| TeeError::STORAGE_NO_SPACE)
    }

    /// Memory for `len` bytes, with the beginning of `old` in it.
    fn copy_of(&self, platform: &P, old: &[u8], len: usize) -> Result<Content, TeeError> {
        self.room_for(platform, len)?;
        let mut content = Content::default();
        content.try_reserve_exact(len).map_err(|_| TeeError::STORAGE_NO_SPACE)?;
        content.extend_from_slice(old.get(..len).unwrap_or(old));
        content.resize(len, 0);
        Ok(content)
    }

    /// Makes the content `len` bytes long.
    fn resize(&self, platform: &P, name: &Name, len: usize) -> Result<(), TeeError> {
        let (old, room) = self.with(name, |content| Ok((content.len(), content.capacity())))?;
        if len <= room {
            return self.with(name, |content| {
                content.get_mut(len.min(old)..).unwrap_or_default().zeroize();
                content.resize(len, 0);
                Ok(())
            });
        }
        let old = self.with(name, |content| Ok(core::mem::take(content)))?;
        let new = self.copy_of(platform, &old, len);
        let (result, content) = match new {
            Ok(new) => (Ok(()), new),
            Err(error) => (Err(error), old),
        };
        self.with(name, |place| {
            *place = content;
            Ok(())
        })?;
        result
    }
}

impl<P: Platform> Default for Memory<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// Fills `content` from byte `at` on.
fn fill(content: &mut [u8], at: usize, from: &dyn Source) -> Result<(), TeeError> {
    let place = content.get_mut(at..).ok_or(TeeError::GENERIC)?;
    let place = place.get_mut(..size(from.len())?).ok_or(TeeError::GENERIC)?;
    from.read(0, place)
}

/// A length that fits into memory.
fn size(len: u64) -> Result<usize, TeeError> {
    usize::try_from(len).ok().filter(|len| *len <= MAX_STORE_IN_MEMORY).ok_or(TeeError::STORAGE_NO_SPACE)
}

impl<P: Platform> Backend<P> for Memory<P> {
    fn open(&self, _call: &Call<'_, P>, name: &Name, head: &mut [u8]) -> Result<u64, TeeError> {
        let objects = self.objects.lock();
        let (_, content) = objects.iter().find(|(other, _)| other == name).ok_or(TeeError::ITEM_NOT_FOUND)?;
        for (to, from) in head.iter_mut().zip(content.iter()) {
            *to = *from;
        }
        Ok(content.len() as u64)
    }

    fn create(&self, call: &Call<'_, P>, name: &Name, existing: Existing, from: &dyn Source) -> Result<(), TeeError> {
        let is_there = self.objects.lock().iter().any(|(other, _)| other == name);
        if is_there && existing == Existing::Keep {
            return Err(TeeError::ACCESS_CONFLICT);
        }
        let mut content = self.copy_of(call.platform(), &[], size(from.len())?)?;
        fill(&mut content, 0, from)?;
        self.room_for(call.platform(), content.len().saturating_add(OVERHEAD))?;
        let old = {
            let mut objects = self.objects.lock();
            match objects.iter_mut().find(|(other, _)| other == name) {
                Some((_, place)) => Some(core::mem::replace(place, content)),
                None => {
                    objects.try_reserve(1).map_err(|_| TeeError::STORAGE_NO_SPACE)?;
                    objects.push((name.clone(), content));
                    None
                }
            }
        };
        // Wiping it takes a while: the lock is free by then.
        drop(old);
        Ok(())
    }

    fn read(&self, _call: &Call<'_, P>, name: &Name, _len: u64, at: u64, wanted: u64, to: &mut Sink<'_>) -> Result<u64, TeeError> {
        let mut part = Zeroizing::new([0; PART]);
        let mut done = 0u64;
        while done < wanted {
            let from = usize::try_from(at.saturating_add(done)).unwrap_or(usize::MAX);
            let most = usize::try_from(wanted.saturating_sub(done)).unwrap_or(PART).min(PART);
            let count = self.with(name, |content| {
                let rest = content.get(from..).unwrap_or_default();
                let rest = rest.get(..most).unwrap_or(rest);
                part.get_mut(..rest.len()).ok_or(TeeError::GENERIC)?.copy_from_slice(rest);
                Ok(rest.len())
            })?;
            if count == 0 {
                break;
            }
            to(part.get(..count).unwrap_or_default())?;
            done = done.saturating_add(count as u64);
        }
        Ok(done)
    }

    fn write(&self, call: &Call<'_, P>, name: &Name, _len: u64, at: u64, from: &dyn Source) -> Result<u64, TeeError> {
        let (at, end) = (size(at)?, size(at.saturating_add(from.len()))?);
        // Copied apart from the object: whatever the owner of the bytes fails with leaves it as it is.
        let mut bytes = self.copy_of(call.platform(), &[], size(from.len())?)?;
        from.read(0, &mut bytes)?;
        if self.with(name, |content| Ok(content.len()))? < end {
            self.resize(call.platform(), name, end)?;
        }
        self.with(name, |content| {
            fill(content, at, &bytes.as_slice())?;
            Ok(content.len() as u64)
        })
    }

    fn truncate(&self, call: &Call<'_, P>, name: &Name, _len: u64, new: u64) -> Result<(), TeeError> {
        self.resize(call.platform(), name, size(new)?)
    }

    fn rename(&self, _call: &Call<'_, P>, name: &Name, to: &ObjectId) -> Result<(), TeeError> {
        let mut objects = self.objects.lock();
        if objects.iter().any(|(other, _)| other.owner == name.owner && other.id == *to) {
            return Err(TeeError::ACCESS_CONFLICT);
        }
        let (place, _) = objects.iter_mut().find(|(other, _)| other == name).ok_or(TeeError::CORRUPT_OBJECT)?;
        place.id = to.clone();
        Ok(())
    }

    fn remove(&self, _call: &Call<'_, P>, name: &Name) -> Result<(), TeeError> {
        let gone = {
            let mut objects = self.objects.lock();
            objects.iter().position(|(other, _)| other == name).map(|index| objects.swap_remove(index))
        };
        gone.map(drop).ok_or(TeeError::ITEM_NOT_FOUND)
    }

    fn list(&self, call: &Call<'_, P>, owner: &Uuid) -> Result<Ids, TeeError> {
        let mut ids = Ids::new();
        for (name, _) in self.objects.lock().iter().filter(|(name, _)| name.owner == *owner) {
            ids.push(call.platform(), &name.id)?;
        }
        Ok(ids)
    }
}
