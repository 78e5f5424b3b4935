// SPDX-License-Identifier: BSD-2-Clause
//! Disk images with a FAT volume, on which the normal-world kernel finds TAs and keeps the files of the TEE.

pub(crate) mod test;

use crate::card;
use crate::image::{self, Image};
use crate::imx::card::Partition;
use anyhow::{Context, Result, anyhow};
use drivers::block::{self, Disk, DiskError};
use files::Volume;
use files::volume::{FatKind, TAS};
use files::window::Window;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// MiB of a disk that is made.
const MIB: u32 = 64;

/// A file as a disk.
struct FileDisk {
    file: File,
    sectors: u64,
}

impl FileDisk {
    fn open(path: &Path) -> Result<Self> {
        let file = File::options().read(true).write(true).open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let sectors = file.metadata()?.len() / block::SECTOR as u64;
        Ok(Self { file, sectors })
    }
}

impl Disk for FileDisk {
    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn read(&mut self, first: u64, out: &mut [u8]) -> Result<(), DiskError> {
        block::check(self.sectors, first, out.len())?;
        self.file.read_exact_at(out, first * block::SECTOR as u64).map_err(|_| DiskError::Failed)
    }

    fn write(&mut self, first: u64, data: &[u8]) -> Result<(), DiskError> {
        block::check(self.sectors, first, data.len())?;
        self.file.write_all_at(data, first * block::SECTOR as u64).map_err(|_| DiskError::Failed)
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(|_| DiskError::Failed)
    }
}

/// The volume of a disk image.
pub(crate) fn open(path: &Path) -> Result<Volume> {
    let mounted = Volume::mount(Box::new(FileDisk::open(path)?));
    mounted.map_err(|error| anyhow!("there is no FAT volume on {} that can be used: {error}", path.display()))
}

/// Makes a FAT32 volume of a partition of a disk image.
pub(crate) fn format(path: &Path, partition: Partition) -> Result<Volume> {
    let whole = Window::whole(Box::new(FileDisk::open(path)?));
    let part = whole.part(partition.first.into(), partition.sectors.into());
    let part = part.with_context(|| format!("{} ends before its partition", path.display()))?;
    Volume::format(part, Some(FatKind::Fat32)).map_err(|error| anyhow!("no volume can be made on {}: {error}", path.display()))
}

/// Puts a signed TA on a volume.
pub(crate) fn add_ta(volume: &mut Volume, path: &Path) -> Result<()> {
    let uuid = image::uuid_of(path)?;
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    put_ta(volume, &uuid.to_string(), &bytes)
}

/// Puts these bytes on a volume as a TA.
fn put_ta(volume: &mut Volume, uuid: &str, bytes: &[u8]) -> Result<()> {
    let written = volume.write(&[TAS.as_bytes(), format!("{uuid}.ta").as_bytes()], bytes).and_then(|()| volume.sync());
    written.map_err(|error| anyhow!("TA {uuid} cannot be put on the volume: {error}"))
}

/// Makes a disk image with the TAs of an image, if it is not there, and puts these TAs on it in any case.
pub(crate) fn prepare(path: &Path, image: &Image, tas: &[PathBuf]) -> Result<()> {
    let mut volume = if path.exists() {
        open(path)?
    } else {
        let built: Vec<PathBuf> = image.tas.iter().map(|built| built.signed.clone()).collect();
        card::write(path, &[], &built, MIB)?;
        open(path)?
    };
    tas.iter().try_for_each(|ta| add_ta(&mut volume, ta))
}
