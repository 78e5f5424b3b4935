// SPDX-License-Identifier: BSD-2-Clause
//! Attestation.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x3980_0861, 0x182a, 0x4720, [0x9b, 0x67, 0x2b, 0xcd, 0x62, 0x2b, 0xc0, 0xb5]);

/// Bits of the key.
pub const KEY_BITS: usize = 3072;

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Public key: p0 memref out (exponent), p1 memref out (modulus), p2 value out (algorithm).
    GetPubkey = 0,
    /// Digest of a TA image: p0 memref in (TEE_UUID), p1 memref in (nonce), p2 memref out (digest, signature).
    GetTaShdrDigest = 1,
    /// Hash of the caller: p0 memref in (nonce), p1 memref out (digest, signature).
    HashTaMemory = 2,
    /// Hash of the TEE: p0 memref in (nonce), p1 memref out (digest, signature).
    HashTeeMemory = 3,
}
