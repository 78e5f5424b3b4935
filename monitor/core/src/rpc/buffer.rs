// SPDX-License-Identifier: BSD-2-Clause
//! Payload memory that the normal world allocates for a request (OP-TEE ABI, RPC commands SHM_ALLOC and SHM_FREE).

use crate::call::Call;
use crate::msg::shm::Shm;
use crate::ports::Platform;
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::{RpcCommand, SHM_ALIGN, ShmType};

/// How requests refer to it.
enum Reference {
    /// By address, in reserved shared memory.
    Physical(u64),
    /// By its cookie.
    Cookie,
}

/// Memory of the normal world. It is given back by [`RpcBuffer::free`], since that takes a request of its own.
#[must_use = "the normal world loses memory that is not freed"]
pub struct RpcBuffer {
    shm: Shm,
    reference: Reference,
    cookie: u64,
    kind: ShmType,
}

impl RpcBuffer {
    /// Has the normal world allocate `size` bytes.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when it has none or what it gives is too small, COMMUNICATION when that is no memory to share, and what
    /// the normal world answers.
    pub fn allocate<P: Platform>(call: &Call<'_, P>, kind: ShmType, size: usize) -> Result<Self, TeeError> {
        let mut params = [MsgParam::value_in(u64::from(u32::from(kind)), size as u64, SHM_ALIGN)];
        call.rpc(RpcCommand::ShmAlloc, &mut params)?;
        let [given] = params;
        if given.kind() != Some(Kind::TmemOutput) {
            return Err(TeeError::COMMUNICATION);
        }
        let [address, given_size, cookie] = given.words;
        let memory = if given_size < size as u64 {
            Err(TeeError::OUT_OF_MEMORY)
        } else if given.is_noncontig() {
            Shm::from_list(call.platform(), address, given_size).map(|shm| (shm, Reference::Cookie))
        } else {
            reserved(call.platform(), address, given_size).map(|shm| (shm, Reference::Physical(address)))
        };
        match memory {
            Ok((shm, reference)) => Ok(Self { shm, reference, cookie, kind }),
            Err(error) => {
                // Nothing that can be used, but the normal world's all the same: it gets it back.
                release(call, kind, cookie);
                Err(error)
            }
        }
    }

    /// A parameter that refers to `len` bytes from `offset` on; `kind` is one of the temporary-memory kinds and says which
    /// way the content goes.
    pub fn param(&self, kind: Kind, offset: usize, len: usize) -> MsgParam {
        match self.reference {
            Reference::Physical(address) => MsgParam::new(kind, [address.saturating_add(offset as u64), len as u64, self.cookie]),
            Reference::Cookie => MsgParam::new(registered(kind), [offset as u64, len as u64, self.cookie]),
        }
    }

    /// Copies out of it; false past its end. The normal world can change the content at any time.
    #[must_use]
    pub fn read<P: Platform>(&self, call: &Call<'_, P>, at: usize, out: &mut [u8]) -> bool {
        self.place(at, out.len()).is_some_and(|at| self.shm.read_pages(call.platform(), at, out))
    }

    /// Copies into it; false past its end.
    #[must_use]
    pub fn write<P: Platform>(&self, call: &Call<'_, P>, at: usize, data: &[u8]) -> bool {
        self.place(at, data.len()).is_some_and(|at| self.shm.write_pages(call.platform(), at, data))
    }

    /// Byte `at` of the buffer, counted from its first page, if `len` bytes from there on are in it.
    fn place(&self, at: usize, len: usize) -> Option<usize> {
        let end = at.checked_add(len)?;
        if end as u64 > self.shm.size() { None } else { at.checked_add(self.shm.offset()) }
    }

    /// Gives it back.
    pub fn free<P: Platform>(self, call: &Call<'_, P>) {
        release(call, self.kind, self.cookie);
    }
}

/// Memory that is given by address has to be reserved for sharing.
fn reserved<P: Platform>(platform: &P, address: u64, size: u64) -> Result<Shm, TeeError> {
    let range = platform.reserved_shm();
    let inside = range.start <= address && address.checked_add(size).is_some_and(|end| end <= range.end);
    if inside { Shm::contiguous(platform, address, size) } else { Err(TeeError::COMMUNICATION) }
}

/// The same way of content by cookie.
fn registered(kind: Kind) -> Kind {
    match kind {
        Kind::TmemInput => Kind::RmemInput,
        Kind::TmemOutput => Kind::RmemOutput,
        Kind::TmemInout => Kind::RmemInout,
        other => other,
    }
}

fn release<P: Platform>(call: &Call<'_, P>, kind: ShmType, cookie: u64) {
    // A normal world that cannot take its memory back has lost it; the call goes on.
    let _ = call.rpc(RpcCommand::ShmFree, &mut [MsgParam::value_in(u64::from(u32::from(kind)), cookie, 0)]);
}
