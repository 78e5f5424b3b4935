// SPDX-License-Identifier: BSD-2-Clause
//! Random numbers for the normal world's own generator: Linux' hwrng-optee binds to this.

use super::{Caller, PseudoTa, memref, value};
use crate::call::Call;
use crate::ports::{EntropyKind, Platform};
use crate::session::{Client, Session};
use crate::ta::params::{Param, Params};
use utee_abi::param::ParamType;
use utee_abi::pta::rng::{Command, UUID};
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;
use zeroize::Zeroize;

/// The pseudo-TA.
pub struct HardwareRng;

/// Bytes that one call gives at most.
const MAX: u64 = 4096;

/// Bytes that are made at a time.
const CHUNK: usize = 256;

/// Bytes a second. The generator never makes its caller wait; Linux divides by this number after a short answer.
const RATE: u64 = 1 << 20;

/// Quality of a real generator: every bit is one of entropy.
const QUALITY_FULL: u64 = 1024;

/// Quality of a stand-in: next to nothing. Linux takes 0 for the best there is.
const QUALITY_LOWEST: u64 = 1;

impl<P: Platform> PseudoTa<P> for HardwareRng {
    fn uuid(&self) -> Uuid {
        UUID
    }

    fn flags(&self) -> TaFlags {
        TaFlags::CONCURRENT | TaFlags::DEVICE_ENUM
    }

    fn open(&self, _client: &Client, _caller: &Caller<'_, P>) -> Result<(), TeeError> {
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
        match Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)? {
            Command::GetEntropy => entropy(call, params),
            Command::GetInfo => info(call, params),
        }
    }
}

fn entropy<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let (memory, size) = memref(p0, ParamType::MemrefInout)?;
    let memory = memory.ok_or(TeeError::BAD_PARAMETERS)?;
    *size = (*size).min(MAX);
    let len = usize::try_from(*size).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let mut bytes = [0; CHUNK];
    for at in (0..len).step_by(CHUNK) {
        let part = bytes.get_mut(..len.saturating_sub(at).min(CHUNK)).ok_or(TeeError::GENERIC)?;
        call.tee.rng.fill(call.platform(), part)?;
        if !memory.write(call.platform(), at, part) {
            return Err(TeeError::GENERIC);
        }
    }
    bytes.zeroize();
    Ok(())
}

fn info<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [rate, quality] = value(p0, ParamType::ValueOutput)?;
    *rate = RATE;
    *quality = match call.platform().entropy_kind() {
        EntropyKind::Hardware(_) => QUALITY_FULL,
        EntropyKind::StandIn(_) => QUALITY_LOWEST,
    };
    Ok(())
}
