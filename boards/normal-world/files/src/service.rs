// SPDX-License-Identifier: BSD-2-Clause
//! The file requests of the TEE (OP-TEE ABI, FS sub-commands): parameters and answers as OP-TEE's supplicant has them.

mod handles;

use crate::exchange::HIDDEN;
use crate::path::Path;
use crate::volume::{ROOT, Result as VolumeResult, Volume, kind, write_at};
use alloc::format;
use alloc::vec::Vec;
use hadris_fs::{ErrorKind, NodeId, OpenMode, RenameMode};
use handles::{Directories, OpenFiles};
use tee_client::transport::smc::RpcParam;
use tee_client::{Direction, SharedBytes};
use utee_abi::result::TeeError;
use utee_abi::rpc::FsCommand;
use utee_abi::uuid::Uuid;

/// Bytes of a name at most: a path of Linux, less what the supplicant puts before it.
const NAME: usize = 4092;
/// Bytes that are moved at a time between the TEE's memory and a file.
const PART: usize = 16 << 10;
/// Bytes of a TA at most.
const LARGEST_TA: usize = 16 << 20;

/// Serves them on a volume.
pub struct Service {
    volume: Volume,
    files: OpenFiles,
    directories: Directories,
    part: Vec<u8>,
}

/// Memory of a request.
struct Buffer<'a> {
    bytes: &'a dyn SharedBytes,
    offset: usize,
    size: usize,
}

/// The error that a kind is for the TEE.
fn error(kind: ErrorKind) -> TeeError {
    match kind {
        ErrorKind::NoSpace => TeeError::STORAGE_NO_SPACE,
        ErrorKind::NotFound => TeeError::ITEM_NOT_FOUND,
        _ => TeeError::GENERIC,
    }
}

fn input<'a>(param: &RpcParam<'a>) -> Result<Buffer<'a>, TeeError> {
    match param {
        RpcParam::Memory { direction: Direction::Input, bytes, offset, size } => Ok(Buffer { bytes: *bytes, offset: *offset, size: *size }),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

fn output<'a, 'p>(param: &'p mut RpcParam<'a>) -> Result<(Buffer<'a>, &'p mut usize), TeeError> {
    match param {
        RpcParam::Memory { direction: Direction::Output, bytes, offset, size } => {
            Ok((Buffer { bytes: *bytes, offset: *offset, size: *size }, size))
        }
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

fn value_out<'p>(param: &'p mut RpcParam<'_>) -> Result<&'p mut u64, TeeError> {
    match param {
        RpcParam::Value { direction: Direction::Output, words: [a, ..] } => Ok(a),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

impl Buffer<'_> {
    /// The name in it, up to its NUL.
    fn name(&self) -> Result<Vec<u8>, TeeError> {
        let mut bytes = alloc::vec![0; self.size.min(NAME + 1)];
        if !self.bytes.read(self.offset, &mut bytes) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let end = bytes.iter().position(|byte| *byte == 0).ok_or(TeeError::BAD_PARAMETERS)?;
        bytes.truncate(end);
        Ok(bytes)
    }

    /// Where byte `done` of it stands in the memory.
    fn at(&self, done: usize) -> usize {
        self.offset.saturating_add(done)
    }
}

/// The names below the TEE's folder, with that before them.
fn below<'a>(names: &[&'a [u8]]) -> Vec<&'a [u8]> {
    core::iter::once(ROOT.as_bytes()).chain(names.iter().copied()).collect()
}

impl Service {
    /// Serves on this volume.
    pub fn new(volume: Volume) -> Self {
        Self { volume, files: OpenFiles::new(), directories: Directories::new(), part: alloc::vec![0; PART] }
    }

    /// The volume; what is changed there past the service, the service does not know.
    pub fn volume(&mut self) -> &mut Volume {
        &mut self.volume
    }

    /// Ends the service; files that are open are closed.
    pub fn into_volume(mut self) -> Volume {
        self.files.close_all(&mut self.volume);
        self.directories.close_all(&mut self.volume);
        self.volume
    }

    /// Bytes of the signed image of a TA.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND, GENERIC when the volume cannot be read.
    pub fn ta_size(&mut self, uuid: Uuid) -> Result<usize, TeeError> {
        let size = self.volume.size(&[crate::volume::TAS.as_bytes(), format!("{uuid}.ta").as_bytes()]).map_err(error)?;
        usize::try_from(size).map_err(|_| TeeError::OUT_OF_MEMORY)
    }

    /// The signed image of a TA.
    ///
    /// # Errors
    /// As [`Service::ta_size`]; OUT_OF_MEMORY for a larger one than there is room for.
    pub fn load_ta(&mut self, uuid: Uuid) -> Result<Vec<u8>, TeeError> {
        let image = self.volume.read(&[crate::volume::TAS.as_bytes(), format!("{uuid}.ta").as_bytes()], LARGEST_TA);
        image.map_err(|kind| if kind == ErrorKind::LimitExceeded { TeeError::OUT_OF_MEMORY } else { error(kind) })
    }

    /// Serves a file request.
    ///
    /// # Errors
    /// BAD_PARAMETERS for what is none; ITEM_NOT_FOUND, ACCESS_CONFLICT, SHORT_BUFFER, STORAGE_NO_SPACE, OUT_OF_MEMORY and
    /// GENERIC as OP-TEE's supplicant gives them.
    pub fn request(&mut self, params: &mut [RpcParam<'_>]) -> Result<(), TeeError> {
        let Some((RpcParam::Value { direction: Direction::Input, words: [command, b, c] }, rest)) = params.split_first_mut() else {
            return Err(TeeError::BAD_PARAMETERS);
        };
        let command = u32::try_from(*command).ok().and_then(|command| FsCommand::try_from(command).ok());
        let command = command.ok_or(TeeError::BAD_PARAMETERS)?;
        // A descriptor is an int there, whatever else stands in the word.
        let (handle, c) = (*b as u32, *c);
        match (command, rest) {
            (FsCommand::Open, [name, out]) => {
                let (name, out) = (input(name)?.name()?, value_out(out)?);
                *out = self.open(&name)?;
                Ok(())
            }
            (FsCommand::Create, [name, out]) => {
                let (name, out) = (input(name)?.name()?, value_out(out)?);
                *out = self.create(&name)?;
                Ok(())
            }
            (FsCommand::Close, []) => self.close(handle),
            (FsCommand::Read, [data]) => {
                let (buffer, size) = output(data)?;
                *size = self.read(handle, c, &buffer)?;
                Ok(())
            }
            (FsCommand::Write, [data]) => self.write(handle, c, &input(data)?),
            (FsCommand::Truncate, []) => self.truncate(handle, c),
            (FsCommand::Remove, [name]) => self.remove(&input(name)?.name()?),
            (FsCommand::Rename, [old, new]) => {
                let (old, new) = (input(old)?.name()?, input(new)?.name()?);
                self.rename(&old, &new, *b != 0)
            }
            (FsCommand::OpenDir, [name, out]) => {
                let (name, out) = (input(name)?.name()?, value_out(out)?);
                *out = self.directories.open(&mut self.volume, &below(Path::new(&name)?.names()))?;
                Ok(())
            }
            (FsCommand::CloseDir, []) => self.directories.close(&mut self.volume, handle),
            (FsCommand::ReadDir, [out]) => {
                let (buffer, size) = output(out)?;
                let mut name = self.directories.peek(&mut self.volume, handle)?;
                name.push(0);
                *size = name.len();
                if name.len() > buffer.size {
                    return Err(TeeError::SHORT_BUFFER);
                }
                if !buffer.bytes.write(buffer.offset, &name) {
                    return Err(TeeError::BAD_PARAMETERS);
                }
                self.directories.advance(handle)
            }
            _ => Err(TeeError::BAD_PARAMETERS),
        }
    }

    /// Opens what is there; any failure is that it is not.
    fn open(&mut self, name: &[u8]) -> Result<u64, TeeError> {
        let path = Path::new(name)?;
        let node = self.volume.pin(&below(path.names())).map_err(|_| TeeError::ITEM_NOT_FOUND)?;
        let directory = self.volume.is_directory(node);
        let fits = matches!(directory, Ok(directory) if directory || !path.directory);
        if !fits {
            self.volume.fat.forget(node, 1);
            return Err(TeeError::ITEM_NOT_FOUND);
        }
        self.files.add(&mut self.volume, node).map_err(|_| TeeError::ITEM_NOT_FOUND)
    }

    /// Creates or empties a file, with up to two directories above it.
    fn create(&mut self, name: &[u8]) -> Result<u64, TeeError> {
        let path = Path::new(name)?;
        if path.directory {
            return Err(TeeError::GENERIC);
        }
        let names = below(path.names());
        let mut made = 0;
        let node = self.make(&names, &mut made).inspect_err(|_| {
            for above in 1..=made {
                // Of what was made for nothing, as much as can be goes.
                let _ = self.volume.remove_directory(names.get(..names.len().saturating_sub(above)).unwrap_or_default());
            }
        });
        self.files.add(&mut self.volume, node.map_err(error)?).map_err(error)
    }

    /// The file, empty, pinned and on the disk. `made`: how many directories were made for it.
    fn make(&mut self, names: &[&[u8]], made: &mut usize) -> VolumeResult<NodeId> {
        let mut first = self.volume.make(names);
        for above in [1, 2] {
            // The folder of the TEE itself is not made again: that is the volume's matter.
            let depth = names.len().saturating_sub(above);
            if first != Err(ErrorKind::NotFound) || depth < 2 {
                break;
            }
            let directory = names.get(..depth).unwrap_or_default();
            match self.volume.make_directory(directory) {
                Err(ErrorKind::NotFound) => continue,
                done => done?,
            }
            *made = 1;
            if above == 2 {
                self.volume.make_directory(names.get(..depth + 1).unwrap_or_default())?;
                *made = 2;
            }
            first = self.volume.make(names);
            break;
        }
        let node = first?;
        let emptied = self
            .volume
            .is_directory(node)
            .and_then(|directory| if directory { Err(ErrorKind::IsADirectory) } else { self.volume.fat.truncate(node, 0).map_err(kind) });
        emptied.and_then(|()| self.volume.sync()).map(|()| node).inspect_err(|_| self.volume.fat.forget(node, 1))
    }

    fn close(&mut self, handle: u32) -> Result<(), TeeError> {
        self.files.close(&mut self.volume, handle).and_then(|()| self.volume.sync_if_writable()).map_err(error)
    }

    fn read(&mut self, handle: u32, offset: u64, buffer: &Buffer<'_>) -> Result<usize, TeeError> {
        let node = self.files.node(handle).map_err(error)?;
        let offset = position(offset)?;
        let mut done = 0;
        while done < buffer.size {
            let part = self.part.get_mut(..(buffer.size - done).min(PART)).ok_or(TeeError::GENERIC)?;
            let count = self.volume.fat.read(node, offset.saturating_add(done as u64), part).map_err(kind).map_err(error)?;
            if count == 0 {
                break;
            }
            if !buffer.bytes.write(buffer.at(done), part.get(..count).unwrap_or_default()) {
                return Err(TeeError::BAD_PARAMETERS);
            }
            done = done.saturating_add(count);
        }
        Ok(done)
    }

    fn write(&mut self, handle: u32, offset: u64, buffer: &Buffer<'_>) -> Result<(), TeeError> {
        let node = self.files.writable(&mut self.volume, handle).map_err(error)?;
        let offset = position(offset)?;
        let mut done = 0;
        while done < buffer.size {
            let part = self.part.get_mut(..(buffer.size - done).min(PART)).ok_or(TeeError::GENERIC)?;
            if !buffer.bytes.read(buffer.at(done), part) {
                return Err(TeeError::BAD_PARAMETERS);
            }
            write_at(&mut self.volume.fat, node, offset.saturating_add(done as u64), part).map_err(error)?;
            done = done.saturating_add(part.len());
        }
        self.volume.fat.fsync(node).map_err(kind).map_err(error)
    }

    fn truncate(&mut self, handle: u32, len: u64) -> Result<(), TeeError> {
        let node = self.files.writable(&mut self.volume, handle).map_err(error)?;
        let len = position(len)?;
        self.volume.fat.truncate(node, len).and_then(|()| self.volume.fat.fsync(node)).map_err(kind).map_err(error)
    }

    /// Removes a file, and up to two directories above it that are empty then.
    fn remove(&mut self, name: &[u8]) -> Result<(), TeeError> {
        let path = Path::new(name)?;
        let names = below(path.names());
        if path.directory {
            return Err(TeeError::GENERIC);
        }
        self.files.unlink(&mut self.volume, &names).map_err(error)?;
        for above in 1..=2 {
            let depth = names.len().saturating_sub(above);
            // The folder of the TEE stays, and a directory with something in it.
            if depth < 2 || self.volume.remove_directory(names.get(..depth).unwrap_or_default()).is_err() {
                break;
            }
        }
        self.volume.sync().map_err(error)
    }

    /// Renames; OP-TEE's supplicant says that all is well when it fails for another reason than a name, this one does not.
    fn rename(&mut self, old: &[u8], new: &[u8], overwrite: bool) -> Result<(), TeeError> {
        let (old, new) = (Path::new(old)?, Path::new(new)?);
        if old.split().is_none() || new.split().is_none() {
            return Err(TeeError::GENERIC);
        }
        let (source, target) = (below(old.names()), below(new.names()));
        let from = self.volume.pin(&source).map_err(error)?;
        let directory = self.volume.is_directory(from);
        self.volume.fat.forget(from, 1);
        if !directory.map_err(error)? && (old.directory || new.directory) {
            return Err(TeeError::GENERIC);
        }
        let to = self.volume.pin(&target);
        if let Ok(to) = to {
            self.volume.fat.forget(to, 1);
        }
        match to {
            Ok(_) if !overwrite => return Err(TeeError::ACCESS_CONFLICT),
            // One name for a file, but maybe other letters in it.
            Ok(to) if to == from => self.volume.rename_as(&source, &target, RenameMode::Replace),
            Ok(_) => self.files.replace(&mut self.volume, &source, &target),
            Err(ErrorKind::NotFound) => self.volume.rename(&source, &target),
            Err(kind) => Err(kind),
        }
        .and_then(|()| self.volume.sync())
        .map_err(error)
    }
}

/// A place in a file: what Linux takes for one.
fn position(offset: u64) -> Result<u64, TeeError> {
    i64::try_from(offset).map(|_| offset).map_err(|_| TeeError::GENERIC)
}

/// Whether the TEE sees an entry of a directory of this name.
fn is_seen(name: &[u8]) -> bool {
    name.first() != Some(&HIDDEN)
}

/// Opens for as much as the volume allows.
fn open_node(volume: &mut Volume, node: NodeId) -> VolumeResult<()> {
    let mode = if volume.is_read_only() { OpenMode::Read } else { OpenMode::Write };
    volume.fat.open(node, mode).map_err(kind)
}
