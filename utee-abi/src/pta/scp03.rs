// SPDX-License-Identifier: BSD-2-Clause
//! Secure channel to a secure element.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0xbe0e_5821, 0xe718, 0x4f77, [0xab, 0x3e, 0x8e, 0x6c, 0x73, 0xa9, 0xc7, 0x35]);

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Switches it on: p0 value in (0 current keys, 1 rotate them).
    Enable = 0,
}
