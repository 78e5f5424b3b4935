// SPDX-License-Identifier: BSD-2-Clause
//! Persistent objects and their data streams (OP-TEE ABI, system calls 41 to 44 and 50 to 53).

use super::Env;
use crate::call::Call;
use crate::crypto::object::{Object, Persistent};
use crate::limits::admit;
use crate::ports::Platform;
use crate::storage::Content;
use crate::storage::backend::{Name, ObjectId, Source};
use crate::ta::space::UserSpace;
use utee_abi::access::AccessFlags;
use utee_abi::crypto::HandleFlags;
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::storage::{OBJECT_ID_MAX, Whence};
use utee_abi::ta_head::TaFlags;
use utee_abi::uaddr::UserSlice;
use utee_abi::uuid::Uuid;

/// Flags that a TA may open an object with.
const OPEN_FLAGS: HandleFlags = HandleFlags::ACCESS_READ
    .union(HandleFlags::ACCESS_WRITE)
    .union(HandleFlags::ACCESS_WRITE_META)
    .union(HandleFlags::SHARE_READ)
    .union(HandleFlags::SHARE_WRITE);

/// Flags that a TA may create an object with.
const CREATE_FLAGS: HandleFlags = OPEN_FLAGS.union(HandleFlags::OVERWRITE);

fn flags(given: u32, allowed: HandleFlags) -> Result<HandleFlags, TeeError> {
    HandleFlags::from_bits(given).filter(|flags| allowed.contains(*flags)).ok_or(TeeError::BAD_PARAMETERS)
}

/// The calling TA as an owner of objects. The nil UUID is the TEE's own.
///
/// # Errors
/// ACCESS_DENIED.
pub fn owner<P: Platform>(env: &Env<'_, '_, P>) -> Result<Uuid, TeeError> {
    if env.instance.uuid == Uuid::NIL { Err(TeeError::ACCESS_DENIED) } else { Ok(env.instance.uuid) }
}

/// An object of the calling TA, and of no other one: its id stands in the TA's own memory.
fn name<P: Platform>(env: &Env<'_, '_, P>, id: Option<UserSlice>) -> Result<Name, TeeError> {
    let claim = id.ok_or(TeeError::ACCESS_DENIED)?;
    let mut bytes = [0; OBJECT_ID_MAX];
    let len = usize::try_from(claim.len()).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let bytes = bytes.get_mut(..len).ok_or(TeeError::BAD_PARAMETERS)?;
    env.body.space.read(env.call.platform(), claim, AccessFlags::empty(), bytes)?;
    Ok(Name { owner: owner(env)?, id: ObjectId::new(bytes).ok_or(TeeError::BAD_PARAMETERS)? })
}

/// Refuses a cell that a handle cannot be written to, before there is one.
fn check_cell<P: Platform>(env: &Env<'_, '_, P>, cell: u64) -> Result<(), TeeError> {
    let slice = UserSlice::new(cell, size_of::<u32>() as u64).ok_or(TeeError::ACCESS_DENIED)?;
    env.body.space.check(slice, AccessFlags::WRITE)
}

/// Data that a TA writes, which stays in its memory until the backend wants it.
struct Data<'d, P: Platform> {
    platform: &'d P,
    space: &'d UserSpace<P>,
    claim: UserSlice,
}

impl<P: Platform> Source for Data<'_, P> {
    fn len(&self) -> u64 {
        self.claim.len()
    }

    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), TeeError> {
        let from = self.claim.addr().checked_add(at).ok_or(TeeError::ACCESS_DENIED)?;
        let slice = UserSlice::new(from, out.len() as u64).ok_or(TeeError::ACCESS_DENIED)?;
        self.space.read(self.platform, slice, AccessFlags::ANY_OWNER, out)
    }
}

fn insert<P: Platform>(env: &mut Env<'_, '_, P>, object: Object, cell: u64) -> Result<(), TeeError> {
    admit(env.call.platform(), size_of::<Object>())?;
    let handle = env.body.objects.insert(object)?;
    env.put_u32(cell, handle).inspect_err(|_| {
        // The TA cannot know the handle, so nothing else would free it.
        let _ = env.body.objects.remove(handle);
    })
}

fn persistent<'e, P: Platform>(env: &'e Env<'_, '_, P>, handle: u32) -> Result<&'e Persistent, TeeError> {
    env.body.objects.get(handle).and_then(Object::persistent).ok_or(TeeError::BAD_STATE)
}

/// The same, when it was opened for that.
fn opened_for<'e, P: Platform>(env: &'e Env<'_, '_, P>, handle: u32, access: HandleFlags) -> Result<&'e Persistent, TeeError> {
    let persistent = persistent(env, handle)?;
    if persistent.flags.contains(access) { Ok(persistent) } else { Err(TeeError::ACCESS_CONFLICT) }
}

/// What opening may answer besides.
const OPENING: &[TeeError] =
    &[TeeError::ITEM_NOT_FOUND, TeeError::CORRUPT_OBJECT, TeeError::OUT_OF_MEMORY, TeeError::STORAGE_NO_SPACE, TeeError::OVERFLOW];

/// What a storage answers about an object, if the TA is to blame for the error or the specification names it for the function. For
/// any other one `libutee`, OP-TEE's as ours, ends the TA: a normal world that fails in its own way must not have that (CVE-2025-46733
/// of OP-TEE).
fn named<T>(result: Result<T, TeeError>, also: &[TeeError]) -> Result<T, TeeError> {
    const ALWAYS: [TeeError; 4] = [TeeError::BAD_STATE, TeeError::BAD_PARAMETERS, TeeError::ACCESS_CONFLICT, TeeError::ACCESS_DENIED];
    result.map_err(|error| if ALWAYS.contains(&error) || also.contains(&error) { error } else { TeeError::STORAGE_NOT_AVAILABLE })
}

/// What happens to an object that turns out to be corrupt: it is removed, and its handle closed unless the TA wants it otherwise.
fn settle<P: Platform, T>(env: &mut Env<'_, '_, P>, handle: u32, result: Result<T, TeeError>) -> Result<T, TeeError> {
    if let Err(TeeError::CORRUPT_OBJECT) = result {
        let call: &Call<'_, P> = env.call;
        if let (Ok(persistent), Ok(_pass)) = (persistent(env, handle), call.tee.storage.enter(call)) {
            call.tee.storage.discard(call, persistent.place, &persistent.name, TeeError::CORRUPT_OBJECT);
        }
        if !env.instance.flags.contains(TaFlags::DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT) {
            let _ = env.body.objects.remove(handle);
        }
    }
    result
}

/// Opens an object: storage, id, its length, flags, cell for the handle.
///
/// # Errors
/// BAD_PARAMETERS for an id that is too long or flags that there are not, ITEM_NOT_FOUND for an unknown storage or object, ACCESS_CONFLICT,
/// CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE, OUT_OF_MEMORY, ACCESS_DENIED.
pub fn open<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let cell = a.addr(4);
    let place = env.call.tee.storage.place(a.u32(0))?;
    let flags = flags(a.u32(3), OPEN_FLAGS)?;
    let name = name(env, a.slice(1, 2))?;
    check_cell(env, cell)?;
    let object = named(env.call.tee.storage.open(env.call, place, &name, flags), OPENING)?;
    insert(env, object, cell)
}

/// Creates an object: storage, id, its length, flags, object with its attributes or 0, data, its length, cell for the handle or 0.
/// Without a cell a transient object with the attributes becomes the handle.
///
/// # Errors
/// As [`open`]; ACCESS_CONFLICT also for an object that is there without OVERWRITE; BAD_PARAMETERS for attributes that are none,
/// BAD_STATE for a handle that names nothing, STORAGE_NO_SPACE.
pub fn create<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let (attributes, cell) = (a.u32(4), a.addr(7));
    let call: &Call<'_, P> = env.call;
    let (platform, storage) = (call.platform(), &call.tee.storage);
    let place = storage.place(a.u32(0))?;
    let flags = flags(a.u32(3), CREATE_FLAGS)?;
    let name = name(env, a.slice(1, 2))?;
    let claim = env.input(a.slice(5, 6))?;
    u32::try_from(claim.len()).map_err(|_| TeeError::OVERFLOW)?;
    if cell != 0 {
        check_cell(env, cell)?;
    }
    let mut object = Object::data()?;
    if attributes != 0 {
        let from = env.body.objects.get(attributes).ok_or(TeeError::BAD_STATE)?;
        if !from.is_initialised() {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let usage = usage(env, from);
        object = from.duplicate()?;
        object.set_usage(usage);
    }
    let key = object.store(platform)?;
    let data = Data { platform, space: &env.body.space, claim };
    let handle = named(storage.create(call, place, &name, flags, &Content { key: &key, data: &data }), OPENING)?;
    if cell != 0 {
        object.persist(handle);
        return insert(env, object, cell);
    }
    // Without a cell the TA has the handle already, or wants none.
    if let Some(from) = env.body.objects.get_mut(attributes).filter(|from| from.persistent().is_none()) {
        from.persist(handle);
    }
    Ok(())
}

/// What an object may be used for now, by whichever of its handles that was changed.
fn usage<P: Platform>(env: &Env<'_, '_, P>, object: &Object) -> u32 {
    let shared = object.persistent().and_then(|persistent| env.call.tee.storage.layout(persistent).ok());
    shared.map_or(object.info().usage, |layout| layout.usage)
}

/// Takes over into an object what its other handles have changed.
pub fn refresh<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) {
    let usage = env.body.objects.get(handle).map(|object| usage(env, object));
    if let (Some(object), Some(usage)) = (env.body.objects.get_mut(handle), usage) {
        object.set_usage(usage);
    }
}

/// Bytes of the data stream of an object; 0 for a transient one.
pub fn data_size<P: Platform>(env: &Env<'_, '_, P>, object: &Object) -> Result<u32, TeeError> {
    object.persistent().map_or(Ok(0), |persistent| env.call.tee.storage.layout(persistent).map(|layout| layout.data_len))
}

/// Takes away from what the key in a persistent object may be used for, in the storage too.
///
/// # Errors
/// BAD_STATE, CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE.
pub fn restrict_usage<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, usage: u32) -> Result<(), TeeError> {
    let restricted = env.call.tee.storage.restrict_usage(env.call, persistent(env, handle)?, usage);
    settle(env, handle, named(restricted, &[TeeError::CORRUPT_OBJECT]))?;
    refresh(env, handle);
    Ok(())
}

/// Removes an object that is open for that. Its handle is closed whatever comes of it.
///
/// # Errors
/// BAD_STATE, ACCESS_CONFLICT, STORAGE_NOT_AVAILABLE.
pub fn remove<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    persistent(env, handle)?;
    let removed =
        opened_for(env, handle, HandleFlags::ACCESS_WRITE_META).and_then(|persistent| env.call.tee.storage.remove(env.call, persistent));
    let _ = env.body.objects.remove(handle);
    named(removed, &[])
}

/// Renames an object: handle, id, its length.
///
/// # Errors
/// BAD_STATE, also for a handle that may not; BAD_PARAMETERS for an id that is too long; ACCESS_CONFLICT for one that is taken;
/// CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE, ACCESS_DENIED.
pub fn rename<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = a.u32(0);
    if !persistent(env, handle)?.flags.contains(HandleFlags::ACCESS_WRITE_META) {
        return Err(TeeError::BAD_STATE);
    }
    let to = name(env, a.slice(1, 2))?.id;
    let call: &Call<'_, P> = env.call;
    let object = env.body.objects.get_mut(handle).and_then(Object::persistent_mut).ok_or(TeeError::BAD_STATE)?;
    let renamed = call.tee.storage.rename(call, object, &to);
    settle(env, handle, named(renamed, &[TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NO_SPACE]))
}

/// Reads from the data stream: handle, buffer, its length, cell for the number of bytes that there were.
///
/// # Errors
/// BAD_STATE, ACCESS_CONFLICT, CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE, ACCESS_DENIED.
pub fn read<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let (handle, cell) = (a.u32(0), a.addr(3));
    persistent(env, handle)?;
    let out = a.slice(1, 2).ok_or(TeeError::ACCESS_DENIED)?;
    env.body.space.check(out, AccessFlags::WRITE | AccessFlags::ANY_OWNER)?;
    let place = UserSlice::new(cell, size_of::<u64>() as u64).ok_or(TeeError::ACCESS_DENIED)?;
    env.body.space.check(place, AccessFlags::WRITE)?;
    let wanted = u32::try_from(out.len()).unwrap_or(u32::MAX);
    let mut to = out.addr();
    let mut take = |part: &[u8]| {
        let slice = UserSlice::new(to, part.len() as u64).ok_or(TeeError::ACCESS_DENIED)?;
        to = slice.end();
        env.write_any(slice, part)
    };
    let opened = opened_for(env, handle, HandleFlags::ACCESS_READ)?;
    let count = env.call.tee.storage.read(env.call, opened, wanted, &mut take);
    let count = settle(env, handle, named(count, &[TeeError::CORRUPT_OBJECT]))?;
    advance(env, handle, u64::from(count));
    env.write_private(cell, &u64::from(count).to_le_bytes())
}

/// Writes to the data stream: handle, data, its length.
///
/// # Errors
/// BAD_STATE, ACCESS_CONFLICT, OVERFLOW, STORAGE_NO_SPACE, CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE, ACCESS_DENIED.
pub fn write<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = a.u32(0);
    persistent(env, handle)?;
    let claim = env.input(a.slice(1, 2))?;
    let data = Data { platform: env.call.platform(), space: &env.body.space, claim };
    let opened = opened_for(env, handle, HandleFlags::ACCESS_WRITE)?;
    let written = env.call.tee.storage.write(env.call, opened, &data);
    settle(env, handle, named(written, &[TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NO_SPACE, TeeError::OVERFLOW]))?;
    advance(env, handle, claim.len());
    Ok(())
}

fn advance<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, by: u64) {
    if let Some(persistent) = env.body.objects.get_mut(handle).and_then(Object::persistent_mut) {
        persistent.position = u32::try_from(u64::from(persistent.position).saturating_add(by)).unwrap_or(u32::MAX);
    }
}

/// Cuts the data stream to `len` bytes, or fills it up with zeros. The position stays.
///
/// # Errors
/// BAD_STATE, ACCESS_CONFLICT, STORAGE_NO_SPACE, CORRUPT_OBJECT, STORAGE_NOT_AVAILABLE.
pub fn truncate<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, len: u32) -> Result<(), TeeError> {
    let opened = opened_for(env, handle, HandleFlags::ACCESS_WRITE)?;
    let cut = env.call.tee.storage.truncate(env.call, opened, len);
    settle(env, handle, named(cut, &[TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NO_SPACE]))
}

/// Moves the position in the data stream by an i32, from where `whence` says. Before the beginning is the beginning.
///
/// # Errors
/// BAD_STATE; BAD_PARAMETERS for an unknown `whence` or a position past the last one.
pub fn seek<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, offset: u32, whence: u32) -> Result<(), TeeError> {
    let opened = persistent(env, handle)?;
    let from = match Whence::try_from(whence).map_err(|_| TeeError::BAD_PARAMETERS)? {
        Whence::Set => 0,
        Whence::Cur => opened.position,
        Whence::End => env.call.tee.storage.layout(opened)?.data_len,
    };
    let position = i64::from(from).saturating_add(i64::from(offset.cast_signed())).max(0);
    let position = u32::try_from(position).map_err(|_| TeeError::BAD_PARAMETERS)?;
    if let Some(persistent) = env.body.objects.get_mut(handle).and_then(Object::persistent_mut) {
        persistent.position = position;
    }
    Ok(())
}
