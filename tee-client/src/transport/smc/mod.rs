// SPDX-License-Identifier: BSD-2-Clause
//! OP-TEE's SMC and message protocol, as the normal-world side speaks it.
//!
//! The engine is safe code over three ports: [`Smc`] executes the instruction, [`Os`] is the kernel around it (memory that
//! can be shared, sleeping, time), [`Supplicant`] serves what the TEE asks of the file system. A call without parameters
//! allocates nothing: its message stands in a `slot` that was registered when the line was made.
//!
//! * `connect` - what the TEE can do, and the choice of how to speak to it.
//! * `slot` - places for messages; `stage` - parameters into one and back.
//! * `call` - the call loop; `rpc` - what the TEE asks meanwhile.
//! * `shm` - shared memory; `reserved` - the part of it that the board reserves.

mod call;
mod connect;
mod page_list;
mod ports;
mod reserved;
mod rpc;
mod shm;
mod slot;
mod stage;
#[cfg(test)]
mod tests;

pub use connect::{Calling, ConnectError, MemoryKind, Options, TeeInfo};
pub use ports::{NoSupplicant, Os, RpcParam, Shareable, Smc, Supplicant};
pub use shm::SmcMemory;

use crate::context::Identity;
use crate::error::Error;
use crate::operation::Operation;
use crate::transport::Transport;
use alloc::sync::Arc;
use alloc::vec::Vec;
use reserved::Reserved;
use rpc::RpcMemory;
use slot::Slots;
use spin::Mutex;
use stage::Stage;
use utee_abi::msg::{ATTR_META, Command, MsgHeader, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// Bytes of a page of the protocol.
pub const PAGE_SIZE: usize = 4096;

/// Memory that is kept for the TEE, by cookie.
type Kept<M> = Vec<(u64, Arc<RpcMemory<M>>)>;

/// A line to a TEE by SMC.
pub struct SmcTransport<S: Smc, O: Os, P: Supplicant = NoSupplicant> {
    smc: S,
    os: O,
    supplicant: P,
    info: TeeInfo,
    kind: MemoryKind,
    calling: Calling,
    slots: Slots<O::Memory>,
    reserved: Option<Reserved>,
    /// Memory that the TEE asked for, by cookie.
    rpc_memory: Mutex<Kept<O::Memory>>,
    last_cookie: Mutex<u64>,
}

impl<S: Smc, O: Os, P: Supplicant> SmcTransport<S, O, P> {
    /// What the TEE said of itself.
    pub fn info(&self) -> &TeeInfo {
        &self.info
    }

    /// The kernel around it.
    pub fn os(&self) -> &O {
        &self.os
    }

    /// Executes one call of the secure monitor as it is.
    pub fn smc(&self, regs: [u32; 8]) -> [u32; 4] {
        self.smc.call(regs)
    }

    /// Kind of memory that is shared.
    pub fn kind(&self) -> MemoryKind {
        self.kind
    }

    /// Call that messages are sent with.
    pub fn calling(&self) -> Calling {
        self.calling
    }

    fn new_cookie(&self) -> u64 {
        let mut last = self.last_cookie.lock();
        *last = last.wrapping_add(1);
        *last
    }

    /// Sends a message that has no parameters.
    fn simple(&self, command: Command, session: u32) -> Result<(), Error> {
        let slot = self.slots.claim(&self.os);
        let mut stage = Stage::new(self, &slot, MsgHeader { session, ..MsgHeader::request(command.into(), 0) });
        let answer = stage.send()?;
        Error::check(answer.ret, answer.ret_origin)
    }
}

impl<S: Smc, O: Os, P: Supplicant> Drop for SmcTransport<S, O, P> {
    fn drop(&mut self) {
        self.withdraw_slots();
    }
}

impl<S: Smc, O: Os, P: Supplicant> Transport for SmcTransport<S, O, P> {
    type Memory = SmcMemory<O::Memory>;

    fn open(&self, uuid: Uuid, identity: Identity, operation: &mut Operation<'_, Self>) -> Result<u32, Error> {
        let [a, b] = uuid.words();
        let [client_a, client_b] = identity.uuid.words();
        let login = u64::from(u32::from(identity.login));
        let slot = self.slots.claim(&self.os);
        let mut stage = Stage::new(self, &slot, MsgHeader::request(Command::OpenSession.into(), 0));
        stage.push(MsgParam::value_in(a, b, 0).with(ATTR_META))?;
        stage.push(MsgParam::value_in(client_a, client_b, login).with(ATTR_META))?;
        stage.push_operation(operation)?;
        let answer = stage.send()?;
        stage.collect(operation)?;
        Error::check(answer.ret, answer.ret_origin)?;
        Ok(answer.session)
    }

    fn invoke(&self, session: u32, command: u32, operation: &mut Operation<'_, Self>) -> Result<(), Error> {
        let slot = self.slots.claim(&self.os);
        let header = MsgHeader { session, func: command, ..MsgHeader::request(Command::InvokeCommand.into(), 0) };
        let mut stage = Stage::new(self, &slot, header);
        stage.push_operation(operation)?;
        let answer = stage.send()?;
        stage.collect(operation)?;
        Error::check(answer.ret, answer.ret_origin)
    }

    fn cancel(&self, session: u32) -> Result<(), Error> {
        self.simple(Command::Cancel, session)
    }

    fn close(&self, session: u32) -> Result<(), Error> {
        self.simple(Command::CloseSession, session)
    }

    fn allocate(&self, size: usize) -> Result<Self::Memory, Error> {
        let memory = self.allocate_unregistered(size).ok_or(Error::api(TeeError::OUT_OF_MEMORY))?;
        self.announce(memory)
    }

    fn register(&self, buffer: Vec<u8>) -> Result<Self::Memory, Error> {
        self.adopt(buffer)
    }

    fn release(&self, memory: Self::Memory) -> Result<Vec<u8>, Error> {
        let memory = self.withdraw(memory)?;
        Ok(self.take_apart(memory))
    }

    fn discard(&self, memory: Self::Memory) -> Result<(), Error> {
        let memory = self.withdraw(memory)?;
        self.free(memory);
        Ok(())
    }
}
