// SPDX-License-Identifier: BSD-2-Clause
//! What the machine needs: Debian's packages, and Rust for the boards. Says what it installs, installs it, goes on.

use crate::apt;
use crate::arch::Arch;
use crate::guarded;
use crate::tools::{KERNEL_TARGET_A64, cache_dir, check, has_program, lock_cache, output, target_dir};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Name that a toolchain of this tool is linked under.
const FALLBACK: &str = "oxtee-fallback";
/// Targets that are built for.
const TARGETS: [&str; 3] = [crate::tools::KERNEL_TARGET, KERNEL_TARGET_A64, utee_build::cargo::TARGET];
/// Libraries that a target must have: TAs and Linux programs share one, and the latter need `std`.
const LIBRARIES: [(&str, &[&str]); 4] = [
    (crate::tools::KERNEL_TARGET, &["core", "alloc"]),
    (KERNEL_TARGET_A64, &["core", "alloc"]),
    (utee_build::cargo::TARGET, &["core", "alloc", "std", "panic_abort"]),
    // Not among the targets that everybody needs.
    (utee_build::cargo::TARGET_A64, &["core", "alloc"]),
];
/// Host of Debian's compiler.
const HOST: &str = "x86_64-unknown-linux-gnu";
/// Oldest QEMU that is known to work.
const QEMU_MAJOR: u32 = 7;

/// What the other commands build with.
pub(crate) struct Tools {
    /// Toolchain for the boards; `None` is the default one.
    pub(crate) toolchain: Option<OsString>,
}

/// Makes sure that everything is there.
pub(crate) fn run() -> Result<Tools> {
    let _filling = lock_cache()?;
    packages()?;
    let toolchain = rust()?;
    kernels_a64(toolchain.as_ref())?;
    drop_stale(toolchain.as_ref())?;
    Ok(Tools { toolchain })
}

/// Makes sure that TAs of an architecture can be built.
pub(crate) fn tas(tools: &Tools, arch: Arch) -> Result<()> {
    if arch == Arch::Armv7a {
        return Ok(());
    }
    let target = utee_build::cargo::TARGET_A64;
    let _filling = lock_cache()?;
    require("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")?;
    if guarded::provide(tools.toolchain.as_ref(), target, true)? || has_target(tools.toolchain.as_ref(), target) {
        return Ok(());
    }
    if tools.toolchain.is_none() {
        println!("setup: rustup target add {target}");
        return check(Command::new("rustup").args(["target", "add", target]));
    }
    println!("setup: building Rust's libraries for {target} (once, a minute)");
    build_libraries(&cache_dir().join("toolchain"), &[target])
}

/// Makes sure that programs for Linux of an architecture can be built: those of AArch64 need more than TAs do.
pub(crate) fn clients(tools: &Tools, arch: Arch) -> Result<()> {
    tas(tools, arch)?;
    if arch == Arch::Armv7a {
        return Ok(());
    }
    let _filling = lock_cache()?;
    if !Path::new("/usr/aarch64-linux-gnu/include").exists() {
        apt::install(&["libc6-dev-arm64-cross"])?;
    }
    let target = utee_build::cargo::TARGET_A64;
    if library_names(tools.toolchain.as_ref(), target).iter().any(|name| name.starts_with("libstd-")) {
        return Ok(());
    }
    if tools.toolchain.is_none() {
        println!("setup: rustup target add {target}");
        return check(Command::new("rustup").args(["target", "add", target]));
    }
    println!("setup: building Rust's standard library for {target} (once, some minutes)");
    build_parts(&cache_dir().join("toolchain"), &[target], true)
}

/// Installs `package`, which brings `program`, if that is not there.
pub(crate) fn require(program: &str, package: &str) -> Result<()> {
    if has_program(program) { Ok(()) } else { apt::install(&[package]) }
}

/// Removes what was compiled against libraries that are no longer there: cargo does not notice that they were replaced.
fn drop_stale(toolchain: Option<&OsString>) -> Result<()> {
    let stamp = target_dir().join("target-libraries");
    let before = fs::read_to_string(&stamp).unwrap_or_default();
    let mut present = String::new();
    for (target, _) in LIBRARIES {
        let mut names = library_names(toolchain, target);
        names.retain(|name| name.starts_with("libcore-") || name.starts_with("libstd-"));
        names.sort();
        let line = format!("{target} {}", names.join(" "));
        // Libraries that were added hurt nobody.
        let old = before.lines().find_map(|old| old.strip_prefix(target)?.strip_prefix(' '));
        let replaced = old.is_some_and(|old| old.split_whitespace().any(|name| !names.iter().any(|there| there == name)));
        for dir in [target_dir(), target_dir().join("client")].iter().filter(|_| replaced) {
            drop(fs::remove_dir_all(dir.join(target)));
        }
        present += &format!("{line}\n");
    }
    if before == present {
        return Ok(());
    }
    fs::create_dir_all(target_dir())?;
    Ok(fs::write(&stamp, present)?)
}

/// Packages that lack, by the program that they bring.
fn packages() -> Result<()> {
    let mut wanted = Vec::new();
    if !has_program("arm-linux-gnueabihf-gcc") || !Path::new("/usr/arm-linux-gnueabihf/include").exists() {
        wanted.extend(["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"]);
    }
    if !has_program("make") {
        wanted.push("make");
    }
    let qemu = !has_program("qemu-system-arm") || qemu_version().is_some_and(|major| major < QEMU_MAJOR);
    if wanted.is_empty() && !qemu {
        return Ok(());
    }
    // Debian 12's own QEMU conflicts with the newer tools that many machines have from backports: take it from there.
    let backports = qemu && apt::debian_suite().as_deref() == Some("bookworm") && apt::mirror().is_some() && apt::privilege().is_some();
    if qemu && !backports {
        wanted.push("qemu-system-arm");
    }
    if !wanted.is_empty() {
        apt::install(&wanted)?;
    }
    if backports { install_qemu() } else { Ok(()) }
}

fn qemu_version() -> Option<u32> {
    let text = output(Command::new("qemu-system-arm").arg("--version")).ok()?;
    text.split("version ").nth(1)?.split('.').next()?.parse().ok()
}

/// QEMU from bookworm's backports, by sources of our own.
fn install_qemu() -> Result<()> {
    let (mirror, prefix) = (apt::mirror().context("no mirror")?, apt::privilege().context("no privilege")?);
    println!("setup: installing qemu-system-arm");
    let dir = cache_dir().join("apt");
    fs::create_dir_all(dir.join("lists/partial"))?;
    let list = dir.join("sources.list");
    let signed = apt::SIGNED;
    fs::write(&list, format!("deb {signed} {mirror} bookworm main\ndeb {signed} {mirror} bookworm-backports main\n"))?;
    let option = |name: &str, value: String| [String::from("-o"), format!("{name}={value}")];
    let options = [
        option("Dir::Etc::sourcelist", list.display().to_string()),
        option("Dir::Etc::sourceparts", "-".into()),
        option("Dir::State::lists", dir.join("lists").display().to_string()),
    ]
    .concat();
    apt::apt(&prefix, &options, &["update", "-q"])?;
    let install = ["install", "-y", "-q", "--no-install-recommends", "-t", "bookworm-backports", "qemu-system-arm"];
    apt::apt(&prefix, &options, &install)
}

/// Rust for the boards: what the default toolchain has, what rustup may add, or Debian's compiler.
fn rust() -> Result<Option<OsString>> {
    if has_targets(None) {
        return Ok(None);
    }
    let fallback = Some(OsString::from(FALLBACK));
    if has_targets(fallback.as_ref()) {
        return Ok(fallback);
    }
    let may_download = std::env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0");
    if may_download && has_program("rustup") {
        println!("setup: rustup target add {}", TARGETS.join(" "));
        if check(Command::new("rustup").args(["target", "add"]).args(TARGETS)).is_ok() && has_targets(None) {
            return Ok(None);
        }
    }
    if !has_program("apt-get") || !has_program("rustup") {
        bail!("Rust for {} is needed: rustup target add {}", TARGETS.join(" and "), TARGETS.join(" "));
    }
    let dir = cache_dir().join("toolchain");
    if !dir.join("bin/rustc").exists() || !dir.join("lib/rustlib/src/rust/library").exists() {
        let version = debian_version()?;
        println!("setup: unpacking Debian's Rust {version}");
        unpack(&version, &dir)?;
    }
    let missing: Vec<&str> =
        TARGETS.into_iter().filter(|target| *target != KERNEL_TARGET_A64 && !has_target(fallback.as_ref(), target)).collect();
    println!("setup: building Rust's libraries for {} (once, some minutes)", missing.join(" and "));
    build_libraries(&dir, &missing)?;
    check(Command::new("rustup").args(["toolchain", "link", FALLBACK]).arg(&dir))?;
    if !has_targets(fallback.as_ref()) {
        bail!("the toolchain in {} does not work", dir.display());
    }
    Ok(fallback)
}

/// Libraries for the kernels of AArch64: with branch protection, or else as they are.
fn kernels_a64(toolchain: Option<&OsString>) -> Result<()> {
    if guarded::provide(toolchain, KERNEL_TARGET_A64, false)? || has_target(toolchain, KERNEL_TARGET_A64) {
        return Ok(());
    }
    build_libraries(&cache_dir().join("toolchain"), &[KERNEL_TARGET_A64])
}

/// True when a toolchain has the libraries of every target; ours gets those for the kernels of AArch64 by themselves.
fn has_targets(toolchain: Option<&OsString>) -> bool {
    TARGETS.iter().all(|target| toolchain.is_some() && *target == KERNEL_TARGET_A64 || has_target(toolchain, target))
}

/// True when a toolchain has the libraries of this target.
fn has_target(toolchain: Option<&OsString>, target: &str) -> bool {
    let names = library_names(toolchain, target);
    let mut wanted = LIBRARIES.iter().filter(|(of, _)| *of == target).flat_map(|(_, libraries)| libraries.iter());
    wanted.all(|library| names.iter().any(|name| name.starts_with(&format!("lib{library}-"))))
}

/// File names of the libraries that a toolchain has for a target.
fn library_names(toolchain: Option<&OsString>, target: &str) -> Vec<String> {
    let mut rustc = Command::new("rustc");
    rustc.env_remove("RUSTUP_TOOLCHAIN").args(["--print", "target-libdir", "--target", target]);
    if let Some(toolchain) = toolchain {
        rustc.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    let dir = output(&mut rustc).ok();
    let entries = dir.and_then(|dir| fs::read_dir(dir.trim()).ok());
    entries.into_iter().flatten().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn debian_version() -> Result<String> {
    let candidate = || -> Option<String> {
        let text = output(Command::new("apt-cache").args(["policy", "rustc-web"]).env("LC_ALL", "C")).ok()?;
        let version = text.lines().find_map(|line| line.trim().strip_prefix("Candidate: ").map(String::from))?;
        (version != "(none)").then_some(version)
    };
    if let Some(version) = candidate() {
        return Ok(version);
    }
    if let Some(prefix) = apt::privilege() {
        apt::apt(&prefix, &[], &["update", "-q"])?;
    }
    candidate().context("Debian's package rustc-web is not to be had here; install Rust for the targets by rustup")
}

/// Downloads and unpacks Debian's compiler into the cache; apt checks the signatures. Nothing is installed.
fn unpack(version: &str, dir: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(dir);
    let (debs, root) = (dir.join("deb"), dir.join("x"));
    fs::create_dir_all(&debs)?;
    fs::create_dir_all(&root)?;
    let short: Vec<&str> = version.split(['+', '-']).next().unwrap_or(version).split('.').take(2).collect();
    let std_package = format!("libstd-rust-web-{}", short.join("."));
    let shown = output(Command::new("apt-cache").args(["show", &format!("{std_package}={version}")]))?;
    let llvm =
        shown.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| word.starts_with("libllvm")).context("no LLVM library named")?;
    let packages = ["rustc-web", "libstd-rust-web-dev", &std_package, "rust-web-src", "rust-web-clippy", "rustfmt-web"];
    let exact: Vec<String> = packages.iter().map(|name| format!("{name}={version}")).chain([llvm.to_string()]).collect();
    check(Command::new("apt-get").args(["-q", "download"]).args(&exact).current_dir(&debs).stdout(Stdio::null()))?;
    for entry in fs::read_dir(&debs)?.flatten() {
        check(Command::new("dpkg").arg("-x").arg(entry.path()).arg(&root))?;
    }
    arrange(dir, &root)?;
    fs::remove_dir_all(&root)?;
    Ok(fs::remove_dir_all(&debs)?)
}

/// Puts the unpacked files where rustup looks for them.
fn arrange(dir: &Path, root: &Path) -> Result<()> {
    let shell = r#"
        mkdir -p "$1/bin" "$1/lib"
        mv "$2"/usr/bin/* "$1/bin/"
        mv "$2/usr/lib/rustlib" "$1/lib/"
        mv "$2"/usr/lib/x86_64-linux-gnu/*.so* "$1/lib/"
        rm -rf "$1/lib/rustlib/src/rust"
        mkdir -p "$1/lib/rustlib/src/rust"
        mv "$2"/usr/src/*/library "$1/lib/rustlib/src/rust/"
    "#;
    check(Command::new("sh").args(["-euc", shell, "arrange"]).arg(dir).arg(root))?;
    // Debian's package has no linker: rustup's own is of the same family.
    let sysroot = default_sysroot()?;
    let tools = dir.join("lib/rustlib").join(HOST).join("bin");
    fs::create_dir_all(&tools)?;
    let linker = sysroot.join("lib/rustlib").join(HOST).join("bin/rust-lld");
    if !linker.exists() {
        bail!("{} is not there: the default toolchain has no linker to borrow", linker.display());
    }
    std::os::unix::fs::symlink(&linker, tools.join("rust-lld"))?;
    std::os::unix::fs::symlink(sysroot.join("bin/cargo"), dir.join("bin/cargo"))?;
    Ok(())
}

fn default_sysroot() -> Result<PathBuf> {
    let text = output(Command::new("rustc").env_remove("RUSTUP_TOOLCHAIN").args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(text.trim()))
}

/// An empty crate, by whose build Rust's libraries are built; their dependencies are in the folder `vendor`, or have to be fetched.
pub(crate) fn project(work: &Path, vendor: Option<&Path>) -> Result<()> {
    fs::create_dir_all(work.join("src"))?;
    fs::create_dir_all(work.join(".cargo"))?;
    fs::write(work.join("src/lib.rs"), "#![no_std]\n")?;
    fs::write(work.join("Cargo.toml"), "[package]\nname=\"mk\"\nversion=\"0.0.0\"\nedition=\"2021\"\n[workspace]\n")?;
    let Some(vendor) = vendor else { return Ok(()) };
    let config =
        format!("[net]\noffline=true\n[source.crates-io]\nreplace-with=\"v\"\n[source.v]\ndirectory={:?}\n", vendor.display().to_string());
    Ok(fs::write(work.join(".cargo/config.toml"), config)?)
}

/// Builds core, alloc and where there is Linux std for these targets from Debian's source and puts them beside the host's.
fn build_libraries(dir: &Path, targets: &[&str]) -> Result<()> {
    build_parts(dir, targets, false)
}

/// As [`build_libraries`], with std for every target when `whole`.
fn build_parts(dir: &Path, targets: &[&str], whole: bool) -> Result<()> {
    let work = dir.join("mk");
    project(&work, Some(&dir.join("lib/rustlib/src/rust/library/vendor")))?;
    // As Rust's own build does: the strategy of this one is its whole content.
    let wrapper = work.join("wrapper");
    let text = "#!/bin/sh\ncase \" $* \" in *\" --crate-name panic_abort \"*) exec \"$@\" -Cpanic=abort ;; esac\nexec \"$@\"\n";
    fs::write(&wrapper, text)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    for target in targets {
        let linux = whole || *target == utee_build::cargo::TARGET;
        let pic = linux || *target == utee_build::cargo::TARGET_A64;
        let flags = if pic { "-Cembed-bitcode=yes -Crelocation-model=pic" } else { "-Cembed-bitcode=yes" };
        let parts = if linux { "core,alloc,std,panic_abort,panic_unwind" } else { "core,alloc" };
        let mut cargo = Command::new(dir.join("bin/cargo"));
        cargo.current_dir(&work).env("RUSTC", dir.join("bin/rustc")).env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", flags);
        cargo.env("LD_LIBRARY_PATH", dir.join("lib")).env("CARGO_TARGET_DIR", work.join("target"));
        cargo.env_remove("RUSTUP_TOOLCHAIN").env("RUSTC_WRAPPER", &wrapper);
        cargo.args(["build", "-q", "--release", "--offline", "-Zbuild-std-features=compiler-builtins-mem", "--target", target]);
        check(cargo.arg(format!("-Zbuild-std={parts}")))?;
        replace_libraries(&work.join("target").join(target).join("release/deps"), &dir.join("lib/rustlib").join(target).join("lib"))?;
    }
    Ok(fs::remove_dir_all(&work)?)
}

/// Makes the libraries in `to` those in `from`. A build of the same source gives the same names: files stay as they are then,
/// for whoever compiles against them right now.
pub(crate) fn replace_libraries(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let names = |dir: &Path| -> Result<Vec<String>> {
        let names = fs::read_dir(dir)?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        Ok(names.filter(|name| name.ends_with(".rlib") && !name.starts_with("libmk-")).collect())
    };
    let (built, present) = (names(from)?, names(to)?);
    for name in present.iter().filter(|name| !built.contains(name)) {
        fs::remove_file(to.join(name))?;
    }
    for name in &built {
        let same = fs::metadata(to.join(name)).is_ok_and(|there| fs::metadata(from.join(name)).is_ok_and(|here| here.len() == there.len()));
        if !same {
            fs::copy(from.join(name), to.join(name))?;
        }
    }
    Ok(())
}
