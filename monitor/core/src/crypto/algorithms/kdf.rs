// SPDX-License-Identifier: BSD-2-Clause
//! Key derivation from secrets: HKDF (RFC 5869), the concatenation function of SP 800-56A, PBKDF2 (RFC 8018).

use super::block::xor;
use super::digest::{Digest, MAX_DIGEST};
use super::mac::Hmac;
use utee_abi::crypto::{Algorithm, AlgorithmId as Id, ObjectType};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// How keys are derived. The generic id of HKDF has no digest: the TA says which, or SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// Extract and expand.
    Hkdf(Option<Algorithm>),
    /// Digest of counter, secret and other information.
    Concat(Algorithm),
    /// Password-based.
    Pbkdf2(Algorithm),
}

impl Derivation {
    /// The type of object that holds the secret.
    pub const fn key_type(self) -> ObjectType {
        match self {
            Self::Hkdf(_) => ObjectType::HKDF_IKM,
            Self::Concat(_) => ObjectType::CONCAT_KDF_Z,
            Self::Pbkdf2(_) => ObjectType::PBKDF2_PASSWORD,
        }
    }
}

/// The rows.
pub const ROWS: &[(Id, Derivation)] = &[
    (Id::HKDF, Derivation::Hkdf(None)),
    (Id::HKDF_MD5_DERIVE_KEY, Derivation::Hkdf(Some(Algorithm::Md5))),
    (Id::HKDF_SHA1_DERIVE_KEY, Derivation::Hkdf(Some(Algorithm::Sha1))),
    (Id::HKDF_SHA224_DERIVE_KEY, Derivation::Hkdf(Some(Algorithm::Sha224))),
    (Id::HKDF_SHA256_DERIVE_KEY, Derivation::Hkdf(Some(Algorithm::Sha256))),
    (Id::HKDF_SHA384_DERIVE_KEY, Derivation::Hkdf(Some(Algorithm::Sha384))),
    (Id::HKDF_SHA512_DERIVE_KEY, Derivation::Hkdf(Some(Algorithm::Sha512))),
    (Id::CONCAT_KDF_SHA1_DERIVE_KEY, Derivation::Concat(Algorithm::Sha1)),
    (Id::CONCAT_KDF_SHA224_DERIVE_KEY, Derivation::Concat(Algorithm::Sha224)),
    (Id::CONCAT_KDF_SHA256_DERIVE_KEY, Derivation::Concat(Algorithm::Sha256)),
    (Id::CONCAT_KDF_SHA384_DERIVE_KEY, Derivation::Concat(Algorithm::Sha384)),
    (Id::CONCAT_KDF_SHA512_DERIVE_KEY, Derivation::Concat(Algorithm::Sha512)),
    (Id::PBKDF2_HMAC_SHA1_DERIVE_KEY, Derivation::Pbkdf2(Algorithm::Sha1)),
    (Id::PBKDF2_HMAC_SHA224_DERIVE_KEY, Derivation::Pbkdf2(Algorithm::Sha224)),
    (Id::PBKDF2_HMAC_SHA256_DERIVE_KEY, Derivation::Pbkdf2(Algorithm::Sha256)),
    (Id::PBKDF2_HMAC_SHA384_DERIVE_KEY, Derivation::Pbkdf2(Algorithm::Sha384)),
    (Id::PBKDF2_HMAC_SHA512_DERIVE_KEY, Derivation::Pbkdf2(Algorithm::Sha512)),
    (Id::PBKDF2_HMAC_SM3_DERIVE_KEY, Derivation::Pbkdf2(Algorithm::Sm3)),
];

/// Fills `out` by extract and expand.
///
/// # Errors
/// BAD_PARAMETERS for more than 255 blocks.
pub fn hkdf(algorithm: Algorithm, secret: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), TeeError> {
    let mut key = Zeroizing::new([0; MAX_DIGEST]);
    // HMAC pads a short key with zeros, so that no salt is the same as one of zeros.
    let mut extract = Hmac::new(algorithm, salt)?;
    let len = extract.size();
    extract.update(secret)?;
    extract.finish(&mut key)?;
    let key = key.get(..len).ok_or(TeeError::GENERIC)?;
    let mut block = Zeroizing::new([0; MAX_DIGEST]);
    for (index, part) in out.chunks_mut(len.max(1)).enumerate() {
        let number = u8::try_from(index.saturating_add(1)).map_err(|_| TeeError::BAD_PARAMETERS)?;
        let mut expand = Hmac::new(algorithm, key)?;
        if number > 1 {
            expand.update(block.get(..len).ok_or(TeeError::GENERIC)?)?;
        }
        expand.update(info)?;
        expand.update(&[number])?;
        expand.finish(&mut block)?;
        part.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
    }
    Ok(())
}

/// Fills `out` by digests of counter, secret and other information.
///
/// # Errors
/// None for digests of a fixed length.
pub fn concat(algorithm: Algorithm, secret: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), TeeError> {
    let mut digest = Digest::of(algorithm);
    let len = digest.size().ok_or(TeeError::BAD_PARAMETERS)?;
    let mut block = Zeroizing::new([0; MAX_DIGEST]);
    for (part, counter) in out.chunks_mut(len.max(1)).zip(1u32..) {
        digest.update(&counter.to_be_bytes())?;
        digest.update(secret)?;
        digest.update(info)?;
        digest.finish(block.as_mut_slice());
        part.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
    }
    Ok(())
}

/// Iterations of PBKDF2 between two looks whether anybody still wants the result: some milliseconds.
const BREATH: u32 = 1024;

/// Fills `out` from a password. This takes as long as the iterations say, so `go_on` is asked now and then.
///
/// # Errors
/// BAD_PARAMETERS for no iterations at all; those of `go_on`.
pub fn pbkdf2(
    algorithm: Algorithm,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    out: &mut [u8],
    go_on: &mut dyn FnMut() -> Result<(), TeeError>,
) -> Result<(), TeeError> {
    if iterations == 0 {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let keyed = Hmac::new(algorithm, password)?;
    let len = keyed.size();
    for (part, counter) in out.chunks_mut(len.max(1)).zip(1u32..) {
        let mut sum = Zeroizing::new([0; MAX_DIGEST]);
        let mut mac = keyed.clone();
        mac.update(salt)?;
        mac.update(&counter.to_be_bytes())?;
        mac.finish(&mut sum)?;
        let mut last = Zeroizing::new(*sum);
        for iteration in 1..iterations {
            if iteration % BREATH == 0 {
                go_on()?;
            }
            let mut mac = keyed.clone();
            mac.update(last.get(..len).ok_or(TeeError::GENERIC)?)?;
            mac.finish(&mut last)?;
            xor(sum.as_mut_slice(), last.as_slice());
        }
        part.iter_mut().zip(sum.iter()).for_each(|(to, from)| *to = *from);
    }
    Ok(())
}
