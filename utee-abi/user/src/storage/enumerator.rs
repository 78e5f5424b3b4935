// SPDX-License-Identifier: BSD-2-Clause
//! Going through the objects of this TA.

use super::raw::EnumeratorRef;
use super::{OBJECT_ID_MAX, StorageId};
use crate::{Result, TeeError};
use utee_abi::crypto::UteeObjectInfo;

/// An object that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    id: [u8; OBJECT_ID_MAX],
    len: usize,
    /// What there is to know of it.
    pub info: UteeObjectInfo,
}

impl Entry {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        self.id.get(..self.len).unwrap_or_default()
    }
}

/// Goes through the objects that there were when it was made. Dropping it frees it.
///
/// Objects may be created and removed meanwhile; what is removed is left out. One that is corrupt is an error, after which it goes on;
/// after another error it has ended.
#[derive(Debug)]
pub struct ObjectEnumerator {
    enumerator: EnumeratorRef,
    ended: bool,
}

/// The objects of the TA in a storage.
///
/// # Errors
/// ITEM_NOT_FOUND for an unknown storage; STORAGE_NOT_AVAILABLE, OUT_OF_MEMORY.
pub fn objects(storage: StorageId) -> Result<ObjectEnumerator> {
    // Owned at once, so that an error below frees it.
    let mut objects = ObjectEnumerator { enumerator: EnumeratorRef::new()?, ended: false };
    match objects.enumerator.start(storage) {
        Err(TeeError::ITEM_NOT_FOUND) if StorageId::ALL.iter().any(|(_, known)| *known == storage) => objects.ended = true,
        result => result?,
    }
    Ok(objects)
}

impl Iterator for ObjectEnumerator {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        if self.ended {
            return None;
        }
        let mut id = [0; OBJECT_ID_MAX];
        // SAFETY: the kernel writes to `id`.
        match unsafe { self.enumerator.next(id.as_mut_ptr()) } {
            Ok((info, len)) => Some(Ok(Entry { id, len, info })),
            Err(TeeError::CORRUPT_OBJECT) => Some(Err(TeeError::CORRUPT_OBJECT)),
            Err(error) => {
                self.ended = true;
                (error != TeeError::ITEM_NOT_FOUND).then_some(Err(error))
            }
        }
    }
}

impl Drop for ObjectEnumerator {
    fn drop(&mut self) {
        // One that cannot be freed has no other remedy; the kernel frees it with the instance.
        let _ = self.enumerator.free();
    }
}
