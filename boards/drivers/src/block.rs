// SPDX-License-Identifier: BSD-2-Clause
//! What a file system stands on: a disk of sectors, whatever carries them, and one in memory.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// Bytes of a sector.
pub const SECTOR: usize = 512;

/// Why a disk did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskError {
    /// Not whole sectors, or sectors past the end.
    Range,
    /// The disk takes no writes.
    ReadOnly,
    /// Nobody answers any more: the card was taken out, the controller hangs.
    Gone,
    /// It answers, and says that it failed.
    Failed,
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Range => "sectors that the disk does not have",
            Self::ReadOnly => "the disk takes no writes",
            Self::Gone => "the disk does not answer",
            Self::Failed => "the disk reports a failure",
        })
    }
}

impl core::error::Error for DiskError {}

/// A disk.
pub trait Disk: Send {
    /// Sectors that it has.
    fn sectors(&self) -> u64;

    /// Whether it takes writes.
    fn writable(&self) -> bool {
        true
    }

    /// Reads whole sectors from `first` on.
    ///
    /// # Errors
    /// [`DiskError`]; what stands in `out` then is undefined.
    fn read(&mut self, first: u64, out: &mut [u8]) -> Result<(), DiskError>;

    /// Writes whole sectors from `first` on. Each one is written as a whole or not at all, also when power fails; in which
    /// order is open until [`Disk::flush`].
    ///
    /// # Errors
    /// [`DiskError`]; some of the sectors may have been written then.
    fn write(&mut self, first: u64, data: &[u8]) -> Result<(), DiskError>;

    /// Comes back when what was written survives a loss of power.
    ///
    /// # Errors
    /// [`DiskError`].
    fn flush(&mut self) -> Result<(), DiskError>;
}

/// Checks that a request is of whole sectors that a disk has; gives how many.
///
/// # Errors
/// [`DiskError::Range`].
pub fn check(sectors: u64, first: u64, bytes: usize) -> Result<u64, DiskError> {
    let count = (bytes / SECTOR) as u64;
    let inside = bytes.is_multiple_of(SECTOR) && first.checked_add(count).is_some_and(|end| end <= sectors);
    if inside { Ok(count) } else { Err(DiskError::Range) }
}

/// A disk in memory, for a board without any: what it holds ends with the power.
pub struct MemoryDisk {
    bytes: Vec<u8>,
}

impl MemoryDisk {
    /// An empty one; `None` when there is not that much memory.
    pub fn new(sectors: usize) -> Option<Self> {
        let size = sectors.checked_mul(SECTOR)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).ok()?;
        bytes.resize(size, 0);
        Some(Self { bytes })
    }

    /// One with this content; what is no whole sector at the end is out of reach.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Its content.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn range(&self, first: u64, len: usize) -> Result<Range<usize>, DiskError> {
        check(self.sectors(), first, len)?;
        let start = usize::try_from(first).ok().and_then(|first| first.checked_mul(SECTOR)).ok_or(DiskError::Range)?;
        Ok(start..start.saturating_add(len))
    }
}

impl Disk for MemoryDisk {
    fn sectors(&self) -> u64 {
        (self.bytes.len() / SECTOR) as u64
    }

    fn read(&mut self, first: u64, out: &mut [u8]) -> Result<(), DiskError> {
        let range = self.range(first, out.len())?;
        out.copy_from_slice(self.bytes.get(range).ok_or(DiskError::Range)?);
        Ok(())
    }

    fn write(&mut self, first: u64, data: &[u8]) -> Result<(), DiskError> {
        let range = self.range(first, data.len())?;
        self.bytes.get_mut(range).ok_or(DiskError::Range)?.copy_from_slice(data);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        Ok(())
    }
}
