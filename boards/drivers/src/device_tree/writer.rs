// SPDX-License-Identifier: BSD-2-Clause
//! Writes a flattened device tree (Devicetree Specification, chapter 5).

use alloc::vec::Vec;

const MAGIC: u32 = 0xD00D_FEED;
const VERSION: u32 = 17;
const OLDEST_VERSION: u32 = 16;
/// Bytes of the header, and of the end of the empty list of reservations behind it.
const HEADER: usize = 40;
const NO_RESERVATIONS: usize = 16;

const BEGIN_NODE: u32 = 1;
const END_NODE: u32 = 2;
const PROPERTY: u32 = 3;
const END: u32 = 9;

/// A tree that is written from its root on.
pub(super) struct Writer {
    structure: Vec<u8>,
    strings: Vec<u8>,
}

impl Writer {
    pub(super) const fn new() -> Self {
        Self { structure: Vec::new(), strings: Vec::new() }
    }

    fn word(&mut self, word: u32) {
        self.structure.extend_from_slice(&word.to_be_bytes());
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.structure.extend_from_slice(bytes);
        self.structure.resize(self.structure.len().next_multiple_of(4), 0);
    }

    /// Starts a node; its properties come before its children.
    pub(super) fn begin(&mut self, name: &str) {
        self.word(BEGIN_NODE);
        self.structure.extend_from_slice(name.as_bytes());
        self.padded(&[0]);
    }

    /// Ends the node that was started last.
    pub(super) fn end(&mut self) {
        self.word(END_NODE);
    }

    /// A property of bytes.
    pub(super) fn property(&mut self, name: &str, value: &[u8]) {
        let name = self.name(name);
        self.word(PROPERTY);
        self.word(value.len() as u32);
        self.word(name);
        self.padded(value);
    }

    /// A property of one text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        let mut value = Vec::with_capacity(text.len() + 1);
        value.extend_from_slice(text.as_bytes());
        value.push(0);
        self.property(name, &value);
    }

    /// A property of several texts.
    pub(super) fn texts(&mut self, name: &str, texts: &[&str]) {
        let value: Vec<u8> = texts.iter().flat_map(|text| text.bytes().chain([0])).collect();
        self.property(name, &value);
    }

    /// A property of 32-bit numbers.
    pub(super) fn words(&mut self, name: &str, words: &[u32]) {
        let value: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        self.property(name, &value);
    }

    /// Where a name stands among the strings.
    fn name(&mut self, name: &str) -> u32 {
        let mut at = 0;
        for known in self.strings.split(|byte| *byte == 0) {
            if known == name.as_bytes() && at < self.strings.len() {
                return at as u32;
            }
            at += known.len() + 1;
        }
        let at = self.strings.len();
        self.strings.extend_from_slice(name.as_bytes());
        self.strings.push(0);
        at as u32
    }

    /// The flattened tree.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.word(END);
        let structure = HEADER + NO_RESERVATIONS;
        let strings = structure + self.structure.len();
        let total = strings + self.strings.len();
        let mut out = Vec::with_capacity(total);
        let lengths = [self.strings.len(), self.structure.len()].map(|len| len as u32);
        for word in [MAGIC, total as u32, structure as u32, strings as u32, HEADER as u32, VERSION, OLDEST_VERSION, 0] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        for word in lengths {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.resize(structure, 0);
        out.extend_from_slice(&self.structure);
        out.extend_from_slice(&self.strings);
        out
    }
}
