// SPDX-License-Identifier: BSD-2-Clause
//! The parameters of `TEEC_Operation` as those of the Rust API, and back.

use crate::shared::{Shared, direction};
use crate::types::{Operation, Parameter, RegisteredMemoryReference, TempMemoryReference};
use core::ops::Range;
use core::slice;
use tee_client::transport::linux::{Device, Linux};
use tee_client::{Direction, Error, Param, TeeError};
use utee_abi::gp::client::{MEMREF_PARTIAL_INOUT, MEMREF_PARTIAL_INPUT, MEMREF_PARTIAL_OUTPUT, MEMREF_WHOLE};
use utee_abi::param::{PARAMS, ParamType};

type Params<'a> = tee_client::Operation<'a, Linux<Device>>;

const BAD: Error = Error::api(TeeError::BAD_PARAMETERS);

/// What a type of TEEC says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Value(Direction),
    Temporary(Direction),
    Whole,
    Partial(Direction),
}

fn kind(types: u32, index: usize) -> Result<Kind, Error> {
    let raw = types >> (4 * index as u32) & 0xF;
    match raw {
        MEMREF_WHOLE => return Ok(Kind::Whole),
        MEMREF_PARTIAL_INPUT => return Ok(Kind::Partial(Direction::Input)),
        MEMREF_PARTIAL_OUTPUT => return Ok(Kind::Partial(Direction::Output)),
        MEMREF_PARTIAL_INOUT => return Ok(Kind::Partial(Direction::Inout)),
        _ => {}
    }
    Ok(match ParamType::try_from(raw as u8).map_err(|_| BAD)? {
        ParamType::None => Kind::None,
        ParamType::ValueInput => Kind::Value(Direction::Input),
        ParamType::ValueOutput => Kind::Value(Direction::Output),
        ParamType::ValueInout => Kind::Value(Direction::Inout),
        ParamType::MemrefInput => Kind::Temporary(Direction::Input),
        ParamType::MemrefOutput => Kind::Temporary(Direction::Output),
        ParamType::MemrefInout => Kind::Temporary(Direction::Inout),
    })
}

/// Makes a call with the parameters of `operation`, if there is one, and writes its results back.
///
/// # Safety
/// What a program in C promises: the structure, the buffers and the shared memory that it names are valid for the call.
pub(crate) unsafe fn with_params(operation: *mut Operation, call: impl FnOnce(&mut Params<'_>) -> Result<(), Error>) -> Result<(), Error> {
    // SAFETY: null, or as this function asks for. Only the types and the parameters are touched: another thread may be at
    // the session of it, for cancellation.
    let Some((types, params)) = (unsafe { fields(operation) }) else { return call(&mut Params::none()) };
    let mut kinds = [Kind::None; PARAMS];
    for (index, to) in kinds.iter_mut().enumerate() {
        *to = kind(types, index)?;
    }
    // SAFETY: as this function asks for.
    let mut copies = unsafe { copies_of_overlapping(&kinds, params) }?;
    let mut converted = [const { Param::None }; PARAMS];
    for (((to, kind), param), copy) in converted.iter_mut().zip(&kinds).zip(params.iter()).zip(&mut copies) {
        // SAFETY: as this function asks for, and buffers that overlap are in `copies`.
        *to = unsafe { convert(*kind, param, copy.as_deref_mut()) }?;
    }
    let mut converted = Params::new(converted);
    let result = call(&mut converted);
    if result.is_err_and(|error| error.origin == tee_client::Origin::Api || error.origin == tee_client::Origin::Comms) {
        return result;
    }
    let results: [(u32, u32, usize); PARAMS] = core::array::from_fn(|index| {
        let (a, b) = converted.value(index);
        (a, b, converted.size(index))
    });
    for (((param, kind), result), copy) in params.iter_mut().zip(&kinds).zip(results).zip(&copies) {
        // SAFETY: as this function asks for.
        unsafe { write_back(*kind, param, result, copy.as_deref()) };
    }
    result
}

/// # Safety
/// `operation` is null or valid.
unsafe fn fields<'a>(operation: *mut Operation) -> Option<(u32, &'a mut [Parameter; PARAMS])> {
    if operation.is_null() {
        return None;
    }
    // SAFETY: as this function asks for.
    Some(unsafe { ((*operation).param_types, &mut (*operation).params) })
}

fn range(buffer: &TempMemoryReference) -> Range<usize> {
    let start = buffer.buffer.addr();
    start..start.saturating_add(buffer.size)
}

/// Copies of temporary buffers that overlap others: what the TEE writes to one must not be a Rust reference of another.
///
/// # Safety
/// Temporary buffers are valid.
unsafe fn copies_of_overlapping(kinds: &[Kind; PARAMS], params: &[Parameter; PARAMS]) -> Result<[Option<Vec<u8>>; PARAMS], Error> {
    let mut copies = [const { None }; PARAMS];
    let buffer = |index: usize| match kinds.get(index) {
        // SAFETY: the type says that it is a temporary buffer.
        Some(Kind::Temporary(_)) => params.get(index).map(|param| unsafe { param.tmpref }).filter(|buffer| !buffer.buffer.is_null()),
        _ => None,
    };
    for (index, copy) in copies.iter_mut().enumerate() {
        let Some(this) = buffer(index) else { continue };
        let mine = range(&this);
        let overlaps = (0..PARAMS).filter(|other| *other != index).filter_map(buffer).map(|other| range(&other));
        if overlaps.into_iter().any(|other| mine.start < other.end && other.start < mine.end) {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(this.size).map_err(|_| Error::api(TeeError::OUT_OF_MEMORY))?;
            // SAFETY: as this function asks for.
            bytes.extend_from_slice(unsafe { slice::from_raw_parts(this.buffer.cast::<u8>(), this.size) });
            *copy = Some(bytes);
        }
    }
    Ok(copies)
}

/// # Safety
/// The parameter is of that kind and valid for `'a`; a temporary buffer without a copy overlaps no other.
unsafe fn convert<'a>(kind: Kind, param: &Parameter, copy: Option<&'a mut [u8]>) -> Result<Param<'a, Linux<Device>>, Error> {
    match kind {
        Kind::None => Ok(Param::None),
        Kind::Value(direction) => {
            // SAFETY: it is a value.
            let value = unsafe { param.value };
            Ok(Param::Value { direction, a: value.a, b: value.b })
        }
        Kind::Temporary(direction) => {
            // SAFETY: it is a temporary buffer.
            let buffer = unsafe { param.tmpref };
            if buffer.buffer.is_null() {
                return if buffer.size == 0 { Ok(Param::null(direction)) } else { Err(BAD) };
            }
            let bytes = match copy {
                Some(copy) => copy,
                None if direction == Direction::Input => {
                    // SAFETY: the program promises that it is valid.
                    return Ok(Param::input(unsafe { slice::from_raw_parts(buffer.buffer.cast::<u8>(), buffer.size) }));
                }
                // SAFETY: as above, and it overlaps no other.
                None => unsafe { slice::from_raw_parts_mut(buffer.buffer.cast::<u8>(), buffer.size) },
            };
            Ok(match direction {
                Direction::Input => Param::input(bytes),
                Direction::Output => Param::output(bytes),
                Direction::Inout => Param::inout(bytes),
            })
        }
        Kind::Whole | Kind::Partial(_) => {
            // SAFETY: it is a reference to shared memory, which the program promises to be valid.
            let registered = unsafe { Registered::of(kind, &param.memref) }?;
            if registered.direction.is_input() {
                // SAFETY: as above.
                unsafe { registered.shared.copy_in(registered.buffer, registered.offset, registered.size) };
            }
            Ok(Param::partial(&registered.shared.memory, registered.direction, registered.offset, registered.size))
        }
    }
}

/// A reference to shared memory, checked.
struct Registered<'a> {
    shared: &'a Shared,
    buffer: *mut u8,
    direction: Direction,
    offset: usize,
    size: usize,
}

impl<'a> Registered<'a> {
    /// # Safety
    /// The reference is to shared memory that stays valid for `'a`, or to null.
    unsafe fn of(kind: Kind, reference: &RegisteredMemoryReference) -> Result<Self, Error> {
        // SAFETY: as this function asks for.
        let parent = unsafe { reference.parent.as_ref() }.ok_or(BAD)?;
        // SAFETY: the library put it there, and it stays until the memory is released.
        let shared: &'a Shared = unsafe { parent.imp.block.as_ref() }.ok_or(BAD)?;
        let access = direction(parent.flags).ok_or(BAD)?;
        let (direction, offset, size) = match kind {
            Kind::Partial(direction) => (direction, reference.offset, reference.size),
            _ => (access, 0, parent.size),
        };
        let end = offset.checked_add(size).ok_or(BAD)?;
        if !access.allows(direction) || end > parent.size || end > shared.memory.size() {
            return Err(BAD);
        }
        Ok(Self { shared, buffer: parent.buffer.cast(), direction, offset, size })
    }
}

/// # Safety
/// As [`convert`].
unsafe fn write_back(kind: Kind, param: &mut Parameter, (a, b, size): (u32, u32, usize), copy: Option<&[u8]>) {
    match kind {
        Kind::Value(direction) if direction.is_output() => param.value = crate::types::Value { a, b },
        Kind::Temporary(direction) if direction.is_output() => {
            // SAFETY: it is a temporary buffer.
            let buffer = unsafe { &mut param.tmpref };
            if let Some(written) = copy.and_then(|copy| copy.get(..size.min(copy.len()))) {
                // SAFETY: the program promises that it is valid; the copy is elsewhere.
                unsafe { core::ptr::copy_nonoverlapping(written.as_ptr(), buffer.buffer.cast(), written.len()) };
            }
            buffer.size = size;
        }
        Kind::Whole | Kind::Partial(_) => {
            // SAFETY: it was converted before the call.
            let Ok(registered) = (unsafe { Registered::of(kind, &param.memref) }) else { return };
            if registered.direction.is_output() {
                if size <= registered.size {
                    // SAFETY: the program promises that it is valid.
                    unsafe { registered.shared.copy_out(registered.buffer, registered.offset, size) };
                }
                param.memref.size = size;
            }
        }
        Kind::None | Kind::Value(_) | Kind::Temporary(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, copies_of_overlapping, kind};
    use crate::types::{Parameter, TempMemoryReference, Value};
    use tee_client::Direction;

    #[test]
    fn types_that_do_not_exist_are_refused() {
        for raw in 0..16u32 {
            assert_eq!(kind(raw << 8, 2).is_ok(), !matches!(raw, 4 | 8..=11), "{raw}");
        }
        assert_eq!(kind(0xC, 0), Ok(Kind::Whole));
    }

    #[test]
    fn only_buffers_that_overlap_are_copied() {
        let mut bytes = [1u8, 2, 3, 4, 5, 6, 7, 8];
        let base: *mut u8 = bytes.as_mut_ptr();
        let part = |at: usize, size| Parameter { tmpref: TempMemoryReference { buffer: base.wrapping_add(at).cast(), size } };
        let temporary = Kind::Temporary(Direction::Inout);
        let params = [part(0, 3), part(2, 3), part(5, 3), Parameter { value: Value { a: 1, b: 1 } }];
        // SAFETY: the buffers lie in `bytes`.
        let copies = unsafe { copies_of_overlapping(&[temporary, temporary, temporary, Kind::Value(Direction::Input)], &params) }.unwrap();
        assert_eq!(copies, [Some(vec![1, 2, 3]), Some(vec![3, 4, 5]), None, None]);
    }
}
