// SPDX-License-Identifier: BSD-2-Clause
//! `client`: what runs in Linux. `libteec.so.2` with its headers and pkg-config file, `tee-call`, the programs of the
//! examples, and the test programs.

use crate::linux::Added;
use crate::setup::{self, Tools};
use crate::tools::{cargo, check, output, root, target_dir};
use anyhow::{Context, Result, bail};
use clap::Parser;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Target of programs for Linux; TAs share it, so that programs have a folder of their own.
const TARGET: &str = utee_build::cargo::TARGET;
/// Compiler of programs in C.
const CC: &str = "arm-linux-gnueabihf-gcc";
/// Headers of clients.
const HEADERS: [&str; 2] = ["tee_client_api.h", "tee_client_api_extensions.h"];
/// Packages with programs, and the name that each gets: those of the examples are called like their TA.
const PROGRAMS: &[(&str, &str)] = &[("tee-bench", "tee-bench"), ("tee-call", "tee-call"), ("hello-world-client", "hello-world")];
/// Packages and names of the test programs in Rust.
const RUST_TESTS: [&str; 3] = ["tee-test", "tee-test-life", "evil-supplicant"];

/// Where the guest has this library; LD_LIBRARY_PATH chooses between it and Debian's.
pub(crate) const LIBRARIES: &str = "usr/local/lib";

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
    /// Folder of libraries below the prefix.
    #[arg(long, default_value = "lib/arm-linux-gnueabihf")]
    libdir: PathBuf,
    /// The test programs as well.
    #[arg(long)]
    tests: bool,
}

/// What was built.
pub(crate) struct Client {
    /// The library.
    pub(crate) library: PathBuf,
    /// Programs by the name that they are to have.
    pub(crate) programs: Vec<(String, PathBuf)>,
}

/// Runs `client`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let tools = setup::run()?;
    let client = build(&tools, args.tests)?;
    let out = args.out.clone().unwrap_or_else(|| target_dir().join("client/root"));
    for path in install(&client, &out, &args.prefix, &args.libdir)? {
        println!("{}", path.display());
    }
    Ok(0)
}

fn dir() -> PathBuf {
    target_dir().join("client")
}

/// Builds everything for the device.
pub(crate) fn build(tools: &Tools, tests: bool) -> Result<Client> {
    let mut command = cargo(tools.toolchain.as_deref());
    command.args(["build", "--quiet", "--release", "--target", TARGET, "-p", "teec"]);
    for (package, _) in PROGRAMS {
        command.args(["-p", package]);
    }
    if tests {
        command.args(RUST_TESTS.iter().flat_map(|package| ["-p", package]));
    }
    // The environment of TAs must not reach them.
    for (name, _) in utee_build::cargo::environment() {
        command.env_remove(name);
    }
    check(command.env("CARGO_TARGET_DIR", dir()).env("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER", CC))?;
    let release = dir().join(TARGET).join("release");
    let library = release.join("libteec.so");
    check_library(&library)?;
    let mut programs: Vec<(String, PathBuf)> =
        PROGRAMS.iter().map(|(package, name)| ((*name).to_string(), release.join(package))).collect();
    if tests {
        programs.extend(RUST_TESTS.iter().map(|name| ((*name).to_string(), release.join(name))));
        programs.push(("tee-test-c".into(), test_program(&library)?));
    }
    Ok(Client { library, programs })
}

/// The test program in C. It is linked against the library by name alone, so that OP-TEE's serves it as well.
fn test_program(library: &Path) -> Result<PathBuf> {
    let (source, out) = (root().join("tee-client/tests-linux/c"), dir().join("c"));
    fs::create_dir_all(&out)?;
    let link = out.join("libteec.so");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(library, &link)?;
    let mut sources: Vec<PathBuf> = fs::read_dir(&source)?.flatten().map(|entry| entry.path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    sources.sort();
    let program = out.join("tee-test-c");
    let mut command = Command::new(CC);
    command.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-I"]).arg(root().join("c-headers/include"));
    command.args(&sources).arg("-L").arg(&out).arg("-lteec").arg("-o").arg(&program);
    check(&mut command)?;
    Ok(program)
}

/// Programs ask for the library by its name, and for these symbols.
fn check_library(library: &Path) -> Result<()> {
    let dynamic = output(Command::new("arm-linux-gnueabihf-readelf").args(["-dW"]).arg(library))?;
    if !dynamic.contains("soname: [libteec.so.2]") {
        bail!("{} has the wrong soname", library.display());
    }
    let symbols = output(Command::new("arm-linux-gnueabihf-nm").args(["-D", "--defined-only"]).arg(library))?;
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
    let library = Added { path: format!("{LIBRARIES}/libteec.so.2"), from: client.library.clone() };
    let program = |(name, from): &(String, PathBuf)| Added { path: format!("usr/bin/{name}"), from: from.clone() };
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
    strip(&lib.join(real))?;
    for header in HEADERS {
        put(&root().join("c-headers/include").join(header), include.join(header))?;
    }
    for (name, path) in &client.programs {
        put(path, bin.join(name))?;
        strip(&bin.join(name))?;
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

fn strip(path: &Path) -> Result<()> {
    check(Command::new("arm-linux-gnueabihf-strip").arg("--strip-unneeded").arg(path))
}
