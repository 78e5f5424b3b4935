// SPDX-License-Identifier: BSD-2-Clause
//! Device enumeration.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x7011_a688, 0xddde, 0x4053, [0xa5, 0xa9, 0x7b, 0x3c, 0x4d, 0xdf, 0x13, 0xb8]);

/// Commands; each has p0 memref out, an array of UUID octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Devices that need nothing else.
    GetDevices = 0,
    /// Devices that need the supplicant.
    GetDevicesSupp = 1,
    /// Devices that need RPMB storage.
    GetDevicesRpmb = 2,
}
