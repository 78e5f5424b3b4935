// SPDX-License-Identifier: BSD-2-Clause
//! `card`: an SD card for a board without Linux, as a file: a FAT32 partition with signed TAs, on which the TEE's files will lie
//! too, and before it room for the image that the ROM of an i.MX6 boots.

use crate::arch::Arch;
use crate::imx::card;
use crate::{disk, setup, ta};
use anyhow::{Context, Result, ensure};
use clap::Parser;
use std::fs::{self, File};
use std::path::PathBuf;

/// MiB of a card where nobody says more: a power of two, as QEMU wants it.
pub(crate) const MIB: u32 = 128;
/// MiB of a card at least: a FAT32 volume of less there is not.
const SMALLEST: u32 = 64;

/// Arguments of `card`.
#[derive(Parser)]
#[command(after_help = "Examples:\n  cargo xtask card --out card.img\n  \
    cargo xtask card --out card.img --imx x.imx --ta my.ta --no-examples\n\n\
    To a card, all of which is written over:  dd if=card.img of=/dev/sdX bs=1M conv=fsync\n\
    A boot image goes before the partition at any time:  dd if=x.imx of=/dev/sdX bs=512 seek=2 conv=fsync")]
pub(crate) struct Args {
    /// The card image to write.
    #[arg(long)]
    out: PathBuf,
    /// A boot image to put on it.
    #[arg(long)]
    imx: Option<PathBuf>,
    /// Signed TAs to put on it beside the examples.
    #[arg(long = "ta", value_name = "UUID.ta")]
    tas: Vec<PathBuf>,
    /// Leaves the examples out.
    #[arg(long)]
    no_examples: bool,
    /// MiB of the whole card: a power of two for QEMU.
    #[arg(long, default_value_t = MIB)]
    mib: u32,
}

/// Runs `card`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let mut tas = Vec::new();
    if !args.no_examples {
        tas.extend(ta::build_examples(&setup::run()?, Arch::Armv7a)?.into_iter().map(|built| built.signed));
    }
    tas.extend(args.tas.iter().cloned());
    let imx = args.imx.as_ref().map(|path| fs::read(path).with_context(|| format!("cannot read {}", path.display())));
    let partition = write(&args.out, &imx.transpose()?.unwrap_or_default(), &tas, args.mib)?;
    println!("{} ({} MiB, {} TAs, its partition from sector {} on)", args.out.display(), args.mib, tas.len(), partition.first);
    Ok(0)
}

/// Writes a card of `mib` MiB with a boot image, if any, and TAs.
pub(crate) fn write(path: &std::path::Path, imx: &[u8], tas: &[PathBuf], mib: u32) -> Result<card::Partition> {
    ensure!(mib >= SMALLEST, "a card has {SMALLEST} MiB at least");
    let before = u32::try_from(card::before(imx.len()) / card::MIB)?;
    let left = mib.checked_sub(before).filter(|left| *left > 0).context("the card is too small for the boot image")?;
    let (begin, partition) = card::write(imx, left)?;
    let save = || fs::write(path, begin).and_then(|()| File::options().write(true).open(path)?.set_len(partition.end()));
    save().with_context(|| format!("cannot write {}", path.display()))?;
    let mut volume = disk::format(path, partition)?;
    tas.iter().try_for_each(|ta| disk::add_ta(&mut volume, ta))?;
    Ok(partition)
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::disk;
    use crate::imx::card;
    use crate::tools::target_dir;
    use std::fs;

    #[test]
    fn a_card_has_its_image_and_its_volume() {
        let path = target_dir().join(format!("card-{}.img", std::process::id()));
        let imx: Vec<u8> = (0..5_000_000u32).map(|at| at as u8).collect();
        let partition = write(&path, &imx, &[], 64).unwrap();
        let bytes = fs::read(&path).unwrap();
        let mut volume = disk::open(&path).unwrap();
        volume.write(&[b"tee", b"file"], b"kept").unwrap();
        volume.sync().unwrap();
        let volume = disk::open(&path).unwrap().read(&[b"tee", b"file"], 100);
        let after = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(volume.unwrap(), b"kept");
        assert_eq!((bytes.len(), partition.first), (64 << 20, 5 * 2048));
        assert_eq!(bytes[1024..1024 + imx.len()], imx);
        assert!(card::is_card(&bytes));
        // The volume stays where it is.
        let begin = partition.first as usize * 512;
        assert_eq!(bytes[..begin], after[..begin]);
        assert_eq!(&after[begin + 82..begin + 90], b"FAT32   ");
        assert!(write(&path, &imx, &[], 63).is_err());
    }
}
