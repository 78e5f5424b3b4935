// SPDX-License-Identifier: BSD-2-Clause
//! The system calls, made by a script that stands for a TA.

use tee_core::testing::script::Ta;
use utee_abi::crypto::{AttributeId, HandleFlags, ObjectType, UteeAttribute, UteeObjectInfo};
use utee_abi::result::TeeError;
use utee_abi::storage::{StorageId, Whence};
use utee_abi::sysnum::Syscall as S;

pub(crate) const READ: u32 = HandleFlags::ACCESS_READ.bits();
pub(crate) const WRITE: u32 = HandleFlags::ACCESS_WRITE.bits();
pub(crate) const META: u32 = HandleFlags::ACCESS_WRITE_META.bits();
pub(crate) const SHARE: u32 = HandleFlags::SHARE_READ.bits() | HandleFlags::SHARE_WRITE.bits();
pub(crate) const OVERWRITE: u32 = HandleFlags::OVERWRITE.bits();

pub(crate) type Result<T> = core::result::Result<T, TeeError>;

/// Slots of 256 bytes on the stack: an id, data and its predecessors, cells. Words of system calls stand in slot 15.
const ID: u64 = 8;
const CELL: u64 = 9;
const DATA: u64 = 31;
/// Bytes of data at most.
pub(crate) const MOST: usize = 4000;

fn put(ta: &Ta, slot: u64, bytes: &[u8]) -> u64 {
    let at = ta.scratch(slot);
    ta.write(at, bytes);
    at
}

/// What an enumerator gave.
pub(crate) type Entry = (Vec<u8>, UteeObjectInfo);

/// Calls with the meaning of their arguments.
pub(crate) struct Calls<'t>(pub(crate) &'t mut Ta);

impl Calls<'_> {
    pub(crate) fn call(&mut self, number: S, args: &[u64]) -> Result<()> {
        TeeError::check(self.0.syscall(number, args))
    }

    pub(crate) fn open(&mut self, id: &[u8], flags: u32) -> Result<u32> {
        self.open_in(StorageId::PRIVATE, id, flags)
    }

    pub(crate) fn open_in(&mut self, storage: StorageId, id: &[u8], flags: u32) -> Result<u32> {
        let (at, cell) = (put(self.0, ID, id), self.0.scratch(CELL));
        self.call(S::StorageObjOpen, &[storage.raw().into(), at, id.len() as u64, flags.into(), cell])?;
        Ok(self.0.word(cell))
    }

    pub(crate) fn create(&mut self, id: &[u8], flags: u32, attributes: u32, data: &[u8]) -> Result<u32> {
        let cell = self.0.scratch(CELL);
        self.create_at(id, flags, attributes, data, cell)?;
        Ok(self.0.word(cell))
    }

    /// The same with a cell for the handle, or none.
    pub(crate) fn create_at(&mut self, id: &[u8], flags: u32, attributes: u32, data: &[u8], cell: u64) -> Result<()> {
        let (at, from) = (put(self.0, ID, id), put(self.0, DATA, data));
        let storage = StorageId::PRIVATE.raw().into();
        let args = [storage, at, id.len() as u64, flags.into(), attributes.into(), from, data.len() as u64, cell];
        self.call(S::StorageObjCreate, &args)
    }

    pub(crate) fn delete(&mut self, object: u32) -> Result<()> {
        self.call(S::StorageObjDel, &[object.into()])
    }

    pub(crate) fn rename(&mut self, object: u32, id: &[u8]) -> Result<()> {
        let at = put(self.0, ID, id);
        self.call(S::StorageObjRename, &[object.into(), at, id.len() as u64])
    }

    pub(crate) fn read(&mut self, object: u32, len: usize) -> Result<Vec<u8>> {
        let (at, cell) = (self.0.scratch(DATA), put(self.0, CELL, &[0xEE; 8]));
        self.call(S::StorageObjRead, &[object.into(), at, len as u64, cell])?;
        let mut count = [0; 8];
        self.0.read(cell, &mut count);
        let mut out = vec![0; u64::from_le_bytes(count) as usize];
        self.0.read(at, &mut out);
        Ok(out)
    }

    pub(crate) fn write(&mut self, object: u32, data: &[u8]) -> Result<()> {
        let at = put(self.0, DATA, data);
        self.call(S::StorageObjWrite, &[object.into(), at, data.len() as u64])
    }

    pub(crate) fn truncate(&mut self, object: u32, len: u32) -> Result<()> {
        self.call(S::StorageObjTrunc, &[object.into(), len.into()])
    }

    pub(crate) fn seek(&mut self, object: u32, offset: i32, whence: Whence) -> Result<()> {
        self.call(S::StorageObjSeek, &[object.into(), u64::from(offset.cast_unsigned()), u32::from(whence).into()])
    }

    pub(crate) fn close(&mut self, object: u32) -> Result<()> {
        self.call(S::CrypObjClose, &[object.into()])
    }

    pub(crate) fn info(&mut self, object: u32) -> Result<UteeObjectInfo> {
        let at = self.0.scratch(CELL);
        self.call(S::CrypObjGetInfo, &[object.into(), at])?;
        let mut bytes = [0; UteeObjectInfo::SIZE];
        self.0.read(at, &mut bytes);
        UteeObjectInfo::read(&bytes).ok_or(TeeError::GENERIC)
    }

    pub(crate) fn restrict(&mut self, object: u32, usage: u32) -> Result<()> {
        self.call(S::CrypObjRestrictUsage, &[object.into(), usage.into()])
    }

    /// A transient AES key of these bytes, with room for 256 bits.
    pub(crate) fn key(&mut self, secret: &[u8]) -> Result<u32> {
        let cell = self.0.scratch(CELL);
        self.call(S::CrypObjAlloc, &[ObjectType::AES.raw().into(), 256, cell])?;
        let object = self.0.word(cell);
        let at = put(self.0, DATA, secret);
        let attribute = UteeAttribute { a: at, b: secret.len() as u64, id: AttributeId::SECRET_VALUE };
        let list = put(self.0, ID, &attribute.to_bytes());
        self.call(S::CrypObjPopulate, &[object.into(), list, 1])?;
        Ok(object)
    }

    pub(crate) fn secret(&mut self, object: u32) -> Result<Vec<u8>> {
        let (at, cell) = (self.0.scratch(DATA), put(self.0, CELL, &64u64.to_le_bytes()));
        self.call(S::CrypObjGetAttr, &[object.into(), AttributeId::SECRET_VALUE.raw().into(), at, cell])?;
        let mut out = vec![0; self.0.word(cell) as usize];
        self.0.read(at, &mut out);
        Ok(out)
    }

    pub(crate) fn enumerator(&mut self) -> Result<u32> {
        let cell = self.0.scratch(CELL);
        self.call(S::StorageAllocEnum, &[cell])?;
        Ok(self.0.word(cell))
    }

    pub(crate) fn start(&mut self, enumerator: u32) -> Result<()> {
        self.call(S::StorageStartEnum, &[enumerator.into(), StorageId::PRIVATE.raw().into()])
    }

    pub(crate) fn next(&mut self, enumerator: u32) -> Result<Entry> {
        let (info, id, len) = (self.0.scratch(CELL), self.0.scratch(ID), self.0.scratch(DATA));
        self.call(S::StorageNextEnum, &[enumerator.into(), info, id, len])?;
        let mut bytes = [0; UteeObjectInfo::SIZE];
        self.0.read(info, &mut bytes);
        let mut out = vec![0; self.0.word(len) as usize];
        self.0.read(id, &mut out);
        Ok((out, UteeObjectInfo::read(&bytes).unwrap()))
    }

    /// Everything that a new enumerator gives, sorted by id.
    pub(crate) fn list(&mut self) -> Result<Vec<Entry>> {
        let enumerator = self.enumerator()?;
        let mut all = Vec::new();
        match self.start(enumerator) {
            Ok(()) => loop {
                match self.next(enumerator) {
                    Ok(entry) => all.push(entry),
                    Err(TeeError::ITEM_NOT_FOUND) => break,
                    Err(error) => return Err(error),
                }
            },
            Err(TeeError::ITEM_NOT_FOUND) => {}
            Err(error) => return Err(error),
        }
        all.sort_by(|one, other| one.0.cmp(&other.0));
        self.call(S::StorageFreeEnum, &[enumerator.into()])?;
        Ok(all)
    }
}
