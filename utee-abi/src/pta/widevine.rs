// SPDX-License-Identifier: BSD-2-Clause
//! Keys of Widevine.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x721f_4da9, 0xda05, 0x40d4, [0xa1, 0xa3, 0x83, 0x77, 0xc1, 0xe0, 0x8b, 0x0a]);

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// TPM key: p0 memref out.
    GetTpmKey = 0,
    /// Private key: p0 memref out.
    GetPrivateKey = 1,
}
