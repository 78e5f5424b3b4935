// SPDX-License-Identifier: BSD-2-Clause
//! The signed container of a TA (OP-TEE ABI, TA image container).

use crate::bytes::{array, u16_at, u32_at};
use crate::crypto::{AlgorithmId, AttributeId};
use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// First word of a header.
pub const MAGIC: u32 = 0x4f54_5348;

/// Signature algorithm: RSASSA-PSS with MGF1 and SHA-256, salt of 32 bytes.
pub const ALGO_RSASSA_PSS_SHA256: u32 = AlgorithmId::RSASSA_PKCS1_PSS_MGF1_SHA256.raw();
/// Signature algorithm: RSASSA-PKCS1-v1_5 with SHA-256.
pub const ALGO_RSASSA_PKCS1_V1_5_SHA256: u32 = AlgorithmId::RSASSA_PKCS1_V1_5_SHA256.raw();
/// Bytes of the digest and of the PSS salt.
pub const DIGEST_SIZE: usize = 32;
/// Smallest modulus in bytes.
pub const MIN_MODULUS: usize = 256;
/// Largest modulus in bytes.
pub const MAX_MODULUS: usize = 512;

/// What a header stands in front of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum ImageType {
    /// A TA without sub-header.
    Legacy = 0,
    /// A TA.
    Bootstrap = 1,
    /// An encrypted TA.
    Encrypted = 2,
    /// A key that signs what follows.
    Subkey = 3,
}

/// The fixed header: 20 bytes, then hash and signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHeader {
    /// [`MAGIC`]
    pub magic: u32,
    /// [`ImageType`]
    pub img_type: u32,
    /// Bytes of the payload.
    pub img_size: u32,
    /// Signature algorithm.
    pub algo: u32,
    /// Bytes of the hash.
    pub hash_size: u16,
    /// Bytes of the signature.
    pub sig_size: u16,
}

impl SignedHeader {
    /// Size in bytes.
    pub const SIZE: usize = 20;

    /// From its bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            magic: u32_at(bytes, 0)?,
            img_type: u32_at(bytes, 4)?,
            img_size: u32_at(bytes, 8)?,
            algo: u32_at(bytes, 12)?,
            hash_size: u16_at(bytes, 16)?,
            sig_size: u16_at(bytes, 18)?,
        })
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        let (words, halves) = out.split_at_mut(16);
        for (to, from) in words.chunks_exact_mut(4).zip([self.magic, self.img_type, self.img_size, self.algo]) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        for (to, from) in halves.chunks_exact_mut(2).zip([self.hash_size, self.sig_size]) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        out
    }
}

/// The sub-header of a TA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootstrapHeader {
    /// UUID of the TA.
    pub uuid: Uuid,
    /// Its version, which must not go back.
    pub ta_version: u32,
}

impl BootstrapHeader {
    /// Size in bytes.
    pub const SIZE: usize = 20;

    /// From its bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self { uuid: Uuid::from_octets(array(bytes, 0)?), ta_version: u32_at(bytes, 16)? })
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        let (uuid, version) = out.split_at_mut(16);
        uuid.copy_from_slice(&self.uuid.octets());
        version.copy_from_slice(&self.ta_version.to_le_bytes());
        out
    }
}

/// The sub-header of an encrypted TA, which follows the [`BootstrapHeader`]; IV and tag follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptedHeader {
    /// Algorithm, with a key of 256 bits.
    pub enc_algo: u32,
    /// Which key: [`EncryptedHeader::KEY_CLASS_WIDE`] or, without it, the device's own.
    pub flags: u32,
    /// Bytes of the IV.
    pub iv_size: u16,
    /// Bytes of the tag.
    pub tag_size: u16,
}

impl EncryptedHeader {
    /// Size in bytes, without IV and tag.
    pub const SIZE: usize = 12;
    /// Flag: the key is one for a class of devices.
    pub const KEY_CLASS_WIDE: u32 = 1;

    /// From its bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self { enc_algo: u32_at(bytes, 0)?, flags: u32_at(bytes, 4)?, iv_size: u16_at(bytes, 8)?, tag_size: u16_at(bytes, 10)? })
    }
}

/// The start of a subkey record; attributes and the bytes that they point at follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubkeyRecord {
    /// UUID of the subkey.
    pub uuid: Uuid,
    /// Bytes of the name behind the record, from which the next UUID is derived.
    pub name_size: u32,
    /// Version of the subkey, which must not go back.
    pub subkey_version: u32,
    /// How many more subkeys may follow; less than the parent's, which is [`SubkeyRecord::ROOT_DEPTH`] at the root.
    pub max_depth: u32,
    /// Signature algorithm of the subkey.
    pub algo: u32,
    /// Number of [`SubkeyAttribute`]s.
    pub attr_count: u32,
}

impl SubkeyRecord {
    /// Size in bytes, without attributes.
    pub const SIZE: usize = 36;
    /// Depth of a root key.
    pub const ROOT_DEPTH: u32 = u32::MAX;

    /// From its bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            uuid: Uuid::from_octets(array(bytes, 0)?),
            name_size: u32_at(bytes, 16)?,
            subkey_version: u32_at(bytes, 20)?,
            max_depth: u32_at(bytes, 24)?,
            algo: u32_at(bytes, 28)?,
            attr_count: u32_at(bytes, 32)?,
        })
    }
}

/// An attribute of a subkey: modulus or public exponent, most significant byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubkeyAttribute {
    /// Attribute.
    pub id: AttributeId,
    /// Where its bytes stand, from the start of the record.
    pub offset: u32,
    /// How many they are.
    pub size: u32,
}

impl SubkeyAttribute {
    /// Size in bytes.
    pub const SIZE: usize = 12;

    /// From its bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self { id: AttributeId::from_raw(u32_at(bytes, 0)?), offset: u32_at(bytes, 4)?, size: u32_at(bytes, 8)? })
    }
}

#[cfg(test)]
mod tests {
    use super::{BootstrapHeader, EncryptedHeader, ImageType, MAGIC, SignedHeader, SubkeyRecord};
    use crate::uuid::Uuid;

    #[test]
    fn headers_round_trip() {
        let header = SignedHeader { magic: MAGIC, img_type: 1, img_size: 0x1234, algo: 5, hash_size: 32, sig_size: 256 };
        let bytes = header.to_bytes();
        assert_eq!(bytes[..4], *b"HSTO");
        assert_eq!(bytes[16..], [32, 0, 0, 1]);
        assert_eq!(SignedHeader::read(&bytes), Some(header));
        assert_eq!(SignedHeader::read(&bytes[..19]), None);
        let header = BootstrapHeader { uuid: Uuid::from_octets([7; 16]), ta_version: 9 };
        assert_eq!(BootstrapHeader::read(&header.to_bytes()), Some(header));
        assert_eq!(BootstrapHeader::read(&[0; 19]), None);
    }

    #[test]
    fn headers_that_are_only_read() {
        let bytes: [u8; 36] = core::array::from_fn(|at| at as u8);
        let header = EncryptedHeader::read(&bytes).unwrap();
        assert_eq!((header.flags, header.iv_size, header.tag_size), (0x0706_0504, 0x0908, 0x0B0A));
        let record = SubkeyRecord::read(&bytes).unwrap();
        assert_eq!((record.name_size, record.attr_count), (0x1312_1110, 0x2322_2120));
        assert_eq!(SubkeyRecord::read(&bytes[..35]), None);
        assert!(ImageType::try_from(4).is_err());
    }
}
