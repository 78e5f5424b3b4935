// SPDX-License-Identifier: BSD-2-Clause
//! Branch protection (BTI and pointer authentication) of what is built for AArch64: the option of the compiler is not stable yet, and
//! Rust's libraries come without, so that they are built here once, from the source that comes with the compiler. What is built so
//! runs on CPUs without these features as well.

use crate::setup::{project, replace_libraries};
use crate::tools::{KERNEL_TARGET_A64, cache_dir, check, has_program, output};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What the compiler is asked for.
const PROTECTION: &str = "-Zbranch-protection=bti,pac-ret";

/// Folder of the libraries, once it is known: a system root of these targets alone.
static ROOT: OnceLock<Option<PathBuf>> = OnceLock::new();

/// Has the compiler take the option where it is given, and nowhere else.
const WRAPPER: &str =
    "#!/bin/sh\ncase \" $* \" in *\" -Zbranch-protection=\"*) RUSTC_BOOTSTRAP=1; export RUSTC_BOOTSTRAP ;; esac\nexec \"$@\"\n";

fn rustc(toolchain: Option<&OsString>, arguments: &[&str]) -> Result<String> {
    let mut rustc = Command::new("rustc");
    rustc.env_remove("RUSTUP_TOOLCHAIN").args(arguments);
    if let Some(toolchain) = toolchain {
        rustc.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    Ok(output(&mut rustc)?.trim().to_string())
}

/// Libraries of this target in a system root.
fn libraries(root: &Path, target: &str) -> PathBuf {
    root.join("lib/rustlib").join(target).join("lib")
}

/// True when the libraries of a target are there.
pub(crate) fn has(target: &str) -> bool {
    ROOT.get().and_then(Option::as_ref).is_some_and(|root| libraries(root, target).is_dir())
}

/// Makes sure that there are protected libraries of a target, position-independent ones if asked for; false when they cannot be made here.
pub(crate) fn provide(toolchain: Option<&OsString>, target: &str, position_independent: bool) -> Result<bool> {
    let version = rustc(toolchain, &["--version"])?;
    let name: String = version.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let root = cache_dir().join(format!("guarded-{name}"));
    // The options of the compiler are separated by spaces.
    if root.to_str().is_none_or(|root| root.contains(char::is_whitespace)) {
        let _ = ROOT.set(None);
        return Ok(false);
    }
    if !libraries(&root, target).is_dir()
        && let Err(error) = build(toolchain, &root, target, position_independent)
    {
        println!("setup: {target} is built without branch protection: {error:#}");
        return Ok(false);
    }
    let _ = ROOT.set(Some(root));
    Ok(true)
}

/// The source of Rust's libraries.
fn source(toolchain: Option<&OsString>) -> Result<PathBuf> {
    let source = PathBuf::from(rustc(toolchain, &["--print", "sysroot"])?).join("lib/rustlib/src/rust/library");
    let is_there = || source.join("core/Cargo.toml").is_file();
    let may_download = std::env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0");
    if !is_there() && toolchain.is_none() && may_download && has_program("rustup") {
        println!("setup: rustup component add rust-src");
        check(Command::new("rustup").args(["component", "add", "rust-src"]))?;
    }
    is_there().then_some(&source).cloned().with_context(|| format!("the source of Rust's libraries is not in {}", source.display()))
}

fn build(toolchain: Option<&OsString>, root: &Path, target: &str, position_independent: bool) -> Result<()> {
    let source = source(toolchain)?;
    println!("setup: building Rust's libraries for {target} with branch protection (once, a minute)");
    let work = root.join("mk");
    let vendor = source.join("vendor");
    project(&work, Some(vendor.as_path()).filter(|vendor| vendor.is_dir()))?;
    let model = if position_independent { " -Crelocation-model=pic" } else { "" };
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&work);
    for name in ["CARGO", "RUSTC", "RUSTDOC", "CARGO_MANIFEST_DIR", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "RUSTC_WRAPPER"] {
        cargo.env_remove(name);
    }
    if let Some(toolchain) = toolchain {
        cargo.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", format!("-Cembed-bitcode=yes {PROTECTION}{model}"));
    cargo.env("CARGO_TARGET_DIR", work.join("target"));
    cargo.args(["build", "-q", "--release", "-Zbuild-std=core,alloc", "-Zbuild-std-features=compiler-builtins-mem", "--target", target]);
    check(&mut cargo)?;
    let wrapper = root.join("rustc-wrapper");
    fs::write(&wrapper, WRAPPER)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    // Complete or not there at all.
    let new = root.join(format!("new-{target}"));
    replace_libraries(&work.join("target").join(target).join("release/deps"), &new)?;
    let to = libraries(root, target);
    fs::create_dir_all(to.parent().context("no folder above")?)?;
    fs::rename(&new, &to)?;
    Ok(fs::remove_dir_all(&work)?)
}

/// Options of the compiler for a target, with a space before them; none when its libraries are not there.
pub(crate) fn flags(target: &str) -> String {
    match ROOT.get() {
        Some(Some(root)) if has(target) => {
            format!(" {PROTECTION} --cfg=oxtee_branch_protection --sysroot={} -Clink-arg=-zbti-report=error", root.display())
        }
        _ => String::new(),
    }
}

/// Environment of a cargo that builds anything for AArch64.
pub(crate) fn environment() -> Vec<(&'static str, OsString)> {
    let Some(Some(root)) = ROOT.get() else { return Vec::new() };
    let mut variables = vec![("RUSTC_WRAPPER", root.join("rustc-wrapper").into_os_string())];
    if has(KERNEL_TARGET_A64) {
        variables.push(("CARGO_TARGET_AARCH64_UNKNOWN_NONE_SOFTFLOAT_RUSTFLAGS", flags(KERNEL_TARGET_A64).trim().into()));
    }
    variables
}
