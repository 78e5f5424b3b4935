// SPDX-License-Identifier: BSD-2-Clause
//! Objects as bare files of the normal world, asked for by the file requests of its supplicant.
//!
//! **Nothing protects them yet**: the normal world reads, changes, puts back and takes away what it likes, keys included. What comes
//! from it is bounded and checked like any other claim, so that this is all it can do. A loss of power leaves an object as it was
//! before it was created, replaced or renamed, or as after that; of a write a part may have been done.
//!
//! An object is `oxtee-objects-<UUID of the TA>/o<id in hexadecimal>`: a magic number, the u64 length of the content, the content. No
//! file stays open between two operations, so that a supplicant may come and go.

use super::backend::{Backend, Existing, Ids, Name, ObjectId, Sink, Source};
use crate::call::Call;
use crate::limits::MAX_LISTED;
use crate::ports::Platform;
use crate::rpc::buffer::RpcBuffer;
use crate::rpc::fs::{self, File};
use utee_abi::bytes::{array, u64_at};
use utee_abi::result::TeeError;
use utee_abi::rpc::{FS_NAME_SIZE, ShmType};
use utee_abi::storage::OBJECT_ID_MAX;
use utee_abi::uuid::Uuid;
use zeroize::Zeroizing;

/// One level of folders: supplicants since OP-TEE 4.6 fail to make two at once.
const FOLDER: &[u8] = b"oxtee-objects-";
/// First letter of the file of an object: an id may be empty, a name may not.
const OBJECT: u8 = b'o';
/// The file that a new object is written to before it gets its name. No object has it.
const NEW: &[u8] = b"new";

const MAGIC: [u8; 8] = *b"OXTEEOB1";
const HEADER: u64 = 16;

/// Bytes that go over at a time.
const LARGEST: u64 = 32 * 1024;
/// A buffer holds two names at least.
const SMALLEST: u64 = 2 * FS_NAME_SIZE as u64;
/// Bytes that are copied at a time.
const PART: usize = 512;

/// A name in the normal world.
type Path = heapless::Vec<u8, { FOLDER.len() + 32 + 2 + 2 * OBJECT_ID_MAX }>;

/// The normal world's files.
pub struct Files;

fn push(path: &mut Path, bytes: &[u8]) -> Result<(), TeeError> {
    path.extend_from_slice(bytes).map_err(|_| TeeError::GENERIC)
}

fn push_hex(path: &mut Path, bytes: &[u8]) -> Result<(), TeeError> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            push(path, DIGITS.get(usize::from(digit)..).and_then(|rest| rest.get(..1)).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// The folder of a TA, without a slash at its end.
fn folder(owner: &Uuid) -> Result<Path, TeeError> {
    let mut path = Path::new();
    push(&mut path, FOLDER)?;
    push_hex(&mut path, &owner.octets())?;
    Ok(path)
}

fn path(owner: &Uuid, id: &ObjectId) -> Result<Path, TeeError> {
    let mut path = folder(owner)?;
    push(&mut path, &[b'/', OBJECT])?;
    push_hex(&mut path, id.bytes())?;
    Ok(path)
}

fn new_path(owner: &Uuid) -> Result<Path, TeeError> {
    let mut path = folder(owner)?;
    push(&mut path, b"/")?;
    push(&mut path, NEW)?;
    Ok(path)
}

/// The id that a file of this name is for; `None` for a name that was not made here.
fn id_of(name: &[u8]) -> Option<ObjectId> {
    let digits = name.strip_prefix(&[OBJECT])?;
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    };
    let mut id = heapless::Vec::<u8, OBJECT_ID_MAX>::new();
    for pair in digits.chunks(2) {
        let [high, low] = *pair else { return None };
        id.push(digit(high)? << 4 | digit(low)?).ok()?;
    }
    ObjectId::new(&id)
}

/// What the normal world answers as an error of a backend, one of `also` or that the storage cannot be reached: it cannot put words
/// into the TEE's mouth.
fn told(also: &'static [TeeError]) -> impl Fn(TeeError) -> TeeError {
    move |answer| if also.contains(&answer) { answer } else { TeeError::STORAGE_NOT_AVAILABLE }
}

/// Of requests that read, or give something back.
const NOTHING: &[TeeError] = &[];
/// Of requests that write.
const FULL: &[TeeError] = &[TeeError::STORAGE_NO_SPACE];
/// Of requests that name something.
const ABSENT: &[TeeError] = &[TeeError::ITEM_NOT_FOUND];
/// Of requests that name something new.
const TAKEN: &[TeeError] = &[TeeError::ACCESS_CONFLICT, TeeError::STORAGE_NO_SPACE];

/// For an object that was opened, so that it has to be there.
fn lost(answer: TeeError) -> TeeError {
    if answer == TeeError::ITEM_NOT_FOUND { TeeError::CORRUPT_OBJECT } else { answer }
}

/// A buffer for `len` bytes, or for a part of them.
fn buffer<'c, 't, P: Platform>(call: &'c Call<'t, P>, len: u64) -> Result<RpcBuffer<'c, 't, P>, TeeError> {
    let size = usize::try_from(len.clamp(SMALLEST, LARGEST)).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    RpcBuffer::allocate(call, ShmType::Application, size).map_err(told(NOTHING))
}

/// Opens a file for the time of `f`.
fn with_file<P: Platform, R>(
    buffer: &RpcBuffer<'_, '_, P>,
    name: &Name,
    f: impl FnOnce(File) -> Result<R, TeeError>,
) -> Result<R, TeeError> {
    let file = fs::open(buffer, &path(&name.owner, &name.id)?).map_err(told(ABSENT))?;
    let result = f(file);
    // What was answered before is done; a supplicant that cannot close keeps the handle, and no more.
    let _ = fs::close(buffer.call(), file);
    result
}

/// Puts `len` bytes, from byte `at` of a source on, at byte `to` of the buffer.
fn load<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, to: usize, from: &dyn Source, at: u64, len: usize) -> Result<(), TeeError> {
    let mut part = Zeroizing::new([0; PART]);
    for done in (0..len).step_by(PART) {
        let part = part.get_mut(..len.saturating_sub(done).min(PART)).ok_or(TeeError::GENERIC)?;
        from.read(at.saturating_add(done as u64), part)?;
        buffer.write(to.saturating_add(done), part)?;
    }
    Ok(())
}

fn header(len: u64) -> [u8; HEADER as usize] {
    let mut bytes = [0; HEADER as usize];
    let (magic, length) = bytes.split_at_mut(MAGIC.len());
    magic.copy_from_slice(&MAGIC);
    length.copy_from_slice(&len.to_le_bytes());
    bytes
}

/// Writes a source into a file, `before` in front of it.
fn write_all<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, file: File, to: u64, before: &[u8], from: &dyn Source) -> Result<(), TeeError> {
    let (mut done, mut at, mut lead) = (0, to, before);
    loop {
        buffer.write(0, lead)?;
        let room = buffer.size().saturating_sub(lead.len());
        let len = usize::try_from(from.len().saturating_sub(done)).unwrap_or(room).min(room);
        load(buffer, lead.len(), from, done, len)?;
        let count = lead.len().saturating_add(len);
        if count != 0 {
            fs::write(buffer, file, at, count).map_err(told(FULL))?;
        }
        (done, at, lead) = (done.saturating_add(len as u64), at.saturating_add(count as u64), &[]);
        if done >= from.len() {
            return Ok(());
        }
    }
}

/// Sets the length that the header says.
fn set_len<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, file: File, len: u64) -> Result<(), TeeError> {
    buffer.write(0, &header(len))?;
    fs::write(buffer, file, 0, header(len).len()).map_err(told(FULL))
}

/// Makes a file end where the content does, so that what follows is read as zeros.
fn cut<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, file: File, len: u64) -> Result<(), TeeError> {
    fs::truncate(buffer.call(), file, HEADER.saturating_add(len)).map_err(told(FULL))
}

impl<P: Platform> Backend<P> for Files {
    fn open(&self, call: &Call<'_, P>, name: &Name, head: &mut [u8]) -> Result<u64, TeeError> {
        let buffer = buffer(call, HEADER.saturating_add(head.len() as u64))?;
        with_file(&buffer, name, |file| {
            let wanted = head.len().saturating_add(HEADER as usize).min(buffer.size());
            let count = fs::read(&buffer, file, 0, wanted).map_err(told(NOTHING))?;
            // One copy; what it says is what counts from here on.
            let mut bytes = [0; HEADER as usize];
            if count < bytes.len() {
                return Err(TeeError::CORRUPT_OBJECT);
            }
            buffer.read(0, &mut bytes)?;
            let len = u64_at(&bytes, MAGIC.len()).filter(|_| array(&bytes, 0) == Some(MAGIC)).ok_or(TeeError::CORRUPT_OBJECT)?;
            let there = (count as u64).saturating_sub(HEADER);
            let known = usize::try_from(there.min(len)).unwrap_or(0).min(head.len());
            if there < len.min(head.len() as u64) {
                return Err(TeeError::CORRUPT_OBJECT);
            }
            buffer.read(HEADER as usize, head.get_mut(..known).ok_or(TeeError::GENERIC)?)?;
            Ok(len)
        })
    }

    fn create(&self, call: &Call<'_, P>, name: &Name, existing: Existing, content: &dyn Source) -> Result<(), TeeError> {
        let buffer = buffer(call, HEADER.saturating_add(content.len()))?;
        let (new, place) = (new_path(&name.owner)?, path(&name.owner, &name.id)?);
        let file = fs::create(&buffer, &new).map_err(told(FULL))?;
        let written = write_all(&buffer, file, 0, &header(content.len()), content);
        let closed = fs::close(call, file).map_err(told(FULL));
        let existing = if existing == Existing::Replace { fs::Existing::Replace } else { fs::Existing::Keep };
        let renamed = written.and(closed).and_then(|()| {
            let taken = if existing == fs::Existing::Keep { TAKEN } else { FULL };
            fs::rename(&buffer, &new, &place, existing).map_err(told(taken))
        });
        renamed.inspect_err(|_| {
            // The next object would take its place anyhow.
            let _ = fs::remove(&buffer, &new);
        })
    }

    fn read(&self, call: &Call<'_, P>, name: &Name, len: u64, at: u64, wanted: u64, to: &mut Sink<'_>) -> Result<u64, TeeError> {
        let wanted = wanted.min(len.saturating_sub(at));
        if wanted == 0 {
            return Ok(0);
        }
        let buffer = buffer(call, wanted)?;
        let read = with_file(&buffer, name, |file| {
            let mut part = Zeroizing::new([0; PART]);
            let mut done = 0u64;
            while done < wanted {
                let most = usize::try_from(wanted.saturating_sub(done)).unwrap_or(usize::MAX).min(buffer.size());
                let from = HEADER.saturating_add(at).saturating_add(done);
                if fs::read(&buffer, file, from, most).map_err(told(NOTHING))? < most {
                    return Err(TeeError::CORRUPT_OBJECT);
                }
                for offset in (0..most).step_by(PART) {
                    let part = part.get_mut(..most.saturating_sub(offset).min(PART)).ok_or(TeeError::GENERIC)?;
                    buffer.read(offset, part)?;
                    to(part)?;
                }
                done = done.saturating_add(most as u64);
            }
            Ok(done)
        });
        read.map_err(lost)
    }

    fn write(&self, call: &Call<'_, P>, name: &Name, len: u64, at: u64, from: &dyn Source) -> Result<u64, TeeError> {
        let end = at.saturating_add(from.len());
        let buffer = buffer(call, from.len())?;
        let written = with_file(&buffer, name, |file| {
            if at > len {
                cut(&buffer, file, len)?;
                cut(&buffer, file, at)?;
            }
            write_all(&buffer, file, HEADER.saturating_add(at), &[], from)?;
            if end > len {
                // Last, so that the header never says more than there is.
                set_len(&buffer, file, end)?;
            }
            Ok(end.max(len))
        });
        written.map_err(lost)
    }

    fn truncate(&self, call: &Call<'_, P>, name: &Name, len: u64, new: u64) -> Result<(), TeeError> {
        let buffer = buffer(call, 0)?;
        let cut = with_file(&buffer, name, |file| {
            if new <= len {
                set_len(&buffer, file, new)?;
                return cut(&buffer, file, new);
            }
            cut(&buffer, file, len)?;
            cut(&buffer, file, new)?;
            set_len(&buffer, file, new)
        });
        cut.map_err(lost)
    }

    fn rename(&self, call: &Call<'_, P>, name: &Name, to: &ObjectId) -> Result<(), TeeError> {
        let buffer = buffer(call, 0)?;
        let (from, to) = (path(&name.owner, &name.id)?, path(&name.owner, to)?);
        let answers = &[TeeError::ITEM_NOT_FOUND, TeeError::ACCESS_CONFLICT, TeeError::STORAGE_NO_SPACE];
        fs::rename(&buffer, &from, &to, fs::Existing::Keep).map_err(told(answers)).map_err(lost)
    }

    fn remove(&self, call: &Call<'_, P>, name: &Name) -> Result<(), TeeError> {
        fs::remove(&buffer(call, 0)?, &path(&name.owner, &name.id)?).map_err(told(ABSENT))
    }

    fn list(&self, call: &Call<'_, P>, owner: &Uuid) -> Result<Ids, TeeError> {
        let buffer = buffer(call, 0)?;
        let mut ids = Ids::new();
        let directory = match fs::open_directory(&buffer, &folder(owner)?) {
            Ok(directory) => directory,
            Err(TeeError::ITEM_NOT_FOUND) => return Ok(ids),
            Err(answer) => return Err(told(NOTHING)(answer)),
        };
        let mut read = Ok(());
        // Names that are none of ours are passed over; a folder without end is not read for ever.
        for _ in 0..MAX_LISTED.saturating_mul(2) {
            match fs::read_directory(&buffer, directory) {
                Ok(entry) => read = id_of(&entry).map_or(Ok(()), |id| ids.push(call.platform(), &id)),
                Err(TeeError::ITEM_NOT_FOUND) => break,
                Err(answer) => read = Err(told(NOTHING)(answer)),
            }
            if read.is_err() {
                break;
            }
        }
        let _ = fs::close_directory(call, directory);
        read.map(|()| ids)
    }
}

#[cfg(test)]
mod tests {
    use super::{ObjectId, id_of, path};
    use utee_abi::uuid::Uuid;

    #[test]
    fn ids_are_told_by_names_and_nothing_else_is() {
        let owner = Uuid::new(1, 2, 3, [4; 8]);
        for len in 0..=64u8 {
            let id = ObjectId::new(&(0..len).map(|at| at.wrapping_mul(37)).collect::<alloc::vec::Vec<u8>>()).unwrap();
            let path = path(&owner, &id).unwrap();
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap();
            assert_eq!(id_of(name), Some(id), "{len}");
        }
        let path = path(&owner, &ObjectId::new(b"\0/").unwrap()).unwrap();
        assert_eq!(path.as_slice(), b"oxtee-objects-00000001000200030404040404040404/o002f");
        let too_long = [b'a'; 131];
        for name in [&b"new"[..], b"", b"o0", b"oAA", b"o0g", b"00", &[&b"o"[..], &too_long[1..]].concat()] {
            assert_eq!(id_of(name), None);
        }
    }
}
