// SPDX-License-Identifier: BSD-2-Clause
//! Verification of signed TA images (OP-TEE ABI, TA image container).

use crate::error::LoadError;
use crate::rsa::{Padding, is_signed};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    let mut verification = Verification::begin(bytes, requested, keys)?;
    while verification.hash(bytes.len()) > 0 {}
    verification.finish()
}

/// A verification whose signature holds and whose content is hashed in steps, for callers that must not stay away long.
pub struct Verification<'a> {
    image: VerifiedImage<'a>,
    digest: Sha256,
    /// What is still to be hashed.
    rest: &'a [u8],
}

impl<'a> Verification<'a> {
    /// Checks everything but the digest. Nothing of the content may be used before [`Self::finish`].
    ///
    /// # Errors
    /// The first check that fails, in the order of the ABI.
    pub fn begin(bytes: &'a [u8], requested: &Uuid, keys: &[RootKey<'_>]) -> Result<Self, LoadError> {
        let header = SignedHeader::read(bytes).ok_or(LoadError::Length)?;
        if header.magic != MAGIC {
            return Err(LoadError::Magic);
        }
        let padding = match header.algo {
            ALGO_RSASSA_PSS_SHA256 => Padding::Pss,
            ALGO_RSASSA_PKCS1_V1_5_SHA256 => Padding::Pkcs1v15,
            _ => return Err(LoadError::Algorithm),
        };
        let (hash_size, sig_size) = (usize::from(header.hash_size), usize::from(header.sig_size));
        if hash_size != DIGEST_SIZE || !(MIN_MODULUS..=MAX_MODULUS).contains(&sig_size) {
            return Err(LoadError::Size);
        }
        let (fixed, rest) = bytes.split_at_checked(SignedHeader::SIZE).ok_or(LoadError::Length)?;
        let (hash, rest) = rest.split_first_chunk::<DIGEST_SIZE>().ok_or(LoadError::Length)?;
        let (signature, rest) = rest.split_at_checked(sig_size).ok_or(LoadError::Length)?;
        if !keys.iter().any(|key| is_signed(key, padding, hash, signature)) {
            return Err(LoadError::Signature);
        }
        let (uuid, version, elf) = content(&header, rest, requested)?;
        if uuid != *requested {
            return Err(LoadError::Uuid);
        }
        if usize::try_from(header.img_size).ok() != Some(elf.len()) {
            return Err(LoadError::Length);
        }
        let mut digest = Sha256::new();
        digest.update(fixed);
        // Sub-header and payload follow one another, so that the rest is what is hashed after the fixed header.
        Ok(Self { image: VerifiedImage { elf, uuid, version, digest: *hash }, digest, rest })
    }

    /// Hashes up to `len` bytes; gives how many are left.
    pub fn hash(&mut self, len: usize) -> usize {
        let (now, later) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.digest.update(now);
        self.rest = later;
        later.len()
    }

    /// The image, if its digest is the signed one. What is not hashed yet is hashed now.
    ///
    /// # Errors
    /// [`LoadError::Digest`]
    pub fn finish(mut self) -> Result<VerifiedImage<'a>, LoadError> {
        self.digest.update(self.rest);
        let digest = self.digest.finalize();
        if bool::from(digest.as_slice().ct_eq(&self.image.digest)) { Ok(self.image) } else { Err(LoadError::Digest) }
    }
}

/// UUID, version and ELF file behind the signature.
fn content<'a>(header: &SignedHeader, rest: &'a [u8], requested: &Uuid) -> Result<(Uuid, u32, &'a [u8]), LoadError> {
    match ImageType::try_from(header.img_type).map_err(|_| LoadError::ImageType)? {
        ImageType::Legacy => Ok((*requested, 0, rest)),
        ImageType::Bootstrap => {
            let (sub, elf) = rest.split_at_checked(BootstrapHeader::SIZE).ok_or(LoadError::Length)?;
            let sub = BootstrapHeader::read(sub).ok_or(LoadError::Length)?;
            Ok((sub.uuid, sub.ta_version, elf))
        }
        ImageType::Encrypted => Err(LoadError::Encrypted),
        ImageType::Subkey => Err(LoadError::Subkey),
    }
}

/// Where the payload of an image begins whose fixed header these are the first bytes of, as far as they tell.
///
/// Nothing is verified: good for placing an image in memory, not for believing it.
#[must_use]
pub fn payload_offset(header: &[u8]) -> Option<usize> {
    let header = SignedHeader::read(header)?;
    let sub = if header.img_type == u32::from(ImageType::Bootstrap) { BootstrapHeader::SIZE } else { 0 };
    SignedHeader::SIZE.checked_add(usize::from(header.hash_size))?.checked_add(usize::from(header.sig_size))?.checked_add(sub)
}
