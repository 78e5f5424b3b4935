// SPDX-License-Identifier: BSD-2-Clause
//! Persistent objects: what the system calls of a TA do to them, over a storage that the board chooses.
//!
//! * [`backend`] - what keeps the content of objects: the trait, and names.
//! * [`memory`] and [`trees`] - the backends there are.
//! * [`opened`] - which handles are open, and what they share.
//! * [`enumerator`] - goes through the objects of a TA.
//! * [`gate`] - one operation at a time.
//! * [`htree`] - files that nobody else can read or change, in what anybody can.
//! * [`Storage`] - these together; the content of an object is its head (OP-TEE ABI, persistent object file content), its attributes
//!   and its data stream.

pub mod backend;
pub mod enumerator;
pub mod gate;
pub mod htree;
pub mod memory;
pub mod opened;
pub mod trees;

use crate::call::Call;
use crate::crypto::huk;
use crate::crypto::object::stored::{HEAD, Head};
use crate::crypto::object::{Object, Persistent};
use crate::limits::{MAX_ATTRIBUTE_BYTES, admit};
use crate::ports::{Platform, Store};
use alloc::boxed::Box;
use alloc::vec::Vec;
use backend::{Backend, Existing, Ids, Name, ObjectId, Sink, Source};
use gate::{Gate, Pass};
use opened::{Layout, Opened};
use utee_abi::crypto::{HandleFlags, UteeObjectInfo};
use utee_abi::result::TeeError;
use utee_abi::storage::StorageId;
use utee_abi::uuid::Uuid;
use zeroize::Zeroizing;

/// First bytes of an object that are read at once: its head, and the attributes of most keys.
const AT_ONCE: usize = 512;

/// Where an object is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In secure memory.
    Memory,
    /// In files of the normal world, encrypted and authenticated.
    Files,
}

/// The storages of a TEE.
pub struct Storage<P: Platform> {
    /// What the board chose; `None` when it may not be used.
    private: Option<Place>,
    memory: memory::Memory<P>,
    trees: trees::Trees<P>,
    opened: Opened<P>,
    gate: Gate<P>,
}

/// The head of content that was read, and where the rest of it is.
struct Beginning {
    head: Head,
    layout: Layout,
    /// As many bytes from the start as were read.
    bytes: Zeroizing<[u8; AT_ONCE]>,
}

impl<P: Platform> Storage<P> {
    /// The storage of a machine. Without a hardware-unique key that may be used nothing is given to the normal world.
    pub fn new(platform: &P) -> Self {
        let private = match platform.storage() {
            Store::Memory => Some(Place::Memory),
            Store::NormalFiles => huk::hardware(platform).is_ok().then_some(Place::Files),
        };
        Self { private, memory: memory::Memory::new(), trees: trees::Trees::new(), opened: Opened::new(), gate: Gate::new() }
    }

    /// Where private objects are, if anywhere.
    pub fn private(&self) -> Option<Place> {
        self.private
    }

    /// The storage of an id.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND for an id that names none; STORAGE_NOT_AVAILABLE for one that this machine lacks.
    pub fn place(&self, id: u32) -> Result<Place, TeeError> {
        match StorageId::from_raw(id) {
            StorageId::PRIVATE => self.private.ok_or(TeeError::STORAGE_NOT_AVAILABLE),
            StorageId::PRIVATE_REE => self.private.filter(|place| *place == Place::Files).ok_or(TeeError::STORAGE_NOT_AVAILABLE),
            StorageId::PRIVATE_RPMB => Err(TeeError::STORAGE_NOT_AVAILABLE),
            _ => Err(TeeError::ITEM_NOT_FOUND),
        }
    }

    /// The backend of a place.
    pub fn backend(&self, place: Place) -> &dyn Backend<P> {
        match place {
            Place::Memory => &self.memory,
            Place::Files => &self.trees,
        }
    }

    /// Waits until no other operation is under way.
    ///
    /// # Errors
    /// STORAGE_NOT_AVAILABLE.
    pub fn enter<'g, 't>(&'g self, call: &'g Call<'t, P>) -> Result<Pass<'g, 't, P>, TeeError> {
        self.gate.enter(call)
    }

    /// Reads the head of an object. One whose head is none is removed: there is nothing else to be done with it.
    fn begin(&self, call: &Call<'_, P>, place: Place, name: &Name) -> Result<Beginning, TeeError> {
        let backend = self.backend(place);
        let mut bytes = Zeroizing::new([0; AT_ONCE]);
        let begun = backend.open(call, name, bytes.as_mut_slice()).and_then(|len| {
            let head = Head::read(bytes.as_slice()).filter(|_| len >= HEAD as u64).ok_or(TeeError::CORRUPT_OBJECT)?;
            let data_at = head.attribute_len.checked_add(HEAD as u32).ok_or(TeeError::CORRUPT_OBJECT)?;
            let data_len = len.checked_sub(u64::from(data_at)).and_then(|len| u32::try_from(len).ok());
            let data_len = data_len.filter(|_| head.attribute_len <= MAX_ATTRIBUTE_BYTES).ok_or(TeeError::CORRUPT_OBJECT)?;
            Ok((head, Layout { data_at, data_len, usage: head.usage }))
        });
        let (head, layout) = begun.inspect_err(|error| self.discard(call, place, name, *error))?;
        Ok(Beginning { head, layout, bytes })
    }

    /// Removes an object that is corrupt.
    pub fn discard(&self, call: &Call<'_, P>, place: Place, name: &Name, error: TeeError) {
        if error == TeeError::CORRUPT_OBJECT {
            crate::log!(call.platform(), "E core: an object of ta {} is corrupt, and removed", name.owner);
            // It may be gone already.
            let _ = self.backend(place).remove(call, name);
        }
    }

    /// The key in an object.
    fn key(&self, call: &Call<'_, P>, place: Place, name: &Name, beginning: &Beginning) -> Result<Object, TeeError> {
        let Beginning { head, layout, bytes } = beginning;
        let len = usize::try_from(head.attribute_len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let end = HEAD.saturating_add(len);
        if let Some(attributes) = bytes.get(HEAD..end) {
            return Object::restore(head, attributes);
        }
        admit(call.platform(), len)?;
        let mut attributes = Zeroizing::new(Vec::new());
        attributes.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let mut take = |part: &[u8]| {
            // No more than there is memory for, whatever a backend gives.
            let room = len.saturating_sub(attributes.len()).min(part.len());
            attributes.extend_from_slice(part.get(..room).unwrap_or_default());
            Ok(())
        };
        self.backend(place).read(call, name, layout.content_len(), HEAD as u64, len as u64, &mut take)?;
        Object::restore(head, &attributes)
    }

    /// Opens an object for a TA.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND, ACCESS_CONFLICT with another handle, and those of all backends.
    pub fn open(&self, call: &Call<'_, P>, place: Place, name: &Name, flags: HandleFlags) -> Result<Object, TeeError> {
        let _pass = self.enter(call)?;
        self.opened.check(place, name, flags, None)?;
        let beginning = self.begin(call, place, name)?;
        let mut object = self.key(call, place, name, &beginning).inspect_err(|error| self.discard(call, place, name, *error))?;
        let persistent = self.handle(call.platform(), place, name, flags, beginning.layout)?;
        self.opened.update(place, name, |shared| *shared = beginning.layout);
        object.persist(persistent);
        Ok(object)
    }

    /// An open handle.
    fn handle(&self, platform: &P, place: Place, name: &Name, flags: HandleFlags, layout: Layout) -> Result<Box<Persistent>, TeeError> {
        admit(platform, size_of::<Persistent>())?;
        let token = self.opened.insert(platform, place, name, flags, layout)?;
        Ok(Box::new(Persistent { token, place, name: name.clone(), flags, position: 0 }))
    }

    /// Makes an object; gives a handle that is open to it.
    ///
    /// # Errors
    /// ACCESS_CONFLICT with another handle, or for an object that is there without OVERWRITE; those of all backends and of `content`.
    pub fn create(
        &self,
        call: &Call<'_, P>,
        place: Place,
        name: &Name,
        flags: HandleFlags,
        content: &Content<'_>,
    ) -> Result<Box<Persistent>, TeeError> {
        let existing = if flags.contains(HandleFlags::OVERWRITE) { Existing::Replace } else { Existing::Keep };
        let layout = content.layout()?;
        let _pass = self.enter(call)?;
        self.opened.check(place, name, flags, Some(existing))?;
        // Before there is an object: nothing fails once it is there.
        let handle = self.handle(call.platform(), place, name, flags, layout)?;
        self.backend(place).create(call, name, existing, content)?;
        self.opened.update(place, name, |shared| *shared = layout);
        Ok(handle)
    }

    /// What the handles of an object share.
    ///
    /// # Errors
    /// GENERIC for one that is not open.
    pub fn layout(&self, persistent: &Persistent) -> Result<Layout, TeeError> {
        self.opened.layout(persistent.place, &persistent.name).ok_or(TeeError::GENERIC)
    }

    /// Reads from the data stream.
    ///
    /// # Errors
    /// Those of all backends and of `to`.
    pub fn read(&self, call: &Call<'_, P>, persistent: &Persistent, wanted: u32, to: &mut Sink<'_>) -> Result<u32, TeeError> {
        let _pass = self.enter(call)?;
        let layout = self.layout(persistent)?;
        let wanted = wanted.min(layout.data_len.saturating_sub(persistent.position));
        if wanted == 0 {
            return Ok(0);
        }
        let at = u64::from(layout.data_at).saturating_add(u64::from(persistent.position));
        let backend = self.backend(persistent.place);
        let count = backend.read(call, &persistent.name, layout.content_len(), at, u64::from(wanted), to)?;
        u32::try_from(count).map_err(|_| TeeError::GENERIC)
    }

    /// Writes to the data stream.
    ///
    /// # Errors
    /// OVERFLOW past the last position; those of all backends and of `from`.
    pub fn write(&self, call: &Call<'_, P>, persistent: &Persistent, from: &dyn Source) -> Result<(), TeeError> {
        let end = u64::from(persistent.position).saturating_add(from.len());
        u32::try_from(end).map_err(|_| TeeError::OVERFLOW)?;
        if from.is_empty() {
            return Ok(());
        }
        let _pass = self.enter(call)?;
        let layout = self.layout(persistent)?;
        let at = u64::from(layout.data_at).saturating_add(u64::from(persistent.position));
        let len = self.backend(persistent.place).write(call, &persistent.name, layout.content_len(), at, from)?;
        let data_len = u32::try_from(len.saturating_sub(u64::from(layout.data_at))).map_err(|_| TeeError::GENERIC)?;
        self.opened.update(persistent.place, &persistent.name, |shared| shared.data_len = data_len);
        Ok(())
    }

    /// Cuts the data stream, or fills it up with zeros.
    ///
    /// # Errors
    /// Those of all backends.
    pub fn truncate(&self, call: &Call<'_, P>, persistent: &Persistent, data_len: u32) -> Result<(), TeeError> {
        let _pass = self.enter(call)?;
        let layout = self.layout(persistent)?;
        let new = Layout { data_len, ..layout };
        self.backend(persistent.place).truncate(call, &persistent.name, layout.content_len(), new.content_len())?;
        self.opened.update(persistent.place, &persistent.name, |shared| shared.data_len = data_len);
        Ok(())
    }

    /// Takes away from what the key in an object may be used for, for all its handles and for later ones.
    ///
    /// # Errors
    /// Those of all backends.
    pub fn restrict_usage(&self, call: &Call<'_, P>, persistent: &Persistent, usage: u32) -> Result<(), TeeError> {
        let _pass = self.enter(call)?;
        let layout = self.layout(persistent)?;
        let usage = layout.usage & usage;
        if usage != layout.usage {
            let bytes = usage.to_le_bytes();
            self.backend(persistent.place).write(call, &persistent.name, layout.content_len(), Head::USAGE, &bytes.as_slice())?;
            self.opened.update(persistent.place, &persistent.name, |shared| shared.usage = usage);
        }
        Ok(())
    }

    /// Removes an object that a handle has open; one that is gone already is removed.
    ///
    /// # Errors
    /// Those of all backends.
    pub fn remove(&self, call: &Call<'_, P>, persistent: &Persistent) -> Result<(), TeeError> {
        let _pass = self.enter(call)?;
        match self.backend(persistent.place).remove(call, &persistent.name) {
            Err(TeeError::ITEM_NOT_FOUND) => Ok(()),
            result => result,
        }
    }

    /// Gives an object that a handle has open, and no other one, another id.
    ///
    /// # Errors
    /// ACCESS_CONFLICT for an id that is taken; those of all backends.
    pub fn rename(&self, call: &Call<'_, P>, persistent: &mut Persistent, to: &ObjectId) -> Result<(), TeeError> {
        let _pass = self.enter(call)?;
        let new = Name { owner: persistent.name.owner, id: to.clone() };
        self.opened.check(persistent.place, &new, persistent.flags, Some(Existing::Keep))?;
        self.backend(persistent.place).rename(call, &persistent.name, to)?;
        self.opened.rename(&persistent.token, to);
        persistent.name = new;
        Ok(())
    }

    /// Ids of the objects of a TA.
    ///
    /// # Errors
    /// Those of all backends.
    pub fn list(&self, call: &Call<'_, P>, place: Place, owner: &Uuid) -> Result<Ids, TeeError> {
        let _pass = self.enter(call)?;
        self.backend(place).list(call, owner)
    }

    /// Reads an object of the TEE's own, which belongs to the nil UUID, as no TA does; its length.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND, and those of all backends.
    pub fn system_read(&self, call: &Call<'_, P>, id: &ObjectId, out: &mut [u8]) -> Result<u64, TeeError> {
        let place = self.private.ok_or(TeeError::STORAGE_NOT_AVAILABLE)?;
        let _pass = self.enter(call)?;
        self.backend(place).open(call, &Name { owner: Uuid::NIL, id: id.clone() }, out)
    }

    /// Writes an object of the TEE's own.
    ///
    /// # Errors
    /// Those of all backends.
    pub fn system_write(&self, call: &Call<'_, P>, id: &ObjectId, content: &[u8]) -> Result<(), TeeError> {
        let place = self.private.ok_or(TeeError::STORAGE_NOT_AVAILABLE)?;
        let _pass = self.enter(call)?;
        self.backend(place).create(call, &Name { owner: Uuid::NIL, id: id.clone() }, Existing::Replace, &content)
    }

    /// What there is to know of an object that may be open or not.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND; those of all backends.
    pub fn info(&self, call: &Call<'_, P>, place: Place, name: &Name) -> Result<UteeObjectInfo, TeeError> {
        let _pass = self.enter(call)?;
        let Beginning { head, layout, .. } = self.begin(call, place, name)?;
        Ok(UteeObjectInfo {
            object_type: head.object_type,
            object_size: head.object_size,
            max_object_size: head.max_object_size,
            usage: head.usage,
            data_size: layout.data_len,
            data_position: 0,
            handle_flags: (HandleFlags::PERSISTENT | HandleFlags::INITIALIZED).bits(),
        })
    }
}

/// Content of a new object: what [`Object::store`] made of its attributes, and the data.
pub struct Content<'c> {
    /// Head and attributes.
    pub key: &'c [u8],
    /// The data stream.
    pub data: &'c dyn Source,
}

impl Content<'_> {
    fn layout(&self) -> Result<Layout, TeeError> {
        let data_at = u32::try_from(self.key.len()).map_err(|_| TeeError::GENERIC)?;
        let data_len = u32::try_from(self.data.len()).map_err(|_| TeeError::OVERFLOW)?;
        let usage = Head::read(self.key).ok_or(TeeError::GENERIC)?.usage;
        Ok(Layout { data_at, data_len, usage })
    }
}

impl Source for Content<'_> {
    fn len(&self) -> u64 {
        (self.key.len() as u64).saturating_add(self.data.len())
    }

    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), TeeError> {
        let rest = usize::try_from(at).ok().and_then(|at| self.key.get(at..)).unwrap_or_default();
        let (first, second) = out.split_at_mut(rest.len().min(out.len()));
        first.copy_from_slice(rest.get(..first.len()).ok_or(TeeError::GENERIC)?);
        if second.is_empty() {
            return Ok(());
        }
        let from = at.saturating_add(first.len() as u64).checked_sub(self.key.len() as u64).ok_or(TeeError::GENERIC)?;
        self.data.read(from, second)
    }
}
