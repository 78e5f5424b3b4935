// SPDX-License-Identifier: BSD-2-Clause
//! System calls of TAs: decode the registers once, then one exhaustive match.
//!
//! A handler gets the calling TA as [`Env`] and arguments that are claims until the region table has been asked.

pub mod base;
pub mod cancel;
pub mod hash;
pub mod memory;
pub mod property;
pub mod random;
pub mod session;
pub mod time;

use crate::call::Call;
use crate::ports::{Platform, UserContext};
use crate::session::Session;
use crate::ta::instance::{Body, Instance};
use alloc::sync::Arc;
use utee_abi::access::AccessFlags;
use utee_abi::regs::{A32_REGISTER_ARGS, RawSyscall, SyscallArgs};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall;
use utee_abi::uaddr::UserSlice;

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
    let mut raw = env.body.context.syscall();
    let Ok(number) = Syscall::try_from(raw.number) else {
        return Next::Resume(TeeError::NOT_SUPPORTED.raw());
    };
    // Registers that say where further words are mean something only to calls that have them.
    if number.arguments() <= A32_REGISTER_ARGS {
        raw.extra = None;
    }
    match arguments(env, &raw) {
        Ok(args) => dispatch(env, number, &args),
        Err(error) => Next::Resume(error.raw()),
    }
}

fn arguments<P: Platform>(env: &Env<'_, '_, P>, raw: &RawSyscall) -> Result<SyscallArgs, TeeError> {
    raw.decode(|slice, out| env.body.space.read(env.call.platform(), slice, AccessFlags::empty(), out).is_ok())
}

fn dispatch<P: Platform>(env: &mut Env<'_, '_, P>, number: Syscall, a: &SyscallArgs) -> Next {
    use Syscall as S;
    let result = match number {
        S::Return => return Next::Return(a.u32(0)),
        S::Panic => return Next::Panic(a.u32(0)),
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
        S::CrypStateAlloc => hash::state_alloc(env, a),
        S::CrypStateCopy => hash::state_copy(env, a.u32(0), a.u32(1)),
        S::CrypStateFree => hash::state_free(env, a.u32(0)),
        S::HashInit => hash::init(env, a.u32(0)),
        S::HashUpdate => hash::update(env, a.u32(0), a.slice(1, 2)),
        S::HashFinal => hash::finish(env, a),
        S::RandomNumberGenerate => random::generate(env, a.slice(0, 1)),
        S::CacheOperation => memory::cache_operation(env, a.slice(0, 1), a.u32(2)),
        S::CipherInit
        | S::CipherUpdate
        | S::CipherFinal
        | S::CrypObjGetInfo
        | S::CrypObjRestrictUsage
        | S::CrypObjGetAttr
        | S::CrypObjAlloc
        | S::CrypObjClose
        | S::CrypObjReset
        | S::CrypObjPopulate
        | S::CrypObjCopy
        | S::CrypDeriveKey
        | S::AuthencInit
        | S::AuthencUpdateAad
        | S::AuthencUpdatePayload
        | S::AuthencEncFinal
        | S::AuthencDecFinal
        | S::AsymmOperate
        | S::AsymmVerify
        | S::StorageObjOpen
        | S::StorageObjCreate
        | S::StorageObjDel
        | S::StorageObjRename
        | S::StorageAllocEnum
        | S::StorageFreeEnum
        | S::StorageResetEnum
        | S::StorageStartEnum
        | S::StorageNextEnum
        | S::StorageObjRead
        | S::StorageObjWrite
        | S::StorageObjTrunc
        | S::StorageObjSeek
        | S::CrypObjGenerateKey => Err(TeeError::NOT_IMPLEMENTED),
    };
    Next::Resume(result.err().map_or(0, |error| error.raw()))
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

    /// Writes a u32 to the TA's own memory.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn put_u32(&self, address: u64, value: u32) -> Result<(), TeeError> {
        self.write_private(address, &value.to_le_bytes())
    }
}
