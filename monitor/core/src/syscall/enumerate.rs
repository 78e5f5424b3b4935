// SPDX-License-Identifier: BSD-2-Clause
//! Enumerators of persistent objects (OP-TEE ABI, system calls 45 to 49).

use super::Env;
use super::storage::owner;
use crate::limits::admit;
use crate::ports::Platform;
use crate::storage::backend::Name;
use crate::storage::enumerator::Enumerator;
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

fn get<'e, P: Platform>(env: &'e mut Env<'_, '_, P>, handle: u32) -> Result<&'e mut Enumerator, TeeError> {
    env.body.enumerators.get_mut(handle).ok_or(TeeError::BAD_PARAMETERS)
}

/// Allocates an enumerator.
///
/// # Errors
/// OUT_OF_MEMORY, ACCESS_DENIED.
pub fn alloc<P: Platform>(env: &mut Env<'_, '_, P>, cell: u64) -> Result<(), TeeError> {
    admit(env.call.platform(), size_of::<Enumerator>())?;
    let handle = env.body.enumerators.insert(Enumerator::new())?;
    env.put_u32(cell, handle).inspect_err(|_| {
        // The TA cannot know the handle, so nothing else would free it.
        let _ = env.body.enumerators.remove(handle);
    })
}

/// Frees an enumerator.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn free<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    env.body.enumerators.remove(handle).map(drop).ok_or(TeeError::BAD_PARAMETERS)
}

/// Ends an enumeration.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn reset<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    get(env, handle).map(Enumerator::reset)
}

/// Starts an enumeration of the TA's objects in a storage.
///
/// # Errors
/// BAD_PARAMETERS; ITEM_NOT_FOUND for an unknown storage, or no objects; STORAGE_NOT_AVAILABLE.
pub fn start<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, storage: u32) -> Result<(), TeeError> {
    get(env, handle)?.reset();
    let place = env.call.tee.storage.place(storage)?;
    let ids = env.call.tee.storage.list(env.call, place, &owner(env)?).map_err(|error| match error {
        // A TA would end by an error that the specification does not have here.
        TeeError::OUT_OF_MEMORY => TeeError::STORAGE_NOT_AVAILABLE,
        other => other,
    })?;
    if ids.is_empty() {
        return Err(TeeError::ITEM_NOT_FOUND);
    }
    get(env, handle)?.start(place, ids);
    Ok(())
}

/// Gives the next object: enumerator, place for what there is to know of it, for its id (64 bytes), cell for the length of that.
///
/// # Errors
/// BAD_PARAMETERS; ITEM_NOT_FOUND at the end; CORRUPT_OBJECT for an object that is, after which it goes on; STORAGE_NOT_AVAILABLE,
/// ACCESS_DENIED.
pub fn next<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let (handle, info_at, id_at, len_at) = (a.u32(0), a.addr(1), a.addr(2), a.addr(3));
    let owner = owner(env)?;
    loop {
        let (place, id) = get(env, handle)?.next_id().ok_or(TeeError::ITEM_NOT_FOUND)?;
        let name = Name { owner, id };
        let info = match env.call.tee.storage.info(env.call, place, &name) {
            // Removed since the start.
            Err(TeeError::ITEM_NOT_FOUND) => continue,
            other => other?,
        };
        if info_at != 0 {
            env.write_private(info_at, &info.to_bytes())?;
        }
        let id = name.id.bytes();
        env.write_any(UserSlice::new(id_at, id.len() as u64).ok_or(TeeError::ACCESS_DENIED)?, id)?;
        return env.write_private(len_at, &(id.len() as u64).to_le_bytes());
    }
}
