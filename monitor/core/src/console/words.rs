// SPDX-License-Identifier: BSD-2-Clause
//! The words of a line, and the numbers among them.

use super::Refusal;

/// Words of a line at most, the command included.
pub const WORDS: usize = 6;

/// Cuts a line into words at blanks.
///
/// # Errors
/// For a line that is no text, and for more than [`WORDS`].
pub fn split(line: &[u8]) -> Result<heapless::Vec<&str, WORDS>, Refusal> {
    let line = core::str::from_utf8(line).map_err(|_| Refusal::Because("this is no text"))?;
    let mut words = heapless::Vec::new();
    for word in line.split_ascii_whitespace() {
        words.push(word).map_err(|_| Refusal::Because("too many words"))?;
    }
    Ok(words)
}

/// An address or a value: hexadecimal, with or without `0x`.
///
/// # Errors
/// For anything else.
pub fn hexadecimal(word: &str) -> Result<u64, Refusal> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    number(digits, 16)
}

/// A length or a count: decimal, or hexadecimal after `0x`.
///
/// # Errors
/// For anything else.
pub fn decimal(word: &str) -> Result<u64, Refusal> {
    match word.strip_prefix("0x") {
        Some(digits) => number(digits, 16),
        None => number(word, 10),
    }
}

fn number(digits: &str, radix: u32) -> Result<u64, Refusal> {
    // A sign is not one of the digits that people mean here.
    let signed = digits.starts_with(['+', '-']);
    u64::from_str_radix(digits, radix).ok().filter(|_| !signed).ok_or(Refusal::Because("this is no number"))
}

#[cfg(test)]
mod tests {
    use super::{decimal, hexadecimal, split};

    #[test]
    fn words_and_numbers_are_read_as_people_write_them() {
        assert_eq!(split(b"  md 0x10\t20 ").unwrap().as_slice(), ["md", "0x10", "20"]);
        assert!(split(b"").unwrap().is_empty());
        assert!(split(b"a b c d e f g").is_err() && split(b"\xFF").is_err());
        assert_eq!((hexadecimal("e000000").unwrap(), hexadecimal("0xE").unwrap()), (0x0E00_0000, 14));
        assert_eq!((decimal("64").unwrap(), decimal("0x40").unwrap()), (64, 64));
        for wrong in ["", "0x", "+1", "-1", "1g", "fffffffffffffffff"] {
            assert!(hexadecimal(wrong).is_err() && decimal(wrong).is_err(), "{wrong}");
        }
    }
}
