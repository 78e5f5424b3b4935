// SPDX-License-Identifier: BSD-2-Clause
//! The call loop: start, serve what the TEE asks meanwhile, resume, until it is done.

use super::SmcTransport;
use super::ports::{Os, Smc, Supplicant};
use super::rpc::RpcPlace;
use super::slot::back_off;
use crate::error::Error;
use utee_abi::result::TeeError;
use utee_abi::smc::{ReturnCode, YieldingCall, rpc_of};

impl<S: Smc, O: Os, P: Supplicant> SmcTransport<S, O, P> {
    /// Makes a yielding call and sees it through. `given` is the RPC message that comes with the call, if any.
    pub(super) fn yielding(&self, start: [u32; 8], given: Option<RpcPlace<'_, O::Memory>>) -> Result<(), Error> {
        let mut regs = start;
        let mut tries = 0;
        loop {
            let [a0, a1, a2, thread] = self.smc.call(regs);
            if a0 == ReturnCode::Ok.raw() {
                return Ok(());
            }
            match rpc_of(a0) {
                Some(rpc) => {
                    // A request that does not exist is resumed without an answer, as the thread must end somehow.
                    let [b1, b2, b4, b5] = rpc.map_or([0; 4], |rpc| self.serve_rpc(rpc, [a1, a2], given));
                    regs = [YieldingCall::ReturnFromRpc.into(), b1, b2, thread, b4, b5, 0, 0];
                }
                None if a0 == ReturnCode::EThreadLimit.raw() => {
                    back_off(&self.os, &mut tries);
                    regs = start;
                }
                None => return Err(refusal(a0)),
            }
        }
    }
}

/// The error that a return code stands for.
fn refusal(a0: u32) -> Error {
    Error::comms(match ReturnCode::try_from(a0) {
        Ok(ReturnCode::ENoMem) => TeeError::OUT_OF_MEMORY,
        Ok(ReturnCode::EBusy) => TeeError::BUSY,
        Ok(ReturnCode::EBadAddr | ReturnCode::EBadCmd) => TeeError::BAD_PARAMETERS,
        _ => TeeError::COMMUNICATION,
    })
}
