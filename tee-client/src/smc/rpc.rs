// SPDX-License-Identifier: BSD-2-Clause
//! Requests of the TEE while a call is under way.

use super::{Machine, PAGE, SmcTransport};
use utee_abi::msg::{HEADER_SIZE, MsgHeader, MsgParam, PARAM_SIZE, message_size};
use utee_abi::result::{Origin, TeeError, raw};
use utee_abi::rpc::{NOTIFICATION_SEND, NOTIFICATION_WAIT, RpcCommand};
use utee_abi::smc::{RPC_PARAMS, RpcReturn, YieldingCall};

const MAX: usize = RPC_PARAMS as usize;

impl<M: Machine> SmcTransport<M> {
    /// Serves one request; gives the registers that resume the call.
    pub(super) fn serve_rpc(&self, request: Result<RpcReturn, u32>, [a1, a2, thread]: [u32; 3], rpc: u64) -> [u32; 8] {
        let mut answer = [YieldingCall::ReturnFromRpc.into(), 0, 0, thread, 0, 0, 0, 0];
        match request {
            Ok(RpcReturn::ForeignInterrupt) => self.machine.yield_now(),
            Ok(RpcReturn::Cmd) => self.serve_command(rpc),
            Ok(RpcReturn::Alloc) => {
                let pages = (a1 as usize).max(1).div_ceil(PAGE);
                let physical = self.machine.allocate(pages).unwrap_or(0);
                let (high, low) = ((physical >> 32) as u32, physical as u32);
                answer = [answer[0], high, low, thread, high, low, 0, 0];
            }
            // Message memory is never more than a page.
            Ok(RpcReturn::Free) => self.machine.release(u64::from(a1) << 32 | u64::from(a2), 1),
            Err(_) => {}
        }
        answer
    }

    fn serve_command(&self, at: u64) {
        let mut bytes = [0u8; HEADER_SIZE + MAX * PARAM_SIZE];
        self.machine.read(at, &mut bytes);
        let Some(header) = MsgHeader::read(&bytes) else { return };
        let count = (header.num_params as usize).min(MAX);
        let mut params = [MsgParam::default(); MAX];
        for (index, param) in params.iter_mut().enumerate().take(count) {
            *param = MsgParam::read(&bytes, index).unwrap_or_default();
        }
        let result = params.get_mut(..count).map_or(Err(TeeError::BAD_PARAMETERS), |params| self.serve_params(header.cmd, params));
        let answer = MsgHeader { ret: raw(result), ret_origin: Origin::Comms.raw(), ..header };
        let _ = answer.write(&mut bytes);
        for (index, param) in params.iter().enumerate().take(count) {
            let _ = param.write(&mut bytes, index);
        }
        if let Some(used) = bytes.get(..message_size(count)) {
            self.machine.write(at, used);
        }
    }

    fn serve_params(&self, command: u32, params: &mut [MsgParam]) -> Result<(), TeeError> {
        let known = RpcCommand::try_from(command).map_err(|_| TeeError::NOT_SUPPORTED)?;
        match (known, params) {
            (RpcCommand::Suspend, [time]) => {
                self.machine.sleep(time.words[0]);
                Ok(())
            }
            (RpcCommand::Notification, [request]) => match request.words {
                [NOTIFICATION_WAIT, number, _] => {
                    self.machine.wait(number);
                    Ok(())
                }
                [NOTIFICATION_SEND, number, _] => {
                    self.machine.notify(number);
                    Ok(())
                }
                _ => Err(TeeError::BAD_PARAMETERS),
            },
            (RpcCommand::GetTime, [time]) => {
                let (seconds, nanoseconds) = self.machine.time();
                time.words = [seconds, u64::from(nanoseconds), 0];
                Ok(())
            }
            (_, params) => self.machine.supplicant(command, params),
        }
    }
}
