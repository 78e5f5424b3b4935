// SPDX-License-Identifier: BSD-2-Clause
//! APDUs to a secure element.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x3f3e_b880, 0x3639, 0x11ec, [0x9b, 0x9d, 0x0f, 0x3f, 0xc9, 0x46, 0x8f, 0x50]);

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Sends a frame: p0 value in (case 0 to 7), p1 memref in (header), p2 memref in (request), p3 memref out (response).
    TxrxRawFrame = 0,
}
