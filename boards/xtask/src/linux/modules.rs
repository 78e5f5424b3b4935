// SPDX-License-Identifier: BSD-2-Clause
//! Modules of Debian's kernel that the guest loads before anything else.

use super::cpio::Tree;
use crate::tools::check;
use anyhow::{Context, Result};
use object::{Object, ObjectSection};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Modules that the guest wants, in the order in which it loads them; each after those that it needs.
const WANTED: [&str; 5] = ["virtio_mmio", "9pnet_virtio", "9p", "optee", "optee_rng"];
/// Where the guest has them; /init loads them in the order of their names.
const FOLDER: &str = "etc/modules";

/// Decompresses every module below a folder, in place.
///
/// # Errors
/// When one is no xz file.
pub(super) fn decompress(folder: &Path) -> Result<()> {
    let compressed: Vec<PathBuf> = files(folder)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "xz")).collect();
    if compressed.is_empty() { Ok(()) } else { check(Command::new("xz").args(["-d", "-f"]).args(compressed)) }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Puts the wanted modules of the kernel that was unpacked into this folder where /init looks for them.
///
/// # Errors
/// When one of them, or one that it needs, is not there.
pub(super) fn add(tree: &mut Tree, kernel: &Path) -> Result<()> {
    let modules: BTreeMap<String, PathBuf> = files(kernel)?.into_iter().filter_map(|path| Some((name(&path)?, path))).collect();
    let mut order = Vec::new();
    for wanted in WANTED {
        visit(wanted, &modules, &mut order)?;
    }
    for (index, (name, bytes)) in order.into_iter().enumerate() {
        tree.file(&format!("{FOLDER}/{index:02}-{name}.ko"), 0o644, bytes);
    }
    Ok(())
}

/// Name of the module in a file, with `_` for `-` as the kernel has it.
fn name(path: &Path) -> Option<String> {
    path.file_name()?.to_str()?.strip_suffix(".ko").map(|name| name.replace('-', "_"))
}

/// Appends a module behind those that it needs, unless it is there.
fn visit(name: &str, modules: &BTreeMap<String, PathBuf>, order: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    if order.iter().any(|(other, _)| other == name) {
        return Ok(());
    }
    let path = modules.get(name).with_context(|| format!("Debian's kernel has no module {name}"))?;
    let bytes = fs::read(path)?;
    for needed in needed(&bytes).with_context(|| format!("{} is no module", path.display()))? {
        visit(&needed, modules, order)?;
    }
    order.push((name.into(), bytes));
    Ok(())
}

/// Names of the modules that a module says it needs.
fn needed(bytes: &[u8]) -> Option<Vec<String>> {
    let file = object::File::parse(bytes).ok()?;
    let info = file.section_by_name(".modinfo")?.data().ok()?;
    let depends = info.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"depends="))?;
    let names = String::from_utf8_lossy(depends);
    Some(names.split(',').filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect())
}
