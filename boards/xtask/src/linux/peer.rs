// SPDX-License-Identifier: BSD-2-Clause
//! Debian's build of OP-TEE as the trusted OS of our EL3: what ours is compared with, under the same conditions.

use super::{Added, Release, packages, rootfs};
use crate::arch::{self, Arch};
use crate::image::{self, Image};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// Folder of the build for QEMU `virt` in Debian's package.
const BUILD: &str = "usr/lib/optee/vexpress-qemu_armv8a";
/// The key that its TAs are signed with, which OP-TEE publishes for tests.
const KEY: &str = "usr/lib/optee-os-dev/vexpress-qemu_armv8a/keys/default.pem";

/// Folder of the TAs of its kit.
const TAS: &str = "usr/lib/optee-os-dev/vexpress-qemu_armv8a/ta";

/// The public test key of OP-TEE that a release's TAs are signed with.
///
/// # Errors
/// When the package is not to be had.
pub(crate) fn test_key(release: Release) -> Result<PathBuf> {
    let key = packages::stock_tee(release)?.join(KEY);
    ensure!(key.exists(), "Debian's package has no {KEY}");
    Ok(key)
}

/// The prebuilt TAs of its kit, PKCS #11 among them, as files of the guest.
///
/// # Errors
/// When the package is not to be had.
pub(super) fn tas(release: Release) -> Result<Vec<Added>> {
    let folder = packages::stock_tee(release)?.join(TAS);
    let mut tas = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("Debian's package has no {TAS}"))? {
        let entry = entry?;
        tas.push(Added { path: format!("{}/{}", rootfs::TAS, entry.file_name().to_string_lossy()), from: entry.path() });
    }
    Ok(tas)
}

/// The boot image with OP-TEE in it.
///
/// # Errors
/// When the package is not to be had, or EL3 does not build.
pub(crate) fn image(release: Release) -> Result<Image> {
    let build = packages::stock_tee(release)?.join(BUILD);
    let read = |name: &str| fs::read(build.join(name)).with_context(|| format!("Debian's package has no {name} in {BUILD}"));
    let flash = arch::flash_of(&image::el3()?, &read("tee-header_v2.bin")?, &read("tee-pager_v2.bin")?, &read("tee-pageable_v2.bin")?)?;
    image::foreign(Arch::Aarch64, "image-peer", &flash)
}

/// Version of the package, from its list of changes.
pub(crate) fn version(release: Release) -> String {
    let folder = packages::stock_tee(release).map(|root| root.join("usr/share/doc/optee-os")).unwrap_or_default();
    changes(&folder).unwrap_or_else(|| "of Debian".into())
}

/// The version in the first line of Debian's list of changes.
fn changes(folder: &Path) -> Option<String> {
    let text = crate::tools::output(std::process::Command::new("gzip").arg("-dc").arg(folder.join("changelog.Debian.gz"))).ok()?;
    let (_, rest) = text.split_once('(')?;
    Some(rest.split_once(')')?.0.to_string())
}
