// SPDX-License-Identifier: BSD-2-Clause
//! Calls that are under way, answered step by step.
#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod keys;
pub(crate) mod pseudo;

use tee_core::testing::normal::NormalWorld;
use utee_abi::msg::{Command, MsgHeader, MsgParam, message_size};
use utee_abi::rpc::RpcCommand;
use utee_abi::smc::{RpcReturn, YieldingCall, rpc_of};

/// A call that waits for an answer of the normal world.
pub(crate) struct Running {
    /// The secure thread that it is on.
    pub(crate) thread: u32,
    page: u64,
    /// Where its requests stand.
    pub(crate) rpc: u64,
}

impl Running {
    /// Starts a command without parameters.
    pub(crate) fn start(world: &mut NormalWorld, session: u32, command: u32) -> Self {
        Self::start_with(world, session, command, &[])
    }

    /// Starts a command.
    pub(crate) fn start_with(world: &mut NormalWorld, session: u32, command: u32, params: &[MsgParam]) -> Self {
        let header = MsgHeader::request(Command::InvokeCommand.into(), params.len() as u32);
        Self::message(world, &MsgHeader { session, func: command, ..header }, params)
    }

    /// Starts a message.
    pub(crate) fn message(world: &mut NormalWorld, header: &MsgHeader, params: &[MsgParam]) -> Self {
        let (call, a0) = Self::begin(world, header, params);
        assert_eq!(rpc_of(a0), Some(Ok(RpcReturn::Cmd)), "the call waits for the normal world");
        call
    }

    /// Starts a message; `a0` of what comes then.
    pub(crate) fn begin(world: &mut NormalWorld, header: &MsgHeader, params: &[MsgParam]) -> (Self, u32) {
        let page = world.put(header, params);
        let [a0, _, _, thread] = world.smc([YieldingCall::WithRpcArg.into(), 0, page as u32, 0, 0, 0, 0, 0]);
        (Self { page, thread, rpc: page + message_size(params.len()) as u64 }, a0)
    }

    /// What it asks for.
    pub(crate) fn request(&self, world: &NormalWorld) -> (RpcCommand, MsgParam) {
        let bytes = world.read(self.rpc, message_size(1));
        let header = MsgHeader::read(&bytes).unwrap();
        (RpcCommand::try_from(header.cmd).unwrap(), MsgParam::read(&bytes, 0).unwrap())
    }

    /// Answers the request with a result; `a0` of what comes then.
    pub(crate) fn answer(&self, world: &NormalWorld, result: u32) -> u32 {
        world.write(self.rpc + MsgHeader::RET as u64, &result.to_le_bytes());
        self.resume(world)
    }

    /// Resumes it; `a0` of what comes then.
    pub(crate) fn resume(&self, world: &NormalWorld) -> u32 {
        world.smc([YieldingCall::ReturnFromRpc.into(), 0, 0, self.thread, 0, 0, 0, 0])[0]
    }

    /// Answers the request with success, and follows the call to another thread; `a0` of what comes then.
    pub(crate) fn go_on(&mut self, world: &NormalWorld) -> u32 {
        world.write(self.rpc + MsgHeader::RET as u64, &[0; 4]);
        let [a0, _, _, thread] = world.smc([YieldingCall::ReturnFromRpc.into(), 0, 0, self.thread, 0, 0, 0, 0]);
        if rpc_of(a0).is_some() {
            self.thread = thread;
        }
        a0
    }

    /// The header of its message.
    pub(crate) fn header(&self, world: &NormalWorld) -> MsgHeader {
        MsgHeader::read(&world.read(self.page, message_size(0))).unwrap()
    }

    /// Overwrites its number of parameters.
    pub(crate) fn spoil(&self, world: &NormalWorld) {
        world.write(self.page + 28, &u32::MAX.to_le_bytes());
    }

    /// The result of the call.
    pub(crate) fn result(&self, world: &NormalWorld) -> u32 {
        MsgHeader::read(&world.read(self.page, message_size(0))).unwrap().ret
    }
}
