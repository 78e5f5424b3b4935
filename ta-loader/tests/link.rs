// SPDX-License-Identifier: BSD-2-Clause
//! Programs of several modules: libraries, symbols between them, thread-local storage.

mod common;

use common::{DATA, Def, Hash, PF_R, PT_TLS, Phdr, Spec, WORDS, library};
use ta_loader::error::{ElfError, LoadError};
use ta_loader::link::{Module, Word, link, lookup};
use ta_loader::plan::{ImportKind, MAX_LIBRARIES, Value};
use ta_loader::{Limits, LoadPlan, plan};

const LIMITS: Limits = Limits { memory: 1 << 20, segments: 4, relocations: 64 };

const ABS32: u32 = 2;
const REL32: u32 = 3;
const TLS_DTPMOD32: u32 = 17;
const TLS_DTPOFF32: u32 = 18;
const GLOB_DAT: u32 = 21;
const JUMP_SLOT: u32 = 22;
const RELATIVE: u32 = 23;

const FIRST: &str = "ffd2bded-ab7d-4988-95ee-e4962fff7154";
const SECOND: &str = "b3091a65-9751-4784-abf7-0298a7cc35ba";
const BASES: [u64; 3] = [0x10_0000, 0x40_0000, 0x20_0000];

/// Files and their plans, the TA first.
struct Program(Vec<(Vec<u8>, LoadPlan)>);

impl Program {
    fn new(specs: &[Spec]) -> Self {
        Self(specs.iter().map(Spec::build).map(|file| plan(&file, &LIMITS).map(|plan| (file, plan)).unwrap()).collect())
    }

    fn modules(&self) -> Vec<Module<'_>> {
        self.0.iter().zip(BASES).map(|((elf, plan), base)| Module { elf, plan, base }).collect()
    }

    /// Values by place in module `index`, in order of places.
    fn words(&self, index: usize) -> Vec<(u32, u32)> {
        let mut words: Vec<_> =
            link(&self.modules(), index).unwrap().iter().map(|Word { vaddr, value }| (*vaddr as u32, *value as u32)).collect();
        words.sort_unstable();
        words
    }
}

/// Address of `vaddr` of module `index`.
fn at(index: usize, vaddr: u32) -> u32 {
    BASES[index] as u32 + vaddr
}

fn word(n: u32) -> u32 {
    WORDS + 4 * n
}

#[test]
fn libraries_that_are_needed_are_named_once_and_in_order() {
    let plan = plan(&Spec { needed: vec![SECOND, FIRST, SECOND], ..Spec::default() }.build(), &LIMITS).unwrap();
    assert_eq!(plan.needed, [SECOND.parse().unwrap(), FIRST.parse().unwrap()]);
    let uuids: &'static [String] = Box::leak((0..=MAX_LIBRARIES).map(|n| format!("ffd2bded-ab7d-4988-95ee-e4962fff71{n:02x}")).collect());
    let needed: Vec<&'static str> = uuids.iter().map(String::as_str).collect();
    let with = |n: usize| ta_loader::plan(&Spec { needed: needed[..n].to_vec(), ..Spec::default() }.build(), &LIMITS);
    assert_eq!(with(MAX_LIBRARIES).unwrap().needed.len(), MAX_LIBRARIES);
    assert_eq!(with(MAX_LIBRARIES + 1).unwrap_err(), LoadError::Memory);
}

#[test]
fn a_library_is_known_by_its_name_and_has_no_header() {
    let plan = plan(&Spec { rel: vec![(word(0), RELATIVE, "", None)], words: vec![8], ..library(FIRST) }.build(), &LIMITS).unwrap();
    assert_eq!((plan.uuid.to_string(), plan.program, plan.imports.len()), (FIRST.to_string(), None, 0));
    assert_eq!(plan.relocations.iter().map(|relocation| relocation.value).collect::<Vec<_>>(), [Value::Relative(8)]);
    assert!(plan.name.is_some());
    let plan = ta_loader::plan(&library("no uuid").build(), &LIMITS).unwrap();
    assert_eq!(plan.uuid, utee_abi::uuid::Uuid::NIL);
}

#[test]
fn symbols_come_from_the_first_module_that_has_them() {
    for hash in [Hash::Gnu, Hash::SysV, Hash::Both, Hash::None] {
        let ta = Spec {
            hash,
            symbols: vec![
                ("ta_head", Def::Image(0)),
                ("mine", Def::Weak(0x40)),
                ("first", Def::Undefined),
                ("second", Def::Undefined),
                ("both", Def::Undefined),
                ("none", Def::UndefinedWeak),
                ("absolute", Def::Undefined),
            ],
            rel: vec![
                (word(0), GLOB_DAT, "first", None),
                (word(1), ABS32, "second", None),
                (word(2), GLOB_DAT, "none", None),
                (word(3), GLOB_DAT, "both", None),
                (word(4), GLOB_DAT, "mine", None),
                (word(5), GLOB_DAT, "absolute", None),
                (word(6), REL32, "first", None),
            ],
            words: vec![0xBAD, 4, 0xBAD, 0xBAD, 0xBAD, 0xBAD, 8],
            needed: vec![FIRST, SECOND],
            ..Spec::default()
        };
        let first = Spec {
            hash,
            symbols: vec![
                ("first", Def::Image(0x44)),
                ("both", Def::Weak(0x48)),
                ("mine", Def::Image(0x4C)),
                ("own", Def::Local(0x50)),
                ("absolute", Def::Absolute(0x1234)),
            ],
            rel: vec![
                (word(0), ABS32, "mine", None),
                (word(1), ABS32, "own", None),
                (word(2), RELATIVE, "", None),
                (word(3), JUMP_SLOT, "first", None),
            ],
            words: vec![2, 3, 4, 0],
            ..library(FIRST)
        };
        let second = Spec {
            hash,
            symbols: vec![("second", Def::Image(0x60)), ("both", Def::Image(0x64)), ("own", Def::Image(0x68)), ("mine", Def::Undefined)],
            rel: vec![(word(0), JUMP_SLOT, "mine", None), (word(1), GLOB_DAT, "both", None)],
            ..library(SECOND)
        };
        let program = Program::new(&[ta, first, second]);
        let distance = at(1, 0x44).wrapping_add(8).wrapping_sub(at(0, word(6)));
        let expected =
            [(word(0), at(1, 0x44)), (word(1), at(2, 0x64)), (word(2), 0), (word(3), at(1, 0x48)), (word(5), 0x1234), (word(6), distance)];
        assert_eq!(program.words(0), expected, "{hash:?}");
        // What the TA defines itself is no import: no module comes before it.
        let own: Vec<_> = program.0[0].1.relocations.iter().map(|relocation| (relocation.vaddr as u32, relocation.value)).collect();
        assert_eq!(own, [(word(4), Value::Relative(0x40))]);
        assert_eq!(program.words(1), [(word(0), at(0, 0x42)), (word(3), at(1, 0x44))], "{hash:?}");
        assert_eq!(program.0[1].1.relocations.len(), 2);
        assert_eq!(program.words(2), [(word(0), at(0, 0x40)), (word(1), at(1, 0x48))], "{hash:?}");
    }
}

#[test]
fn a_symbol_that_nobody_has_is_named() {
    let ta = Spec { needed: vec![FIRST], ..Spec::default() };
    let first = Spec { symbols: vec![("gone", Def::Undefined)], rel: vec![(word(0), JUMP_SLOT, "gone", None)], ..library(FIRST) };
    let program = Program::new(&[ta.clone(), first]);
    let error = link(&program.modules(), 1).unwrap_err();
    assert_eq!(error.to_string(), "ELF: undefined symbol gone");
    assert_eq!(link(&program.modules(), 2), Ok(vec![]));
    let symbols = vec![("ta_head", Def::Image(0)), ("gone", Def::Undefined)];
    let ta = Spec { symbols, rel: vec![(word(0), GLOB_DAT, "gone", None)], ..ta };
    let program = Program::new(&[ta.clone(), library(FIRST)]);
    assert!(matches!(link(&program.modules(), 0).unwrap_err(), LoadError::Elf(ElfError::Undefined(_))));
    // A TA that needs no library is refused at once.
    assert!(matches!(plan(&Spec { needed: vec![], ..ta }.build(), &LIMITS).unwrap_err(), LoadError::Elf(ElfError::Undefined(_))));
}

#[test]
fn symbols_are_looked_up_by_name() {
    let ta = Spec { symbols: vec![("ta_head", Def::Image(0)), ("both", Def::Image(0x40))], ..Spec::default() };
    let first = Spec { symbols: vec![("both", Def::Image(0x44)), ("first", Def::Weak(0x48)), ("own", Def::Local(4))], ..library(FIRST) };
    let program = Program::new(&[ta, first]);
    let modules = program.modules();
    let find = |first, name: &str| lookup(&modules, first, name.as_bytes()).map(|address| address as u32);
    assert_eq!(find(None, "both"), Some(at(0, 0x40)));
    assert_eq!(find(Some(1), "both"), Some(at(1, 0x44)));
    assert_eq!(find(Some(0), "first"), Some(at(1, 0x48)));
    assert_eq!(find(Some(9), "first"), Some(at(1, 0x48)));
    for name in ["own", "", "firs", "first2"] {
        assert_eq!(find(Some(1), name), None, "{name}");
    }
}

#[test]
fn thread_local_storage_is_told_by_module_and_offset() {
    let tls: fn(&mut Vec<Phdr>) = |p| p.push(Phdr { kind: PT_TLS, vaddr: DATA, filesz: 8, memsz: 16, flags: PF_R, ..p[1] });
    let accesses = |name| vec![(word(0), TLS_DTPMOD32, name, None), (word(1), TLS_DTPOFF32, name, None), (word(2), TLS_DTPMOD32, "", None)];
    let ta = Spec {
        symbols: vec![("ta_head", Def::Image(0)), ("a", Def::Tls(8)), ("there", Def::Undefined)],
        rel: [accesses("a"), vec![(word(3), TLS_DTPMOD32, "there", None), (word(4), TLS_DTPOFF32, "there", None)]].concat(),
        words: vec![0xBAD, 4, 0xBAD, 0xBAD, 0],
        needed: vec![FIRST, SECOND],
        edit: tls,
        ..Spec::default()
    };
    let second = Spec {
        symbols: vec![("there", Def::Tls(12)), ("a", Def::Undefined)],
        rel: accesses("there"),
        words: vec![0; 3],
        edit: tls,
        ..library(SECOND)
    };
    let program = Program::new(&[ta, library(FIRST), second]);
    let [ta, first, second] = [0, 1, 2].map(|index: usize| &program.0[index].1);
    assert_eq!([&ta, &first, &second].map(|plan| plan.tls_len > 0), [true, false, true]);
    let own: Vec<_> = ta.relocations.iter().map(|relocation| (relocation.vaddr as u32, relocation.value)).collect();
    assert_eq!(own, [(word(0), Value::Absolute(1)), (word(1), Value::Absolute(12)), (word(2), Value::Absolute(1))]);
    assert!(ta.imports.iter().any(|import| import.kind == ImportKind::TlsModule));
    assert_eq!(program.words(0), [(word(3), 3), (word(4), 12)]);
    assert_eq!(program.words(2), [(word(0), 3), (word(1), 12), (word(2), 3)]);
    // The address of a thread-local symbol depends on the thread; its offset does not.
    assert_eq!(lookup(&program.modules(), None, b"there"), Some(12));
}
