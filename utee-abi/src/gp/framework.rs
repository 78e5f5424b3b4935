// SPDX-License-Identifier: BSD-2-Clause
//! Versions, logins, allocation hints and operations (GlobalPlatform TEE Internal Core API 1.3.1, sections 3.1, 4.2, 4.11 and 6.1).

use crate::crypto::OperationClass;

super::constants! {
    CORE_API_MAJOR_VERSION = 1;
    CORE_API_MINOR_VERSION = 3;
    CORE_API_MAINTENANCE_VERSION = 1;
    MALLOC_FILL_ZERO = 0x0000_0000;
    MALLOC_NO_FILL = 0x0000_0001;
    MALLOC_NO_SHARE = 0x0000_0002;
    OPERATION_CIPHER = OperationClass::Cipher as u32;
    OPERATION_MAC = OperationClass::Mac as u32;
    OPERATION_AE = OperationClass::AuthenticatedEncryption as u32;
    OPERATION_DIGEST = OperationClass::Digest as u32;
    OPERATION_ASYMMETRIC_CIPHER = OperationClass::AsymmetricCipher as u32;
    OPERATION_ASYMMETRIC_SIGNATURE = OperationClass::AsymmetricSignature as u32;
    OPERATION_KEY_DERIVATION = OperationClass::KeyDerivation as u32;
    OPERATION_STATE_INITIAL = 0x0000_0000;
    OPERATION_STATE_ACTIVE = 0x0000_0001;
    OPERATION_STATE_EXTRACTING = 0x0000_0002;
    CRYPTO_ELEMENT_NONE = 0x0000_0000;
    ALG_ILLEGAL_VALUE = 0xEFFF_FFFF;
    TYPE_ILLEGAL_VALUE = 0xEFFF_FFFF;
    USER_MEM_HINT_NO_FILL_ZERO = 0x8000_0000;
}
