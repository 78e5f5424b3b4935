// SPDX-License-Identifier: BSD-2-Clause
//! Shared memory: allocated, registered with the TEE, and taken back.

use super::connect::MemoryKind;
use super::ports::{Os, Shareable, Smc, Supplicant};
use super::slot::{LIST, Slot};
use super::stage::Stage;
use super::{SmcTransport, page_list};
use crate::error::Error;
use crate::memory::SharedBytes;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;
use utee_abi::msg::{ATTR_NONCONTIG, Command, Kind, MsgHeader, MsgParam};
use utee_abi::result::TeeError;

/// Memory that the TEE can be told of.
pub struct SmcMemory<M> {
    pub(super) memory: M,
    /// What the TEE knows it by, once it does.
    pub(super) cookie: Option<u64>,
    /// Pages of reserved shared memory that it stands in.
    pub(super) reserved: Option<Range<usize>>,
    len: usize,
}

impl<M: Shareable> SmcMemory<M> {
    /// Makes it shorter, as the TEE sees it.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Physical address of its first byte.
    pub fn address(&self) -> u64 {
        self.memory.page(0).saturating_add(self.memory.offset() as u64)
    }
}

impl<M: Shareable> SharedBytes for SmcMemory<M> {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        at.checked_add(out.len()).is_some_and(|end| end <= self.len) && self.memory.read(at, out)
    }

    fn write(&self, at: usize, data: &[u8]) -> bool {
        at.checked_add(data.len()).is_some_and(|end| end <= self.len) && self.memory.write(at, data)
    }
}

impl<S: Smc, O: Os, P: Supplicant> SmcTransport<S, O, P> {
    /// Memory of the kind in use, which the TEE does not know of yet.
    pub(super) fn allocate_unregistered(&self, len: usize) -> Option<SmcMemory<O::Memory>> {
        match (&self.reserved, self.kind) {
            (Some(reserved), MemoryKind::Reserved) => {
                let range = reserved.take(len)?;
                match self.os.reserved(reserved.address(range.start), len) {
                    Some(memory) => Some(SmcMemory { memory, cookie: None, reserved: Some(range), len }),
                    None => {
                        reserved.give_back(range);
                        None
                    }
                }
            }
            _ => Some(SmcMemory { memory: self.os.allocate(len)?, cookie: None, reserved: None, len }),
        }
    }

    /// Makes shared memory of a buffer: of itself where the TEE takes any memory, otherwise of a copy.
    pub(super) fn adopt(&self, buffer: Vec<u8>) -> Result<SmcMemory<O::Memory>, Error> {
        let no_memory = Error::api(TeeError::OUT_OF_MEMORY);
        let len = buffer.len();
        match self.kind {
            MemoryKind::Dynamic => {
                let memory = self.os.adopt(buffer).map_err(|_| no_memory)?;
                self.announce(SmcMemory { memory, cookie: None, reserved: None, len })
            }
            MemoryKind::Reserved => {
                let memory = self.allocate_unregistered(len).ok_or(no_memory)?;
                memory.write(0, &buffer).then_some(memory).ok_or(no_memory)
            }
        }
    }

    /// Tells the TEE of memory. Reserved memory it knows already.
    pub(super) fn announce(&self, mut memory: SmcMemory<O::Memory>) -> Result<SmcMemory<O::Memory>, Error> {
        if self.kind == MemoryKind::Dynamic && memory.cookie.is_none() {
            let cookie = self.new_cookie();
            self.register_pages(&memory, cookie)?;
            memory.cookie = Some(cookie);
        }
        Ok(memory)
    }

    /// Tells the TEE of the memory of the one slot there is, in a message that stands in it.
    pub(super) fn announce_slot(&mut self) -> Result<(), Error> {
        if self.kind == MemoryKind::Reserved {
            return Ok(());
        }
        let cookie = self.new_cookie();
        let count = LIST / super::PAGE_SIZE;
        let slot = self.slots.claim(&self.os);
        let memory = &slot.memory;
        let list = page_list::write(&memory.memory, LIST, count, |index| Some(memory.memory.page(index)).filter(|pa| *pa != 0));
        self.register_list(&slot, list, memory, cookie)?;
        drop(slot);
        if let Some(slot) = self.slots.first_mut() {
            slot.memory.cookie = Some(cookie);
        }
        Ok(())
    }

    fn register_pages(&self, memory: &SmcMemory<O::Memory>, cookie: u64) -> Result<(), Error> {
        let slot = self.slots.claim(&self.os);
        let count = page_list::pages(memory.memory.offset(), memory.len);
        let page = |index| Some(memory.memory.page(index)).filter(|pa| *pa != 0);
        let own;
        let list = if page_list::bytes(count) <= super::PAGE_SIZE {
            page_list::write(&slot.memory.memory, LIST, count, page)
        } else {
            own = self.os.allocate(page_list::bytes(count));
            own.as_ref().and_then(|list| page_list::write(list, 0, count, page))
        };
        self.register_list(&slot, list, memory, cookie)
    }

    fn register_list(&self, slot: &Slot<O::Memory>, list: Option<u64>, memory: &SmcMemory<O::Memory>, cookie: u64) -> Result<(), Error> {
        let list = list.ok_or(Error::api(TeeError::OUT_OF_MEMORY))?;
        let words = [list | memory.memory.offset() as u64, memory.len as u64, cookie];
        let mut stage = Stage::new(self, slot, MsgHeader::request(Command::RegisterShm.into(), 0));
        stage.push(MsgParam::new(Kind::TmemOutput, words).with(ATTR_NONCONTIG))?;
        let answer = stage.send()?;
        Error::check(answer.ret, answer.ret_origin)
    }

    /// Takes memory back from the TEE. Memory that it does not let go of is never used again.
    pub(super) fn withdraw(&self, mut memory: SmcMemory<O::Memory>) -> Result<SmcMemory<O::Memory>, Error> {
        let Some(cookie) = memory.cookie.take() else { return Ok(memory) };
        match self.unregister(cookie) {
            Ok(()) => Ok(memory),
            Err(error) => {
                // A TA may still have it mapped: it is lost rather than given to somebody else.
                mem::forget(memory);
                Err(error)
            }
        }
    }

    pub(super) fn unregister(&self, cookie: u64) -> Result<(), Error> {
        let slot = self.slots.claim(&self.os);
        let mut stage = Stage::new(self, &slot, MsgHeader::request(Command::UnregisterShm.into(), 0));
        stage.push(MsgParam::new(Kind::RmemInput, [0, 0, cookie]))?;
        let answer = stage.send()?;
        Error::check(answer.ret, answer.ret_origin)
    }

    /// The bytes of memory that the TEE does not know (any more).
    pub(super) fn take_apart(&self, memory: SmcMemory<O::Memory>) -> Vec<u8> {
        let SmcMemory { memory, reserved, .. } = memory;
        let bytes = memory.into_vec();
        self.give_back(reserved);
        bytes
    }

    /// Frees memory that the TEE does not know (any more).
    pub(super) fn free(&self, memory: SmcMemory<O::Memory>) {
        let SmcMemory { memory, reserved, .. } = memory;
        drop(memory);
        self.give_back(reserved);
    }

    fn give_back(&self, range: Option<Range<usize>>) {
        if let (Some(reserved), Some(range)) = (&self.reserved, range) {
            reserved.give_back(range);
        }
    }
}
