// SPDX-License-Identifier: BSD-2-Clause
//! Cryptographic identifiers (OP-TEE ABI, crypto objects and algorithms).

use num_enum::{IntoPrimitive, TryFromPrimitive};

pub mod algorithm;
pub mod attribute;
pub mod object;
pub mod types;

pub use algorithm::{Algorithm, AlgorithmId, OperationClass};
pub use attribute::{AttributeId, UteeAttribute};
pub use object::{Curve, HandleFlags, KeyUsage, ObjectType, UteeObjectInfo};

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
