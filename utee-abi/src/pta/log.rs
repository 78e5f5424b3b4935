// SPDX-License-Identifier: BSD-2-Clause
//! Log lines of the TEE and its TAs, for the normal world. An extension of this TEE: other OP-TEE systems have none.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x5e0c_91b7, 0x2d4f, 0x4c8a, [0x8e, 0x63, 0xa7, 0x1f, 0x0b, 0x9d, 0x52, 0xc4]);

/// Position in p0 of [`Command::Read`] that stands for the end: nothing but what is written from now on.
pub const END: [u32; 2] = [u32::MAX, u32::MAX];

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Reads from a position on, as much as fits: p0 value inout (position, low and high half; the next one comes back),
    /// p1 memref out (text; its size becomes what was read, 0 at the end), p2 value out (bytes lost before, low and high half).
    /// Positions count bytes since the machine was started; 0 gives all that is still kept.
    Read = 0,
}
