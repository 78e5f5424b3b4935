// SPDX-License-Identifier: BSD-2-Clause
//! System calls of TAs: decode the registers once, then one exhaustive match.
//!
//! A handler gets the calling TA as [`Env`] and arguments that are claims until the region table has been asked.

pub mod asymmetric;
pub mod authenc;
pub mod base;
pub mod cancel;
pub mod cipher;
pub mod curves;
pub mod derive;
mod discrete;
pub mod enumerate;
pub mod hash;
pub mod memory;
pub mod object;
pub mod property;
pub mod random;
mod rsa;
pub mod session;
pub mod state;
pub mod storage;
pub mod time;

use crate::call::Call;
use crate::crypto::algorithms::block::Aligned;
use crate::ports::{Platform, UserContext};
use crate::session::Session;
use crate::ta::abandoned::Watch;
use crate::ta::instance::{Body, Instance};
use alloc::sync::Arc;
use utee_abi::access::AccessFlags;
use utee_abi::regs::{A32_REGISTER_ARGS, SyscallArgs};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall;
use utee_abi::uaddr::UserSlice;
use zeroize::Zeroize;

/// Bytes that are copied from the TA at a time: whole blocks of every cipher.
const CHUNK: usize = 512;

/// The TA that makes a system call.
pub struct Env<'e, 't, P: Platform> {
    /// The call that it runs in.
    pub call: &'e Call<'t, P>,
    /// Its shared state.
    pub instance: &'e Instance<P>,
    /// Its own state.
    pub body: &'e mut Body<P>,
    /// The session that it serves.
    pub session: &'e Arc<Session<P>>,
    /// Looks after the time of this entry.
    pub watch: &'e mut Watch,
}

impl<P: Platform> Env<'_, '_, P> {
    /// What a system call that takes long does now and then: it looks whether the client is gone and the TA's time is over, as
    /// happens at interrupts while the TA itself computes.
    ///
    /// # Errors
    /// TARGET_DEAD when the TA is to end.
    pub fn breathe(&mut self) -> Result<(), TeeError> {
        self.watch.look(self.call, self.instance, self.body, self.session);
        self.watch.end(self.call, self.instance, self.body)
    }
}

/// What becomes of the TA after a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on with this result.
    Resume(u32),
    /// Its entry point has returned this result.
    Return(u32),
    /// It has panicked with this code.
    Panic(u32),
}

/// Serves the system call whose registers stand in the TA's context.
pub fn serve<P: Platform>(env: &mut Env<'_, '_, P>) -> Next {
    let (number, args) = env.body.context.short_syscall();
    let Ok(number) = Syscall::try_from(number) else {
        return Next::Resume(TeeError::NOT_SUPPORTED.raw());
    };
    // Registers that say where further words are mean something only to calls that have them.
    if number.arguments() > A32_REGISTER_ARGS {
        return serve_long(env, number);
    }
    dispatch(env, number, &SyscallArgs::new(&args))
}

/// The same for a call with more arguments than A32 passes in registers.
#[inline(never)]
fn serve_long<P: Platform>(env: &mut Env<'_, '_, P>, number: Syscall) -> Next {
    let raw = env.body.context.syscall();
    let read = |slice, out: &mut [u8]| env.body.space.read(env.call.platform(), slice, AccessFlags::empty(), out).is_ok();
    match raw.decode(read) {
        Ok(args) => dispatch(env, number, &SyscallArgs::new(&args)),
        Err(error) => Next::Resume(error.raw()),
    }
}

#[inline(always)]
fn dispatch<P: Platform>(env: &mut Env<'_, '_, P>, number: Syscall, a: &SyscallArgs) -> Next {
    match number {
        Syscall::Return => Next::Return(a.u32(0)),
        Syscall::Panic => Next::Panic(a.u32(0)),
        _ => Next::Resume(handle(env, number, a).err().map_or(0, |error| error.raw())),
    }
}

/// The framework of the TEE. Kept apart from the way into a TA, as [`handle_objects`] is from this: what handlers want of stack and
/// registers together would be paid for each.
#[inline(never)]
fn handle<P: Platform>(env: &mut Env<'_, '_, P>, number: Syscall, a: &SyscallArgs) -> Result<(), TeeError> {
    use Syscall as S;
    match number {
        S::Log => base::log(env, a.slice(0, 1)),
        S::GetProperty => property::get(env, a),
        S::GetPropertyNameToIndex => property::name_to_index(env, a),
        S::OpenTaSession => session::open(env, a),
        S::CloseTaSession => session::close(env, a.u32(0)),
        S::InvokeTaCommand => session::invoke(env, a),
        S::CheckAccessRights => memory::check_access_rights(env, a.u32(0), a.slice(1, 2)),
        S::GetCancellationFlag => cancel::get_flag(env, a.addr(0)),
        S::UnmaskCancellation => cancel::unmask(env, a.addr(0)),
        S::MaskCancellation => cancel::mask(env, a.addr(0)),
        S::Wait => time::wait(env, a.u32(0)),
        S::GetTime => time::get(env, a.u32(0), a.addr(1)),
        S::SetTaTime => time::set_ta_time(env, a.addr(0)),
        S::RandomNumberGenerate => random::generate(env, a.slice(0, 1)),
        S::CacheOperation => memory::cache_operation(env, a.slice(0, 1), a.u32(2)),
        _ => handle_objects(env, number, a),
    }
}

/// Objects and operations; here stands what becomes of every number.
#[inline(never)]
fn handle_objects<P: Platform>(env: &mut Env<'_, '_, P>, number: Syscall, a: &SyscallArgs) -> Result<(), TeeError> {
    use Syscall as S;
    match number {
        // Served by the callers.
        S::Return
        | S::Panic
        | S::Log
        | S::GetProperty
        | S::GetPropertyNameToIndex
        | S::OpenTaSession
        | S::CloseTaSession
        | S::InvokeTaCommand
        | S::CheckAccessRights
        | S::GetCancellationFlag
        | S::UnmaskCancellation
        | S::MaskCancellation
        | S::Wait
        | S::GetTime
        | S::SetTaTime
        | S::RandomNumberGenerate
        | S::CacheOperation => Err(TeeError::NOT_SUPPORTED),
        S::CrypStateAlloc => state::alloc(env, a),
        S::CrypStateCopy => state::copy(env, a.u32(0), a.u32(1)),
        S::CrypStateFree => state::free(env, a.u32(0)),
        S::HashInit => hash::init(env, a.u32(0)),
        S::HashUpdate => hash::update(env, a.u32(0), a.slice(1, 2)),
        S::HashFinal => hash::finish(env, a),
        S::CipherInit => cipher::init(env, a.u32(0), a.slice(1, 2)),
        S::CipherUpdate => cipher::update(env, a),
        S::CipherFinal => cipher::finish(env, a),
        S::CrypObjGetInfo => object::get_info(env, a.u32(0), a.addr(1)),
        S::CrypObjRestrictUsage => object::restrict_usage(env, a.u32(0), a.u32(1)),
        S::CrypObjGetAttr => object::get_attribute(env, a),
        S::CrypObjAlloc => object::alloc(env, a.u32(0), a.u32(1), a.addr(2)),
        S::CrypObjClose => object::close(env, a.u32(0)),
        S::CrypObjReset => object::reset(env, a.u32(0)),
        S::CrypObjPopulate => object::populate(env, a),
        S::CrypObjCopy => object::copy(env, a.u32(0), a.u32(1)),
        S::CrypObjGenerateKey => object::generate(env, a),
        S::CrypDeriveKey => derive::derive(env, a),
        S::AuthencInit => authenc::init(env, a),
        S::AuthencUpdateAad => authenc::update_aad(env, a.u32(0), a.slice(1, 2)),
        S::AuthencUpdatePayload => authenc::update_payload(env, a),
        S::AuthencEncFinal => authenc::finish_encryption(env, a),
        S::AuthencDecFinal => authenc::finish_decryption(env, a),
        S::AsymmOperate => asymmetric::operate(env, a),
        S::AsymmVerify => asymmetric::verify(env, a),
        S::StorageObjOpen => storage::open(env, a),
        S::StorageObjCreate => storage::create(env, a),
        S::StorageObjDel => storage::remove(env, a.u32(0)),
        S::StorageObjRename => storage::rename(env, a),
        S::StorageAllocEnum => enumerate::alloc(env, a.addr(0)),
        S::StorageFreeEnum => enumerate::free(env, a.u32(0)),
        S::StorageResetEnum => enumerate::reset(env, a.u32(0)),
        S::StorageStartEnum => enumerate::start(env, a.u32(0), a.u32(1)),
        S::StorageNextEnum => enumerate::next(env, a),
        S::StorageObjRead => storage::read(env, a),
        S::StorageObjWrite => storage::write(env, a),
        S::StorageObjTrunc => storage::truncate(env, a.u32(0), a.u32(1)),
        S::StorageObjSeek => storage::seek(env, a.u32(0), a.u32(1), a.u32(2)),
    }
}

impl<P: Platform> Env<'_, '_, P> {
    /// Copies from memory that the TA may read, its own or a parameter.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn read_any(&self, slice: UserSlice, out: &mut [u8]) -> Result<(), TeeError> {
        self.body.space.read(self.call.platform(), slice, AccessFlags::ANY_OWNER, out)
    }

    /// Copies to memory that the TA may write, its own or a parameter.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn write_any(&self, slice: UserSlice, data: &[u8]) -> Result<(), TeeError> {
        self.body.space.write(self.call.platform(), slice, AccessFlags::ANY_OWNER, data)
    }

    /// Copies from the TA's own memory.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn read_private<const N: usize>(&self, address: u64) -> Result<[u8; N], TeeError> {
        let mut bytes = [0; N];
        let slice = UserSlice::new(address, N as u64).ok_or(TeeError::ACCESS_DENIED)?;
        self.body.space.read(self.call.platform(), slice, AccessFlags::empty(), &mut bytes)?;
        Ok(bytes)
    }

    /// Copies to the TA's own memory: handles, counts and times go nowhere else.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn write_private(&self, address: u64, data: &[u8]) -> Result<(), TeeError> {
        let slice = UserSlice::new(address, data.len() as u64).ok_or(TeeError::ACCESS_DENIED)?;
        self.body.space.write(self.call.platform(), slice, AccessFlags::empty(), data)
    }

    /// Reads a cell of 64 bits that says how much room there is. NULL is no room.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn room(&self, cell: u64) -> Result<u64, TeeError> {
        if cell == 0 { Ok(0) } else { Ok(u64::from_le_bytes(self.read_private(cell)?)) }
    }

    /// Writes to such a cell how much was written, or how much room is needed.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn set_room(&self, cell: u64, len: u64) -> Result<(), TeeError> {
        if cell == 0 { Ok(()) } else { self.write_private(cell, &len.to_le_bytes()) }
    }

    /// Checks a claim on data that comes in: the TA may read it, and it is not NULL with a length.
    ///
    /// # Errors
    /// BAD_PARAMETERS for NULL with a length, ACCESS_DENIED.
    pub fn input(&self, data: Option<UserSlice>) -> Result<UserSlice, TeeError> {
        let data = data.ok_or(TeeError::ACCESS_DENIED)?;
        if data.addr() == 0 && !data.is_empty() {
            return Err(TeeError::BAD_PARAMETERS);
        }
        self.body.space.check(data, AccessFlags::READ | AccessFlags::ANY_OWNER)?;
        Ok(data)
    }

    /// Checks that `len` bytes fit where the TA wants them: `address`, with room as `cell` says, which learns the length otherwise.
    ///
    /// # Errors
    /// SHORT_BUFFER, ACCESS_DENIED.
    pub fn output(&self, address: u64, cell: u64, len: u64) -> Result<UserSlice, TeeError> {
        if self.room(cell)? < len {
            self.set_room(cell, len)?;
            return Err(TeeError::SHORT_BUFFER);
        }
        let out = UserSlice::new(address, len).ok_or(TeeError::ACCESS_DENIED)?;
        self.body.space.check(out, AccessFlags::WRITE | AccessFlags::ANY_OWNER)?;
        Ok(out)
    }

    /// Gives data that was checked to `f`, piece by piece.
    ///
    /// # Errors
    /// ACCESS_DENIED, and those of `f`.
    pub fn feed(&self, data: UserSlice, mut f: impl FnMut(&[u8]) -> Result<(), TeeError>) -> Result<(), TeeError> {
        self.pieces(data, |_, bytes| f(bytes))
    }

    /// Gives data that was checked to `f`, piece by piece, and writes what becomes of it to `out`. Data and `out` may be the same.
    ///
    /// # Errors
    /// ACCESS_DENIED, and those of `f`.
    pub fn transform(&self, data: UserSlice, out: UserSlice, mut f: impl FnMut(&mut [u8]) -> Result<(), TeeError>) -> Result<(), TeeError> {
        self.pieces(data, |at, bytes| {
            f(bytes)?;
            let to = out.addr().checked_add(at).and_then(|to| UserSlice::new(to, bytes.len() as u64)).ok_or(TeeError::ACCESS_DENIED)?;
            self.write_any(to, bytes)
        })
    }

    fn pieces(&self, data: UserSlice, mut f: impl FnMut(u64, &mut [u8]) -> Result<(), TeeError>) -> Result<(), TeeError> {
        let mut buffer = Aligned([0u8; CHUNK]);
        let mut result = Ok(());
        for part in data.parts(CHUNK as u64) {
            let Some(bytes) = usize::try_from(part.len()).ok().and_then(|len| buffer.0.get_mut(..len)) else { break };
            result = self.read_any(part, bytes).and_then(|()| f(part.addr().saturating_sub(data.addr()), bytes));
            if result.is_err() {
                break;
            }
        }
        buffer.0.zeroize();
        result
    }

    /// Writes a u32 to the TA's own memory.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn put_u32(&self, address: u64, value: u32) -> Result<(), TeeError> {
        self.write_private(address, &value.to_le_bytes())
    }
}
