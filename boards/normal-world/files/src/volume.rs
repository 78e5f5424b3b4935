// SPDX-License-Identifier: BSD-2-Clause
//! The file system of a volume, by the names that lead to a file. Errors are kinds ([`ErrorKind`]).

use crate::window::Window;
use alloc::boxed::Box;
use alloc::vec::Vec;
use drivers::block::{Disk, DiskError};
pub use hadris_fat::FatKind;
use hadris_fat::sync::{FatFs, format};
use hadris_fat::{FatOptions, VolumeLabel};
use hadris_fs::{DirCursor, ErrorKind, FileType, MountOptions, Name, NodeId, OpenMode, RenameMode, SetAttr};

/// Folder of the volume with signed TAs, each called `<uuid>.ta`.
pub const TAS: &str = "optee_armtz";
/// Folder of the volume below which the TEE keeps its files.
pub const ROOT: &str = "tee";

/// Files and directories that are in use at once.
const NODES: usize = 1024;

/// The file system.
/// In a box: it holds a block, and stacks are small.
pub(crate) type Fat = Box<FatFs<Window>>;

/// What came of it.
pub type Result<T> = core::result::Result<T, ErrorKind>;

/// A mounted volume.
pub struct Volume {
    pub(crate) fat: Fat,
    /// The same sectors, for what the file system cannot do in one step.
    pub(crate) window: Window,
}

/// Leaves out all but the kind of an error.
pub(crate) fn kind(error: hadris_fs::Error<DiskError>) -> ErrorKind {
    error.kind()
}

impl Volume {
    /// Mounts the volume of a disk, mends what a loss of power left of it, and makes its folders.
    ///
    /// # Errors
    /// NotRecognized without a FAT volume, Corrupt, Io.
    pub fn mount(disk: Box<dyn Disk>) -> Result<Self> {
        Self::mount_window(Window::find(disk).map_err(|_| ErrorKind::Io)?)
    }

    /// As [`Volume::mount`], for sectors that hold a volume.
    ///
    /// # Errors
    /// As [`Volume::mount`].
    pub fn mount_window(window: Window) -> Result<Self> {
        let options = MountOptions::new().with_node_limit(NODES);
        let fat = Box::new(FatFs::mount(window.clone(), options).map_err(|error| error.kind())?);
        let mut volume = Self { fat, window };
        if !volume.fat.is_read_only() {
            for folder in [TAS, ROOT] {
                match volume.make_directory(&[folder.as_bytes()]) {
                    Ok(()) | Err(ErrorKind::AlreadyExists | ErrorKind::NoSpace) => {}
                    Err(error) => return Err(error),
                }
            }
            volume.mend()?;
            volume.sync()?;
        }
        Ok(volume)
    }

    /// Makes an empty volume of sectors, of this kind or of the one that its size suggests, and mounts it.
    ///
    /// # Errors
    /// NoSpace when there are too few, and as [`Volume::mount`].
    pub fn format(mut window: Window, kind_of_fat: Option<FatKind>) -> Result<Self> {
        let mut options = FatOptions::new().with_label(VolumeLabel::new("OXTEE")?);
        if let Some(kind) = kind_of_fat {
            options = options.with_kind(kind);
        }
        format(&mut window, &options).map_err(kind)?;
        Self::mount_window(window)
    }

    /// Bytes of the volume, and how many of them are free.
    ///
    /// # Errors
    /// Corrupt, Io.
    pub fn space(&mut self) -> Result<(u64, u64)> {
        let stats = self.fat.statfs().map_err(kind)?;
        let block = u64::from(stats.block_size());
        Ok((stats.total_blocks().saturating_mul(block), stats.free_blocks().saturating_mul(block)))
    }

    /// Whether nothing can be changed.
    pub fn is_read_only(&self) -> bool {
        self.fat.is_read_only()
    }

    /// Comes back when every change is on the disk.
    ///
    /// # Errors
    /// Io, ReadOnly when the disk took no more writes.
    pub fn sync(&mut self) -> Result<()> {
        self.fat.sync().map_err(kind)
    }

    /// As [`Volume::sync`] for a volume that changes; there is nothing to be done for another.
    pub(crate) fn sync_if_writable(&mut self) -> Result<()> {
        if self.fat.is_read_only() { Ok(()) } else { self.sync() }
    }

    /// Runs `f` on the file or directory that the names lead to, which is pinned meanwhile.
    pub(crate) fn with<T>(&mut self, names: &[&[u8]], f: impl FnOnce(&mut Fat, NodeId) -> Result<T>) -> Result<T> {
        let node = self.pin(names)?;
        let done = f(&mut self.fat, node);
        self.fat.forget(node, 1);
        done
    }

    /// The file or directory that the names lead to, pinned.
    pub(crate) fn pin(&mut self, names: &[&[u8]]) -> Result<NodeId> {
        let mut node = self.fat.root();
        for name in names {
            let next = self.fat.lookup(node, Name::new(*name));
            self.fat.forget(node, 1);
            node = next.map_err(kind)?;
        }
        Ok(node)
    }

    /// True for a directory.
    pub(crate) fn is_directory(&mut self, node: NodeId) -> Result<bool> {
        Ok(self.fat.stat(node).map_err(kind)?.file_type() == FileType::Dir)
    }

    /// Makes a directory; the ones above it are there.
    ///
    /// # Errors
    /// AlreadyExists; NotFound, NotADirectory for those above; NoSpace.
    pub fn make_directory(&mut self, names: &[&[u8]]) -> Result<()> {
        let (last, parents) = names.split_last().ok_or(ErrorKind::AlreadyExists)?;
        self.with(parents, |fat, directory| {
            let made = fat.mkdir(directory, Name::new(*last), &SetAttr::new()).map_err(kind)?;
            fat.forget(made, 1);
            Ok(())
        })
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// DirectoryNotEmpty, NotADirectory, NotFound.
    pub fn remove_directory(&mut self, names: &[&[u8]]) -> Result<()> {
        let (last, parents) = names.split_last().ok_or(ErrorKind::Busy)?;
        self.with(parents, |fat, directory| fat.rmdir(directory, Name::new(*last)).map_err(kind))
    }

    /// Removes a file that nobody has open.
    ///
    /// # Errors
    /// NotFound, IsADirectory, NotADirectory, Busy.
    pub fn remove(&mut self, names: &[&[u8]]) -> Result<()> {
        let (last, parents) = names.split_last().ok_or(ErrorKind::IsADirectory)?;
        self.with(parents, |fat, directory| fat.unlink(directory, Name::new(*last)).map_err(kind))
    }

    /// Gives a file or directory another name, which nothing has.
    ///
    /// # Errors
    /// NotFound, AlreadyExists, NotADirectory, NoSpace.
    pub fn rename(&mut self, from: &[&[u8]], to: &[&[u8]]) -> Result<()> {
        self.rename_as(from, to, RenameMode::NoReplace)
    }

    pub(crate) fn rename_as(&mut self, from: &[&[u8]], to: &[&[u8]], mode: RenameMode) -> Result<()> {
        let (Some((from, source)), Some((to, target))) = (from.split_last(), to.split_last()) else { return Err(ErrorKind::Busy) };
        let source = self.pin(source)?;
        let moved = self.with(target, |fat, target| fat.rename(source, Name::new(*from), target, Name::new(*to), mode).map_err(kind));
        self.fat.forget(source, 1);
        moved
    }

    /// Creates a file or takes the one that is there; it is pinned.
    pub(crate) fn make(&mut self, names: &[&[u8]]) -> Result<NodeId> {
        let (last, parents) = names.split_last().ok_or(ErrorKind::IsADirectory)?;
        self.with(parents, |fat, directory| {
            let name = Name::new(*last);
            match fat.create(directory, name, &SetAttr::new()) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => fat.lookup(directory, name),
                made => made,
            }
            .map_err(kind)
        })
    }

    /// Reads a whole file of at most `limit` bytes.
    ///
    /// # Errors
    /// NotFound, IsADirectory; LimitExceeded for a larger one or when there is no memory for it; Io, Corrupt.
    pub fn read(&mut self, names: &[&[u8]], limit: usize) -> Result<Vec<u8>> {
        let size = self.size(names)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= limit).ok_or(ErrorKind::LimitExceeded)?;
        self.with(names, |fat, node| {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(size).map_err(|_| ErrorKind::LimitExceeded)?;
            bytes.resize(size, 0);
            let mut done = 0;
            while let Some(rest @ [_, ..]) = bytes.get_mut(done..) {
                match fat.read(node, done as u64, rest).map_err(kind)? {
                    0 => return Err(ErrorKind::Corrupt),
                    count => done = done.saturating_add(count),
                }
            }
            Ok(bytes)
        })
    }

    /// Bytes of a file.
    ///
    /// # Errors
    /// NotFound, IsADirectory, Io, Corrupt.
    pub fn size(&mut self, names: &[&[u8]]) -> Result<u64> {
        self.with(names, |fat, node| {
            let data = fat.stat(node).map_err(kind)?;
            if data.file_type() == FileType::Dir { Err(ErrorKind::IsADirectory) } else { Ok(data.len()) }
        })
    }

    /// Writes a whole file, in place of what it held before if it is there.
    ///
    /// # Errors
    /// NotFound, NotADirectory for the directories above, IsADirectory, NoSpace, Io.
    pub fn write(&mut self, names: &[&[u8]], bytes: &[u8]) -> Result<()> {
        let node = self.make(names)?;
        let written = self.fat.open(node, OpenMode::Write).map_err(kind).and_then(|()| {
            let written = self.fat.truncate(node, 0).map_err(kind).and_then(|()| write_at(&mut self.fat, node, 0, bytes));
            written.and(self.fat.close(node).map_err(kind))
        });
        self.fat.forget(node, 1);
        written
    }

    /// Names of a directory, in the order in which it has them.
    ///
    /// # Errors
    /// NotFound, NotADirectory, Io, Corrupt.
    pub fn list(&mut self, names: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        self.with(names, |fat, directory| {
            let (mut found, mut at) = (Vec::new(), DirCursor::START);
            while let Some(entry) = fat.readdir(directory, at).map_err(kind)? {
                found.push(entry.name().as_bytes().to_vec());
                at = entry.next_cursor();
            }
            Ok(found)
        })
    }
}

/// Writes all of the bytes to a file that is open.
pub(crate) fn write_at(fat: &mut Fat, node: NodeId, offset: u64, bytes: &[u8]) -> Result<()> {
    let mut done = 0;
    while let Some(rest @ [_, ..]) = bytes.get(done..) {
        let at = offset.checked_add(done as u64).ok_or(ErrorKind::FileTooLarge)?;
        match fat.write(node, at, rest).map_err(kind)? {
            0 => return Err(ErrorKind::Io),
            count => done = done.saturating_add(count),
        }
    }
    Ok(())
}
