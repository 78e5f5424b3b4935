// SPDX-License-Identifier: BSD-2-Clause
//! The signed container of a TA (OP-TEE ABI, TA image container).

use crate::bytes::{array, u16_at, u32_at};
use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// First word of a header.
pub const MAGIC: u32 = 0x4f54_5348;

/// Signature algorithm: RSASSA-PSS with MGF1 and SHA-256, salt of 32 bytes.
pub const ALGO_RSASSA_PSS_SHA256: u32 = 0x7041_4930;
/// Signature algorithm: RSASSA-PKCS1-v1_5 with SHA-256.
pub const ALGO_RSASSA_PKCS1_V1_5_SHA256: u32 = 0x7000_4830;
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
