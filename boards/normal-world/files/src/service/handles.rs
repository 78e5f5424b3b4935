// SPDX-License-Identifier: BSD-2-Clause
//! What the TEE has open: files, which live on when their name is removed or replaced, and directories.

use super::{error, is_seen, open_node};
use crate::exchange::REMOVED;
use crate::volume::{ROOT, Result, Volume, kind};
use alloc::format;
use alloc::vec::Vec;
use hadris_fs::{DirCursor, ErrorKind, FileType, NodeId, RenameMode};
use utee_abi::result::TeeError;

/// Files, and directories, that are open at once.
const OPEN: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq)]
struct File {
    node: NodeId,
    directory: bool,
}

/// Open files by their handles.
pub(super) struct OpenFiles {
    slots: Vec<Option<File>>,
    /// Files without a name for the TEE, and the number in the hidden one.
    removed: Vec<(NodeId, u32)>,
    last: u32,
}

/// Puts a value into the first free slot; gives its number.
fn insert<T>(slots: &mut Vec<Option<T>>, value: T) -> Option<u64> {
    let free = slots.iter().position(Option::is_none).unwrap_or(slots.len());
    if free >= OPEN {
        return None;
    }
    match slots.get_mut(free) {
        Some(slot) => *slot = Some(value),
        None => slots.push(Some(value)),
    }
    Some(free as u64)
}

impl OpenFiles {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), removed: Vec::new(), last: 0 }
    }

    /// Opens what is pinned, whose pin this takes; gives a handle. A directory can be opened too, and closed.
    pub(super) fn add(&mut self, volume: &mut Volume, node: NodeId) -> Result<u64> {
        let opened = volume.is_directory(node).and_then(|directory| {
            if !directory {
                open_node(volume, node)?;
            }
            insert(&mut self.slots, File { node, directory }).ok_or_else(|| {
                let _ = directory || volume.fat.close(node).is_ok();
                ErrorKind::LimitExceeded
            })
        });
        opened.inspect_err(|_| volume.fat.forget(node, 1))
    }

    fn file(&self, handle: u32) -> Result<File> {
        self.slots.get(handle as usize).copied().flatten().ok_or(ErrorKind::InvalidHandle)
    }

    /// The file of a handle.
    pub(super) fn node(&self, handle: u32) -> Result<NodeId> {
        let file = self.file(handle)?;
        if file.directory { Err(ErrorKind::IsADirectory) } else { Ok(file.node) }
    }

    /// The file of a handle, to be changed.
    pub(super) fn writable(&self, volume: &mut Volume, handle: u32) -> Result<NodeId> {
        let node = self.node(handle)?;
        if volume.is_read_only() { Err(ErrorKind::ReadOnly) } else { Ok(node) }
    }

    fn is_open(&self, node: NodeId) -> bool {
        self.slots.iter().flatten().any(|file| file.node == node)
    }

    /// Closes a handle; a file that has no name any more goes with its last one.
    pub(super) fn close(&mut self, volume: &mut Volume, handle: u32) -> Result<()> {
        let File { node, directory } = self.file(handle)?;
        if let Some(slot) = self.slots.get_mut(handle as usize) {
            *slot = None;
        }
        let closed = if directory { Ok(()) } else { volume.fat.close(node).map_err(kind) };
        volume.fat.forget(node, 1);
        if !self.is_open(node)
            && let Some(index) = self.removed.iter().position(|(other, _)| *other == node)
        {
            let (_, number) = self.removed.swap_remove(index);
            volume.remove(&[ROOT.as_bytes(), &hidden(number)])?;
        }
        closed
    }

    /// Closes all.
    pub(super) fn close_all(&mut self, volume: &mut Volume) {
        for handle in 0..self.slots.len() as u32 {
            // Some are free; the others' content is on the disk already.
            let _ = self.close(volume, handle);
        }
    }

    /// Takes the name of a file away.
    pub(super) fn unlink(&mut self, volume: &mut Volume, names: &[&[u8]]) -> Result<()> {
        let node = volume.pin(names)?;
        let directory = volume.is_directory(node);
        volume.fat.forget(node, 1);
        if directory? {
            return Err(ErrorKind::IsADirectory);
        }
        if !self.is_open(node) {
            return volume.remove(names);
        }
        let number = self.last.wrapping_add(1);
        volume.rename(names, &[ROOT.as_bytes(), &hidden(number)])?;
        self.last = number;
        self.removed.push((node, number));
        Ok(())
    }

    /// Renames a file to a name that another file has. Directories are replaced as the file system does it.
    pub(super) fn replace(&mut self, volume: &mut Volume, source: &[&[u8]], target: &[&[u8]]) -> Result<()> {
        let (from, to) = (volume.pin(source)?, volume.pin(target));
        let directories = [Ok(from), to].map(|node| node.and_then(|node| volume.is_directory(node)));
        volume.fat.forget(from, 1);
        let to = to?;
        volume.fat.forget(to, 1);
        if directories != [Ok(false), Ok(false)] {
            return volume.rename_as(source, target, RenameMode::Replace);
        }
        // Nobody may know the files by their entries while those are exchanged.
        let (source_handles, target_handles) = (self.release(volume, from)?, self.release(volume, to)?);
        let exchanged = volume.exchange(source, target);
        let (new, old) = if exchanged.is_ok() { (target, source) } else { (source, target) };
        self.take_back(volume, &source_handles, new)?;
        self.take_back(volume, &target_handles, old)?;
        exchanged.and_then(|()| self.unlink(volume, source))
    }

    /// Lets go of a file on behalf of its handles, which are given.
    fn release(&mut self, volume: &mut Volume, node: NodeId) -> Result<Vec<usize>> {
        let handles: Vec<usize> =
            (0..self.slots.len()).filter(|index| self.slots.get(*index).copied().flatten().is_some_and(|file| file.node == node)).collect();
        for _ in &handles {
            volume.fat.close(node).map_err(kind)?;
            volume.fat.forget(node, 1);
        }
        Ok(handles)
    }

    /// Opens the file under another name for these handles; those that cannot be kept are closed.
    fn take_back(&mut self, volume: &mut Volume, handles: &[usize], names: &[&[u8]]) -> Result<()> {
        let mut outcome = Ok(());
        for handle in handles {
            let opened =
                volume.pin(names).and_then(|node| open_node(volume, node).map(|()| node).inspect_err(|_| volume.fat.forget(node, 1)));
            if let Some(slot) = self.slots.get_mut(*handle) {
                *slot = opened.ok().map(|node| File { node, directory: false });
            }
            outcome = outcome.and(opened.map(drop));
        }
        outcome
    }
}

fn hidden(number: u32) -> Vec<u8> {
    [REMOVED, format!("{number}").as_bytes()].concat()
}

/// An open directory, and how far it was read.
#[derive(Clone, Copy)]
struct Directory {
    node: NodeId,
    at: DirCursor,
    next: DirCursor,
}

/// Open directories by their handles.
pub(super) struct Directories {
    slots: Vec<Option<Directory>>,
}

impl Directories {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// Opens a directory in which the TEE sees something.
    pub(super) fn open(&mut self, volume: &mut Volume, names: &[&[u8]]) -> core::result::Result<u64, TeeError> {
        let node = volume.pin(names).map_err(|_| TeeError::ITEM_NOT_FOUND)?;
        let is_directory = volume.fat.stat(node).is_ok_and(|data| data.file_type() == FileType::Dir);
        let there = is_directory && matches!(next(volume, node, DirCursor::START), Ok(Some(_)));
        let opened = if there {
            let directory = Directory { node, at: DirCursor::START, next: DirCursor::START };
            insert(&mut self.slots, directory).ok_or(TeeError::OUT_OF_MEMORY)
        } else {
            Err(TeeError::ITEM_NOT_FOUND)
        };
        opened.inspect_err(|_| volume.fat.forget(node, 1))
    }

    fn directory(&mut self, handle: u32) -> core::result::Result<&mut Directory, TeeError> {
        self.slots.get_mut(handle as usize).and_then(Option::as_mut).ok_or(TeeError::BAD_PARAMETERS)
    }

    /// The next name, which stays the next one until [`Directories::advance`].
    pub(super) fn peek(&mut self, volume: &mut Volume, handle: u32) -> core::result::Result<Vec<u8>, TeeError> {
        let directory = self.directory(handle)?;
        let (name, after) = next(volume, directory.node, directory.at).map_err(error)?.ok_or(TeeError::ITEM_NOT_FOUND)?;
        directory.next = after;
        Ok(name)
    }

    /// Goes on behind the name that was read.
    pub(super) fn advance(&mut self, handle: u32) -> core::result::Result<(), TeeError> {
        let directory = self.directory(handle)?;
        directory.at = directory.next;
        Ok(())
    }

    /// Closes one.
    pub(super) fn close(&mut self, volume: &mut Volume, handle: u32) -> core::result::Result<(), TeeError> {
        let node = self.directory(handle)?.node;
        if let Some(slot) = self.slots.get_mut(handle as usize) {
            *slot = None;
        }
        volume.fat.forget(node, 1);
        Ok(())
    }

    /// Closes all.
    pub(super) fn close_all(&mut self, volume: &mut Volume) {
        for handle in 0..self.slots.len() as u32 {
            // Some are free.
            let _ = self.close(volume, handle);
        }
    }
}

/// The next name that the TEE sees, and where to go on.
fn next(volume: &mut Volume, node: NodeId, mut at: DirCursor) -> Result<Option<(Vec<u8>, DirCursor)>> {
    while let Some(entry) = volume.fat.readdir(node, at).map_err(kind)? {
        at = entry.next_cursor();
        let name = entry.name().as_bytes();
        if is_seen(name) {
            return Ok(Some((name.to_vec(), at)));
        }
    }
    Ok(None)
}
