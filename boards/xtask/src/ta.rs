// SPDX-License-Identifier: BSD-2-Clause
//! Building TAs from a folder with a `ta.toml`: Rust ones by cargo, C ones by their Makefile; stripped and signed.

use crate::arch::Arch;
use crate::sign::{Scheme, development_key, read_key, sign};
use crate::tools::{cargo, check, root, target_dir};
use crate::{guarded, image, setup};
use anyhow::{Context, Result, bail};
use clap::Parser;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use utee_abi::uuid::Uuid;
use utee_build::Ta;

/// Arguments of `ta`.
#[derive(Parser)]
#[command(
    after_help = "Example: cargo xtask ta ta-examples/hello-world --key my-key.pem\nThe signed TA is target/ta/<uuid>.ta (64-bit ones: \
                  target/ta-aarch64), the ELF file with symbols beside it."
)]
pub(crate) struct Args {
    /// Folders of TAs; without any, all the examples.
    folders: Vec<PathBuf>,
    /// Private key; without it the public development key.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Architecture of the TAs: aarch64 is 64-bit TAs.
    #[arg(long, value_enum, default_value_t)]
    arch: Arch,
}

/// A built TA.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) name: String,
    pub(crate) uuid: Uuid,
    /// The signed image.
    pub(crate) signed: PathBuf,
}

/// Runs `ta`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let tools = setup::run()?;
    setup::tas(&tools, args.arch)?;
    let key = args.key.clone().unwrap_or_else(development_key);
    let folders = if args.folders.is_empty() { examples()? } else { args.folders.clone() };
    for folder in folders {
        let built = build_for(&tools, args.arch, &folder, &key)?;
        println!("{} {} {}", built.name, built.uuid, built.signed.display());
    }
    Ok(0)
}

/// Folders of the examples.
pub(crate) fn examples() -> Result<Vec<PathBuf>> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root().join("ta-examples"))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join(utee_build::TA_TOML).is_file())
        .collect();
    folders.sort();
    Ok(folders)
}

/// Builds, strips and signs a TA; [`setup::tas`] has been called.
pub(crate) fn build_for(tools: &setup::Tools, arch: Arch, folder: &Path, key: &Path) -> Result<Built> {
    let folder = folder.canonicalize().with_context(|| format!("no folder {}", folder.display()))?;
    let ta = Ta::load(&folder).with_context(|| format!("{}", folder.display()))?;
    let uuid: Uuid = ta.uuid;
    let out = arch.ta_directory();
    fs::create_dir_all(&out)?;
    let elf = if folder.join("Cargo.toml").is_file() {
        rust(tools, arch, &folder, &ta.name)?
    } else if folder.join("Makefile").is_file() {
        c(tools, arch, &folder, &out, uuid)?
    } else {
        bail!("{} has neither a Cargo.toml nor a Makefile", folder.display());
    };
    let kept = out.join(format!("{uuid}.elf"));
    fs::copy(&elf, &kept).with_context(|| format!("{} was not built", elf.display()))?;
    let stripped = out.join(format!("{uuid}.stripped.elf"));
    check(Command::new(format!("{}objcopy", arch.ta_tools())).arg("--strip-unneeded").args([&kept, &stripped]))?;
    let signed = out.join(format!("{uuid}.ta"));
    fs::write(&signed, sign(&fs::read(&stripped)?, uuid, ta.version, &read_key(key)?, Scheme::Pss)?)?;
    fs::remove_file(&stripped)?;
    fs::write(out.join(format!("{uuid}.name")), &ta.name)?;
    Ok(Built { name: ta.name.clone(), uuid, signed })
}

fn rust(tools: &setup::Tools, arch: Arch, folder: &Path, name: &str) -> Result<PathBuf> {
    let mut command = cargo(tools.toolchain.as_deref());
    command.current_dir(folder).envs(environment(arch));
    command.args(["build", "--quiet", "--release", "--bin", name]).env("CARGO_TARGET_DIR", target_dir());
    check(&mut command)?;
    Ok(target_dir().join(arch.ta_target()).join("release").join(name))
}

/// Environment of a cargo that builds TAs: with branch protection where its libraries are there.
fn environment(arch: Arch) -> Vec<(&'static str, String)> {
    let target = arch.ta_target();
    let variables = utee_build::cargo::environment_of(target).into_iter();
    let add = |(name, value): (&'static str, &str)| {
        (name, if name.ends_with("_RUSTFLAGS") { value.to_string() + &guarded::flags(target) } else { value.to_string() })
    };
    variables.map(add).collect()
}

fn c(tools: &setup::Tools, arch: Arch, folder: &Path, out: &Path, uuid: Uuid) -> Result<PathBuf> {
    let objects = out.join(format!("{uuid}.out"));
    let cargo = cargo(tools.toolchain.as_deref());
    let mut make = Command::new("make");
    for (name, value) in cargo.get_envs() {
        match value {
            Some(value) => make.env(name, value),
            None => make.env_remove(name),
        };
    }
    make.envs(environment(arch).into_iter().filter(|(name, _)| name.ends_with("_RUSTFLAGS")));
    let tools = format!("CROSS_COMPILE={}", arch.ta_tools());
    make.current_dir(folder).args(["--silent", &tools, &format!("O={}", objects.display())]).env("CARGO_TARGET_DIR", target_dir());
    check(make.arg(objects.join(format!("{uuid}.elf"))))?;
    Ok(objects.join(format!("{uuid}.elf")))
}

/// Builds every example with the development key.
pub(crate) fn build_examples(tools: &setup::Tools, arch: Arch) -> Result<Vec<Built>> {
    setup::tas(tools, arch)?;
    let progress = image::progress("TAs");
    let mut built = Vec::new();
    for folder in examples()? {
        progress.set_message(folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
        progress.tick();
        built.push(build_for(tools, arch, &folder, &development_key())?);
    }
    progress.finish_and_clear();
    Ok(built)
}
