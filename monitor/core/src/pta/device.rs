// SPDX-License-Identifier: BSD-2-Clause
//! Device enumeration: which TAs a Linux driver should make devices for.

use super::{Caller, PseudoTa, memref};
use crate::call::Call;
use crate::ports::Platform;
use crate::session::{Client, Session};
use crate::ta::params::{Param, Params};
use utee_abi::param::ParamType;
use utee_abi::pta::device::{Command, UUID};
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

/// The pseudo-TA.
pub struct DeviceEnumeration;

/// Bytes of a UUID in the answer.
const OCTETS: u64 = 16;

impl<P: Platform> PseudoTa<P> for DeviceEnumeration {
    fn uuid(&self) -> Uuid {
        UUID
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
        let wanted = match Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)? {
            Command::GetDevices => TaFlags::DEVICE_ENUM,
            // Private storage is kept by the supplicant, so what needs it comes with the supplicant.
            Command::GetDevicesSupp => TaFlags::DEVICE_ENUM_SUPP | TaFlags::DEVICE_ENUM_TEE_STORAGE_PRIVATE,
            Command::GetDevicesRpmb => TaFlags::empty(),
        };
        let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
        let (memory, size) = memref(p0, ParamType::MemrefOutput)?;
        let archive = call.tee.archive.flags(call)?;
        let pseudo = super::present(call.platform()).map(|pseudo| (pseudo.uuid(), pseudo.flags()));
        let devices = || pseudo.clone().chain(archive.iter().copied()).filter(|(_, flags)| flags.intersects(wanted));
        let needed = (devices().count() as u64).saturating_mul(OCTETS);
        let capacity = core::mem::replace(size, needed);
        if needed == 0 {
            return Ok(());
        }
        let memory = memory.filter(|_| capacity >= needed).ok_or(TeeError::SHORT_BUFFER)?;
        for (index, (uuid, _)) in devices().enumerate() {
            if !memory.write(call.platform(), index.saturating_mul(OCTETS as usize), &uuid.octets()) {
                return Err(TeeError::GENERIC);
            }
        }
        Ok(())
    }
}
