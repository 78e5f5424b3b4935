// SPDX-License-Identifier: BSD-2-Clause
//! The boot archive: TAs and root keys that are part of the boot image, and so of the root of trust.
//!
//! Layout, little-endian: magic 8 bytes, u32 number of entries, u32 bytes in all; then an entry of 32 bytes each
//! (u32 kind, u32 offset from the start, u32 length, u32 zero, 16 octets of UUID); then the payloads.

use crate::bytes::{array, u32_at};
use crate::uuid::Uuid;

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

/// An entry and its payload.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Kind.
    pub kind: u32,
    /// UUID of a TA.
    pub uuid: Uuid,
    /// Payload.
    pub data: &'a [u8],
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
        let len = usize::try_from(u32_at(bytes, 12)?).ok()?;
        let table = count.checked_mul(ENTRY_SIZE)?.checked_add(HEADER_SIZE)?;
        let bytes = bytes.get(..len)?;
        (table <= len).then_some(Self { bytes, count })
    }

    /// Its entries; one whose payload lies outside the archive is left out.
    pub fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        (0..self.count).filter_map(move |index| self.entry(index))
    }

    fn entry(self, index: usize) -> Option<Entry<'a>> {
        let at = index.checked_mul(ENTRY_SIZE)?.checked_add(HEADER_SIZE)?;
        let word = |n: usize| usize::try_from(u32_at(self.bytes, at.checked_add(n)?)?).ok();
        let (offset, len) = (word(4)?, word(8)?);
        Some(Entry {
            kind: u32_at(self.bytes, at)?,
            uuid: Uuid::from_octets(array(self.bytes, at.checked_add(16)?)?),
            data: self.bytes.get(offset..offset.checked_add(len)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Archive, HEADER_SIZE, MAGIC};
    use proptest::prelude::{any, proptest};

    proptest! {
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
