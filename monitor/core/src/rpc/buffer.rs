// SPDX-License-Identifier: BSD-2-Clause
//! Payload memory that the normal world allocates for a request of the core, such as a file's content.

use crate::call::Call;
use crate::msg::shm::Shm;
use crate::ports::Platform;
use crate::ta::memory::Memory;
use utee_abi::msg::{ATTR_NONCONTIG, Kind, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::{RpcCommand, SHM_ALIGN, ShmType};

/// Bytes that are copied at a time.
const PART: usize = 512;

/// Which way the content of a buffer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The normal world reads it.
    In,
    /// The normal world writes it.
    Out,
    /// Both.
    InOut,
}

/// A buffer in normal-world memory that lives as long as a call needs it.
///
/// Its content can change at any time: copy it once and judge the copy. Dropping it gives it back, which is a request
/// to the normal world, so no lock may be held then.
pub struct RpcBuffer<'c, 't, P: Platform> {
    call: &'c Call<'t, P>,
    shm: Shm,
    memory: Granted,
}

/// Memory that the normal world says it gave; it goes back when this is dropped.
struct Granted {
    kind: ShmType,
    cookie: u64,
    /// Physical address for a buffer in one piece; others are known by the cookie alone.
    address: Option<u64>,
}

impl<'c, 't, P: Platform> RpcBuffer<'c, 't, P> {
    /// Asks for `size` bytes that `kind` can reach.
    ///
    /// # Errors
    /// BAD_PARAMETERS for no bytes at all; what the normal world answers, OUT_OF_MEMORY among them; COMMUNICATION when
    /// its answer is none: too small, or not normal-world memory.
    pub fn allocate(call: &'c Call<'t, P>, kind: ShmType, size: usize) -> Result<Self, TeeError> {
        let wanted = u64::try_from(size).ok().filter(|size| *size != 0).ok_or(TeeError::BAD_PARAMETERS)?;
        let mut params = [MsgParam::value_in(u64::from(u32::from(kind)), wanted, SHM_ALIGN)];
        call.rpc(RpcCommand::ShmAlloc, &mut params)?;
        let [MsgParam { attr, words: [address, given, cookie] }] = params;
        let scattered = u64::from(u8::from(Kind::TmemOutput)) | ATTR_NONCONTIG;
        let contiguous = u64::from(u8::from(Kind::TmemOutput));
        if attr != scattered && attr != contiguous {
            // No memory was named, so there is none to give back.
            return Err(TeeError::COMMUNICATION);
        }
        let memory = Granted { kind, cookie, address: (attr == contiguous).then_some(address) };
        // Of what was given only as much is looked at as was asked for: an answer of any size costs the same.
        let shm = match (given >= wanted, attr == contiguous) {
            (false, _) => Err(TeeError::COMMUNICATION),
            (true, true) => Shm::contiguous(call.platform(), address, wanted),
            (true, false) => Shm::from_list(call.platform(), address, wanted),
        };
        match shm {
            Ok(shm) => Ok(Self { call, shm, memory }),
            Err(error) => {
                memory.give_back(call);
                Err(if error == TeeError::OUT_OF_MEMORY { error } else { TeeError::COMMUNICATION })
            }
        }
    }

    /// The call that it lives in.
    pub fn call(&self) -> &'c Call<'t, P> {
        self.call
    }

    /// Size in bytes, as it was asked for.
    pub fn size(&self) -> usize {
        usize::try_from(self.shm.size()).unwrap_or(usize::MAX)
    }

    /// A parameter that refers to `len` bytes from byte `offset` on.
    ///
    /// # Errors
    /// BAD_PARAMETERS past the end.
    pub fn param(&self, direction: Direction, offset: usize, len: usize) -> Result<MsgParam, TeeError> {
        self.check(offset, len)?;
        let (offset, len) = (offset as u64, len as u64);
        let temporary = self.memory.address.is_some();
        let kind = match (direction, temporary) {
            (Direction::In, true) => Kind::TmemInput,
            (Direction::Out, true) => Kind::TmemOutput,
            (Direction::InOut, true) => Kind::TmemInout,
            (Direction::In, false) => Kind::RmemInput,
            (Direction::Out, false) => Kind::RmemOutput,
            (Direction::InOut, false) => Kind::RmemInout,
        };
        let place = self.memory.address.unwrap_or(0).saturating_add(offset);
        Ok(MsgParam::new(kind, [place, len, self.memory.cookie]))
    }

    /// Copies from byte `at`.
    ///
    /// # Errors
    /// BAD_PARAMETERS past the end.
    pub fn read(&self, at: usize, out: &mut [u8]) -> Result<(), TeeError> {
        self.check(at, out.len())?;
        let first = self.shm.offset().checked_add(at).ok_or(TeeError::BAD_PARAMETERS)?;
        if self.shm.read_pages(self.call.platform(), first, out) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Copies to byte `at`.
    ///
    /// # Errors
    /// BAD_PARAMETERS past the end.
    pub fn write(&self, at: usize, data: &[u8]) -> Result<(), TeeError> {
        self.check(at, data.len())?;
        let first = self.shm.offset().checked_add(at).ok_or(TeeError::BAD_PARAMETERS)?;
        if self.shm.write_pages(self.call.platform(), first, data) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Copies the first `len` bytes of other memory to the start.
    ///
    /// # Errors
    /// BAD_PARAMETERS past either end.
    pub fn copy_from(&self, memory: &Memory<P>, len: usize) -> Result<(), TeeError> {
        self.each_part(len, |at, part| {
            if !memory.read(self.call.platform(), at, part) {
                return Err(TeeError::BAD_PARAMETERS);
            }
            self.write(at, part)
        })
    }

    /// Copies the first `len` bytes to the start of other memory.
    ///
    /// # Errors
    /// BAD_PARAMETERS past either end.
    pub fn copy_to(&self, memory: &Memory<P>, len: usize) -> Result<(), TeeError> {
        self.each_part(len, |at, part| {
            self.read(at, part)?;
            if memory.write(self.call.platform(), at, part) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
        })
    }

    /// Gives scratch space for each part of `len` bytes, and where the part stands, to `f`.
    fn each_part(&self, len: usize, mut f: impl FnMut(usize, &mut [u8]) -> Result<(), TeeError>) -> Result<(), TeeError> {
        let mut scratch = [0; PART];
        for at in (0..len).step_by(PART) {
            let part = scratch.get_mut(..len.saturating_sub(at).min(PART)).ok_or(TeeError::BAD_PARAMETERS)?;
            f(at, part)?;
        }
        Ok(())
    }

    fn check(&self, at: usize, len: usize) -> Result<(), TeeError> {
        let end = at.checked_add(len).filter(|end| *end <= self.size());
        end.map(|_| ()).ok_or(TeeError::BAD_PARAMETERS)
    }
}

impl<P: Platform> Drop for RpcBuffer<'_, '_, P> {
    fn drop(&mut self) {
        self.memory.give_back(self.call);
    }
}

impl Granted {
    fn give_back<P: Platform>(&self, call: &Call<'_, P>) {
        let mut params = [MsgParam::value_in(u64::from(u32::from(self.kind)), self.cookie, 0)];
        // The normal world loses its own memory when it does not take it back.
        let _ = call.rpc(RpcCommand::ShmFree, &mut params);
    }
}

/// The size that the normal world answers for a buffer it was to fill: what it says, or COMMUNICATION when that is more
/// than the `len` bytes it was given.
///
/// # Errors
/// COMMUNICATION.
pub fn filled(answer: &MsgParam, len: usize) -> Result<usize, TeeError> {
    let [_, size, _] = answer.words;
    usize::try_from(size).ok().filter(|size| *size <= len).ok_or(TeeError::COMMUNICATION)
}
