// SPDX-License-Identifier: BSD-2-Clause
//! What runs here, signed by the TEE (OP-TEE ABI, attestation): the digest of a TA's image, a hash of the calling TA's code and
//! constants, and one of the TEE's own.
//!
//! The key is an RSA key of this device, made of its hardware-unique key: the same each time, as long as the way in which primes are
//! searched for stays the same. It takes long to make, at the first use, and is kept in a file then. On a device
//! without a key of its own the signatures prove nothing, and images for products refuse them.

mod key;

pub use key::Key;

use super::{Caller, PseudoTa, memref, value};
use crate::call::Call;
use crate::crypto::algorithms::numbers::Aid;
use crate::crypto::algorithms::rsa::{self, Use};
use crate::limits::admit;
use crate::ports::Platform;
use crate::session::{Client, Session};
use crate::ta::instance::Body;
use crate::ta::memory::Memory;
use crate::ta::params::{Param, Params};
use crate::ta::source;
use alloc::vec::Vec;
use key::WORKSPACE;
use sha2::{Digest, Sha256};
use ta_loader::plan::Rights;
use utee_abi::access::AccessFlags;
use utee_abi::crypto::{Algorithm, AlgorithmId};
use utee_abi::param::ParamType;
use utee_abi::pta::attestation::{Command, KEY_BITS, UUID};
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use utee_abi::uuid::Uuid;

/// The pseudo-TA.
pub struct Attestation;

/// Bytes of a digest, and of the salt of a signature.
const DIGEST: usize = 32;

/// Bytes that are hashed at a time.
const CHUNK: usize = 512;

/// Random numbers.
struct Random<'c, 't, P: Platform>(&'c Call<'t, P>);

impl<P: Platform> Aid for Random<'_, '_, P> {
    fn random(&mut self, out: &mut [u8]) -> Result<(), TeeError> {
        self.0.tee.rng.fill(self.0.platform(), out)
    }

    fn go_on(&mut self) -> Result<(), TeeError> {
        go_on(self.0)
    }
}

fn go_on<P: Platform>(call: &Call<'_, P>) -> Result<(), TeeError> {
    if call.is_abandoned()? { Err(TeeError::CANCEL) } else { Ok(()) }
}

impl<P: Platform> PseudoTa<P> for Attestation {
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
        caller: Caller<'_, P>,
        command: u32,
        params: &mut Params<P>,
    ) -> Result<(), TeeError> {
        match Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)? {
            Command::GetPubkey => public_key(call, params),
            Command::GetTaShdrDigest => {
                let [p0, nonce, out, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
                let uuid = uuid(call, p0)?;
                attest(call, nonce, out, || Ok(source::find(call, &uuid)?.digest))
            }
            Command::HashTaMemory => {
                let [nonce, out, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
                let Caller::Ta(_, body) = caller else { return Err(TeeError::ACCESS_DENIED) };
                attest(call, nonce, out, || ta_memory(call.platform(), body))
            }
            Command::HashTeeMemory => {
                let [nonce, out, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
                attest(call, nonce, out, || Ok(tee_memory(call.platform())))
            }
        }
    }
}

fn public_key<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, p2, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let exponent = memref(p0, ParamType::MemrefOutput)?;
    let modulus = memref(p1, ParamType::MemrefOutput)?;
    let [algorithm, _] = value(p2, ParamType::ValueOutput)?;
    let key = call.tee.attestation.get(call)?;
    let mut result = Ok(());
    for ((memory, size), bytes) in [(exponent, rsa::EXPONENT.as_slice()), (modulus, key.modulus.as_slice())] {
        let room = core::mem::replace(size, bytes.len() as u64);
        match memory {
            Some(memory) if room >= bytes.len() as u64 => {
                if !memory.write(call.platform(), 0, bytes) {
                    return Err(TeeError::BAD_PARAMETERS);
                }
            }
            // Both sizes are told.
            _ => result = Err(TeeError::SHORT_BUFFER),
        }
    }
    *algorithm = u64::from(AlgorithmId::RSASSA_PKCS1_PSS_MGF1_SHA256.raw());
    result
}

fn uuid<P: Platform>(call: &Call<'_, P>, param: &mut Param<P>) -> Result<Uuid, TeeError> {
    let (memory, size) = memref(param, ParamType::MemrefInput)?;
    let mut bytes = [0; 16];
    let read = memory.is_some_and(|memory| *size == bytes.len() as u64 && memory.read(call.platform(), 0, &mut bytes));
    if read { Ok(Uuid::from_memory(&bytes)) } else { Err(TeeError::BAD_PARAMETERS) }
}

/// Signs what `measure` gives together with the client's nonce.
fn attest<P: Platform>(
    call: &Call<'_, P>,
    nonce: &mut Param<P>,
    out: &mut Param<P>,
    measure: impl FnOnce() -> Result<[u8; DIGEST], TeeError>,
) -> Result<(), TeeError> {
    let (nonce, nonce_size) = memref(nonce, ParamType::MemrefInput)?;
    let (out, size) = memref(out, ParamType::MemrefOutput)?;
    let nonce = nonce.filter(|_| *nonce_size != 0).ok_or(TeeError::BAD_PARAMETERS)?;
    let needed = DIGEST.saturating_add(KEY_BITS / 8);
    let room = core::mem::replace(size, needed as u64);
    let out = out.filter(|_| room >= needed as u64).ok_or(TeeError::SHORT_BUFFER)?;
    let digest = measure()?;
    let mut signed = Sha256::new();
    hash_memory(call.platform(), nonce, *nonce_size, &mut signed)?;
    signed.update(digest);
    let signed = <[u8; DIGEST]>::from(signed.finalize());
    admit(call.platform(), WORKSPACE)?;
    let key = call.tee.attestation.get(call)?;
    let signature = key.private.sign(Use::SignPss(Algorithm::Sha256), &signed, DIGEST, &mut Random(call))?;
    if out.write(call.platform(), 0, &digest) && out.write(call.platform(), DIGEST, &signature) {
        Ok(())
    } else {
        Err(TeeError::BAD_PARAMETERS)
    }
}

fn hash_memory<P: Platform>(platform: &P, memory: &Memory<P>, size: u64, hash: &mut Sha256) -> Result<(), TeeError> {
    let len = usize::try_from(size).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let mut bytes = [0; CHUNK];
    for at in (0..len).step_by(CHUNK) {
        let part = bytes.get_mut(..len.saturating_sub(at).min(CHUNK)).ok_or(TeeError::GENERIC)?;
        if !memory.read(platform, at, part) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        hash.update(part);
    }
    Ok(())
}

/// The hash of the calling TA's code and constants, its libraries' included, as they stand in memory. What depends on the addresses
/// that the TA was loaded at is left out, and in which order the libraries came makes no difference: it is the same each time.
fn ta_memory<P: Platform>(platform: &P, body: &Body<P>) -> Result<[u8; DIGEST], TeeError> {
    let mut digests: Vec<[u8; DIGEST]> = Vec::new();
    for module in &body.modules {
        for segment in module.image.plan.segments.iter().filter(|segment| segment.rights != Rights::ReadWrite && !segment.relocated) {
            let mut hash = Sha256::new();
            let start = module.base.checked_add(segment.vaddr).ok_or(TeeError::GENERIC)?;
            let mut bytes = [0; CHUNK];
            for at in (0..segment.mem_len).step_by(CHUNK) {
                let len = segment.mem_len.saturating_sub(at).min(CHUNK as u64);
                let slice = start.checked_add(at).and_then(|at| UserSlice::new(at, len)).ok_or(TeeError::GENERIC)?;
                let part = usize::try_from(len).ok().and_then(|len| bytes.get_mut(..len)).ok_or(TeeError::GENERIC)?;
                body.space.read(platform, slice, AccessFlags::empty(), part)?;
                hash.update(part);
            }
            digests.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
            digests.push(hash.finalize().into());
        }
    }
    digests.sort_unstable();
    Ok(Sha256::digest(digests.as_flattened()).into())
}

/// The hash of the TEE's code and constants.
fn tee_memory<P: Platform>(platform: &P) -> [u8; DIGEST] {
    let mut hash = Sha256::new();
    for part in platform.constant_memory() {
        hash.update(part);
    }
    hash.finalize().into()
}
