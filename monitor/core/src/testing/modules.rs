// SPDX-License-Identifier: BSD-2-Clause
//! ELF files of TAs and libraries that take symbols from one another. Only TAs run: scripts read what libraries hold.

use super::image::word_of;
use std::format;
use std::string::ToString;
use std::vec::Vec;
use utee_abi::ta_head::{TaFlags, TaHead};
use utee_abi::uuid::Uuid;

const PAGE: usize = 4096;
/// Entry of a TA.
const ENTRY: u32 = 0x100;
/// Where the symbols stand, in the page that is run.
const SYMBOLS: usize = 0x200;
/// Address of the page that is written: a dynamic section, then words.
const DATA: u32 = 0x1000;
/// Address of the first word.
pub const WORDS: u32 = DATA + 0x800;

/// What a file defines and takes.
#[derive(Clone, Default)]
pub struct Module<'m> {
    /// Libraries that it needs.
    pub needed: &'m [Uuid],
    /// Words by name that other files may take, from [`WORDS`] on.
    pub words: &'m [(&'m str, u32)],
    /// Symbols whose addresses stand behind the words, in this order.
    pub taken: &'m [&'m str],
    /// It has thread-local storage, and the id of its module in a last word.
    pub has_tls: bool,
}

impl Module<'_> {
    /// A TA.
    pub fn ta(&self, uuid: &Uuid, flags: TaFlags) -> Vec<u8> {
        let head = TaHead { uuid: *uuid, stack_size: 8192, flags: flags.bits(), depr_entry: TaHead::NO_ENTRY };
        self.file(uuid, Some(&head))
    }

    /// A library.
    pub fn library(&self, uuid: &Uuid) -> Vec<u8> {
        self.file(uuid, None)
    }

    fn file(&self, uuid: &Uuid, head: Option<&TaHead>) -> Vec<u8> {
        let mut text = std::vec![0u8; SYMBOLS];
        if let Some(head) = head {
            text[..TaHead::SIZE].copy_from_slice(&head.to_bytes());
            text[ENTRY as usize..ENTRY as usize + 4].copy_from_slice(&word_of(uuid).to_le_bytes());
        }
        let mut strings = std::vec![0u8];
        let mut name = |text: &str| {
            let at = strings.len() as u32;
            strings.extend(format!("{text}\0").bytes());
            at
        };
        let needed: Vec<u32> = self.needed.iter().map(|uuid| name(&uuid.to_string())).collect();
        let soname = name(&uuid.to_string());
        // Symbols: the empty one, words that are defined, names that are taken.
        let (mut symbols, mut relocations) = (std::vec![[0u32; 4]], Vec::new());
        for (index, (text, _)) in self.words.iter().enumerate() {
            symbols.push([name(text), WORDS + 4 * index as u32, 4, 0x11 | 1 << 16]);
        }
        let mut word = WORDS + 4 * self.words.len() as u32;
        for text in self.taken {
            relocations.push([word, (symbols.len() as u32) << 8 | 21]);
            symbols.push([name(text), 0, 0, 0x10]);
            word += 4;
        }
        if self.has_tls {
            relocations.push([word, 17]);
        }
        let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        text.extend(bytes(symbols.as_flattened()));
        let strings_at = text.len() as u32;
        text.extend(&strings);
        text.resize(text.len().next_multiple_of(4), 0);
        let relocations_at = text.len() as u32;
        text.extend(bytes(relocations.as_flattened()));
        text.resize(PAGE, 0);

        let mut dynamic: Vec<[u32; 2]> = needed.iter().map(|name| [1, *name]).collect();
        dynamic.extend([[6, SYMBOLS as u32], [5, strings_at], [10, strings.len() as u32]]);
        dynamic.extend([[17, relocations_at], [18, relocations.len() as u32 * 8], [19, 8]]);
        if head.is_none() {
            dynamic.push([14, soname]);
        }
        dynamic.push([0, 0]);
        let mut data = bytes(dynamic.as_flattened());
        let dynamic_len = data.len() as u32;
        data.resize((WORDS - DATA) as usize, 0);
        data.extend(self.words.iter().flat_map(|(_, value)| value.to_le_bytes()));
        data.resize(PAGE, 0);

        let mut programs = std::vec![
            [1, 0x1000, 0, 0, 0x1000, 0x1000, 5, 0x1000],
            [1, 0x2000, DATA, DATA, 0x1000, 0x1000, 6, 0x1000],
            [2, 0x2000, DATA, DATA, dynamic_len, dynamic_len, 6, 4],
        ];
        if self.has_tls {
            programs.push([7, 0x2000, DATA, DATA, 0, 8, 4, 4]);
        }
        let entry = if head.is_some() { ENTRY } else { 0 };
        let mut file = bytes(&[0x464C_457F, 0x0001_0101, 0, 0, 3 | 40 << 16, 1, entry, 52, 0, 0x0500_0000, 52 | 32 << 16]);
        file.extend(bytes(&[programs.len() as u32, 0]));
        file.extend(bytes(programs.as_flattened()));
        file.resize(PAGE, 0);
        [file, text, data].concat()
    }
}
