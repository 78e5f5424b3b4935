// SPDX-License-Identifier: BSD-2-Clause
//! `gdb`: the same boot halted, with the symbols of monitor, normal-world kernel and a TA.

use crate::arch::Arch;
use crate::image::{self, Kind};
use crate::qemu;
use crate::run::MachineArgs;
use crate::setup;
use crate::tools::target_dir;
use anyhow::{Context, Result};
use clap::Parser;
use std::process::{Command, Stdio};

/// Arguments of `gdb`.
#[derive(Parser)]
#[command(
    after_help = "Example: cargo xtask gdb --ta hello-world, then: break ta-examples/hello-world/src/main.rs:34\nThe serial lines go to target/run/normal.log and secure.log."
)]
pub(crate) struct Args {
    #[command(flatten)]
    machine: MachineArgs,
    /// Example TA whose symbols are loaded.
    #[arg(long, default_value = "hello-world")]
    ta: String,
    /// Port of the gdb stub on this machine.
    #[arg(long, default_value_t = 1234)]
    port: u16,
    /// Prints both commands instead of running them.
    #[arg(long)]
    print: bool,
}

/// Runs `gdb`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let image = image::build_with(args.machine.arch(), args.machine.others, Kind::Debug, &[], &[])?;
    let ta = image.tas.iter().find(|ta| ta.name == args.ta).with_context(|| format!("no example is called {}", args.ta))?;
    let mut machine = args.machine.machine(vec!["demo".into(), "no-aslr".into()]);
    machine.extra = vec!["-S".into(), "-gdb".into(), format!("tcp:127.0.0.1:{}", args.port)];
    let dir = target_dir().join("run");
    std::fs::create_dir_all(&dir)?;
    let serials = ["normal.log", "secure.log"].map(|name| format!("file:{}", dir.join(name).display()));
    let mut emulator = qemu::command(&image, &machine, [&serials[0], &serials[1]]);
    let elf = image.ta_arch.ta_directory().join(format!("{}.elf", ta.uuid));
    let mut commands = vec![
        format!("add-symbol-file {}", image.normal_elf.display()),
        format!("add-symbol-file {} -o {:#x}", elf.display(), image.arch.ta_base()),
        format!("target remote 127.0.0.1:{}", args.port),
    ];
    if image.arch == Arch::Aarch64 {
        commands.insert(0, format!("add-symbol-file {}", image::el3()?.display()));
    }
    let mut gdb = Command::new("gdb-multiarch");
    gdb.arg(&image.monitor);
    for command in &commands {
        gdb.args(["-ex", command]);
    }
    if args.print {
        println!("{emulator:?}\n{gdb:?}");
        return Ok(0);
    }
    setup::require("gdb-multiarch", "gdb-multiarch").context("or take --print, and a gdb of your own")?;
    let mut child = emulator.stdin(Stdio::null()).spawn().context("cannot start QEMU")?;
    let status = gdb.status();
    let _ = child.kill();
    let _ = child.wait();
    Ok(u8::from(!status.context("cannot start gdb-multiarch")?.success()))
}
