// SPDX-License-Identifier: BSD-2-Clause
//! Algorithm ids (GlobalPlatform TEE Internal Core API 1.3.1, section 6.10, and OP-TEE's extensions).

use super::object::Curve;
use crate::named::named_ids;
use num_enum::{IntoPrimitive, TryFromPrimitive};

named_ids! {
    /// An algorithm.
    pub struct AlgorithmId, "TEE_ALG_";
    AES_ECB_NOPAD = 0x1000_0010,
    AES_CBC_NOPAD = 0x1000_0110,
    AES_CTR = 0x1000_0210,
    AES_CTS = 0x1000_0310,
    AES_XTS = 0x1000_0410,
    AES_CBC_MAC_NOPAD = 0x3000_0110,
    AES_CBC_MAC_PKCS5 = 0x3000_0510,
    AES_CMAC = 0x3000_0610,
    AES_CCM = 0x4000_0710,
    AES_GCM = 0x4000_0810,
    DES_ECB_NOPAD = 0x1000_0011,
    DES_CBC_NOPAD = 0x1000_0111,
    DES_CBC_MAC_NOPAD = 0x3000_0111,
    DES_CBC_MAC_PKCS5 = 0x3000_0511,
    DES3_ECB_NOPAD = 0x1000_0013,
    DES3_CBC_NOPAD = 0x1000_0113,
    DES3_CBC_MAC_NOPAD = 0x3000_0113,
    DES3_CBC_MAC_PKCS5 = 0x3000_0513,
    DES3_CMAC = 0xF000_0613,
    SM4_ECB_NOPAD = 0x1000_0014,
    SM4_CBC_NOPAD = 0x1000_0114,
    SM4_CTR = 0x1000_0214,
    SM4_XTS = 0xF000_0414,
    MD5 = 0x5000_0001,
    SHA1 = 0x5000_0002,
    SHA224 = 0x5000_0003,
    SHA256 = 0x5000_0004,
    SHA384 = 0x5000_0005,
    SHA512 = 0x5000_0006,
    SM3 = 0x5000_0007,
    SHA3_224 = 0x5000_0008,
    SHA3_256 = 0x5000_0009,
    SHA3_384 = 0x5000_000A,
    SHA3_512 = 0x5000_000B,
    MD5SHA1 = 0x5000_000F,
    SHAKE128 = 0x5000_0101,
    SHAKE256 = 0x5000_0102,
    HMAC_MD5 = 0x3000_0001,
    HMAC_SHA1 = 0x3000_0002,
    HMAC_SHA224 = 0x3000_0003,
    HMAC_SHA256 = 0x3000_0004,
    HMAC_SHA384 = 0x3000_0005,
    HMAC_SHA512 = 0x3000_0006,
    HMAC_SM3 = 0x3000_0007,
    HMAC_SHA3_224 = 0x3000_0008,
    HMAC_SHA3_256 = 0x3000_0009,
    HMAC_SHA3_384 = 0x3000_000A,
    HMAC_SHA3_512 = 0x3000_000B,
    RSA_NOPAD = 0x6000_0030,
    RSAES_PKCS1_V1_5 = 0x6000_0130,
    RSAES_PKCS1_OAEP_MGF1_MD5 = 0xF011_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA1 = 0x6021_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA224 = 0x6031_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA256 = 0x6041_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA384 = 0x6051_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA512 = 0x6061_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA3_224 = 0x6081_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA3_256 = 0x6091_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA3_384 = 0x60A1_0230,
    RSAES_PKCS1_OAEP_MGF1_SHA3_512 = 0x60B1_0230,
    SM2_PKE = 0x8000_0046,
    RSASSA_PKCS1_V1_5 = 0xF000_0830,
    RSASSA_PKCS1_V1_5_MD5 = 0x7000_1830,
    RSASSA_PKCS1_V1_5_MD5SHA1 = 0x7000_F830,
    RSASSA_PKCS1_V1_5_SHA1 = 0x7000_2830,
    RSASSA_PKCS1_V1_5_SHA224 = 0x7000_3830,
    RSASSA_PKCS1_V1_5_SHA256 = 0x7000_4830,
    RSASSA_PKCS1_V1_5_SHA384 = 0x7000_5830,
    RSASSA_PKCS1_V1_5_SHA512 = 0x7000_6830,
    RSASSA_PKCS1_V1_5_SHA3_224 = 0x7000_8830,
    RSASSA_PKCS1_V1_5_SHA3_256 = 0x7000_9830,
    RSASSA_PKCS1_V1_5_SHA3_384 = 0x7000_A830,
    RSASSA_PKCS1_V1_5_SHA3_512 = 0x7000_B830,
    RSASSA_PKCS1_PSS_MGF1_MD5 = 0xF011_1930,
    RSASSA_PKCS1_PSS_MGF1_SHA1 = 0x7021_2930,
    RSASSA_PKCS1_PSS_MGF1_SHA224 = 0x7031_3930,
    RSASSA_PKCS1_PSS_MGF1_SHA256 = 0x7041_4930,
    RSASSA_PKCS1_PSS_MGF1_SHA384 = 0x7051_5930,
    RSASSA_PKCS1_PSS_MGF1_SHA512 = 0x7061_6930,
    RSASSA_PKCS1_PSS_MGF1_SHA3_224 = 0x7081_8930,
    RSASSA_PKCS1_PSS_MGF1_SHA3_256 = 0x7091_9930,
    RSASSA_PKCS1_PSS_MGF1_SHA3_384 = 0x70A1_A930,
    RSASSA_PKCS1_PSS_MGF1_SHA3_512 = 0x70B1_B930,
    DSA_SHA1 = 0x7000_2131,
    DSA_SHA224 = 0x7000_3131,
    DSA_SHA256 = 0x7000_4131,
    DSA_SHA3_224 = 0x7000_8131,
    DSA_SHA3_256 = 0x7000_9131,
    DSA_SHA3_384 = 0x7000_A131,
    DSA_SHA3_512 = 0x7000_B131,
    ECDSA_SHA1 = 0x7000_1042,
    ECDSA_SHA224 = 0x7000_2042,
    ECDSA_SHA256 = 0x7000_3042,
    ECDSA_SHA384 = 0x7000_4042,
    ECDSA_SHA512 = 0x7000_5042,
    ECDSA_SHA3_224 = 0x7000_6042,
    ECDSA_SHA3_256 = 0x7000_7042,
    ECDSA_SHA3_384 = 0x7000_8042,
    ECDSA_SHA3_512 = 0x7000_9042,
    SM2_DSA_SM3 = 0x7000_6045,
    ED25519 = 0x7000_6043,
    ED448 = 0x7000_6044,
    DH_DERIVE_SHARED_SECRET = 0x8000_0032,
    ECDH_DERIVE_SHARED_SECRET = 0x8000_0042,
    X25519 = 0x8000_0044,
    X448 = 0x8000_0045,
    SM2_KEP = 0x6000_0045,
    HKDF = 0x8000_0047,
    HKDF_MD5_DERIVE_KEY = 0x8000_10C0,
    HKDF_SHA1_DERIVE_KEY = 0x8000_20C0,
    HKDF_SHA224_DERIVE_KEY = 0x8000_30C0,
    HKDF_SHA256_DERIVE_KEY = 0x8000_40C0,
    HKDF_SHA384_DERIVE_KEY = 0x8000_50C0,
    HKDF_SHA512_DERIVE_KEY = 0x8000_60C0,
    CONCAT_KDF_SHA1_DERIVE_KEY = 0x8000_20C1,
    CONCAT_KDF_SHA224_DERIVE_KEY = 0x8000_30C1,
    CONCAT_KDF_SHA256_DERIVE_KEY = 0x8000_40C1,
    CONCAT_KDF_SHA384_DERIVE_KEY = 0x8000_50C1,
    CONCAT_KDF_SHA512_DERIVE_KEY = 0x8000_60C1,
    PBKDF2_HMAC_SHA1_DERIVE_KEY = 0x8000_20C2,
    PBKDF2_HMAC_SHA224_DERIVE_KEY = 0x8000_30C2,
    PBKDF2_HMAC_SHA256_DERIVE_KEY = 0x8000_40C2,
    PBKDF2_HMAC_SHA384_DERIVE_KEY = 0x8000_50C2,
    PBKDF2_HMAC_SHA512_DERIVE_KEY = 0x8000_60C2,
    PBKDF2_HMAC_SM3_DERIVE_KEY = 0x8000_70C2,
}

/// Class of operations that an algorithm belongs to: TEE_OPERATION_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum OperationClass {
    /// TEE_OPERATION_CIPHER
    Cipher = 1,
    /// TEE_OPERATION_MAC
    Mac = 3,
    /// TEE_OPERATION_AE
    AuthenticatedEncryption = 4,
    /// TEE_OPERATION_DIGEST
    Digest = 5,
    /// TEE_OPERATION_ASYMMETRIC_CIPHER
    AsymmetricCipher = 6,
    /// TEE_OPERATION_ASYMMETRIC_SIGNATURE
    AsymmetricSignature = 7,
    /// TEE_OPERATION_KEY_DERIVATION
    KeyDerivation = 8,
}

impl AlgorithmId {
    /// The id that one of an old TA stands for: elliptic-curve ids once named the curve.
    #[must_use]
    pub const fn canonical(self) -> Self {
        match self.0 {
            0x7000_1041 | 0x7000_2041 | 0x7000_3041 | 0x7000_4041 | 0x7000_5041 => Self(self.0 & !0xFF | 0x42),
            0x8000_1042 | 0x8000_2042 | 0x8000_3042 | 0x8000_4042 | 0x8000_5042 => Self::ECDH_DERIVE_SHARED_SECRET,
            _ => self,
        }
    }

    /// The class: bits 31:28, but for the ids that break the rule.
    #[must_use]
    pub fn class(self) -> Option<OperationClass> {
        match self {
            Self::SM2_PKE | Self::RSAES_PKCS1_OAEP_MGF1_MD5 => Some(OperationClass::AsymmetricCipher),
            Self::SM2_KEP => Some(OperationClass::KeyDerivation),
            Self::RSASSA_PKCS1_V1_5 | Self::RSASSA_PKCS1_PSS_MGF1_MD5 => Some(OperationClass::AsymmetricSignature),
            Self::DES3_CMAC => Some(OperationClass::Mac),
            Self::SM4_XTS => Some(OperationClass::Cipher),
            _ => OperationClass::try_from(self.0 >> 28).ok(),
        }
    }

    /// The one curve of an algorithm that has but one: the element that TEE_IsAlgorithmSupported is asked for.
    #[must_use]
    pub const fn curve(self) -> Option<Curve> {
        match self {
            Self::ED25519 | Self::X25519 => Some(Curve::C25519),
            Self::ED448 | Self::X448 => Some(Curve::C448),
            Self::SM2_DSA_SM3 | Self::SM2_KEP | Self::SM2_PKE => Some(Curve::SM2),
            _ => None,
        }
    }

    /// Main algorithm: bits 7:0. It is also the low byte of the types of its keys.
    #[must_use]
    pub const fn main_algorithm(self) -> u32 {
        self.0 & 0xFF
    }

    /// Chaining mode or padding: bits 11:8.
    #[must_use]
    pub const fn chain_mode(self) -> u32 {
        self.0 >> 8 & 0xF
    }

    /// Number of the digest: bits 15:12, 0 for none. It is the low byte of the digest's own id.
    #[must_use]
    pub const fn digest_number(self) -> u32 {
        self.0 >> 12 & 0xF
    }

    /// Number of the digest of the mask generation function: bits 23:20, 0 for none.
    #[must_use]
    pub const fn mgf_digest_number(self) -> u32 {
        self.0 >> 20 & 0xF
    }
}

/// The message digests that every TEE of this project has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Algorithm {
    /// TEE_ALG_MD5
    Md5 = AlgorithmId::MD5.raw(),
    /// TEE_ALG_SHA1
    Sha1 = AlgorithmId::SHA1.raw(),
    /// TEE_ALG_SHA224
    Sha224 = AlgorithmId::SHA224.raw(),
    /// TEE_ALG_SHA256
    Sha256 = AlgorithmId::SHA256.raw(),
    /// TEE_ALG_SHA384
    Sha384 = AlgorithmId::SHA384.raw(),
    /// TEE_ALG_SHA512
    Sha512 = AlgorithmId::SHA512.raw(),
    /// TEE_ALG_SM3
    Sm3 = AlgorithmId::SM3.raw(),
    /// TEE_ALG_SHA3_224
    Sha3_224 = AlgorithmId::SHA3_224.raw(),
    /// TEE_ALG_SHA3_256
    Sha3_256 = AlgorithmId::SHA3_256.raw(),
    /// TEE_ALG_SHA3_384
    Sha3_384 = AlgorithmId::SHA3_384.raw(),
    /// TEE_ALG_SHA3_512
    Sha3_512 = AlgorithmId::SHA3_512.raw(),
    /// TEE_ALG_MD5SHA1
    Md5Sha1 = AlgorithmId::MD5SHA1.raw(),
    /// TEE_ALG_SHAKE128
    Shake128 = AlgorithmId::SHAKE128.raw(),
    /// TEE_ALG_SHAKE256
    Shake256 = AlgorithmId::SHAKE256.raw(),
}

impl Algorithm {
    /// Bytes of the digest; `None` for one of any length.
    #[must_use]
    pub const fn size(self) -> Option<u32> {
        Some(match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sm3 | Self::Sha3_256 => 32,
            Self::Md5Sha1 => 36,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
            Self::Shake128 | Self::Shake256 => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AlgorithmId, OperationClass};

    #[test]
    fn every_algorithm_has_a_class_and_a_number_of_its_own() {
        for (index, (name, id)) in AlgorithmId::ALL.iter().enumerate() {
            assert!(id.class().is_some(), "{name}");
            assert_eq!(id.name(), Some(*name));
            assert_eq!(id.canonical(), *id, "{name}");
            assert!(AlgorithmId::ALL[..index].iter().all(|(_, other)| other != id), "{name}");
        }
    }

    #[test]
    fn classes_follow_the_names() {
        for (name, id) in AlgorithmId::ALL {
            let class = id.class().unwrap();
            let expected = match &name["TEE_ALG_".len()..] {
                name if name.contains("MAC") && !name.starts_with("PBKDF2") => OperationClass::Mac,
                name if name.contains("DERIVE") || name.contains("KEP") || name.starts_with('X') || name == "HKDF" => {
                    OperationClass::KeyDerivation
                }
                name if name.contains("DSA") || name.starts_with("RSASSA") || name.starts_with("ED") => OperationClass::AsymmetricSignature,
                name if name.starts_with("RSA") || name == "SM2_PKE" => OperationClass::AsymmetricCipher,
                "AES_CCM" | "AES_GCM" => OperationClass::AuthenticatedEncryption,
                name if name.starts_with("AES") || name.starts_with("DES") || name.starts_with("SM4") => OperationClass::Cipher,
                _ => OperationClass::Digest,
            };
            assert_eq!(class, expected, "{name}");
        }
    }

    #[test]
    fn fields_of_an_id() {
        let id = AlgorithmId::RSASSA_PKCS1_PSS_MGF1_SHA256;
        assert_eq!((id.main_algorithm(), id.chain_mode(), id.digest_number(), id.mgf_digest_number()), (0x30, 9, 4, 4));
        assert_eq!(AlgorithmId::from_raw(0x7000_3041).canonical(), AlgorithmId::ECDSA_SHA256);
        assert_eq!(AlgorithmId::from_raw(0x8000_5042).canonical(), AlgorithmId::ECDH_DERIVE_SHARED_SECRET);
        assert_eq!(AlgorithmId::from_raw(0xF000_0999).class(), None);
    }
}
