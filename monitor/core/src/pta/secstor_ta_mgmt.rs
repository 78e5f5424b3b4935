// SPDX-License-Identifier: BSD-2-Clause
//! Installs TAs (OP-TEE ABI, secstor_ta_mgmt): signed images that the TEE keeps from then on.

use super::{Caller, PseudoTa, memref};
use crate::call::Call;
use crate::ports::Platform;
use crate::session::{Client, Session};
use crate::ta::params::{Param, Params};
use utee_abi::param::ParamType;
use utee_abi::pta::secstor_ta_mgmt::{Command, UUID};
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// The pseudo-TA.
pub struct TaManagement;

impl<P: Platform> PseudoTa<P> for TaManagement {
    fn uuid(&self) -> Uuid {
        UUID
    }

    fn open(&self, _client: &Client, _caller: &Caller<'_, P>) -> Result<(), TeeError> {
        // What is installed is signed: it does not matter who brings it.
        Ok(())
    }

    fn invoke(
        &self,
        call: &Call<'_, P>,
        _session: &Session<P>,
        _caller: Caller<'_, P>,
        command: u32,
        params: &mut Params<P>,
    ) -> Result<(), TeeError> {
        let Command::Bootstrap = Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)?;
        let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
        let (memory, size) = memref(p0, ParamType::MemrefInput)?;
        let len = usize::try_from(*size).map_err(|_| TeeError::SECURITY)?;
        call.tee.normal_source.install(call, memory.ok_or(TeeError::SECURITY)?, len)
    }
}
