// SPDX-License-Identifier: BSD-2-Clause
//! Verification of signed TA images (OP-TEE ABI, TA image container).

use crate::error::LoadError;
use crate::rsa::{Padding, is_signed};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use utee_abi::crypto::AttributeId;
use utee_abi::image::{
    ALGO_RSASSA_PKCS1_V1_5_SHA256, ALGO_RSASSA_PSS_SHA256, BootstrapHeader, DIGEST_SIZE, ImageType, MAGIC, MAX_MODULUS, MIN_MODULUS,
    SignedHeader, SubkeyAttribute, SubkeyRecord,
};
use utee_abi::uuid::Uuid;

/// Subkeys between a root key and a TA at most.
const MAX_SUBKEYS: usize = 8;

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
    verify_with(bytes, requested, keys, |parts| {
        parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize().into()
    })
}

/// The same for a caller with a SHA-256 of its own, which gives that of all parts, one behind the other.
///
/// # Errors
/// As [`verify`].
pub fn verify_with<'a>(
    bytes: &'a [u8],
    requested: &Uuid,
    keys: &[RootKey<'_>],
    sha256: impl FnOnce([&[u8]; 2]) -> [u8; DIGEST_SIZE],
) -> Result<VerifiedImage<'a>, LoadError> {
    let mut link = Link::read(bytes)?;
    if !keys.iter().any(|key| link.is_signed_by(key)) {
        return Err(LoadError::Signature);
    }
    let mut namespace = None;
    let mut depth = SubkeyRecord::ROOT_DEPTH;
    for _ in 0..MAX_SUBKEYS {
        if link.header.img_type != u32::from(ImageType::Subkey) {
            break;
        }
        let subkey = Subkey::read(&link, depth, namespace)?;
        link = Link::read(subkey.rest)?;
        if !link.is_signed_by(&subkey.key) {
            return Err(LoadError::Signature);
        }
        (depth, namespace) = (subkey.depth, Some(subkey.next));
    }
    let (uuid, version, elf) = content(&link.header, link.rest, requested)?;
    if uuid != *requested || namespace.is_some_and(|namespace| namespace != uuid) {
        return Err(LoadError::Uuid);
    }
    if usize::try_from(link.header.img_size).ok() != Some(elf.len()) {
        return Err(LoadError::Length);
    }
    // Sub-header and payload follow one another, so that the rest is what is hashed after the fixed header.
    let digest = sha256([link.fixed, link.rest]);
    if !bool::from(digest.ct_eq(link.hash)) {
        return Err(LoadError::Digest);
    }
    Ok(VerifiedImage { elf, uuid, version, digest })
}

/// A signed header and what stands behind its signature.
struct Link<'a> {
    header: SignedHeader,
    fixed: &'a [u8],
    hash: &'a [u8; DIGEST_SIZE],
    padding: Padding,
    signature: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Link<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, LoadError> {
        let header = SignedHeader::read(bytes).ok_or(LoadError::Length)?;
        if header.magic != MAGIC {
            return Err(LoadError::Magic);
        }
        let padding = padding(header.algo)?;
        let (hash_size, sig_size) = (usize::from(header.hash_size), usize::from(header.sig_size));
        if hash_size != DIGEST_SIZE || !(MIN_MODULUS..=MAX_MODULUS).contains(&sig_size) {
            return Err(LoadError::Size);
        }
        let (fixed, rest) = bytes.split_at_checked(SignedHeader::SIZE).ok_or(LoadError::Length)?;
        let (hash, rest) = rest.split_first_chunk::<DIGEST_SIZE>().ok_or(LoadError::Length)?;
        let (signature, rest) = rest.split_at_checked(sig_size).ok_or(LoadError::Length)?;
        Ok(Self { header, fixed, hash, padding, signature, rest })
    }

    fn is_signed_by(&self, key: &RootKey<'_>) -> bool {
        is_signed(key, self.padding, self.hash, self.signature)
    }

    /// The payload and what follows it.
    fn payload(&self) -> Option<(&'a [u8], &'a [u8])> {
        self.rest.split_at_checked(usize::try_from(self.header.img_size).ok()?)
    }
}

/// Padding of a signature algorithm that is accepted.
fn padding(algo: u32) -> Result<Padding, LoadError> {
    match algo {
        ALGO_RSASSA_PSS_SHA256 => Ok(Padding::Pss),
        ALGO_RSASSA_PKCS1_V1_5_SHA256 => Ok(Padding::Pkcs1v15),
        _ => Err(LoadError::Algorithm),
    }
}

/// A key that signs what follows it, for the TAs of its namespace.
struct Subkey<'a> {
    key: RootKey<'a>,
    /// Subkeys that may follow are of less depth.
    depth: u32,
    /// UUID of what follows.
    next: Uuid,
    rest: &'a [u8],
}

impl<'a> Subkey<'a> {
    /// Reads a subkey whose signature holds.
    fn read(link: &Link<'a>, parent_depth: u32, namespace: Option<Uuid>) -> Result<Self, LoadError> {
        let (bytes, rest) = link.payload().ok_or(LoadError::Length)?;
        let digest = Sha256::new().chain_update(link.fixed).chain_update(bytes).finalize();
        if !bool::from(digest.as_slice().ct_eq(link.hash)) {
            return Err(LoadError::Digest);
        }
        let record = SubkeyRecord::read(bytes).ok_or(LoadError::Subkey)?;
        if record.max_depth >= parent_depth {
            return Err(LoadError::Subkey);
        }
        if namespace.is_some_and(|namespace| namespace != record.uuid) {
            return Err(LoadError::Uuid);
        }
        padding(record.algo)?;
        let exponent = attribute(bytes, &record, AttributeId::RSA_PUBLIC_EXPONENT).and_then(number).ok_or(LoadError::Subkey)?;
        let modulus = attribute(bytes, &record, AttributeId::RSA_MODULUS).ok_or(LoadError::Subkey)?;
        let (name, rest) = usize::try_from(record.name_size).ok().and_then(|len| rest.split_at_checked(len)).ok_or(LoadError::Length)?;
        Ok(Self { key: RootKey { exponent, modulus }, depth: record.max_depth, next: derived(record.uuid, name), rest })
    }
}

/// The bytes of an attribute of a subkey, without leading zeros.
fn attribute<'a>(bytes: &'a [u8], record: &SubkeyRecord, wanted: AttributeId) -> Option<&'a [u8]> {
    let table = bytes.get(SubkeyRecord::SIZE..)?;
    let count = usize::try_from(record.attr_count).ok()?;
    let attributes = table.get(..count.checked_mul(SubkeyAttribute::SIZE)?)?;
    let mut found = attributes.chunks_exact(SubkeyAttribute::SIZE).filter_map(SubkeyAttribute::read).filter(|found| found.id == wanted);
    let SubkeyAttribute { offset, size, .. } = found.next()?;
    let start = usize::try_from(offset).ok()?;
    let value = bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)?;
    value.get(value.iter().position(|byte| *byte != 0)?..)
}

/// A number of up to four bytes, most significant byte first.
fn number(bytes: &[u8]) -> Option<u32> {
    let small = bytes.len() <= size_of::<u32>();
    small.then(|| bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// UUID of what a subkey signs: its own, or one of version 5 that is made from it and a name.
fn derived(uuid: Uuid, name: &[u8]) -> Uuid {
    if name.is_empty() {
        return uuid;
    }
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let digest = Sha512::new().chain_update(uuid.octets()).chain_update(name).finalize();
    Uuid::version_5(digest.first_chunk().copied().unwrap_or_default())
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
