// SPDX-License-Identifier: BSD-2-Clause
//! Objects: types, flags and usage (GlobalPlatform TEE Internal Core API 1.3.1, sections 5.4 and 6.10).

use crate::bytes::array;
use crate::named::named_ids;
use bitflags::bitflags;

named_ids! {
    /// Type of an object.
    pub struct ObjectType, "TEE_TYPE_";
    AES = 0xA000_0010,
    DES = 0xA000_0011,
    DES3 = 0xA000_0013,
    SM4 = 0xA000_0014,
    HMAC_MD5 = 0xA000_0001,
    HMAC_SHA1 = 0xA000_0002,
    HMAC_SHA224 = 0xA000_0003,
    HMAC_SHA256 = 0xA000_0004,
    HMAC_SHA384 = 0xA000_0005,
    HMAC_SHA512 = 0xA000_0006,
    HMAC_SM3 = 0xA000_0007,
    HMAC_SHA3_224 = 0xA000_0008,
    HMAC_SHA3_256 = 0xA000_0009,
    HMAC_SHA3_384 = 0xA000_000A,
    HMAC_SHA3_512 = 0xA000_000B,
    GENERIC_SECRET = 0xA000_0000,
    HKDF_IKM = 0xA100_00C0,
    CONCAT_KDF_Z = 0xA100_00C1,
    PBKDF2_PASSWORD = 0xA100_00C2,
    RSA_PUBLIC_KEY = 0xA000_0030,
    RSA_KEYPAIR = 0xA100_0030,
    DSA_PUBLIC_KEY = 0xA000_0031,
    DSA_KEYPAIR = 0xA100_0031,
    DH_KEYPAIR = 0xA100_0032,
    ECDSA_PUBLIC_KEY = 0xA000_0041,
    ECDSA_KEYPAIR = 0xA100_0041,
    ECDH_PUBLIC_KEY = 0xA000_0042,
    ECDH_KEYPAIR = 0xA100_0042,
    SM2_DSA_PUBLIC_KEY = 0xA000_0045,
    SM2_DSA_KEYPAIR = 0xA100_0045,
    SM2_KEP_PUBLIC_KEY = 0xA000_0046,
    SM2_KEP_KEYPAIR = 0xA100_0046,
    SM2_PKE_PUBLIC_KEY = 0xA000_0047,
    SM2_PKE_KEYPAIR = 0xA100_0047,
    X25519_KEYPAIR = 0xA100_0044,
    X448_KEYPAIR = 0xA100_0049,
    ED448_PUBLIC_KEY = 0xA000_0048,
    ED448_KEYPAIR = 0xA100_0048,
    ED25519_PUBLIC_KEY = 0xA000_0043,
    ED25519_KEYPAIR = 0xA100_0043,
    DATA = 0xA000_00BF,
}

named_ids! {
    /// Elliptic curve.
    pub struct Curve, "TEE_ECC_CURVE_";
    NIST_P192 = 1,
    NIST_P224 = 2,
    NIST_P256 = 3,
    NIST_P384 = 4,
    NIST_P521 = 5,
    C25519 = 0x300 as "TEE_ECC_CURVE_25519",
    C448 = 0x301 as "TEE_ECC_CURVE_448",
    SM2 = 0x400,
}

bitflags! {
    /// Flags of a handle, and of the data of a persistent object.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct HandleFlags: u32 {
        /// TEE_DATA_FLAG_ACCESS_READ
        const ACCESS_READ = 1;
        /// TEE_DATA_FLAG_ACCESS_WRITE
        const ACCESS_WRITE = 2;
        /// TEE_DATA_FLAG_ACCESS_WRITE_META
        const ACCESS_WRITE_META = 4;
        /// TEE_DATA_FLAG_SHARE_READ
        const SHARE_READ = 0x10;
        /// TEE_DATA_FLAG_SHARE_WRITE
        const SHARE_WRITE = 0x20;
        /// TEE_DATA_FLAG_OVERWRITE
        const OVERWRITE = 0x400;
        /// TEE_HANDLE_FLAG_PERSISTENT
        const PERSISTENT = 0x1_0000;
        /// TEE_HANDLE_FLAG_INITIALIZED
        const INITIALIZED = 0x2_0000;
        /// TEE_HANDLE_FLAG_KEY_SET
        const KEY_SET = 0x4_0000;
        /// TEE_HANDLE_FLAG_EXPECT_TWO_KEYS
        const EXPECT_TWO_KEYS = 0x8_0000;
        /// TEE_HANDLE_FLAG_EXTRACTING
        const EXTRACTING = 0x10_0000;
    }
}

bitflags! {
    /// What a key may be used for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct KeyUsage: u32 {
        /// TEE_USAGE_EXTRACTABLE
        const EXTRACTABLE = 1;
        /// TEE_USAGE_ENCRYPT
        const ENCRYPT = 2;
        /// TEE_USAGE_DECRYPT
        const DECRYPT = 4;
        /// TEE_USAGE_MAC
        const MAC = 8;
        /// TEE_USAGE_SIGN
        const SIGN = 0x10;
        /// TEE_USAGE_VERIFY
        const VERIFY = 0x20;
        /// TEE_USAGE_DERIVE
        const DERIVE = 0x40;
    }
}

/// Usage of a new object: everything, bits without a name included.
pub const USAGE_DEFAULT: u32 = u32::MAX;

/// struct utee_object_info.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UteeObjectInfo {
    /// Type.
    pub object_type: u32,
    /// Size in bits.
    pub object_size: u32,
    /// Largest size in bits that it was allocated for.
    pub max_object_size: u32,
    /// [`KeyUsage`]
    pub usage: u32,
    /// Bytes of the data stream.
    pub data_size: u32,
    /// Position in the data stream.
    pub data_position: u32,
    /// [`HandleFlags`]
    pub handle_flags: u32,
}

impl UteeObjectInfo {
    /// Size in bytes.
    pub const SIZE: usize = 28;

    /// Its memory.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        let Self { object_type, object_size, max_object_size, usage, data_size, data_position, handle_flags } = *self;
        let words = [object_type, object_size, max_object_size, usage, data_size, data_position, handle_flags];
        for (to, from) in out.chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        out
    }

    /// From its memory.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut words = [0; 7];
        let memory: [u8; Self::SIZE] = array(bytes, 0)?;
        for (to, from) in words.iter_mut().zip(memory.chunks_exact(4)) {
            *to = u32::from_le_bytes(from.try_into().ok()?);
        }
        let [object_type, object_size, max_object_size, usage, data_size, data_position, handle_flags] = words;
        Some(Self { object_type, object_size, max_object_size, usage, data_size, data_position, handle_flags })
    }
}

#[cfg(test)]
mod tests {
    use super::{ObjectType, UteeObjectInfo};

    #[test]
    fn layout() {
        let info = UteeObjectInfo { object_type: ObjectType::AES.raw(), usage: 3, handle_flags: 7, ..UteeObjectInfo::default() };
        let bytes = info.to_bytes();
        assert_eq!((bytes[0], bytes[12], bytes[24]), (0x10, 3, 7));
        assert_eq!(UteeObjectInfo::read(&bytes), Some(info));
        assert_eq!(UteeObjectInfo::read(&bytes[1..]), None);
    }
}
