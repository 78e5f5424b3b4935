// SPDX-License-Identifier: BSD-2-Clause
//! Objects in files of the normal world that it can neither read nor change: hash trees ([`super::htree`]) and a directory of them, in
//! the format and under the names of OP-TEE's REE-FS. What OP-TEE left opens on the same hardware-unique key.
//!
//! The directory has the hash of the root of each object's file. An operation writes the next version of the object, then that of the
//! directory, whose head makes both count: a loss of power leaves an object as it was before or as after.
//!
//! **What the normal world can do**: take objects away, all or one; and while the machine is off put the whole store back to what it was
//! at some time. From the first use after a reset on the directory's hash is known here, so that an older one is refused.

mod directory;
mod medium;

use super::backend::{Backend, Existing, Ids, Name, ObjectId, Sink, Source};
use super::htree::{Expected, Hash, Tree};
use crate::call::Call;
use crate::crypto::huk;
use crate::lock::Lock;
use crate::ports::Platform;
use crate::rpc::buffer::RpcBuffer;
use crate::rpc::fs;
use directory::{Directory, Place, Room};
use medium::{ABSENT, FULL, NOTHING, told};
use utee_abi::htree::{BLOCK_SIZE, DIRECTORY_FILE, DirEntry};
use utee_abi::result::TeeError;
use utee_abi::rpc::ShmType;
use utee_abi::uuid::Uuid;

/// What a new directory is called until it is whole.
const NEW_DIRECTORY: &[u8] = b"dirf.new";

/// Bytes that go over at a time: what is read first of a file.
const BUFFER: usize = 2 * BLOCK_SIZE;

/// What is known of the directory since reset: nothing, or that it has one of these hashes. Two while it is open whether a version that
/// was to count does.
type Known = heapless::Vec<Hash, 2>;

/// The store.
pub struct Trees<P: Platform> {
    known: Lock<P, Known>,
}

/// The name of a file: its number in hexadecimal digits.
fn file_name(mut number: u32) -> heapless::Vec<u8, 8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut name = heapless::Vec::new();
    loop {
        // Eight digits fit.
        let _ = name.push(DIGITS.get((number % 16) as usize).copied().unwrap_or(b'0'));
        number /= 16;
        if number == 0 {
            break;
        }
    }
    name.reverse();
    name
}

fn buffer<'c, 't, P: Platform>(call: &'c Call<'t, P>) -> Result<RpcBuffer<'c, 't, P>, TeeError> {
    RpcBuffer::allocate(call, ShmType::Application, BUFFER).map_err(told(NOTHING))
}

/// For an object that was opened, so that it has to be there.
fn lost(answer: TeeError) -> TeeError {
    if answer == TeeError::ITEM_NOT_FOUND { TeeError::CORRUPT_OBJECT } else { answer }
}

/// What goes wrong with the directory is not a matter of one object, which would be removed for it.
fn not_available<P: Platform>(call: &Call<'_, P>) -> TeeError {
    crate::log!(call.platform(), "E core: the directory of stored objects is lost, corrupt or an old one");
    TeeError::STORAGE_NOT_AVAILABLE
}

impl<P: Platform> Trees<P> {
    /// Nothing is known of the store.
    pub fn new() -> Self {
        Self { known: Lock::<P, _>::new(Known::new()) }
    }

    fn known(&self) -> Known {
        self.known.lock().clone()
    }

    fn know(&self, hashes: &[Hash]) {
        if let Ok(known) = Known::from_slice(hashes) {
            *self.known.lock() = known;
        }
    }

    /// Opens the directory for the time of `f`; one that was never there is made first for whoever adds something.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND when there is none; STORAGE_NOT_AVAILABLE; those of `f`.
    fn with_directory<R>(
        &self,
        buffer: &RpcBuffer<'_, '_, P>,
        adds: bool,
        f: impl FnOnce(&mut Directory<'_>) -> Result<R, TeeError>,
    ) -> Result<R, TeeError> {
        let (call, known) = (buffer.call(), self.known());
        let key = huk::storage_key(call.platform(), None)?;
        let name = DIRECTORY_FILE.as_bytes();
        let file = match fs::open(buffer, name) {
            Err(TeeError::ITEM_NOT_FOUND) if !known.is_empty() => return Err(not_available(call)),
            Err(TeeError::ITEM_NOT_FOUND) if adds => {
                // Whole before it has its name: a loss of power leaves none.
                medium::with_new(buffer, NEW_DIRECTORY, |medium| Tree::create(call, medium, &key)?.commit())?;
                fs::rename(buffer, NEW_DIRECTORY, name, fs::Existing::Keep).map_err(told(FULL))?;
                fs::open(buffer, name).map_err(told(NOTHING))?
            }
            result => result.map_err(told(ABSENT))?,
        };
        medium::within(buffer, file, |medium| {
            let expected = if known.is_empty() { Expected::Newest { counter: 0 } } else { Expected::OneOf(&known) };
            let tree = match Tree::open(call, medium, &key, expected) {
                // OP-TEE makes it in place, so that a loss of power may leave one that was never committed.
                Err(TeeError::ITEM_NOT_FOUND) if adds => {
                    let mut tree = Tree::create(call, medium, &key)?;
                    tree.commit()?;
                    tree
                }
                Err(TeeError::CORRUPT_OBJECT | TeeError::SECURITY) => return Err(not_available(call)),
                result => result?,
            };
            self.know(&[tree.root()]);
            let mut directory = Directory::new(tree);
            let result = f(&mut directory);
            if directory.is_damaged() { Err(not_available(call)) } else { result }
        })
    }

    /// Makes the directory's changes count.
    fn commit(&self, directory: &mut Directory<'_>) -> Result<(), TeeError> {
        let old = directory.tree().root();
        let new = directory.tree().stage()?;
        self.know(&[old, new]);
        directory.tree().publish()?;
        self.know(&[new]);
        Ok(())
    }

    /// Opens the file of an entry for the time of `f`.
    fn with_object<R>(
        &self,
        buffer: &RpcBuffer<'_, '_, P>,
        entry: &DirEntry,
        owner: &Uuid,
        f: impl FnOnce(&mut Tree<'_>) -> Result<R, TeeError>,
    ) -> Result<R, TeeError> {
        let key = huk::storage_key(buffer.call().platform(), Some(owner))?;
        let opened = medium::with(buffer, &file_name(entry.file), |medium| {
            f(&mut Tree::open(buffer.call(), medium, &key, Expected::OneOf(&[entry.hash]))?)
        });
        opened.map_err(lost)
    }

    /// The entry of an object.
    fn entry(&self, buffer: &RpcBuffer<'_, '_, P>, name: &Name) -> Result<DirEntry, TeeError> {
        self.with_directory(buffer, false, |directory| Ok(directory.find(name)?.ok_or(TeeError::ITEM_NOT_FOUND)?.entry))
    }

    /// Changes an object that was opened.
    fn change<R>(&self, call: &Call<'_, P>, name: &Name, f: impl FnOnce(&mut Tree<'_>) -> Result<R, TeeError>) -> Result<R, TeeError> {
        let buffer = buffer(call)?;
        let changed = self.with_directory(&buffer, false, |directory| {
            let Place { index, entry } = directory.find(name)?.ok_or(TeeError::CORRUPT_OBJECT)?;
            self.with_object(&buffer, &entry, &name.owner, |tree| {
                let blocks = tree.blocks();
                let result = f(tree)?;
                let hash = tree.commit()?;
                directory.put(index, &entry.with_hash(hash))?;
                self.commit(directory)?;
                if tree.blocks() < blocks {
                    // It holds nothing that anybody misses.
                    let _ = tree.trim();
                }
                Ok(result)
            })
        });
        changed.map_err(lost)
    }
}

impl<P: Platform> Default for Trees<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform> Backend<P> for Trees<P> {
    fn open(&self, call: &Call<'_, P>, name: &Name, head: &mut [u8]) -> Result<u64, TeeError> {
        let buffer = buffer(call)?;
        let entry = self.entry(&buffer, name)?;
        self.with_object(&buffer, &entry, &name.owner, |tree| {
            let len = usize::try_from(tree.len()).unwrap_or(usize::MAX).min(head.len());
            tree.read_exact(0, head.get_mut(..len).ok_or(TeeError::GENERIC)?)?;
            Ok(tree.len())
        })
    }

    fn create(&self, call: &Call<'_, P>, name: &Name, existing: Existing, content: &dyn Source) -> Result<(), TeeError> {
        let buffer = buffer(call)?;
        let key = huk::storage_key(call.platform(), Some(&name.owner))?;
        self.with_directory(&buffer, true, |directory| {
            let Room { found, index, file } = directory.room(call, name)?;
            if found.is_some() && existing == Existing::Keep {
                return Err(TeeError::ACCESS_CONFLICT);
            }
            let path = file_name(file);
            let written = medium::with_new(&buffer, &path, |medium| {
                let mut tree = Tree::create(call, medium, &key)?;
                tree.write(0, content)?;
                tree.commit()
            });
            let put = written.and_then(|hash| {
                let entry = DirEntry::new(name.owner.to_memory(), name.id.bytes(), hash, file).ok_or(TeeError::GENERIC)?;
                directory.put(found.map_or(index, |place| place.index), &entry)
            });
            if put.is_err() {
                // The next object would take its place anyhow.
                let _ = fs::remove(&buffer, &path);
            }
            put?;
            self.commit(directory)?;
            if let Some(old) = found {
                let _ = fs::remove(&buffer, &file_name(old.entry.file));
            }
            Ok(())
        })
    }

    fn read(&self, call: &Call<'_, P>, name: &Name, _len: u64, at: u64, wanted: u64, to: &mut Sink<'_>) -> Result<u64, TeeError> {
        let buffer = buffer(call)?;
        let entry = self.entry(&buffer, name).map_err(lost)?;
        self.with_object(&buffer, &entry, &name.owner, |tree| tree.read(at, wanted, to))
    }

    fn write(&self, call: &Call<'_, P>, name: &Name, _len: u64, at: u64, from: &dyn Source) -> Result<u64, TeeError> {
        self.change(call, name, |tree| {
            tree.write(at, from)?;
            Ok(tree.len())
        })
    }

    fn truncate(&self, call: &Call<'_, P>, name: &Name, _len: u64, new: u64) -> Result<(), TeeError> {
        self.change(call, name, |tree| tree.set_len(new))
    }

    fn rename(&self, call: &Call<'_, P>, name: &Name, to: &ObjectId) -> Result<(), TeeError> {
        let buffer = buffer(call)?;
        let renamed = self.with_directory(&buffer, false, |directory| {
            if directory.find(&Name { owner: name.owner, id: to.clone() })?.is_some() {
                return Err(TeeError::ACCESS_CONFLICT);
            }
            let Place { index, entry } = directory.find(name)?.ok_or(TeeError::CORRUPT_OBJECT)?;
            let new = DirEntry::new(entry.owner, to.bytes(), entry.hash, entry.file).ok_or(TeeError::GENERIC)?;
            directory.put(index, &new)?;
            self.commit(directory)
        });
        renamed.map_err(lost)
    }

    fn remove(&self, call: &Call<'_, P>, name: &Name) -> Result<(), TeeError> {
        let buffer = buffer(call)?;
        self.with_directory(&buffer, false, |directory| {
            let Place { index, entry } = directory.find(name)?.ok_or(TeeError::ITEM_NOT_FOUND)?;
            let blocks = directory.tree().blocks();
            directory.clear(index)?;
            self.commit(directory)?;
            if directory.tree().blocks() < blocks {
                let _ = directory.tree().trim();
            }
            // Nothing refers to it any more; its number is taken again.
            let _ = fs::remove(&buffer, &file_name(entry.file));
            Ok(())
        })
    }

    fn list(&self, call: &Call<'_, P>, owner: &Uuid) -> Result<Ids, TeeError> {
        let buffer = buffer(call)?;
        let mut ids = Ids::new();
        let listed = self.with_directory(&buffer, false, |directory| {
            directory.each(|Place { entry, .. }| match entry.id().and_then(ObjectId::new).filter(|_| entry.owner == owner.to_memory()) {
                Some(id) => ids.push(call.platform(), &id),
                None => Ok(()),
            })
        });
        match listed {
            // There is no directory.
            Err(TeeError::ITEM_NOT_FOUND) => Ok(ids),
            result => result.map(|()| ids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn files_are_numbered_as_by_optee() {
        for (number, name) in [(0, "0"), (9, "9"), (10, "a"), (0x10, "10"), (0xDEAD_BEEF, "deadbeef")] {
            assert_eq!(file_name(number), name.as_bytes());
        }
    }
}
