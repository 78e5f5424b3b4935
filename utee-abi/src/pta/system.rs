// SPDX-License-Identifier: BSD-2-Clause
//! System services for TAs. Only user TAs may call it.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x3a2f_8978, 0x5dc0, 0x11e8, [0x9c, 0x2d, 0xfa, 0x7a, 0xe0, 0x1b, 0xbe, 0xbc]);

/// Flag of map: the memory may be handed to other TAs.
pub const MAP_SHAREABLE: u64 = 1;
/// Longest extra data of a derived key, in bytes.
pub const UNIQUE_KEY_EXTRA_MAX: usize = 1024;
/// Shortest derived key, in bytes.
pub const UNIQUE_KEY_MIN: usize = 16;
/// Longest derived key, in bytes.
pub const UNIQUE_KEY_MAX: usize = 32;
/// Flag of dlopen: resolve everything at once. All three flags must be given.
pub const DLOPEN_NOW: u64 = 2;
/// Flag of dlopen: symbols are for everybody.
pub const DLOPEN_GLOBAL: u64 = 0x100;
/// Flag of dlopen: stays for good.
pub const DLOPEN_NODELETE: u64 = 0x1000;

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Adds entropy to the generator: p0 memref in.
    AddRngEntropy = 0,
    /// Derives a key of the TA from the hardware-unique key: p0 memref in (extra data), p1 memref out (16 to 32 bytes of
    /// secure memory, else SECURITY).
    DeriveTaUniqueKey = 1,
    /// Maps zeroed memory: p0 value in (bytes, flags), p1 value inout (address high, low), p2 value in (pads).
    MapZi = 2,
    /// Unmaps it: p0 value in (bytes, 0), p1 value in (address high, low).
    Unmap = 3,
    /// dlopen: p0 memref in (TEE_UUID), p1 value in (flags).
    DlOpen = 10,
    /// dlsym: p0 memref in (TEE_UUID), p1 memref in (name), p2 value out (address high, low).
    DlSym = 11,
    /// TPM event log: p0 memref out.
    GetTpmEventLog = 12,
    /// Supplicant plugin: p0 memref in (TEE_UUID), p1 value in (command, sub-command), p2 memref inout, p3 value out (length).
    SuppPluginInvoke = 13,
}
