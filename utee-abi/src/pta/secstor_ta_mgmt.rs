// SPDX-License-Identifier: BSD-2-Clause
//! Installation of TAs in secure storage.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x6e25_6cba, 0xfc4d, 0x4941, [0xad, 0x09, 0x2c, 0xa1, 0x86, 0x03, 0x42, 0xdd]);

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Installs: p0 memref in, a signed image. Every fault of the image is SECURITY.
    Bootstrap = 0,
}
