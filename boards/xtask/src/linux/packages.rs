// SPDX-License-Identifier: BSD-2-Clause
//! Debian's packages for the guest: fetched and checked by the machine's own apt with a state of its own, unpacked into
//! the cache. Nothing is installed, and root is not needed.

use crate::apt;
use crate::tools::{cache_dir, check, output};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Architecture of the guest, as Debian names it.
const ARCHITECTURE: &str = "armhf";
/// What the guest is made of: a shell, the C library, the supplicant and Debian's client library.
const PACKAGES: [&str; 5] = ["busybox-static", "libc6", "libgcc-s1", "libteec2", "tee-supplicant"];
/// Releases to take them from: the first whose index the mirror serves whole. Mirrors are not always in step.
const SUITES: [&str; 3] = ["trixie", "forky", "sid"];

/// The packages, unpacked into one folder.
///
/// # Errors
/// When the system has no apt, or no release can be had.
pub(crate) fn guest() -> Result<PathBuf> {
    let dir = cache_dir().join("linux").join(super::key(&[ARCHITECTURE, &PACKAGES.join(" "), &SUITES.join(" ")]));
    let root = dir.join("root");
    if root.exists() {
        return Ok(root);
    }
    let mirror = apt::mirror().context(
        "no mirror of Debian is known: on a system that is not Debian install apt, dpkg and debian-archive-keyring, \
         and set OXTEE_DEBIAN_MIRROR",
    )?;
    let mut failures = Vec::new();
    for suite in SUITES {
        println!("setup: fetching Debian's {} ({ARCHITECTURE}, {suite})", PACKAGES.join(", "));
        match fetch(&dir, &mirror, suite) {
            Ok(unpacked) => {
                fs::rename(unpacked, &root)?;
                return Ok(root);
            }
            Err(error) => failures.push(format!("{suite}: {error:#}")),
        }
    }
    bail!("no release of Debian has what the guest needs:\n{}", failures.join("\n"))
}

/// Fetches the packages of a release and gives the folder that they are unpacked in.
fn fetch(dir: &Path, mirror: &str, suite: &str) -> Result<PathBuf> {
    let state = dir.join(suite);
    let _ = fs::remove_dir_all(&state);
    let (lists, cache, debs, unpacked) = (state.join("lists"), state.join("cache"), state.join("deb"), state.join("root"));
    for folder in [lists.join("partial"), cache.join("archives/partial"), debs.clone(), unpacked.clone()] {
        fs::create_dir_all(folder)?;
    }
    let (sources, status) = (state.join("sources.list"), state.join("status"));
    fs::write(&sources, format!("deb {} {mirror} {suite} main\n", apt::SIGNED))?;
    fs::write(&status, "")?;
    let options = [
        ("APT::Architecture", ARCHITECTURE.to_string()),
        ("APT::Architectures", ARCHITECTURE.to_string()),
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
    output(Command::new("apt-get").args(&options).args(["-q", "download"]).args(PACKAGES).current_dir(&debs).stdin(Stdio::null()))?;
    for entry in fs::read_dir(&debs)?.flatten() {
        check(Command::new("dpkg-deb").arg("-x").arg(entry.path()).arg(&unpacked))?;
    }
    Ok(unpacked)
}
