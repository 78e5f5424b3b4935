// SPDX-License-Identifier: BSD-2-Clause
//! Paths, and commands that say what failed.

use crate::guarded;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Target of the kernels on Armv7-A.
pub(crate) const KERNEL_TARGET: &str = "armv7a-none-eabi";
/// Target of the kernels on AArch64: without floating point, which is the TAs' and the normal world's.
pub(crate) const KERNEL_TARGET_A64: &str = "aarch64-unknown-none-softfloat";

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where everything is built.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Folder of this user for what is downloaded or built once.
pub(crate) fn cache_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("OXTEE_CACHE") {
        return PathBuf::from(dir);
    }
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    base.or(home).unwrap_or_else(std::env::temp_dir).join("oxtee")
}

/// Keeps others of this user out of [`cache_dir`] until the result is dropped: two at once would build into one place.
pub(crate) fn lock_cache() -> Result<File> {
    let dir = cache_dir();
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let file = File::create(dir.join("lock")).with_context(|| format!("cannot write to {}", dir.display()))?;
    if file.try_lock().is_err() {
        println!("setup: waiting for another command that fills {}", dir.display());
        file.lock()?;
    }
    Ok(file)
}

/// True when a program is on the PATH.
pub(crate) fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(name).is_file())
}

/// Runs a command to its end.
pub(crate) fn check(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}

/// Runs a command and gives what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::piped()).output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Cargo in the repository; `toolchain` is set when the default one cannot build for the boards.
pub(crate) fn cargo(toolchain: Option<&OsStr>) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    // The cargo that runs this tool leaves variables behind that would bind the inner one to its toolchain.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "CARGO_MANIFEST_DIR", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    if let Some(toolchain) = toolchain {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    command.envs(guarded::environment());
    command
}
