// SPDX-License-Identifier: BSD-2-Clause
//! The planner, rule by rule, on ELF files built by hand.

mod common;

use common::{BSS, DATA, DATA_OFFSET, Def, ENTRY, Hash, PF_R, PF_W, PF_X, Phdr, Spec, TEXT_OFFSET, WORDS, head};
use ta_loader::error::{ElfError, HeadError, LoadError};
use ta_loader::plan::{Headers, Program, Relocation, Rights, Value};
use ta_loader::{Limits, LoadPlan, plan};
use utee_abi::call_rule::{CallRule, Logins, ParamKinds};
use utee_abi::result::TeeError;
use utee_abi::ta_head::{EntryFunction, TaFlags, TaHead, TaLimits};

const LIMITS: Limits = Limits { memory: 1 << 20, segments: 4, relocations: 64 };

const NONE: u32 = 0;
const ABS32: u32 = 2;
const REL32: u32 = 3;
const TLS_TPOFF32: u32 = 19;
const GLOB_DAT: u32 = 21;
const JUMP_SLOT: u32 = 22;
const RELATIVE: u32 = 23;

fn planned(spec: &Spec) -> LoadPlan {
    plan(&spec.build(), &LIMITS).unwrap()
}

fn program(spec: &Spec) -> Program {
    planned(spec).program.unwrap()
}

fn refused(spec: &Spec) -> LoadError {
    plan(&spec.build(), &LIMITS).unwrap_err()
}

fn relocations(plan: &LoadPlan) -> Vec<(u32, Value)> {
    plan.relocations.iter().map(|Relocation { vaddr, value }| (u32::try_from(vaddr).unwrap(), value)).collect()
}

#[test]
fn a_plan_says_what_to_map() {
    let plan = planned(&Spec::default());
    let program = plan.program.unwrap();
    assert_eq!((program.entry, plan.span), (u64::from(ENTRY), 0x5000));
    assert_eq!((program.head, plan.uuid), (head(), head().uuid));
    assert_eq!((program.flags, program.limits), (TaFlags::MULTI_SESSION, None));
    assert_eq!((plan.phdr_info, plan.init_fini_info, plan.name, plan.tls_len), (None, None, None, 0));
    assert!(plan.relocations.is_empty() && plan.imports.is_empty() && plan.needed.is_empty());
    let [text, data] = plan.segments.try_into().unwrap();
    assert_eq!((text.page_start, text.pages, text.vaddr, text.rights), (0, 1, 0, Rights::ReadExecute));
    assert_eq!(text.file.start, TEXT_OFFSET as usize);
    assert_eq!((data.page_start, data.pages, data.vaddr, data.rights), (u64::from(DATA), 1, u64::from(DATA), Rights::ReadWrite));
    assert_eq!(data.file.start, DATA_OFFSET as usize);
    assert_eq!(data.mem_len, data.file.len() as u64 + u64::from(BSS));
    assert!(!text.relocated && !data.relocated);
}

#[test]
fn the_thumb_bit_of_the_entry_is_kept() {
    assert_eq!(program(&Spec { entry: ENTRY | 1, ..Spec::default() }).entry, u64::from(ENTRY | 1));
}

#[test]
fn the_header_is_found_by_symbol_with_any_hash_table() {
    let symbols = vec![
        ("alpha", Def::Image(4)),
        ("beta", Def::Undefined),
        ("gamma", Def::Image(8)),
        ("ta_head", Def::Image(WORDS)),
        ("ta_head2", Def::Image(0)),
        ("zeta", Def::UndefinedWeak),
    ];
    for hash in [Hash::Gnu, Hash::SysV, Hash::Both, Hash::None] {
        let spec = Spec { hash, head_at: WORDS, symbols: symbols.clone(), sections: false, ..Spec::default() };
        assert_eq!(program(&spec).head, head(), "{hash:?}");
    }
}

#[test]
fn the_header_is_found_by_section_and_else_at_the_start() {
    let symbols = vec![("other", Def::Image(4))];
    let spec = Spec { head_at: WORDS, symbols: symbols.clone(), ..Spec::default() };
    assert_eq!(program(&spec).head, head());
    let spec = Spec { head_at: 0, symbols, sections: false, ..Spec::default() };
    assert_eq!(program(&spec).head, head());
}

#[test]
fn an_undefined_symbol_is_no_header() {
    for hash in [Hash::Gnu, Hash::SysV, Hash::None] {
        let symbols = vec![("ta_head", Def::UndefinedAt(WORDS))];
        let spec = Spec { hash, symbols, head_at: WORDS, sections: false, ..Spec::default() };
        // The zeros at address 0 are then taken for the header, and are none.
        assert!(matches!(refused(&spec), LoadError::Head(_)), "{hash:?}");
    }
}

#[test]
fn every_symbol_of_a_chain_is_found() {
    let symbols = vec![
        ("ta_head", Def::Image(0)),
        ("oxtee_ta_limits", Def::Image(WORDS)),
        ("__elf_phdr_info", Def::Image(WORDS + 16)),
        ("__init_fini_info", Def::Image(WORDS + 32)),
    ];
    for hash in [Hash::Gnu, Hash::SysV, Hash::None] {
        let words = [TaLimits { time_limit_ms: 1, abandoned_limit: 0 }.words(0).to_vec(), vec![0; 12]].concat();
        let plan = planned(&Spec { hash, words, symbols: symbols.clone(), ..Spec::default() });
        assert_eq!(plan.program.unwrap().limits, Some(TaLimits { time_limit_ms: 1, abandoned_limit: 0 }), "{hash:?}");
        assert_eq!(plan.phdr_info, Some(u64::from(WORDS + 16)), "{hash:?}");
        assert_eq!(plan.init_fini_info, Some(u64::from(WORDS + 32)), "{hash:?}");
    }
}

#[test]
fn limits_of_the_ta_are_read() {
    let symbols = vec![("ta_head", Def::Image(0)), ("oxtee_ta_limits", Def::Image(WORDS))];
    let words = TaLimits { time_limit_ms: 250, abandoned_limit: TaLimits::NEVER }.words(0).to_vec();
    let spec = Spec { symbols: symbols.clone(), words, ..Spec::default() };
    assert_eq!(program(&spec).limits, Some(TaLimits { time_limit_ms: 250, abandoned_limit: TaLimits::NEVER }));
    let spec = Spec { symbols, words: vec![0; 4], ..Spec::default() };
    assert_eq!(program(&spec).limits, None);
}

#[test]
fn rules_of_calls_are_read_and_wrong_ones_refused() {
    let limits = TaLimits { time_limit_ms: 5, abandoned_limit: 0 };
    let rule = |command| CallRule { function: EntryFunction::InvokeCommand, command, params: [ParamKinds::all(); 4], logins: Logins::USER };
    let rules = [rule(1), rule(2), rule(0xFFFF_FFFF)];
    let open = CallRule { function: EntryFunction::OpenSession, command: 0, ..rule(0) };
    let spec = |head: [u32; 4], rules: &[[u32; 4]]| {
        let symbols = vec![("ta_head", Def::Image(0)), ("oxtee_ta_limits", Def::Image(WORDS))];
        Spec { symbols, words: [&head[..], rules.as_flattened()].concat(), ..Spec::default() }
    };
    let words = rules.map(|rule| rule.words());
    let read = program(&spec(limits.words(3), &words));
    assert_eq!((read.limits, read.rules.as_slice()), (Some(limits), rules.as_slice()));
    let read = program(&spec(limits.words(2), &[open.words(), words[0]]));
    assert_eq!(read.rules.as_slice(), [open, rules[0]]);

    let is_wrong = |spec: &Spec| assert_eq!(refused(spec), HeadError::Limits.into());
    is_wrong(&spec(limits.words(2), &[words[1], words[0]]));
    is_wrong(&spec(limits.words(2), &[words[0], words[0]]));
    is_wrong(&spec(limits.words(1), &[[1, 0, 0, 0]]));
    is_wrong(&spec(limits.words(1), &[[2, 0, 0x10, 0]]));
    is_wrong(&spec(limits.words(1), &[[2, 0, 0, 8]]));
    is_wrong(&spec(limits.words(257), &words));
    is_wrong(&spec([TaLimits::MAGIC, 16, 0, 1], &words));
    // More than the segment has.
    is_wrong(&spec(limits.words(256), &words));
}

#[test]
fn relocations_of_every_kind_have_their_value() {
    let word = |n: u32| WORDS + 4 * n;
    let symbols = vec![
        ("ta_head", Def::Image(0)),
        ("there", Def::Image(0x44)),
        ("absolute", Def::Absolute(0x1_0000)),
        ("nowhere", Def::UndefinedWeak),
    ];
    let rel = vec![
        (0xFFFF_0000, NONE, "", None),
        (word(0), RELATIVE, "", None),
        (word(1), ABS32, "there", None),
        (word(2), ABS32, "absolute", None),
        (word(3), ABS32, "nowhere", None),
        (word(4), REL32, "there", None),
        (word(5), GLOB_DAT, "there", None),
        (word(7), ABS32, "", None),
    ];
    let plt = vec![(word(6), JUMP_SLOT, "there", None)];
    let words = vec![0x20, 3, 4, 0, 8, 0xBAD, 0xBAD, 0x24];
    let plan = planned(&Spec { symbols, rel, plt, words, ..Spec::default() });
    let mut found = relocations(&plan);
    found.sort_by_key(|(vaddr, _)| *vaddr);
    let distance = u64::from(0x44u32.wrapping_add(8).wrapping_sub(word(4)));
    let expected = [
        (word(0), Value::Relative(0x20)),
        (word(1), Value::Relative(0x47)),
        (word(2), Value::Absolute(0x1_0004)),
        (word(3), Value::Absolute(0)),
        (word(4), Value::Absolute(distance)),
        (word(5), Value::Relative(0x44)),
        (word(6), Value::Relative(0x44)),
        (word(7), Value::Relative(0x24)),
    ];
    assert_eq!(found, expected);
    assert_eq!(plan.relocations.len(), expected.len());
    assert_eq!(plan.segments.iter().map(|segment| segment.relocated).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn addends_of_their_own_replace_the_word() {
    let rel = vec![(WORDS, RELATIVE, "", Some(0x30)), (WORDS + 4, ABS32, "ta_head", Some(-4))];
    let plan = planned(&Spec { rel, words: vec![0xBAD, 0xBAD], ..Spec::default() });
    assert_eq!(relocations(&plan), [(WORDS, Value::Relative(0x30)), (WORDS + 4, Value::Relative(0xFFFF_FFFC))]);
}

#[test]
fn tables_that_only_sections_tell_of_are_read_once() {
    let rel = vec![(WORDS, RELATIVE, "", None)];
    let section_rel = vec![(WORDS + 4, RELATIVE, "", None)];
    let spec = Spec { rel, section_rel, words: vec![8, 12], ..Spec::default() };
    assert_eq!(relocations(&planned(&spec)), [(WORDS + 4, Value::Relative(12)), (WORDS, Value::Relative(8))]);
    assert_eq!(planned(&Spec { sections: false, ..spec }).relocations.len(), 1);
}

#[test]
fn words_in_zero_filled_memory_have_no_addend() {
    let spec = Spec { words: vec![7; 2], ..Spec::default() };
    let content_end = WORDS + 8;
    let last = content_end + BSS - 4;
    let rel = vec![(content_end - 2, RELATIVE, "", None), (content_end, RELATIVE, "", None), (last, RELATIVE, "", None)];
    let plan = planned(&Spec { rel, ..spec.clone() });
    // Of the first word the file holds the upper half of a 7, which is 0.
    assert_eq!(relocations(&plan).iter().map(|(_, value)| *value).collect::<Vec<_>>(), [Value::Relative(0); 3]);
    for outside in [last + 1, last + 4, DATA - 4, DATA - 1, 0xFFFF_FFFF] {
        let spec = Spec { rel: vec![(outside, RELATIVE, "", None)], ..spec.clone() };
        assert_eq!(refused(&spec), ElfError::RelocationTarget.into(), "{outside:#x}");
    }
}

#[test]
fn relocations_in_text_are_noted() {
    let plan = planned(&Spec { rel: vec![(ENTRY, RELATIVE, "", None)], ..Spec::default() });
    assert_eq!(plan.segments.iter().map(|segment| segment.relocated).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn relocations_that_cannot_be_carried_out_are_refused() {
    let symbols = vec![("ta_head", Def::Image(0)), ("missing_function", Def::Undefined), ("absolute", Def::Absolute(1))];
    let with = |kind, name| refused(&Spec { symbols: symbols.clone(), rel: vec![(WORDS, kind, name, None)], ..Spec::default() });
    let undefined = with(JUMP_SLOT, "missing_function");
    assert_eq!(undefined.to_string(), "ELF: undefined symbol missing_function");
    assert_eq!(undefined.code(), TeeError::BAD_FORMAT);
    assert_eq!(with(ABS32, "no symbol of the file"), ElfError::NoSymbol.into());
    assert_eq!(with(REL32, "absolute"), ElfError::RelativeToAbsolute.into());
    assert_eq!(with(TLS_TPOFF32, "ta_head"), ElfError::ThreadLocal.into());
    assert_eq!(with(28, "ta_head"), ElfError::RelocationKind(28).into());
}

#[test]
fn what_is_not_supported_is_said() {
    let error = refused(&Spec { needed: vec!["libc.so.6", "second"], ..Spec::default() });
    assert_eq!(error.to_string(), "ELF: needs the library libc.so.6, which is no UUID");
    assert_eq!(refused(&Spec { dynamic: vec![(36, WORDS)], ..Spec::default() }), ElfError::PackedRelocations.into());
    assert_eq!(refused(&Spec { dynamic: vec![(19, 12)], ..Spec::default() }), ElfError::EntrySize.into());
    assert_eq!(refused(&Spec { dynamic: vec![(11, 24)], ..Spec::default() }), ElfError::EntrySize.into());
    let rel = vec![(WORDS, RELATIVE, "", None)];
    assert_eq!(refused(&Spec { rel: rel.clone(), dynamic: vec![(18, 7)], ..Spec::default() }), ElfError::EntrySize.into());
    assert_eq!(refused(&Spec { rel, dynamic: vec![(17, 0x8000)], ..Spec::default() }), ElfError::RelocationTable.into());
}

/// Cuts the text segment in two within its page; the second part has these rights.
fn share_page(programs: &mut Vec<Phdr>, flags: u32) {
    let cut = 0x24;
    let text = programs[0];
    let len = text.filesz - cut;
    programs[0] = Phdr { filesz: cut, memsz: cut, ..text };
    programs.insert(1, Phdr { offset: text.offset + cut, vaddr: text.vaddr + cut, filesz: len, memsz: len, flags, ..text });
}

#[test]
fn segments_that_share_a_page_become_one() {
    let whole = planned(&Spec::default());
    let plan = planned(&Spec { edit: |p| share_page(p, PF_R), ..Spec::default() });
    assert_eq!(plan.segments, whole.segments);
    // A page of constants and a page of data: what is written to makes both writable.
    let edit: fn(&mut Vec<Phdr>) = |p| {
        let data = p[1];
        p[1] = Phdr { filesz: 0x200, memsz: 0x200, flags: PF_R, ..data };
        p.insert(
            2,
            Phdr { offset: data.offset + 0x200, vaddr: data.vaddr + 0x200, filesz: data.filesz - 0x200, memsz: data.memsz - 0x200, ..data },
        );
    };
    assert_eq!(planned(&Spec { edit, ..Spec::default() }).segments, whole.segments);
}

#[test]
fn a_ta_of_the_old_layout_is_entered_where_its_header_says() {
    let spec = Spec { entry: 0, head: TaHead { depr_entry: u64::from(ENTRY | 1), ..head() }, ..Spec::default() };
    let rel = vec![(24, RELATIVE, "", None)];
    let plan = planned(&Spec { rel: rel.clone(), ..spec.clone() });
    assert_eq!(plan.program.as_ref().unwrap().entry, u64::from(ENTRY | 1));
    assert_eq!(relocations(&plan), [(24, Value::Relative(u64::from(ENTRY | 1)))]);
    assert_eq!(plan.segments.iter().map(|segment| segment.relocated).collect::<Vec<_>>(), [true, false]);
    // Without a relocation it does not move with the image; and it must be code.
    assert_eq!(refused(&spec), HeadError::OldEntry.into());
    assert_eq!(
        refused(&Spec { head: TaHead { depr_entry: u64::from(WORDS), ..head() }, rel: rel.clone(), ..spec.clone() }),
        ElfError::Entry.into()
    );
    assert_eq!(
        refused(&Spec { head: TaHead { depr_entry: 1 << 32 | u64::from(ENTRY), ..head() }, rel, ..spec }),
        HeadError::OldEntry.into()
    );
}

#[test]
fn each_rule_about_segments_is_enforced() {
    type Edit = fn(&mut Vec<Phdr>);
    let cases: [(Edit, LoadError); 17] = [
        (|p| p[0].flags = PF_R | PF_W | PF_X, ElfError::Rights.into()),
        (|p| p[1].flags = PF_W, ElfError::Rights.into()),
        (|p| p[1].flags = PF_R | PF_W | PF_X, ElfError::Rights.into()),
        (|p| p[1].memsz = p[1].filesz - 1, ElfError::FileSize.into()),
        (|p| p[1].offset += 4, ElfError::Alignment.into()),
        (|p| p[1].align = 2048, ElfError::Alignment.into()),
        (|p| p[1].filesz = 0x10_0000, ElfError::FileSize.into()),
        (|p| (p[1].filesz, p[1].memsz) = (0x10_0000, 0x10_0000), ElfError::SegmentOutsideFile.into()),
        (|p| (p[1].vaddr, p[1].memsz) = (0xFFFF_F000, 0x2000), ElfError::SegmentWraps.into()),
        (|p| p[0].memsz = DATA + 1, ElfError::Overlap.into()),
        // Pages that would have to be writable and executable, or of two contents, or of zeros and content.
        (|p| share_page(p, PF_R | PF_W), ElfError::Rights.into()),
        (
            |p| {
                share_page(p, PF_R);
                p[1].offset += 0x1000;
            },
            ElfError::Overlap.into(),
        ),
        (
            |p| {
                share_page(p, PF_R);
                p[0].memsz += 4;
            },
            ElfError::Overlap.into(),
        ),
        (
            |p| {
                share_page(p, PF_R);
                p[0].filesz += 4;
                p[0].memsz += 4;
            },
            ElfError::Overlap.into(),
        ),
        (|p| p[1].memsz = 0x10_0000, LoadError::Memory),
        (|p| p.retain(|program| program.kind != common::PT_LOAD), ElfError::Empty.into()),
        (
            |p| {
                let page = Phdr { filesz: 0, memsz: 1, ..p[0] };
                p.extend((6..9).map(|n| Phdr { vaddr: n << 12, ..page }));
            },
            ElfError::TooManySegments.into(),
        ),
    ];
    for (index, (edit, error)) in cases.into_iter().enumerate() {
        assert_eq!(refused(&Spec { edit, ..Spec::default() }), error, "case {index}");
    }
}

#[test]
fn the_dynamic_section_must_be_content() {
    let edit: fn(&mut Vec<Phdr>) = |p| p[2].vaddr = 0x8000;
    assert_eq!(refused(&Spec { edit, ..Spec::default() }), ElfError::Dynamic.into());
    // Without one there is nothing to relocate, and the header is found by its section.
    let edit: fn(&mut Vec<Phdr>) = |p| p.truncate(2);
    assert!(planned(&Spec { edit, ..Spec::default() }).relocations.is_empty());
}

#[test]
fn the_file_header_is_checked() {
    let file = Spec::default().build();
    let with = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        plan(&file, &LIMITS).unwrap_err()
    };
    assert_eq!(with(0, 0), ElfError::NotElf.into());
    assert_eq!(with(4, 2), ElfError::Machine.into());
    assert_eq!(with(5, 2), ElfError::Machine.into());
    assert_eq!(with(6, 0), ElfError::Machine.into());
    assert_eq!(with(7, 9), ElfError::Abi.into());
    assert_eq!(with(16, 2), ElfError::NotDynamic.into());
    assert_eq!(with(18, 183), ElfError::Machine.into());
    assert_eq!(with(39, 4), ElfError::Abi.into());
    assert_eq!(with(42, 56), ElfError::ProgramHeaders.into());
    assert_eq!(with(29, 0x20), ElfError::ProgramHeaders.into());
    assert_eq!(with(45, 0xFF), ElfError::ProgramHeaders.into());
}

#[test]
fn the_entry_must_be_code() {
    for entry in [WORDS, 0x3000, 0xFFFF_FFFF] {
        assert_eq!(refused(&Spec { entry, ..Spec::default() }), ElfError::Entry.into());
    }
}

#[test]
fn each_rule_about_the_header_is_enforced() {
    let with = |head| refused(&Spec { head, ..Spec::default() });
    assert_eq!(with(TaHead { flags: 1 << 14, ..head() }), HeadError::UnknownFlag.into());
    assert_eq!(with(TaHead { flags: TaFlags::CONCURRENT.bits(), ..head() }), HeadError::Concurrent.into());
    assert_eq!(with(TaHead { stack_size: 0, ..head() }), HeadError::Stack.into());
    assert_eq!(with(TaHead { stack_size: 4100, ..head() }), HeadError::Stack.into());
    assert_eq!(with(TaHead { stack_size: 0xFFFF_FFF8, ..head() }), LoadError::Memory);
    let outside = Spec { symbols: vec![("ta_head", Def::Image(WORDS + 64 - 16))], ..Spec::default() };
    assert_eq!(refused(&outside), HeadError::Missing.into());
    // Flags that once meant something do no harm.
    let plan = planned(&Spec { head: TaHead { flags: 0x43 | TaFlags::SINGLE_INSTANCE.bits(), ..head() }, ..Spec::default() });
    assert_eq!(plan.program.unwrap().flags, TaFlags::SINGLE_INSTANCE);
}

#[test]
fn limits_of_the_caller_hold() {
    let rel: Vec<common::Rel> = (0..16).map(|n| (WORDS + 4 * n, RELATIVE, "", None)).collect();
    let file = Spec { rel, ..Spec::default() }.build();
    assert!(plan(&file, &Limits { relocations: 16, ..LIMITS }).is_ok());
    assert_eq!(plan(&file, &Limits { relocations: 15, ..LIMITS }).unwrap_err(), LoadError::Memory);
    assert!(plan(&file, &Limits { memory: 0x5000 + 4096, ..LIMITS }).is_ok());
    assert_eq!(plan(&file, &Limits { memory: 0x5000 + 4095, ..LIMITS }).unwrap_err(), LoadError::Memory);
    assert_eq!(LoadError::Memory.code(), TeeError::OUT_OF_MEMORY);
}

#[test]
fn objects_for_the_loader_must_be_writable() {
    let symbols = |at| vec![("ta_head", Def::Image(0)), ("__elf_phdr_info", Def::Image(at)), ("__init_fini_info", Def::Image(at))];
    let dynamic = vec![(25, WORDS + 32), (27, 8), (26, WORDS + 40), (28, 4)];
    let plan = planned(&Spec { symbols: symbols(WORDS), dynamic, ..Spec::default() });
    assert_eq!((plan.phdr_info, plan.init_fini_info), (Some(u64::from(WORDS)), Some(u64::from(WORDS))));
    assert_eq!(plan.headers, Headers { vaddr: None, file: 52..52 + 3 * 32, count: 3 });
    assert_eq!(plan.init, u64::from(WORDS + 32)..u64::from(WORDS + 40));
    assert_eq!(plan.fini, u64::from(WORDS + 40)..u64::from(WORDS + 44));
    assert!(plan.segments[1].relocated);
    assert_eq!(refused(&Spec { symbols: symbols(0x20), ..Spec::default() }), ElfError::LoaderObject.into());
    assert_eq!(refused(&Spec { symbols: symbols(0x9000), ..Spec::default() }), ElfError::LoaderObject.into());
}

#[test]
fn program_headers_that_are_loaded_are_found_in_memory() {
    let symbols = vec![("ta_head", Def::Image(WORDS)), ("__elf_phdr_info", Def::Image(WORDS + 48))];
    let edit: fn(&mut Vec<Phdr>) = |p| {
        p.insert(0, Phdr { kind: common::PT_LOAD, offset: 0, vaddr: 0x8000, filesz: 0x200, memsz: 0x200, flags: PF_R, align: 4096 });
    };
    let plan = planned(&Spec { symbols, head_at: WORDS, edit, ..Spec::default() });
    assert_eq!(plan.headers.vaddr, Some(0x8000 + 52));
    assert_eq!(plan.segments[2].rights, Rights::Read);
}

#[test]
fn a_chain_that_runs_in_a_circle_ends() {
    let symbols = vec![("aa", Def::Image(0)), ("bb", Def::Image(4)), ("cc", Def::Image(8))];
    let file = Spec { hash: Hash::SysV, symbols, ..Spec::default() }.build();
    // The table reads: 2 buckets, 4 symbols, buckets, chains. Let every bucket and chain be symbol 1.
    let header = [2u32, 4].map(u32::to_le_bytes).concat();
    let at = file.windows(8).position(|window| window == header).unwrap();
    let mut file = file;
    for word in 2..8 {
        file[at + 4 * word..at + 4 * word + 4].copy_from_slice(&1u32.to_le_bytes());
    }
    assert_eq!(plan(&file, &LIMITS).unwrap().program.unwrap().head, head());
}
