// SPDX-License-Identifier: BSD-2-Clause
//! Properties of a file that its linker answers for (Linux Extensions to gABI, 2.1.7; ELF for the Arm 64-bit Architecture, 6.2).

use super::class::Class;
use crate::plan::Machine;

/// Name of a note of the GNU, with its NUL.
const OWNER: &[u8] = b"GNU\0";
const NT_GNU_PROPERTY_TYPE_0: u32 = 5;
const GNU_PROPERTY_AARCH64_FEATURE_1_AND: u32 = 0xC000_0000;
/// Every indirect branch of the file goes to a landing pad.
const FEATURE_1_BTI: u32 = 1 << 0;
/// Bytes of the header of a note, and of that of a property.
const NOTE: usize = 12;
const PROPERTY: usize = 8;

/// The word at the start of `bytes`, and what follows it.
fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*word), rest))
}

/// The first `len` bytes, and what follows them and their padding to `align`.
fn field(bytes: &[u8], len: u32, align: usize) -> Option<(&[u8], &[u8])> {
    let len = usize::try_from(len).ok()?;
    let field = bytes.get(..len)?;
    // Padding at the very end may be left out.
    let next = len.checked_next_multiple_of(align)?.min(bytes.len());
    Some((field, bytes.get(next..)?))
}

/// Whether a PT_GNU_PROPERTY segment says that the code keeps to landing pads. What is no such note, or is cut short, says nothing:
/// a file gets the guard that it can show to stand.
pub(super) fn has_landing_pads<C: Class>(machine: Machine, segment: &[u8]) -> bool {
    machine == Machine::Aarch64 && features::<C>(segment).is_some_and(|features| features & FEATURE_1_BTI != 0)
}

fn features<C: Class>(mut notes: &[u8]) -> Option<u32> {
    while notes.len() >= NOTE {
        let (name_len, rest) = word(notes)?;
        let (content_len, rest) = word(rest)?;
        let (kind, rest) = word(rest)?;
        let (name, rest) = field(rest, name_len, 4)?;
        let (content, rest) = field(rest, content_len, C::WORD)?;
        if (name, kind) == (OWNER, NT_GNU_PROPERTY_TYPE_0) {
            return in_note::<C>(content);
        }
        notes = rest;
    }
    None
}

fn in_note<C: Class>(mut properties: &[u8]) -> Option<u32> {
    while properties.len() >= PROPERTY {
        let (kind, rest) = word(properties)?;
        let (len, rest) = word(rest)?;
        let (value, rest) = field(rest, len, C::WORD)?;
        if kind == GNU_PROPERTY_AARCH64_FEATURE_1_AND {
            return word(value).map(|(features, _)| features);
        }
        properties = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::classes::{Class32, Class64};
    use super::has_landing_pads;
    use crate::plan::Machine;
    use alloc::vec::Vec;

    fn bytes(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    const GNU: u32 = u32::from_le_bytes(*b"GNU\0");
    /// As ld and lld write it: BTI and PAC.
    const NOTE: [u32; 8] = [4, 16, 5, GNU, 0xC000_0000, 4, 3, 0];

    fn said(words: &[u32]) -> bool {
        has_landing_pads::<Class64>(Machine::Aarch64, &bytes(words))
    }

    #[test]
    fn the_linker_s_note_is_read() {
        assert!(said(&NOTE));
        assert!(said(&[4, 12, 5, GNU, 0xC000_0000, 4, 1]), "without the last padding");
        let mut other = NOTE;
        other[6] = 2;
        assert!(!said(&other), "pointer authentication alone");
        // Another note before it, and another property.
        assert!(said(&[&[4, 4, 1, GNU, 7, 0][..], &NOTE].concat()));
        assert!(said(&[4, 32, 5, GNU, 0xC000_0001, 8, 9, 9, 0xC000_0000, 4, 1, 0]));
        assert!(!has_landing_pads::<Class32>(Machine::Arm, &bytes(&NOTE)), "A32 has none");
    }

    #[test]
    fn what_is_no_such_note_says_nothing() {
        assert!(!said(&[]));
        for (at, value) in [(0, 3), (1, u32::MAX), (2, 1), (3, GNU + 1), (4, 0xC000_0002), (5, u32::MAX), (5, 2)] {
            let mut words = NOTE;
            words[at] = value;
            assert!(!said(&words), "{at} {value:#x}");
        }
        let whole = bytes(&NOTE);
        for len in 0..27 {
            assert!(!has_landing_pads::<Class64>(Machine::Aarch64, &whole[..len]), "{len}");
        }
    }
}
