// SPDX-License-Identifier: BSD-2-Clause
//! The boot image: monitor, TAs and root keys in one file for the flash of QEMU virt; and the normal-world kernel. Those of other
//! boards are made of the same parts.

use crate::arch::{self, Arch};
use crate::sign::{development_key, read_key};
use crate::ta::Built;
use crate::tools::{KERNEL_TARGET, cargo, check, target_dir};
use crate::{imx, optee, product, setup, ta};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args as ClapArgs, Parser};
use indicatif::{ProgressBar, ProgressStyle};
use object::{Object, ObjectSegment};
use qemu_virt::map;
use rsa::traits::PublicKeyParts;
use std::fs;
use std::path::{Path, PathBuf};
use utee_abi::boot_image::{ENTRY_SIZE, HEADER_SIZE, KIND_PRODUCT, KIND_ROOT_KEY, KIND_TA, MAGIC, PAYLOAD_ALIGN};
use utee_abi::bytes::u32_at;
use utee_abi::image::{BootstrapHeader, ImageType, SignedHeader, SubkeyRecord};
use utee_abi::uuid::Uuid;

/// Bytes of a page.
const PAGE: usize = 4096;

/// Arguments of `image`.
#[derive(Parser)]
pub(crate) struct Args {
    /// Signed TAs to put in beside the examples.
    #[arg(long = "ta")]
    tas: Vec<PathBuf>,
    /// Keys (PEM, private or public half) that TAs may be signed with beside the development key.
    #[arg(long = "trust")]
    trust: Vec<PathBuf>,
    /// Makes the image for a product: without the examples and without the development key, and such that the TEE uses no
    /// entropy and no hardware key that is not the device's own.
    #[arg(long, requires = "trust")]
    product: bool,
    /// Builds for debugging: the secure console shows and writes memory. Never for a product.
    #[arg(long, conflicts_with = "product")]
    debug: bool,
    /// Builds for this board instead of QEMU virt: an .imx and a card image.
    #[arg(long, value_enum, conflicts_with = "arch")]
    board: Option<imx::Board>,
    /// Words for both worlds of an image for a board, as `demo` or `watchdog=10,2`.
    #[arg(long, requires = "board")]
    word: Vec<String>,
    /// Architecture of the secure world.
    #[arg(long, value_enum, default_value_t)]
    arch: Arch,
    #[command(flatten)]
    others: Others,
}

/// What the kernel of an image is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For whoever develops: the secure console shows and writes memory and sets access rights; on QEMU virt there is the pseudo-TA
    /// that OP-TEE's test suite asks about the core.
    Debug,
    /// Without that.
    Plain,
}

/// What a run boots.
pub(crate) struct Image {
    /// The boot image, for the secure flash.
    pub(crate) boot: PathBuf,
    /// The same without TAs, for a normal world that keeps them itself.
    pub(crate) bare: PathBuf,
    /// The monitor with symbols.
    pub(crate) monitor: PathBuf,
    /// The normal-world kernel, raw.
    pub(crate) normal: PathBuf,
    /// The same with symbols.
    pub(crate) normal_elf: PathBuf,
    /// Bytes of the monitor in the image.
    pub(crate) monitor_size: usize,
    /// Its TAs.
    pub(crate) tas: Vec<Built>,
    /// Architecture of the secure world.
    pub(crate) arch: Arch,
    /// Architecture of the example TAs.
    pub(crate) ta_arch: Arch,
    /// Architecture of the normal-world kernel.
    pub(crate) normal_arch: Arch,
}

impl Image {
    /// Words that the boot image wants to hear.
    pub(crate) fn words(&self) -> &'static [&'static str] {
        match (self.arch, self.normal_arch) {
            (Arch::Aarch64, Arch::Armv7a) => &[map::NORMAL_A32_WORD],
            _ => &[],
        }
    }
}

/// What beside the secure world may be of another architecture than it: AArch64 runs 32-bit TAs and a 32-bit normal world as well.
#[derive(ClapArgs, Clone, Copy, Debug, Default)]
pub(crate) struct Others {
    /// Architecture of the examples; without it that of the secure world. AArch64 runs TAs of both.
    #[arg(long, value_enum)]
    pub(crate) ta_arch: Option<Arch>,
    /// Architecture of our normal-world kernel; without it that of the secure world. AArch64 runs both.
    #[arg(long, value_enum)]
    pub(crate) normal_arch: Option<Arch>,
}

impl Others {
    /// Everything of 32 bits.
    pub(crate) const NARROW: Self = Self { ta_arch: Some(Arch::Armv7a), normal_arch: Some(Arch::Armv7a) };
}

/// Runs `image`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let kind = if args.debug { Kind::Debug } else { Kind::Plain };
    if let Some(board) = args.board {
        let contents =
            imx::system::Contents { bare: false, kind, product: args.product, words: &args.word, tas: &args.tas, trust: &args.trust };
        return imx::system::write(board, &contents);
    }
    let image = if args.product {
        build_product(args.arch, kind, &args.tas, &args.trust)?
    } else {
        build_with(args.arch, args.others, kind, &args.tas, &args.trust)?
    };
    if args.product {
        product::warn(&image.boot);
    }
    println!("{} ({} bytes, of which the monitor is {})", image.boot.display(), fs::metadata(&image.boot)?.len(), image.monitor_size);
    println!("{} ({} bytes)", image.normal.display(), fs::metadata(&image.normal)?.len());
    if image.arch == Arch::Aarch64 {
        println!("{}: the same as an image of OP-TEE", image.boot.with_file_name(optee::FOLDER).display());
    }
    for built in &image.tas {
        println!("  {} {} ({} bytes)", built.uuid, built.name, fs::metadata(&built.signed)?.len());
    }
    Ok(0)
}

/// A spinner on a terminal, nothing elsewhere.
pub(crate) fn progress(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_prefix(what);
    if let Ok(style) = ProgressStyle::with_template("{spinner} building {prefix}: {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

/// Builds everything that a run boots, for whoever develops.
pub(crate) fn build(arch: Arch, extra: &[PathBuf], trust: &[PathBuf]) -> Result<Image> {
    build_for(arch, Kind::Debug, extra, trust)
}

/// Builds everything that a machine boots.
pub(crate) fn build_for(arch: Arch, kind: Kind, extra: &[PathBuf], trust: &[PathBuf]) -> Result<Image> {
    build_with(arch, Others::default(), kind, extra, trust)
}

/// Builds everything that a machine boots.
pub(crate) fn build_with(arch: Arch, others: Others, kind: Kind, extra: &[PathBuf], trust: &[PathBuf]) -> Result<Image> {
    let ta_arch = others.ta_arch.unwrap_or(arch);
    let normal_arch = others.normal_arch.unwrap_or(arch);
    ensure!(arch == Arch::Aarch64 || [ta_arch, normal_arch] == [Arch::Armv7a; 2], "Armv7-A runs 32-bit code only");
    let tools = setup::run()?;
    let tas = all_tas(&tools, ta_arch, extra)?;
    let mark = |other, mark| if arch == other { "" } else { mark };
    let folder = format!("{}{}{}", arch.directory(), mark(ta_arch, "-tas32"), mark(normal_arch, "-normal32"));
    let image = assemble(&tools, (arch, normal_arch), kind, &folder, tas, &root_keys(trust)?, &[])?;
    Ok(Image { ta_arch, ..image })
}

/// Builds the same for a product, with no TAs but these.
pub(crate) fn build_product(arch: Arch, kind: Kind, tas: &[PathBuf], trust: &[PathBuf]) -> Result<Image> {
    let (keys, tas) = product::contents(trust, tas)?;
    let folder = format!("{}-product", arch.directory());
    assemble(&setup::run()?, (arch, arch), kind, &folder, tas, &keys, &[(KIND_PRODUCT, Uuid::NIL, Vec::new())])
}

/// Puts together what a run boots, secure and normal world, in a folder of the target directory; `more` are entries of the
/// archive.
fn assemble(
    tools: &setup::Tools,
    (arch, normal_arch): (Arch, Arch),
    kind: Kind,
    folder: &str,
    tas: Vec<Built>,
    keys: &[Vec<u8>],
    more: &[Entry],
) -> Result<Image> {
    let features: &[&str] = if kind == Kind::Debug { &["debug-console", "test-pta"] } else { &[] };
    let monitor = program(tools, arch.target(), (arch.board(), arch.board()), features)?;
    let normal_elf = program(tools, normal_arch.target(), ("normal-world", "normal-world"), &[])?;
    let dir = target_dir().join(folder);
    fs::create_dir_all(&dir)?;
    // Kept beside the image that it is in: the next build of another kind puts another one into its place.
    let kept = dir.join("monitor.elf");
    fs::copy(&monitor, &kept)?;
    let (boot_path, bare, normal) = (dir.join("tee.bin"), dir.join("tee-bare.bin"), dir.join("normal-world.bin"));
    let el3 = match arch {
        Arch::Armv7a => None,
        // The features change nothing of it, but without them cargo would compile everything else of its package anew.
        Arch::Aarch64 => Some(program(tools, arch.target(), (arch.board(), arch::EL3), features)?),
    };
    let mut monitor_size = 0;
    for (path, tas) in [(&bare, &[][..]), (&boot_path, &tas[..])] {
        let archive = archive(tas, keys, more)?;
        let mut boot = match &el3 {
            None => raw(&monitor)?,
            Some(el3) => arch::flash(el3, &monitor, archive.len())?,
        };
        monitor_size = boot.len();
        if arch == Arch::Aarch64 && path == &boot_path {
            optee::write(&dir, &raw(&monitor)?, &archive)?;
        }
        boot.extend(archive);
        fs::write(path, boot)?;
    }
    fs::write(&normal, raw(&normal_elf)?)?;
    Ok(Image { boot: boot_path, bare, monitor: kept, normal, normal_elf, monitor_size, tas, arch, ta_arch: arch, normal_arch })
}

/// Builds the EL3 monitor of AArch64; gives the ELF file.
pub(crate) fn el3() -> Result<PathBuf> {
    program(&setup::run()?, Arch::Aarch64.target(), (Arch::Aarch64.board(), arch::EL3), &[])
}

/// An image with the trusted OS of somebody else for a machine with Linux: no TAs, no kernel of ours in the normal world, and
/// no symbols but those of EL3.
pub(crate) fn foreign(arch: Arch, folder: &str, flash: &[u8]) -> Result<Image> {
    let dir = target_dir().join(folder);
    fs::create_dir_all(&dir)?;
    let bare = dir.join("tee-bare.bin");
    fs::write(&bare, flash)?;
    let (monitor, none) = (el3()?, PathBuf::new());
    Ok(Image {
        boot: bare.clone(),
        bare,
        monitor,
        normal: none.clone(),
        normal_elf: none,
        monitor_size: flash.len(),
        tas: Vec::new(),
        arch,
        ta_arch: arch,
        normal_arch: arch,
    })
}

/// The examples, and signed TAs that replace or follow them.
pub(crate) fn all_tas(tools: &setup::Tools, arch: Arch, extra: &[PathBuf]) -> Result<Vec<Built>> {
    let mut tas = ta::build_examples(tools, arch)?;
    for path in extra {
        tas.retain(|built| Some(built.uuid) != uuid_of(path).ok());
        tas.push(Built { name: "dropped in".into(), uuid: uuid_of(path)?, signed: path.clone() });
    }
    Ok(tas)
}

/// The development key and others, as the archive holds them.
pub(crate) fn root_keys(trust: &[PathBuf]) -> Result<Vec<Vec<u8>>> {
    let development = development_key();
    std::iter::once(&development).chain(trust).map(|path| public_key(path)).collect()
}

/// Builds a kernel of Armv7-A; gives the ELF file.
pub(crate) fn kernel(tools: &setup::Tools, package: &str, features: &[&str]) -> Result<PathBuf> {
    program(tools, KERNEL_TARGET, (package, package), features)
}

/// Builds a program of a package for a target; gives the ELF file.
fn program(tools: &setup::Tools, target: &str, (package, bin): (&str, &str), features: &[&str]) -> Result<PathBuf> {
    let bar = progress("kernels");
    bar.set_message(bin.to_string());
    let mut command = cargo(tools.toolchain.as_deref());
    command.args(["build", "--quiet", "--release", "--target", target, "-p", package, "--bin", bin]);
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    check(command.env("CARGO_TARGET_DIR", target_dir()))?;
    bar.finish_and_clear();
    Ok(target_dir().join(target).join("release").join(bin))
}

/// The loadable bytes of an ELF file from its lowest physical address on, whole pages of 4 KiB.
pub(crate) fn raw(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let elf = object::File::parse(&*bytes)?;
    let segments: Vec<_> = elf.segments().filter(|segment| segment.file_range().1 > 0).collect();
    let base = segments.iter().map(ObjectSegment::address).min().context("nothing to load")?;
    let mut out = Vec::new();
    for segment in segments {
        let at = usize::try_from(segment.address() - base)?;
        let data = segment.data()?;
        ensure!(at >= out.len() || at + data.len() <= out.len(), "segments of {} overlap", path.display());
        out.resize(out.len().max(at + data.len()), 0);
        out[at..at + data.len()].copy_from_slice(data);
    }
    out.resize(out.len().next_multiple_of(4096), 0);
    Ok(out)
}

/// UUID of a signed TA: as the image says, or as the file is called for an image that does not say.
pub(crate) fn uuid_of(path: &Path) -> Result<Uuid> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let cut_short = || format!("{} is cut short", path.display());
    let mut rest = &bytes[..];
    loop {
        let header = SignedHeader::read(rest).filter(|header| header.magic == utee_abi::image::MAGIC);
        let header = header.with_context(|| format!("{} is no signed TA", path.display()))?;
        if header.img_type == u32::from(ImageType::Legacy) {
            let name = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            return name.with_context(|| format!("{} does not say its UUID, and its name is none", path.display()));
        }
        let at = SignedHeader::SIZE + usize::from(header.hash_size) + usize::from(header.sig_size);
        let payload = rest.get(at..).with_context(cut_short)?;
        if header.img_type != u32::from(ImageType::Subkey) {
            return Ok(BootstrapHeader::read(payload).with_context(cut_short)?.uuid);
        }
        // The key of the link that follows it and its name.
        let name = SubkeyRecord::read(payload).with_context(cut_short)?.name_size;
        let link = usize::try_from(header.img_size)?.checked_add(usize::try_from(name)?).with_context(cut_short)?;
        rest = payload.get(link..).with_context(cut_short)?;
    }
}

/// A root key as the archive holds it: exponent, then modulus.
pub(crate) fn public_key(path: &Path) -> Result<Vec<u8>> {
    use rsa::pkcs1::DecodeRsaPublicKey;
    use rsa::pkcs8::DecodePublicKey;
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the key {}", path.display()))?;
    let public = rsa::PublicKey::from_public_key_pem(&text).ok().or_else(|| rsa::PublicKey::from_pkcs1_pem(&text).ok());
    let key = match public {
        Some(key) => key,
        None => read_key(path)?.to_public_key(),
    };
    let exponent = key.e_bytes();
    let mut word = [0u8; 4];
    let Some(start) = 4usize.checked_sub(exponent.len()) else { bail!("the exponent of {} is too large", path.display()) };
    word[start..].copy_from_slice(&exponent);
    Ok([&u32::from_be_bytes(word).to_le_bytes()[..], &key.n_bytes()].concat())
}

/// An entry of the boot archive: kind, UUID, payload.
pub(crate) type Entry = (u32, Uuid, Vec<u8>);

/// The boot archive.
pub(crate) fn archive(tas: &[Built], keys: &[Vec<u8>], more: &[Entry]) -> Result<Vec<u8>> {
    let mut entries = more.to_vec();
    for built in tas {
        entries.push((KIND_TA, built.uuid, fs::read(&built.signed)?));
    }
    entries.extend(keys.iter().map(|key| (KIND_ROOT_KEY, Uuid::NIL, key.clone())));
    write_archive(&entries)
}

fn write_archive(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut offset = (HEADER_SIZE + entries.len() * ENTRY_SIZE).next_multiple_of(PAYLOAD_ALIGN);
    let (mut table, mut payloads) = (Vec::new(), Vec::new());
    let first = offset;
    for (kind, uuid, data) in entries {
        if *kind == KIND_TA {
            // The ELF file begins with a page, so that the TEE can map it from where it stands.
            let lead = ta_loader::image::payload_offset(data).unwrap_or(0);
            let start = (offset + lead).next_multiple_of(PAGE) - lead;
            payloads.resize(start - first, 0);
            offset = start;
        }
        for word in [*kind, u32::try_from(offset)?, u32::try_from(data.len())?, 0] {
            table.extend(word.to_le_bytes());
        }
        table.extend(uuid.octets());
        payloads.extend_from_slice(data);
        payloads.resize(payloads.len().next_multiple_of(PAYLOAD_ALIGN), 0);
        offset = first + payloads.len();
    }
    let mut out = MAGIC.to_vec();
    out.extend(u32::try_from(entries.len())?.to_le_bytes());
    out.extend(u32::try_from(offset)?.to_le_bytes());
    out.extend(table);
    out.resize(first, 0);
    out.extend(payloads);
    debug_assert_eq!(u32_at(&out, 12), u32::try_from(out.len()).ok());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::write_archive;
    use utee_abi::boot_image::{Archive, KIND_TA};
    use utee_abi::uuid::Uuid;

    #[test]
    fn an_archive_reads_back() {
        let uuid = |n| Uuid::new(n, 0, 0, [0; 8]);
        let entries = [(KIND_TA, uuid(1), vec![1; 33]), (KIND_TA, uuid(2), vec![]), (KIND_TA, uuid(3), vec![3; 16])];
        let mut bytes = write_archive(&entries).unwrap();
        bytes.extend([0xFF; 100]);
        let read: Vec<_> = Archive::read(&bytes).unwrap().entries().map(|entry| (entry.kind, entry.uuid, entry.data.to_vec())).collect();
        assert_eq!(read, entries);
    }
}
