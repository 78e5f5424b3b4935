// SPDX-License-Identifier: BSD-2-Clause
//! What OP-TEE's test suite asks of the core (OP-TEE ABI, invoke_tests): for images to test with, never for products.
//!
//! There is no secure data path, so memory of it is never given; no driver that the device tree has probed and no transfer list, whose
//! tests OP-TEE leaves out likewise when it is built without; and no checker of locks.

mod aes;
mod checks;
mod htree;
mod mutex;

pub use mutex::Mutex;

use super::{Caller, PseudoTa, memref, value};
use crate::call::Call;
use crate::ports::Platform;
use crate::session::{Client, Session};
use crate::ta::memory::Memory;
use crate::ta::params::{Param, Params};
use utee_abi::param::ParamType;
use utee_abi::pta::invoke_tests::{Command, UUID};
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

/// The pseudo-TA.
pub struct InvokeTests;

/// Bytes that are copied at a time.
const CHUNK: usize = 512;

impl<P: Platform> PseudoTa<P> for InvokeTests {
    fn uuid(&self) -> Uuid {
        UUID
    }

    fn flags(&self) -> TaFlags {
        TaFlags::SECURE_DATA_PATH | TaFlags::CONCURRENT | TaFlags::DEVICE_ENUM
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
        // OP-TEE answers so here, and NOT_IMPLEMENTED in all other pseudo-TAs.
        match Command::try_from(command).map_err(|_| TeeError::BAD_PARAMETERS)? {
            Command::Trace => {
                crate::log!(call.platform(), "I core: the pseudo-TA of tests says hello");
                Ok(())
            }
            Command::Params => parameters(call, params),
            Command::SelfTests => checks::run(call),
            Command::CopyNsecToSecure | Command::CopySecureToNsec => copy(params),
            Command::ReadModifySecure => change(params),
            Command::Mutex => mutex::run(call, params),
            Command::AesPerf => aes::run(call, params),
            Command::MemrefNull => null(params),
            // Nothing is embedded that could fail.
            Command::DtDriver => Ok(()),
            Command::FsHtree => match params {
                [Param::None, Param::None, Param::None, Param::None] => htree::run(call),
                _ => Err(TeeError::BAD_PARAMETERS),
            },
            Command::Lockdep | Command::TransferList => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

/// By the types: the sum of the two numbers of one value; the sums of three values, in the fourth; the sum of the bytes of a buffer,
/// in its first.
fn parameters<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let given = |param: &Param<P>| !matches!(param, Param::None);
    if params.iter().filter(|param| given(param)).count() == 1 {
        let one = params.iter_mut().find(|param| given(param)).ok_or(TeeError::BAD_PARAMETERS)?;
        if let Ok([a, b]) = value(one, ParamType::ValueInout) {
            *a = sum(*a, *b);
            return Ok(());
        }
        let (memory, size) = memref(one, ParamType::MemrefInout)?;
        return add_bytes(call, memory.ok_or(TeeError::BAD_PARAMETERS)?, *size);
    }
    let (mut sums, mut inputs) = ([0, 0], 0u32);
    for param in params.iter_mut() {
        if let Ok([a, b]) = value(param, ParamType::ValueInput) {
            let [first, second] = sums;
            sums = [sum(first, *a), sum(second, *b)];
            inputs = inputs.saturating_add(1);
        }
    }
    let mut outputs = params.iter_mut().filter_map(|param| value(param, ParamType::ValueOutput).ok());
    match (inputs, outputs.next()) {
        (3, Some([a, b])) => {
            [*a, *b] = sums;
            Ok(())
        }
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

/// As 32-bit numbers of C are added.
fn sum(a: u64, b: u64) -> u64 {
    a.wrapping_add(b) & u64::from(u32::MAX)
}

fn add_bytes<P: Platform>(call: &Call<'_, P>, memory: &Memory<P>, size: u64) -> Result<(), TeeError> {
    let len = usize::try_from(size).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let (mut bytes, mut sum) = ([0; CHUNK], 0u8);
    for at in (0..len).step_by(CHUNK) {
        let part = bytes.get_mut(..len.saturating_sub(at).min(CHUNK)).ok_or(TeeError::GENERIC)?;
        if !memory.read(call.platform(), at, part) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        sum = part.iter().fold(sum, |sum, byte| sum.wrapping_add(*byte));
    }
    if len == 0 || memory.write(call.platform(), 0, &[sum]) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
}

/// Between memory of the secure data path and other memory.
fn copy<P: Platform>(params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let (_, from) = memref(p0, ParamType::MemrefInput)?;
    let (_, to) = memref(p1, ParamType::MemrefOutput)?;
    if *to < *from {
        *to = *from;
        return Err(TeeError::SHORT_BUFFER);
    }
    Err(TeeError::BAD_PARAMETERS)
}

/// In memory of the secure data path.
fn change<P: Platform>(params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    memref(p0, ParamType::MemrefInout)?;
    Err(TeeError::BAD_PARAMETERS)
}

fn null<P: Platform>(params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    match memref(p0, ParamType::MemrefInout)? {
        (None, 0) => Ok(()),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}
