// SPDX-License-Identifier: BSD-2-Clause
//! Builds, runs, tests and measures the system: `cargo xtask --help`.

#![forbid(unsafe_code)]

mod apt;
mod arch;
mod bench;
mod card;
mod client;
mod console;
mod disk;
mod gdb;
mod guarded;
mod image;
mod imx;
mod lint;
mod linux;
mod optee;
mod product;
mod qemu;
mod run;
mod setup;
mod sign;
mod symbols;
mod ta;
mod test;
mod tools;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Oxtee: a trusted execution environment for Arm TrustZone.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    version,
    after_help = "Examples:\n  cargo xtask run                      boot in QEMU and show the two worlds at work\n  \
    cargo xtask run --ta my.ta --cmd 0 --value 1,2\n  cargo xtask test                     every test\n  \
    cargo xtask bench --json             what calls cost, in guest instructions\n  cargo xtask ta path/to/my-ta         build and sign a TA"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs what the other commands need, after saying what that is.
    Setup,
    /// Boots QEMU and shows the two worlds and the TAs at work; or calls one TA.
    Run(Box<run::Args>),
    /// Runs every test: on the host, of the C headers, and in QEMU.
    Test(test::Args),
    /// Boots Debian's Linux on AArch64 and runs OP-TEE's own test suite, on our TEE or on Debian's OP-TEE.
    Xtest(linux::xtest::Args),
    /// Measures what calls cost, in guest instructions.
    Bench(bench::Args),
    /// Boots QEMU halted and starts gdb with the symbols of both kernels.
    Gdb(gdb::Args),
    /// Builds the boot image and the normal-world kernel.
    Image(image::Args),
    /// Writes or checks a boot image of an i.MX6 board around a payload.
    Imx(imx::Args),
    /// Makes the image of an SD card: a partition with TAs, room for a boot image before it.
    Card(card::Args),
    /// Builds and signs TAs.
    Ta(ta::Args),
    /// Builds what runs in Linux: libteec.so.2, tee-call, the programs of the examples.
    Client(client::Args),
    /// Signs the ELF file of a TA.
    Sign(sign::Args),
    /// Makes a key pair to sign TAs with.
    Key(sign::KeyArgs),
    /// Runs clippy over every crate, warnings denied.
    Lint,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Setup => setup::run().map(|_| 0),
        Command::Run(args) => run::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Xtest(args) => linux::xtest::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Gdb(args) => gdb::run(&args),
        Command::Image(args) => image::run(&args),
        Command::Imx(args) => imx::run(&args),
        Command::Card(args) => card::run(&args),
        Command::Ta(args) => ta::run(&args),
        Command::Client(args) => client::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Key(args) => sign::generate(&args),
        Command::Lint => lint::lint(),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
