// SPDX-License-Identifier: BSD-2-Clause
//! Parameters on their way to Linux and back.

use super::Linux;
use super::kernel::{Errno, Kernel, Shared};
use super::pool::{BLOCK, Pool};
use crate::error::Error;
use crate::memory::SharedBytes;
use crate::operation::{Direction, Memref, Operation, Param, Temporary};
use utee_abi::linux::{self, Capabilities, MEMREF_NULL, PARAMS};
use utee_abi::param::ParamType;

/// Where buffers start in a block: a cache line.
const ALIGN: usize = 64;

/// Where a temporary buffer is for the call.
enum Place<K: Kernel> {
    /// There is none, or the TEE sees the client's own.
    Own,
    /// In the common block, from this byte on.
    Pooled(usize),
    /// In a block of its own.
    Alone(K::Block),
}

/// What a call needs beside its argument.
pub(super) struct Staged<'a, K: Kernel> {
    loans: [Option<K::Loan<'a>>; PARAMS],
    held: Held<K>,
}

/// The part that does not borrow the client's buffers.
pub(super) struct Held<K: Kernel> {
    places: [Place<K>; PARAMS],
    block: Option<K::Block>,
    used: usize,
}

fn value(direction: Direction) -> ParamType {
    match direction {
        Direction::Input => ParamType::ValueInput,
        Direction::Output => ParamType::ValueOutput,
        Direction::Inout => ParamType::ValueInout,
    }
}

fn memref(direction: Direction) -> ParamType {
    match direction {
        Direction::Input => ParamType::MemrefInput,
        Direction::Output => ParamType::MemrefOutput,
        Direction::Inout => ParamType::MemrefInout,
    }
}

fn attribute(kind: ParamType) -> u64 {
    u64::from(u8::from(kind))
}

/// Puts the parameters of an operation where Linux finds them.
pub(super) fn stage<'a, K: Kernel>(
    linux: &Linux<K>,
    operation: &'a mut Operation<'_, Linux<K>>,
    words: &mut [linux::Param; PARAMS],
) -> Result<Staged<'a, K>, Error> {
    let mut staged =
        Staged { loans: [const { None }; PARAMS], held: Held { places: [const { Place::Own }; PARAMS], block: None, used: 0 } };
    let slots = words.iter_mut().zip(&mut staged.loans).zip(&mut staged.held.places);
    let (block, used) = (&mut staged.held.block, &mut staged.held.used);
    let mut result = Ok(());
    for (param, ((word, loan), place)) in operation.params.iter_mut().zip(slots) {
        result = one(linux, param, word, loan, place, block, used);
        if result.is_err() {
            break;
        }
    }
    match result {
        Ok(()) => Ok(staged),
        Err(error) => {
            staged.held.give_back(&linux.pool);
            Err(error)
        }
    }
}

fn one<'a, K: Kernel>(
    linux: &Linux<K>,
    param: &'a mut Param<'_, Linux<K>>,
    word: &mut linux::Param,
    loan: &mut Option<K::Loan<'a>>,
    place: &mut Place<K>,
    block: &mut Option<K::Block>,
    used: &mut usize,
) -> Result<(), Error> {
    match param {
        Param::None => *word = linux::Param::default(),
        Param::Value { direction, a, b } => {
            *word = linux::Param { attribute: attribute(value(*direction)), a: u64::from(*a), b: u64::from(*b), c: 0 };
        }
        Param::Memory { direction, memref: reference, size } => {
            word.attribute = attribute(memref(*direction));
            match reference {
                Memref::Null if linux.kernel.capabilities().contains(Capabilities::MEMREF_NULL) => word.c = MEMREF_NULL,
                // As close as it gets.
                Memref::Null => alone(linux, &[], 0, word, place)?,
                Memref::Registered { memory, offset } => {
                    word.a = *offset as u64;
                    word.b = *size as u64;
                    word.c = number(memory.memory()?.id());
                }
                Memref::Temporary(buffer) => temporary(linux, buffer, word, loan, place, block, used)?,
            }
        }
    }
    Ok(())
}

/// An identifier is not negative.
fn number(id: i32) -> u64 {
    u64::from(id.unsigned_abs())
}

fn temporary<'a, K: Kernel>(
    linux: &Linux<K>,
    buffer: &'a mut Temporary<'_>,
    word: &mut linux::Param,
    loan: &mut Option<K::Loan<'a>>,
    place: &mut Place<K>,
    block: &mut Option<K::Block>,
    used: &mut usize,
) -> Result<(), Error> {
    let len = buffer.bytes().len();
    word.b = len as u64;
    let at = used.next_multiple_of(ALIGN);
    if at.checked_add(len).is_some_and(|end| end <= BLOCK) {
        if block.is_none() {
            *block = linux.pool.take(&linux.kernel);
        }
        if let Some(block) = block {
            if goes_in(linux, buffer) && !block.write(at, buffer.bytes()) {
                return Err(Errno(libc::EFAULT).comms());
            }
            *used = at.saturating_add(len);
            *place = Place::Pooled(at);
            word.a = at as u64;
            word.c = number(block.id());
            return Ok(());
        }
    }
    // The TEE may be shown a constant of the program, which Linux does not lend, and a TEE that shares its own memory only
    // lends nothing: both are copied.
    let lent = match buffer {
        Temporary::Input(bytes) => match linux.kernel.lend(bytes) {
            Ok(lent) => lent,
            Err(_) => return alone(linux, bytes, bytes.len(), word, place),
        },
        Temporary::Output(bytes) | Temporary::Inout(bytes) => {
            if !linux.kernel.capabilities().contains(Capabilities::REGISTERED_MEMORY) {
                return alone(linux, bytes, bytes.len(), word, place);
            }
            linux.kernel.lend_mut(bytes).map_err(|error| Error::api(error.code()))?
        }
    };
    word.c = number(lent.0);
    *loan = Some(lent.1);
    Ok(())
}

/// True when the TA is to see what the buffer holds.
fn goes_in<K: Kernel>(linux: &Linux<K>, buffer: &Temporary<'_>) -> bool {
    linux.show_outputs || !matches!(buffer, Temporary::Output(_))
}

fn alone<K: Kernel>(linux: &Linux<K>, bytes: &[u8], len: usize, word: &mut linux::Param, place: &mut Place<K>) -> Result<(), Error> {
    let block = linux.kernel.allocate(len.max(1)).map_err(|error| Error::api(error.code()))?;
    if !block.write(0, bytes) {
        return Err(Errno(libc::EFAULT).comms());
    }
    word.b = len as u64;
    word.c = number(block.id());
    *place = Place::Alone(block);
    Ok(())
}

impl<K: Kernel> Staged<'_, K> {
    /// Ends the loans.
    pub(super) fn returned(self) -> Held<K> {
        self.held
    }
}

impl<K: Kernel> Held<K> {
    /// Takes results and sizes over, and gives the block back.
    pub(super) fn unstage(self, pool: &Pool<K>, operation: &mut Operation<'_, Linux<K>>, words: &[linux::Param; PARAMS]) {
        for ((param, word), place) in operation.params.iter_mut().zip(words).zip(&self.places) {
            if !param.is_output() {
                continue;
            }
            match param {
                Param::None => {}
                Param::Value { a, b, .. } => (*a, *b) = (word.a as u32, word.b as u32),
                Param::Memory { memref, size, .. } => {
                    *size = usize::try_from(word.b).unwrap_or(usize::MAX);
                    if let Memref::Temporary(buffer) = memref {
                        self.copy_back(place, buffer, *size);
                    }
                }
            }
        }
        self.give_back(pool);
    }

    /// What a TA says it wrote may be more than there is room for: that is what it needs.
    fn copy_back(&self, place: &Place<K>, buffer: &mut Temporary<'_>, size: usize) {
        let Some(bytes) = buffer.bytes_mut() else { return };
        let written = size.min(bytes.len());
        let Some(to) = bytes.get_mut(..written) else { return };
        let _ = match place {
            Place::Own => true,
            Place::Pooled(at) => self.block.as_ref().is_some_and(|block| block.read(*at, to)),
            Place::Alone(block) => block.read(0, to),
        };
    }

    /// Gives the block back without a look at it.
    pub(super) fn give_back(self, pool: &Pool<K>) {
        if let Some(block) = self.block {
            pool.give(block, self.used);
        }
    }
}
