// SPDX-License-Identifier: BSD-2-Clause
//! The system calls of storage, for whoever has addresses and handles.

use crate::crypto::ObjectRef;
use crate::raw::{self, Word};
use crate::{Result, TeeError};
use core::ptr;
use utee_abi::crypto::UteeObjectInfo;
use utee_abi::storage::{StorageId, Whence};
use utee_abi::sysnum::Syscall;

/// Opens an object.
///
/// # Safety
/// The kernel checks the range of the id; no Rust value may be in the way of its reading.
///
/// # Errors
/// Those of TEE_OpenPersistentObject; BAD_PARAMETERS for a long id or unknown flags.
pub unsafe fn open(storage: StorageId, id: *const u8, len: usize, flags: u32) -> Result<ObjectRef> {
    let mut handle = 0u32;
    let cell = Word::from_mut(&raw mut handle);
    let args = [Word::number(storage.raw()), Word::from_ptr(id), Word::size(len), Word::number(flags), cell];
    // SAFETY: passed on; the kernel writes the u32 `handle`.
    unsafe { raw::call(Syscall::StorageObjOpen, args) }?;
    Ok(ObjectRef::from_handle(handle))
}

/// Arguments of the call that creates, but for the cell.
fn creation(storage: StorageId, id: (*const u8, usize), flags: u32, key: Option<ObjectRef>, data: (*const u8, usize)) -> [Word; 7] {
    let key = Word::number(key.map_or(0, ObjectRef::handle));
    let (id, id_len) = (Word::from_ptr(id.0), Word::size(id.1));
    [Word::number(storage.raw()), id, id_len, Word::number(flags), key, Word::from_ptr(data.0), Word::size(data.1)]
}

/// Creates an object with the attributes of `key` and this data.
///
/// # Safety
/// As [`open`], of the data as well.
///
/// # Errors
/// Those of TEE_CreatePersistentObject; BAD_PARAMETERS for a long id, unknown flags or a key without attributes.
pub unsafe fn create(
    storage: StorageId,
    id: (*const u8, usize),
    flags: u32,
    key: Option<ObjectRef>,
    data: (*const u8, usize),
) -> Result<ObjectRef> {
    let mut handle = 0u32;
    let [storage, id, id_len, flags, key, data, len] = creation(storage, id, flags, key, data);
    let args = [storage, id, id_len, flags, key, data, len, Word::from_mut(&raw mut handle)];
    // SAFETY: passed on; the kernel writes the u32 `handle`.
    unsafe { raw::call(Syscall::StorageObjCreate, args) }?;
    Ok(ObjectRef::from_handle(handle))
}

/// The same without a new handle: a transient `key` becomes the handle to the object.
///
/// # Safety
/// As [`create`].
///
/// # Errors
/// As [`create`].
pub unsafe fn create_as(
    storage: StorageId,
    id: (*const u8, usize),
    flags: u32,
    key: Option<ObjectRef>,
    data: (*const u8, usize),
) -> Result<()> {
    let [storage, id, id_len, flags, key, data, len] = creation(storage, id, flags, key, data);
    // SAFETY: passed on.
    unsafe { raw::call(Syscall::StorageObjCreate, [storage, id, id_len, flags, key, data, len, Word::ZERO]) }
}

/// Closes and removes an object.
///
/// # Errors
/// ACCESS_CONFLICT, STORAGE_NOT_AVAILABLE; BAD_STATE for a handle that names no persistent object.
pub fn delete(object: ObjectRef) -> Result<()> {
    // SAFETY: no memory is named.
    unsafe { raw::call(Syscall::StorageObjDel, [Word::number(object.handle())]) }
}

/// Renames an object.
///
/// # Safety
/// As [`open`].
///
/// # Errors
/// Those of TEE_RenamePersistentObject; BAD_STATE for a handle that may not, BAD_PARAMETERS for a long id.
pub unsafe fn rename(object: ObjectRef, id: *const u8, len: usize) -> Result<()> {
    // SAFETY: passed on.
    unsafe { raw::call(Syscall::StorageObjRename, [Word::number(object.handle()), Word::from_ptr(id), Word::size(len)]) }
}

/// Reads from the data stream; how many bytes there were.
///
/// # Safety
/// The kernel checks the range; no Rust value may be in the way of its writing.
///
/// # Errors
/// Those of TEE_ReadObjectData; ACCESS_CONFLICT, BAD_STATE for a handle that may not.
pub unsafe fn read(object: ObjectRef, out: *mut u8, len: usize) -> Result<usize> {
    let mut count = 0u64;
    let args = [Word::number(object.handle()), Word::from_mut(out), Word::size(len), Word::from_mut(&raw mut count)];
    // SAFETY: passed on; the kernel writes the u64 `count`.
    unsafe { raw::call(Syscall::StorageObjRead, args) }?;
    usize::try_from(count).map_err(|_| TeeError::GENERIC)
}

/// Writes to the data stream.
///
/// # Safety
/// As [`open`], of the data.
///
/// # Errors
/// Those of TEE_WriteObjectData; ACCESS_CONFLICT, BAD_STATE for a handle that may not.
pub unsafe fn write(object: ObjectRef, data: *const u8, len: usize) -> Result<()> {
    // SAFETY: passed on.
    unsafe { raw::call(Syscall::StorageObjWrite, [Word::number(object.handle()), Word::from_ptr(data), Word::size(len)]) }
}

/// Cuts or fills the data stream.
///
/// # Errors
/// Those of TEE_TruncateObjectData; ACCESS_CONFLICT, BAD_STATE for a handle that may not.
pub fn truncate(object: ObjectRef, size: u32) -> Result<()> {
    // SAFETY: no memory is named.
    unsafe { raw::call(Syscall::StorageObjTrunc, [Word::number(object.handle()), Word::number(size)]) }
}

/// Moves the position, as far as the kernel does in one call.
fn seek(object: ObjectRef, offset: i32, whence: Whence) -> Result<()> {
    let args = [Word::number(object.handle()), Word::number(offset.cast_unsigned()), Word::number(whence.into())];
    // SAFETY: no memory is named.
    unsafe { raw::call(Syscall::StorageObjSeek, args) }
}

/// Moves the position by any offset. Before the beginning is the beginning.
///
/// # Errors
/// OVERFLOW past the last position; BAD_STATE for a handle that names no persistent object.
pub fn seek_wide(object: ObjectRef, offset: i64, whence: Whence) -> Result<()> {
    let info = object.info()?;
    let from = match whence {
        Whence::Set => 0,
        Whence::Cur => info.data_position,
        Whence::End => info.data_size,
    };
    let position = u32::try_from(i64::from(from).saturating_add(offset).max(0)).map_err(|_| TeeError::OVERFLOW)?;
    if let Ok(offset) = i32::try_from(offset) {
        return seek(object, offset, whence);
    }
    // The kernel takes 31 bits at a time.
    let (mut rest, mut whence) = (position, Whence::Set);
    loop {
        let step = rest.min(i32::MAX.cast_unsigned());
        seek(object, step.cast_signed(), whence)?;
        (rest, whence) = (rest.saturating_sub(step), Whence::Cur);
        if rest == 0 {
            return Ok(());
        }
    }
}

/// An enumerator that somebody else frees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumeratorRef(u32);

impl EnumeratorRef {
    /// The enumerator of a handle, as the kernel gave it.
    #[must_use]
    pub const fn from_handle(handle: u32) -> Self {
        Self(handle)
    }

    /// Its handle.
    #[must_use]
    pub const fn handle(self) -> u32 {
        self.0
    }

    /// A new one.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn new() -> Result<Self> {
        let mut handle = 0u32;
        // SAFETY: the kernel writes the u32 `handle`.
        unsafe { raw::call(Syscall::StorageAllocEnum, [Word::from_mut(&raw mut handle)]) }?;
        Ok(Self(handle))
    }

    /// Frees it.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a handle that names nothing.
    pub fn free(self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::StorageFreeEnum, [Word::number(self.0)]) }
    }

    /// Ends the enumeration.
    ///
    /// # Errors
    /// As [`EnumeratorRef::free`].
    pub fn reset(self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::StorageResetEnum, [Word::number(self.0)]) }
    }

    /// Starts an enumeration.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND for no objects or an unknown storage; STORAGE_NOT_AVAILABLE; BAD_PARAMETERS as [`EnumeratorRef::free`].
    pub fn start(self, storage: StorageId) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::StorageStartEnum, [Word::number(self.0), Word::number(storage.raw())]) }
    }

    /// The next object, whose id goes to the 64 bytes at `id`; what there is to know of it, and the length of the id.
    ///
    /// # Safety
    /// The kernel checks the range; no Rust value may be in the way of its writing.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND at the end; CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE; BAD_PARAMETERS as [`EnumeratorRef::free`].
    pub unsafe fn next(self, id: *mut u8) -> Result<(UteeObjectInfo, usize)> {
        // Words, so that the memory is aligned as the C structure is.
        let mut info = [0u32; UteeObjectInfo::SIZE / 4];
        let mut len = 0u64;
        let args = [Word::number(self.0), Word::from_mut(info.as_mut_ptr()), Word::from_mut(id), Word::from_mut(ptr::from_mut(&mut len))];
        // SAFETY: passed on; the kernel writes as many bytes as `info` has, and the u64 `len`.
        unsafe { raw::call(Syscall::StorageNextEnum, args) }?;
        let mut bytes = [0; UteeObjectInfo::SIZE];
        for (to, from) in bytes.chunks_exact_mut(4).zip(info) {
            to.copy_from_slice(&from.to_ne_bytes());
        }
        let info = UteeObjectInfo::read(&bytes).ok_or(TeeError::GENERIC)?;
        Ok((info, usize::try_from(len).map_err(|_| TeeError::GENERIC)?))
    }
}
