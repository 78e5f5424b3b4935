// SPDX-License-Identifier: BSD-2-Clause
//! The normal-world kernel with a disk in QEMU, or with a card: TAs from it, and files of the TEE on it that outlive a restart.

use crate::arch::Arch;
use crate::image::Image;
use crate::imx::system::{self, Contents, Parts};
use crate::imx::{self, Board};
use crate::qemu::{self, End, Machine, World};
use crate::run::Speakers;
use crate::sign::{Scheme, development_key, read_key, sign};
use crate::test::Count;
use crate::tools::target_dir;
use anyhow::{Context, Result, anyhow};
use conformance::proto as conformance;
use files::volume::ROOT;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;
use utee_abi::uuid::Uuid;

/// The TA that changes its version.
const NAME: &str = "hello-world";
/// Where the TEE keeps versions of TAs.
const VERSIONS: &str = "oxtee-ta-versions";

/// What a boot is to come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The demonstration passes.
    Demonstration,
    /// The TA answers.
    Answers,
    /// The TA is refused, as an older version than one that was there.
    Refused,
    /// A TA has counted up to this in a persistent object.
    Counted(u32),
}

/// What is booted with the disk.
enum Target<'a> {
    /// QEMU virt of an architecture.
    Virt(Arch),
    /// A board, whose words stand in its image.
    Board(Board, &'a Parts),
}

impl Target<'_> {
    /// The machine that runs a program from a disk, and its image when it is another one for each program.
    fn machine(&self, program: Vec<String>, disk: &Path) -> Result<(Option<Image>, Machine)> {
        let machine = Machine { disk: Some(disk.into()), ..Machine::default() };
        Ok(match self {
            Self::Virt(arch) => (None, Machine { words: program, cpu: arch.cpu().into(), ..machine }),
            Self::Board(board, parts) => {
                (Some(parts.pack(&imx::run::words(&program, &[]), "disk.imx")?), Machine { board: Some(*board), ..machine })
            }
        })
    }
}

/// Runs the boots on QEMU virt, all with one disk.
pub(crate) fn run(image: &Image, count: &mut Count) -> Result<()> {
    let name = match image.arch {
        Arch::Armv7a => "disk",
        Arch::Aarch64 => "AArch64: disk",
    };
    on_disk(name, &Target::Virt(image.arch), image, count)
}

/// Runs them on QEMU's board of the i.MX6UL, all with one card.
pub(crate) fn run_board(count: &mut Count) -> Result<()> {
    let board = Board::Mcimx6ullEvk;
    let parts = Parts::build(board, &Contents { bare: true, ..Contents::debug(&[], &[], &[]) })?;
    let image = parts.pack(&[], "disk.imx")?;
    on_disk("card, mcimx6ullevk", &Target::Board(board, &parts), &image, count)
}

/// Runs them with a disk that holds the TAs of an image.
fn on_disk(name: &str, target: &Target<'_>, image: &Image, count: &mut Count) -> Result<()> {
    let path = target_dir().join("run").join(format!("disk-{}.img", std::process::id()));
    fs::create_dir_all(path.parent().context("no folder for the disk")?)?;
    let _ = fs::remove_file(&path);
    match target {
        Target::Virt(_) => super::prepare(&path, image, &[])?,
        // The card that `image --board` writes.
        Target::Board(..) => drop(system::write_card(image, &path)?),
    }
    let done = boots(name, target, image, &path, count);
    let _ = fs::remove_file(&path);
    done
}

fn boots(name: &str, target: &Target<'_>, image: &Image, path: &Path, count: &mut Count) -> Result<()> {
    let mut boot = |what: &str, version: Option<u32>, wanted: Wanted| -> Result<()> {
        if let Some(version) = version {
            put_version(image, path, version)?;
        }
        boot(target, image, path, &format!("{name}: {what}"), wanted, count)
    };
    boot("demonstration, TAs from there", None, Wanted::Demonstration)?;
    boot("an object of a TA", None, Wanted::Counted(1))?;
    boot("after a restart the same object", None, Wanted::Counted(2))?;
    boot("version 3 of a TA", Some(3), Wanted::Answers)?;
    let kept = super::open(path)?.size(&[ROOT.as_bytes(), VERSIONS.as_bytes()]);
    boot("after a restart version 2", Some(2), Wanted::Refused)?;
    boot("after a restart version 4", Some(4), Wanted::Answers)?;
    boot("after a restart version 3", Some(3), Wanted::Refused)?;
    let failed = kept.err().map(|error| format!("the TEE left no file of versions: {error}"));
    count.add(&format!("{name}: the file of the TEE"), failed.is_none().into(), failed.into_iter().collect(), "");
    Ok(())
}

fn uuid(image: &Image) -> Result<Uuid> {
    image.tas.iter().find(|ta| ta.name == NAME).map(|ta| ta.uuid).with_context(|| format!("there is no TA {NAME}"))
}

/// Puts the TA on the disk, signed with this version.
fn put_version(image: &Image, path: &Path, version: u32) -> Result<()> {
    let uuid = uuid(image)?;
    let built = image.tas.iter().find(|ta| ta.uuid == uuid).with_context(|| format!("there is no TA {NAME}"))?;
    let signed = fs::read(&built.signed)?;
    let elf = ta_loader::image::payload_offset(&signed).and_then(|at| signed.get(at..)).context("no ELF file in the TA")?;
    let signed = sign(elf, uuid, version, &read_key(&development_key())?, Scheme::Pss)?;
    let mut volume = super::open(path)?;
    super::put_ta(&mut volume, &uuid.to_string(), &signed)?;
    volume.sync().map_err(|error| anyhow!("the disk cannot be written: {error}"))
}

fn boot(target: &Target<'_>, image: &Image, disk: &Path, title: &str, wanted: Wanted, count: &mut Count) -> Result<()> {
    let words = match wanted {
        Wanted::Demonstration => vec!["demo".into()],
        Wanted::Counted(_) => {
            vec!["call".into(), format!("ta={}", conformance::UUID), format!("cmd={}", conformance::COUNT_FOR_EVER), "p0=value-out".into()]
        }
        _ => vec!["call".into(), format!("ta={}", uuid(image)?), "cmd=1".into(), "p0=value-inout:40,2".into()],
    };
    let (own, machine) = target.machine(words, disk)?;
    let speakers = Speakers::new(image);
    let (mut found, mut answered, mut refused, mut older, mut failures) = (false, false, false, false, Vec::new());
    let mut log = String::new();
    let end = qemu::run(own.as_ref().unwrap_or(image), &machine, Duration::from_secs(240), |world, line| {
        let said = speakers.said(world, line);
        let _ = writeln!(log, "{:>22} | {}", said.who, said.text);
        found |= world == World::Normal && line.contains("normal world: disk of");
        answered |= world == World::Normal
            && match wanted {
                Wanted::Demonstration => line.ends_with(" passed, 0 failed"),
                // This kernel has no clock that goes on over a restart, so that the TA's time may need a reset.
                Wanted::Counted(count) => {
                    line == format!("p0: {count:#x} 0x0 ({count} 0)") || line == format!("p0: {count:#x} 0x1 ({count} 1)")
                }
                Wanted::Answers | Wanted::Refused => line == "p0: 0x2a 0x1 (42 1)",
            };
        refused |= world == World::Normal && line.starts_with("call: FAILED: open") && line.contains("ACCESS_CONFLICT");
        older |= world == World::Secure && line.contains("is older than one that was loaded");
    })?;
    let status = if wanted == Wanted::Refused { 1 } else { 0 };
    let checks = [
        (end == End::Status(status), format!("the run ended with {end:?}")),
        (found, "the kernel found no disk".into()),
        (answered == (wanted != Wanted::Refused), format!("TA answered: {answered}")),
        (refused == (wanted == Wanted::Refused), format!("TA refused: {refused}")),
        (older == (wanted == Wanted::Refused), format!("older version seen: {older}")),
    ];
    let passed = checks.iter().filter(|(ok, _)| *ok).count() as u32;
    failures.extend(checks.into_iter().filter(|(ok, _)| !ok).map(|(_, why)| why));
    count.add(title, passed, failures, &log);
    Ok(())
}
