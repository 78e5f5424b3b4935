// SPDX-License-Identifier: BSD-2-Clause
//! Types are checked, and memory is reached through copies only.

use super::{MemrefInout, MemrefInput, MemrefOutput, Param, Parameters, RawParams, ValueInput, ValueOutput};
use crate::TeeError;
use std::vec;
use std::vec::Vec;
use utee_abi::param::{ParamType, ParamTypes};

fn raw(kinds: [ParamType; 4], cells: [[u64; 2]; 4]) -> RawParams {
    RawParams { types: u64::from(ParamTypes::new(kinds).word()), cells }
}

fn memref(memory: &mut [u8]) -> [u64; 2] {
    [memory.as_mut_ptr().expose_provenance() as u64, memory.len() as u64]
}

/// Runs `test` with parameters that have one memref of `kind` to `memory`; the size that is left there.
fn with_memref(kind: ParamType, cells: [u64; 2], test: impl FnOnce(&mut Parameters<'_>)) -> u64 {
    let none = ParamType::None;
    let mut raw = raw([kind, none, none, none], [cells, [0; 2], [0; 2], [0; 2]]);
    // SAFETY: the memref is memory of the test, which it does not touch meanwhile.
    test(&mut unsafe { Parameters::new(&mut raw) }.unwrap());
    raw.cells[0][1]
}

#[test]
fn only_exactly_the_asked_types_are_taken() {
    let all = [ParamType::ValueInput, ParamType::ValueOutput, ParamType::None, ParamType::None];
    for (index, wrong) in
        [(0, ParamType::ValueInout), (1, ParamType::MemrefOutput), (2, ParamType::ValueInput), (3, ParamType::MemrefInput)]
    {
        let mut kinds = all;
        kinds[index] = wrong;
        let mut raw = raw(kinds, [[0; 2]; 4]);
        // SAFETY: all memrefs are NULL.
        let mut params = unsafe { Parameters::new(&mut raw) }.unwrap();
        let taken = params.take::<(ValueInput<'_>, ValueOutput<'_>)>();
        assert_eq!(taken.map(|_| ()), Err(TeeError::BAD_PARAMETERS), "{wrong:?}");
    }
    let mut raw = raw(all, [[7, 8], [0; 2], [0; 2], [0; 2]]);
    // SAFETY: there are no memrefs.
    let mut params = unsafe { Parameters::new(&mut raw) }.unwrap();
    let (input, mut output): (ValueInput<'_>, ValueOutput<'_>) = params.take().unwrap();
    output.set(input.a() + 1, input.b() + 1);
    assert!(matches!(params.get(2), Param::None) && matches!(params.get(4), Param::None));
    assert_eq!(raw.cells[1], [8, 9]);
}

#[test]
fn memory_is_copied_in_whatever_its_alignment() {
    let mut memory: Vec<u8> = (0..=255).collect();
    for from in 0..9 {
        for len in [0, 1, 7, 8, 9, 31, 64, 200] {
            let part = memref(&mut memory[from..from + len]);
            with_memref(ParamType::MemrefInput, part, |params| {
                let (memref,): (MemrefInput<'_>,) = params.take().unwrap();
                let wanted: Vec<u8> = (from..from + len).map(|byte| byte as u8).collect();
                assert_eq!(memref.to_vec().unwrap(), wanted);
            });
        }
    }
}

#[test]
fn accesses_past_the_end_are_refused() {
    let mut memory = [1u8; 16];
    let cells = memref(&mut memory);
    with_memref(ParamType::MemrefInout, cells, |params| {
        let (mut memref,): (MemrefInout<'_>,) = params.take().unwrap();
        let bad = Err(TeeError::BAD_PARAMETERS);
        assert_eq!(memref.read(16, &mut []), Ok(()));
        assert_eq!(memref.read(17, &mut []), bad);
        assert_eq!(memref.read(13, &mut [0; 4]), bad);
        assert_eq!(memref.read(usize::MAX, &mut [0; 2]), bad);
        assert_eq!(memref.write_at(12, &[2; 4]), Ok(()));
        assert_eq!(memref.write_at(13, &[3; 4]), bad);
        assert_eq!(memref.shared().read_u32(12), Ok(0x0202_0202));
        assert_eq!(memref.shared().read_u32(13), Err(TeeError::BAD_PARAMETERS));
    });
    assert_eq!(memory[11..], [1, 2, 2, 2, 2]);
}

#[test]
fn a_short_buffer_says_what_it_needs_and_is_not_written() {
    let mut memory = [9u8; 4];
    let cells = memref(&mut memory);
    let size = with_memref(ParamType::MemrefOutput, cells, |params| {
        let (mut memref,): (MemrefOutput<'_>,) = params.take().unwrap();
        assert_eq!(memref.write(b"12345"), Err(TeeError::SHORT_BUFFER));
    });
    assert_eq!((size, memory), (5, [9; 4]));
    let cells = memref(&mut memory);
    let size = with_memref(ParamType::MemrefOutput, cells, |params| {
        let (mut memref,): (MemrefOutput<'_>,) = params.take().unwrap();
        memref.write(b"123").unwrap();
    });
    assert_eq!((size, memory), (3, *b"123\x09"));
}

#[test]
fn null_is_never_touched() {
    for len in [0, 100] {
        let size = with_memref(ParamType::MemrefInout, [0, len], |params| {
            let (mut memref,): (MemrefInout<'_>,) = params.take().unwrap();
            assert!(memref.is_null());
            assert_eq!(memref.len() as u64, len);
            assert_eq!(memref.to_vec(), if len == 0 { Ok(vec![]) } else { Err(TeeError::BAD_PARAMETERS) });
            assert_eq!(memref.write(b"x"), Err(TeeError::SHORT_BUFFER));
            assert_eq!(memref.write(b""), Ok(()));
        });
        assert_eq!(size, 0);
    }
}
