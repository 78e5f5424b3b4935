// SPDX-License-Identifier: BSD-2-Clause
//! Base64 (RFC 4648, section 4), which is how C TAs write blocks of bytes down.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Characters that `len` bytes take.
#[must_use]
pub const fn encoded_len(len: usize) -> usize {
    len.div_ceil(3).saturating_mul(4)
}

/// The characters of `bytes`, padded. For public data: the time depends on it.
pub fn encode(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.chunks(3).flat_map(|group| {
        let all = group.iter().enumerate().fold(0u32, |all, (index, byte)| all | u32::from(*byte) << (16 - 8 * index));
        let digit = move |index: usize| DIGITS.get((all >> (18 - 6 * index) & 63) as usize).copied().unwrap_or(b'=');
        (0..4).map(move |index| if index <= group.len() { digit(index) } else { b'=' })
    })
}

/// The bytes of `text`, `None` in the place of a character that is neither a digit, nor padding, nor white space.
pub fn decode(text: &[u8]) -> impl Iterator<Item = Option<u8>> + '_ {
    let (mut all, mut bits) = (0u32, 0u32);
    let digits = text.iter().filter(|digit| **digit != b'=' && !digit.is_ascii_whitespace());
    digits.filter_map(move |digit| {
        let Some(value) = DIGITS.iter().position(|other| other == digit) else { return Some(None) };
        all = all << 6 | value as u32;
        bits += 6;
        if bits < 8 {
            return None;
        }
        bits -= 8;
        Some(Some((all >> bits) as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, encoded_len};
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};
    use std::vec::Vec;

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            let text: Vec<u8> = encode(&bytes).collect();
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            prop_assert_eq!(decode(&text).collect::<Option<Vec<u8>>>(), Some(bytes));
        }
    }

    #[test]
    fn examples_of_the_rfc() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")] {
            assert!(encode(bytes.as_bytes()).eq(text.bytes()), "{bytes}");
        }
        assert_eq!(decode(b"Zm 9v\n").collect::<Option<Vec<u8>>>(), Some(b"foo".to_vec()));
        assert_eq!(decode(b"Zm*v").collect::<Option<Vec<u8>>>(), None);
    }
}
