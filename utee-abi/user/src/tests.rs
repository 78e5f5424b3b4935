// SPDX-License-Identifier: BSD-2-Clause
//! Each wrapper makes the system call it stands for, with its arguments in order.

use crate::cancellation::{self, Mask};
use crate::digest::{Algorithm, Digest};
use crate::fake::{self, Call};
use crate::memory::{AccessFlags, CacheOperation};
use crate::params::{RawParams, Value};
use crate::property::{self, Constant, Enumerator, Property, Set};
use crate::raw::Word;
use crate::session::{Argument, Failure, Session};
use crate::system::{Mapping, Sharing};
use crate::{Origin, TeeError, Uuid, memory, random, system, time, trace};
use std::cell::RefCell;
use std::rc::Rc;
use std::string::ToString;
use std::vec;
use std::vec::Vec;
use utee_abi::param::{ParamType, ParamTypes};
use utee_abi::pta::system as pta;
use utee_abi::sysnum::Syscall;
use utee_abi::time::TeeTime;

/// Numbers of the calls, and their arguments that are no addresses.
fn made(plain: &[usize]) -> Vec<(Syscall, Vec<usize>)> {
    let pick = |call: Call| (call.number, plain.iter().filter_map(|index| call.args.get(*index).copied()).collect());
    fake::calls().into_iter().map(pick).collect()
}

/// Writes a u32 where the kernel would.
fn put(word: Word, value: u32) {
    // SAFETY: the wrapper under test passes a pointer to a u32.
    unsafe { word.pointer::<u32>().write(value) };
}

#[test]
fn times_come_from_their_category() {
    fake::on(Syscall::GetTime, |args| {
        // SAFETY: the wrapper passes eight bytes.
        unsafe { args[1].pointer::<[u8; 8]>().write(TeeTime { seconds: 10 + args[0].value() as u32, millis: 5 }.to_bytes()) };
        if args[0].value() == 1 { TeeError::TIME_NOT_SET.raw() } else { 0 }
    });
    assert_eq!((time::system().seconds, time::ree().seconds), (10, 12));
    assert_eq!(time::persistent(), Err(TeeError::TIME_NOT_SET));
    fake::on(Syscall::SetTaTime, |args| {
        // SAFETY: as above.
        let time = TeeTime::from_bytes(&unsafe { args[0].pointer::<[u8; 8]>().read() });
        u32::from(time != TeeTime { seconds: 1, millis: 2 })
    });
    assert_eq!(time::set_persistent(TeeTime { seconds: 1, millis: 2 }), Ok(()));
}

#[test]
fn waits_are_in_milliseconds_and_round_up() {
    fake::on(Syscall::Wait, |_| 0);
    time::wait_ms(7).unwrap();
    time::wait(core::time::Duration::from_micros(1_001)).unwrap();
    assert_eq!(made(&[0]), [(Syscall::Wait, vec![7]), (Syscall::Wait, vec![2])]);
    assert_eq!(time::wait(core::time::Duration::from_millis(u64::from(u32::MAX))), Err(TeeError::BAD_PARAMETERS));
}

#[test]
fn a_failing_kernel_panics_what_cannot_fail() {
    fake::on(Syscall::RandomNumberGenerate, |_| TeeError::GENERIC.raw());
    let end = fake::run(|| random::fill(&mut [0; 4]));
    assert_eq!(end, Some(fake::End::Panic(TeeError::GENERIC.raw())));
}

#[test]
fn random_bytes_are_the_kernels() {
    fake::on(Syscall::RandomNumberGenerate, |args| {
        // SAFETY: the wrapper passes a buffer of that size.
        unsafe { args[0].pointer::<u8>().write_bytes(7, args[1].value()) };
        0
    });
    assert_eq!((random::next_u32(), random::next_u64()), (0x0707_0707, 0x0707_0707_0707_0707));
}

#[test]
fn masks_are_those_from_before() {
    fake::on(Syscall::UnmaskCancellation, |args| {
        put(args[0], 1);
        0
    });
    fake::on(Syscall::MaskCancellation, |_| 0);
    fake::on(Syscall::GetCancellationFlag, |args| {
        put(args[0], 1);
        0
    });
    assert_eq!((cancellation::unmask(), cancellation::mask()), (Mask::Masked, Mask::Unmasked));
    assert!(cancellation::is_requested());
}

#[test]
fn rights_and_caches_name_range_and_flags() {
    fake::on(Syscall::CheckAccessRights, |_| TeeError::ACCESS_DENIED.raw());
    fake::on(Syscall::CacheOperation, |_| 0);
    let at = core::ptr::without_provenance(0x1000);
    assert_eq!(memory::check_access_rights(AccessFlags::READ | AccessFlags::ANY_OWNER, at, 16), Err(TeeError::ACCESS_DENIED));
    memory::maintain_cache(CacheOperation::Invalidate, at.cast_mut(), 32).unwrap();
    let wanted = [(Syscall::CheckAccessRights, vec![5, 0x1000, 16]), (Syscall::CacheOperation, vec![0x1000, 32, 2])];
    assert_eq!(made(&[0, 1, 2]), wanted);
}

#[test]
fn a_digest_is_allocated_started_and_freed() {
    fake::on(Syscall::CrypStateAlloc, |args| {
        put(args[4], 77);
        0
    });
    for call in [Syscall::HashInit, Syscall::HashUpdate, Syscall::CrypStateFree] {
        fake::on(call, |_| 0);
    }
    fake::on(Syscall::HashFinal, |args| {
        // SAFETY: the wrapper passes a buffer and the cell of its length.
        unsafe {
            assert_eq!(args[4].pointer::<u64>().read(), 40);
            args[3].pointer::<u8>().write_bytes(3, 32);
            args[4].pointer::<u64>().write(32);
        }
        0
    });
    let mut digest = Digest::new(Algorithm::Sha256).unwrap();
    digest.update(b"ab").unwrap();
    let mut hash = [0; 40];
    assert_eq!(digest.finish(b"c", &mut hash), Ok(32));
    assert_eq!((hash[31], hash[32]), (3, 0));
    drop(digest);
    let calls = fake::calls();
    let numbers: Vec<Syscall> = calls.iter().map(|call| call.number).collect();
    use Syscall::{CrypStateAlloc, CrypStateFree, HashFinal, HashInit, HashUpdate};
    assert_eq!(numbers, [CrypStateAlloc, HashInit, HashUpdate, HashFinal, HashInit, CrypStateFree]);
    assert_eq!(calls[0].args[..4], [0x5000_0004, 5, 0, 0]);
    assert!(calls[1..].iter().all(|call| call.args[0] == 77));
}

/// A fake of the kernel's side of sessions: private memory is what is not in `shareable`, and calls are answered by `ta`.
fn kernel(ta: impl Fn(usize, &mut RawParams) -> u32 + 'static) -> Rc<RefCell<Vec<u8>>> {
    let mapping = Rc::new(RefCell::new(Vec::new()));
    fake::on(Syscall::OpenTaSession, |args| {
        // SAFETY: the wrapper passes a UUID and two cells.
        let system = unsafe { args[0].pointer::<[u8; 16]>().read() } == pta::UUID.to_memory();
        put(args[3], if system { 1 } else { 2 });
        put(args[4], 3);
        0
    });
    fake::on(Syscall::CloseTaSession, |_| 0);
    let own = Rc::clone(&mapping);
    fake::on(Syscall::CheckAccessRights, move |args| {
        let inside = own.borrow().as_ptr_range().contains(&args[1].pointer::<u8>().cast_const());
        if inside { TeeError::ACCESS_DENIED.raw() } else { 0 }
    });
    let own = Rc::clone(&mapping);
    fake::on(Syscall::InvokeTaCommand, move |args| {
        put(args[4], 4);
        // SAFETY: the wrapper passes struct utee_params.
        let params = unsafe { &mut *args[3].pointer::<RawParams>() };
        if args[0].value() == 2 {
            return ta(args[2].value(), params);
        }
        if args[2].value() == pta::Command::MapZi as usize {
            let mut memory = own.borrow_mut();
            *memory = vec![0; params.cells[0][0] as usize];
            let address = memory.as_mut_ptr().expose_provenance() as u64;
            params.cells[1] = [address >> 32, address & 0xFFFF_FFFF];
        }
        0
    });
    mapping
}

#[test]
fn private_memory_goes_to_another_ta_through_a_mapping_and_back() {
    let mapping = kernel(|command, params| {
        assert_eq!(command, 9);
        assert_eq!(params.types, 0x75);
        // SAFETY: the test passes two memrefs of three bytes.
        unsafe {
            let from: *const u8 = core::ptr::with_exposed_provenance(params.cells[0][0] as usize);
            let to: *mut u8 = core::ptr::with_exposed_provenance_mut(params.cells[1][0] as usize);
            assert_eq!(to.read(), b'x');
            (0..3).for_each(|index| to.add(index).write(from.add(2 - index).read()));
        }
        params.cells[1][1] = 2;
        0
    });
    let mut session = Session::open(&Uuid::NIL).unwrap();
    let (mut output, mut size) = (*b"xyz", 0);
    let mut arguments = [Argument::MemrefInput(b"abc"), Argument::MemrefInout(&mut output, &mut size)];
    session.invoke(9, &mut arguments).unwrap();
    assert_eq!((&output, size), (b"cbz", 2));
    assert_eq!(mapping.borrow().len(), 32);
}

#[test]
fn a_size_past_the_buffer_copies_nothing_back() {
    let _mapping = kernel(|_, params| {
        params.cells[0][1] = 1000;
        TeeError::SHORT_BUFFER.raw()
    });
    let mut session = Session::open(&Uuid::NIL).unwrap();
    let (mut output, mut size) = (*b"xyz", 0);
    let result = session.invoke(0, &mut [Argument::MemrefOutput(&mut output, &mut size)]);
    assert_eq!(result, Err(Failure { error: TeeError::SHORT_BUFFER, origin: Some(Origin::TrustedApp) }));
    assert_eq!((&output, size), (b"xyz", 1000));
}

#[test]
fn values_and_types_reach_the_other_ta() {
    let _mapping = kernel(|_, params| {
        assert_eq!(params.types, 0x321);
        assert_eq!(params.cells, [[1, 2], [0, 0], [3, 4], [0, 0]]);
        params.cells = [[0; 2], [5, 6], [7, 0xFFFF_FFFF], [0; 2]];
        0
    });
    let (mut out, mut inout) = (Value::default(), Value { a: 3, b: 4 });
    let mut session = Session::open(&Uuid::NIL).unwrap();
    session.invoke(0, &mut [Argument::ValueInput(1, 2), Argument::ValueOutput(&mut out), Argument::ValueInout(&mut inout)]).unwrap();
    assert_eq!((out, inout), (Value { a: 5, b: 6 }, Value { a: 7, b: u32::MAX }));
    drop(session);
    let last = fake::calls().pop().unwrap();
    assert_eq!((last.number, last.args), (Syscall::CloseTaSession, vec![2]));
}

#[test]
fn five_parameters_are_refused() {
    let mut arguments = [const { Argument::None }; 5];
    let bad = Failure { error: TeeError::BAD_PARAMETERS, origin: Some(Origin::Api) };
    assert_eq!(Session::open_with(&Uuid::NIL, 0, &mut arguments).map(|_| ()), Err(bad));
    assert_eq!(fake::calls(), []);
}

#[test]
fn mappings_are_made_and_unmade_by_the_system_pseudo_ta() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    fake::on(Syscall::OpenTaSession, |args| {
        put(args[3], 1);
        0
    });
    fake::on(Syscall::InvokeTaCommand, move |args| {
        // SAFETY: the wrapper passes struct utee_params.
        let params = unsafe { &mut *args[3].pointer::<RawParams>() };
        log.borrow_mut().push((args[2].value(), params.types, params.cells));
        if args[2].value() == 2 {
            params.cells[1] = [0, 0x4000];
        }
        0
    });
    let address = system::map_zeroed(core::ptr::null_mut(), 0x2000, Sharing::Shareable, 1, 2).unwrap();
    assert_eq!(address.addr(), 0x4000);
    // SAFETY: nothing is there.
    unsafe { system::unmap(address, 0x2000) }.unwrap();
    let types = |kinds| u64::from(ParamTypes::new(kinds).word());
    use ParamType::{None, ValueInout, ValueInput};
    let map = (2, types([ValueInput, ValueInout, ValueInput, None]), [[0x2000, 1], [0, 0], [1, 2], [0, 0]]);
    let unmap = (3, types([ValueInput, ValueInput, None, None]), [[0x2000, 0], [0, 0x4000], [0, 0], [0, 0]]);
    assert_eq!(*seen.borrow(), [map, unmap]);
    assert_eq!(Mapping::new(usize::MAX, Sharing::Private).map(|_| ()), Err(TeeError::OUT_OF_MEMORY));
}

/// Serves one property of each set as the kernel does, in buffers of any size.
fn serve_property(name: &'static [u8], kind: u32, value: &'static [u8]) {
    fake::on(Syscall::GetPropertyNameToIndex, move |args| {
        // SAFETY: the wrapper passes a name of that length.
        let asked = unsafe { core::slice::from_raw_parts(args[1].pointer::<u8>(), args[2].value()) };
        if asked != name {
            return TeeError::ITEM_NOT_FOUND.raw();
        }
        put(args[3], 0);
        0
    });
    fake::on(Syscall::GetProperty, move |args| {
        if args[1].value() > 0 {
            return TeeError::ITEM_NOT_FOUND.raw();
        }
        let mut short = false;
        for (at, bytes) in [(2, name), (4, value)] {
            let (buffer, cell) = (args[at].pointer::<u8>(), args[at + 1].pointer::<u32>());
            if buffer.is_null() {
                continue;
            }
            // SAFETY: the wrapper passes a buffer and the cell of its length.
            unsafe {
                let room = cell.replace(bytes.len() as u32) as usize;
                short |= room < bytes.len();
                core::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len().min(room));
            }
        }
        if !args[6].pointer::<u32>().is_null() {
            put(args[6], kind);
        }
        if short { TeeError::SHORT_BUFFER.raw() } else { 0 }
    });
}

#[test]
fn properties_of_the_kernel_have_their_types() {
    let set = Set::Client;
    serve_property(b"p\0", 1, &[1, 2, 0, 0]);
    assert_eq!(property::get_u32(set, "p"), Ok(0x201));
    assert_eq!(property::get_bool(set, "p"), Err(TeeError::BAD_FORMAT));
    assert_eq!(property::get(set, "q"), Err(TeeError::ITEM_NOT_FOUND));
    serve_property(b"p\0", 0, &[1]);
    assert_eq!(property::get_bool(set, "p"), Ok(true));
    serve_property(b"p\0", 6, &[1, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(property::get_u64(set, "p"), Ok(0x1_0000_0001));
    serve_property(b"p\0", 4, b"text\0");
    assert_eq!(property::get_string(set, "p").as_deref(), Ok("text"));
    serve_property(b"p\0", 5, &[2, 0, 0, 0, 8, 9, 10]);
    assert_eq!(property::get_binary_block(set, "p").as_deref(), Ok([8, 9].as_slice()));
    serve_property(b"p\0", 5, &[4, 0, 0, 0, 8]);
    assert_eq!(property::get(set, "p"), Err(TeeError::BAD_FORMAT));
    serve_property(b"p\0", 9, &[0; 8]);
    assert_eq!(property::get(set, "p"), Err(TeeError::BAD_FORMAT));
}

#[test]
fn long_properties_are_asked_for_again() {
    static LONG: [u8; 500] = [b'x'; 500];
    serve_property(b"p\0", 4, &LONG);
    assert_eq!(property::get_string(Set::Client, "p").map(|text| text.len()), Ok(500));
}

#[test]
fn a_ta_has_its_own_properties_before_those_of_the_kernel() {
    static OWN: [Property; 2] =
        [Property { name: "own.block", value: Constant::BinaryBlock(&[1]) }, Property { name: "own.text", value: Constant::String("t") }];
    serve_property(b"gpd.ta.appID\0", 4, b"id\0");
    property::set_own(&OWN);
    let names: Vec<_> = Enumerator::new(Set::Ta).map(|(name, _)| name).collect();
    property::set_own(&[]);
    assert_eq!(names, ["own.block", "own.text", "gpd.ta.appID"]);
}

#[test]
fn lines_are_printed_whole_when_their_level_is_on() {
    fn long() -> std::string::String {
        "y".repeat(500)
    }
    trace::set_level(2);
    crate::info!("{} and {}", 1, "two");
    crate::debug!("not shown");
    crate::println!("a\nb");
    assert_eq!(fake::log(), "I/TA: 1 and two\na\nb\n");
    assert_eq!(fake::calls().len(), 3);
    crate::println!("{}", long());
    assert_eq!(fake::log(), long() + "\n");
    assert_eq!(fake::calls().len(), 3);
}

#[test]
fn the_c_heap_keeps_alignment_and_contents() {
    use crate::heap::{Fill, allocate, free, reallocate, usable_size};
    for align in [1, 8, 16, 64, 4096] {
        let block = allocate(100, align, Fill::Zero);
        assert_eq!(block.addr() % align.max(8), 0);
        // SAFETY: blocks are written within their sizes and freed once.
        unsafe {
            assert_eq!((usable_size(block), block.add(99).read()), (100, 0));
            block.write_bytes(5, 100);
            let block = reallocate(block, 300);
            assert_eq!((block.add(99).read(), block.add(100).read(), block.addr() % align.max(8)), (5, 0, 0));
            let block = reallocate(block, 1);
            assert_eq!(block.read(), 5);
            free(block);
        }
    }
    assert!(allocate(usize::MAX, 1, Fill::None).is_null());
    assert!(allocate(usize::MAX - 64, 4096, Fill::None).is_null());
    // SAFETY: NULL is nothing.
    unsafe { free(core::ptr::null_mut()) };
}

#[test]
fn errors_name_their_code() {
    assert_eq!(TeeError::from(Failure { error: TeeError::BUSY, origin: None }).to_string(), "TEE_ERROR_BUSY");
}

#[test]
fn statistics_remember_the_most_and_the_biggest_failure() {
    let mut heap = crate::heap::Statistics::default();
    heap.took(10);
    heap.took(20);
    heap.gave(10);
    heap.failed(500);
    heap.gave(20);
    heap.failed(400);
    assert_eq!((heap.allocated, heap.max_allocated, heap.failures), (0, 30, 2));
    assert_eq!((heap.biggest_failure, heap.allocated_at_failure), (500, 20));
}
