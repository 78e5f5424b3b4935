// SPDX-License-Identifier: BSD-2-Clause
//! Statistics of the core.

use crate::bytes::{array, put, u32_at, u64_at};
use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0xd96a_5b40, 0xe2c7, 0xb1af, [0x87, 0x94, 0x10, 0x02, 0xa5, 0xd5, 0xc6, 0x1b]);

/// Pool of [`Command::Alloc`]: all of them, one record each.
pub const POOL_ALL: u32 = 0;
/// Pool: the heap of the core.
pub const POOL_HEAP: u32 = 1;
/// Pool: memory that the normal world may see; no TEE has it any more.
pub const POOL_PUBLIC: u32 = 2;
/// Pool: the secure memory of TAs.
pub const POOL_TA_RAM: u32 = 3;
/// Pool: the heap of what several TEEs share, under a hypervisor.
pub const POOL_NEXUS: u32 = 4;
/// Pool: storage in RPMB.
pub const POOL_RPMB: u32 = 5;
/// Drivers of clocks, for [`Command::Driver`].
pub const DRIVER_CLOCK: u32 = 0;
/// Drivers of regulators.
pub const DRIVER_REGULATOR: u32 = 1;
/// Pools that have a number, from 1 on. Those that a TEE does not have are empty records.
pub const POOLS: u32 = 5;

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

/// What a memory pool has given out (struct pta_stats_alloc).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllocRecord {
    /// Its name, padded with zeroes.
    pub name: [u8; Self::NAME_SIZE],
    /// Sum of the squares of the sizes of free pieces, where that is counted.
    pub free_squares: u64,
    /// Bytes that are given out.
    pub allocated: u32,
    /// The most there were.
    pub max_allocated: u32,
    /// Bytes in all.
    pub size: u32,
    /// Requests that could not be met.
    pub failures: u32,
    /// The largest of them, in bytes.
    pub largest_failure: u32,
    /// Bytes that were given out when that one failed.
    pub allocated_at_failure: u32,
}

impl AllocRecord {
    /// Bytes of the name.
    pub const NAME_SIZE: usize = 32;
    /// Bytes of a record.
    pub const SIZE: usize = 64;

    /// As it stands in memory.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let words = [self.allocated, self.max_allocated, self.size, self.failures, self.largest_failure, self.allocated_at_failure];
        // Every field lies inside.
        let _ = put(&mut bytes, 0, &self.name);
        let _ = put(&mut bytes, Self::NAME_SIZE, &self.free_squares.to_le_bytes());
        for (word, at) in words.into_iter().zip((Self::WORDS..).step_by(4)) {
            let _ = put(&mut bytes, at, &word.to_le_bytes());
        }
        bytes
    }

    /// From memory; `None` when that is too short.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let word = |index: usize| u32_at(bytes, Self::WORDS.saturating_add(index.saturating_mul(4)));
        Some(Self {
            name: array(bytes, 0)?,
            free_squares: u64_at(bytes, Self::NAME_SIZE)?,
            allocated: word(0)?,
            max_allocated: word(1)?,
            size: word(2)?,
            failures: word(3)?,
            largest_failure: word(4)?,
            allocated_at_failure: word(5)?,
        })
    }

    const WORDS: usize = Self::NAME_SIZE + 8;
}

/// A loaded TA (struct pta_stats_ta).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaRecord {
    /// Its UUID.
    pub uuid: Uuid,
    /// 1 when it has panicked.
    pub panicked: u32,
    /// Its sessions.
    pub sessions: u32,
    /// Its heap, where the TA tells of it.
    pub heap: AllocRecord,
}

impl TaRecord {
    /// Bytes of a record.
    pub const SIZE: usize = 24 + AllocRecord::SIZE;

    /// As it stands in memory.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        // Every field lies inside.
        let _ = put(&mut bytes, 0, &self.uuid.to_memory());
        let _ = put(&mut bytes, 16, &self.panicked.to_le_bytes());
        let _ = put(&mut bytes, 20, &self.sessions.to_le_bytes());
        let _ = put(&mut bytes, 24, &self.heap.to_bytes());
        bytes
    }

    /// From memory; `None` when that is too short.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            uuid: Uuid::from_memory(&array(bytes, 0)?),
            panicked: u32_at(bytes, 16)?,
            sessions: u32_at(bytes, 20)?,
            heap: AllocRecord::from_bytes(bytes.get(24..)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AllocRecord, TaRecord};
    use crate::uuid::Uuid;

    #[test]
    fn records_stand_as_in_c() {
        let heap = AllocRecord {
            name: *b"0123456789abcdef0123456789abcdef",
            free_squares: 1,
            allocated: 2,
            max_allocated: 3,
            size: 4,
            failures: 5,
            largest_failure: 6,
            allocated_at_failure: 7,
        };
        let ta = TaRecord { uuid: Uuid::new(0x0102_0304, 0x0506, 0x0708, [9; 8]), panicked: 1, sessions: 8, heap };
        let bytes = ta.to_bytes();
        assert_eq!(bytes.len(), 88);
        assert_eq!(bytes[..24], [4, 3, 2, 1, 6, 5, 8, 7, 9, 9, 9, 9, 9, 9, 9, 9, 1, 0, 0, 0, 8, 0, 0, 0]);
        assert_eq!(bytes[56..68], [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes[84..], [7, 0, 0, 0]);
        assert_eq!(TaRecord::from_bytes(&bytes), Some(ta));
        assert_eq!(TaRecord::from_bytes(&bytes[..87]), None);
    }
}
