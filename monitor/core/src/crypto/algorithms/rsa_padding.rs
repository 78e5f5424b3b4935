// SPDX-License-Identifier: BSD-2-Clause
//! How messages and digests become numbers for RSA (RFC 8017, sections 7 and 9). What is decoded takes the same time whatever is wrong
//! with it; what is wrong is not told.

use super::digest::{Digest, MAX_DIGEST};
use super::numbers::{Aid, bytes};
use super::rsa::{Oaep, Use};
use alloc::vec::Vec;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use utee_abi::crypto::Algorithm;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

type Bytes = Zeroizing<Vec<u8>>;

/// Bytes that PKCS #1 v1.5 adds at least.
const MARGIN: usize = 11;

/// Checks that a digest is as long as its algorithm says.
///
/// # Errors
/// BAD_PARAMETERS.
pub(super) fn check_digest(how: Use, digest: &[u8]) -> Result<(), TeeError> {
    match how {
        Use::SignPkcs1v15(Some(algorithm)) | Use::SignPss(algorithm) if Digest::of(algorithm).size() != Some(digest.len()) => {
            Err(TeeError::BAD_PARAMETERS)
        }
        _ => Ok(()),
    }
}

/// EME-PKCS1-v1_5, encoding (RFC 8017, section 7.2.1).
///
/// # Errors
/// BAD_PARAMETERS for a message that is too long.
pub(super) fn encode_pkcs1v15(message: &[u8], len: usize, aid: &mut dyn Aid) -> Result<Bytes, TeeError> {
    let mut encoded = frame(2, len, message)?;
    let filler = encoded.get_mut(2..len - message.len() - 1).ok_or(TeeError::GENERIC)?;
    aid.random(filler)?;
    let mut spare = Zeroizing::new([0; 16]);
    for byte in filler {
        // A zero, once in 256 times, is drawn again.
        while *byte == 0 {
            aid.random(spare.as_mut_slice())?;
            *byte = spare.iter().copied().find(|byte| *byte != 0).unwrap_or(0);
        }
    }
    Ok(encoded)
}

/// 0, the type, bytes of 255, 0, the message.
fn frame(kind: u8, len: usize, message: &[u8]) -> Result<Bytes, TeeError> {
    if len < MARGIN || message.len() > len - MARGIN {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let mut encoded = bytes(len)?;
    let start = len - message.len();
    for (index, byte) in encoded.iter_mut().enumerate() {
        *byte = match index {
            0 => 0,
            1 => kind,
            index if index + 1 == start => 0,
            index if index < start => 0xFF,
            index => message.get(index - start).copied().unwrap_or(0),
        };
    }
    Ok(encoded)
}

/// EME-PKCS1-v1_5, decoding (RFC 8017, section 7.2.2).
///
/// # Errors
/// BAD_PARAMETERS for any other encoding.
pub(super) fn decode_pkcs1v15(encoded: &[u8]) -> Result<Bytes, TeeError> {
    let mut fine = Choice::from(1);
    let mut found = Choice::from(0);
    let mut start = 0u32;
    for (index, byte) in (0u32..).zip(encoded) {
        match index {
            0 => fine &= byte.ct_eq(&0),
            1 => fine &= byte.ct_eq(&2),
            _ => {
                let ends = byte.ct_eq(&0) & !found;
                start.conditional_assign(&index.wrapping_add(1), ends);
                found |= ends;
            }
        }
    }
    // Eight bytes of padding at least.
    let long_enough = subtle::ConstantTimeGreater::ct_gt(&start, &10);
    take(encoded, start, fine & found & long_enough)
}

/// What stands from `start` on, if everything is fine.
fn take(encoded: &[u8], start: u32, fine: Choice) -> Result<Bytes, TeeError> {
    if !bool::from(fine) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let message = usize::try_from(start).ok().and_then(|start| encoded.get(start..)).ok_or(TeeError::BAD_PARAMETERS)?;
    let mut out = bytes(message.len())?;
    out.copy_from_slice(message);
    Ok(out)
}

/// Adds the mask that MGF1 makes of `seed` (RFC 8017, appendix B.2.1).
fn mask(to: &mut [u8], algorithm: Algorithm, seed: &[u8]) -> Result<(), TeeError> {
    let mut digest = Digest::of(algorithm);
    let size = digest.size().ok_or(TeeError::NOT_SUPPORTED)?;
    let mut block = Zeroizing::new([0; MAX_DIGEST]);
    for (counter, part) in (0u32..).zip(to.chunks_mut(size.max(1))) {
        digest.update(seed)?;
        digest.update(&counter.to_be_bytes())?;
        digest.finish(block.as_mut_slice());
        part.iter_mut().zip(block.iter()).for_each(|(to, mask)| *to ^= mask);
    }
    Ok(())
}

/// The digest of some parts, and its length.
fn digest_of(algorithm: Algorithm, parts: &[&[u8]]) -> Result<([u8; MAX_DIGEST], usize), TeeError> {
    let mut digest = Digest::of(algorithm);
    let size = digest.size().ok_or(TeeError::NOT_SUPPORTED)?;
    for part in parts {
        digest.update(part)?;
    }
    let mut out = [0; MAX_DIGEST];
    digest.finish(&mut out);
    Ok((out, size))
}

/// EME-OAEP, encoding (RFC 8017, section 7.1.1): 0, the masked seed, the masked block of digest of the label, zeros, 1, message.
///
/// # Errors
/// BAD_PARAMETERS for a message that is too long.
pub(super) fn encode_oaep(message: &[u8], len: usize, algorithm: Algorithm, oaep: &Oaep<'_>, aid: &mut dyn Aid) -> Result<Bytes, TeeError> {
    let (label, size) = digest_of(algorithm, &[oaep.label])?;
    let room = len.checked_sub(2 * size + 2).filter(|room| *room >= message.len()).ok_or(TeeError::BAD_PARAMETERS)?;
    let mut encoded = bytes(len)?;
    let (_, rest) = encoded.split_first_mut().ok_or(TeeError::GENERIC)?;
    let (seed, block) = rest.split_at_mut_checked(size).ok_or(TeeError::GENERIC)?;
    aid.random(seed)?;
    let zeros = room - message.len();
    let parts = label.iter().take(size).chain(core::iter::repeat_n(&0, zeros)).chain(&[1]).chain(message);
    block.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    let mgf = oaep.mask.unwrap_or(algorithm);
    mask(block, mgf, seed)?;
    mask(seed, mgf, block)?;
    Ok(encoded)
}

/// EME-OAEP, decoding (RFC 8017, section 7.1.2).
///
/// # Errors
/// BAD_PARAMETERS for any other encoding.
pub(super) fn decode_oaep(mut encoded: Bytes, algorithm: Algorithm, oaep: &Oaep<'_>) -> Result<Bytes, TeeError> {
    let (label, size) = digest_of(algorithm, &[oaep.label])?;
    if encoded.len() < 2 * size + 2 {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let (first, rest) = encoded.split_first_mut().ok_or(TeeError::GENERIC)?;
    let (seed, block) = rest.split_at_mut_checked(size).ok_or(TeeError::GENERIC)?;
    let mgf = oaep.mask.unwrap_or(algorithm);
    mask(seed, mgf, block)?;
    mask(block, mgf, seed)?;
    let (found_label, data) = block.split_at_checked(size).ok_or(TeeError::GENERIC)?;
    let mut fine = first.ct_eq(&0) & label.get(..size).ok_or(TeeError::GENERIC)?.ct_eq(found_label);
    let mut found = Choice::from(0);
    let mut start = 0u32;
    for (index, byte) in (1u32..).zip(data) {
        let (is_zero, is_one) = (byte.ct_eq(&0), byte.ct_eq(&1));
        fine &= found | is_zero | is_one;
        start.conditional_assign(&index, is_one & !found);
        found |= is_one;
    }
    take(data, start, fine & found)
}

/// DER of DigestInfo up to the digest (RFC 8017, section 9.2): the last bytes of the object identifier, and the lengths.
fn digest_info(algorithm: Algorithm) -> Option<&'static [u8]> {
    // SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, NULL }, OCTET STRING }.
    macro_rules! nist {
        ($number:literal, $size:literal) => {
            &[0x30, 17 + $size, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, $number, 0x05, 0x00, 0x04, $size]
        };
    }
    Some(match algorithm {
        Algorithm::Md5 => &[0x30, 0x20, 0x30, 0x0C, 0x06, 0x08, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x05, 0x05, 0x00, 0x04, 0x10],
        Algorithm::Sha1 => &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14],
        // Without a name (RFC 4346, section 4.7).
        Algorithm::Md5Sha1 => &[],
        Algorithm::Sha224 => nist!(4, 28),
        Algorithm::Sha256 => nist!(1, 32),
        Algorithm::Sha384 => nist!(2, 48),
        Algorithm::Sha512 => nist!(3, 64),
        Algorithm::Sha3_224 => nist!(7, 28),
        Algorithm::Sha3_256 => nist!(8, 32),
        Algorithm::Sha3_384 => nist!(9, 48),
        Algorithm::Sha3_512 => nist!(10, 64),
        _ => return None,
    })
}

/// EMSA-PKCS1-v1_5 (RFC 8017, section 9.2).
///
/// # Errors
/// BAD_PARAMETERS for a modulus that is too small.
pub(super) fn sign_pkcs1v15(len: usize, algorithm: Option<Algorithm>, digest: &[u8]) -> Result<Bytes, TeeError> {
    let info = match algorithm {
        Some(algorithm) => digest_info(algorithm).ok_or(TeeError::NOT_SUPPORTED)?,
        None => &[],
    };
    let mut message = bytes(info.len() + digest.len())?;
    message.iter_mut().zip(info.iter().chain(digest)).for_each(|(to, from)| *to = *from);
    frame(1, len, &message)
}

/// Compares with EMSA-PKCS1-v1_5, of which there is one for each digest.
///
/// # Errors
/// SIGNATURE_INVALID.
pub(super) fn verify_pkcs1v15(encoded: &[u8], algorithm: Option<Algorithm>, digest: &[u8]) -> Result<(), TeeError> {
    // For a modulus that is too small there is none.
    let wanted = sign_pkcs1v15(encoded.len(), algorithm, digest).map_err(|error| match error {
        TeeError::BAD_PARAMETERS => TeeError::SIGNATURE_INVALID,
        other => other,
    })?;
    if bool::from(wanted.ct_eq(encoded)) { Ok(()) } else { Err(TeeError::SIGNATURE_INVALID) }
}

/// Bits of the first byte that EMSA-PSS leaves zero, and bytes of the encoding: it has one bit less than the modulus.
fn pss_size(modulus_bits: usize) -> (u8, usize) {
    let bits = modulus_bits.saturating_sub(1);
    let len = bits.div_ceil(8);
    let unused = u32::try_from(len * 8 - bits).unwrap_or(0);
    (!0xFFu8.checked_shr(unused).unwrap_or(0), len)
}

const PSS_TRAILER: u8 = 0xBC;

/// EMSA-PSS, encoding (RFC 8017, section 9.1.1).
///
/// # Errors
/// BAD_PARAMETERS for a modulus that is too small.
pub(super) fn sign_pss(
    modulus_bits: usize,
    algorithm: Algorithm,
    digest: &[u8],
    salt_len: usize,
    aid: &mut dyn Aid,
) -> Result<Bytes, TeeError> {
    let (zeros, len) = pss_size(modulus_bits);
    let needed = digest.len().checked_add(salt_len).and_then(|len| len.checked_add(2)).ok_or(TeeError::BAD_PARAMETERS)?;
    if len < needed {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let mut salt = bytes(salt_len)?;
    aid.random(&mut salt)?;
    let (hash, size) = digest_of(algorithm, &[&[0; 8], digest, &salt])?;
    let hash = hash.get(..size).ok_or(TeeError::GENERIC)?;
    let mut encoded = bytes(len)?;
    let (block, rest) = encoded.split_at_mut_checked(len - size - 1).ok_or(TeeError::GENERIC)?;
    let parts = core::iter::repeat_n(&0, block.len() - salt_len - 1).chain(&[1]).chain(salt.iter());
    block.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    mask(block, algorithm, hash)?;
    block.first_mut().into_iter().for_each(|first| *first &= !zeros);
    rest.iter_mut().zip(hash.iter().chain(&[PSS_TRAILER])).for_each(|(to, from)| *to = *from);
    Ok(encoded)
}

/// EMSA-PSS, verification (RFC 8017, section 9.1.2). `encoded` is as long as the modulus.
///
/// # Errors
/// SIGNATURE_INVALID.
pub(super) fn verify_pss(
    encoded: &[u8],
    modulus_bits: usize,
    algorithm: Algorithm,
    digest: &[u8],
    salt_len: usize,
) -> Result<(), TeeError> {
    const WRONG: TeeError = TeeError::SIGNATURE_INVALID;
    let (zeros, len) = pss_size(modulus_bits);
    let (ahead, encoded) = encoded.len().checked_sub(len).and_then(|at| encoded.split_at_checked(at)).ok_or(WRONG)?;
    let (trailer, rest) = encoded.split_last().ok_or(WRONG)?;
    let (masked, hash) = rest.len().checked_sub(digest.len()).and_then(|at| rest.split_at_checked(at)).ok_or(WRONG)?;
    if ahead.iter().any(|byte| *byte != 0) || *trailer != PSS_TRAILER || masked.first().is_none_or(|first| first & zeros != 0) {
        return Err(WRONG);
    }
    let mut block = bytes(masked.len())?;
    block.copy_from_slice(masked);
    mask(&mut block, algorithm, hash)?;
    block.first_mut().into_iter().for_each(|first| *first &= !zeros);
    let (padding, salt) = block.len().checked_sub(salt_len).and_then(|at| block.split_at_checked(at)).ok_or(WRONG)?;
    let (one, padding) = padding.split_last().ok_or(WRONG)?;
    if *one != 1 || padding.iter().any(|byte| *byte != 0) {
        return Err(WRONG);
    }
    let (expected, size) = digest_of(algorithm, &[&[0; 8], digest, salt])?;
    if bool::from(expected.get(..size).ok_or(TeeError::GENERIC)?.ct_eq(hash)) { Ok(()) } else { Err(WRONG) }
}
