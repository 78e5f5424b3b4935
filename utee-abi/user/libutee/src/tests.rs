// SPDX-License-Identifier: BSD-2-Clause
//! The C functions against what the C standard and the GlobalPlatform specification say of them.

use crate::digest::{TEE_DigestDoFinal, TEE_DigestUpdate};
use crate::framework::TEE_Panic;
use crate::libc::memory::{calloc, consttime_memcmp, free, memalign};
use crate::libc::number::{atoi, strtol, strtoul, strtoull};
use crate::libc::sort::{bsearch, qsort};
use crate::libc::string::{strcasecmp, strcmp, strdup, strlcat, strlcpy, strncpy, strrchr, strstr, strtok_r};
use crate::memory::{TEE_Free, TEE_Malloc, TEE_Realloc};
use crate::object::{
    TEE_CloseObject, TEE_CopyObjectAttributes1, TEE_FreeTransientObject, TEE_GetObjectBufferAttribute, TEE_GetObjectInfo1,
    TEE_GetObjectValueAttribute, TEE_PopulateTransientObject, TEE_ResetTransientObject,
};
use crate::operation::{TEE_AllocateOperation, TEE_FreeOperation, TEE_GetOperationInfo};
use crate::property::{
    TEE_AllocatePropertyEnumerator, TEE_FreePropertyEnumerator, TEE_GetNextProperty, TEE_GetPropertyAsBinaryBlock, TEE_GetPropertyAsString,
    TEE_GetPropertyAsU32, TEE_GetPropertyName, TEE_StartPropertyEnumerator, own_properties,
};
use crate::session::{TEE_InvokeTACommand, cells_to_params, params_to_cells};
use crate::types::{ObjectInfo, OperationInfo, TeeParam, TeeUuid, UserTaProperty, Value};
use api::fake::{self, End};
use api::{TeeError, Uuid};
use core::ffi::{CStr, c_char, c_int, c_long, c_ulong, c_void};
use core::ptr;
use utee_abi::crypto::{AttributeId, HandleFlags, UteeObjectInfo};
use utee_abi::param::{ParamType, ParamTypes};
use utee_abi::sysnum::Syscall;

fn text(pointer: *const c_char) -> &'static [u8] {
    // SAFETY: the tests pass strings that live on.
    unsafe { CStr::from_ptr(pointer) }.to_bytes()
}

#[test]
fn numbers_are_read_as_c_does() {
    let parse = |text: &CStr, base| {
        let mut end = ptr::null_mut();
        // SAFETY: a string and a pointer.
        let value = unsafe { strtol(text.as_ptr(), &raw mut end, base) };
        (value, end.addr() - text.as_ptr().addr())
    };
    assert_eq!(parse(c" \t-42x", 10), (-42, 5));
    assert_eq!(parse(c"0x1F", 0), (31, 4));
    assert_eq!(parse(c"0x", 16), (0, 1));
    assert_eq!(parse(c"0xg", 0), (0, 1));
    assert_eq!(parse(c"0778", 0), (0o77, 3));
    assert_eq!(parse(c"z", 36), (35, 1));
    assert_eq!(parse(c"", 10), (0, 0));
    assert_eq!(parse(c"+", 10), (0, 0));
    assert_eq!(parse(c"12", 1), (0, 0));
    assert_eq!(parse(c"99999999999999999999", 10), (c_long::MAX, 20));
    assert_eq!(parse(c"-99999999999999999999", 10), (c_long::MIN, 21));
    // SAFETY: strings.
    unsafe {
        assert_eq!(strtoul(c"-1".as_ptr(), ptr::null_mut(), 10), c_ulong::MAX);
        assert_eq!(strtoull(c"18446744073709551615".as_ptr(), ptr::null_mut(), 10), u64::MAX);
        assert_eq!(strtoull(c"18446744073709551616".as_ptr(), ptr::null_mut(), 10), u64::MAX);
        assert_eq!(atoi(c"007 bond".as_ptr()), 7);
    }
}

#[test]
fn strings_are_cut_and_joined_inside_their_buffers() {
    let mut buffer = [b'#' as c_char; 8];
    let to = buffer.as_mut_ptr();
    // SAFETY: strings, and buffers of the sizes that are given.
    unsafe {
        assert_eq!(strlcpy(to, c"abcdefgh".as_ptr(), 5), 8);
        assert_eq!(text(to), b"abcd");
        assert_eq!(strlcat(to, c"xyz".as_ptr(), 7), 7);
        assert_eq!(text(to), b"abcdxy");
        assert_eq!(strlcpy(to, c"abc".as_ptr(), 0), 3);
        strncpy(to, c"ab".as_ptr(), 8);
        assert_eq!(buffer, [b'a', b'b', 0, 0, 0, 0, 0, 0].map(|byte| byte as c_char));
        assert_eq!((strcmp(c"a".as_ptr(), c"b".as_ptr()), strcasecmp(c"AbC".as_ptr(), c"aBc".as_ptr())), (-1, 0));
        assert!(strcmp(c"\xff".as_ptr(), c"a".as_ptr()) > 0);
        assert_eq!(text(strrchr(c"a/b/c".as_ptr(), c_int::from(b'/'))), b"/c");
        assert_eq!(text(strstr(c"aaab".as_ptr(), c"ab".as_ptr())), b"ab");
        assert!(strstr(c"a".as_ptr(), c"ab".as_ptr()).is_null());
        let copy = strdup(c"copy".as_ptr());
        assert_eq!(text(copy), b"copy");
        free(copy.cast());
    }
}

#[test]
fn tokens_are_cut_at_any_run_of_delimiters() {
    let mut line = *b",,a,b;;c,\0";
    let mut rest = ptr::null_mut();
    let mut next = line.as_mut_ptr().cast::<c_char>();
    for wanted in [b"a", b"b", b"c"] {
        // SAFETY: a string that may be changed, and the place in it from the call before.
        let token = unsafe { strtok_r(next, c",;".as_ptr(), &raw mut rest) };
        assert_eq!(text(token), wanted);
        next = ptr::null_mut();
    }
    // SAFETY: as above.
    assert!(unsafe { strtok_r(ptr::null_mut(), c",;".as_ptr(), &raw mut rest) }.is_null());
}

unsafe extern "C" fn by_value(first: *const c_void, second: *const c_void) -> c_int {
    // SAFETY: the tests sort u32.
    let (first, second) = unsafe { (first.cast::<u32>().read_unaligned(), second.cast::<u32>().read_unaligned()) };
    c_int::from(first > second) - c_int::from(first < second)
}

#[test]
fn arrays_of_any_length_are_sorted_and_searched() {
    let mut seed = 1u32;
    for len in 0..60usize {
        let mut values: alloc::vec::Vec<u32> = (0..len)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed >> 26
            })
            .collect();
        let mut wanted = values.clone();
        wanted.sort_unstable();
        // SAFETY: an array of `len` elements of four bytes.
        unsafe { qsort(values.as_mut_ptr().cast(), len, 4, by_value) };
        assert_eq!(values, wanted);
        for key in 0..64u32 {
            // SAFETY: as above.
            let found = unsafe { bsearch((&raw const key).cast(), values.as_ptr().cast(), len, 4, by_value) };
            assert_eq!(!found.is_null(), wanted.contains(&key));
        }
    }
}

#[test]
fn comparing_in_constant_time_gives_the_first_difference() {
    let compare = |first: &[u8], second: &[u8]| {
        // SAFETY: two slices of one length.
        unsafe { consttime_memcmp(first.as_ptr().cast(), second.as_ptr().cast(), first.len()) }
    };
    assert_eq!(compare(b"abc", b"abc"), 0);
    assert_eq!(compare(b"", b""), 0);
    assert!(compare(b"abz", b"acz") < 0);
    assert!(compare(b"b\x00", b"a\xff") > 0);
    assert!(compare(b"\x00", b"\xff") < 0);
}

#[test]
fn allocations_of_nothing_and_of_too_much_are_told_apart() {
    // SAFETY: allocations that are freed once.
    unsafe {
        let nothing = TEE_Malloc(0, 0);
        assert!(!nothing.is_null());
        TEE_Free(nothing);
        let block = TEE_Realloc(nothing, 16).cast::<u8>();
        assert_eq!(block.read(), 0);
        assert_eq!(TEE_Realloc(block.cast(), 0), nothing);
        assert!(TEE_Malloc(usize::MAX, 0).is_null());
        assert!(calloc(usize::MAX, 2).is_null());
        assert!(memalign(3, 8).is_null());
        let page = memalign(4096, 10);
        assert_eq!(page.addr() % 4096, 0);
        free(page);
    }
}

#[test]
fn parameters_go_to_c_and_back() {
    let types = ParamTypes::new([ParamType::ValueInout, ParamType::MemrefInput, ParamType::None, ParamType::MemrefOutput]);
    let cells = [[1, 2], [0x1000, 3], [0, 0], [0, 9]];
    let params = cells_to_params(types, &cells);
    // SAFETY: the fields that the types name.
    unsafe {
        assert_eq!((params[0].value.a, params[0].value.b), (1, 2));
        assert_eq!((params[1].memref.buffer.addr(), params[1].memref.size), (0x1000, 3));
        let mut back = [[7; 2]; 4];
        params_to_cells(types, &params, &mut back);
        assert_eq!(back, cells);
    }
}

#[test]
fn an_invocation_takes_over_outputs_only() {
    fake::on(Syscall::InvokeTaCommand, |args| {
        // SAFETY: the function passes struct utee_params and a cell.
        unsafe {
            let cells = args[3].pointer::<u64>().add(1);
            (0..8).for_each(|index| cells.add(index).write(50 + index as u64));
            args[4].pointer::<u32>().write(4);
        }
        TeeError::BUSY.raw()
    });
    let mut params = [TeeParam { value: Value { a: 1, b: 2 } }; 4];
    let mut origin = 0;
    let handle = ptr::without_provenance_mut(3);
    // SAFETY: four parameters and a cell.
    let code = unsafe { TEE_InvokeTACommand(handle, 10, 5, 0x21, params.as_mut_ptr(), &raw mut origin) };
    assert_eq!((code, origin), (TeeError::BUSY.raw(), 4));
    // SAFETY: values.
    unsafe {
        assert_eq!((params[0].value.a, params[0].value.b), (1, 2));
        assert_eq!((params[1].value.a, params[1].value.b), (52, 53));
        assert_eq!(params[2].value.a, 1);
    }
    assert_eq!(fake::calls()[0].args[..3], [3, 10, 5]);
    // SAFETY: a NULL array is refused.
    let code = unsafe { TEE_InvokeTACommand(handle, 10, 5, 0x21, ptr::null_mut(), &raw mut origin) };
    assert_eq!((code, origin), (TeeError::BAD_PARAMETERS.raw(), 1));
}

#[test]
fn digests_work_and_what_the_kernel_lacks_is_not_supported() {
    let alloc = |args: &[api::raw::Word]| if args[0].value() == 0x5000_0004 { 0 } else { TeeError::NOT_SUPPORTED.raw() };
    fake::on(Syscall::CrypStateAlloc, alloc);
    for call in [Syscall::HashInit, Syscall::HashUpdate, Syscall::CrypStateFree] {
        fake::on(call, |_| 0);
    }
    fake::on(Syscall::HashFinal, |args| {
        // SAFETY: the function passes a buffer and the cell of its size.
        let room = unsafe { args[4].pointer::<u64>().replace(32) };
        if room < 32 { TeeError::SHORT_BUFFER.raw() } else { 0 }
    });
    let mut operation = ptr::null_mut();
    // SAFETY: handles and buffers of the test.
    unsafe {
        assert_eq!(TEE_AllocateOperation(&raw mut operation, 0x1000_0010, 0, 128), TeeError::NOT_SUPPORTED.raw());
        assert!(operation.is_null());
        assert_eq!(TEE_AllocateOperation(&raw mut operation, 0x5000_0004, 5, 0), 0);
        TEE_DigestUpdate(operation, b"abc".as_ptr().cast(), 3);
        let (mut hash, mut size) = ([0u8; 32], 31);
        let code = TEE_DigestDoFinal(operation, ptr::null(), 0, hash.as_mut_ptr().cast(), &raw mut size);
        assert_eq!((code, size), (TeeError::SHORT_BUFFER.raw(), 32));
        assert_eq!(TEE_DigestDoFinal(operation, ptr::null(), 0, hash.as_mut_ptr().cast(), &raw mut size), 0);
        let mut info = OperationInfo::default();
        TEE_GetOperationInfo(operation, &raw mut info);
        assert_eq!((info.algorithm, info.operation_class, info.mode, info.digest_length), (0x5000_0004, 5, 5, 32));
        TEE_FreeOperation(operation);
    }
}

/// A handle of a property set.
fn set(number: u32) -> *mut c_void {
    ptr::without_provenance_mut(number as usize)
}

#[test]
fn properties_of_user_ta_header_are_read_as_their_types() {
    let not_found = |_: &[api::raw::Word]| TeeError::ITEM_NOT_FOUND.raw();
    fake::on(Syscall::GetPropertyNameToIndex, not_found);
    fake::on(Syscall::GetProperty, not_found);
    let (number, uuid) = (513u32, TeeUuid::from(Uuid::new(0x1234_5678, 1, 2, [3; 8])));
    let row = |name: &CStr, kind, value: *const c_void| UserTaProperty { name: name.as_ptr(), kind, value };
    let table = [row(c"n", 1, (&raw const number).cast()), row(c"u", 2, (&raw const uuid).cast()), row(c"b", 5, c"AQL/".as_ptr().cast())];
    let own = set(0xFFFF_FFFF);
    let (mut buffer, mut size, mut value) = ([0u8; 64], 64, 0u32);
    // SAFETY: the values of the table outlive their use here; handles and buffers of the test.
    unsafe {
        own_properties(&table).unwrap();
        assert_eq!((TEE_GetPropertyAsU32(own, c"n".as_ptr(), &raw mut value), value), (0, 513));
        assert_eq!(TEE_GetPropertyAsU32(own, c"u".as_ptr(), &raw mut value), TeeError::BAD_FORMAT.raw());
        assert_eq!(TEE_GetPropertyAsU32(own, c"x".as_ptr(), &raw mut value), TeeError::ITEM_NOT_FOUND.raw());
        assert_eq!(TEE_GetPropertyAsBinaryBlock(own, c"b".as_ptr(), buffer.as_mut_ptr().cast(), &raw mut size), 0);
        assert_eq!((size, &buffer[..3]), (3, [1, 2, 255].as_slice()));
        for (name, wanted) in [(c"n", c"513"), (c"u", c"12345678-0001-0002-0303-030303030303"), (c"b", c"AQL/")] {
            size = 64;
            assert_eq!(TEE_GetPropertyAsString(own, name.as_ptr(), buffer.as_mut_ptr().cast(), &raw mut size), 0);
            assert_eq!((size, text(buffer.as_ptr().cast())), (wanted.count_bytes() + 1, wanted.to_bytes()));
        }
        size = 2;
        let code = TEE_GetPropertyAsString(own, c"n".as_ptr(), buffer.as_mut_ptr().cast(), &raw mut size);
        assert_eq!((code, size), (TeeError::SHORT_BUFFER.raw(), 4));

        let mut enumerator = ptr::null_mut();
        assert_eq!(TEE_AllocatePropertyEnumerator(&raw mut enumerator), 0);
        assert_eq!(TEE_GetNextProperty(enumerator), TeeError::ITEM_NOT_FOUND.raw());
        TEE_StartPropertyEnumerator(enumerator, own);
        for name in [b"n", b"u", b"b"] {
            size = 64;
            assert_eq!(TEE_GetPropertyName(enumerator, buffer.as_mut_ptr().cast(), &raw mut size), 0);
            assert_eq!(text(buffer.as_ptr().cast()), name);
            let last = name == b"b";
            assert_eq!(TEE_GetNextProperty(enumerator), if last { TeeError::ITEM_NOT_FOUND.raw() } else { 0 });
        }
        TEE_FreePropertyEnumerator(enumerator);
    }
    api::property::set_own(&[]);
}

#[test]
fn uuids_are_read_from_their_text_alone() {
    let mut uuid = TeeUuid::default();
    let mut parse = |text: &CStr| {
        // SAFETY: a string and a place for a UUID.
        unsafe { crate::extensions::tee_uuid_from_str(&raw mut uuid, text.as_ptr()) }
    };
    let bad = TeeError::BAD_PARAMETERS.raw();
    assert_eq!(parse(c"8aaaf200-2450-11e4-abe2-0002a5d5c51b"), 0);
    assert_eq!((parse(c"8aaaf200245011e4abe20002a5d5c51b"), parse(c"8aaaf200-2450-11e4-abe2-0002a5d5c51g"), parse(c"")), (bad, bad, bad));
    assert_eq!(uuid.time_low, 0x8aaa_f200);
}

/// Sections 4.8.1, 5.5 and 5.6: what a TA must not do with an object ends it.
#[test]
fn what_objects_must_not_be_used_for_panics() {
    const EMPTY: usize = 1;
    const KEY: usize = 2;
    const KEPT: usize = 3;
    const NONE: usize = 4;
    fake::on(Syscall::CrypObjGetInfo, |args| {
        let flags = match args[0].value() {
            EMPTY => HandleFlags::empty(),
            KEY => HandleFlags::INITIALIZED,
            KEPT => HandleFlags::INITIALIZED | HandleFlags::PERSISTENT,
            _ => return TeeError::BAD_STATE.raw(),
        };
        let info = UteeObjectInfo {
            object_type: 0xA000_0010,
            object_size: 0,
            max_object_size: 256,
            usage: 0,
            data_size: 0,
            data_position: 0,
            handle_flags: flags.bits(),
        };
        // SAFETY: the wrapper passes room for it.
        unsafe { args[1].pointer::<[u8; UteeObjectInfo::SIZE]>().write(info.to_bytes()) };
        0
    });
    for call in [Syscall::CrypObjClose, Syscall::CrypObjReset, Syscall::CrypObjCopy, Syscall::CrypObjPopulate] {
        fake::on(call, |_| 0);
    }
    let handle = |number: usize| ptr::without_provenance_mut::<c_void>(number);
    let end = |code: TeeError| Some(End::Panic(code.raw()));
    let (bad, state) = (end(TeeError::BAD_PARAMETERS), end(TeeError::BAD_STATE));
    let (reference, value) = (AttributeId::SECRET_VALUE.raw(), AttributeId::ECC_CURVE.raw());
    let (mut size, mut number) = (0usize, 0u32);
    let mut info = ObjectInfo::default();
    // SAFETY: handles are numbers of the fake kernel; what is written is this test's, and no attributes are read.
    unsafe {
        assert_eq!(fake::run(|| TEE_Panic(7)), Some(End::Panic(7)));
        assert_eq!(fake::run(|| _ = TEE_GetObjectInfo1(handle(NONE), &raw mut info)), state);
        assert_eq!(fake::run(|| _ = TEE_GetObjectBufferAttribute(handle(KEY), value, ptr::null_mut(), &raw mut size)), bad);
        assert_eq!(fake::run(|| _ = TEE_GetObjectValueAttribute(handle(KEY), reference, &raw mut number, &raw mut number)), bad);
        for (object, populated, copied) in [(EMPTY, None, None), (KEY, state, bad), (KEPT, state, bad), (NONE, state, state)] {
            assert_eq!(fake::run(|| _ = TEE_PopulateTransientObject(handle(object), ptr::null(), 0)), populated, "{object}");
            assert_eq!(fake::run(|| _ = TEE_CopyObjectAttributes1(handle(object), handle(KEY))), copied, "{object}");
        }
        assert_eq!(fake::run(|| _ = TEE_CopyObjectAttributes1(handle(EMPTY), handle(EMPTY))), bad);
        for (object, wanted) in [(0, None), (EMPTY, None), (KEY, None), (KEPT, state), (NONE, state)] {
            assert_eq!(fake::run(|| TEE_FreeTransientObject(handle(object))), wanted, "{object}");
            assert_eq!(fake::run(|| TEE_ResetTransientObject(handle(object))), wanted, "{object}");
        }
        fake::on(Syscall::CrypObjClose, |_| TeeError::BAD_STATE.raw());
        assert_eq!(fake::run(|| TEE_CloseObject(handle(NONE))), state);
        assert_eq!(fake::run(|| TEE_CloseObject(ptr::null_mut())), None);
    }
}
