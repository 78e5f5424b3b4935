// SPDX-License-Identifier: BSD-2-Clause
//! Verification of RSA signatures with SHA-256 (RFC 8017, sections 8.1.2 and 8.2.2).
//!
//! Nothing here is secret, so that the exponentiation takes the short way of a small public exponent.

use crate::image::RootKey;
use alloc::vec::Vec;
use modular::{Modulus, Number, Pace};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utee_abi::image::{DIGEST_SIZE, MAX_MODULUS, MIN_MODULUS};

/// How a digest becomes as long as a modulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// EMSA-PSS with MGF1 and a salt as long as the digest.
    Pss,
    /// EMSA-PKCS1-v1_5.
    Pkcs1v15,
}

/// True when `signature` is one of `digest` by `key`.
pub(crate) fn is_signed(key: &RootKey<'_>, padding: Padding, digest: &[u8; DIGEST_SIZE], signature: &[u8]) -> bool {
    let Some(bits) = modulus_bits(key) else { return false };
    let Some(encoded) = public_operation(key, signature) else { return false };
    match padding {
        Padding::Pss => is_pss(&encoded, bits, digest),
        Padding::Pkcs1v15 => is_pkcs1v15(&encoded, digest),
    }
}

/// Bits of the modulus of a key that is accepted: 2048 to 4096, odd, and an odd exponent of 3 at least.
fn modulus_bits(key: &RootKey<'_>) -> Option<usize> {
    let (first, last) = (key.modulus.first()?, key.modulus.last()?);
    let bits = key.modulus.len().checked_mul(8)?.checked_sub(first.leading_zeros() as usize)?;
    let accepted = first.leading_zeros() < 8 && last & 1 == 1 && key.exponent & 1 == 1 && key.exponent >= 3;
    (accepted && (MIN_MODULUS * 8..=MAX_MODULUS * 8).contains(&bits)).then_some(bits)
}

/// The number that the signature is a power of, in as many bytes as the modulus, the most significant first. `None` also without memory.
fn public_operation(key: &RootKey<'_>, signature: &[u8]) -> Option<Vec<u8>> {
    if signature.len() != key.modulus.len() {
        return None;
    }
    let modulus = Modulus::from_bytes(key.modulus).ok()?;
    let signature = Number::from_be(signature, modulus.len()).ok()?;
    if !signature.is_below(modulus.number()) {
        return None;
    }
    let exponent = Number::from_bytes(&key.exponent.to_be_bytes()).ok()?;
    let power = modulus.public_power(&modulus.enter(&signature).ok()?, &exponent, &mut Pace::new(&mut || Ok(()))).ok()?;
    let mut encoded = Vec::new();
    encoded.try_reserve_exact(key.modulus.len()).ok()?;
    encoded.resize(key.modulus.len(), 0);
    modulus.leave(&power).ok()?.write_be(&mut encoded).ok()?;
    Some(encoded)
}

/// EMSA-PSS-VERIFY (RFC 8017, section 9.1.2); its steps are numbered.
fn is_pss(encoded: &[u8], modulus_bits: usize, digest: &[u8; DIGEST_SIZE]) -> bool {
    const TRAILER: u8 = 0xBC;
    // The encoded message has one bit less than the modulus, and so perhaps one byte less.
    let encoded = match (modulus_bits % 8, encoded) {
        (1, [0, rest @ ..]) => rest,
        (1, _) => return false,
        (_, all) => all,
    };
    // 4, 5
    let Some((&TRAILER, rest)) = encoded.split_last() else { return false };
    let Some((masked, hash)) = rest.split_last_chunk::<DIGEST_SIZE>() else { return false };
    // 6
    let unused = encoded.len().saturating_mul(8).saturating_sub(modulus_bits.saturating_sub(1));
    let used = u32::try_from(unused).ok().and_then(|unused| 0xFFu8.checked_shr(unused)).unwrap_or(0);
    if masked.first().is_none_or(|first| first & !used != 0) {
        return false;
    }
    // 7 to 10: zeros, a one, the salt.
    let mut block = [0u8; MAX_MODULUS];
    let Some(block) = block.get_mut(..masked.len()) else { return false };
    block.copy_from_slice(masked);
    unmask(block, hash);
    if let Some(first) = block.first_mut() {
        *first &= used;
    }
    let Some((rest, salt)) = block.split_last_chunk::<DIGEST_SIZE>() else { return false };
    let Some((1, zeros)) = rest.split_last() else { return false };
    if zeros.iter().any(|byte| *byte != 0) {
        return false;
    }
    // 12 to 14
    let expected = Sha256::new().chain_update([0; 8]).chain_update(digest).chain_update(salt).finalize();
    expected.as_slice().ct_eq(hash).into()
}

/// Adds the mask that MGF1 makes of `seed` (RFC 8017, appendix B.2.1).
fn unmask(block: &mut [u8], seed: &[u8; DIGEST_SIZE]) {
    for (counter, part) in (0u32..).zip(block.chunks_mut(DIGEST_SIZE)) {
        let mask = Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        for (byte, mask) in part.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

/// Compares with EMSA-PKCS1-v1_5 (RFC 8017, section 9.2), of which there is one for each digest.
fn is_pkcs1v15(encoded: &[u8], digest: &[u8; DIGEST_SIZE]) -> bool {
    /// DER of DigestInfo for SHA-256, up to the digest.
    const DIGEST_INFO: &[u8] =
        &[0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
    let Some((rest, hash)) = encoded.split_last_chunk::<DIGEST_SIZE>() else { return false };
    let padding = rest.strip_suffix(DIGEST_INFO).and_then(|rest| rest.strip_prefix(&[0, 1])).and_then(|rest| rest.strip_suffix(&[0]));
    padding.is_some_and(|padding| padding.iter().all(|byte| *byte == 0xFF)) && bool::from(hash.ct_eq(digest))
}

#[cfg(test)]
mod tests;
