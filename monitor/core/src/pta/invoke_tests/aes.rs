// SPDX-License-Identifier: BSD-2-Clause
//! AES over a buffer, as often as is asked for: what `xtest --aes-perf-core` measures.

use super::CHUNK;
use crate::call::Call;
use crate::crypto::algorithms::ae::{Ae, Scheme, Start};
use crate::crypto::algorithms::block::Kind;
use crate::crypto::algorithms::cipher::{Cipher, Mode};
use crate::crypto::engine::MaybeEngine;
use crate::ports::Platform;
use crate::pta::{memref, value};
use crate::ta::params::Params;
use utee_abi::param::ParamType;
use utee_abi::pta::invoke_tests::{AES_DECRYPT, AesMode};
use utee_abi::result::TeeError;

/// Bytes of the longest key.
const KEY: usize = 32;

/// Start value and nonce: nobody's data are encrypted here.
const START: [u8; 16] = [0xA0; 16];

enum Work {
    Cipher(Cipher),
    Ae(Ae),
}

impl Work {
    fn new(engine: MaybeEngine, mode: AesMode, decrypts: bool, key: &[u8], len: u64) -> Result<Self, TeeError> {
        let cipher = |mode, key2| Cipher::new(engine, Kind::Aes, mode, decrypts, [Some(key), key2], &START).map(Self::Cipher);
        let mut tweak = [0; KEY];
        for (to, from) in tweak.iter_mut().zip(key) {
            *to = from.wrapping_add(1);
        }
        match mode {
            AesMode::Ecb => cipher(Mode::Ecb, None),
            AesMode::Cbc => cipher(Mode::Cbc, None),
            AesMode::Ctr => cipher(Mode::Ctr, None),
            AesMode::Xts => cipher(Mode::Xts, tweak.get(..key.len())),
            AesMode::Gcm => {
                let start = Start { nonce: &START, tag_len: START.len(), aad_len: 0, payload_len: len };
                Ae::new(engine, Kind::Aes, Scheme::Gcm, decrypts, key, &start).map(Self::Ae)
            }
        }
    }

    fn update(&mut self, data: &mut [u8]) -> Result<(), TeeError> {
        match self {
            Self::Cipher(cipher) => cipher.update(data),
            Self::Ae(ae) => {
                ae.admits_payload(data.len() as u64)?;
                ae.payload(data);
                Ok(())
            }
        }
    }
}

/// Key and mode, repetitions and bytes at a time, data, room for as many.
pub(super) fn run<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, p2, p3] = params;
    let bad = TeeError::BAD_PARAMETERS;
    let word = |value: u64| u32::try_from(value).map_err(|_| bad);
    let [what, mode] = value(p0, ParamType::ValueInput)?;
    let [repeat, unit] = value(p1, ParamType::ValueInput)?;
    let (from, size) = memref(p2, ParamType::MemrefInout)?;
    let (to, room) = memref(p3, ParamType::MemrefInout)?;
    let (what, repeat, unit) = (word(*what)?, word(*repeat)?, usize::try_from(*unit).map_err(|_| bad)?);
    let mode = AesMode::try_from(word(*mode)?).map_err(|_| bad)?;
    let (bits, decrypts) = (what % AES_DECRYPT, what >= AES_DECRYPT);
    let len = usize::try_from(*size).map_err(|_| bad)?;
    if *size > *room || unit == 0 || !bits.is_multiple_of(8) {
        return Err(bad);
    }
    let mut key = [0; KEY];
    for (byte, number) in key.iter_mut().zip(0..) {
        *byte = number;
    }
    let key = key.get(..(bits / 8) as usize).ok_or(bad)?;
    let mut work = Work::new(call.platform().engine(), mode, decrypts, key, (u64::from(repeat)).saturating_mul(*size))?;
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        _ if len == 0 => return Ok(()),
        _ => return Err(bad),
    };
    let mut bytes = [0; CHUNK];
    for _ in 0..repeat {
        let mut at = 0usize;
        while at < len {
            // Up to the end of this unit, in pieces that fit.
            let end = at.saturating_sub(at % unit).saturating_add(unit).min(len);
            let part = bytes.get_mut(..end.saturating_sub(at).min(CHUNK)).ok_or(TeeError::GENERIC)?;
            if !from.read(call.platform(), at, part) {
                return Err(bad);
            }
            work.update(part)?;
            if !to.write(call.platform(), at, part) {
                return Err(bad);
            }
            at = at.saturating_add(part.len());
        }
    }
    Ok(())
}
