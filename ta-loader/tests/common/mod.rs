// SPDX-License-Identifier: BSD-2-Clause
//! Small ELF files of class 32 for Arm or of class 64 for AArch64, built by hand so that each rule can be broken on its own.
//!
//! Text at address 0 (file offset 0x1000): TA header, code, symbols, strings, hash tables, relocations. Data at
//! [`DATA`] (file offset 0x3000): the dynamic section, then words, then zero-filled memory.

// Each test file uses its own part of this.
#![allow(dead_code)]

use utee_abi::ta_head::{TaFlags, TaHead};
use utee_abi::uuid::Uuid;

/// File offset of address 0.
pub(crate) const TEXT_OFFSET: u32 = 0x1000;
/// Address of the data segment.
pub(crate) const DATA: u32 = 0x4000;
/// File offset of the data segment.
pub(crate) const DATA_OFFSET: u32 = 0x3000;
/// Address of the words behind the dynamic section.
pub(crate) const WORDS: u32 = DATA + 0x200;
/// Address of the entry point.
pub(crate) const ENTRY: u32 = 0x20;
/// Zero-filled bytes at the end of the data segment.
pub(crate) const BSS: u32 = 0x100;

pub(crate) const PT_LOAD: u32 = 1;
pub(crate) const PT_DYNAMIC: u32 = 2;
pub(crate) const PT_TLS: u32 = 7;
pub(crate) const PF_X: u32 = 1;
pub(crate) const PF_W: u32 = 2;
pub(crate) const PF_R: u32 = 4;
const SHT_STRTAB: u32 = 3;
const SHT_RELA: u32 = 4;
const SHT_REL: u32 = 9;
const SHF_ALLOC: u32 = 2;

/// Symbol hash tables of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Gnu,
    SysV,
    Both,
    None,
}

/// Where a symbol is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Def {
    Image(u32),
    Weak(u32),
    Local(u32),
    Absolute(u32),
    /// In thread-local storage.
    Tls(u32),
    Undefined,
    UndefinedWeak,
    /// Undefined, yet with a value, as linkers leave it for functions with a stub.
    UndefinedAt(u32),
}

/// A relocation: address, kind, symbol (empty for none), addend of a RELA.
pub(crate) type Rel = (u32, u32, &'static str, Option<i32>);

/// A program header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phdr {
    pub(crate) kind: u32,
    pub(crate) offset: u32,
    pub(crate) vaddr: u32,
    pub(crate) filesz: u32,
    pub(crate) memsz: u32,
    pub(crate) flags: u32,
    pub(crate) align: u32,
}

/// What is in the file.
#[derive(Clone)]
pub(crate) struct Spec {
    /// Class 64, whose relocations all have an addend.
    pub(crate) wide: bool,
    pub(crate) hash: Hash,
    pub(crate) symbols: Vec<(&'static str, Def)>,
    pub(crate) rel: Vec<Rel>,
    pub(crate) plt: Vec<Rel>,
    /// Relocations in a table that only a section header tells of.
    pub(crate) section_rel: Vec<Rel>,
    pub(crate) head: TaHead,
    /// Address of the TA header.
    pub(crate) head_at: u32,
    pub(crate) words: Vec<u32>,
    pub(crate) dynamic: Vec<(u32, u32)>,
    pub(crate) needed: Vec<&'static str>,
    /// Name of a library, which has no TA header.
    pub(crate) soname: Option<&'static str>,
    pub(crate) entry: u32,
    pub(crate) sections: bool,
    /// Changes program headers once they are laid out.
    pub(crate) edit: fn(&mut Vec<Phdr>),
}

pub(crate) fn uuid() -> Uuid {
    "8aaaf200-2450-11e4-abe2-0002a5d5c51b".parse().unwrap()
}

pub(crate) fn head() -> TaHead {
    TaHead { uuid: uuid(), stack_size: 4096, flags: TaFlags::MULTI_SESSION.bits(), depr_entry: TaHead::NO_ENTRY }
}

/// A library of this name, without a TA header.
pub(crate) fn library(soname: &'static str) -> Spec {
    Spec { soname: Some(soname), symbols: vec![], entry: 0, ..Spec::default() }
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            wide: false,
            hash: Hash::Gnu,
            symbols: vec![("ta_head", Def::Image(0))],
            rel: vec![],
            plt: vec![],
            section_rel: vec![],
            head: head(),
            head_at: 0,
            words: vec![0; 16],
            dynamic: vec![],
            needed: vec![],
            soname: None,
            entry: ENTRY,
            sections: true,
            edit: |_| {},
        }
    }
}

fn gnu_hash(name: &str) -> u32 {
    name.bytes().fold(5381u32, |hash, byte| hash.wrapping_mul(33).wrapping_add(u32::from(byte)))
}

fn sysv_hash(name: &str) -> u32 {
    let mut hash = 0u32;
    for byte in name.bytes() {
        hash = (hash << 4).wrapping_add(u32::from(byte));
        let high = hash & 0xF000_0000;
        if high != 0 {
            hash ^= high >> 24;
        }
        hash &= !high;
    }
    hash
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn longs(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

struct Strings(Vec<u8>);

impl Strings {
    fn add(&mut self, text: &str) -> u32 {
        let at = self.0.len() as u32;
        self.0.extend(text.bytes());
        self.0.push(0);
        at
    }
}

const GNU_BUCKETS: u32 = 3;
const SYSV_BUCKETS: u32 = 2;

impl Spec {
    /// Undefined symbols first, the others by bucket, as a GNU hash table wants them.
    fn sorted(&self) -> Vec<(&'static str, Def)> {
        let mut symbols = self.symbols.clone();
        symbols.sort_by_key(|(name, def)| match def {
            Def::Undefined | Def::UndefinedWeak | Def::UndefinedAt(_) => (0, 0),
            _ => (1, gnu_hash(name) % GNU_BUCKETS),
        });
        symbols
    }

    fn encode(&self, rels: &[Rel]) -> Vec<u8> {
        let symbols = self.sorted();
        let index = |name: &str| match name {
            "" => 0,
            name => symbols.iter().position(|(other, _)| *other == name).map_or(0x00FF_FFFF, |at| at as u32 + 1),
        };
        let entry = |(at, kind, name, addend): &Rel| {
            if self.wide {
                return longs(&[u64::from(*at), u64::from(index(name)) << 32 | u64::from(*kind), i64::from(addend.unwrap_or(0)) as u64]);
            }
            let mut out = words(&[*at, index(name) << 8 | *kind]);
            out.extend(addend.iter().flat_map(|addend| addend.to_le_bytes()));
            out
        };
        rels.iter().flat_map(entry).collect()
    }

    fn gnu_table(symbols: &[(&str, Def)], wide: bool) -> Vec<u8> {
        let first = symbols.iter().take_while(|(_, def)| matches!(def, Def::Undefined | Def::UndefinedWeak | Def::UndefinedAt(_))).count();
        let hashes: Vec<u32> = symbols[first..].iter().map(|(name, _)| gnu_hash(name)).collect();
        let mut out = vec![GNU_BUCKETS, first as u32 + 1, 1, 0, u32::MAX];
        out.extend(wide.then_some(u32::MAX));
        for bucket in 0..GNU_BUCKETS {
            let start = hashes.iter().position(|hash| hash % GNU_BUCKETS == bucket);
            out.push(start.map_or(0, |start| (start + first + 1) as u32));
        }
        for (at, hash) in hashes.iter().enumerate() {
            let last = hashes.get(at + 1).is_none_or(|next| next % GNU_BUCKETS != hash % GNU_BUCKETS);
            out.push(hash & !1 | u32::from(last));
        }
        words(&out)
    }

    fn sysv_table(symbols: &[(&str, Def)]) -> Vec<u8> {
        let mut buckets = vec![0u32; SYSV_BUCKETS as usize];
        let mut chains = vec![0u32; symbols.len() + 1];
        for (at, (name, _)) in symbols.iter().enumerate() {
            let bucket = &mut buckets[(sysv_hash(name) % SYSV_BUCKETS) as usize];
            chains[at + 1] = *bucket;
            *bucket = at as u32 + 1;
        }
        words(&[vec![SYSV_BUCKETS, chains.len() as u32], buckets, chains].concat())
    }

    /// The file.
    pub(crate) fn build(&self) -> Vec<u8> {
        let symbols = self.sorted();
        let mut strings = Strings(vec![0]);
        let mut table = vec![0u8; if self.wide { 24 } else { 16 }];
        for (name, def) in &symbols {
            let (value, section, info) = match def {
                Def::Image(value) => (*value, 1u16, 0x10u8),
                Def::Weak(value) => (*value, 1, 0x20),
                Def::Local(value) => (*value, 1, 0),
                Def::Absolute(value) => (*value, 0xFFF1, 0x10),
                Def::Tls(value) => (*value, 1, 0x16),
                Def::Undefined => (0, 0, 0x10),
                Def::UndefinedWeak => (0, 0, 0x20),
                Def::UndefinedAt(value) => (*value, 0, 0x10),
            };
            if self.wide {
                table.extend(words(&[strings.add(name)]));
                table.extend([info, 0]);
                table.extend(section.to_le_bytes());
                table.extend(longs(&[u64::from(value), 0]));
                continue;
            }
            table.extend(words(&[strings.add(name), value, 0]));
            table.extend([info, 0]);
            table.extend(section.to_le_bytes());
        }
        let needed: Vec<u32> = self.needed.iter().map(|name| strings.add(name)).collect();
        let soname = self.soname.map(|name| strings.add(name));
        let section_names =
            [strings.add(if soname.is_some() { ".note" } else { ".ta_head" }), strings.add(".rel.data"), strings.add(".dynstr")];

        let mut text = vec![0u8; ENTRY as usize];
        text.extend(if self.wide { [0xc0, 0x03, 0x5f, 0xd6] } else { [0x1e, 0xff, 0x2f, 0xe1] });
        let place = |text: &mut Vec<u8>, bytes: &[u8]| {
            text.resize(text.len().next_multiple_of(8), 0);
            let at = text.len() as u32;
            text.extend(bytes);
            at
        };
        let symbols_at = place(&mut text, &table);
        let strings_at = place(&mut text, &strings.0);
        let gnu_at = place(&mut text, &Self::gnu_table(&symbols, self.wide));
        let sysv_at = place(&mut text, &Self::sysv_table(&symbols));
        let has_addends = self.wide || self.rel.iter().any(|rel| rel.3.is_some());
        let (rel, plt, section_rel) = (self.encode(&self.rel), self.encode(&self.plt), self.encode(&self.section_rel));
        let (rel_at, plt_at, section_rel_at) = (place(&mut text, &rel), place(&mut text, &plt), place(&mut text, &section_rel));
        assert!(text.len() < DATA_OFFSET as usize - TEXT_OFFSET as usize);

        let mut dynamic = vec![(6u32, symbols_at), (11, if self.wide { 24 } else { 16 }), (5, strings_at), (10, strings.0.len() as u32)];
        dynamic.extend(needed.iter().map(|name| (1, *name)));
        dynamic.extend(soname.map(|name| (14, name)));
        if matches!(self.hash, Hash::Gnu | Hash::Both) {
            dynamic.push((0x6fff_fef5, gnu_at));
        }
        if matches!(self.hash, Hash::SysV | Hash::Both) {
            dynamic.push((4, sysv_at));
        }
        if has_addends {
            dynamic.extend([(7, rel_at), (8, rel.len() as u32), (9, if self.wide { 24 } else { 12 })]);
        } else if !rel.is_empty() {
            dynamic.extend([(17, rel_at), (18, rel.len() as u32), (19, 8)]);
        }
        if !plt.is_empty() {
            dynamic.extend([(23, plt_at), (2, plt.len() as u32), (20, if self.wide { 7 } else { 17 })]);
        }
        dynamic.extend(&self.dynamic);
        dynamic.push((0, 0));
        let number = |value: &u32| if self.wide { longs(&[u64::from(*value)]) } else { words(&[*value]) };
        let dynamic: Vec<u8> = dynamic.iter().flat_map(|(tag, value)| [number(tag), number(value)].concat()).collect();
        let mut data = dynamic.clone();
        data.resize((WORDS - DATA) as usize, 0);
        data.extend(self.words.iter().flat_map(number));
        let head = self.head.to_bytes();
        let (target, at) = if self.head_at >= DATA { (&mut data, self.head_at - DATA) } else { (&mut text, self.head_at) };
        target[at as usize..at as usize + head.len()].copy_from_slice(&head);

        let load = |offset, vaddr, len: usize, bss, flags| Phdr {
            kind: PT_LOAD,
            offset,
            vaddr,
            filesz: len as u32,
            memsz: len as u32 + bss,
            flags,
            align: 4096,
        };
        let mut programs = vec![
            load(TEXT_OFFSET, 0, text.len(), 0, PF_R | PF_X),
            load(DATA_OFFSET, DATA, data.len(), BSS, PF_R | PF_W),
            Phdr { kind: PT_DYNAMIC, align: 4, ..load(DATA_OFFSET, DATA, dynamic.len(), 0, PF_R | PF_W) },
        ];
        (self.edit)(&mut programs);

        let mut file = vec![0u8; TEXT_OFFSET as usize];
        file.extend(text);
        file.resize(DATA_OFFSET as usize, 0);
        file.extend(data);
        file.resize(file.len().next_multiple_of(4), 0);
        let sections_at = if self.sections { file.len() as u32 } else { 0 };
        if self.sections {
            let strings_offset = TEXT_OFFSET + strings_at;
            let rel_len = section_rel.len() as u32;
            let [head_name, rel_name, strings_name] = section_names;
            if self.wide {
                let section = |name: u32, kind: u32, at: u32, offset: u32, len: u32, entry: u64| {
                    let flags = u64::from(SHF_ALLOC);
                    let start = longs(&[u64::from(name) | u64::from(kind) << 32, flags, u64::from(at), u64::from(offset)]);
                    [start, longs(&[u64::from(len), 0, 8, entry])].concat()
                };
                file.extend([0; 64]);
                file.extend(section(head_name, 1, self.head_at, TEXT_OFFSET, 32, 0));
                file.extend(section(rel_name, SHT_RELA, section_rel_at, TEXT_OFFSET + section_rel_at, rel_len, 24));
                file.extend(section(strings_name, SHT_STRTAB, strings_at, strings_offset, strings.0.len() as u32, 0));
                return self.header(file, &programs, sections_at);
            }
            file.extend([0; 40]);
            file.extend(words(&[head_name, 1, SHF_ALLOC, self.head_at, TEXT_OFFSET, 32, 0, 0, 4, 0]));
            file.extend(words(&[rel_name, SHT_REL, SHF_ALLOC, section_rel_at, TEXT_OFFSET + section_rel_at, rel_len, 0, 0, 4, 8]));
            file.extend(words(&[strings_name, SHT_STRTAB, SHF_ALLOC, strings_at, strings_offset, strings.0.len() as u32, 0, 0, 1, 0]));
        }
        self.header(file, &programs, sections_at)
    }

    /// The file with its headers.
    fn header(&self, mut file: Vec<u8>, programs: &[Phdr], sections_at: u32) -> Vec<u8> {
        let mut header = b"\x7fELF\x01\x01\x01".to_vec();
        header.resize(16, 0);
        if self.wide {
            header[4] = 2;
            header.extend([3, 0, 183, 0]);
            header.extend(words(&[1]));
            header.extend(longs(&[u64::from(self.entry), 64, u64::from(sections_at)]));
            header.extend(words(&[0]));
            for half in [64, 56, programs.len() as u16, 64, if self.sections { 4 } else { 0 }, 3] {
                header.extend(half.to_le_bytes());
            }
            for program in programs {
                let Phdr { kind, offset, vaddr, filesz, memsz, flags, align } = *program;
                header.extend(words(&[kind, flags]));
                header.extend(longs(&[offset, vaddr, vaddr, filesz, memsz, align].map(u64::from)));
            }
            file[..header.len()].copy_from_slice(&header);
            return file;
        }
        header.extend([3, 0, 40, 0]);
        header.extend(words(&[1, self.entry, 52, sections_at, 0x0500_0400]));
        for half in [52, 32, programs.len() as u16, 40, if self.sections { 4 } else { 0 }, 3] {
            header.extend(half.to_le_bytes());
        }
        for program in programs {
            let Phdr { kind, offset, vaddr, filesz, memsz, flags, align } = *program;
            header.extend(words(&[kind, offset, vaddr, vaddr, filesz, memsz, flags, align]));
        }
        file[..header.len()].copy_from_slice(&header);
        file
    }
}
