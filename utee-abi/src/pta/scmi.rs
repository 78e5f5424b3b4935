// SPDX-License-Identifier: BSD-2-Clause
//! System control and management interface.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0xa8cf_e406, 0xd4f5, 0x4a2e, [0x9f, 0x8d, 0xa2, 0x5d, 0xc7, 0x54, 0xc0, 0x99]);

/// Capability: shared-memory transport header.
pub const CAP_SMT: u32 = 1;
/// Capability: message header.
pub const CAP_MSG: u32 = 2;

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Capabilities: p0 value out (mask of [`CAP_SMT`] and [`CAP_MSG`]).
    Capabilities = 0,
    /// Message in a shared-memory channel: p0 value in (handle).
    ProcessSmtChannel = 1,
    /// Message in a buffer: p0 value in (handle), p1 memref inout.
    ProcessSmtChannelMessage = 2,
    /// Handle of a channel: p0 value inout (id to handle; capabilities).
    GetChannelHandle = 3,
    /// Message without header: p0 value in (handle), p1 memref in, p2 memref out.
    ProcessMsgChannel = 4,
}
