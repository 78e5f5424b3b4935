// SPDX-License-Identifier: BSD-2-Clause
//! The boot archive: TAs, root keys and, where nobody else loads it, the normal world that are part of the boot image, and so of the root of trust.
//!
//! Layout, little-endian: magic 8 bytes, u32 number of entries, u32 bytes in all; then an entry of 32 bytes each
//! (u32 kind, u32 offset from the start, u32 length, u32 zero, 16 octets of UUID); then the payloads.

use crate::bytes::{array, u32_at};
use crate::uuid::Uuid;
use core::ops::Range;

/// First bytes of an archive.
pub const MAGIC: [u8; 8] = *b"OXTEEBA1";
/// Bytes of the header.
pub const HEADER_SIZE: usize = 16;
/// Bytes of an entry.
pub const ENTRY_SIZE: usize = 32;
/// Alignment of payloads.
pub const PAYLOAD_ALIGN: usize = 16;
/// Kind: a signed TA image.
pub const KIND_TA: u32 = 1;
/// Kind: an RSA root key: u32 exponent, then the modulus, most significant byte first.
pub const KIND_ROOT_KEY: u32 = 2;
/// Kind: an empty payload, in the archive of an image that is made for a product: no key and no entropy that is not the
/// device's own is used. Without it an image is for development.
pub const KIND_PRODUCT: u32 = 3;
/// Kind: the normal-world kernel, raw, of a board where nobody else loads one.
pub const KIND_NORMAL_WORLD: u32 = 4;
/// Kind: words for the board's secure and normal worlds, UTF-8, separated by spaces.
pub const KIND_ARGUMENTS: u32 = 5;

/// Offset in a raw kernel image of AArch64 of a little-endian u64: how many bytes of an archive, in whole pages, stand behind the
/// image. 0 unless whoever puts the image together says so.
pub const APPENDED_AT: usize = 8;

/// Where a payload of an archive goes, and the entry that says so. For those that write archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryLayout {
    /// Kind.
    pub kind: u32,
    /// First byte from the start of the archive.
    pub offset: u32,
    /// Bytes of the payload.
    pub len: u32,
    /// UUID of a TA; nil otherwise.
    pub uuid: Uuid,
}

impl EntryLayout {
    /// The entry's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; ENTRY_SIZE] {
        let mut out = [0; ENTRY_SIZE];
        let (words, uuid) = out.split_at_mut(16);
        for (to, from) in words.chunks_exact_mut(4).zip([self.kind, self.offset, self.len, 0]) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        uuid.copy_from_slice(&self.uuid.octets());
        out
    }
}

/// Offset of the first payload of an archive of `entries`; `None` when that is past 4 GiB.
#[must_use]
pub fn first_payload(entries: usize) -> Option<u32> {
    u32::try_from(entries.checked_mul(ENTRY_SIZE)?.checked_add(HEADER_SIZE)?.checked_next_multiple_of(PAYLOAD_ALIGN)?).ok()
}

/// Offset of the payload after one of `len` bytes at `offset`; `None` when that is past 4 GiB.
#[must_use]
pub fn next_payload(offset: u32, len: u32) -> Option<u32> {
    offset.checked_add(len)?.checked_next_multiple_of(u32::try_from(PAYLOAD_ALIGN).ok()?)
}

/// The header of an archive of `entries` entries and `total` bytes.
#[must_use]
pub fn header(entries: u32, total: u32) -> [u8; HEADER_SIZE] {
    let mut out = [0; HEADER_SIZE];
    let (magic, words) = out.split_at_mut(8);
    magic.copy_from_slice(&MAGIC);
    for (to, from) in words.chunks_exact_mut(4).zip([entries, total]) {
        to.copy_from_slice(&from.to_le_bytes());
    }
    out
}

/// An entry and its payload.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Kind.
    pub kind: u32,
    /// UUID of a TA.
    pub uuid: Uuid,
    /// Payload.
    pub data: &'a [u8],
    /// Where it stands in the archive.
    pub range: Range<usize>,
}

/// A view of an archive.
#[derive(Clone, Copy, Debug)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Archive<'a> {
    /// The archive at the start of `bytes`; `None` when there is none or it is longer than they are.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        if array::<8>(bytes, 0)? != MAGIC {
            return None;
        }
        let count = usize::try_from(u32_at(bytes, 8)?).ok()?;
        let len = Self::length(bytes)?;
        let table = count.checked_mul(ENTRY_SIZE)?.checked_add(HEADER_SIZE)?;
        let bytes = bytes.get(..len)?;
        (table <= len).then_some(Self { bytes, count })
    }

    /// Bytes of an archive by its header, if `bytes` begin with one.
    #[must_use]
    pub fn length(bytes: &[u8]) -> Option<usize> {
        let known = array::<8>(bytes, 0)? == MAGIC;
        u32_at(bytes, 12).filter(|_| known).and_then(|len| usize::try_from(len).ok())
    }

    /// Its entries; one whose payload lies outside the archive is left out.
    pub fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        (0..self.count).filter_map(move |index| self.entry(index))
    }

    fn entry(self, index: usize) -> Option<Entry<'a>> {
        let at = index.checked_mul(ENTRY_SIZE)?.checked_add(HEADER_SIZE)?;
        let word = |n: usize| usize::try_from(u32_at(self.bytes, at.checked_add(n)?)?).ok();
        let (offset, len) = (word(4)?, word(8)?);
        let range = offset..offset.checked_add(len)?;
        Some(Entry {
            kind: u32_at(self.bytes, at)?,
            uuid: Uuid::from_octets(array(self.bytes, at.checked_add(16)?)?),
            data: self.bytes.get(range.clone())?,
            range,
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Archive, EntryLayout, HEADER_SIZE, KIND_ROOT_KEY, KIND_TA, MAGIC, PAYLOAD_ALIGN, first_payload, header, next_payload};
    use crate::uuid::Uuid;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use std::vec::Vec;

    fn write(payloads: &[Vec<u8>]) -> Vec<u8> {
        let (mut table, mut body) = (Vec::new(), Vec::new());
        let start = first_payload(payloads.len()).unwrap();
        let mut offset = start;
        for (index, payload) in payloads.iter().enumerate() {
            let kind = if index % 2 == 0 { KIND_TA } else { KIND_ROOT_KEY };
            let len = payload.len() as u32;
            table.extend(EntryLayout { kind, offset, len, uuid: Uuid::from_octets([index as u8; 16]) }.to_bytes());
            body.extend(payload);
            offset = next_payload(offset, len).unwrap();
            body.resize((offset - start) as usize, 0);
        }
        let mut out = header(payloads.len() as u32, offset).to_vec();
        out.extend(table);
        out.resize(start as usize, 0);
        out.extend(body);
        out
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let good = write(&[std::vec![1, 2, 3]]);
        assert!(Archive::read(&good).is_some());
        for len in 0..good.len() {
            assert!(Archive::read(&good[..len]).is_none(), "{len}");
        }
        let mut bad = good.clone();
        bad[0] = b'o';
        assert!(Archive::read(&bad).is_none());
        let mut bad = good;
        bad[11] = 0x80;
        assert!(Archive::read(&bad).is_none());
        assert_eq!(next_payload(u32::MAX - 8, 16), None);
        assert_eq!(next_payload(0, u32::MAX), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..6)) {
            let bytes = write(&payloads);
            let archive = Archive::read(&bytes).unwrap();
            prop_assert_eq!(archive.entries().count(), payloads.len());
            for (index, (entry, payload)) in archive.entries().zip(&payloads).enumerate() {
                prop_assert_eq!(entry.data, &payload[..]);
                prop_assert_eq!(entry.uuid, Uuid::from_octets([index as u8; 16]));
                prop_assert_eq!(entry.kind, if index % 2 == 0 { KIND_TA } else { KIND_ROOT_KEY });
                prop_assert!((entry.data.as_ptr() as usize - bytes.as_ptr() as usize).is_multiple_of(PAYLOAD_ALIGN));
            }
        }

        #[test]
        fn reading_any_archive_is_total(body in proptest::collection::vec(any::<u8>(), 0..200), count in 0u32..8, len in 0u32..300) {
            let mut bytes = MAGIC.to_vec();
            bytes.extend(count.to_le_bytes());
            bytes.extend(len.to_le_bytes());
            bytes.extend(body);
            if let Some(archive) = Archive::read(&bytes) {
                assert!(len as usize <= bytes.len() && len as usize >= HEADER_SIZE);
                for entry in archive.entries() {
                    assert!(entry.data.len() <= bytes.len());
                }
            }
        }
    }
}
