// SPDX-License-Identifier: BSD-2-Clause
//! The planner on files that are nearly right: never a panic, and no plan that breaks its promises.

mod common;

use common::{Def, Hash, Spec, WORDS};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;
use ta_loader::link::{Module, link, lookup};
use ta_loader::plan::{PAGE, Rights};
use ta_loader::{Limits, LoadPlan, plan};

const LIMITS: Limits = Limits { memory: 1 << 20, segments: 8, relocations: 256 };

const LIBRARY: &str = "ffd2bded-ab7d-4988-95ee-e4962fff7154";

/// A TA, or a library that needs another one.
fn valid(hash: Hash, is_library: bool, wide: bool) -> Vec<u8> {
    let symbols = vec![
        ("ta_head", Def::Image(0)),
        ("__elf_phdr_info", Def::Image(WORDS)),
        ("__init_fini_info", Def::Image(WORDS + 12)),
        ("oxtee_ta_limits", Def::Image(WORDS + 24)),
        ("function", Def::Image(0x24)),
        ("weak", Def::UndefinedWeak),
    ];
    // Relative, absolute, of a symbol alone, distance; then the kinds of the procedure linkage table and of thread-local storage.
    let kinds: [u32; 7] = if wide { [1027, 257, 1025, 260, 1026, 1028, 1030] } else { [23, 2, 21, 3, 22, 17, 18] };
    let size = if wide { 8 } else { 4 };
    let word = |n: u32| WORDS + size * n;
    let rel = (0..12).map(|n| (word(n), kinds[n as usize % 4], if n % 4 == 0 { "" } else { "function" }, None)).collect();
    let section_rel = vec![(word(15), kinds[1], "weak", None)];
    let spec = Spec { wide, hash, symbols, rel, section_rel, plt: vec![(word(14), kinds[4], "function", None)], ..Spec::default() };
    if is_library {
        let rel = [spec.rel.clone(), vec![(word(12), kinds[5], "thread", None), (word(13), kinds[6], "thread", None)]].concat();
        let symbols = [spec.symbols[1..].to_vec(), vec![("thread", Def::Tls(4)), ("other", Def::Undefined)]].concat();
        return Spec { rel, symbols, needed: vec![LIBRARY], soname: Some(LIBRARY), ..spec }.build();
    }
    spec.build()
}

/// A change of a file: where, with a bias to the parts that say something, and to what.
fn change() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let word = prop_oneof![
        any::<u32>(),
        (0u32..64),
        any::<u32>().prop_map(|value| value % 0x6000),
        any::<u32>().prop_map(|value| u32::MAX - value % 64),
        (0u32..32).prop_map(|bit| 1 << bit),
    ];
    let bytes = prop_oneof![any::<u8>().prop_map(|byte| vec![byte]), word.prop_map(|word| word.to_le_bytes().to_vec())];
    let at = prop_oneof![(0usize..240), (0x1000usize..0x1400), (0x3000usize..0x3300), any::<usize>()];
    (at, bytes)
}

fn check(plan: &LoadPlan, file: &[u8]) {
    let mut end = 0;
    for segment in &plan.segments {
        assert!(segment.page_start >= end && segment.page_start % PAGE == 0);
        end = segment.page_start + segment.pages * PAGE;
        assert!(segment.vaddr >= segment.page_start && segment.vaddr + segment.mem_len <= end);
        assert!(segment.file.end <= file.len() && segment.file.len() as u64 <= segment.mem_len);
    }
    assert_eq!(plan.span, end);
    let stack = plan.program.as_ref().map_or(0, |program| program.head.stack_size);
    assert!(plan.span + u64::from(stack) <= LIMITS.memory);
    let inside = |vaddr: u64, len: u64, rights: Option<Rights>| {
        let holds = |segment: &&ta_loader::plan::Segment| vaddr >= segment.vaddr && vaddr + len <= segment.vaddr + segment.mem_len;
        plan.segments.iter().find(holds).is_some_and(|segment| rights.is_none_or(|rights| segment.rights == rights))
    };
    assert!(plan.relocations.len() <= LIMITS.relocations);
    for relocation in &plan.relocations {
        assert!(inside(relocation.vaddr, plan.machine.address_size() as u64, None));
    }
    for import in &plan.imports {
        assert!(inside(import.vaddr, plan.machine.address_size() as u64, None));
    }
    if let Some(program) = &plan.program {
        assert!(inside(program.entry & !1, 2, Some(Rights::ReadExecute)));
    }
    for object in plan.phdr_info.into_iter().chain(plan.init_fini_info) {
        assert!(inside(object, 12, Some(Rights::ReadWrite)));
    }
    // Whatever the others are, linking with them comes to an end.
    let module = Module { elf: file, plan, base: 0x10_0000 };
    for index in 0..2 {
        let _ = link(&[module, module], index);
    }
    let _ = lookup(&[module, module], Some(1), b"function");
}

#[test]
fn every_prefix_of_a_file_is_planned_or_refused() {
    for (is_library, wide) in [(false, false), (true, false), (false, true), (true, true)] {
        let file = valid(Hash::Both, is_library, wide);
        assert!(plan(&file, &LIMITS).is_ok());
        for len in 0..file.len() {
            if let Ok(plan) = plan(&file[..len], &LIMITS) {
                check(&plan, &file[..len]);
            }
        }
    }
}

#[test]
fn every_changed_bit_of_what_is_not_padding_is_planned_or_refused() {
    for wide in [false, true] {
        let original = valid(Hash::Gnu, true, wide);
        for at in (0..240).chain(0x1000..0x1400).chain(0x3000..original.len()) {
            for bit in 0..8 {
                let mut file = original.clone();
                file[at] ^= 1 << bit;
                if let Ok(plan) = plan(&file, &LIMITS) {
                    check(&plan, &file);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: if cfg!(miri) { 8 } else { 4000 }, failure_persistence: None, ..Config::default() })]

    #[test]
    fn changed_files_are_planned_or_refused(
        hash in prop_oneof![Just(Hash::Gnu), Just(Hash::SysV), Just(Hash::None)],
        is_library in any::<bool>(),
        wide in any::<bool>(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let mut file = valid(hash, is_library, wide);
        for (at, bytes) in changes {
            let at = at % (file.len() - bytes.len());
            file[at..at + bytes.len()].copy_from_slice(&bytes);
        }
        if let Ok(plan) = plan(&file, &LIMITS) {
            check(&plan, &file);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_planned(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = plan(&bytes, &LIMITS);
        let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x28\0".to_vec();
        file.extend(&bytes);
        if let Ok(plan) = plan(&file, &LIMITS) {
            check(&plan, &file);
        }
        (file[4], file[18]) = (2, 183);
        if let Ok(plan) = plan(&file, &LIMITS) {
            check(&plan, &file);
        }
    }
}
