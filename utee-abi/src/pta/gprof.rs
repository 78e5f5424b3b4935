// SPDX-License-Identifier: BSD-2-Clause
//! Profiling of TAs.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x2f6e_0d48, 0xc574, 0x426d, [0x82, 0x4e, 0x40, 0x19, 0x8c, 0xde, 0x5c, 0xac]);

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Sends data: p0 value inout (id), p1 memref in.
    Send = 0,
    /// Starts sampling: p0 memref inout (buffer), p1 value in (offset, scale).
    StartPcSampling = 1,
    /// Stops it: p0 value out (frequency).
    StopPcSampling = 2,
}
