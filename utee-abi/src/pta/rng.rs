// SPDX-License-Identifier: BSD-2-Clause
//! Hardware random numbers for the normal world.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0xab7a_617c, 0xb8e7, 0x4d8f, [0x83, 0x01, 0xd0, 0x9b, 0x61, 0x03, 0x6b, 0x64]);

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Entropy: p0 memref inout.
    GetEntropy = 0,
    /// Rate and quality: p0 value out (bytes a second, quality in 1024ths of a bit).
    GetInfo = 1,
}
