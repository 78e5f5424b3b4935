// SPDX-License-Identifier: BSD-2-Clause
//! A small normal world: builds messages byte by byte, makes SMCs, and serves requests as it is told to.

use super::platform::{FakePlatform, RAM};
use crate::Tee;
use crate::call::Call;
use crate::msg::window::Window;
use crate::ports::{Platform, ThreadExit, ThreadId};
use crate::smc::Answer;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;
use utee_abi::msg::{ATTR_META, Command, Kind, MsgHeader, MsgParam, message_size};
use utee_abi::result::TeeError;
use utee_abi::rpc::RpcCommand;
use utee_abi::smc::{RpcReturn, YieldingCall, rpc_of};
use utee_abi::uuid::Uuid;

/// What the normal world does with a request; gives the result code.
pub type Supplicant = dyn FnMut(&FakePlatform, RpcCommand, &mut [MsgParam]) -> u32;

/// A normal world with one CPU.
pub struct NormalWorld {
    /// The TEE.
    pub tee: Arc<Tee<FakePlatform>>,
    /// Serves requests of the TEE.
    pub supplicant: Box<Supplicant>,
    next: u64,
}

/// The answer to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// a0.
    pub code: u32,
    /// Header.
    pub header: MsgHeader,
    /// Parameters.
    pub params: Vec<MsgParam>,
}

impl NormalWorld {
    /// A normal world that lets time pass when the TEE sleeps and has no TAs.
    pub fn new(tee: Arc<Tee<FakePlatform>>) -> Self {
        let supplicant = |platform: &FakePlatform, command, params: &mut [MsgParam]| {
            match (command, params) {
                (RpcCommand::Suspend, [time]) => platform.advance(time.words[0]),
                (RpcCommand::LoadTa, _) => return TeeError::ITEM_NOT_FOUND.raw(),
                _ => {}
            }
            0
        };
        Self { tee, supplicant: Box::new(supplicant), next: RAM.start + 0x1_0000 }
    }

    /// Pages that nobody has used.
    pub fn pages(&mut self, count: u64) -> u64 {
        let at = self.next;
        self.next += count * 4096;
        at
    }

    /// Writes memory.
    pub fn write(&self, pa: u64, data: &[u8]) {
        assert!(self.tee.platform.normal_write(pa, data));
    }

    /// Reads memory.
    pub fn read(&self, pa: u64, len: usize) -> Vec<u8> {
        let mut out = std::vec![0; len];
        assert!(self.tee.platform.normal_read(pa, &mut out));
        out
    }

    /// Makes one SMC; a0..a3.
    pub fn smc(&self, regs: [u32; 8]) -> [u32; 4] {
        match self.tee.smc(0, &regs) {
            Answer::Return(result) => result,
            Answer::Yield => panic!("nobody takes part in the demonstration"),
            Answer::CpuOff | Answer::Sleep(_) => panic!("the CPU went to sleep"),
        }
    }

    /// Writes a message to a new page.
    pub fn put(&mut self, header: &MsgHeader, params: &[MsgParam]) -> u64 {
        let page = self.pages(1);
        let mut bytes = std::vec![0; message_size(params.len())];
        header.write(&mut bytes).unwrap();
        for (index, param) in params.iter().enumerate() {
            param.write(&mut bytes, index).unwrap();
        }
        self.write(page, &bytes);
        page
    }

    /// Performs a message to its end, its requests served.
    pub fn perform(&mut self, header: &MsgHeader, params: &[MsgParam]) -> Reply {
        let page = self.put(header, params);
        let start = [YieldingCall::WithRpcArg.into(), 0, page as u32, 0, 0, 0, 0, 0];
        let code = self.finish(start, page + message_size(params.len()) as u64);
        let bytes = self.read(page, message_size(params.len()));
        let header = MsgHeader::read(&bytes).unwrap();
        let params = (0..params.len()).map(|index| MsgParam::read(&bytes, index).unwrap()).collect();
        Reply { code, header, params }
    }

    /// Makes a yielding call and serves its requests, whose messages stand at `rpc`; the last a0.
    pub fn finish(&mut self, start: [u32; 8], rpc: u64) -> u32 {
        let mut regs = start;
        loop {
            let [a0, _, _, thread] = self.smc(regs);
            match rpc_of(a0) {
                None => return a0,
                Some(Ok(RpcReturn::Cmd)) => self.serve(rpc),
                Some(_) => {}
            }
            regs = [YieldingCall::ReturnFromRpc.into(), 0, 0, thread, 0, 0, 0, 0];
        }
    }

    /// Runs a part of the core on a secure thread and serves its requests; what it gave.
    pub fn within<R: Send + 'static>(&mut self, part: impl FnOnce(&Call<'_, FakePlatform>) -> R + Send + 'static) -> R {
        const THREAD: ThreadId = ThreadId(0);
        let rpc = self.pages(1);
        let (give, given) = std::sync::mpsc::channel();
        let mut exit = self.tee.platform.start(move |tee| {
            let call = Call::new(tee, THREAD, Window::rpc_message(&tee.platform, rpc));
            give.send(part(&call)).expect("the test waits");
            call.finish();
            [0; 4]
        });
        while let ThreadExit::Rpc([a0, ..]) = exit {
            assert_eq!(rpc_of(a0), Some(Ok(RpcReturn::Cmd)));
            self.serve(rpc);
            exit = self.tee.platform.thread_resume(THREAD, [0; 8]);
        }
        given.recv().expect("the part ended")
    }

    fn serve(&mut self, at: u64) {
        let mut bytes = self.read(at, message_size(4));
        let mut header = MsgHeader::read(&bytes).unwrap();
        let count = header.num_params as usize;
        let mut params: Vec<MsgParam> = (0..count).map(|index| MsgParam::read(&bytes, index).unwrap()).collect();
        let command = RpcCommand::try_from(header.cmd).unwrap();
        header.ret = (self.supplicant)(&self.tee.platform, command, &mut params);
        header.write(&mut bytes).unwrap();
        for (index, param) in params.iter().enumerate() {
            param.write(&mut bytes, index).unwrap();
        }
        self.write(at, &bytes);
    }

    /// Opens a session as a public client.
    pub fn open(&mut self, uuid: &Uuid, params: &[MsgParam]) -> Reply {
        let [a, b] = uuid.words();
        let meta = |words| MsgParam::new(Kind::ValueInput, words).with(ATTR_META);
        let all = [&[meta([a, b, 0]), meta([0; 3])], params].concat();
        self.perform(&MsgHeader::request(Command::OpenSession.into(), all.len() as u32), &all)
    }

    /// Invokes a command.
    pub fn invoke(&mut self, session: u32, command: u32, params: &[MsgParam]) -> Reply {
        let header = MsgHeader { session, func: command, ..MsgHeader::request(Command::InvokeCommand.into(), params.len() as u32) };
        self.perform(&header, params)
    }

    /// Closes a session.
    pub fn close(&mut self, session: u32) -> Reply {
        self.perform(&MsgHeader { session, ..MsgHeader::request(Command::CloseSession.into(), 0) }, &[])
    }

    /// A page list of these pages; its address.
    pub fn list(&mut self, pages: &[u64]) -> u64 {
        let list = self.pages(1);
        for (index, page) in pages.iter().enumerate() {
            self.write(list + 8 * index as u64, &page.to_le_bytes());
        }
        list
    }
}
