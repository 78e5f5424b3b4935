// SPDX-License-Identifier: BSD-2-Clause
//! Statistics of the core.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0xd96a_5b40, 0xe2c7, 0xb1af, [0x87, 0x94, 0x10, 0x02, 0xa5, 0xd5, 0xc6, 0x1b]);

/// Bytes of the name in a record of [`Command::Alloc`]; a u64 and six u32 follow it.
pub const ALLOC_NAME_SIZE: usize = 32;
/// Bytes of a record of [`Command::Alloc`].
pub const ALLOC_RECORD_SIZE: usize = 64;
/// Pool of [`Command::Alloc`]: all of them.
pub const POOL_ALL: u32 = 0;

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Pager: p0 to p2 value out.
    Pager = 0,
    /// Memory: p0 value in (pool, 1 to reset), p1 memref out (records).
    Alloc = 1,
    /// Dumps leaks to the console.
    MemLeak = 2,
    /// TAs: p0 memref out (records).
    Ta = 3,
    /// Times: p0 value out (normal world: s, ms), p1 value out (TEE: s, ms).
    Time = 4,
    /// Drivers: p0 value in (0 clocks, 1 regulators).
    Driver = 5,
}
