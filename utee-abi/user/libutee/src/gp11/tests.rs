// SPDX-License-Identifier: BSD-2-Clause
//! Sizes and parameters of version 1.1, and what stands beside the C library.

use super::crypto::{__GP11_TEE_InitRefAttribute, __GP11_TEE_InitValueAttribute, Attribute11, Content11};
use super::*;
use crate::libc::character::{isalnum, isprint, isspace, toupper};
use crate::libc::utilities::{atomic_dec32, atomic_inc32, base64_dec, base64_enc, free_wipe, qsort_s16, qsort_u64};
use api::TeeError;
use api::fake::{self, End};
use utee_abi::crypto::attribute::FLAG_VALUE;
use utee_abi::sysnum::Syscall;

#[test]
fn sizes_and_parameters_are_narrow() {
    let implementation = ptr::without_provenance_mut(0xFFFF_FFFD);
    let name = c"gpd.tee.arith.maxBigIntSize".as_ptr();
    let (mut cells, mut len) = ([0u8, 0, 0, 0, 0, 0xAA], 3u32);
    // SAFETY: the handle is a constant, the name ends with 0, and `cells` has more bytes than `len` says.
    unsafe {
        let text = cells.as_mut_ptr().cast();
        assert_eq!(__GP11_TEE_GetPropertyAsString(implementation, name, text, &raw mut len), TeeError::SHORT_BUFFER.raw());
        assert_eq!(len, 5);
        assert_eq!(__GP11_TEE_GetPropertyAsString(implementation, name, text, &raw mut len), 0);
    }
    assert_eq!(&cells, b"4096\0\xAA");

    fake::on(Syscall::InvokeTaCommand, |args| {
        // SAFETY: the wrapper passes its types and eight cells, and the cell of the origin, which live during the call.
        unsafe {
            let cells = args[3].pointer::<u64>().add(1);
            assert_eq!((cells.read(), cells.add(2).read(), cells.add(3).read()), (1, 0x1000, 7));
            (0..4).for_each(|index| cells.add(index).write(50 + index as u64));
            args[4].pointer::<u32>().write(4);
        }
        0
    });
    let mut params = [Param11 { value: Value { a: 1, b: 2 } }; 4];
    params[1] = Param11 { memref: Memref11 { buffer: ptr::without_provenance_mut(0x1000), size: 7 } };
    let mut origin = 0;
    // SAFETY: four parameters and a cell for the origin; the buffer that is named is looked at by the fake kernel alone, as a number.
    let code = unsafe { __GP11_TEE_InvokeTACommand(ptr::without_provenance_mut(3), 10, 5, 0x61, params.as_mut_ptr(), &raw mut origin) };
    assert_eq!((code, origin), (0, 4));
    // SAFETY: every bit pattern is a value or the size of a buffer, and all bytes of the parameters were written.
    unsafe {
        assert_eq!((params[0].value.a, params[1].memref.size, params[2].value.a), (1, 53, 1));
    }
}

#[test]
fn attributes_keep_to_their_ids() {
    let mut attribute = Attribute11 { id: 0, content: Content11 { value: Value { a: 0, b: 0 } } };
    let at = &raw mut attribute;
    let id = 0xC000_0000;
    // SAFETY: `at` is an attribute of this test; the buffer is noted, not looked at.
    unsafe { __GP11_TEE_InitRefAttribute(at, id, ptr::without_provenance(8), 4) };
    // SAFETY: a reference was just written.
    assert_eq!((attribute.id, unsafe { attribute.content.reference.size }), (id, 4));
    let bad = Some(End::Panic(TeeError::BAD_PARAMETERS.raw()));
    // SAFETY: as above.
    let value = |id| fake::run(|| unsafe { __GP11_TEE_InitValueAttribute(at, id, 1, 2) });
    // SAFETY: as above.
    let reference = |id| fake::run(|| unsafe { __GP11_TEE_InitRefAttribute(at, id, ptr::null(), 0) });
    assert_eq!([value(id), reference(id | FLAG_VALUE), value(id | FLAG_VALUE)], [bad, bad, None]);
}

#[test]
fn utilities() {
    let (mut text, mut bytes, mut len) = ([0x55 as c_char; 9], [0u8; 4], 8);
    // SAFETY: buffers of this test: `len` says no more than the one that is written has, and the numbers are as many as is said; what is
    // freed is nothing, or what `malloc` gave.
    unsafe {
        assert!(!base64_enc(b"foob".as_ptr().cast(), 4, text.as_mut_ptr(), &raw mut len) && len == 9);
        assert!(base64_enc(b"foob".as_ptr().cast(), 4, text.as_mut_ptr(), &raw mut len) && len == 9);
        len = 3;
        assert!(!base64_dec(text.as_ptr(), 9, bytes.as_mut_ptr().cast(), &raw mut len) && len == 4);
        assert!(base64_dec(text.as_ptr(), 9, bytes.as_mut_ptr().cast(), &raw mut len) && bytes == *b"foob");
        let mut numbers = [3i16, -7, 0, i16::MIN, 3];
        qsort_s16(numbers.as_mut_ptr(), numbers.len());
        assert_eq!(numbers, [i16::MIN, -7, 0, 3, 3]);
        qsort_u64(ptr::null_mut(), 0);
        let mut count = u32::MAX;
        assert_eq!((atomic_inc32(&raw mut count), atomic_inc32(&raw mut count), atomic_dec32(&raw mut count)), (0, 1, 0));
        free_wipe(ptr::null_mut());
        free_wipe(crate::libc::memory::malloc(30));
        let c = |c: u8| i32::from(c);
        assert_eq!((isprint(c(b' ')), isprint(0x7F), isspace(0x0B), isspace(-1), isalnum(300)), (1, 0, 1, 0, 0));
        assert_eq!((toupper(c(b'q')), toupper(-1), toupper(c(b'['))), (c(b'Q'), -1, c(b'[')));
    }
}
