// SPDX-License-Identifier: BSD-2-Clause
//! A message on its way: parameters into the slot, the call, results out of it.

use super::connect::{Calling, MemoryKind};
use super::ports::{Os, Shareable, Smc, Supplicant};
use super::rpc::RpcPlace;
use super::shm::SmcMemory;
use super::slot::{BOUNCE, LIST, Slot};
use super::{PAGE_SIZE, SmcTransport, page_list};
use crate::error::Error;
use crate::memory::SharedBytes;
use crate::operation::{Direction, Memref, Operation, Param, Temporary};
use alloc::vec::Vec;
use utee_abi::msg::{ATTR_NONCONTIG, HEADER_SIZE, Kind, MsgHeader, MsgParam, message_size};
use utee_abi::param::PARAMS;
use utee_abi::result::TeeError;

/// Parameters of the longest message: an OPEN_SESSION.
const MAX_PARAMS: usize = 2 + PARAMS;
/// Alignment of copies of temporary buffers.
const ALIGN: usize = 8;

/// Where a temporary buffer's bytes are during the call.
#[derive(Clone, Copy)]
enum Place {
    /// Where they always are, or there are none.
    Own,
    /// Copied into the slot, at this byte.
    Bounce(usize),
    /// Copied into memory of its own, by index.
    Copy(usize),
}

/// A message being put together, sent and taken apart. The slot is its alone.
pub(super) struct Stage<'a, S: Smc, O: Os, P: Supplicant> {
    line: &'a SmcTransport<S, O, P>,
    slot: &'a Slot<O::Memory>,
    header: MsgHeader,
    count: usize,
    /// Index of the first parameter of the operation.
    first: usize,
    places: [Place; PARAMS],
    bounce: usize,
    list_used: bool,
    copies: Vec<SmcMemory<O::Memory>>,
    lists: Vec<O::Memory>,
}

impl<'a, S: Smc, O: Os, P: Supplicant> Stage<'a, S, O, P> {
    /// An empty message for a slot.
    pub(super) fn new(line: &'a SmcTransport<S, O, P>, slot: &'a Slot<O::Memory>, header: MsgHeader) -> Self {
        Self {
            line,
            slot,
            header,
            count: 0,
            first: 0,
            places: [Place::Own; PARAMS],
            bounce: BOUNCE,
            list_used: false,
            copies: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// Adds a parameter as it is.
    pub(super) fn push(&mut self, param: MsgParam) -> Result<(), Error> {
        let mut bytes = [0; message_size(1)];
        if self.count >= MAX_PARAMS || param.write(&mut bytes, 0).is_none() {
            return Err(Error::api(TeeError::EXCESS_DATA));
        }
        let (_, param) = bytes.split_at(HEADER_SIZE);
        wrote(self.slot.memory.memory.write(MsgParam::offset(self.count), param))?;
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// A parameter as the TEE left it.
    fn answer(&self, index: usize) -> Result<MsgParam, Error> {
        let mut bytes = [0; message_size(1)];
        let (_, param) = bytes.split_at_mut(HEADER_SIZE);
        wrote(self.slot.memory.memory.read(MsgParam::offset(index), param))?;
        MsgParam::read(&bytes, 0).ok_or(Error::comms(TeeError::COMMUNICATION))
    }

    /// Adds the parameters of an operation, up to the last one there is.
    pub(super) fn push_operation(&mut self, operation: &mut Operation<'_, SmcTransport<S, O, P>>) -> Result<(), Error> {
        self.first = self.count;
        let used = operation.params.iter().rposition(|param| !matches!(param, Param::None)).map_or(0, |last| last.saturating_add(1));
        for (index, param) in operation.params.iter_mut().take(used).enumerate() {
            let (param, place) = self.encode(param)?;
            if let Some(slot) = self.places.get_mut(index) {
                *slot = place;
            }
            self.push(param)?;
        }
        Ok(())
    }

    fn encode(&mut self, param: &mut Param<'_, SmcTransport<S, O, P>>) -> Result<(MsgParam, Place), Error> {
        let own = |param| Ok((param, Place::Own));
        match param {
            Param::None => own(MsgParam::default()),
            Param::Value { direction, a, b } => {
                let kind = match direction {
                    Direction::Input => Kind::ValueInput,
                    Direction::Output => Kind::ValueOutput,
                    Direction::Inout => Kind::ValueInout,
                };
                own(MsgParam::new(kind, [u64::from(*a), u64::from(*b), 0]))
            }
            Param::Memory { direction, memref, size } => match memref {
                Memref::Null => own(MsgParam::new(temporary(*direction), [0; 3])),
                Memref::Registered { memory, offset } => own(self.refer(*direction, memory.memory()?, *offset, *size)),
                Memref::Temporary(buffer) => self.temporary(*direction, buffer),
            },
        }
    }

    /// A reference to memory that the TEE knows.
    fn refer(&self, direction: Direction, memory: &SmcMemory<O::Memory>, offset: usize, size: usize) -> MsgParam {
        let (offset, size) = (offset as u64, size as u64);
        match memory.cookie {
            Some(cookie) => MsgParam::new(registered(direction), [offset, size, cookie]),
            None => MsgParam::new(temporary(direction), [memory.address().saturating_add(offset), size, 0]),
        }
    }

    /// A temporary buffer: a small one by copy, a large one by the list of its own pages.
    fn temporary(&mut self, direction: Direction, buffer: &mut Temporary<'_>) -> Result<(MsgParam, Place), Error> {
        let len = buffer.bytes().len();
        if let Some(end) = self.bounce.checked_add(len).filter(|end| *end <= LIST) {
            let at = self.bounce;
            self.bounce = end.next_multiple_of(ALIGN);
            if direction.is_input() {
                wrote(self.slot.memory.memory.write(at, buffer.bytes()))?;
            }
            return Ok((self.refer(direction, &self.slot.memory, at, len), Place::Bounce(at)));
        }
        if self.line.kind == MemoryKind::Dynamic {
            let start = match buffer.bytes_mut() {
                Some(bytes) => bytes.as_mut_ptr().expose_provenance(),
                None => buffer.bytes().as_ptr().expose_provenance(),
            };
            if let Some(param) = self.own_pages(direction, start, len)? {
                return Ok((param, Place::Own));
            }
        }
        self.copy(direction, buffer.bytes())
    }

    /// The caller's own pages; `None` when they have no addresses that the TEE understands.
    fn own_pages(&mut self, direction: Direction, start: usize, len: usize) -> Result<Option<MsgParam>, Error> {
        let Some(first) = self.line.os.physical(start) else { return Ok(None) };
        let offset = start % PAGE_SIZE;
        let line = self.line;
        let page = |index: usize| match index {
            0 => first.checked_sub(offset as u64),
            _ => line.os.physical((start - offset).checked_add(index.checked_mul(PAGE_SIZE)?)?),
        };
        let list = self.list(page_list::pages(offset, len), page)?;
        Ok(Some(MsgParam::new(temporary(direction), [list | offset as u64, len as u64, 0]).with(ATTR_NONCONTIG)))
    }

    fn copy(&mut self, direction: Direction, bytes: &[u8]) -> Result<(MsgParam, Place), Error> {
        let no_memory = Error::api(TeeError::OUT_OF_MEMORY);
        let memory = self.line.allocate_unregistered(bytes.len()).ok_or(no_memory)?;
        if direction.is_input() {
            wrote(memory.write(0, bytes))?;
        }
        let param = match self.line.kind {
            MemoryKind::Reserved => self.refer(direction, &memory, 0, bytes.len()),
            MemoryKind::Dynamic => {
                let page = |index| Some(memory.memory.page(index)).filter(|pa| *pa != 0);
                let list = self.list(page_list::pages(0, bytes.len()), page)?;
                MsgParam::new(temporary(direction), [list, bytes.len() as u64, 0]).with(ATTR_NONCONTIG)
            }
        };
        self.copies.push(memory);
        Ok((param, Place::Copy(self.copies.len().saturating_sub(1))))
    }

    /// Writes a page list: into the slot's page for it, or into one of its own.
    fn list(&mut self, count: usize, page: impl Fn(usize) -> Option<u64>) -> Result<u64, Error> {
        let no_memory = Error::api(TeeError::OUT_OF_MEMORY);
        if !self.list_used && page_list::bytes(count) <= PAGE_SIZE {
            self.list_used = true;
            return page_list::write(&self.slot.memory.memory, LIST, count, page).ok_or(no_memory);
        }
        let memory = self.line.os.allocate(page_list::bytes(count)).ok_or(no_memory)?;
        let list = page_list::write(&memory, 0, count, page).ok_or(no_memory)?;
        self.lists.push(memory);
        Ok(list)
    }

    /// Sends the message and gives its header as the TEE left it.
    pub(super) fn send(&mut self) -> Result<MsgHeader, Error> {
        self.header.num_params = self.count as u32;
        let memory = &self.slot.memory.memory;
        let mut bytes = [0; HEADER_SIZE];
        self.header.write(&mut bytes).ok_or(Error::api(TeeError::GENERIC))?;
        wrote(memory.write(0, &bytes))?;
        let rpc = (self.line.calling != Calling::WithArg).then_some(RpcPlace { memory, at: message_size(self.count) });
        self.line.yielding(self.slot.call, rpc)?;
        wrote(memory.read(0, &mut bytes))?;
        MsgHeader::read(&bytes).ok_or(Error::comms(TeeError::COMMUNICATION))
    }

    /// Writes the results of the call into the operation.
    pub(super) fn collect(&mut self, operation: &mut Operation<'_, SmcTransport<S, O, P>>) -> Result<(), Error> {
        for index in 0..self.count.saturating_sub(self.first).min(PARAMS) {
            let (Some(param), Some(place)) = (operation.params.get_mut(index), self.places.get(index)) else { break };
            if !param.is_output() {
                continue;
            }
            let [first, second, _] = self.answer(self.first.saturating_add(index))?.words;
            match param {
                Param::Value { a, b, .. } => (*a, *b) = (first as u32, second as u32),
                Param::Memory { memref, size, .. } => {
                    let wanted = usize::try_from(second).map_err(|_| Error::comms(TeeError::COMMUNICATION))?;
                    *size = wanted;
                    if let Memref::Temporary(buffer) = memref {
                        self.fetch(*place, buffer, wanted)?;
                    }
                }
                Param::None => {}
            }
        }
        Ok(())
    }

    /// Copies what the TA wrote back to where the caller wants it. With SHORT_BUFFER it wrote nothing.
    fn fetch(&self, place: Place, buffer: &mut Temporary<'_>, size: usize) -> Result<(), Error> {
        let Some(out) = buffer.bytes_mut().and_then(|bytes| bytes.get_mut(..size)) else { return Ok(()) };
        match place {
            Place::Own => Ok(()),
            Place::Bounce(at) => wrote(self.slot.memory.memory.read(at, out)),
            Place::Copy(index) => wrote(self.copies.get(index).is_some_and(|copy| copy.read(0, out))),
        }
    }
}

impl<S: Smc, O: Os, P: Supplicant> Drop for Stage<'_, S, O, P> {
    fn drop(&mut self) {
        for copy in self.copies.drain(..) {
            self.line.free(copy);
        }
    }
}

/// The kind of a reference to temporary memory.
fn temporary(direction: Direction) -> Kind {
    match direction {
        Direction::Input => Kind::TmemInput,
        Direction::Output => Kind::TmemOutput,
        Direction::Inout => Kind::TmemInout,
    }
}

/// The kind of a reference to registered memory.
fn registered(direction: Direction) -> Kind {
    match direction {
        Direction::Input => Kind::RmemInput,
        Direction::Output => Kind::RmemOutput,
        Direction::Inout => Kind::RmemInout,
    }
}

/// Slots and copies are as large as what goes into them; a kernel whose memory is not says so here.
fn wrote(done: bool) -> Result<(), Error> {
    done.then_some(()).ok_or(Error::api(TeeError::GENERIC))
}
