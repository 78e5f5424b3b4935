// SPDX-License-Identifier: BSD-2-Clause
//! The system for a board: monitor, normal-world kernel, TAs, root keys and words in one `.imx`.

use super::board::Board;
use super::card::Partition;
use super::check::{Expected, check};
use super::format::Imx;
use super::line;
use crate::arch::Arch;
use crate::image::{self, Image, Kind, raw};
use crate::ta::Built;
use crate::tools::target_dir;
use crate::{card, product, setup};
use anyhow::{Context, Result, ensure};
use imx6ul::arguments::OPEN_FIRST;
use imx6ul::map;
use object::Object;
use std::fs;
use std::path::{Path, PathBuf};
use utee_abi::boot_image::{KIND_ARGUMENTS, KIND_NORMAL_WORLD, KIND_PRODUCT};
use utee_abi::uuid::Uuid;

/// What goes into an image beside the system itself.
pub(crate) struct Contents<'a> {
    /// Whether the normal world keeps the TAs itself, so that the image has none.
    pub(crate) bare: bool,
    /// What the monitor is built with.
    pub(crate) kind: Kind,
    /// Whether it is made for a product.
    pub(crate) product: bool,
    /// Words for both worlds.
    pub(crate) words: &'a [String],
    /// Signed TAs beside the examples.
    pub(crate) tas: &'a [PathBuf],
    /// Keys that TAs may be signed with beside the development key.
    pub(crate) trust: &'a [PathBuf],
}

impl<'a> Contents<'a> {
    /// What whoever develops wants.
    pub(crate) fn debug(words: &'a [String], tas: &'a [PathBuf], trust: &'a [PathBuf]) -> Self {
        Self { bare: false, kind: Kind::Debug, product: false, words, tas, trust }
    }
}

/// What an image is made of, built.
pub(crate) struct Parts {
    board: Board,
    monitor: PathBuf,
    normal_elf: PathBuf,
    tas: Vec<Built>,
    keys: Vec<Vec<u8>>,
    kind: Kind,
    product: bool,
    bare: bool,
}

/// Builds the system for a board and writes its `.imx`.
///
/// # Errors
/// When something does not build, or the image is not what the ROM wants.
pub(crate) fn build(board: Board, contents: &Contents<'_>) -> Result<Image> {
    Parts::build(board, contents)?.pack(contents.words, "oxtee.imx")
}

impl Parts {
    /// Builds them.
    ///
    /// # Errors
    /// When something does not build.
    pub(crate) fn build(board: Board, contents: &Contents<'_>) -> Result<Self> {
        let tools = setup::run()?;
        let (keys, tas) = if contents.product {
            product::contents(contents.trust, contents.tas)?
        } else {
            (image::root_keys(contents.trust)?, image::all_tas(&tools, Arch::Armv7a, contents.tas)?)
        };
        let features: &[&str] = if contents.kind == Kind::Debug { &["debug-console"] } else { &[] };
        let monitor = image::kernel(&tools, board.name(), features)?;
        let built = image::kernel(&tools, "normal-world", &["imx6"])?;
        let dir = target_dir().join("image").join(board.name());
        fs::create_dir_all(&dir)?;
        // Cargo puts the kernels for all boards in one place.
        let normal_elf = dir.join("normal-world");
        fs::copy(&built, &normal_elf)?;
        Ok(Self { board, monitor, normal_elf, tas, keys, kind: contents.kind, product: contents.product, bare: contents.bare })
    }

    /// Puts them with some words into an image of this name, and checks it.
    ///
    /// # Errors
    /// When the image is not what the ROM wants.
    pub(crate) fn pack(&self, words: &[String], name: &str) -> Result<Image> {
        check_words(words, self.kind, self.product)?;
        let normal_bytes = raw(&self.normal_elf)?;
        let mut payload = raw(&self.monitor)?;
        let monitor_size = payload.len();
        let mut own = vec![(KIND_NORMAL_WORLD, Uuid::NIL, normal_bytes.clone())];
        own.push((KIND_ARGUMENTS, Uuid::NIL, words.join(" ").into_bytes()));
        own.extend(self.product.then(|| (KIND_PRODUCT, Uuid::NIL, Vec::new())));
        payload.extend(image::archive(if self.bare { &[] } else { &self.tas }, &self.keys, &own)?);
        let room = map::PAYLOAD_MAX as usize;
        ensure!(payload.len() <= room, "the system has {} bytes, there is room for {room}", payload.len());
        let imx = Imx::new(self.board.load(), entry(&self.monitor)?, self.board.set_up(), &payload)?;
        let bytes = imx.to_bytes();
        let expected = Expected { entry: Some(imx.entry), payload: Some(&payload) };
        let failed: Vec<String> = check(&Imx::read(&bytes)?, self.board, &expected).iter().filter(|it| !it.ok).map(line).collect();
        ensure!(failed.is_empty(), "the image would not boot:\n{}", failed.join("\n"));
        let (boot, normal) = (self.normal_elf.with_file_name(name), self.normal_elf.with_file_name("normal-world.bin"));
        fs::write(&boot, bytes)?;
        fs::write(&normal, normal_bytes)?;
        Ok(Image {
            bare: boot.clone(),
            boot,
            monitor: self.monitor.clone(),
            normal,
            normal_elf: self.normal_elf.clone(),
            monitor_size,
            tas: self.tas.clone(),
            arch: Arch::Armv7a,
            ta_arch: Arch::Armv7a,
            normal_arch: Arch::Armv7a,
        })
    }
}

/// Checks the words of an image.
///
/// # Errors
/// For one that weakens a product, and for one that needs an image to debug with in any other.
fn check_words(words: &[String], kind: Kind, product: bool) -> Result<()> {
    if product {
        product::words(words)?;
    }
    let opens = words.iter().flat_map(|word| word.split_whitespace()).any(|word| word == OPEN_FIRST);
    ensure!(kind == Kind::Debug || !opens, "`{OPEN_FIRST}` is a word for images to debug with: --debug");
    Ok(())
}

/// Where an ELF file is entered.
fn entry(path: &Path) -> Result<u32> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(u32::try_from(object::File::parse(&*bytes)?.entry())?)
}

/// Writes a card with an image, and its TAs in the partition.
///
/// # Errors
/// When they do not fit or it cannot be written.
pub(crate) fn write_card(image: &Image, path: &Path) -> Result<Partition> {
    let tas: Vec<PathBuf> = image.tas.iter().map(|built| built.signed.clone()).collect();
    card::write(path, &fs::read(&image.boot)?, &tas, card::MIB)
}

/// Builds the system and its card image, and says where they are.
pub(crate) fn write(board: Board, contents: &Contents<'_>) -> Result<u8> {
    // Before all of it is built.
    check_words(contents.words, contents.kind, contents.product)?;
    let image = build(board, contents)?;
    if contents.product {
        product::warn(&image.boot);
    }
    let bytes = fs::read(&image.boot)?;
    let imx = Imx::read(&bytes)?;
    let path = image.boot.with_file_name("card.img");
    let partition = write_card(&image, &path)?;
    let monitor = image.monitor_size;
    println!("{} ({} bytes, of which the monitor is {monitor})", image.boot.display(), bytes.len());
    println!("  loaded to {:#010x}, entered at {:#010x}", imx.own, imx.entry);
    let (size, count) = (partition.end(), image.tas.len());
    println!("{} ({size} bytes, {count} TAs in its partition from sector {} on)", path.display(), partition.first);
    for built in &image.tas {
        println!("  {} {} ({} bytes)", built.uuid, built.name, fs::metadata(&built.signed)?.len());
    }
    println!("Checked by the parser of this tool. Not tried on hardware.");
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::check_words;
    use crate::image::Kind;

    #[test]
    fn the_dcp_is_lent_by_images_to_debug_with_alone() {
        let check = |words: &str, kind, product| check_words(&[words.to_string()], kind, product).is_ok();
        assert!(check("idle open-first", Kind::Debug, false) && check("idle", Kind::Plain, false) && check("idle", Kind::Plain, true));
        assert!(
            !check("idle open-first", Kind::Plain, false)
                && !check("open-first", Kind::Plain, true)
                && !check("open-first", Kind::Debug, true)
        );
    }
}
