// SPDX-License-Identifier: BSD-2-Clause
//! `imx`: boot images of i.MX6 boards, written and checked without the board.
//!
//! **None of this was tried on hardware.** What is shown is that the files are what the ROM's documents ask for, read back by a
//! parser of our own and by `mkimage -l`.
//!
//! # What is in an image
//! The mask ROM reads the image vector table, carries out the DCD (a list of register writes: clocks, pads, DDR, and the TZASC out
//! of bypass before anything is in DDR), copies the image to DDR and jumps to its entry. No boot loader and no plug-in is between.
//! The file loads at 0xc00 below its payload; 16 KiB after it are left for the signatures of secure boot, which are not made here.
//!
//! # To a card
//! The ROM looks for the image at byte 1024. Onto a card that has a partition table, and whose first partition begins behind it:
//! ```text
//! dd if=x.imx of=/dev/sdX bs=512 seek=2 conv=fsync
//! ```
//! Or a whole card, with one partition that holds an empty FAT32 volume: `--card card.img`, then `dd if=card.img of=/dev/sdX bs=1M
//! conv=fsync`.
//!
//! # Over USB (SDP)
//! With its boot switch so, or when it finds nothing to boot from, the ROM is a USB HID device with vendor 0x15a2 and product 0x0080
//! (6ULL, 6ULZ) or 0x007d (6UL). A loader for i.MX6 does three things with the image:
//! 1. DCD_WRITE (0x0a0a) of the DCD alone, to 0x00910000;
//! 2. WRITE_FILE (0x0404) of the file to its own address, the DCD pointer in it set to 0, so that the DCD is not carried out twice;
//! 3. JUMP_ADDRESS (0x0b0b) to that address.
//!
//! A command is report 1, 16 bytes, big-endian: type (2 bytes), address (4), format (1; 0x20 for words), count (4), data (4), 0.
//! Data are report 2, 1024 bytes each; report 3 tells whether the chip is open (0x56787856) or closed (0x12343412), report 4 the
//! answer. Addresses and sizes are printed by `--check`. What was loaded so finds ACTLR.SMP clear: caches work when it is set.

mod armory;
mod board;
pub(crate) mod card;
mod check;
mod evk;
mod format;
mod pads;
pub(crate) mod run;
pub(crate) mod system;
pub(crate) mod target;
#[cfg(test)]
mod tests;

use crate::image::raw;
use anyhow::{Context, Result, ensure};
pub(crate) use board::Board;
use check::{Expected, Finding, check};
use clap::Parser;
use format::Imx;
use object::{Object, ObjectSegment};
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `imx`.
#[derive(Parser)]
#[command(after_help = "Examples:\n  \
    cargo xtask imx --board usbarmory-mk2 --payload tee.elf --out x.imx\n  \
    cargo xtask imx --board usbarmory-mk2 --payload tee.bin --load 0x90010000 --entry 0x90010000 --out x.imx --card card.img\n  \
    cargo xtask imx --check x.imx --payload tee.elf\n  \
    cargo xtask imx --check card.img --json\n\n\
    To a card, whose first partition begins behind the image:  dd if=x.imx of=/dev/sdX bs=512 seek=2 conv=fsync\n\
    Over USB (SDP, 15a2:0080 or 15a2:007d): DCD_WRITE the DCD to 0x00910000, WRITE_FILE the file to its own address with\n\
    the DCD pointer set to 0, JUMP_ADDRESS there. --check prints these addresses.\n\n\
    Not tried on hardware. For an image of this system, use `image --board`.\n\
    --check ends with status 1 when a check fails, and 2 when the file is no image.")]
pub(crate) struct Args {
    /// The board, for its DDR and other set-up.
    #[arg(long, value_enum, default_value = "usbarmory-mk2")]
    board: Board,
    /// What is booted: an ELF file, or flat. With --check, what the image must hold.
    #[arg(long, required_unless_present = "check")]
    payload: Option<PathBuf>,
    /// Where a flat payload goes; the board says if this does not.
    #[arg(long, value_parser = number, conflicts_with = "check")]
    load: Option<u32>,
    /// Where it is entered; else as the ELF file says, or where a flat payload begins.
    #[arg(long, value_parser = number)]
    entry: Option<u32>,
    /// The image to write.
    #[arg(long, required_unless_present = "check", conflicts_with = "check")]
    out: Option<PathBuf>,
    /// A card image to write beside it.
    #[arg(long, conflicts_with = "check")]
    card: Option<PathBuf>,
    /// MiB of that whole card.
    #[arg(long, default_value_t = crate::card::MIB)]
    card_mib: u32,
    /// Checks this image, or the image on this card, and prints what it finds.
    #[arg(long)]
    check: Option<PathBuf>,
    /// Prints what a check finds as one JSON object.
    #[arg(long)]
    json: bool,
}

/// What is booted.
struct Payload {
    bytes: Vec<u8>,
    /// Load address and entry, if the file says so.
    place: Option<(u32, u32)>,
}

/// Runs `imx`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let payload = args.payload.as_deref().map(Payload::read).transpose()?;
    if let Some(path) = &args.check {
        return examine(args, path, payload.as_ref());
    }
    let (payload, out) = (payload.context("--payload is needed")?, args.out.as_ref().context("--out is needed")?);
    let imx = payload.image(args)?;
    let bytes = imx.to_bytes();
    // What is written passes the checks itself, or is not written: an address outside the DDR is found so.
    let expected = Expected { entry: Some(imx.entry), payload: Some(&payload.bytes) };
    let failed: Vec<String> = check(&Imx::read(&bytes)?, args.board, &expected).iter().filter(|it| !it.ok).map(line).collect();
    ensure!(failed.is_empty(), "the image would not boot:\n{}", failed.join("\n"));
    fs::write(out, &bytes).with_context(|| format!("cannot write {}", out.display()))?;
    println!("{} ({} bytes, loaded to {:#010x}, entered at {:#010x})", out.display(), bytes.len(), imx.own, imx.entry);
    if let Some(path) = &args.card {
        let partition = crate::card::write(path, &bytes, &[], args.card_mib)?;
        println!("{} ({} bytes, its partition from sector {} on)", path.display(), partition.end(), partition.first);
    }
    Ok(0)
}

impl Payload {
    fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        if !bytes.starts_with(b"\x7FELF") {
            return Ok(Self { bytes, place: None });
        }
        let elf = object::File::parse(&*bytes)?;
        let loaded = elf.segments().filter(|segment| segment.file_range().1 > 0).map(|segment| segment.address());
        let load = u32::try_from(loaded.min().context("nothing to load")?)?;
        Ok(Self { bytes: raw(path)?, place: Some((load, u32::try_from(elf.entry())?)) })
    }

    fn image(&self, args: &Args) -> Result<Imx> {
        ensure!(args.load.is_none() || self.place.is_none(), "an ELF file says itself where it goes: leave out --load");
        let load = self.place.map(|(load, _)| load).or(args.load).unwrap_or(args.board.load());
        let entry = args.entry.or(self.place.map(|(_, entry)| entry)).unwrap_or(load);
        Imx::new(load, entry, args.board.set_up(), &self.bytes)
    }
}

/// Runs `imx --check`.
fn examine(args: &Args, path: &Path, payload: Option<&Payload>) -> Result<u8> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let found = || format!("{} is no image of this kind", path.display());
    let (file, partition) = if card::is_card(&bytes) {
        let (file, partition) = card::read(&bytes).with_context(found)?;
        (file, Some(partition))
    } else {
        (&bytes[..], None)
    };
    let imx = Imx::read(file).with_context(found)?;
    let entry = args.entry.or(payload.and_then(|payload| payload.place).map(|(_, entry)| entry));
    let findings = check(&imx, args.board, &Expected { entry, payload: payload.map(|payload| &payload.bytes[..]) });
    let fields = fields(&imx);
    if args.json {
        let fields: serde_json::Map<_, _> = fields.iter().map(|(name, value)| ((*name).to_string(), (*value).into())).collect();
        let checks: Vec<_> = findings.iter().map(|it| serde_json::json!({ "name": it.name, "ok": it.ok, "found": it.found })).collect();
        let partition = partition.map(|it| serde_json::json!({ "first_sector": it.first, "sectors": it.sectors }));
        let ok = findings.iter().all(|it| it.ok);
        println!("{}", serde_json::json!({ "ok": ok, "fields": fields, "checks": checks, "partition": partition }));
    } else {
        if let Some(partition) = partition {
            println!("partition: {} sectors from {} on", partition.sectors, partition.first);
        }
        fields.iter().for_each(|(name, value)| println!("{name}: {value:#010x}"));
        findings.iter().for_each(|finding| println!("{}", line(finding)));
    }
    Ok(u8::from(findings.iter().any(|it| !it.ok)))
}

/// The fields of an image by name; sizes in bytes.
fn fields(imx: &Imx) -> Vec<(&'static str, u64)> {
    vec![
        ("self", imx.own.into()),
        ("entry", imx.entry.into()),
        ("dcd", imx.dcd.into()),
        ("dcd_size", imx.dcd_size() as u64),
        ("boot_data", imx.boot_data.into()),
        ("csf", imx.csf.into()),
        ("start", imx.start.into()),
        ("length", imx.length.into()),
        ("plugin", imx.plugin.into()),
        ("file_size", imx.file_size()),
    ]
}

fn line(finding: &Finding) -> String {
    format!("{} {}: {}", if finding.ok { "ok    " } else { "FAILED" }, finding.name, finding.found)
}

/// A number of 32 bits, decimal or after 0x.
fn number(text: &str) -> Result<u32, String> {
    let parsed = text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| u32::from_str_radix(&digits.replace('_', ""), 16));
    parsed.map_err(|error| format!("{error}: 32 bits, decimal or after 0x"))
}
