// SPDX-License-Identifier: BSD-2-Clause
//! TAs with libraries: loaded with them, opened later, refused, told of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tee_core::Tee;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, signed};
use tee_core::testing::modules::{Module, WORDS};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use utee_abi::param::{ParamType, ParamTypes, UteeParams};
use utee_abi::pta::system::{self, Command};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::ta_objects::{InitFiniLayout, PhdrInfoLayout};
use utee_abi::uuid::Uuid;

const TA: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const FIRST: Uuid = Uuid::new(5, 6, 7, [8; 8]);
const SECOND: Uuid = Uuid::new(9, 10, 11, [12; 8]);
const THIRD: Uuid = Uuid::new(13, 14, 15, [16; 8]);

const DLOPEN: u64 = system::DLOPEN_NOW | system::DLOPEN_GLOBAL | system::DLOPEN_NODELETE;

/// Where a word of the TA stands.
fn word(ta: &Ta, index: u64) -> u64 {
    ta.base() + u64::from(WORDS) + 4 * index
}

fn boot(files: &[(Uuid, Vec<u8>)]) -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let images: Vec<_> = files.iter().map(|(uuid, file)| (*uuid, signed(uuid, file))).collect();
    let tee = FakePlatform::boot(&images, 2);
    let world = NormalWorld::new(Arc::clone(&tee));
    (tee, world)
}

/// Opens the TA and has it do this; gives the result of the command, after which nothing is left.
fn run(tee: &Arc<Tee<FakePlatform>>, world: &mut NormalWorld, script: impl Fn(&mut Ta) -> u32 + Send + Sync + 'static) -> u32 {
    tee.platform.scripts().set(&TA, move |ta| if ta.function() == EntryFunction::InvokeCommand { script(ta) } else { 0 });
    let opened = world.open(&TA, &[]);
    assert_eq!(opened.header.ret, 0);
    let result = world.invoke(opened.header.session, 0, &[]).header.ret;
    world.close(opened.header.session);
    assert_eq!((tee.platform.pages_used(), tee.registry.usage()), (0, (0, 0)));
    result
}

fn refused(world: &mut NormalWorld, tee: &Arc<Tee<FakePlatform>>) -> u32 {
    let result = world.open(&TA, &[]).header.ret;
    assert_eq!((tee.platform.pages_used(), tee.registry.usage()), (0, (0, 0)));
    result
}

/// A session with the system pseudo-TA.
fn open_system(ta: &mut Ta) -> u64 {
    let (name, session) = (ta.scratch(0), ta.scratch(1));
    ta.write(name, &system::UUID.to_memory());
    assert_eq!(ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, session, 0]), 0);
    ta.word(session).into()
}

fn invoke(ta: &mut Ta, session: u64, command: Command, types: [ParamType; 4], cells: [[u64; 2]; 4]) -> (u32, UteeParams) {
    let at = ta.scratch(2);
    ta.write(at, &UteeParams { types: ParamTypes::new(types), cells }.to_bytes());
    let code = ta.syscall(Syscall::InvokeTaCommand, &[session, 0xFFFF_FFFF, u32::from(command).into(), at, 0]);
    let mut bytes = [0; UteeParams::SIZE];
    ta.read(at, &mut bytes);
    (code, UteeParams::from_bytes(&bytes).unwrap())
}

fn dlopen(ta: &mut Ta, system: u64, uuid: Uuid, flags: u64) -> u32 {
    let name = ta.scratch(0);
    ta.write(name, &uuid.to_memory());
    let types = [ParamType::MemrefInput, ParamType::ValueInput, ParamType::None, ParamType::None];
    invoke(ta, system, Command::DlOpen, types, [[name, 16], [flags, 0], [0; 2], [0; 2]]).0
}

fn dlsym(ta: &mut Ta, system: u64, uuid: Uuid, symbol: &str) -> Result<u64, u32> {
    let (name, text) = (ta.scratch(0), ta.scratch(1));
    ta.write(name, &uuid.to_memory());
    ta.write(text, symbol.as_bytes());
    ta.write(text + symbol.len() as u64, &[0]);
    let types = [ParamType::MemrefInput, ParamType::MemrefInput, ParamType::ValueOutput, ParamType::None];
    let (code, params) = invoke(ta, system, Command::DlSym, types, [[name, 16], [text, symbol.len() as u64 + 1], [0; 2], [0; 2]]);
    if code == 0 { Ok(params.cells[2][0] << 32 | params.cells[2][1]) } else { Err(code) }
}

/// The value behind the address in a word.
fn behind(ta: &Ta, word: u64) -> u32 {
    ta.word(ta.word(word).into())
}

#[test]
fn a_ta_is_loaded_with_what_it_needs() {
    // The second library needs the first one, which needs the second: each is loaded once.
    let ta = Module { needed: &[FIRST], words: &[("mine", 1)], taken: &["one", "two", "both"], ..Module::default() };
    let first = Module { needed: &[SECOND, TA], words: &[("one", 11), ("both", 12)], ..Module::default() };
    let second = Module { needed: &[FIRST], words: &[("two", 21), ("both", 22)], taken: &["mine"], ..Module::default() };
    let (tee, mut world) = boot(&[(TA, ta.ta(&TA, TaFlags::empty())), (FIRST, first.library(&FIRST)), (SECOND, second.library(&SECOND))]);
    let result = run(&tee, &mut world, |ta| {
        let values = [1, 2, 3].map(|index| behind(ta, word(ta, index)));
        // The second library writes through its pointer where the TA reads.
        let two = u64::from(ta.word(word(ta, 2)));
        let mine = u64::from(ta.word(two + 8));
        u32::from(values != [11, 21, 12] || mine != word(ta, 0))
    });
    assert_eq!(result, 0);
}

#[test]
fn a_ta_whose_libraries_are_not_right_is_not_loaded() {
    let ta = Module { needed: &[FIRST], ..Module::default() }.ta(&TA, TaFlags::empty());
    let (tee, mut world) = boot(&[(TA, ta.clone())]);
    assert_eq!(refused(&mut world, &tee), TeeError::ITEM_NOT_FOUND.raw(), "absent");
    let (tee, mut world) = boot(&[(TA, ta.clone()), (FIRST, elf(&FIRST, TaFlags::empty(), 4096))]);
    assert_eq!(refused(&mut world, &tee), TeeError::BAD_FORMAT.raw(), "a TA");
    let (tee, mut world) = boot(&[(TA, ta.clone()), (FIRST, Module::default().library(&SECOND))]);
    assert_eq!(refused(&mut world, &tee), TeeError::SECURITY.raw(), "named otherwise than it is signed");
    let missing = Module { taken: &["missing"], ..Module::default() }.library(&FIRST);
    let (tee, mut world) = boot(&[(TA, ta.clone()), (FIRST, missing)]);
    assert_eq!(refused(&mut world, &tee), TeeError::BAD_FORMAT.raw(), "wants a symbol that nobody has");
    let mut forged = signed(&FIRST, &Module::default().library(&FIRST));
    *forged.last_mut().unwrap() ^= 1;
    let tee = FakePlatform::boot(&[(TA, signed(&TA, &ta)), (FIRST, forged)], 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    assert_eq!(refused(&mut world, &tee), TeeError::SECURITY.raw(), "forged");
}

#[test]
fn a_chain_of_libraries_ends() {
    let uuid = |n: usize| Uuid::new(100 + n as u32, 0, 0, [0; 8]);
    let chain = |len: usize| {
        let mut files = vec![(TA, Module { needed: &[uuid(1)], ..Module::default() }.ta(&TA, TaFlags::empty()))];
        files.extend((1..len).map(|n| (uuid(n), Module { needed: &[uuid(n + 1)], ..Module::default() }.library(&uuid(n)))));
        files.push((uuid(len), Module::default().library(&uuid(len))));
        boot(&files)
    };
    let (tee, mut world) = chain(ta_loader::plan::MAX_LIBRARIES);
    assert_eq!(run(&tee, &mut world, |_| 0), 0);
    let (tee, mut world) = chain(ta_loader::plan::MAX_LIBRARIES + 1);
    assert_eq!(refused(&mut world, &tee), TeeError::OUT_OF_MEMORY.raw());
}

#[test]
fn a_crash_dump_says_where_libraries_are() {
    let ta = Module { needed: &[FIRST], taken: &["one"], ..Module::default() };
    let first = Module { words: &[("one", 11)], ..Module::default() };
    let (tee, mut world) = boot(&[(TA, ta.ta(&TA, TaFlags::empty())), (FIRST, first.library(&FIRST))]);
    let at = Arc::new(AtomicU64::new(0));
    let noted = Arc::clone(&at);
    let result = run(&tee, &mut world, move |ta| {
        noted.store(u64::from(ta.word(word(ta, 0))) - u64::from(WORDS), Ordering::SeqCst);
        ta.syscall(Syscall::Panic, &[1, 0])
    });
    assert_eq!(result, TeeError::TARGET_DEAD.raw());
    let line = format!("dump: lib {FIRST} load {:x}", at.load(Ordering::SeqCst));
    assert!(tee.platform.printed().contains(&line), "{line}");
}

#[test]
fn a_library_is_no_ta() {
    let (tee, mut world) = boot(&[(TA, Module::default().library(&TA))]);
    assert_eq!(refused(&mut world, &tee), TeeError::BAD_FORMAT.raw());
}

#[test]
fn a_library_is_opened_while_the_ta_runs() {
    let ta = Module { words: &[("mine", 7)], ..Module::default() };
    let first = Module { needed: &[SECOND], words: &[("one", 11)], taken: &["mine", "two"], ..Module::default() };
    let second = Module { words: &[("two", 21), ("mine", 22)], ..Module::default() };
    let broken = Module { taken: &["nobody has this"], ..Module::default() };
    let (tee, mut world) = boot(&[
        (TA, ta.ta(&TA, TaFlags::empty())),
        (FIRST, first.library(&FIRST)),
        (SECOND, second.library(&SECOND)),
        (THIRD, broken.library(&THIRD)),
    ]);
    let code = |error: TeeError| error.raw();
    let result = run(&tee, &mut world, move |ta| {
        let system = open_system(ta);
        assert_eq!(dlsym(ta, system, FIRST, "one"), Err(code(TeeError::ITEM_NOT_FOUND)), "not open yet");
        assert_eq!(dlsym(ta, system, Uuid::NIL, "mine"), Ok(word(ta, 0)));
        assert_eq!(dlopen(ta, system, FIRST, DLOPEN & !system::DLOPEN_GLOBAL), code(TeeError::BAD_PARAMETERS));
        assert_eq!(dlopen(ta, system, Uuid::new(0, 0, 0, [1; 8]), DLOPEN), code(TeeError::ITEM_NOT_FOUND));
        // Nothing is left of a library that cannot be linked, so that its turn may come later.
        for _ in 0..40 {
            assert_eq!(dlopen(ta, system, THIRD, DLOPEN), code(TeeError::BAD_FORMAT));
        }
        for uuid in [FIRST, FIRST, SECOND, TA, Uuid::NIL] {
            assert_eq!(dlopen(ta, system, uuid, DLOPEN), 0);
        }
        let one = dlsym(ta, system, FIRST, "one").unwrap();
        assert_eq!((ta.word(one), behind(ta, one + 4), behind(ta, one + 8)), (11, 7, 21));
        assert_eq!(dlsym(ta, system, Uuid::NIL, "one"), Ok(one));
        // In the library itself first, then in the TA and the others in turn.
        let mine = dlsym(ta, system, SECOND, "mine").unwrap();
        assert_eq!(ta.word(mine), 22);
        assert_eq!(dlsym(ta, system, FIRST, "mine"), Ok(word(ta, 0)));
        assert_eq!(dlsym(ta, system, FIRST, "three"), Err(code(TeeError::ITEM_NOT_FOUND)));
        0
    });
    assert_eq!(result, 0);
}

#[test]
fn parameters_of_dlopen_and_dlsym_are_claims() {
    let (tee, mut world) = boot(&[(TA, Module::default().ta(&TA, TaFlags::empty())), (FIRST, Module::default().library(&FIRST))]);
    let result = run(&tee, &mut world, |ta| {
        let system = open_system(ta);
        let bad = TeeError::BAD_PARAMETERS.raw();
        let name = ta.scratch(0);
        let (memref, value, none) = (ParamType::MemrefInput, ParamType::ValueInput, ParamType::None);
        let open = [memref, value, none, none];
        assert_eq!(invoke(ta, system, Command::DlOpen, open, [[name, 15], [DLOPEN, 0], [0; 2], [0; 2]]).0, bad);
        assert_eq!(invoke(ta, system, Command::DlOpen, open, [[0, 0], [DLOPEN, 0], [0; 2], [0; 2]]).0, bad);
        assert_eq!(invoke(ta, system, Command::DlOpen, [memref, none, none, none], [[name, 16], [0; 2], [0; 2], [0; 2]]).0, bad);
        ta.write(name, &[0; 16]);
        let sym = [memref, memref, ParamType::ValueOutput, none];
        assert_eq!(invoke(ta, system, Command::DlSym, sym, [[name, 16], [0, 0], [0; 2], [0; 2]]).0, bad);
        // A name of the stack's length, without an end.
        let text = ta.scratch(7);
        ta.write(text, &[b'x'; 1024]);
        assert_eq!(invoke(ta, system, Command::DlSym, sym, [[name, 16], [text, 1024], [0; 2], [0; 2]]).0, bad);
        let not_found = TeeError::ITEM_NOT_FOUND.raw();
        assert_eq!(invoke(ta, system, Command::DlSym, sym, [[name, 16], [text, 8], [0; 2], [0; 2]]).0, not_found);
        assert_eq!(
            invoke(ta, system, Command::DlSym, sym, [[name, 16], [0xFFFF_F000, 8], [0; 2], [0; 2]]).0,
            TeeError::ACCESS_DENIED.raw()
        );
        0
    });
    assert_eq!(result, 0);
}

/// One entry of `__elf_phdr_info`.
fn entry(ta: &Ta, array: u64, index: u64, field: usize) -> u64 {
    ta.word(array + index * PhdrInfoLayout::A32.entry_size as u64 + field as u64).into()
}

#[test]
fn a_ta_is_told_of_its_modules() {
    // The object is in the library, as it is when the framework is linked into one.
    let ta = Module { needed: &[FIRST], words: &[("mine", 1)], taken: &["__elf_phdr_info"], has_tls: true };
    let words: &[(&str, u32)] = &[("__elf_phdr_info", 0), ("b", 0), ("c", 0)];
    let first = Module { words, ..Module::default() };
    let second = Module { words: &[("two", 2)], has_tls: true, ..Module::default() };
    let (tee, mut world) = boot(&[(TA, ta.ta(&TA, TaFlags::empty())), (FIRST, first.library(&FIRST)), (SECOND, second.library(&SECOND))]);
    let result = run(&tee, &mut world, |ta| {
        let object = u64::from(ta.word(word(ta, 1)));
        assert_eq!(ta.word(word(ta, 2)), 1, "id of the TA's thread-local storage");
        let check = |ta: &Ta, count: u32| {
            assert_eq!(ta.word(object + PhdrInfoLayout::A32.count as u64) & 0xFFFF, count);
            let array = u64::from(ta.word(object + PhdrInfoLayout::A32.array as u64));
            let bases: Vec<u64> = (0..count.into()).map(|index| entry(ta, array, index, PhdrInfoLayout::A32.entry_addr)).collect();
            assert_eq!(bases[0], ta.base());
            assert_eq!(bases[1] + u64::from(WORDS), object);
            for index in 0..u64::from(count) {
                let headers = entry(ta, array, index, PhdrInfoLayout::A32.entry_phdr);
                assert_eq!((ta.word(headers), ta.word(headers + 32)), (1, 1), "two PT_LOAD come first");
                assert_eq!(entry(ta, array, index, PhdrInfoLayout::A32.entry_phnum) & 0xFFFF, if index == 1 { 3 } else { 4 });
                assert_eq!(entry(ta, array, index, PhdrInfoLayout::A32.entry_adds), count.into());
                let tls = if index == 1 { 0 } else { index + 1 };
                assert_eq!(entry(ta, array, index, PhdrInfoLayout::A32.entry_tls_module), tls);
                let mut name = [0; 36];
                let at = entry(ta, array, index, PhdrInfoLayout::A32.entry_name);
                match index {
                    0 => assert_eq!(ta.word(at) & 0xFF, 0),
                    1 | 2 => {
                        ta.read(at, &mut name);
                        assert_eq!(name, *[FIRST, SECOND][index as usize - 1].to_string().as_bytes());
                    }
                    _ => unreachable!("three modules"),
                }
            }
            entry(ta, array, 0, PhdrInfoLayout::A32.entry_phdr)
        };
        let headers = check(ta, 2);
        let system = open_system(ta);
        assert_eq!(dlopen(ta, system, SECOND, DLOPEN), 0);
        assert_eq!(check(ta, 3), headers, "what was told before holds");
        let two = dlsym(ta, system, SECOND, "two").unwrap();
        assert_eq!(ta.word(two + 4), 3, "id of the library's thread-local storage");
        0
    });
    assert_eq!(result, 0);
}

#[test]
fn a_ta_of_an_old_framework_is_told_of_functions_and_keeps_its_notes() {
    let words: &[(&str, u32)] = &[("__init_fini_info", 0), ("b", 0), ("c", 0)];
    let ta = Module { words, ..Module::default() }.ta(&TA, TaFlags::empty());
    let (tee, mut world) = boot(&[(TA, ta), (FIRST, Module::default().library(&FIRST))]);
    let result = run(&tee, &mut world, |ta| {
        let array = |ta: &Ta| u64::from(ta.word(word(ta, 0) + InitFiniLayout::A32.array as u64));
        let flags = |ta: &Ta, index: u64| ta.word(array(ta) + index * InitFiniLayout::A32.entry_size as u64);
        assert_eq!(ta.word(word(ta, 0) + InitFiniLayout::A32.count as u64), 1);
        assert_eq!((flags(ta, 0), ta.word(array(ta) + 4)), (InitFiniLayout::VALID, 0));
        let first = array(ta);
        ta.write(first, &(InitFiniLayout::VALID | InitFiniLayout::HAS_RUN).to_le_bytes());
        let system = open_system(ta);
        assert_eq!(dlopen(ta, system, FIRST, DLOPEN), 0);
        assert_eq!(ta.word(word(ta, 0) + InitFiniLayout::A32.count as u64), 2);
        assert_eq!((flags(ta, 0), flags(ta, 1)), (InitFiniLayout::VALID | InitFiniLayout::HAS_RUN, InitFiniLayout::VALID));
        0
    });
    assert_eq!(result, 0);
}
