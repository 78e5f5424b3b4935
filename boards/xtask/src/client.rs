// SPDX-License-Identifier: BSD-2-Clause
//! `client`: what runs in Linux. `libteec.so.2` with its headers and pkg-config file, `tee-call`, the programs of the
//! examples, and the test programs.

use crate::arch::Arch;
use crate::linux::Added;
use crate::setup::{self, Tools};
use crate::tools::{cargo, check, output, root, target_dir};
use anyhow::{Context, Result, bail};
use clap::Parser;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Headers of clients.
const HEADERS: [&str; 2] = ["tee_client_api.h", "tee_client_api_extensions.h"];
/// Packages with programs, and the name that each gets: those of the examples are called like their TA.
const PROGRAMS: &[(&str, &str)] = &[("tee-bench", "tee-bench"), ("tee-call", "tee-call"), ("hello-world-client", "hello-world")];
/// Packages and names of the test programs in Rust.
const RUST_TESTS: [&str; 3] = ["tee-test", "tee-test-life", "evil-supplicant"];

/// Of the programs those of [`Set::Short`]: each is optimised as a whole, which takes its time.
const SHORT: [&str; 2] = ["tee-call", "hello-world-client"];

/// Which programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    /// Those that are installed.
    Product,
    /// These and the test programs.
    Tests,
    /// Of both a few: `tee-call`, the client of `hello-world` and the test program in C.
    Short,
}

/// Where the guest has this library; LD_LIBRARY_PATH chooses between it and Debian's.
pub(crate) const LIBRARIES: &str = "usr/local/lib";
/// Where a 64-bit guest has 32-bit programs, and this library for them.
pub(crate) const NARROW: (&str, &str) = ("usr/local/bin32", "usr/local/lib32");

/// Arguments of `client`.
#[derive(Parser)]
#[command(
    after_help = "Example: cargo xtask client --out /tmp/stage --prefix /usr\nAs a packager does: everything is put below --out and finds itself below --prefix later."
)]
pub(crate) struct Args {
    /// Folder that everything is put into [default: target/client/root].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where it will be on the device.
    #[arg(long, default_value = "/usr")]
    prefix: PathBuf,
    /// Folder of libraries below the prefix [default: lib/arm-linux-gnueabihf, or lib/aarch64-linux-gnu].
    #[arg(long)]
    libdir: Option<PathBuf>,
    /// Architecture of the programs.
    #[arg(long, value_enum, default_value_t)]
    arch: Arch,
    /// The test programs as well.
    #[arg(long)]
    tests: bool,
}

/// What was built.
pub(crate) struct Client {
    /// Of which architecture.
    arch: Arch,
    /// The library.
    pub(crate) library: PathBuf,
    /// Programs by the name that they are to have.
    pub(crate) programs: Vec<(String, PathBuf)>,
}

/// Runs `client`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let tools = setup::run()?;
    let client = build(&tools, args.arch, if args.tests { Set::Tests } else { Set::Product })?;
    let out = args.out.clone().unwrap_or_else(|| target_dir().join("client/root"));
    let libdir = args.libdir.clone().unwrap_or_else(|| Path::new("lib").join(args.arch.ta_tools().trim_end_matches('-')));
    for path in install(&client, &out, &args.prefix, &libdir)? {
        println!("{}", path.display());
    }
    Ok(0)
}

/// A tool of the compiler of programs in C.
fn tool(arch: Arch, name: &str) -> String {
    format!("{}{name}", arch.ta_tools())
}

fn dir() -> PathBuf {
    target_dir().join("client")
}

/// Builds everything for the device.
pub(crate) fn build(tools: &Tools, arch: Arch, set: Set) -> Result<Client> {
    setup::clients(tools, arch)?;
    // TAs share the target, so that programs have a folder of their own.
    let target = arch.ta_target();
    let mut command = cargo(tools.toolchain.as_deref());
    command.args(["build", "--quiet", "--release", "--target", target, "-p", "teec"]);
    let wanted = PROGRAMS.iter().filter(|(package, _)| set != Set::Short || SHORT.contains(package));
    let mut rust: Vec<(&str, &str)> = wanted.copied().collect();
    if set == Set::Tests {
        rust.extend(RUST_TESTS.map(|name| (name, name)));
    }
    command.args(rust.iter().flat_map(|(package, _)| ["-p", package]));
    // The environment of TAs must not reach them.
    for (name, _) in utee_build::cargo::environment_of(target) {
        command.env_remove(name);
    }
    let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
    check(command.env("CARGO_TARGET_DIR", dir()).env(linker, tool(arch, "gcc")))?;
    let release = dir().join(target).join("release");
    let library = release.join("libteec.so");
    check_library(arch, &library)?;
    let mut programs: Vec<(String, PathBuf)> = rust.iter().map(|(package, name)| ((*name).to_string(), release.join(package))).collect();
    if set != Set::Product {
        programs.push(("tee-test-c".into(), test_program(arch, &library)?));
    }
    Ok(Client { arch, library, programs })
}

/// The test program in C. It is linked against the library by name alone, so that OP-TEE's serves it as well.
fn test_program(arch: Arch, library: &Path) -> Result<PathBuf> {
    let (source, out) = (root().join("tee-client/tests-linux/c"), dir().join(arch.ta_target()).join("c"));
    fs::create_dir_all(&out)?;
    let link = out.join("libteec.so");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(library, &link)?;
    let mut sources: Vec<PathBuf> = fs::read_dir(&source)?.flatten().map(|entry| entry.path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    sources.sort();
    let program = out.join("tee-test-c");
    let mut command = Command::new(tool(arch, "gcc"));
    command.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-I"]).arg(root().join("c-headers/include"));
    command.args(&sources).arg("-L").arg(&out).arg("-lteec").arg("-o").arg(&program);
    check(&mut command)?;
    Ok(program)
}

/// Programs ask for the library by its name, and for these symbols.
fn check_library(arch: Arch, library: &Path) -> Result<()> {
    let dynamic = output(Command::new(tool(arch, "readelf")).args(["-dW"]).arg(library))?;
    if !dynamic.contains("soname: [libteec.so.2]") {
        bail!("{} has the wrong soname", library.display());
    }
    let symbols = output(Command::new(tool(arch, "nm")).args(["-D", "--defined-only"]).arg(library))?;
    let mut exported: Vec<&str> = symbols.lines().filter_map(|line| line.split_whitespace().last()).collect();
    exported.sort_unstable();
    let header = HEADERS.map(|name| fs::read_to_string(root().join("c-headers/include").join(name)).unwrap_or_default()).concat();
    let mut wanted: Vec<&str> = header
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("TEEC_") && header.contains(&format!(" {word}(TEEC_")) || *word == "TEEC_InitializeContext")
        .chain(["_dprintf", "dump_buffer"])
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    if exported != wanted {
        bail!("{} exports {exported:?}, not {wanted:?}", library.display());
    }
    Ok(())
}

/// Everything as files of the guest: programs in /usr/bin, and the library beside Debian's own, in [`LIBRARIES`].
pub(crate) fn added(client: &Client) -> Vec<Added> {
    placed(client, "usr/bin", LIBRARIES)
}

/// As [`added`], with 32-bit programs beside the 64-bit ones of a guest, as [`NARROW`] says.
pub(crate) fn added_narrow(client: &Client) -> Vec<Added> {
    placed(client, NARROW.0, NARROW.1)
}

fn placed(client: &Client, programs: &str, libraries: &str) -> Vec<Added> {
    let library = Added { path: format!("{libraries}/libteec.so.2"), from: client.library.clone() };
    let program = |(name, from): &(String, PathBuf)| Added { path: format!("{programs}/{name}"), from: from.clone() };
    client.programs.iter().map(program).chain([library]).collect()
}

/// Puts everything where it belongs below `out`; the files.
pub(crate) fn install(client: &Client, out: &Path, prefix: &Path, libdir: &Path) -> Result<Vec<PathBuf>> {
    let base = out.join(prefix.strip_prefix("/").unwrap_or(prefix));
    let (bin, lib, include) = (base.join("bin"), base.join(libdir), base.join("include"));
    for dir in [&bin, &lib.join("pkgconfig"), &include] {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    let mut files = Vec::new();
    let mut put = |from: &Path, to: PathBuf| -> Result<()> {
        fs::copy(from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        files.push(to);
        Ok(())
    };
    let version = env!("CARGO_PKG_VERSION");
    let real = "libteec.so.2.0.0";
    put(&client.library, lib.join(real))?;
    strip(client.arch, &lib.join(real))?;
    for header in HEADERS {
        put(&root().join("c-headers/include").join(header), include.join(header))?;
    }
    for (name, path) in &client.programs {
        put(path, bin.join(name))?;
        strip(client.arch, &bin.join(name))?;
    }
    for link in ["libteec.so.2.0", "libteec.so.2", "libteec.so"] {
        let path = lib.join(link);
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink(real, &path)?;
        files.push(path);
    }
    let pc = lib.join("pkgconfig/teec.pc");
    let text = format!(
        "prefix={}\nexec_prefix=${{prefix}}\nlibdir=${{prefix}}/{}\nincludedir=${{prefix}}/include\n\nName: libteec\n\
         Description: GlobalPlatform TEE Client API (Oxtee {version})\nVersion: 2.0.0\nCflags: -I${{includedir}}\n\
         Libs: -L${{libdir}} -lteec\n",
        prefix.display(),
        libdir.display()
    );
    fs::write(&pc, text)?;
    files.push(pc);
    Ok(files)
}

fn strip(arch: Arch, path: &Path) -> Result<()> {
    check(Command::new(tool(arch, "strip")).arg("--strip-unneeded").arg(path))
}
