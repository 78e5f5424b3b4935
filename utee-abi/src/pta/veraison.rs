// SPDX-License-Identifier: BSD-2-Clause
//! Attestation for Veraison.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0xa779_55f9, 0xeea1, 0x44fd, [0xad, 0xd5, 0x4a, 0x9d, 0x96, 0x2a, 0xfc, 0xf5]);

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Evidence: p0 memref in (nonce), p1 memref out, p2 memref in (implementation id).
    GetCborEvidence = 0,
}
