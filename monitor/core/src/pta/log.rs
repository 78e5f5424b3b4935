// SPDX-License-Identifier: BSD-2-Clause
//! Log lines for the normal world.

use super::{Caller, PseudoTa, memref, value};
use crate::call::Call;
use crate::journal::Read;
use crate::ports::Platform;
use crate::session::{Client, Session};
use crate::ta::params::{Param, Params};
use utee_abi::param::ParamType;
use utee_abi::pta::log::{Command, UUID};
use utee_abi::result::TeeError;
use utee_abi::smc::{from_halves, halves};
use utee_abi::uuid::Uuid;

/// The pseudo-TA.
pub struct Log;

/// Bytes that are copied at a time.
const CHUNK: usize = 256;

impl<P: Platform> PseudoTa<P> for Log {
    fn uuid(&self) -> Uuid {
        UUID
    }

    fn open(&self, _client: &Client, caller: &Caller<'_, P>) -> Result<(), TeeError> {
        match caller {
            Caller::NormalWorld => Ok(()),
            // A TA has no business with what others print.
            Caller::Ta(..) => Err(TeeError::ACCESS_DENIED),
        }
    }

    fn invoke(
        &self,
        call: &Call<'_, P>,
        _session: &Session<P>,
        _caller: Caller<'_, P>,
        command: u32,
        params: &mut Params<P>,
    ) -> Result<(), TeeError> {
        let Command::Read = Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)?;
        let [p0, p1, p2, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
        let [low, high] = value(p0, ParamType::ValueInout)?;
        let (memory, size) = memref(p1, ParamType::MemrefOutput)?;
        let lost = value(p2, ParamType::ValueOutput)?;
        let asked = from_halves(word(*high)?, word(*low)?);
        let room = usize::try_from(*size).map_err(|_| TeeError::BAD_PARAMETERS)?;
        let memory = memory.ok_or(TeeError::BAD_PARAMETERS)?;
        let journal = call.platform().journal();
        let (mut position, mut copied, mut missed) = (asked, 0usize, 0u64);
        while copied < room {
            let mut bytes = [0; CHUNK];
            let wanted = room.saturating_sub(copied).min(CHUNK);
            let part = bytes.get_mut(..wanted).ok_or(TeeError::GENERIC)?;
            let Read { len, next, lost } = journal.read(position, part);
            if lost != 0 && copied != 0 {
                // Overtaken between two pieces: the next call tells of the gap, at its place.
                break;
            }
            missed = missed.saturating_add(lost);
            position = next;
            let part = bytes.get(..len).ok_or(TeeError::GENERIC)?;
            if len == 0 {
                break;
            }
            if !memory.write(call.platform(), copied, part) {
                return Err(TeeError::GENERIC);
            }
            copied = copied.saturating_add(len);
        }
        *size = copied as u64;
        [*high, *low] = split(position);
        let [lost_low, lost_high] = lost;
        [*lost_high, *lost_low] = split(missed);
        Ok(())
    }
}

fn split(value: u64) -> [u64; 2] {
    let (high, low) = halves(value);
    [u64::from(high), u64::from(low)]
}

fn word(value: u64) -> Result<u32, TeeError> {
    u32::try_from(value).map_err(|_| TeeError::BAD_PARAMETERS)
}
