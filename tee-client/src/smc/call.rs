// SPDX-License-Identifier: BSD-2-Clause
//! Performing a message: argument pages, the yielding call and its RPCs.

use super::message::{BYTES, Message};
use super::{Machine, PAGE, SmcTransport};
use crate::error::Error;
use crate::param::{Direction, Param};
use utee_abi::msg::{ATTR_NONCONTIG, Kind, MsgParam, NONCONTIG_LINK, PAGES_PER_LIST};
use utee_abi::param::PARAMS;
use utee_abi::result::{Origin, TeeError};
use utee_abi::smc::{ReturnCode, YieldingCall, rpc_of};

/// A page for the message of one call and, behind it, the TEE's own to us.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) physical: u64,
}

/// Pages that list the pages of a buffer.
pub(super) struct PageList {
    pub(super) physical: u64,
    pub(super) pages: usize,
    offset: u64,
}

impl PageList {
    pub(super) fn param(&self, kind: Kind, size: usize, cookie: u64) -> MsgParam {
        MsgParam::new(kind, [self.physical | self.offset, size as u64, cookie]).with(ATTR_NONCONTIG)
    }
}

/// What was set up for a parameter and is to be taken down after the call.
#[derive(Clone, Copy, Default)]
struct Shadow {
    /// Copy of a temporary buffer: physical address and pages.
    copy: Option<(u64, usize)>,
    list: Option<(u64, usize)>,
}

impl<M: Machine> SmcTransport<M> {
    /// Performs a message on an argument page of its own.
    pub(super) fn perform(&self, message: &mut Message) -> Result<(), Error> {
        let taken = self.slots.borrow_mut().pop();
        let slot = match taken {
            Some(slot) => slot,
            None => Slot { physical: self.machine.allocate(1).ok_or(Error::api(TeeError::OUT_OF_MEMORY))? },
        };
        let result = self.perform_on(slot, message);
        self.slots.borrow_mut().push(slot);
        result
    }

    fn perform_on(&self, slot: Slot, message: &mut Message) -> Result<(), Error> {
        let mut bytes = [0u8; BYTES];
        let len = message.len();
        let broken = Error::comms(TeeError::COMMUNICATION);
        let used = bytes.get_mut(..len).ok_or(broken)?;
        message.write(used).ok_or(broken)?;
        self.machine.write(slot.physical, used);
        let rpc = slot.physical + len as u64;
        match self.call(slot.physical, rpc) {
            ReturnCode::Ok => {}
            ReturnCode::EThreadLimit | ReturnCode::EBusy => return Err(Error::comms(TeeError::BUSY)),
            ReturnCode::ENoMem => return Err(Error::comms(TeeError::OUT_OF_MEMORY)),
            _ => return Err(broken),
        }
        self.machine.read(slot.physical, used);
        message.read_back(used).ok_or(broken)?;
        let origin = Origin::try_from(message.header.ret_origin).unwrap_or(Origin::Tee);
        TeeError::check(message.header.ret).map_err(|code| Error { code, origin })
    }

    /// Makes the yielding call for the message at `physical` and serves its RPCs, whose messages stand at `rpc`.
    fn call(&self, physical: u64, rpc: u64) -> ReturnCode {
        let (high, low) = ((physical >> 32) as u32, physical as u32);
        let start = [YieldingCall::WithRpcArg.into(), high, low, 0, 0, 0, 0, 0];
        let mut regs = start;
        loop {
            let [a0, a1, a2, a3] = self.machine.smc(regs);
            match rpc_of(a0) {
                Some(request) => regs = self.serve_rpc(request, [a1, a2, a3], rpc),
                None if a0 == ReturnCode::EThreadLimit.raw() => {
                    // Every secure thread is busy: another call of ours has to come back first.
                    self.machine.yield_now();
                    regs = start;
                }
                None => return ReturnCode::try_from(a0).unwrap_or(ReturnCode::EBadCmd),
            }
        }
    }

    /// The page list of a contiguous buffer.
    pub(super) fn page_list(&self, physical: u64, size: usize) -> Result<PageList, Error> {
        let offset = physical % PAGE as u64;
        let count = (offset as usize + size).div_ceil(PAGE).max(1);
        let pages = count.div_ceil(PAGES_PER_LIST);
        let list = self.machine.allocate(pages).ok_or(Error::api(TeeError::OUT_OF_MEMORY))?;
        let first = physical - offset;
        for index in 0..count {
            let page = first + (index * PAGE) as u64;
            let at = index / PAGES_PER_LIST * PAGE + index % PAGES_PER_LIST * 8;
            self.machine.write(list + at as u64, &page.to_le_bytes());
        }
        for index in 1..pages {
            let link = list + ((index - 1) * PAGE + NONCONTIG_LINK) as u64;
            self.machine.write(link, &(list + (index * PAGE) as u64).to_le_bytes());
        }
        Ok(PageList { physical: list, pages, offset })
    }

    /// Adds the parameters of an operation, performs the message, and takes back what the TA answers.
    pub(super) fn with_params(&self, message: &mut Message, params: &mut [Param<'_>]) -> Result<(), Error> {
        let first = message.count;
        let mut shadows = [Shadow::default(); PARAMS];
        let mut built = Ok(());
        for (param, shadow) in params.iter().zip(&mut shadows) {
            built = self.encode(param, shadow).map(|param| message.push(param));
            if built.is_err() {
                break;
            }
        }
        let result = built.and_then(|()| self.perform(message));
        for (index, (param, shadow)) in params.iter_mut().zip(&shadows).enumerate() {
            if let Some(answer) = message.params.get(first + index).filter(|_| first + index < message.count) {
                self.decode(param, answer, shadow);
            }
        }
        for shadow in &shadows {
            for (physical, pages) in [shadow.copy, shadow.list].into_iter().flatten() {
                self.machine.release(physical, pages);
            }
        }
        result
    }

    fn encode(&self, param: &Param<'_>, shadow: &mut Shadow) -> Result<MsgParam, Error> {
        Ok(match param {
            Param::None => MsgParam::default(),
            Param::Value { direction, a, b } => MsgParam::new(value_kind(*direction), [u64::from(*a), u64::from(*b), 0]),
            Param::Registered { direction, buffer, offset, size } => {
                MsgParam::new(registered_kind(*direction), [*offset as u64, *size as u64, buffer.cookie])
            }
            Param::Null { direction, .. } => MsgParam::new(temporary_kind(*direction), [0; 3]),
            Param::Temporary { direction, data, .. } => {
                let pages = data.len().max(1).div_ceil(PAGE);
                let copy = self.machine.allocate(pages).ok_or(Error::api(TeeError::OUT_OF_MEMORY))?;
                shadow.copy = Some((copy, pages));
                if *direction != Direction::Output {
                    self.machine.write(copy, data);
                }
                let list = self.page_list(copy, data.len())?;
                shadow.list = Some((list.physical, list.pages));
                list.param(temporary_kind(*direction), data.len(), 0)
            }
        })
    }

    fn decode(&self, param: &mut Param<'_>, answer: &MsgParam, shadow: &Shadow) {
        let [a_or_place, b_or_size, _] = answer.words;
        match param {
            Param::None => {}
            Param::Value { direction: Direction::Output | Direction::Inout, a, b } => {
                (*a, *b) = (a_or_place as u32, b_or_size as u32);
            }
            Param::Value { .. } => {}
            Param::Registered { size, .. } | Param::Null { size, .. } => *size = b_or_size as usize,
            Param::Temporary { direction, data, size } => {
                *size = b_or_size as usize;
                let len = data.len().min(*size);
                if let (true, Some((copy, _)), Some(data)) = (*direction != Direction::Input, shadow.copy, data.get_mut(..len)) {
                    self.machine.read(copy, data);
                }
            }
        }
    }
}

fn value_kind(direction: Direction) -> Kind {
    match direction {
        Direction::Input => Kind::ValueInput,
        Direction::Output => Kind::ValueOutput,
        Direction::Inout => Kind::ValueInout,
    }
}

fn registered_kind(direction: Direction) -> Kind {
    match direction {
        Direction::Input => Kind::RmemInput,
        Direction::Output => Kind::RmemOutput,
        Direction::Inout => Kind::RmemInout,
    }
}

fn temporary_kind(direction: Direction) -> Kind {
    match direction {
        Direction::Input => Kind::TmemInput,
        Direction::Output => Kind::TmemOutput,
        Direction::Inout => Kind::TmemInout,
    }
}
