// SPDX-License-Identifier: BSD-2-Clause
//! Attributes of objects and parameters of operations (GlobalPlatform TEE Internal Core API 1.3.1, section 6.11).

use crate::bytes::{u32_at, u64_at};
use crate::named::named_ids;

named_ids! {
    /// An attribute.
    pub struct AttributeId, "TEE_ATTR_";
    SECRET_VALUE = 0xC000_0000,
    RSA_MODULUS = 0xD000_0130,
    RSA_PUBLIC_EXPONENT = 0xD000_0230,
    RSA_PRIVATE_EXPONENT = 0xC000_0330,
    RSA_PRIME1 = 0xC000_0430,
    RSA_PRIME2 = 0xC000_0530,
    RSA_EXPONENT1 = 0xC000_0630,
    RSA_EXPONENT2 = 0xC000_0730,
    RSA_COEFFICIENT = 0xC000_0830,
    RSA_OAEP_LABEL = 0xD000_0930,
    RSA_OAEP_MGF_HASH = 0xD000_0931,
    RSA_PSS_SALT_LENGTH = 0xF000_0A30,
    DSA_PRIME = 0xD000_1031,
    DSA_SUBPRIME = 0xD000_1131,
    DSA_BASE = 0xD000_1231,
    DSA_PUBLIC_VALUE = 0xD000_0131,
    DSA_PRIVATE_VALUE = 0xC000_0231,
    DH_PRIME = 0xD000_1032,
    DH_SUBPRIME = 0xD000_1132,
    DH_BASE = 0xD000_1232,
    DH_X_BITS = 0xF000_1332,
    DH_PUBLIC_VALUE = 0xD000_0132,
    DH_PRIVATE_VALUE = 0xC000_0232,
    ECC_PUBLIC_VALUE_X = 0xD000_0141,
    ECC_PUBLIC_VALUE_Y = 0xD000_0241,
    ECC_PRIVATE_VALUE = 0xC000_0341,
    ECC_CURVE = 0xF000_0441,
    ECC_EPHEMERAL_PUBLIC_VALUE_X = 0xD000_0146,
    ECC_EPHEMERAL_PUBLIC_VALUE_Y = 0xD000_0246,
    SM2_ID_INITIATOR = 0xD000_0446,
    SM2_ID_RESPONDER = 0xD000_0546,
    SM2_KEP_USER = 0xF000_0646,
    SM2_KEP_CONFIRMATION_IN = 0xD000_0746,
    SM2_KEP_CONFIRMATION_OUT = 0xD000_0846,
    EDDSA_PREHASH = 0xF000_0004,
    ED448_PUBLIC_VALUE = 0xD000_0002,
    ED448_PRIVATE_VALUE = 0xC000_0003,
    EDDSA_CTX = 0xD000_0643,
    ED25519_PUBLIC_VALUE = 0xD000_0743,
    ED25519_PRIVATE_VALUE = 0xC000_0843,
    X25519_PUBLIC_VALUE = 0xD000_0944,
    X25519_PRIVATE_VALUE = 0xC000_0A44,
    X448_PUBLIC_VALUE = 0xD000_0A45,
    X448_PRIVATE_VALUE = 0xC000_0A46,
    HKDF_SALT = 0xD000_0946,
    HKDF_INFO = 0xD000_0A46,
    HKDF_HASH_ALGORITHM = 0xF000_0B46,
    KDF_KEY_SIZE = 0xF000_0C46,
    HKDF_IKM = 0xC000_01C0,
    OPTEE_HKDF_SALT = 0xD000_02C0 as "__OPTEE_ATTR_HKDF_SALT",
    OPTEE_HKDF_INFO = 0xD000_03C0 as "__OPTEE_ATTR_HKDF_INFO",
    HKDF_OKM_LENGTH = 0xF000_04C0,
    CONCAT_KDF_Z = 0xC000_01C1,
    CONCAT_KDF_OTHER_INFO = 0xD000_02C1,
    CONCAT_KDF_DKM_LENGTH = 0xF000_03C1,
    PBKDF2_PASSWORD = 0xC000_01C2,
    PBKDF2_SALT = 0xD000_02C2,
    PBKDF2_ITERATION_COUNT = 0xF000_03C2,
    PBKDF2_DKM_LENGTH = 0xF000_04C2,
}

/// Bit of an attribute id: a pair of values, not a buffer.
pub const FLAG_VALUE: u32 = 1 << 29;
/// Bit of an attribute id: readable from an object that is not extractable.
pub const FLAG_PUBLIC: u32 = 1 << 28;

impl AttributeId {
    /// True for a pair of values, false for a buffer.
    #[must_use]
    pub const fn is_value(self) -> bool {
        self.0 & FLAG_VALUE != 0
    }

    /// True when it can be read from an object that is not extractable.
    #[must_use]
    pub const fn is_public(self) -> bool {
        self.0 & FLAG_PUBLIC != 0
    }
}

/// struct utee_attribute, as TAs hand it to system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UteeAttribute {
    /// Value a, or the address of the buffer.
    pub a: u64,
    /// Value b, or the length of the buffer in bytes.
    pub b: u64,
    /// Attribute.
    pub id: AttributeId,
}

impl UteeAttribute {
    /// Size in bytes, padding included.
    pub const SIZE: usize = 24;

    /// From its memory.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self { a: u64_at(bytes, 0)?, b: u64_at(bytes, 8)?, id: AttributeId::from_raw(u32_at(bytes, 16)?) })
    }

    /// Its memory.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        for (to, from) in out.chunks_exact_mut(8).zip([self.a, self.b, u64::from(self.id.raw())]) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{AttributeId, UteeAttribute};

    #[test]
    fn ids_say_what_they_are() {
        for (index, (name, id)) in AttributeId::ALL.iter().enumerate() {
            assert_eq!(id.name(), Some(*name));
            assert!(AttributeId::ALL[..index].iter().all(|(_, other)| other != id), "{name}");
            let secret = name.contains("PRIVATE") || name.contains("PRIME1") || name.contains("PRIME2") || *name == "TEE_ATTR_SECRET_VALUE";
            assert!(!(secret && id.is_public()), "{name}");
        }
        assert!(AttributeId::ECC_CURVE.is_value() && AttributeId::ECC_CURVE.is_public());
        assert!(!AttributeId::RSA_MODULUS.is_value());
    }

    #[test]
    fn layout() {
        let attribute = UteeAttribute { a: 0x1122, b: 7, id: AttributeId::RSA_MODULUS };
        let bytes = attribute.to_bytes();
        assert_eq!(bytes[16..], [0x30, 0x01, 0, 0xD0, 0, 0, 0, 0]);
        assert_eq!(UteeAttribute::read(&bytes), Some(attribute));
        assert_eq!(UteeAttribute::read(&bytes[..19]), None);
    }
}
