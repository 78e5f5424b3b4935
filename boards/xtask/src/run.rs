// SPDX-License-Identifier: BSD-2-Clause
//! `run`: the two worlds and the TAs at work, each line marked with who says it.

use crate::arch::Arch;
use crate::client;
use crate::console;
use crate::disk;
use crate::image::{self, Image};
use crate::imx;
use crate::linux::log::Log;
use crate::linux::{self, Guest, exec};
use crate::qemu::{self, End, Machine, World};
use crate::setup;
use crate::symbols::Symbols;
use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use imx6ul::arguments::OPEN_FIRST;
use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `run`.
#[derive(Parser)]
#[command(after_help = "Examples:\n  cargo xtask run\n  cargo xtask run --smp 1 --cpu cortex-a7\n  cargo xtask run --arch aarch64\n  \
    cargo xtask run --ta my.ta --cmd 0 --value 1,2\n  cargo xtask run --ta my.ta --cmd 3 --memref-in file.txt --value-out\n  \
    cargo xtask run --console\n  cargo xtask run --disk my.img\n  cargo xtask run --linux --share my-tas\n  \
     cargo xtask run --linux --exec 'cat /proc/cpuinfo'\n\
    Parameters count from the first to the fourth in the order in which they are given.")]
pub(crate) struct Args {
    #[command(flatten)]
    machine: MachineArgs,
    /// Calls this signed TA instead of showing the demonstration. Given again: TAs and libraries that the first one needs.
    #[arg(long, value_name = "UUID.ta")]
    ta: Vec<PathBuf>,
    /// Command to invoke.
    #[arg(long, default_value_t = 0, requires = "ta")]
    cmd: u32,
    /// Two numbers to the TA and back.
    #[arg(long, value_name = "A,B")]
    value: Vec<String>,
    /// Two numbers to the TA.
    #[arg(long, value_name = "A,B")]
    value_in: Vec<String>,
    /// Two numbers from the TA.
    #[arg(long)]
    value_out: bool,
    /// A buffer to the TA, from a file.
    #[arg(long, value_name = "FILE")]
    memref_in: Vec<PathBuf>,
    /// A buffer to the TA and back, from a file.
    #[arg(long, value_name = "FILE")]
    memref_inout: Vec<PathBuf>,
    /// A buffer from the TA, of this size.
    #[arg(long, value_name = "BYTES")]
    memref_out: Vec<u32>,
    /// Accepts TAs that are signed with this key as well.
    #[arg(long, value_name = "KEY.pem")]
    trust: Vec<PathBuf>,
    /// Runs the image of this board on QEMU's mcimx6ul-evk instead of QEMU virt: one CPU, and no isolation there.
    #[arg(long, value_enum, conflicts_with = "linux")]
    board: Option<imx::Board>,
    /// Another word for both worlds, as `suite` or `watchdog-trace`.
    #[arg(long, requires = "board")]
    word: Vec<String>,
    /// The normal world has the key engine (DCP) until `tee` at the console takes it back; with --console.
    #[arg(long, requires_all = ["board", "console"])]
    open_first: bool,
    /// Keeps the normal world's files, TAs among them, in this disk image, which is made with the examples if it is not there.
    #[arg(long, value_name = "FILE", conflicts_with = "linux")]
    disk: Option<PathBuf>,
    /// Prints each line as a JSON object.
    #[arg(long)]
    json: bool,
    /// Connects this terminal to the console of the trusted OS, on the secure UART; Control-A x ends the machine.
    #[arg(long, conflicts_with_all = ["ta", "json", "linux"])]
    console: bool,
    /// Boots Linux in the normal world, to a shell on this terminal; without a terminal, for the commands on standard input.
    #[arg(long, conflicts_with_all = ["ta", "json"])]
    linux: bool,
    #[command(flatten)]
    guest: GuestArgs,
}

/// Options of Linux in the normal world.
#[derive(Parser)]
struct GuestArgs {
    /// Runs this command in Linux instead of a shell, and ends with its status.
    #[arg(long, value_name = "COMMAND", requires = "linux")]
    exec: Option<String>,
    /// A folder to mount at /mnt/share; the TAs in it are found by their clients.
    #[arg(long, value_name = "DIR", requires = "linux")]
    share: Option<PathBuf>,
    /// A zImage (AArch64: an uncompressed Image) to boot instead of Debian's kernel, or of the one that is built from its source.
    #[arg(long, value_name = "PATH", requires = "linux")]
    kernel: Option<PathBuf>,
    /// Writes what the secure world says into a file.
    #[arg(long, value_name = "FILE", requires = "linux")]
    secure_log: Option<PathBuf>,
}

/// Options of the emulated machine.
#[derive(Parser, Clone)]
pub(crate) struct MachineArgs {
    /// CPUs.
    #[arg(long, default_value_t = 4)]
    smp: u32,
    /// Architecture of the secure world.
    #[arg(long, value_enum, default_value_t)]
    arch: Arch,
    #[command(flatten)]
    pub(crate) others: image::Others,
    /// CPU model: cortex-a15 (the default) or cortex-a7; for AArch64 cortex-a57 (the default), cortex-a53 or max.
    #[arg(long)]
    cpu: Option<String>,
    /// MiB of normal-world RAM.
    #[arg(long, default_value_t = 512)]
    mem: u32,
    /// Counts guest instructions, so that costs are shown and every run is alike.
    #[arg(long)]
    icount: bool,
    /// Seconds after which a run that has not ended is stopped.
    #[arg(long, default_value_t = 300)]
    timeout: u64,
}

impl MachineArgs {
    /// The machine, with these words for the guest.
    pub(crate) fn machine(&self, words: Vec<String>) -> Machine {
        Machine {
            smp: if self.icount { 1 } else { self.smp },
            cpu: self.cpu.clone().unwrap_or_else(|| self.arch.cpu().into()),
            memory: self.mem,
            icount: self.icount,
            words,
            ..Machine::default()
        }
    }

    /// Architecture of the secure world.
    pub(crate) fn arch(&self) -> Arch {
        self.arch
    }

    /// Time limit.
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Who says a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) who: String,
    pub(crate) text: String,
    colour: u8,
}

/// Tells who says a line, by world, mark and name of the TA.
pub(crate) struct Speakers {
    names: HashMap<String, String>,
}

impl Speakers {
    /// Names of the TAs of an image.
    pub(crate) fn new(image: &Image) -> Self {
        Self { names: image.tas.iter().map(|ta| (ta.uuid.to_string(), ta.name.clone())).collect() }
    }

    /// Who says this line.
    pub(crate) fn said(&self, world: World, line: &str) -> Said {
        if world == World::Normal {
            return Said { who: "normal".into(), text: line.into(), colour: 31 };
        }
        let ta = line.strip_prefix("[ta ").and_then(|rest| rest.split_once("] "));
        match ta {
            Some((uuid, text)) => {
                let name = self.names.get(uuid).map_or(uuid, String::as_str);
                Said { who: format!("secure {name}"), text: text.into(), colour: 36 }
            }
            None => Said { who: "secure core".into(), text: line.into(), colour: 32 },
        }
    }
}

impl Said {
    /// A line of somebody beside the two worlds' kernels.
    pub(crate) fn new(who: &str, text: &str) -> Self {
        Self { who: who.into(), text: text.into(), colour: if who == "symbols" { 33 } else { 31 } }
    }

    /// The line with who says it.
    pub(crate) fn line(&self, colour: bool) -> String {
        if colour {
            format!("\x1b[{}m{:>22} │\x1b[0m {}", self.colour, self.who, self.text)
        } else {
            format!("{:>22} | {}", self.who, self.text)
        }
    }
}

/// Prints a line with who says it.
fn print(said: &Said, colour: bool, json: bool) {
    if json {
        println!("{}", serde_json::json!({ "who": said.who, "text": said.text }));
    } else {
        println!("{}", said.line(colour));
    }
}

/// Runs `run`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    if args.linux {
        return run_linux(args);
    }
    let arch = args.machine.arch();
    ensure!(arch == Arch::Armv7a || args.board.is_none(), "the chips of both boards are 32-bit ones: they have no --arch aarch64");
    let mut machine = args.machine.machine(vec![if args.console { "idle" } else { "demo" }.into()]);
    if let Some(ta) = args.ta.first() {
        machine.words = call_words(args, ta, &mut machine.files)?;
    }
    machine.board = args.board;
    let image = match args.board {
        Some(board) => {
            ensure!(machine.files.is_empty(), "a board has no way to take files from here: pass values");
            let further = [&args.word[..], &args.open_first.then(|| OPEN_FIRST.into()).into_iter().collect::<Vec<_>>()].concat();
            let words = imx::run::words(&machine.words, &further);
            let contents = imx::system::Contents::debug(&words, &args.ta, &args.trust);
            imx::system::build(board, &imx::system::Contents { bare: args.disk.is_some(), ..contents })?
        }
        None => image::build_with(arch, args.machine.others, image::Kind::Debug, &args.ta, &args.trust)?,
    };
    if let Some(path) = &args.disk {
        disk::prepare(path, &image, &args.ta)?;
        machine.disk = Some(path.clone());
    }
    if args.console {
        return console::operate(&image, &machine);
    }
    let (end, said_good) = show(&image, &machine, args.machine.limit(), args.json)?;
    match end {
        End::Status(0) if said_good => Ok(0),
        End::Status(0) => bail!("the run ended before the normal world said how it went"),
        End::Status(status) => {
            eprintln!("the run failed with status {status}");
            Ok(1)
        }
        End::Stopped(why) => bail!("the run was stopped: {why}"),
    }
}

/// Runs Linux in the normal world.
fn run_linux(args: &Args) -> Result<u8> {
    let image = image::build_with(args.machine.arch(), args.machine.others, image::Kind::Debug, &[], &args.trust)?;
    let mut guest = Guest::new(&image, args.machine.machine(Vec::new()));
    guest.added = client::added(&client::build(&setup::run()?, args.machine.arch(), client::Set::Tests)?);
    guest.kernel.clone_from(&args.guest.kernel);
    guest.share.clone_from(&args.guest.share);
    let log = Log::new(&image, args.guest.secure_log.as_deref())?;
    match &args.guest.exec {
        Some(command) => exec::command(&guest, command, args.machine.limit(), log),
        None if std::io::stdin().is_terminal() => linux::console::shell(&guest, log),
        None => exec::command(&guest, &std::io::read_to_string(std::io::stdin())?, args.machine.limit(), log),
    }
}

/// Runs a machine and prints what it says; crash dumps with functions and lines.
///
/// Also tells whether the normal world's closing line says that nothing failed.
fn show(image: &Image, machine: &Machine, limit: Duration, json: bool) -> Result<(End, bool)> {
    let speakers = Speakers::new(image);
    let mut symbols = Symbols::new(image.ta_arch.ta_directory(), image.monitor.clone());
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut said_good = false;
    let end = qemu::run(image, machine, limit, |world, line| {
        said_good |= world == World::Normal && (line.ends_with(" passed, 0 failed") || line == "call: ok");
        print(&speakers.said(world, line), colour, json);
        if world == World::Secure {
            for text in symbols.line(line) {
                print(&Said::new("symbols", &text), colour, json);
            }
        }
    })?;
    Ok((end, said_good))
}

fn call_words(args: &Args, ta: &std::path::Path, files: &mut Vec<(String, PathBuf)>) -> Result<Vec<String>> {
    let mut words = vec!["call".into(), format!("ta={}", image::uuid_of(ta)?), format!("cmd={}", args.cmd)];
    let mut params = Vec::new();
    params.extend(args.value.iter().map(|value| format!("value-inout:{value}")));
    params.extend(args.value_in.iter().map(|value| format!("value-in:{value}")));
    params.extend(args.value_out.then(|| "value-out".to_string()));
    for (kind, paths) in [("memref-in", &args.memref_in), ("memref-inout", &args.memref_inout)] {
        for path in paths {
            let name = format!("opt/oxtee/p{}", params.len());
            files.push((name.clone(), path.canonicalize().with_context(|| format!("no file {}", path.display()))?));
            params.push(format!("{kind}:{name}"));
        }
    }
    params.extend(args.memref_out.iter().map(|size| format!("memref-out:{size}")));
    if params.len() > utee_abi::param::PARAMS {
        bail!("a command has four parameters, these are {}", params.len());
    }
    words.extend(params.iter().enumerate().map(|(index, param)| format!("p{index}={param}")));
    Ok(words)
}
