// SPDX-License-Identifier: BSD-2-Clause
//! The contract between EL3 and a trusted OS at S-EL1 (OP-TEE ABI, EL3 contract): what the trusted OS calls EL3 with, where
//! EL3 enters it, and the header of its image.

use crate::bytes::u32_at;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// What the trusted OS returns to EL3 with, in x0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Return {
    /// Boot is done; x1 is the address of the table of [`Entry`] branches, 0 for a failure.
    EntryDone = 0xBE00_0000,
    /// The CPU is on; x1 is 0 or an error.
    OnDone = 0xBE00_0001,
    /// The CPU may be switched off; x1 is 0 or an error.
    OffDone = 0xBE00_0002,
    /// The CPU may sleep; x1 is 0 or an error.
    SuspendDone = 0xBE00_0003,
    /// The CPU is back from sleep; x1 is 0 or an error.
    ResumeDone = 0xBE00_0004,
    /// A call is done; x1 to x4 are x0 to x3 of the normal world.
    CallDone = 0xBE00_0005,
    /// A secure interrupt is handled: the normal world goes on where it was.
    InterruptDone = 0xBE00_0006,
    /// The machine may be switched off.
    SystemOffDone = 0xBE00_0007,
    /// The machine may be reset.
    SystemResetDone = 0xBE00_0008,
}

/// Why EL3 enters the trusted OS, in the order of the branches in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u64)]
pub enum Entry {
    /// A yielding call of the normal world, its x0 to x7.
    Yielding = 0,
    /// A fast call of the normal world, its x0 to x7.
    Fast = 1,
    /// This CPU was switched on: a fresh start.
    CpuOn = 2,
    /// This CPU is about to be switched off.
    CpuOff = 3,
    /// This CPU is back from sleep.
    CpuResume = 4,
    /// This CPU is about to sleep.
    CpuSuspend = 5,
    /// A secure interrupt came while the normal world ran; x0 is the interrupted address.
    Interrupt = 6,
    /// The machine is about to be switched off.
    SystemOff = 7,
    /// The machine is about to be reset.
    SystemReset = 8,
}

impl Entry {
    /// Offset of its branch in the table, in bytes.
    #[must_use]
    pub const fn offset(self) -> u64 {
        (self as u64) << 2
    }
}

/// Magic of the image header.
pub const IMAGE_MAGIC: [u8; 4] = *b"OPTE";
/// Version of the header.
pub const IMAGE_VERSION: u8 = 2;
/// Version of the header of an image in one file.
pub const IMAGE_VERSION_1: u8 = 1;
/// Architecture of an image: AArch64.
pub const IMAGE_AARCH64: u8 = 1;
/// Id of the image that is loaded and entered.
pub const IMAGE_PAGER: u32 = 0;
/// Id of the image whose address the entry gets in x0.
pub const IMAGE_PAGEABLE: u32 = 1;
/// Load address of an image that may lie anywhere.
pub const IMAGE_ANYWHERE: u64 = u64::MAX;

/// Bytes of the header without its records.
const HEADER: usize = 12;
/// Bytes of a record.
const RECORD: usize = 16;
/// Bytes of a header of version 1.
const HEADER_1: usize = 28;

/// An image that a header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it is loaded.
    pub address: u64,
    /// Which one it is.
    pub id: u32,
    /// Its bytes.
    pub size: u32,
}

/// The record of image `id` in the header at the start of `bytes`; `None` when there is none, or no header for AArch64.
#[must_use]
pub fn find_image(bytes: &[u8], id: u32) -> Option<Image> {
    let valid = bytes.starts_with(&IMAGE_MAGIC) && bytes.get(4) == Some(&IMAGE_VERSION) && bytes.get(5) == Some(&IMAGE_AARCH64);
    let count = usize::try_from(u32_at(bytes, 8).filter(|_| valid)?).ok()?;
    let mut records = bytes.get(HEADER..)?.chunks_exact(RECORD).take(count);
    records.find_map(|record| {
        let address = u64::from(u32_at(record, 0)?) << 32 | u64::from(u32_at(record, 4)?);
        let image = Image { address, id: u32_at(record, 8)?, size: u32_at(record, 12)? };
        (image.id == id).then_some(image)
    })
}

/// The bytes of record `image` of a header.
#[must_use]
pub fn image_record(image: &Image) -> [u8; RECORD] {
    let words = [(image.address >> 32) as u32, (image.address & 0xFFFF_FFFF) as u32, image.id, image.size];
    let mut out = [0; RECORD];
    for (to, word) in out.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    out
}

/// The bytes of a header before its `count` records.
#[must_use]
pub fn image_header(count: u32) -> [u8; HEADER] {
    let mut out = [0; HEADER];
    for (to, from) in out.iter_mut().zip(IMAGE_MAGIC.into_iter().chain([IMAGE_VERSION, IMAGE_AARCH64, 0, 0]).chain(count.to_le_bytes())) {
        *to = from;
    }
    out
}

/// The bytes of a header of version 1, behind which the image follows and has no pageable part: it is loaded at `address` and
/// uses `memory` bytes from there on.
#[must_use]
pub fn image_header_1(address: u64, size: u32, memory: u32) -> [u8; HEADER_1] {
    let mut out = [0; HEADER_1];
    let (start, words) = out.split_at_mut(8);
    for (to, from) in start.iter_mut().zip(IMAGE_MAGIC.into_iter().chain([IMAGE_VERSION_1, IMAGE_AARCH64])) {
        *to = from;
    }
    let words_in = [size, (address >> 32) as u32, (address & 0xFFFF_FFFF) as u32, memory, 0];
    for (to, word) in words.chunks_exact_mut(4).zip(words_in) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Entry, IMAGE_PAGEABLE, IMAGE_PAGER, Image, Return, find_image, image_header, image_header_1, image_record};

    #[test]
    fn numbers_are_those_of_the_contract() {
        assert_eq!(u32::from(Return::CallDone), 0xBE00_0005);
        assert_eq!(u32::from(Return::SystemResetDone), 0xBE00_0008);
        assert_eq!((Entry::Fast.offset(), Entry::CpuOn.offset(), Entry::Interrupt.offset()), (4, 8, 24));
        assert_eq!((Entry::CpuResume.offset(), Entry::CpuSuspend.offset(), Entry::SystemReset.offset()), (16, 20, 32));
    }

    #[test]
    fn the_header_of_a_stock_image_is_read() {
        // As seen in front of a stock image: one record, 0x0e100000, pager, 0x803a8 bytes.
        let bytes = [0x4F, 0x50, 0x54, 0x45, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x0E, 0, 0, 0, 0, 0xA8, 0x03, 0x08, 0];
        let image = Image { address: 0x0E10_0000, id: IMAGE_PAGER, size: 0x803A8 };
        assert_eq!(find_image(&bytes, IMAGE_PAGER), Some(image));
        assert_eq!(find_image(&bytes, IMAGE_PAGEABLE), None);
        assert_eq!([&image_header(1)[..], &image_record(&image)].concat(), bytes);
        for len in 0..bytes.len() {
            assert_eq!(find_image(bytes.get(..len).unwrap(), IMAGE_PAGER), None, "cut after {len} bytes");
        }
        let mut other = bytes;
        other[5] = 0;
        assert_eq!(find_image(&other, IMAGE_PAGER), None, "not for AArch32");
    }

    #[test]
    fn the_header_of_one_file_names_its_parts_in_order() {
        let bytes = image_header_1(0x1_0E10_0000, 0x20_1000, 0xF0_0000);
        let expected = [0x4F, 0x50, 0x54, 0x45, 1, 1, 0, 0, 0x00, 0x10, 0x20, 0, 1, 0, 0, 0, 0, 0, 0x10, 0x0E, 0, 0, 0xF0, 0, 0, 0, 0, 0];
        assert_eq!(bytes, expected);
        assert_eq!(find_image(&bytes, IMAGE_PAGER), None, "it has no records");
    }
}
