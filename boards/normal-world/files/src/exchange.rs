// SPDX-License-Identifier: BSD-2-Clause
//! The replacement of a file by another in one step, and what a loss of power may leave.
//!
//! The file system replaces a file by taking its name away first: when power fails between that and the new name, neither the
//! old nor the new content has the name. So the two entries exchange their content instead, by sectors, in an order in which
//! the replaced name always leads to the old or to the new content and no two names lead to the same.

use crate::volume::{Fat, ROOT, Result, Volume, kind};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use drivers::block::SECTOR;
use hadris_fat::FatKind;
use hadris_fs::{DirCursor, ErrorKind, Extent, FileType, Name, NodeId};

/// Bytes of an entry of a directory, and of these where its content begins: times, first cluster and size, behind the name.
const ENTRY: usize = 32;
const CONTENT: usize = 13;
/// Of these the first cluster's upper half, and its lower half with the size.
const CLUSTER_HIGH: core::ops::Range<usize> = 20 - CONTENT..22 - CONTENT;
const CLUSTER_AND_SIZE: core::ops::Range<usize> = 26 - CONTENT..ENTRY - CONTENT;

/// How names begin that the TEE does not see.
pub(crate) const HIDDEN: u8 = b'.';
/// How the names of files begin that were removed while they were open.
pub(crate) const REMOVED: &[u8] = b".removed-";

/// Directories below one another, and names of a directory, that are looked at after a loss of power.
const DEPTH: usize = 8;
const NAMES: usize = 4096;

/// Where an entry stands.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    sector: u64,
    at: usize,
}

/// A name of a directory, whether it is a directory itself, and where the content of a file begins.
type Found = (Vec<u8>, bool, Option<u64>);

/// The content part of an entry.
type Content = [u8; ENTRY - CONTENT];

/// Where the entry of a file stands.
fn place(fat: &mut Fat, node: NodeId) -> Result<Place> {
    let mut found = [Extent::new(0, 0)];
    if fat.records(node, &mut found).map_err(kind)? != 1 {
        return Err(ErrorKind::IsADirectory);
    }
    let [entry] = found;
    let at = (entry.offset() % SECTOR as u64) as usize;
    if at.checked_add(ENTRY).is_none_or(|end| end > SECTOR) {
        return Err(ErrorKind::Corrupt);
    }
    Ok(Place { sector: entry.offset() / SECTOR as u64, at })
}

fn content(sector: &mut [u8; SECTOR], at: usize) -> Result<&mut Content> {
    sector.get_mut(at..).and_then(|rest| rest.get_mut(CONTENT..ENTRY)).and_then(|bytes| bytes.try_into().ok()).ok_or(ErrorKind::Corrupt)
}

/// The same without any content.
fn emptied(mut content: Content) -> Content {
    for range in [CLUSTER_HIGH, CLUSTER_AND_SIZE] {
        if let Some(bytes) = content.get_mut(range) {
            bytes.fill(0);
        }
    }
    content
}

impl Volume {
    /// Exchanges the content of two files that nobody has pinned: what `target` held, `source` holds then.
    pub(crate) fn exchange(&mut self, source: &[&[u8]], target: &[&[u8]]) -> Result<()> {
        // Both contents are on the disk before a name leads to another one.
        self.sync()?;
        let from = self.with(source, place)?;
        let to = self.with(target, place)?;
        // From here on the file system must not believe what it has read of these sectors.
        self.fat.clear_cache();
        let exchanged = self.exchange_entries(from, to);
        self.fat.clear_cache();
        exchanged
    }

    fn exchange_entries(&self, from: Place, to: Place) -> Result<()> {
        let (mut source, mut target) = (self.sector(from)?, self.sector(to)?);
        let new = *content(&mut source, from.at)?;
        let old = *content(&mut target, to.at)?;
        if from.sector == to.sector {
            *content(&mut source, from.at)? = old;
            *content(&mut source, to.at)? = new;
            return self.put(from, &source);
        }
        // A loss of power after the first or the second step leaves the source empty, and content without a name.
        *content(&mut source, from.at)? = emptied(new);
        self.put(from, &source)?;
        *content(&mut target, to.at)? = new;
        self.put(to, &target)?;
        *content(&mut source, from.at)? = old;
        self.put(from, &source)
    }

    fn sector(&self, place: Place) -> Result<[u8; SECTOR]> {
        let mut bytes = [0; SECTOR];
        self.window.read(place.sector, &mut bytes).map_err(|_| ErrorKind::Io)?;
        Ok(bytes)
    }

    fn put(&self, place: Place, bytes: &[u8; SECTOR]) -> Result<()> {
        self.window.write(place.sector, bytes).and_then(|()| self.window.sync()).map_err(|_| ErrorKind::Io)
    }

    /// Puts in order what a loss of power left of the TEE's files: files that were removed while they were open go, and of two
    /// names that a rename left of one file the second.
    pub(crate) fn mend(&mut self) -> Result<()> {
        self.drop_removed()?;
        // FAT12 cannot tell whether power was lost.
        if self.fat.was_dirty() || self.fat.info().kind() == FatKind::Fat12 {
            self.drop_doubles(&mut alloc::vec![ROOT.as_bytes().to_vec()], &mut BTreeSet::new())?;
        }
        Ok(())
    }

    fn drop_removed(&mut self) -> Result<()> {
        let names = match self.list(&[ROOT.as_bytes()]) {
            Err(ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
            names => names?,
        };
        for name in names.iter().filter(|name| name.starts_with(REMOVED)) {
            self.remove(&[ROOT.as_bytes(), name])?;
        }
        Ok(())
    }

    /// Goes through a directory and those below it. `seen`: where the content of every file begins.
    fn drop_doubles(&mut self, path: &mut Vec<Vec<u8>>, seen: &mut BTreeSet<u64>) -> Result<()> {
        let names: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        let entries = match self.entries(&names) {
            Err(ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
            entries => entries?,
        };
        for (name, directory, begin) in entries {
            path.push(name);
            if directory && path.len() < DEPTH {
                self.drop_doubles(path, seen)?;
            } else if let Some(begin) = begin
                && !seen.insert(begin)
            {
                let names: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
                self.drop_double(&names)?;
            }
            path.pop();
        }
        Ok(())
    }

    /// What a directory holds, as far as it is looked at.
    fn entries(&mut self, names: &[&[u8]]) -> Result<Vec<Found>> {
        self.with(names, |fat, directory| {
            let (mut found, mut at) = (Vec::new(), DirCursor::START);
            while let Some(entry) = fat.readdir(directory, at).map_err(kind)?
                && found.len() < NAMES
            {
                let is_directory = entry.metadata().file_type() == FileType::Dir;
                let mut extent = [Extent::new(0, 0)];
                let node = fat.lookup(directory, entry.name()).map_err(kind)?;
                let count = if is_directory { Ok(0) } else { fat.extents(node, 0, &mut extent).map_err(kind) };
                fat.forget(node, 1);
                let [extent] = extent;
                found.push((entry.name().as_bytes().to_vec(), is_directory, (count? > 0).then_some(extent.offset())));
                at = entry.next_cursor();
            }
            Ok(found)
        })
    }

    /// Removes a name whose content another one has as well, without touching the content.
    fn drop_double(&mut self, names: &[&[u8]]) -> Result<()> {
        self.sync()?;
        let place = self.with(names, place)?;
        self.fat.clear_cache();
        let mut sector = self.sector(place)?;
        let entry = content(&mut sector, place.at)?;
        *entry = emptied(*entry);
        self.put(place, &sector)?;
        self.fat.clear_cache();
        let (last, parents) = names.split_last().ok_or(ErrorKind::IsADirectory)?;
        self.with(parents, |fat, directory| fat.unlink(directory, Name::new(*last)).map_err(kind))
    }
}
