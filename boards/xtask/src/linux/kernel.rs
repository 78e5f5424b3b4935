// SPDX-License-Identifier: BSD-2-Clause
//! A Linux kernel with the `optee` driver: Debian's own on AArch64; on Armv7-A, where that has none, it is built from Debian's
//! source, once.

use super::packages;
use crate::apt;
use crate::arch::Arch;
use crate::tools::{cache_dir, check, has_program, output, root};
use anyhow::{Context, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Versions of the kernel that the configuration was tried with, best first.
const VERSIONS: [&str; 2] = ["6.12", "6.1"];
/// Prefix of the cross compiler.
const CROSS: &str = "arm-linux-gnueabihf-";
/// Programs that the build needs, and their packages.
const PROGRAMS: [(&str, &str); 5] = [("flex", "flex"), ("bison", "bison"), ("bc", "bc"), ("xz", "xz-utils"), ("make", "make")];
/// Lines that the build prints, about; for the progress bar.
const STEPS: u64 = 1340;

/// Lines of a failed build that are shown.
const ERRORS: usize = 10;

/// A source package of Debian.
struct Source {
    package: String,
    version: String,
}

/// The image of the kernel.
///
/// # Errors
/// When there is none to be had.
pub(crate) fn image(arch: Arch) -> Result<PathBuf> {
    match arch {
        Arch::Armv7a => built(),
        Arch::Aarch64 => stock(),
    }
}

/// Debian's kernel as it is.
fn stock() -> Result<PathBuf> {
    /// Where the header of an uncompressed image says what it is (Documentation/arch/arm64/booting).
    const MAGIC: (usize, &[u8]) = (56, b"ARM\x64");
    let boot = packages::kernel()?.join("boot");
    let found = fs::read_dir(&boot)?.flatten().map(|entry| entry.path());
    let image = found.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz-")));
    let image = image.with_context(|| format!("no kernel in {}", boot.display()))?;
    let mut header = [0; 64];
    fs::File::open(&image)?.read_exact(&mut header)?;
    ensure!(header[MAGIC.0..].starts_with(MAGIC.1), "{} is compressed, or no kernel for AArch64", image.display());
    Ok(image)
}

/// The compressed kernel image (zImage), built when the cache has none of this configuration, version and compiler.
///
/// # Errors
/// When there is no source to be had, or it does not build; the log of the build is named.
fn built() -> Result<PathBuf> {
    let config = root().join("boards/xtask/linux/armv7.config");
    let text = fs::read_to_string(&config).with_context(|| format!("cannot read {}", config.display()))?;
    let compiler = output(Command::new(format!("{CROSS}gcc")).arg("--version"))?;
    let key = super::key(&[&text, compiler.lines().next().unwrap_or_default()]);
    let cache = cache_dir().join("linux");
    let source = match candidate() {
        Some(source) => source,
        // Without lists of packages (a fresh container) a kernel that is there is good enough.
        None => match cached(&cache, &key) {
            Some(image) => return Ok(image),
            None => updated()?,
        },
    };
    let dir = cache.join(format!("kernel-{}-{key}", source.version.replace(['~', ':'], "_")));
    let image = dir.join("zImage");
    if !image.exists() {
        build(&source, &dir, &config)?;
    }
    Ok(image)
}

/// The newest source that apt knows of.
fn candidate() -> Option<Source> {
    VERSIONS.iter().find_map(|version| {
        let package = format!("linux-source-{version}");
        let text = output(Command::new("apt-cache").args(["policy", &package]).env("LC_ALL", "C")).ok()?;
        let version = text.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
        (version != "(none)").then(|| Source { version: version.to_string(), package })
    })
}

fn updated() -> Result<Source> {
    if let Some(prefix) = apt::privilege().filter(|_| has_program("apt-get")) {
        apt::apt(&prefix, &[], &["update", "-q"])?;
    }
    candidate().with_context(|| {
        format!("Debian's packages linux-source-{} are not to be had here; pass a kernel by --kernel", VERSIONS.join(" and linux-source-"))
    })
}

/// A kernel of this key, whatever its version.
fn cached(cache: &Path, key: &str) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(cache).ok()?.flatten().map(|entry| entry.path().join("zImage")).collect();
    found.retain(|image| image.parent().is_some_and(|dir| dir.to_string_lossy().ends_with(key)) && image.exists());
    found.sort();
    found.pop()
}

/// Builds a kernel in `dir` and keeps the image, its configuration and the log of the build.
fn build(source: &Source, dir: &Path, config: &Path) -> Result<()> {
    let missing: Vec<&str> = PROGRAMS.iter().filter(|(program, _)| !has_program(program)).map(|(_, package)| *package).collect();
    if !missing.is_empty() {
        apt::install(&missing)?;
    }
    println!("setup: building Linux from {} {} for the normal world (once, some minutes)", source.package, source.version);
    let work = dir.join("work");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work)?;
    let tree = unpack(source, &work)?;
    let out = work.join("out");
    let make = |target: &str| {
        let mut make = Command::new("make");
        make.arg("-C").arg(&tree).arg(format!("O={}", out.display())).args(["ARCH=arm", &format!("CROSS_COMPILE={CROSS}"), target]);
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        make.arg(format!("-j{jobs}")).env("KCONFIG_ALLCONFIG", config).stdin(Stdio::null());
        make
    };
    output(&mut make("allnoconfig"))?;
    let made = fs::read_to_string(out.join(".config"))?;
    let wanted = fs::read_to_string(config)?;
    let lost: Vec<&str> = wanted.lines().filter(|line| line.starts_with("CONFIG_") && !made.lines().any(|other| other == *line)).collect();
    ensure!(lost.is_empty(), "{} does not have these options: {}", source.package, lost.join(" "));
    compile(make("zImage"), &dir.join("log"))?;
    fs::copy(out.join(".config"), dir.join("config"))?;
    fs::copy(out.join("System.map"), dir.join("System.map"))?;
    // The image comes last, and by a rename: when it is there, all of it is.
    fs::copy(out.join("arch/arm/boot/zImage"), dir.join("zImage.new"))?;
    fs::rename(dir.join("zImage.new"), dir.join("zImage"))?;
    fs::remove_dir_all(&work)?;
    Ok(())
}

/// Fetches the source, whose signature apt checks, and unpacks it; gives its folder.
fn unpack(source: &Source, work: &Path) -> Result<PathBuf> {
    let bar = crate::image::progress("Linux");
    bar.set_message(format!("fetching {}", source.package));
    let package = format!("{}={}", source.package, source.version);
    output(Command::new("apt-get").args(["-q", "-o", "APT::Sandbox::User=", "download", &package]).current_dir(work).stdin(Stdio::null()))?;
    let deb = fs::read_dir(work)?.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "deb"));
    let deb = deb.context("apt fetched nothing")?;
    bar.set_message("unpacking");
    check(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(work.join("x")))?;
    let archive = work.join("x/usr/src").join(format!("{}.tar.xz", source.package));
    check(Command::new("tar").arg("-C").arg(work).arg("-xf").arg(&archive))?;
    fs::remove_dir_all(work.join("x"))?;
    fs::remove_file(&deb)?;
    bar.finish_and_clear();
    Ok(work.join(&source.package))
}

/// Runs the build with a progress bar, its lines to a file.
fn compile(mut make: Command, log: &Path) -> Result<()> {
    let bar = ProgressBar::new(STEPS);
    if let Ok(style) = ProgressStyle::with_template("building Linux [{elapsed_precise}] {bar:40} {percent}% {msg}") {
        bar.set_style(style);
    }
    let file = fs::File::create(log)?;
    let mut child = make.stdout(Stdio::piped()).stderr(file.try_clone()?).spawn().context("cannot start make")?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?.take(64 << 20));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        std::io::Write::write_all(&mut &file, &line)?;
        let text = String::from_utf8_lossy(&line);
        bar.set_message(text.split_whitespace().last().unwrap_or_default().to_string());
        bar.inc(1);
        line.clear();
    }
    let status = child.wait()?;
    bar.finish_and_clear();
    if !status.success() {
        let text = fs::read_to_string(log).unwrap_or_default();
        let errors: Vec<&str> = text.lines().filter(|line| line.contains("rror") || line.contains("***")).take(ERRORS).collect();
        bail!("Linux does not build ({status}), see {}\n{}", log.display(), errors.join("\n"));
    }
    Ok(())
}
