// SPDX-License-Identifier: BSD-2-Clause
//! Persistent objects: keys and data that outlast this instance (GlobalPlatform TEE Internal Core API 1.3.1, sections 5.7 to 5.9).
//!
//! Each TA has a storage of its own, which no other TA reaches. [`PersistentObject`] is an open object, [`objects`] goes through all of
//! them. Dropping closes. What protects the content depends on the TEE and its board.
//!
//! ```no_run
//! use utee::storage::{Flags, PersistentObject};
//! let mut counter = match PersistentObject::open(b"counter", Flags::ACCESS_READ | Flags::ACCESS_WRITE) {
//!     Err(utee::TeeError::ITEM_NOT_FOUND) => PersistentObject::create(b"counter", Flags::ACCESS_READ | Flags::ACCESS_WRITE, None, &[0; 4])?,
//!     other => other?,
//! };
//! let mut value = [0; 4];
//! counter.read_exact(&mut value)?;
//! counter.rewind()?;
//! counter.write(&u32::from_le_bytes(value).wrapping_add(1).to_le_bytes())?;
//! # Ok::<(), utee::TeeError>(())
//! ```

mod enumerator;
pub mod raw;

pub use enumerator::{Entry, ObjectEnumerator, objects};
pub use utee_abi::crypto::HandleFlags as Flags;
pub use utee_abi::storage::{OBJECT_ID_MAX, StorageId};

use crate::crypto::{Object, ObjectRef};
use crate::{Result, TeeError};
use alloc::vec::Vec;
use utee_abi::storage::Whence;

/// Where a position counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekFrom {
    /// The beginning.
    Start(u32),
    /// The end, as it is now.
    End(i32),
    /// The position.
    Current(i32),
}

/// An open persistent object: attributes of a key, which may be none, and a data stream with a position. Dropping it closes it.
#[derive(Debug, PartialEq, Eq)]
pub struct PersistentObject(Object);

impl PersistentObject {
    /// Opens an object of the TA's private storage.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND; ACCESS_CONFLICT when it is open and not shared by all; CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE, OUT_OF_MEMORY;
    /// BAD_PARAMETERS for an id of more than [`OBJECT_ID_MAX`] bytes.
    pub fn open(id: &[u8], flags: Flags) -> Result<Self> {
        Self::open_in(StorageId::PRIVATE, id, flags)
    }

    /// Opens an object of a storage.
    ///
    /// # Errors
    /// As [`PersistentObject::open`]; ITEM_NOT_FOUND also for an unknown storage.
    pub fn open_in(storage: StorageId, id: &[u8], flags: Flags) -> Result<Self> {
        // SAFETY: the kernel reads `id`.
        unsafe { raw::open(storage, id.as_ptr(), id.len(), flags.bits()) }.map(Self::own)
    }

    /// Creates an object with the attributes of `key` and this data in the TA's private storage, in one step. An object that has the id is
    /// replaced with [`Flags::OVERWRITE`].
    ///
    /// # Errors
    /// ACCESS_CONFLICT for an id that is taken, or open and not shared; STORAGE_NO_SPACE, STORAGE_NOT_AVAILABLE, CORRUPT_OBJECT,
    /// OUT_OF_MEMORY; BAD_PARAMETERS for an id that is too long, or a key without attributes.
    pub fn create(id: &[u8], flags: Flags, key: Option<&Object>, data: &[u8]) -> Result<Self> {
        Self::create_in(StorageId::PRIVATE, id, flags, key, data)
    }

    /// Creates an object in a storage.
    ///
    /// # Errors
    /// As [`PersistentObject::create`]; ITEM_NOT_FOUND for an unknown storage.
    pub fn create_in(storage: StorageId, id: &[u8], flags: Flags, key: Option<&Object>, data: &[u8]) -> Result<Self> {
        let key = key.map(|key| **key);
        // SAFETY: the kernel reads `id` and `data`.
        unsafe { raw::create(storage, (id.as_ptr(), id.len()), flags.bits(), key, (data.as_ptr(), data.len())) }.map(Self::own)
    }

    fn own(object: ObjectRef) -> Self {
        Self(Object::from_ref(object))
    }

    /// The key in it, for operations and for its attributes.
    #[must_use]
    pub fn key(&self) -> &Object {
        &self.0
    }

    /// Bytes of the data stream.
    ///
    /// # Errors
    /// CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE.
    pub fn size(&self) -> Result<u32> {
        Ok(self.0.info()?.data_size)
    }

    /// Position in the data stream.
    ///
    /// # Errors
    /// As [`PersistentObject::size`].
    pub fn position(&self) -> Result<u32> {
        Ok(self.0.info()?.data_position)
    }

    /// Reads from the position on; how many bytes there were.
    ///
    /// # Errors
    /// ACCESS_CONFLICT when it was not opened for that; CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        // SAFETY: the kernel writes to `out`.
        unsafe { raw::read(*self.0, out.as_mut_ptr(), out.len()) }
    }

    /// Fills `out` from the position on.
    ///
    /// # Errors
    /// As [`PersistentObject::read`]; NO_DATA when the stream is shorter.
    pub fn read_exact(&mut self, out: &mut [u8]) -> Result<()> {
        if self.read(out)? == out.len() { Ok(()) } else { Err(TeeError::NO_DATA) }
    }

    /// Everything from the position on.
    ///
    /// # Errors
    /// As [`PersistentObject::read`]; OUT_OF_MEMORY.
    pub fn read_to_end(&mut self) -> Result<Vec<u8>> {
        let info = self.0.info()?;
        let mut out = Vec::new();
        let len = info.data_size.saturating_sub(info.data_position) as usize;
        out.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        out.resize(len, 0);
        let len = self.read(&mut out)?;
        out.truncate(len);
        Ok(out)
    }

    /// Writes all of `data` at the position.
    ///
    /// # Errors
    /// ACCESS_CONFLICT when it was not opened for that; OVERFLOW past the last position; STORAGE_NO_SPACE, CORRUPT_OBJECT,
    /// STORAGE_NOT_AVAILABLE.
    pub fn write(&mut self, data: &[u8]) -> Result<()> {
        // SAFETY: the kernel reads `data`.
        unsafe { raw::write(*self.0, data.as_ptr(), data.len()) }
    }

    /// Cuts the data stream, or fills it up with zeros. The position stays.
    ///
    /// # Errors
    /// As [`PersistentObject::write`].
    pub fn truncate(&mut self, size: u32) -> Result<()> {
        raw::truncate(*self.0, size)
    }

    /// Moves the position, which may be past the end; before the beginning is the beginning.
    ///
    /// # Errors
    /// OVERFLOW past the last position; CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE.
    pub fn seek(&mut self, to: SeekFrom) -> Result<()> {
        match to {
            SeekFrom::Start(position) => raw::seek_wide(*self.0, i64::from(position), Whence::Set),
            SeekFrom::End(offset) => raw::seek_wide(*self.0, i64::from(offset), Whence::End),
            SeekFrom::Current(offset) => raw::seek_wide(*self.0, i64::from(offset), Whence::Cur),
        }
    }

    /// Moves the position to the beginning.
    ///
    /// # Errors
    /// As [`PersistentObject::seek`].
    pub fn rewind(&mut self) -> Result<()> {
        self.seek(SeekFrom::Start(0))
    }

    /// Gives it another id.
    ///
    /// # Errors
    /// BAD_STATE when it was not opened with [`Flags::ACCESS_WRITE_META`]; ACCESS_CONFLICT for an id that is taken; BAD_PARAMETERS for one
    /// that is too long; CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE.
    pub fn rename(&mut self, id: &[u8]) -> Result<()> {
        // SAFETY: the kernel reads `id`.
        unsafe { raw::rename(*self.0, id.as_ptr(), id.len()) }
    }

    /// Closes and removes it.
    ///
    /// # Errors
    /// ACCESS_CONFLICT when it was not opened with [`Flags::ACCESS_WRITE_META`]; STORAGE_NOT_AVAILABLE. It is closed all the same.
    pub fn delete(self) -> Result<()> {
        raw::delete(self.0.into_ref())
    }

    /// Its handle, to be closed by whoever gets it.
    #[must_use]
    pub fn into_ref(self) -> ObjectRef {
        self.0.into_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::{Flags, PersistentObject, StorageId, objects};
    use crate::TeeError;
    use crate::fake;
    use alloc::vec::Vec;
    use utee_abi::sysnum::Syscall as S;

    /// Answers a call that opens with a handle: the word at `place`.
    fn opens(number: S, place: usize) {
        fake::on(number, move |args| {
            // SAFETY: the caller's cell.
            unsafe { args[place].pointer::<u32>().write(9) };
            0
        });
    }

    fn calls() -> Vec<S> {
        fake::calls().into_iter().map(|call| call.number).collect()
    }

    #[test]
    fn what_is_dropped_is_closed() {
        opens(S::StorageObjOpen, 4);
        opens(S::StorageObjCreate, 7);
        for number in [S::CrypObjClose, S::StorageObjDel, S::StorageFreeEnum] {
            fake::on(number, |args| if args[0].value() == 9 { 0 } else { TeeError::BAD_STATE.raw() });
        }
        drop(PersistentObject::open(b"x", Flags::ACCESS_READ));
        drop(PersistentObject::create(b"x", Flags::ACCESS_READ, None, b""));
        assert_eq!(calls(), [S::StorageObjOpen, S::CrypObjClose, S::StorageObjCreate, S::CrypObjClose]);
        // Deleting closes by itself, and what goes out of hand is not closed.
        assert_eq!(PersistentObject::open(b"x", Flags::ACCESS_READ).and_then(PersistentObject::delete), Ok(()));
        assert_eq!(PersistentObject::open(b"x", Flags::ACCESS_READ).map(|object| object.into_ref().handle()), Ok(9));
        assert_eq!(calls(), [S::StorageObjOpen, S::StorageObjDel, S::StorageObjOpen]);
    }

    #[test]
    fn enumerators_are_freed_however_they_end() {
        opens(S::StorageAllocEnum, 0);
        fake::on(S::StorageFreeEnum, |_| 0);
        for (error, first) in [
            (TeeError::ITEM_NOT_FOUND, None),
            (TeeError::STORAGE_NOT_AVAILABLE, Some(Err(TeeError::STORAGE_NOT_AVAILABLE))),
            (TeeError::CORRUPT_OBJECT, Some(Err(TeeError::CORRUPT_OBJECT))),
        ] {
            fake::on(S::StorageStartEnum, |_| 0);
            fake::on(S::StorageNextEnum, move |_| error.raw());
            assert_eq!(objects(StorageId::PRIVATE).unwrap().next(), first);
            assert_eq!(calls().last(), Some(&S::StorageFreeEnum));
            fake::on(S::StorageStartEnum, move |_| error.raw());
            assert_eq!(objects(StorageId::PRIVATE).map(Iterator::count), if first.is_none() { Ok(0) } else { Err(error) });
            assert_eq!(calls().last(), Some(&S::StorageFreeEnum));
        }
        fake::on(S::StorageStartEnum, |_| TeeError::ITEM_NOT_FOUND.raw());
        assert_eq!(objects(StorageId::from_raw(5)).map(drop), Err(TeeError::ITEM_NOT_FOUND));
    }
}
