// SPDX-License-Identifier: BSD-2-Clause
//! UUIDs in their two layouts (OP-TEE ABI, conventions).

use core::fmt;
use core::str::FromStr;

/// A UUID, held as its RFC 4122 octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// The nil UUID.
    pub const NIL: Self = Self([0; 16]);

    /// From the fields of TEE_UUID.
    #[must_use]
    pub const fn new(low: u32, mid: u16, high: u16, node: [u8; 8]) -> Self {
        Self(::uuid::Uuid::from_fields(low, mid, high, &node).into_bytes())
    }

    /// From RFC 4122 octets, as messages and signed images hold them.
    #[must_use]
    pub const fn from_octets(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// RFC 4122 octets.
    #[must_use]
    pub const fn octets(self) -> [u8; 16] {
        self.0
    }

    /// From the memory of a TEE_UUID: the first three fields little-endian.
    #[must_use]
    pub fn from_memory(bytes: &[u8; 16]) -> Self {
        Self(::uuid::Uuid::from_bytes_le(*bytes).into_bytes())
    }

    /// The memory of a TEE_UUID.
    #[must_use]
    pub fn to_memory(self) -> [u8; 16] {
        ::uuid::Uuid::from_bytes(self.0).to_bytes_le()
    }

    /// A UUID of version 5 (RFC 4122, section 4.3) of the first bytes of a digest.
    #[must_use]
    pub const fn version_5(mut octets: [u8; 16]) -> Self {
        octets[6] = octets[6] & 0x0F | 0x50;
        octets[8] = octets[8] & 0x3F | 0x80;
        Self(octets)
    }

    /// From the two words that messages carry it in.
    #[must_use]
    pub fn from_words(a: u64, b: u64) -> Self {
        let mut octets = [0; 16];
        let (low, high) = octets.split_at_mut(8);
        low.copy_from_slice(&a.to_le_bytes());
        high.copy_from_slice(&b.to_le_bytes());
        Self(octets)
    }

    /// The two words that messages carry it in.
    #[must_use]
    pub fn words(self) -> [u64; 2] {
        let word = |at| crate::bytes::u64_at(&self.0, at).unwrap_or_default();
        [word(0), word(8)]
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&::uuid::Uuid::from_bytes(self.0).hyphenated(), f)
    }
}

/// A text that is no UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseUuidError;

impl fmt::Display for ParseUuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a UUID")
    }
}

impl core::error::Error for ParseUuidError {}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, ParseUuidError> {
        ::uuid::Uuid::try_parse(text).map(|uuid| Self(uuid.into_bytes())).map_err(|_| ParseUuidError)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::Uuid;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use std::string::{String, ToString};

    proptest! {
        #[test]
        fn every_form_round_trips(octets in any::<[u8; 16]>()) {
            let uuid = Uuid::from_octets(octets);
            let [a, b] = uuid.words();
            prop_assert_eq!(Uuid::from_memory(&uuid.to_memory()), uuid);
            prop_assert_eq!(Uuid::from_words(a, b), uuid);
            prop_assert_eq!(uuid.to_string().parse::<Uuid>(), Ok(uuid));
            prop_assert_eq!(uuid.to_string(), uuid.to_string().to_lowercase());
        }

        #[test]
        fn parsing_any_text_is_total(text in any::<String>()) {
            let _ = text.parse::<Uuid>();
        }
    }

    #[test]
    fn layouts_round_trip() {
        let uuid: Uuid = "8aaaf200-2450-11e4-abe2-0002a5d5c51b".parse().unwrap();
        assert_eq!(uuid.to_memory()[..4], [0x00, 0xf2, 0xaa, 0x8a]);
        assert_eq!(Uuid::from_memory(&uuid.to_memory()), uuid);
        let [a, b] = uuid.words();
        assert_eq!(Uuid::from_words(a, b), uuid);
        assert_eq!(uuid, Uuid::new(0x8aaa_f200, 0x2450, 0x11e4, [0xab, 0xe2, 0, 2, 0xa5, 0xd5, 0xc5, 0x1b]));
        assert!("8aaaf200".parse::<Uuid>().is_err());
    }
}
