// SPDX-License-Identifier: BSD-2-Clause
//! The SMC transport: OP-TEE's message protocol, as a kernel speaks it.

mod call;
mod message;
mod rpc;

use crate::Transport;
use crate::error::Error;
use crate::memory::Buffer;
use crate::param::Param;
use alloc::vec::Vec;
use call::Slot;
use core::cell::RefCell;
use message::Message;
use utee_abi::msg::{Command, Kind, Login, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::smc::{API_UID, Capabilities, FastCall, ReturnCode};
use utee_abi::uuid::Uuid;

/// Bytes of a page of the protocol.
pub const PAGE: usize = 4096;

/// What the transport needs of the kernel that it runs in.
pub trait Machine {
    /// Executes `smc` with a0..a7; gives a0..a3.
    fn smc(&self, regs: [u32; 8]) -> [u32; 4];

    /// Allocates `pages` contiguous, zeroed, shareable pages; gives their physical address.
    fn allocate(&self, pages: usize) -> Option<u64>;

    /// Takes pages back.
    fn release(&self, physical: u64, pages: usize);

    /// Copies out of memory that was allocated here.
    fn read(&self, physical: u64, out: &mut [u8]);

    /// Copies into memory that was allocated here.
    fn write(&self, physical: u64, data: &[u8]);

    /// Lets interrupts in and other threads run.
    fn yield_now(&self);

    /// Sleeps; other threads run meanwhile.
    fn sleep(&self, milliseconds: u64);

    /// Sleeps until [`Machine::notify`] is called with the same number, which may have happened already.
    fn wait(&self, number: u64);

    /// Wakes who waits for a number, or will.
    fn notify(&self, number: u64);

    /// Seconds and nanoseconds since 1970, as far as this kernel knows.
    fn time(&self) -> (u64, u32);

    /// Serves a request of the TEE that is not this transport's own (files, TAs, sockets).
    fn supplicant(&self, _command: u32, _params: &mut [MsgParam]) -> Result<(), TeeError> {
        Err(TeeError::NOT_SUPPORTED)
    }
}

/// The transport.
pub struct SmcTransport<M: Machine> {
    machine: M,
    capabilities: Capabilities,
    /// Argument pages that no call has, each registered once.
    slots: RefCell<Vec<Slot>>,
}

impl<M: Machine> SmcTransport<M> {
    /// Finds the TEE and agrees on capabilities.
    ///
    /// # Errors
    /// COMMUNICATION when there is no OP-TEE interface, NOT_SUPPORTED when it lacks what is needed.
    pub fn probe(machine: M) -> Result<Self, Error> {
        let fast = |call: FastCall, a1| machine.smc([call.into(), a1, 0, 0, 0, 0, 0, 0]);
        if fast(FastCall::CallsUid, 0) != API_UID {
            return Err(Error::comms(TeeError::COMMUNICATION));
        }
        let [code, bits, _, _] = fast(FastCall::ExchangeCapabilities, 0);
        let capabilities = Capabilities::from_bits_retain(bits);
        let needed = Capabilities::DYNAMIC_SHM | Capabilities::RPC_ARG | Capabilities::MEMREF_NULL;
        if code != ReturnCode::Ok.raw() || !capabilities.contains(needed) {
            return Err(Error::comms(TeeError::NOT_SUPPORTED));
        }
        Ok(Self { machine, capabilities, slots: RefCell::new(Vec::new()) })
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// What the TEE can do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Answers a fast call; a0..a3.
    pub fn fast(&self, call: FastCall) -> [u32; 4] {
        self.machine.smc([call.into(), 0, 0, 0, 0, 0, 0, 0])
    }

    /// Registers contiguous pages; the cookie is the physical address.
    fn register(&self, physical: u64, size: usize) -> Result<u64, Error> {
        let list = self.page_list(physical, size)?;
        let mut message = Message::new(Command::RegisterShm);
        message.push(list.param(Kind::TmemOutput, size, physical));
        let result = self.perform(&mut message);
        self.machine.release(list.physical, list.pages);
        result.map(|()| physical)
    }

    fn unregister(&self, cookie: u64) -> Result<(), Error> {
        let mut message = Message::new(Command::UnregisterShm);
        message.push(MsgParam::new(Kind::RmemInput, [0, 0, cookie]));
        self.perform(&mut message)
    }
}

impl<M: Machine> Transport for SmcTransport<M> {
    fn open(&self, uuid: &Uuid, login: Login, client: &Uuid, params: &mut [Param<'_>]) -> Result<u32, Error> {
        let mut message = Message::new(Command::OpenSession);
        let [a, b] = uuid.words();
        let [client_a, client_b] = client.words();
        message.push_meta([a, b, 0]);
        message.push_meta([client_a, client_b, u64::from(u32::from(login))]);
        self.with_params(&mut message, params)?;
        Ok(message.header.session)
    }

    fn invoke(&self, session: u32, command: u32, params: &mut [Param<'_>]) -> Result<(), Error> {
        let mut message = Message::new(Command::InvokeCommand);
        message.header.session = session;
        message.header.func = command;
        self.with_params(&mut message, params)
    }

    fn close(&self, session: u32) -> Result<(), Error> {
        let mut message = Message::new(Command::CloseSession);
        message.header.session = session;
        self.perform(&mut message)
    }

    fn cancel(&self, session: u32) -> Result<(), Error> {
        let mut message = Message::new(Command::Cancel);
        message.header.session = session;
        self.perform(&mut message)
    }

    fn allocate(&self, size: usize) -> Result<Buffer, Error> {
        let out_of_memory = Error::api(TeeError::OUT_OF_MEMORY);
        let pages = size.max(1).div_ceil(PAGE);
        let physical = self.machine.allocate(pages).ok_or(out_of_memory)?;
        match self.register(physical, size.max(1)) {
            Ok(cookie) => Ok(Buffer { physical, size, cookie }),
            Err(error) => {
                self.machine.release(physical, pages);
                Err(error)
            }
        }
    }

    fn release(&self, buffer: &Buffer) {
        // Pages that the TEE still refers to are not used again: leaking them is the lesser harm.
        if self.unregister(buffer.cookie).is_ok() {
            self.machine.release(buffer.physical, buffer.size.max(1).div_ceil(PAGE));
        }
    }

    fn read(&self, buffer: &Buffer, at: usize, out: &mut [u8]) -> bool {
        let inside = at.checked_add(out.len()).is_some_and(|end| end <= buffer.size);
        if inside {
            self.machine.read(buffer.physical + at as u64, out);
        }
        inside
    }

    fn write(&self, buffer: &Buffer, at: usize, data: &[u8]) -> bool {
        let inside = at.checked_add(data.len()).is_some_and(|end| end <= buffer.size);
        if inside {
            self.machine.write(buffer.physical + at as u64, data);
        }
        inside
    }
}
