// SPDX-License-Identifier: BSD-2-Clause
//! Parameters of a message: to typed ones with checked memory, and their results back.

use super::shm::Shm;
use super::window::Window;
use crate::call::Call;
use crate::ports::Platform;
use crate::ta::memory::{Backing, Memory};
use crate::ta::params::{Param, Params};
use alloc::sync::Arc;
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::param::{PARAMS, ParamType};
use utee_abi::result::TeeError;

/// Decodes the parameters that are for the TA into `out`, which holds none yet: they are large enough to be made where they stay.
///
/// # Errors
/// BAD_PARAMETERS for too many, unknown kinds, or memory that is not shared; SECURITY past the end of registered
/// memory; OUT_OF_MEMORY.
pub fn decode<P: Platform>(call: &Call<'_, P>, list: &[MsgParam], out: &mut Params<P>) -> Result<(), TeeError> {
    if list.len() > PARAMS {
        return Err(TeeError::BAD_PARAMETERS);
    }
    for (slot, param) in out.iter_mut().zip(list) {
        *slot = decode_one(call, param)?;
    }
    Ok(())
}

fn decode_one<P: Platform>(call: &Call<'_, P>, param: &MsgParam) -> Result<Param<P>, TeeError> {
    if param.is_meta() {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let [a, b, c] = param.words;
    let value = |kind| Ok(Param::Value { kind, a, b });
    match param.kind().ok_or(TeeError::BAD_PARAMETERS)? {
        Kind::None => Ok(Param::None),
        Kind::ValueInput => value(ParamType::ValueInput),
        Kind::ValueOutput => value(ParamType::ValueOutput),
        Kind::ValueInout => value(ParamType::ValueInout),
        Kind::RmemInput => registered(call, ParamType::MemrefInput, a, b, c),
        Kind::RmemOutput => registered(call, ParamType::MemrefOutput, a, b, c),
        Kind::RmemInout => registered(call, ParamType::MemrefInout, a, b, c),
        Kind::TmemInput => temporary(call, ParamType::MemrefInput, param),
        Kind::TmemOutput => temporary(call, ParamType::MemrefOutput, param),
        Kind::TmemInout => temporary(call, ParamType::MemrefInout, param),
    }
}

fn registered<P: Platform>(call: &Call<'_, P>, kind: ParamType, offset: u64, size: u64, cookie: u64) -> Result<Param<P>, TeeError> {
    let shm = call.tee.shm.get(cookie).ok_or(TeeError::BAD_PARAMETERS)?;
    if offset.checked_add(size).is_none_or(|end| end > shm.size()) {
        return Err(TeeError::SECURITY);
    }
    let at = usize::try_from(offset).ok().and_then(|offset| shm.offset().checked_add(offset)).ok_or(TeeError::SECURITY)?;
    Ok(Param::Memref { kind, memory: Some(Memory { backing: Backing::Shm(shm), offset: at }), size })
}

fn temporary<P: Platform>(call: &Call<'_, P>, kind: ParamType, param: &MsgParam) -> Result<Param<P>, TeeError> {
    let [address, size, _] = param.words;
    if address == 0 {
        return if size == 0 { Ok(Param::Memref { kind, memory: None, size: 0 }) } else { Err(TeeError::BAD_PARAMETERS) };
    }
    let shm = if param.is_noncontig() {
        Shm::from_list(call.platform(), address, size)?
    } else {
        let reserved = call.platform().reserved_shm();
        let inside = reserved.start <= address && address.checked_add(size).is_some_and(|end| end <= reserved.end);
        if !inside {
            return Err(TeeError::BAD_PARAMETERS);
        }
        Shm::contiguous(call.platform(), address, size)?
    };
    let offset = shm.offset();
    Ok(Param::Memref { kind, memory: Some(Memory { backing: Backing::Shm(Arc::new(shm)), offset }), size })
}

/// Writes the results of the parameters that [`decode`] made of `list` into the message, where they stand from index `first`
/// on: values and sizes of outputs, no more.
pub fn write_back<P: Platform>(call: &Call<'_, P>, window: &Window, first: usize, list: &[MsgParam], params: &Params<P>) {
    for (index, param) in params.iter().take(list.len()).enumerate() {
        let at = MsgParam::offset(first.saturating_add(index));
        // The window was checked to hold every parameter that was decoded.
        let _ = match param {
            Param::Value { kind, a, b } if kind.is_output() => {
                let mut bytes = [0; 16];
                let (low, high) = bytes.split_at_mut(8);
                low.copy_from_slice(&a.to_le_bytes());
                high.copy_from_slice(&b.to_le_bytes());
                window.write(call.platform(), at.saturating_add(MsgParam::VALUE_FIELD), &bytes)
            }
            Param::Memref { kind, size, .. } if kind.is_output() => {
                window.write(call.platform(), at.saturating_add(MsgParam::SIZE_FIELD), &size.to_le_bytes())
            }
            _ => true,
        };
    }
}
