// SPDX-License-Identifier: BSD-2-Clause
//! Debian's packages for the guest: fetched and checked by the machine's own apt with a state of its own, unpacked into
//! the cache. Nothing is installed, and root is not needed.

use super::modules;
use crate::apt;
use crate::arch::Arch;
use crate::setup;
use crate::tools::{cache_dir, check, output};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Which of Debian's releases the guest is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Release {
    /// The one that everything is tested with.
    #[default]
    Tested,
    /// The newest OP-TEE that Debian has, whose TAs are signed with another key. Debian's kernel stays that of the other.
    Newest,
}

impl Release {
    /// Releases to take packages from: the first whose index the mirror serves whole. Mirrors are not always in step.
    fn suites(self) -> &'static [&'static str] {
        match self {
            Self::Tested => &["trixie", "forky", "sid"],
            Self::Newest => &["sid"],
        }
    }
}

/// The package whose dependency is Debian's kernel.
const KERNEL: &str = "linux-image-arm64";

/// What is unpacked into one folder of the cache.
struct Part {
    folder: &'static str,
    packages: &'static [&'static str],
}

/// What the guest itself is made of: a shell, the C library, the supplicant and Debian's client library. It is moved into
/// its place last: when it is there, all is.
const GUEST: Part = Part { folder: "root", packages: &["busybox-static", "libc6", "libgcc-s1", "libteec2", "tee-supplicant"] };
/// AArch64 alone: Debian's kernel, of which [`KERNEL_FILES`] are unpacked.
const STOCK_KERNEL: Part = Part { folder: "kernel", packages: &[KERNEL] };
/// Likewise: OP-TEE's test suite with its TAs and plug-in, and the libraries that it needs beside the guest's.
const SUITE: Part = Part {
    folder: "suite",
    packages: &["optee-test-qemu", "libckteec0t64", "libssl3t64", "libzstd1", "zlib1g", "openssl-provider-legacy"],
};
/// Likewise: OP-TEE itself, and its kit for TAs with the key that Debian's are signed with.
const STOCK_TEE: Part = Part { folder: "tee", packages: &["optee-os", "optee-os-dev"] };

/// The kernel, its configuration, and folders with modules that the guest may want.
const KERNEL_FILES: [&str; 9] = [
    "./boot/vmlinuz-*",
    "./boot/config-*",
    "./usr/lib/modules/*/kernel/drivers/virtio/*",
    "./usr/lib/modules/*/kernel/drivers/tee/*",
    "./usr/lib/modules/*/kernel/drivers/char/hw_random/optee*",
    "./usr/lib/modules/*/kernel/drivers/block/virtio*",
    "./usr/lib/modules/*/kernel/fs/9p/*",
    "./usr/lib/modules/*/kernel/fs/netfs/*",
    "./usr/lib/modules/*/kernel/net/9p/*",
];

/// Debian's name of an architecture.
fn architecture(arch: Arch) -> &'static str {
    match arch {
        Arch::Armv7a => "armhf",
        Arch::Aarch64 => "arm64",
    }
}

fn parts(arch: Arch, release: Release) -> &'static [&'static Part] {
    match (arch, release) {
        (Arch::Armv7a, _) => &[&GUEST],
        (Arch::Aarch64, Release::Tested) => &[&STOCK_KERNEL, &SUITE, &STOCK_TEE, &GUEST],
        (Arch::Aarch64, Release::Newest) => &[&SUITE, &STOCK_TEE, &GUEST],
    }
}

/// The packages, unpacked into one folder for each part.
///
/// # Errors
/// When the system has no apt, or no release can be had.
fn unpacked(arch: Arch, release: Release) -> Result<PathBuf> {
    let suites = release.suites();
    let names: Vec<&str> = parts(arch, release).iter().flat_map(|part| part.packages).copied().collect();
    let dir = cache_dir().join("linux").join(super::key(&[architecture(arch), &names.join(" "), &suites.join(" ")]));
    if dir.join(GUEST.folder).exists() {
        return Ok(dir);
    }
    let mirror = apt::mirror().context(
        "no mirror of Debian is known: on a system that is not Debian install apt, dpkg and debian-archive-keyring, \
         and set OXTEE_DEBIAN_MIRROR",
    )?;
    let mut failures = Vec::new();
    for suite in suites {
        println!("setup: fetching Debian's {} ({}, {suite})", names.join(", "), architecture(arch));
        match fetch(parts(arch, release), arch, &dir, &mirror, suite) {
            Ok(()) => return Ok(dir),
            Err(error) => failures.push(format!("{suite}: {error:#}")),
        }
    }
    bail!("no release of Debian has what the guest needs:\n{}", failures.join("\n"))
}

/// Fetches the packages of a release and unpacks them below `dir`.
fn fetch(parts: &[&Part], arch: Arch, dir: &Path, mirror: &str, suite: &str) -> Result<()> {
    let state = dir.join(suite);
    let _ = fs::remove_dir_all(&state);
    let (lists, cache) = (state.join("lists"), state.join("cache"));
    for folder in [lists.join("partial"), cache.join("archives/partial")] {
        fs::create_dir_all(folder)?;
    }
    let (sources, status) = (state.join("sources.list"), state.join("status"));
    fs::write(&sources, format!("deb {} {mirror} {suite} main\n", apt::SIGNED))?;
    fs::write(&status, "")?;
    let options = [
        ("APT::Architecture", architecture(arch).to_string()),
        ("APT::Architectures", architecture(arch).to_string()),
        ("APT::Sandbox::User", String::new()),
        ("Acquire::Languages", "none".into()),
        ("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", "false".into()),
        ("Dir::Etc::sourcelist", sources.display().to_string()),
        ("Dir::Etc::sourceparts", "-".into()),
        ("Dir::State::lists", lists.display().to_string()),
        ("Dir::State::status", status.display().to_string()),
        ("Dir::Cache", cache.display().to_string()),
    ];
    let options: Vec<String> = options.iter().flat_map(|(name, value)| ["-o".into(), format!("{name}={value}")]).collect();
    output(Command::new("apt-get").args(&options).args(["-q", "update"]).stdin(Stdio::null()))?;
    for part in parts {
        let (debs, root) = (state.join("deb").join(part.folder), state.join(part.folder));
        fs::create_dir_all(&debs)?;
        fs::create_dir_all(&root)?;
        let kernel = part.packages.contains(&KERNEL).then(|| kernel_package(&options)).transpose()?;
        let packages: Vec<&str> = kernel.as_deref().map_or_else(|| part.packages.to_vec(), |kernel| vec![kernel]);
        output(Command::new("apt-get").args(&options).args(["-q", "download"]).args(packages).current_dir(&debs).stdin(Stdio::null()))?;
        for entry in fs::read_dir(&debs)?.flatten() {
            if kernel.is_some() {
                unpack_some(&entry.path(), &root, &KERNEL_FILES)?;
                modules::decompress(&root)?;
            } else {
                check(Command::new("dpkg-deb").arg("-x").arg(entry.path()).arg(&root))?;
            }
        }
    }
    for part in parts {
        let _ = fs::remove_dir_all(dir.join(part.folder));
        fs::rename(state.join(part.folder), dir.join(part.folder))?;
    }
    Ok(fs::remove_dir_all(&state)?)
}

/// Name of the package with the kernel itself, which [`KERNEL`] depends on.
fn kernel_package(options: &[String]) -> Result<String> {
    let text = output(Command::new("apt-cache").args(options).args(["show", KERNEL]).env("LC_ALL", "C"))?;
    depends_on_kernel(&text).with_context(|| format!("{KERNEL} names no kernel"))
}

fn depends_on_kernel(text: &str) -> Option<String> {
    let depends = text.lines().find_map(|line| line.strip_prefix("Depends: "))?;
    let mut names = depends.split([',', '|']).filter_map(|one| one.split_whitespace().next());
    names.find(|name| name.starts_with("linux-image-")).map(String::from)
}

/// Unpacks what matches of a package: a kernel has a hundred times more modules than are used.
fn unpack_some(deb: &Path, root: &Path, patterns: &[&str]) -> Result<()> {
    let mut reader =
        Command::new("dpkg-deb").arg("--fsys-tarfile").arg(deb).stdout(Stdio::piped()).spawn().context("cannot start dpkg-deb")?;
    let from = reader.stdout.take().context("no output")?;
    let unpacked = check(Command::new("tar").arg("-x").arg("-C").arg(root).arg("--wildcards").args(patterns).stdin(from));
    let status = reader.wait()?;
    unpacked?;
    ensure!(status.success(), "dpkg-deb cannot read {}: {status}", deb.display());
    Ok(())
}

/// The folder with the guest's packages.
///
/// # Errors
/// When the system has no apt, or no release can be had.
pub(super) fn guest(arch: Arch, release: Release) -> Result<PathBuf> {
    Ok(unpacked(arch, release)?.join(GUEST.folder))
}

/// The folder with Debian's kernel for AArch64 and modules of it.
///
/// # Errors
/// As [`guest`].
pub(super) fn kernel() -> Result<PathBuf> {
    setup::require("xz", "xz-utils")?;
    Ok(unpacked(Arch::Aarch64, Release::Tested)?.join(STOCK_KERNEL.folder))
}

/// The folder with Debian's build of OP-TEE's test suite for AArch64.
///
/// # Errors
/// As [`guest`].
pub(super) fn suite(release: Release) -> Result<PathBuf> {
    Ok(unpacked(Arch::Aarch64, release)?.join(SUITE.folder))
}

/// The folder with Debian's build of OP-TEE for AArch64 and of its kit for TAs.
///
/// # Errors
/// As [`guest`].
pub(super) fn stock_tee(release: Release) -> Result<PathBuf> {
    Ok(unpacked(Arch::Aarch64, release)?.join(STOCK_TEE.folder))
}

#[cfg(test)]
mod tests {
    use super::depends_on_kernel;

    #[test]
    fn the_kernel_is_what_the_package_depends_on() {
        let text = "Package: linux-image-arm64\nDepends: base | other, linux-image-6.12.1+deb13-arm64 (= 6.12.1-1)\nSize: 1\n";
        assert_eq!(depends_on_kernel(text).as_deref(), Some("linux-image-6.12.1+deb13-arm64"));
        assert_eq!(depends_on_kernel("Package: linux-image-arm64\nDepends: base\n"), None);
    }
}
