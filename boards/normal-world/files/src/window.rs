// SPDX-License-Identifier: BSD-2-Clause
//! The part of a disk that a volume takes: the first FAT partition, or the whole of a disk that has no partitions.

use alloc::boxed::Box;
use alloc::sync::Arc;
use drivers::block::{Disk, DiskError, SECTOR};
use hadris_storage::sync::BlockDevice;
use hadris_storage::{BlockIndex, BlockSize};
use spin::Mutex;

/// Offset of the partition table in the first sector.
const TABLE: usize = 446;
/// Bytes of an entry of it, and entries.
const ENTRY: usize = 16;
const ENTRIES: usize = 4;
const SIGNATURE: [u8; 2] = [0x55, 0xAA];
/// Types of partitions with a FAT volume: FAT12, FAT16 small, FAT16, FAT32, FAT32 and FAT16 by sector numbers.
const FAT: [u8; 6] = [0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E];
/// Sectors of a volume at most: 2 TiB less one sector, what FAT and the partition table can say.
const LARGEST: u64 = u32::MAX as u64;

/// Sectors of a disk, which may be used from several places.
#[derive(Clone)]
pub struct Window {
    disk: Arc<Mutex<Box<dyn Disk>>>,
    first: u64,
    count: u64,
}

impl Window {
    /// The whole disk.
    pub fn whole(disk: Box<dyn Disk>) -> Self {
        let count = disk.sectors().min(LARGEST);
        Self { disk: Arc::new(Mutex::new(disk)), first: 0, count }
    }

    /// The part of the disk with the volume.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn find(disk: Box<dyn Disk>) -> Result<Self, DiskError> {
        let whole = Self::whole(disk);
        let mut sector = [0; SECTOR];
        whole.read(0, &mut sector)?;
        Ok(partition(&sector, whole.count).map_or(whole.clone(), |(first, count)| Self { first, count, ..whole }))
    }

    /// A part of this one; `None` when it is not inside.
    pub fn part(&self, first: u64, count: u64) -> Option<Self> {
        first.checked_add(count).filter(|end| *end <= self.count)?;
        Some(Self { disk: Arc::clone(&self.disk), first: self.first.checked_add(first)?, count })
    }

    /// Sectors in it.
    pub fn sectors(&self) -> u64 {
        self.count
    }

    /// Reads whole sectors.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn read(&self, first: u64, out: &mut [u8]) -> Result<(), DiskError> {
        let at = self.locate(first, out.len())?;
        self.disk.lock().read(at, out)
    }

    /// Writes whole sectors.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn write(&self, first: u64, data: &[u8]) -> Result<(), DiskError> {
        let at = self.locate(first, data.len())?;
        self.disk.lock().write(at, data)
    }

    /// Comes back when everything that was written is safe.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn sync(&self) -> Result<(), DiskError> {
        self.disk.lock().flush()
    }

    fn locate(&self, first: u64, bytes: usize) -> Result<u64, DiskError> {
        drivers::block::check(self.count, first, bytes)?;
        self.first.checked_add(first).ok_or(DiskError::Range)
    }
}

/// The first FAT partition of a disk, by its first sector: where it begins and how many sectors it has. `None` for a disk that
/// is one volume.
fn partition(sector: &[u8; SECTOR], sectors: u64) -> Option<(u64, u64)> {
    let (body, signature) = sector.split_last_chunk::<2>()?;
    if *signature != SIGNATURE || is_volume(sector) {
        return None;
    }
    let table = body.get(TABLE..TABLE + ENTRIES * ENTRY)?;
    table.chunks_exact(ENTRY).find_map(|entry| {
        let word = |at: usize| entry.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes).map(u64::from);
        let (kind, first, count) = (entry.get(4)?, word(8)?, word(12)?);
        let there = FAT.contains(kind) && first != 0 && count != 0 && first.checked_add(count)? <= sectors;
        there.then_some((first, count))
    })
}

/// Whether a sector is the boot sector of a FAT volume rather than a partition table: a jump, sectors of 512 bytes, clusters of
/// a power of two.
fn is_volume(sector: &[u8; SECTOR]) -> bool {
    let jump = matches!(sector, [0xEB, _, 0x90, ..] | [0xE9, ..]);
    let size = sector.get(11..13) == Some(&(SECTOR as u16).to_le_bytes());
    let cluster = sector.get(13).is_some_and(|sectors| sectors.is_power_of_two());
    jump && size && cluster
}

fn device(error: DiskError) -> hadris_fs::Error<DiskError> {
    hadris_fs::Error::device(error, "the disk failed")
}

impl hadris_io::ErrorType for Window {
    type Error = DiskError;
}

impl BlockDevice for Window {
    fn block_size(&self) -> BlockSize {
        const { BlockSize::new(SECTOR as u32).expect("sectors have bytes") }
    }

    fn block_count(&self) -> u64 {
        self.count
    }

    fn disk_offset(&self) -> u64 {
        self.first.saturating_mul(SECTOR as u64)
    }

    fn writable(&self) -> bool {
        self.disk.lock().writable()
    }

    fn read_blocks(&mut self, first: BlockIndex, buf: &mut [u8]) -> Result<(), hadris_fs::Error<DiskError>> {
        self.read(first.get(), buf).map_err(device)
    }

    fn write_blocks(&mut self, first: BlockIndex, buf: &[u8]) -> Result<(), hadris_fs::Error<DiskError>> {
        self.write(first.get(), buf).map_err(|error| match error {
            DiskError::ReadOnly => hadris_fs::Error::new(hadris_fs::ErrorKind::ReadOnly, "the disk takes no writes"),
            other => device(other),
        })
    }

    fn flush(&mut self) -> Result<(), hadris_fs::Error<DiskError>> {
        self.sync().map_err(device)
    }
}
