// SPDX-License-Identifier: BSD-2-Clause
//! A card that the ROM boots from: partition table, the `.imx` in the gap after it, one partition behind that.

use super::format::{CSF_SIZE, IVT_OFFSET, Imx, PAYLOAD};
use anyhow::{Context, Result, ensure};

/// Where the ROM looks for the image on a card, in bytes.
pub(super) const IMX_AT: usize = 1024;
const SECTOR: usize = 512;
/// The partition begins at a whole MiB, as partitioning tools do, and leaves this many to images at least.
pub(crate) const MIB: usize = 1 << 20;
const FOR_IMAGES: usize = 4;
/// Offset of the first entry of the partition table.
const TABLE: usize = 446;
/// Bytes of an entry.
const ENTRY: usize = 16;
/// Type of a partition: FAT32, by sector numbers.
const FAT32: u8 = 0x0C;
/// Fields of old geometry that say nothing.
const NO_GEOMETRY: [u8; 3] = [0xFE, 0xFF, 0xFF];
const SIGNATURE: [u8; 2] = [0x55, 0xAA];

/// The one partition of a card, in sectors of 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) first: u32,
    pub(crate) sectors: u32,
}

impl Partition {
    /// Bytes of a card that ends with the partition.
    pub(crate) fn end(self) -> u64 {
        (u64::from(self.first) + u64::from(self.sectors)) * SECTOR as u64
    }
}

/// Bytes of a card before its partition, with an image of this size: room for its signatures too, which are appended to it.
pub(crate) fn before(imx: usize) -> usize {
    (IMX_AT + imx + CSF_SIZE as usize).next_multiple_of(MIB).max(FOR_IMAGES * MIB)
}

/// The beginning of a card, up to its partition of `mib` MiB, for a file system.
///
/// # Errors
/// When there is no partition or it is too large for the table.
pub(crate) fn write(imx: &[u8], mib: u32) -> Result<(Vec<u8>, Partition)> {
    ensure!(mib > 0, "a partition has 1 MiB at least");
    let gap = before(imx.len());
    let first = u32::try_from(gap / SECTOR).context("the image is too large for a card")?;
    let sectors = mib.checked_mul((MIB / SECTOR) as u32).context("the partition is too large")?;
    first.checked_add(sectors).context("the partition is too large")?;
    let mut out = vec![0; gap];
    let entry = [&[0][..], &NO_GEOMETRY, &[FAT32], &NO_GEOMETRY, &first.to_le_bytes(), &sectors.to_le_bytes()].concat();
    out[TABLE..TABLE + ENTRY].copy_from_slice(&entry);
    out[SECTOR - 2..SECTOR].copy_from_slice(&SIGNATURE);
    out[IMX_AT..IMX_AT + imx.len()].copy_from_slice(imx);
    Ok((out, Partition { first, sectors }))
}

/// True for what begins with a partition table.
pub(crate) fn is_card(bytes: &[u8]) -> bool {
    bytes.get(SECTOR - 2..SECTOR) == Some(&SIGNATURE) && bytes.len() > IMX_AT
}

/// The image on a card and its partition.
///
/// # Errors
/// When the table is not as this tool writes it or the image does not end before the partition.
pub(super) fn read(bytes: &[u8]) -> Result<(&[u8], Partition)> {
    ensure!(is_card(bytes), "no partition table");
    let (entry, others) = bytes[TABLE..SECTOR - 2].split_at(ENTRY);
    ensure!(others.iter().all(|byte| *byte == 0), "there is more than one partition");
    ensure!(entry[0] == 0 && entry[1..4] == NO_GEOMETRY && entry[4] == FAT32 && entry[5..8] == NO_GEOMETRY, "no partition for FAT32");
    let word = |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]);
    let partition = Partition { first: word(8), sectors: word(12) };
    ensure!(partition.sectors > 0 && partition.first.checked_add(partition.sectors).is_some(), "the partition has no sectors or too many");
    ensure!((bytes.len() as u64) >= u64::from(partition.first) * SECTOR as u64, "the card ends before its partition");
    let length = bytes.get(IMX_AT + 0x24..IMX_AT + 0x28).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes);
    let size = length.and_then(|length| length.checked_sub(IVT_OFFSET + CSF_SIZE)).filter(|size| *size > PAYLOAD);
    let size = size.context("the image does not say how long it is")? as usize;
    ensure!(IMX_AT + size + CSF_SIZE as usize <= partition.first as usize * SECTOR, "the image reaches into the partition");
    let imx = bytes.get(IMX_AT..IMX_AT + size).context("the card ends before its image")?;
    Imx::read(imx)?;
    Ok((imx, partition))
}
