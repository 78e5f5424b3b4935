// SPDX-License-Identifier: BSD-2-Clause
//! Cryptographic identifiers (OP-TEE ABI, crypto objects and algorithms).

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Message digests by algorithm id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Algorithm {
    /// TEE_ALG_MD5
    Md5 = 0x5000_0001,
    /// TEE_ALG_SHA1
    Sha1 = 0x5000_0002,
    /// TEE_ALG_SHA224
    Sha224 = 0x5000_0003,
    /// TEE_ALG_SHA256
    Sha256 = 0x5000_0004,
    /// TEE_ALG_SHA384
    Sha384 = 0x5000_0005,
    /// TEE_ALG_SHA512
    Sha512 = 0x5000_0006,
}

/// Operation modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum OperationMode {
    /// TEE_MODE_ENCRYPT
    Encrypt = 0,
    /// TEE_MODE_DECRYPT
    Decrypt = 1,
    /// TEE_MODE_SIGN
    Sign = 2,
    /// TEE_MODE_VERIFY
    Verify = 3,
    /// TEE_MODE_MAC
    Mac = 4,
    /// TEE_MODE_DIGEST
    Digest = 5,
    /// TEE_MODE_DERIVE
    Derive = 6,
}
