// SPDX-License-Identifier: BSD-2-Clause
//! What a benchmark measures of ciphers and digests: each starts and works on all the data in one call, so many times.

use conformance::proto;
use utee::crypto::{Ae, Cipher, Direction, Mac, Object};
use utee::digest::{Algorithm, Digest};
use utee::system::{Mapping, Sharing};
use utee::utee_abi::crypto::{AlgorithmId as Id, ObjectType};
use utee::{Parameters, Result, TeeError, ValueInput};

/// A stream: key, data, times.
type Stream = fn(&mut [u8], u32) -> Result<()>;

/// The streams, in the order of [`proto::STREAMED`].
const STREAMS: [Stream; proto::STREAMED.len()] = [
    |data, times| cipher(Id::AES_CBC_NOPAD, Direction::Encrypt, 16, data, times),
    |data, times| cipher(Id::AES_CBC_NOPAD, Direction::Decrypt, 16, data, times),
    |data, times| cipher(Id::AES_CBC_NOPAD, Direction::Encrypt, 32, data, times),
    |data, times| cipher(Id::AES_CTR, Direction::Encrypt, 16, data, times),
    |data, times| cipher(Id::AES_XTS, Direction::Encrypt, 16, data, times),
    |data, times| gcm(16, data, times),
    |data, times| gcm(32, data, times),
    |data, times| digest(Algorithm::Sha1, data, times),
    |data, times| digest(Algorithm::Sha256, data, times),
    |data, times| digest(Algorithm::Sha512, data, times),
    hmac,
];

/// Runs a stream.
pub(crate) fn measure(params: &mut Parameters<'_>) -> Result<()> {
    let (which, len): (ValueInput<'_>, ValueInput<'_>) = params.take()?;
    let stream = STREAMS.get(which.a() as usize).ok_or(TeeError::BAD_PARAMETERS)?;
    let mut data = Mapping::new(len.a() as usize, Sharing::Private)?;
    stream(data.as_mut_slice(), which.b())
}

fn key(kind: ObjectType, len: usize) -> Result<Object> {
    Object::generate(kind, len as u32 * 8)
}

fn cipher(id: Id, direction: Direction, key_len: usize, data: &mut [u8], times: u32) -> Result<()> {
    let first = key(ObjectType::AES, key_len)?;
    let mut cipher = if id == Id::AES_XTS {
        Cipher::with_two_keys(id, direction, &first, &key(ObjectType::AES, key_len)?)?
    } else {
        Cipher::new(id, direction, &first)?
    };
    (0..times).try_for_each(|_| {
        cipher.start(&[7; 16])?;
        cipher.finish_in_place(data)
    })
}

fn gcm(key_len: usize, data: &mut [u8], times: u32) -> Result<()> {
    let mut out = Mapping::new(data.len(), Sharing::Private)?;
    let mut ae = Ae::new(Id::AES_GCM, Direction::Encrypt, &key(ObjectType::AES, key_len)?)?;
    (0..times).try_for_each(|_| {
        ae.start(&[7; 12], 16, 0, data.len())?;
        ae.seal(data, out.as_mut_slice(), &mut [0; 16]).map(drop)
    })
}

fn digest(algorithm: Algorithm, data: &mut [u8], times: u32) -> Result<()> {
    let mut digest = Digest::new(algorithm)?;
    (0..times).try_for_each(|_| {
        digest.reset()?;
        digest.finish(data, &mut [0; 64]).map(drop)
    })
}

fn hmac(data: &mut [u8], times: u32) -> Result<()> {
    let key = key(ObjectType::HMAC_SHA256, 32)?;
    (0..times).try_for_each(|_| Mac::new(Id::HMAC_SHA256, &key)?.finish(data, &mut [0; 32]).map(drop))
}
