// SPDX-License-Identifier: BSD-2-Clause
//! What is particular to files of class 64 for AArch64: kinds of relocation, layouts, thread-local storage.

mod common;

use common::{DATA, DATA_OFFSET, Def, ENTRY, Hash, PF_R, PT_TLS, Phdr, Rel, Spec, WORDS, head, library, uuid};
use ta_loader::error::{ElfError, HeadError};
use ta_loader::link::{Module, Word, link, lookup};
use ta_loader::plan::{Headers, Machine, Value};
use ta_loader::{Limits, LoadError, LoadPlan, plan};
use utee_abi::ta_head::TaHead;

const LIMITS: Limits = Limits { memory: 1 << 20, segments: 4, relocations: 64 };

const ABS64: u32 = 257;
const PREL64: u32 = 260;
const GLOB_DAT: u32 = 1025;
const JUMP_SLOT: u32 = 1026;
const RELATIVE: u32 = 1027;
const TLS_DTPMOD: u32 = 1028;
const TLS_DTPREL: u32 = 1029;
const TLS_TPREL: u32 = 1030;
const TLSDESC: u32 = 1031;

const FIRST: &str = "ffd2bded-ab7d-4988-95ee-e4962fff7154";
const SECOND: &str = "b3091a65-9751-4784-abf7-0298a7cc35ba";
const BASES: [u64; 3] = [0xC010_0000, 0xC040_0000, 0xC020_0000];

fn spec() -> Spec {
    Spec { wide: true, ..Spec::default() }
}

fn word(n: u32) -> u32 {
    WORDS + 8 * n
}

fn planned(spec: &Spec) -> LoadPlan {
    plan(&spec.build(), &LIMITS).unwrap()
}

fn refused(spec: &Spec) -> LoadError {
    plan(&spec.build(), &LIMITS).unwrap_err()
}

fn values(plan: &LoadPlan) -> Vec<(u32, Value)> {
    let mut values: Vec<_> = plan.relocations.iter().map(|relocation| (relocation.vaddr as u32, relocation.value)).collect();
    values.sort_unstable_by_key(|(vaddr, _)| *vaddr);
    values
}

#[test]
fn a_file_of_class_64_is_planned() {
    for hash in [Hash::Gnu, Hash::SysV, Hash::Both, Hash::None] {
        let symbols = vec![("ta_head", Def::Image(0)), ("__elf_phdr_info", Def::Image(word(2)))];
        let plan = planned(&Spec { hash, symbols, ..spec() });
        assert_eq!((plan.machine, plan.uuid, plan.span), (Machine::Aarch64, uuid(), 0x5000));
        let program = plan.program.as_ref().unwrap();
        assert_eq!((program.entry, program.head), (u64::from(ENTRY), head()), "{hash:?}");
        assert_eq!(plan.headers, Headers { vaddr: None, file: 64..64 + 3 * 56, count: 3 });
        assert_eq!(plan.phdr_info, Some(u64::from(word(2))));
    }
    // Its object is of 16 bytes, whose last would lie behind the segment here.
    let symbols = |at| vec![("ta_head", Def::Image(0)), ("__elf_phdr_info", Def::Image(at))];
    let end = WORDS + 16 * 8 + common::BSS;
    assert!(plan(&Spec { symbols: symbols(end - 16), ..spec() }.build(), &LIMITS).is_ok());
    assert_eq!(refused(&Spec { symbols: symbols(end - 12), ..spec() }), ElfError::LoaderObject.into());
}

#[test]
fn the_machine_has_to_be_of_the_class() {
    for (spec, at) in [(spec(), 40u8), (Spec::default(), 183)] {
        let mut file = spec.build();
        file[18] = at;
        assert_eq!(plan(&file, &LIMITS).unwrap_err(), ElfError::Machine.into());
    }
    let mut file = spec().build();
    file[48] = 1;
    assert_eq!(plan(&file, &LIMITS).unwrap_err(), ElfError::Abi.into(), "flags");
}

#[test]
fn each_kind_of_relocation_has_its_value() {
    let symbols = vec![
        ("ta_head", Def::Image(0)),
        ("function", Def::Image(0x24)),
        ("thread", Def::Tls(4)),
        ("absolute", Def::Absolute(0x1_0000)),
        ("weak", Def::UndefinedWeak),
    ];
    let rel: Vec<Rel> = vec![
        (word(0), RELATIVE, "", Some(0x30)),
        (word(1), ABS64, "function", Some(-4)),
        (word(2), GLOB_DAT, "function", Some(8)),
        (word(3), ABS64, "absolute", Some(-1)),
        (word(4), ABS64, "weak", None),
        (word(5), PREL64, "function", Some(0)),
        (word(6), TLS_DTPMOD, "thread", None),
        (word(7), TLS_DTPREL, "thread", Some(2)),
        // The storage of the TA begins two words behind the thread pointer.
        (word(8), TLS_TPREL, "thread", Some(1)),
        (word(9), TLS_TPREL, "", Some(6)),
        (word(10), 0, "function", None),
        (word(11), 256, "function", None),
    ];
    let plt = vec![(word(12), JUMP_SLOT, "function", Some(0))];
    let plan = planned(&Spec { symbols, rel, plt, words: vec![0xBAD; 16], ..spec() });
    let distance = 0x24u64.wrapping_sub(u64::from(word(5)));
    let expected = [
        (word(0), Value::Relative(0x30)),
        (word(1), Value::Relative(0x20)),
        (word(2), Value::Relative(0x2C)),
        (word(3), Value::Absolute(0xFFFF)),
        (word(4), Value::Absolute(0)),
        (word(5), Value::Absolute(distance)),
        (word(6), Value::Absolute(1)),
        (word(7), Value::Absolute(6)),
        (word(8), Value::Absolute(21)),
        (word(9), Value::Absolute(22)),
        (word(12), Value::Relative(0x24)),
    ];
    assert_eq!(values(&plan), expected);
}

#[test]
fn relocations_that_cannot_be_carried_out_are_refused() {
    let with = |rel| refused(&Spec { rel: vec![rel], ..spec() });
    assert_eq!(with((WORDS, TLSDESC, "ta_head", None)), ElfError::ThreadLocal.into());
    assert_eq!(with((WORDS, 1032, "ta_head", None)), ElfError::RelocationKind(1032).into());
    assert_eq!(with((WORDS, ABS64, "nobody's", None)), ElfError::NoSymbol.into());
    // A word of eight bytes of which four are in the segment.
    let end = WORDS + 16 * 8 + common::BSS;
    assert_eq!(with((end - 4, RELATIVE, "", None)), ElfError::RelocationTarget.into());
    assert_eq!(with((DATA - 4, RELATIVE, "", None)), ElfError::RelocationTarget.into());
}

#[test]
fn a_section_knows_the_length_of_its_table() {
    // OP-TEE's linker script leaves sections of their own, whose sizes the linker adds to the first one's.
    let rel = vec![(word(0), RELATIVE, "", Some(8)), (word(1), RELATIVE, "", Some(16))];
    let file = Spec { rel: rel.clone(), dynamic: vec![(8, 0x4000)], ..spec() };
    assert_eq!(refused(&file), ElfError::RelocationTable.into(), "no section begins there");
    let section_rel = vec![(word(2), RELATIVE, "", Some(24))];
    assert_eq!(values(&planned(&Spec { rel, section_rel, ..spec() })).len(), 3);
}

#[test]
fn stack_and_entry_are_aligned() {
    let with = |stack_size| Spec { head: TaHead { stack_size, ..head() }, ..spec() };
    assert_eq!(refused(&with(4104)), HeadError::Stack.into());
    assert!(plan(&with(4112).build(), &LIMITS).is_ok());
    for entry in [ENTRY + 1, ENTRY + 2, WORDS, u32::MAX - 3] {
        assert_eq!(refused(&Spec { entry, ..spec() }), ElfError::Entry.into(), "{entry:#x}");
    }
}

/// A PT_GNU_PROPERTY segment over the first four words.
fn property(programs: &mut Vec<Phdr>) {
    let offset = DATA_OFFSET + WORDS - DATA;
    programs.push(Phdr { kind: 0x6474_e553, offset, vaddr: WORDS, filesz: 32, memsz: 32, flags: PF_R, align: 8 });
}

#[test]
fn the_linker_says_whether_there_are_landing_pads() {
    let file = |features: u32| {
        let mut file = Spec { edit: property, ..spec() }.build();
        let note = [4, 16, 5, u32::from_le_bytes(*b"GNU\0"), 0xC000_0000, 4, features, 0];
        let at = (DATA_OFFSET + WORDS - DATA) as usize;
        file[at..at + 32].copy_from_slice(&note.map(u32::to_le_bytes).concat());
        file
    };
    let pads = |file: &[u8]| plan(file, &LIMITS).unwrap().landing_pads;
    assert!(pads(&file(1)) && pads(&file(3)));
    assert!(!pads(&file(2)) && !pads(&file(0)), "other features");
    assert!(!planned(&spec()).landing_pads);
    // Past the end of the file: whoever made it gets no guard.
    let outside = |programs: &mut Vec<Phdr>| {
        property(programs);
        programs.last_mut().unwrap().offset = u32::MAX - 8;
    };
    assert!(!planned(&Spec { edit: outside, ..spec() }).landing_pads);
}

fn tls(programs: &mut Vec<Phdr>) {
    programs.push(Phdr { kind: PT_TLS, offset: DATA, vaddr: DATA, filesz: 0, memsz: 24, flags: PF_R, align: 8 });
}

#[test]
fn libraries_are_linked_with_a_ta() {
    let ta = Spec {
        symbols: vec![("ta_head", Def::Image(0)), ("mine", Def::Image(0x24)), ("one", Def::Undefined), ("kept", Def::Undefined)],
        rel: vec![(word(0), GLOB_DAT, "one", Some(3)), (word(1), TLS_TPREL, "kept", Some(1))],
        needed: vec![FIRST, SECOND],
        edit: tls,
        ..spec()
    };
    let first = Spec {
        wide: true,
        symbols: vec![("one", Def::Image(0x28)), ("mine", Def::Undefined), ("local", Def::Local(4))],
        rel: vec![(word(0), ABS64, "mine", None), (word(1), TLS_TPREL, "local", Some(0)), (word(2), TLS_DTPMOD, "", None)],
        edit: tls,
        ..library(FIRST)
    };
    let second = Spec {
        wide: true,
        symbols: vec![("kept", Def::Tls(8))],
        rel: vec![(word(0), TLS_TPREL, "kept", Some(0)), (word(1), TLS_TPREL, "", Some(2))],
        edit: tls,
        ..library(SECOND)
    };
    let files = [ta, first, second].map(|spec| spec.build());
    let plans = files.each_ref().map(|file| plan(file, &LIMITS).unwrap());
    assert_eq!(plans.each_ref().map(|plan| plan.tls_len), [24; 3]);
    let modules = [0, 1, 2].map(|index| Module { elf: &files[index], plan: &plans[index], base: BASES[index] });
    let words = |index| {
        let mut words: Vec<_> = link(&modules, index).unwrap().iter().map(|Word { vaddr, value }| (*vaddr as u32, *value)).collect();
        words.sort_unstable();
        words
    };
    // The storages follow one another behind two words: at 16, 40 and 64.
    assert_eq!(words(0), [(word(0), BASES[1] + 0x28 + 3), (word(1), 64 + 8 + 1)]);
    assert_eq!(words(1), [(word(0), BASES[0] + 0x24), (word(1), 40 + 4), (word(2), 2)]);
    assert_eq!(words(2), [(word(0), 64 + 8), (word(1), 64 + 2)]);
    assert_eq!(lookup(&modules, None, b"one"), Some(BASES[1] + 0x28));
}
