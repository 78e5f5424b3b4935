// SPDX-License-Identifier: BSD-2-Clause
//! Published vectors of every algorithm, in the folder `vectors`, a file a family; [`play`], which puts them to a TEE, and
//! [`generate`], which has it make keys of every type and tries them.
//!
//! The tests of the core play them by system call on the host, and the TA `conformance` plays them on the machine.
#![no_std]

extern crate alloc;

mod generated;
mod play;

pub use generated::{KINDS, Kind, generate};
pub use play::{Attribute, Keys, Sealing, Tee, play};

use alloc::vec::Vec;
use utee_abi::crypto::AlgorithmId;

/// Vectors of algorithms that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// What the algorithms are.
    pub name: &'static str,
    text: &'static str,
}

/// All of them.
pub const FAMILIES: [Family; 8] = [
    Family { name: "digests", text: include_str!("../vectors/digests.txt") },
    Family { name: "ciphers", text: include_str!("../vectors/ciphers.txt") },
    Family { name: "authenticated encryption", text: include_str!("../vectors/sealed.txt") },
    Family { name: "codes", text: include_str!("../vectors/codes.txt") },
    Family { name: "derivations", text: include_str!("../vectors/derivations.txt") },
    Family { name: "rsa", text: include_str!("../vectors/rsa.txt") },
    Family { name: "dsa and dh", text: include_str!("../vectors/discrete.txt") },
    Family { name: "curves", text: include_str!("../vectors/curves.txt") },
];

impl Family {
    /// The sections of its file: vectors and keys.
    pub fn sections(self) -> impl Iterator<Item = Section> {
        // What stands before the first one is a comment.
        self.text.split("\n[").skip(1).filter_map(|part| {
            let (name, fields) = part.split_once(']')?;
            Some(Section { name, fields })
        })
    }

    /// The vectors alone.
    pub fn vectors(self) -> impl Iterator<Item = Section> {
        self.sections().filter(|section| section.key_name().is_none())
    }

    /// A key that vectors name.
    #[must_use]
    pub fn key(self, name: &str) -> Option<Section> {
        self.sections().find(|section| section.key_name() == Some(name))
    }
}

/// The vectors of an algorithm.
pub fn vectors_of(id: AlgorithmId) -> impl Iterator<Item = Section> {
    FAMILIES.into_iter().flat_map(Family::vectors).filter(move |vector| vector.algorithm() == Some(id))
}

/// A key of any family.
#[must_use]
pub fn key(name: &str) -> Option<Section> {
    FAMILIES.into_iter().find_map(|family| family.key(name))
}

/// A vector, or a key: fields with names.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// The algorithm as TEE_ALG_* has it, or `key` and the name of a key.
    pub name: &'static str,
    fields: &'static str,
}

impl Section {
    /// Name of the key, if it is one.
    #[must_use]
    pub fn key_name(self) -> Option<&'static str> {
        self.name.strip_prefix("key ")
    }

    /// The algorithm, if it is a vector of one that there is.
    #[must_use]
    pub fn algorithm(self) -> Option<AlgorithmId> {
        AlgorithmId::ALL.iter().find(|(name, _)| name.strip_prefix("TEE_ALG_") == Some(self.name)).map(|(_, id)| *id)
    }

    /// Names and values of the fields, in their order.
    pub fn fields(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.fields.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let (name, value) = line.split_once(" =")?;
            Some((name, value.trim_start()))
        })
    }

    /// A field as it stands there.
    #[must_use]
    pub fn text(self, name: &str) -> Option<&'static str> {
        self.fields().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The bytes of a field; `None` when it is not there.
    #[must_use]
    pub fn bytes(self, name: &str) -> Option<Vec<u8>> {
        self.text(name).map(bytes)
    }
}

/// Bytes from hexadecimal digits.
fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.filter_map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{FAMILIES, vectors_of};
    use utee_abi::crypto::{AlgorithmId, AttributeId, ObjectType};

    /// A new algorithm needs a row with its answer.
    #[test]
    fn every_algorithm_has_a_vector() {
        for (name, id) in AlgorithmId::ALL {
            assert!(vectors_of(*id).any(|vector| vector.text("out").is_some()), "{name}");
        }
    }

    /// Fields that `play` knows, beside attributes.
    const FIELDS: [&str; 14] =
        ["message", "out", "key", "key2", "by", "by2", "iv", "nonce", "aad", "tag", "hash", "deterministic", "type", "bits"];

    #[test]
    fn nothing_is_misspelt() {
        for family in FAMILIES {
            assert!(family.vectors().count() > 0, "{}", family.name);
            for section in family.sections() {
                match section.key_name() {
                    None => assert!(section.algorithm().is_some(), "{}", section.name),
                    Some(name) => {
                        let named = |vector: super::Section| [vector.text("by"), vector.text("by2")].contains(&Some(name));
                        assert!(family.vectors().any(named), "nobody uses {name}");
                        let kind = section.text("type").unwrap();
                        assert!(ObjectType::ALL.iter().any(|(name, _)| name.strip_prefix("TEE_TYPE_") == Some(kind)), "{kind}");
                        assert!(section.text("bits").unwrap().parse::<u32>().is_ok());
                    }
                }
                for (field, value) in section.fields() {
                    let is_attribute = AttributeId::ALL.iter().any(|(name, _)| name.strip_prefix("TEE_ATTR_") == Some(field));
                    assert!(FIELDS.contains(&field) || is_attribute, "{}: {field}", section.name);
                    if !["by", "by2", "hash", "type", "bits", "deterministic"].contains(&field) {
                        assert_eq!((value.len() % 2, super::bytes(value).len()), (0, value.len() / 2), "{}: {field}", section.name);
                    }
                }
                for name in ["by", "by2"].into_iter().filter_map(|field| section.text(field)) {
                    assert!(family.key(name).is_some(), "{}: no key {name}", section.name);
                }
            }
        }
    }
}
