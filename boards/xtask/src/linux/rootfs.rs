// SPDX-License-Identifier: BSD-2-Clause
//! The first and only file system of the guest: Debian's packages, our /init, and what a run adds.

use super::cpio::Tree;
use super::modules;
use super::packages::{self, Release};
use crate::arch::Arch;
use crate::image::Image;
use crate::tools::root;
use anyhow::{Context, Result, ensure};
use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{Dyn, ElfFile, FileHeader, ProgramHeader};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where the supplicant looks for TAs.
pub(super) const TAS: &str = "usr/lib/optee_armtz";
/// Folders of the packages that the guest does without.
const LEFT_OUT: [&str; 3] = ["usr/share", "usr/lib/systemd", "etc"];
/// Likewise, of the folder of libraries.
const LIBRARIES_LEFT_OUT: [&str; 2] = ["gconv", "audit"];
/// Users and groups: a client needs the group `tee`, which mallory lacks.
const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/tmp:/bin/sh\nbob:x:1001:1001::/tmp:/bin/sh\n\
    mallory:x:1002:1002::/tmp:/bin/sh\n";
const GROUP: &str = "root:x:0:\ntee:x:990:alice,bob\nalice:x:1000:\nbob:x:1001:\nmallory:x:1002:\n";

/// Folder of the libraries of an architecture.
fn libraries(arch: Arch) -> &'static str {
    match arch {
        Arch::Armv7a => "usr/lib/arm-linux-gnueabihf",
        Arch::Aarch64 => "usr/lib/aarch64-linux-gnu",
    }
}

/// A file that a run adds to the guest.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    /// Where it stands in the guest, from the root on, without a first slash.
    pub(crate) path: String,
    /// Its file here.
    pub(crate) from: PathBuf,
}

/// The file system with the image's TAs, whole folders of packages and the files of a run, of which later ones replace earlier
/// ones; a file that is executable here is so there.
///
/// # Errors
/// When a package or a file is not to be had, or a program needs a library that the guest does not have.
pub(crate) fn tree(image: &Image, release: Release, folders: &[PathBuf], added: &[Added]) -> Result<Tree> {
    let mut tree = Tree::default();
    for folder in
        ["dev", "proc", "sys", "tmp", "run", "root", "etc", "mnt/share", "var/lib", "usr/bin", "usr/sbin", "usr/lib", "usr/local/bin"]
    {
        tree.directory(folder);
    }
    for folder in ["bin", "sbin", "lib"] {
        tree.link(folder, &format!("usr/{folder}"));
    }
    // The kernel opens it for the first process before anything is mounted.
    tree.device("dev/console", 0o600, 5, 1);
    tree.device("dev/null", 0o666, 1, 3);
    let added: Vec<(&Added, Vec<u8>)> = added
        .iter()
        .map(|added| Ok((added, fs::read(&added.from).with_context(|| format!("cannot read {}", added.from.display()))?)))
        .collect::<Result<_>>()?;
    let arch = image.arch;
    // A 64-bit kernel runs 32-bit programs, with libraries of theirs. What both have is that of the kernel's width.
    if arch == Arch::Aarch64 && added.iter().any(|(_, bytes)| ElfFile::<FileHeader32<object::Endianness>>::parse(&**bytes).is_ok()) {
        copy(&mut tree, &packages::guest(Arch::Armv7a, release)?, Path::new(""))?;
    }
    for packages in std::iter::once(&packages::guest(arch, release)?).chain(folders) {
        copy(&mut tree, packages, Path::new(""))?;
    }
    if arch == Arch::Aarch64 {
        modules::add(&mut tree, &packages::kernel()?)?;
    }
    tree.file("init", 0o755, fs::read(root().join("boards/xtask/linux/init"))?);
    tree.file("etc/passwd", 0o644, PASSWD.into());
    tree.file("etc/group", 0o644, GROUP.into());
    tree.file("etc/profile", 0o644, b"export PS1='\\w \\$ '\n".to_vec());
    for ta in &image.tas {
        tree.file(&format!("{TAS}/{}.ta", ta.uuid), 0o644, fs::read(&ta.signed)?);
    }
    for (Added { path, from }, bytes) in added {
        tree.file(path, fs::metadata(from)?.permissions().mode() & 0o777, bytes);
    }
    complete(&tree)?;
    Ok(tree)
}

/// Copies a folder of the unpacked packages.
fn copy(tree: &mut Tree, debian: &Path, folder: &Path) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(debian.join(folder))?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        let name = merged(&path.display().to_string());
        let in_libraries = |arch| name.strip_prefix(libraries(arch)).and_then(|rest| rest.strip_prefix('/'));
        let library = in_libraries(Arch::Armv7a).or_else(|| in_libraries(Arch::Aarch64));
        if LEFT_OUT.contains(&name.as_str()) || library.is_some_and(|rest| LIBRARIES_LEFT_OUT.contains(&rest)) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(tree, debian, &path)?;
        } else if kind.is_symlink() {
            tree.link(&name, &fs::read_link(entry.path())?.display().to_string());
        } else {
            tree.file(&name, entry.metadata()?.permissions().mode(), fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// The name of a file when /bin, /sbin and /lib are links into /usr, as Debian has them.
fn merged(path: &str) -> String {
    match path.split_once('/') {
        Some(("bin" | "sbin" | "lib", _)) => format!("usr/{path}"),
        _ => path.into(),
    }
}

/// Checks that every library that a program needs is there, so that it is said here and not by a guest that does not start.
fn complete(tree: &Tree) -> Result<()> {
    let mut lacking = BTreeSet::new();
    for (path, bytes) in tree.files() {
        let narrow = needed::<FileHeader32<object::Endianness>>(bytes).into_iter().map(|library| (Arch::Armv7a, library));
        let wide = needed::<FileHeader64<object::Endianness>>(bytes).into_iter().map(|library| (Arch::Aarch64, library));
        for (arch, library) in narrow.chain(wide) {
            let places = [format!("{}/{library}", libraries(arch)), format!("usr/lib/{library}")];
            if !places.iter().any(|place| tree.has(place)) {
                lacking.insert(format!("{library} (for {path})"));
            }
        }
    }
    ensure!(lacking.is_empty(), "the guest lacks libraries: {}", lacking.into_iter().collect::<Vec<_>>().join(", "));
    Ok(())
}

/// Names of the libraries that an ELF file of this width needs; none for other files.
fn needed<E: FileHeader<Endian = object::Endianness>>(bytes: &[u8]) -> Vec<String> {
    let read = || -> Option<Vec<String>> {
        let file = ElfFile::<E>::parse(bytes).ok()?;
        let (endian, header) = (file.endian(), file.elf_header());
        let sections = header.sections(endian, bytes).ok()?;
        let (dynamic, link) = sections.dynamic(endian, bytes).ok()??;
        let strings = sections.strings(endian, bytes, link).ok()?;
        let segments = header.program_headers(endian, bytes).ok()?;
        // A static program with a dynamic section (PIE) needs nothing.
        segments.iter().any(|segment| segment.p_type(endian) == object::elf::PT_DYNAMIC).then_some(())?;
        let names = dynamic.iter().filter(|entry| entry.tag(endian) == object::elf::DT_NEEDED);
        Some(
            names
                .filter_map(|entry| strings.get(entry.val32(endian)?).ok())
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect(),
        )
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn packages_of_before_the_merge_are_merged() {
        assert_eq!(merged("lib/ld-linux-armhf.so.3"), "usr/lib/ld-linux-armhf.so.3");
        assert_eq!(merged("usr/sbin/tee-supplicant"), "usr/sbin/tee-supplicant");
        assert_eq!(merged("library"), "library");
    }
}
