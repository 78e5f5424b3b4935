// SPDX-License-Identifier: BSD-2-Clause
//! Firmware of remote processors.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x54af_4a68, 0x19be, 0x40d7, [0xbb, 0xe6, 0x89, 0x50, 0x35, 0x0a, 0x87, 0x44]);

/// Commands; each has p0 value in (processor), addresses in p1 and p2 (low, high).
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Capabilities.
    HwCapabilities = 1,
    /// Loads a segment.
    LoadSegment = 2,
    /// Loads a segment and checks its SHA-256 digest.
    LoadSegmentSha256 = 3,
    /// Fills memory.
    SetMemory = 4,
    /// Starts the processor.
    Start = 5,
    /// Stops it.
    Stop = 6,
    /// Physical address of a device address.
    DaToPa = 7,
    /// Verifies a digest.
    VerifyDigest = 8,
    /// Frees the processor.
    Release = 9,
}
