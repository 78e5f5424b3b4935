// SPDX-License-Identifier: BSD-2-Clause
//! Verification of signed TA images (OP-TEE ABI, TA image container).

use crate::error::LoadError;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, PublicKey};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utee_abi::image::{
    ALGO_RSASSA_PKCS1_V1_5_SHA256, ALGO_RSASSA_PSS_SHA256, BootstrapHeader, DIGEST_SIZE, ImageType, MAGIC, MAX_MODULUS, MIN_MODULUS,
    SignedHeader,
};
use utee_abi::uuid::Uuid;

/// A key that TAs may be signed with.
#[derive(Clone, Copy, Debug)]
pub struct RootKey<'a> {
    /// Public exponent.
    pub exponent: u32,
    /// Modulus, most significant byte first, without leading zeros.
    pub modulus: &'a [u8],
}

/// A TA image whose signature and digest hold.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedImage<'a> {
    /// The ELF file.
    pub elf: &'a [u8],
    /// UUID of the TA: the signed one, or the requested one of a legacy image.
    pub uuid: Uuid,
    /// Version of the TA; 0 for a legacy image.
    pub version: u32,
    /// The signed digest: what identifies this very image.
    pub digest: [u8; DIGEST_SIZE],
}

/// Verifies a signed image that is to be the TA `requested`.
///
/// The bytes must not change any more: the caller copied them into secure memory, or they are in a boot image.
///
/// # Errors
/// The first check that fails, in the order of the ABI.
pub fn verify<'a>(bytes: &'a [u8], requested: &Uuid, keys: &[RootKey<'_>]) -> Result<VerifiedImage<'a>, LoadError> {
    let header = SignedHeader::read(bytes).ok_or(LoadError::Length)?;
    if header.magic != MAGIC {
        return Err(LoadError::Magic);
    }
    let pss = match header.algo {
        ALGO_RSASSA_PSS_SHA256 => true,
        ALGO_RSASSA_PKCS1_V1_5_SHA256 => false,
        _ => return Err(LoadError::Algorithm),
    };
    let (hash_size, sig_size) = (usize::from(header.hash_size), usize::from(header.sig_size));
    if hash_size != DIGEST_SIZE || !(MIN_MODULUS..=MAX_MODULUS).contains(&sig_size) {
        return Err(LoadError::Size);
    }
    let (fixed, rest) = bytes.split_at_checked(SignedHeader::SIZE).ok_or(LoadError::Length)?;
    let (hash, rest) = rest.split_at_checked(hash_size).ok_or(LoadError::Length)?;
    let (signature, rest) = rest.split_at_checked(sig_size).ok_or(LoadError::Length)?;
    if !keys.iter().any(|key| signed_by(key, pss, hash, signature)) {
        return Err(LoadError::Signature);
    }
    let (uuid, version, elf) = match ImageType::try_from(header.img_type) {
        Ok(ImageType::Legacy) => (*requested, 0, rest),
        Ok(ImageType::Bootstrap) => {
            let (sub, elf) = rest.split_at_checked(BootstrapHeader::SIZE).ok_or(LoadError::Length)?;
            let sub = BootstrapHeader::read(sub).ok_or(LoadError::Length)?;
            (sub.uuid, sub.ta_version, elf)
        }
        _ => return Err(LoadError::ImageType),
    };
    if uuid != *requested {
        return Err(LoadError::Uuid);
    }
    if usize::try_from(header.img_size).ok() != Some(elf.len()) {
        return Err(LoadError::Length);
    }
    // Sub-header and payload follow one another, so the rest is what is hashed after the fixed header.
    let mut digest = Sha256::new();
    digest.update(fixed);
    digest.update(rest);
    let digest: [u8; DIGEST_SIZE] = digest.finalize().into();
    if !bool::from(digest.as_slice().ct_eq(hash)) {
        return Err(LoadError::Digest);
    }
    Ok(VerifiedImage { elf, uuid, version, digest })
}

fn signed_by(key: &RootKey<'_>, pss: bool, hash: &[u8], signature: &[u8]) -> bool {
    let odd = key.modulus.last().is_some_and(|byte| byte & 1 == 1);
    if key.modulus.len() != signature.len() || !odd || key.exponent < 3 {
        return false;
    }
    let n = BoxedUint::from_be_slice_vartime(key.modulus);
    let e = BoxedUint::from(u64::from(key.exponent));
    let Ok(key) = PublicKey::new_with_size_limits(n, e, MIN_MODULUS * 8 - 7..=MAX_MODULUS * 8) else { return false };
    let verified = if pss {
        key.verify(Pss::<Sha256>::new_with_salt(DIGEST_SIZE), hash, signature)
    } else {
        key.verify(Pkcs1v15Sign::new::<Sha256>(), hash, signature)
    };
    verified.is_ok()
}

/// The ELF file in an image that [`verify`] has accepted before, with no check of anything but lengths.
///
/// Only for bytes that cannot have changed since then.
#[must_use]
pub fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let header = SignedHeader::read(bytes)?;
    let sub = if header.img_type == u32::from(ImageType::Bootstrap) { BootstrapHeader::SIZE } else { 0 };
    let at = SignedHeader::SIZE.checked_add(usize::from(header.hash_size))?.checked_add(usize::from(header.sig_size))?;
    bytes.get(at.checked_add(sub)?..)
}
