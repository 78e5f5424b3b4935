// SPDX-License-Identifier: BSD-2-Clause
//! `test`: every test there is.

use crate::arch::Arch;
use crate::console;
use crate::disk;
use crate::image::{self, Image, Kind, Others};
use crate::imx;
use crate::linux;
use crate::product;
use crate::qemu::{self, End, Machine, World};
use crate::run::Speakers;
use crate::tools::{cargo, root, target_dir};
use anyhow::{Context, Result, bail};
use clap::Parser;
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

/// Arguments of `test`.
#[derive(Parser)]
pub(crate) struct Args {
    /// Only the tests on the host.
    #[arg(long)]
    host: bool,
    /// Only the tests in QEMU.
    #[arg(long, conflicts_with = "host")]
    target: bool,
    /// Only the tests in QEMU that boot Linux.
    #[arg(long, conflicts_with_all = ["host", "target"])]
    linux: bool,
    /// Only the tests in QEMU with our own normal-world kernel, those of the secure console among them.
    #[arg(long, conflicts_with_all = ["host", "target", "linux"])]
    bare: bool,
    /// Of the tests in QEMU those of this architecture; of those that boot Linux on AArch64 all, of which every run makes a part.
    #[arg(long, value_enum, conflicts_with_all = ["host", "boards"])]
    arch: Option<Arch>,
    /// Only the tests of the i.MX6 boards' images in QEMU.
    #[arg(long, conflicts_with_all = ["host", "target", "linux", "console"])]
    boards: bool,
    /// Only the test of the secure console in QEMU.
    #[arg(long, conflicts_with_all = ["host", "target", "linux", "bare"])]
    console: bool,
    /// Prints the results as one JSON object at the end.
    #[arg(long)]
    json: bool,
}

/// What a boot is of: the architecture of the secure world, and whether TAs and normal-world kernel are of 32 bits below 64.
#[derive(Clone, Copy, PartialEq, Eq)]
enum System {
    A32,
    A64,
    A32OnA64,
}

impl System {
    fn of(image: &Image) -> Self {
        match (image.arch, image.normal_arch) {
            (Arch::Armv7a, _) => Self::A32,
            (Arch::Aarch64, Arch::Aarch64) => Self::A64,
            (Arch::Aarch64, Arch::Armv7a) => Self::A32OnA64,
        }
    }
}

/// A boot in QEMU.
struct Boot {
    system: System,
    name: &'static str,
    smp: u32,
    cpu: &'static str,
    words: &'static [&'static str],
    /// Steps that must pass at least.
    steps: u32,
}

// The demonstration is run with somebody at the console (`console::load`), and from a disk (`disk::test`).
const BOOTS: [Boot; 10] = [
    Boot { system: System::A32, name: "suite, 4 × Cortex-A15", smp: 4, cpu: "cortex-a15", words: &["suite", "known"], steps: 1 },
    Boot { system: System::A32, name: "suite, 1 × Cortex-A7", smp: 1, cpu: "cortex-a7", words: &["suite"], steps: 1 },
    Boot { system: System::A32, name: "suite, 4 × Cortex-A7", smp: 4, cpu: "cortex-a7", words: &["suite"], steps: 1 },
    Boot { system: System::A32, name: "isolation, 1 × Cortex-A15", smp: 1, cpu: "cortex-a15", words: &["isolation"], steps: 1 },
    // One step before the machine is reset, one after; then it is switched off.
    Boot { system: System::A32, name: "reset and off, 4 × Cortex-A15", smp: 4, cpu: "cortex-a15", words: &["reset"], steps: 2 },
    Boot { system: System::A64, name: "AArch64: suite, 4 × Cortex-A57", smp: 4, cpu: "cortex-a57", words: &["suite", "known"], steps: 1 },
    Boot {
        system: System::A32OnA64,
        name: "AArch64 with 32-bit TAs: suite, 1 × Cortex-A53",
        smp: 1,
        cpu: "cortex-a53",
        words: &["suite", "known"],
        steps: 1,
    },
    Boot { system: System::A64, name: "AArch64: suite, 2 × max", smp: 2, cpu: "max", words: &["suite", "known"], steps: 1 },
    Boot { system: System::A64, name: "AArch64: isolation, 1 × Cortex-A53", smp: 1, cpu: "cortex-a53", words: &["isolation"], steps: 1 },
    Boot { system: System::A64, name: "AArch64: reset and off, 4 × Cortex-A57", smp: 4, cpu: "cortex-a57", words: &["reset"], steps: 2 },
];

/// What the secure world has to say in a boot, in any order: what a CPU with every feature guards, and which guard a TA ran into.
const SAID: [(&str, &[&str]); 1] = [(
    "AArch64: suite, 2 × max",
    &[
        "the CPU guards: PAN",
        "the CPU guards: pointer authentication for TAs",
        "the CPU guards: pointer authentication in the kernel",
        "the CPU guards: landing pads in the kernel",
        "cause indirect branch to no landing pad at",
        "cause pointer that fails authentication at",
    ],
)];

/// How the tests went.
#[derive(Default)]
pub(crate) struct Count {
    passed: u32,
    failed: u32,
    failures: Vec<String>,
}

impl Count {
    /// Adds a boot: how many of its tests passed, which failed and why. The log is shown when any did.
    pub(crate) fn add(&mut self, title: &str, passed: u32, failed: Vec<String>, log: &str) {
        println!("test: {title}: {passed} passed, {} failed", failed.len());
        if !failed.is_empty() {
            print!("{log}");
        }
        self.passed += passed;
        self.failed += failed.len() as u32;
        self.failures.extend(failed.into_iter().map(|failure| format!("{title}: {failure}")));
    }
}

/// Runs `test`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let mut count = Count::default();
    if args.boards {
        imx::target::run(&mut count)?;
        return finish(args, &count);
    }
    let of = |arch: Arch| args.arch.is_none_or(|only| only == arch);
    if !args.target && !args.linux && !args.bare && !args.console && args.arch.is_none() {
        host(&mut count)?;
    }
    if args.host {
        return finish(args, &count);
    }
    if !args.linux {
        let built = [Arch::Armv7a, Arch::Aarch64].into_iter().filter(|arch| of(*arch)).map(|arch| image::build(arch, &[], &[]));
        let images = built.collect::<Result<Vec<_>>>()?;
        if !args.console {
            bare(&images, &mut count)?;
        }
        for image in &images {
            console::golden::run(image, &mut count)?;
            console::load::run(image, 4, &mut count)?;
            console::load::run(image, 1, &mut count)?;
        }
    }
    if args.bare || args.console {
        return finish(args, &count);
    }
    let tools = crate::setup::run()?;
    // Everything twice takes long: unless AArch64 is asked for, it gets a boot that is short.
    for arch in [Arch::Armv7a, Arch::Aarch64].into_iter().filter(|arch| args.arch.unwrap_or_default() == *arch) {
        let image = image::build(arch, &[], &[])?;
        linux::test::run(&image, &tools, &mut count)?;
        linux::clients::run(&image, &tools, &mut count)?;
    }
    if args.arch.is_none() {
        linux::test::run_short(&tools, &mut count)?;
    }
    if of(Arch::Aarch64) {
        linux::xtest::test(&mut count)?;
    }
    finish(args, &count)
}

/// The tests in QEMU with our own normal-world kernel and without somebody at the console.
fn bare(images: &[Image], count: &mut Count) -> Result<()> {
    for image in images {
        target(image, count)?;
        if image.arch == Arch::Aarch64 {
            target(&image::build_with(Arch::Aarch64, Others::NARROW, Kind::Debug, &[], &[])?, count)?;
        }
    }
    for image in images {
        product::target(image.arch, count)?;
        disk::test::run(image, count)?;
    }
    if images.iter().any(|image| image.arch == Arch::Armv7a) { imx::target::run(count) } else { Ok(()) }
}

/// Says how it went; the status.
fn finish(args: &Args, count: &Count) -> Result<u8> {
    for failure in &count.failures {
        println!("FAILED {failure}");
    }
    if args.json {
        println!("{}", serde_json::json!({ "passed": count.passed, "failed": count.failed, "failures": count.failures }));
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.passed == 0 {
        bail!("no test ran");
    }
    Ok(u8::from(count.failed != 0))
}

/// The tests of the crates that build for the host. Their own lines are shown as they come.
fn host(count: &mut Count) -> Result<()> {
    // The header check needs the compiler that set-up brings.
    crate::setup::run()?;
    // The test of boot images compares them with what this reads.
    crate::setup::require("mkimage", "u-boot-tools")?;
    println!("test: crates on the host");
    let before = (count.passed, count.failed);
    let boards = ["qemu-virt", "qemu-virt-aarch64", "usbarmory-mk2", "mcimx6ullevk", "imx6ul-monitor", "normal-world", "monitor"];
    let without = boards.iter().flat_map(|board| ["--exclude", board]);
    host_tests(count, &["--workspace", "--lib", "--bins", "--tests"].into_iter().chain(without).collect::<Vec<_>>())?;
    // What the console does in images to debug with only.
    host_tests(count, &["-p", "tee-core", "--features", "debug-console", "--test", "console"])?;
    println!("test: {} passed, {} failed on the host", count.passed - before.0, count.failed - before.1);
    Ok(())
}

/// One run of cargo's tests.
fn host_tests(count: &mut Count, arguments: &[&str]) -> Result<()> {
    let failed = count.failed;
    let output = cargo(None)
        .arg("test")
        .args(arguments)
        .args(["--no-fail-fast", "--color=never"])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_dir())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    for line in text.lines() {
        if let Some(result) = line.strip_prefix("test result: ") {
            let number = |word: &str| {
                let before = result.split(word).next().unwrap_or_default();
                before.split_whitespace().last().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0)
            };
            count.passed += number(" passed");
            count.failed += number(" failed");
        } else if line.ends_with("FAILED") {
            println!("{line}");
            count.failures.push(line.trim_start_matches("test ").to_string());
        }
    }
    if !output.status.success() && count.failed == failed {
        print!("{text}");
        count.failed += 1;
        count.failures.push("the host tests do not build or did not end".into());
    }
    Ok(())
}

/// The tests in QEMU: each line `test <name> ... ok` of the guest is one.
fn target(image: &Image, count: &mut Count) -> Result<()> {
    let speakers = Speakers::new(image);
    for boot in BOOTS.iter().filter(|boot| boot.system == System::of(image)) {
        let words = boot.words.iter().map(ToString::to_string).collect();
        let machine = Machine { smp: boot.smp, cpu: boot.cpu.into(), words, ..Machine::default() };
        let (mut passed, mut failed) = (0, Vec::new());
        let mut log = String::new();
        let end = qemu::run(image, &machine, Duration::from_secs(240), |world, line| {
            let said = speakers.said(world, line);
            let _ = writeln!(log, "{:>22} | {}", said.who, said.text);
            match (world, line.split_once(" ... ")) {
                (World::Normal, Some((_, "ok"))) => passed += 1,
                (World::Normal, Some((name, why))) if why.starts_with("FAILED") => failed.push(format!("{name}: {why}")),
                _ => {}
            }
        })?;
        for wanted in SAID.iter().filter(|(name, _)| *name == boot.name).flat_map(|(_, said)| *said) {
            if !log.contains(wanted) {
                failed.push(format!("the secure world did not say \"{wanted}\""));
            }
        }
        match end {
            End::Status(0) if passed >= boot.steps => {}
            End::Status(status) if failed.is_empty() => failed.push(format!("the run ended with status {status} after {passed} steps")),
            End::Status(_) => {}
            End::Stopped(why) => failed.push(format!("the run was stopped: {why}")),
        }
        count.add(boot.name, passed, failed, &log);
    }
    Ok(())
}
