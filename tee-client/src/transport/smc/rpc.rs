// SPDX-License-Identifier: BSD-2-Clause
//! What the TEE asks while a call is under way (OP-TEE ABI, RPC commands).

use super::connect::MemoryKind;
use super::ports::{Os, RpcParam, Shareable, Smc, Supplicant};
use super::shm::SmcMemory;
use super::{SmcTransport, page_list};
use crate::memory::SharedBytes;
use crate::operation::Direction;
use alloc::sync::Arc;
use core::time::Duration;
use utee_abi::msg::{ATTR_NONCONTIG, HEADER_SIZE, Kind, MsgHeader, MsgParam, message_size};
use utee_abi::param::PARAMS;
use utee_abi::result::{self, Origin, TeeError};
use utee_abi::rpc::{self, RpcCommand};
use utee_abi::smc::RpcReturn;
use utee_abi::uuid::Uuid;

/// Where an RPC message stands.
pub(super) struct RpcPlace<'a, M> {
    /// In this memory,
    pub(super) memory: &'a M,
    /// from this byte on.
    pub(super) at: usize,
}

impl<M> Clone for RpcPlace<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for RpcPlace<'_, M> {}

/// Memory that the TEE asked for, and the page list by which it was given.
pub(super) struct RpcMemory<M> {
    memory: SmcMemory<M>,
    list: Option<M>,
}

type RpcParams = [MsgParam; PARAMS];

impl<S: Smc, O: Os, P: Supplicant> SmcTransport<S, O, P> {
    /// Serves a request by registers; gives a1, a2, a4 and a5 of the resuming call.
    pub(super) fn serve_rpc(&self, rpc: RpcReturn, [a1, a2]: [u32; 2], given: Option<RpcPlace<'_, O::Memory>>) -> [u32; 4] {
        let cookie = u64::from(a1) << 32 | u64::from(a2);
        match rpc {
            RpcReturn::Alloc => match self.keep(a1 as usize, false) {
                Some((cookie, memory)) => {
                    let [pa, cookie] = [memory.memory.address(), cookie].map(|value| [(value >> 32) as u32, value as u32]);
                    [pa[0], pa[1], cookie[0], cookie[1]]
                }
                None => [0; 4],
            },
            RpcReturn::Free => {
                self.forget(cookie);
                [0; 4]
            }
            RpcReturn::ForeignInterrupt => {
                // The interrupt was taken when the call came back; what it woke may run before the TA goes on.
                self.os.yield_now();
                [0; 4]
            }
            RpcReturn::Cmd => {
                match (given, self.kept(cookie)) {
                    (_, Some(memory)) => self.serve_message(RpcPlace { memory: &memory.memory.memory, at: 0 }),
                    (Some(place), None) => self.serve_message(place),
                    (None, None) => {}
                }
                [0; 4]
            }
        }
    }

    fn serve_message(&self, place: RpcPlace<'_, O::Memory>) {
        let mut bytes = [0; message_size(PARAMS)];
        if !place.memory.read(place.at, &mut bytes) {
            return;
        }
        let Some(mut header) = MsgHeader::read(&bytes) else { return };
        let count = header.num_params as usize;
        let mut params = RpcParams::default();
        let outcome = if count > PARAMS {
            Err(TeeError::BAD_PARAMETERS)
        } else {
            for (index, param) in params.iter_mut().enumerate().take(count) {
                *param = MsgParam::read(&bytes, index).unwrap_or_default();
            }
            self.serve_command(header.cmd, params.get_mut(..count).unwrap_or_default())
        };
        header.ret = result::raw(outcome);
        header.ret_origin = Origin::Comms.raw();
        let used = if count > PARAMS { HEADER_SIZE } else { message_size(count) };
        if header.write(&mut bytes).is_some() {
            for (index, param) in params.iter().enumerate().take(count) {
                let _ = param.write(&mut bytes, index);
            }
            // The place held the message a moment ago.
            let _ = bytes.get(..used).is_some_and(|bytes| place.memory.write(place.at, bytes));
        }
    }

    fn serve_command(&self, command: u32, params: &mut [MsgParam]) -> Result<(), TeeError> {
        let command = RpcCommand::try_from(command).map_err(|_| TeeError::NOT_SUPPORTED)?;
        match (command, params) {
            (RpcCommand::GetTime, [param]) => {
                expect(param, Kind::ValueOutput)?;
                let now = self.os.now();
                param.words = [now.as_secs(), u64::from(now.subsec_nanos()), 0];
                Ok(())
            }
            (RpcCommand::Suspend, [param]) => {
                expect(param, Kind::ValueInput)?;
                let [ms, ..] = param.words;
                self.os.sleep(Duration::from_millis(ms));
                Ok(())
            }
            (RpcCommand::Notification, [param]) => self.notification(param),
            (RpcCommand::ShmAlloc, [param]) => self.shm_alloc(param),
            (RpcCommand::ShmFree, [param]) => {
                expect(param, Kind::ValueInput)?;
                let [_, cookie, _] = param.words;
                if self.forget(cookie) { Ok(()) } else { Err(TeeError::ITEM_NOT_FOUND) }
            }
            (RpcCommand::LoadTa, [uuid, image]) => self.load_ta(uuid, image),
            (RpcCommand::GetTime | RpcCommand::Suspend | RpcCommand::Notification, _)
            | (RpcCommand::ShmAlloc | RpcCommand::ShmFree | RpcCommand::LoadTa, _) => Err(TeeError::BAD_PARAMETERS),
            (_, params) => self.supply(command, params),
        }
    }

    fn notification(&self, param: &MsgParam) -> Result<(), TeeError> {
        expect(param, Kind::ValueInput)?;
        let [what, number, timeout] = param.words;
        let number = u32::try_from(number).map_err(|_| TeeError::BAD_PARAMETERS)?;
        match what {
            rpc::NOTIFICATION_WAIT => self.os.wait(number, (timeout != 0).then(|| Duration::from_millis(timeout))),
            rpc::NOTIFICATION_SEND => {
                self.os.notify(number);
                Ok(())
            }
            _ => Err(TeeError::BAD_PARAMETERS),
        }
    }

    fn shm_alloc(&self, param: &mut MsgParam) -> Result<(), TeeError> {
        expect(param, Kind::ValueInput)?;
        let [_, size, _] = param.words;
        let size = usize::try_from(size).ok().filter(|size| *size != 0).ok_or(TeeError::BAD_PARAMETERS)?;
        let (cookie, memory) = self.keep(size, self.kind == MemoryKind::Dynamic).ok_or(TeeError::OUT_OF_MEMORY)?;
        let words = |address| [address, size as u64, cookie];
        *param = match &memory.list {
            Some(list) => MsgParam::new(Kind::TmemOutput, words(list.page(0))).with(ATTR_NONCONTIG),
            None => MsgParam::new(Kind::TmemOutput, words(memory.memory.address())),
        };
        Ok(())
    }

    /// Allocates memory for the TEE and keeps it until the TEE frees it.
    fn keep(&self, size: usize, listed: bool) -> Option<(u64, Arc<RpcMemory<O::Memory>>)> {
        let memory = self.allocate_unregistered(size)?;
        let list = if listed {
            let count = page_list::pages(0, size);
            let list = self.os.allocate(page_list::bytes(count))?;
            page_list::write(&list, 0, count, |index| Some(memory.memory.page(index)).filter(|pa| *pa != 0))?;
            Some(list)
        } else {
            None
        };
        let cookie = self.new_cookie();
        let kept = Arc::new(RpcMemory { memory, list });
        self.rpc_memory.lock().push((cookie, Arc::clone(&kept)));
        Some((cookie, kept))
    }

    fn kept(&self, cookie: u64) -> Option<Arc<RpcMemory<O::Memory>>> {
        let kept = self.rpc_memory.lock();
        kept.iter().find(|(key, _)| *key == cookie).map(|(_, memory)| Arc::clone(memory))
    }

    fn forget(&self, cookie: u64) -> bool {
        let mut kept = self.rpc_memory.lock();
        let Some(index) = kept.iter().position(|(key, _)| *key == cookie) else { return false };
        let (_, memory) = kept.swap_remove(index);
        drop(kept);
        if let Some(RpcMemory { memory, .. }) = Arc::into_inner(memory) {
            self.free(memory);
        }
        true
    }

    /// The image of a TA: asked for twice, first for its size.
    fn load_ta(&self, uuid: &MsgParam, image: &mut MsgParam) -> Result<(), TeeError> {
        expect(uuid, Kind::ValueInput)?;
        let [a, b, _] = uuid.words;
        let (memory, offset, room) = self.memory_of(image)?;
        let uuid = Uuid::from_words(a, b);
        let [_, size, _] = &mut image.words;
        let Some(memory) = memory else {
            *size = self.supplicant.ta_size(uuid)? as u64;
            return Ok(());
        };
        let data = self.supplicant.load_ta(uuid)?;
        *size = data.len() as u64;
        if room < data.len() {
            return Err(TeeError::SHORT_BUFFER);
        }
        if memory.memory.write(offset, &data) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// The memory that a parameter refers to, where it starts in it and how much of it there is.
    #[expect(clippy::type_complexity, reason = "three plain values, used twice")]
    fn memory_of(&self, param: &MsgParam) -> Result<(Option<Arc<RpcMemory<O::Memory>>>, usize, usize), TeeError> {
        let [first, size, cookie] = param.words;
        let offset = match param.kind().ok_or(TeeError::BAD_PARAMETERS)? {
            Kind::TmemInput | Kind::TmemOutput | Kind::TmemInout if first == 0 => return Ok((None, 0, 0)),
            Kind::RmemInput | Kind::RmemOutput | Kind::RmemInout => usize::try_from(first).map_err(|_| TeeError::BAD_PARAMETERS)?,
            Kind::TmemInput | Kind::TmemOutput | Kind::TmemInout => 0,
            _ => return Err(TeeError::BAD_PARAMETERS),
        };
        let memory = self.kept(cookie).ok_or(TeeError::BAD_PARAMETERS)?;
        let offset = match param.kind() {
            // Reserved memory is referred to by address.
            Some(Kind::TmemInput | Kind::TmemOutput | Kind::TmemInout) if !param.is_noncontig() => {
                first.checked_sub(memory.memory.address()).and_then(|at| usize::try_from(at).ok()).ok_or(TeeError::BAD_PARAMETERS)?
            }
            _ => offset,
        };
        let size = usize::try_from(size).map_err(|_| TeeError::BAD_PARAMETERS)?;
        let inside = offset.checked_add(size).is_some_and(|end| end <= memory.memory.len());
        if inside { Ok((Some(memory), offset, size)) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    fn supply(&self, command: RpcCommand, params: &mut [MsgParam]) -> Result<(), TeeError> {
        let mut held: [_; PARAMS] = core::array::from_fn(|_| (None, 0, 0));
        for (param, slot) in params.iter().zip(&mut held) {
            if direction_of_memory(param).is_some() {
                *slot = self.memory_of(param)?;
            }
        }
        let mut typed: [RpcParam<'_>; PARAMS] = core::array::from_fn(|_| RpcParam::None);
        for ((param, (memory, offset, size)), out) in params.iter().zip(&held).zip(&mut typed) {
            *out = match (direction_of_value(param), direction_of_memory(param), memory) {
                (Some(direction), ..) => RpcParam::Value { direction, words: param.words },
                (None, Some(direction), Some(memory)) => {
                    RpcParam::Memory { direction, bytes: &memory.memory, offset: *offset, size: *size }
                }
                (None, Some(_), None) => RpcParam::Null,
                (None, None, _) => RpcParam::None,
            };
        }
        let outcome = self.supplicant.request(command, typed.get_mut(..params.len()).unwrap_or_default());
        for (param, answer) in params.iter_mut().zip(&typed) {
            match answer {
                RpcParam::Value { direction, words } if direction.is_output() => param.words = *words,
                RpcParam::Memory { direction, size, .. } if direction.is_output() => {
                    let [_, out, _] = &mut param.words;
                    *out = *size as u64;
                }
                _ => {}
            }
        }
        outcome
    }
}

fn expect(param: &MsgParam, kind: Kind) -> Result<(), TeeError> {
    if param.kind() == Some(kind) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
}

fn direction_of_value(param: &MsgParam) -> Option<Direction> {
    match param.kind()? {
        Kind::ValueInput => Some(Direction::Input),
        Kind::ValueOutput => Some(Direction::Output),
        Kind::ValueInout => Some(Direction::Inout),
        _ => None,
    }
}

fn direction_of_memory(param: &MsgParam) -> Option<Direction> {
    match param.kind()? {
        Kind::RmemInput | Kind::TmemInput => Some(Direction::Input),
        Kind::RmemOutput | Kind::TmemOutput => Some(Direction::Output),
        Kind::RmemInout | Kind::TmemInout => Some(Direction::Inout),
        _ => None,
    }
}
