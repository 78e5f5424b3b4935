// SPDX-License-Identifier: BSD-2-Clause
//! `bench`: what calls cost in guest instructions, beside the goals and what others need.

mod crypto;
mod streams;

use crate::arch::Arch;
use crate::client;
use crate::image::{self, Image, Kind};
use crate::linux::log::Log;
use crate::linux::{self, Guest, exec};
use crate::qemu::{self, End, Machine, World};
use crate::setup;
use crate::tools::target_dir;
use anyhow::{Result, bail};
use clap::Parser;
use std::collections::BTreeMap;
use std::time::Duration;

/// Arguments of `bench`.
#[derive(Parser)]
pub(crate) struct Args {
    /// Architecture of the secure world, whose calls are measured from our normal-world kernel.
    #[arg(long, value_enum, default_value_t, conflicts_with = "peer")]
    arch: Arch,
    /// Prints JSON instead of the table; it is written to target/bench.json (AArch64: bench-aarch64.json) in any case.
    #[arg(long)]
    json: bool,
    /// Measures calls from a Linux client as well.
    #[arg(long)]
    linux: bool,
    /// Measures calls from a Linux client on AArch64 alone: of our TEE, of Debian's OP-TEE, and the ratios.
    #[arg(long, conflicts_with = "linux")]
    peer: bool,
}

/// A row: key, what it is, goal, what others need.
type Row = (&'static str, &'static str, Option<u64>, &'static str);

const ROWS: [Row; 31] = [
    ("boot", "reset to normal-world entry", Some(1_500_000), "OP-TEE 6.9 M (to Linux entry)"),
    ("fast-smc", "fast SMC there and back (CALLS_UID)", Some(200), "OP-TEE 637 (from Linux)"),
    ("psci-version", "PSCI_VERSION there and back", None, "OP-TEE 103 (in Monitor mode)"),
    ("empty-syscall", "empty system call of a TA", Some(300), "GoTEE 1,928, OP-TEE 1,248"),
    ("invoke-noop", "no-op invoke", Some(2_500), "OP-TEE 11,400 (its core alone)"),
    ("invoke-noop-secure", "  of this, the secure world's part", None, "OP-TEE 11,900 (its core and TA)"),
    ("invoke-value", "invoke with a value in and out", None, ""),
    ("invoke-registered-4k", "invoke with 4 KiB registered memory", None, "OP-TEE 19,478 (with Linux)"),
    ("invoke-temporary-4k", "invoke with 4 KiB temporary memory", None, "OP-TEE 48,122 (with Linux)"),
    ("open-first", "open, image not verified before", None, ""),
    ("open-close-held", "open and close, TA not loaded, image held", Some(300_000), "OP-TEE 25.6 M (from the file system)"),
    ("open-close-loaded", "open and close of a loaded TA", Some(10_000), "OP-TEE 29,162 (with Linux)"),
    ("latency-noop", "longest wait of an interrupt: no-op invoke", Some(10_000), ""),
    ("latency-loaded", "  ... in a TA's system calls", Some(10_000), ""),
    ("latency-open-close", "  ... in opening and closing, TA not loaded", Some(10_000), ""),
    ("latency-share", "  ... in sharing, mapping and unsharing 16 MiB", Some(10_000), ""),
    ("linux-invoke-noop", "from Linux: no-op invoke", Some(6_000), "OP-TEE 14,824"),
    ("linux-invoke-value", "  invoke with a value in and out", None, "OP-TEE 15,149"),
    ("linux-invoke-registered-4k", "  invoke with 4 KiB registered memory", Some(7_000), "OP-TEE 19,478"),
    ("linux-invoke-temporary-4k", "  invoke with 4 KiB temporary memory", Some(25_000), "OP-TEE 48,122"),
    ("linux-invoke-registered-1m", "  invoke with 1 MiB registered memory", None, ""),
    ("linux-invoke-temporary-1m", "  invoke with 1 MiB temporary memory", None, ""),
    ("linux-register-release-4k", "  share and unshare 4 KiB", None, "OP-TEE 28,673"),
    ("linux-open-close-loaded", "  open and close of a loaded TA", Some(12_000), "OP-TEE 29,162"),
    ("linux-open-close-held", "  open and close, TA not loaded, image held", Some(300_000), ""),
    ("linux-open-first", "  open and close, image not in memory", Some(6_000_000), "OP-TEE 25.6 M"),
    ("linux-sha256-byte", "  SHA-256, thousandths a byte", Some(36_000), "OP-TEE 48,000"),
    ("linux-random-byte", "  random numbers, thousandths a byte", None, "OP-TEE 309,000"),
    ("image", "bytes of the monitor in the image", Some(286_720), "OP-TEE 280,940"),
    ("kernel-ram", "bytes of secure RAM in use when idle", None, "OP-TEE 569,344"),
    ("heap-used", "of these, kernel heap in use", None, ""),
];

/// Runs `bench`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    if args.peer {
        return linux::compare::run(args.json);
    }
    let image = image::build_for(args.arch, Kind::Plain, &[], &[])?;
    let machine = Machine { smp: 1, icount: true, words: vec!["bench".into()], ..Machine::of(&image) };
    let mut figures: BTreeMap<String, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    figures.insert("image".into(), image.monitor_size as u64);
    let end = qemu::run(&image, &machine, Duration::from_secs(900), |world, line| {
        let rest = line.split_once("bench: ").map(|(_, rest)| rest);
        match rest.and_then(|rest| rest.split_once(' ')) {
            Some(("FAILED:", why)) => failures.push(why.to_string()),
            Some((name, value)) => {
                if let Ok(value) = value.trim().parse() {
                    figures.insert(name.into(), value);
                }
            }
            None => {}
        }
        if world == World::Secure {
            kernel_ram(line, &mut figures);
        }
    })?;
    if end != End::Status(0) || !failures.is_empty() {
        bail!("the benchmark ended with {end:?} {}", failures.join("; "));
    }
    if args.linux {
        from_linux(&image, &mut figures)?;
    }
    let json = serde_json::to_string_pretty(&figures)?;
    let path = target_dir().join(match args.arch {
        Arch::Armv7a => "bench.json",
        Arch::Aarch64 => "bench-aarch64.json",
    });
    std::fs::write(&path, &json)?;
    if args.json {
        println!("{json}");
        return Ok(0);
    }
    table("guest instructions", &ROWS, &figures, args.arch);
    println!();
    table("of operations in a TA", crypto::ROWS, &figures, args.arch);
    println!();
    streams::table(&figures, args.arch);
    // On AArch64 no program tells the parts apart.
    if args.linux && args.arch == Arch::Armv7a {
        println!("\n{:44} {:>12} {:>12} {:>12}", "of these", "program", "Linux", "secure world");
        for (key, what, ..) in ROWS {
            let part = |name: &str| figures.get(&format!("{key}-{name}")).copied();
            let (Some(whole), Some(user), Some(kernel)) = (figures.get(key), part("user"), part("kernel")) else { continue };
            let secure = whole.saturating_sub(user).saturating_sub(kernel);
            println!("{what:44} {:>12} {:>12} {:>12}", grouped(user), grouped(kernel), grouped(secure));
        }
    }
    println!("written to {}", path.display());
    Ok(0)
}

/// Whether there are goals, and figures of others to compare with: they are of Armv7-A. `bench --peer` compares on AArch64.
fn has_goals(arch: Arch) -> bool {
    arch == Arch::Armv7a
}

/// Prints the rows that there are figures for.
fn table(title: &str, rows: &[Row], figures: &BTreeMap<String, u64>, arch: Arch) {
    let more = if has_goals(arch) { format!(" {:>12}  others", "goal") } else { String::new() };
    println!("{title:44} {:>12}{more}", "measured");
    for (key, what, goal, others) in rows {
        let Some(value) = figures.get(*key) else { continue };
        if !has_goals(arch) {
            println!("{what:44} {:>12}", grouped(*value));
            continue;
        }
        let goal_text = goal.map_or(String::new(), grouped);
        let mark = if goal.is_some_and(|goal| *value > goal) { "  (missed)" } else { "" };
        println!("{what:44} {:>12} {goal_text:>12}  {others}{mark}", grouped(*value));
    }
}

/// Measures what calls cost from a program in Linux.
fn from_linux(image: &Image, figures: &mut BTreeMap<String, u64>) -> Result<()> {
    let mut guest = Guest::new(image, Machine { smp: 1, icount: true, ..Machine::of(image) });
    guest.added = client::added(&client::build(&setup::run()?, image.arch, client::Set::Product)?);
    let mut output = Vec::new();
    let status = exec::run(&guest, "tee-bench --split", Duration::from_secs(900), Log::keeping(image)?, |bytes| {
        output.extend_from_slice(bytes);
        Ok(())
    })?;
    let text = String::from_utf8_lossy(&output);
    for line in text.lines().filter_map(|line| line.strip_prefix("bench: ")) {
        if let Some((name, value)) = line.split_once(' ')
            && let Ok(value) = value.trim().parse()
        {
            figures.insert(name.into(), value);
        }
    }
    if status == 0 { Ok(()) } else { bail!("the benchmark in Linux failed: {text}") }
}

/// Parts of the memory map that the kernel uses whole.
const KERNEL_PARTS: [&str; 5] =
    ["text, secure", "rodata, secure", "data, secure", "zeroed data, secure", "stacks with guard pages, secure"];

/// Adds up the kernel's memory from the lines of the banner: `<first>..<end> <rights> <name>` and the heap in use.
fn kernel_ram(line: &str, figures: &mut BTreeMap<String, u64>) {
    let Some(rest) = line.strip_prefix("I core: ") else { return };
    let range = rest.split_once(' ').and_then(|(range, rest)| Some((range.split_once("..")?, rest.split_once(' ')?.1)));
    let hex = |text| u64::from_str_radix(text, 16).unwrap_or(0);
    let bytes = match range {
        Some(((first, end), name)) if KERNEL_PARTS.contains(&name) => hex(end).saturating_sub(hex(first)),
        _ => {
            let used = rest.strip_prefix("in use: ").and_then(|rest| rest.split(' ').next()?.parse().ok());
            let Some(used) = used else { return };
            figures.insert("heap-used".into(), used);
            used
        }
    };
    *figures.entry("kernel-ram".into()).or_default() += bytes;
}

/// A number with commas.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_banner_tells_what_the_kernel_uses() {
        let mut figures = std::collections::BTreeMap::new();
        for line in [
            "I core: 000e000000..000e040000 r-x text, secure",
            "I core: 000e0b9000..000e1b9000 rw- heap, secure",
            "I core: in use: 100 of 1048576 bytes of heap, 0 of 5 bytes of TA memory",
        ] {
            super::kernel_ram(line, &mut figures);
        }
        assert_eq!((figures["kernel-ram"], figures["heap-used"]), (0x4_0000 + 100, 100));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let numbers = [0, 999, 1000, 12_345_678];
        assert_eq!(numbers.map(super::grouped), ["0", "999", "1,000", "12,345,678"]);
    }
}
