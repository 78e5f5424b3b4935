// SPDX-License-Identifier: BSD-2-Clause
//! `xtest`: OP-TEE's own test suite, as Debian builds it, with Debian's kernel, supplicant and prebuilt TAs, on our TEE, or on
//! Debian's OP-TEE (`--peer`) under the same conditions.

mod boot;
mod list;
mod output;

use self::boot::Plan;
use self::list::{List, Verdict};
use self::output::{Outcome, Run};
use super::log::Log;
use super::{Added, Guest, Release, packages, peer, rootfs};
use crate::arch::Arch;
use crate::image::{self, Image};
use crate::qemu::Machine;
use crate::test::Count;
use crate::tools::{root, target_dir};
use anyhow::{Context, Result, bail};
use clap::Parser;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// The program of the suite, below the folder of its package.
const PROGRAM: &str = "usr/bin/xtest";

/// Arguments of `xtest`.
#[derive(Parser)]
#[command(after_help = "Examples:\n  cargo xtask xtest                    everything but benchmarks: half an hour\n  \
    cargo xtask xtest 1006 4001          two cases\n  cargo xtask xtest 40 pkcs11_1001     all that begin with regression_40, and one\n  \
    cargo xtask xtest --peer 1006        the same on Debian's OP-TEE\n  \
    cargo xtask xtest --newest 1004      with the suite, TAs and libraries of Debian's unstable release\n\n\
    Cases are compared with boards/xtask/linux/xtest.list: `passes` must pass; `skips` are those of which the suite itself leaves\n\
    something out; `not-yet` says why. A case that does worse than its line, or has none, fails this command.")]
pub(crate) struct Args {
    /// Beginnings of cases: 1006 is regression_1006, 40 all of the family; pkcs11 and benchmark are the other suites.
    cases: Vec<String>,
    /// Level of the suite, 0 to 15: more of each case. The list is that of level 0.
    #[arg(long, default_value_t = 0)]
    level: u32,
    /// Runs on Debian's stock OP-TEE instead of ours.
    #[arg(long, conflicts_with = "update")]
    peer: bool,
    /// Takes OP-TEE's user space, suite and TAs from Debian's unstable release; these TAs are signed with another key.
    #[arg(long)]
    newest: bool,
    /// Prints the results as one JSON object.
    #[arg(long)]
    json: bool,
    /// Writes what is better than the list, and cases that it does not know, into the list.
    #[arg(long)]
    update: bool,
    /// CPUs.
    #[arg(long, default_value_t = 2)]
    smp: u32,
    /// CPU model: cortex-a57, cortex-a53 or max.
    #[arg(long, default_value = "cortex-a57")]
    cpu: String,
    /// MiB of normal-world RAM.
    #[arg(long, default_value_t = 1024)]
    mem: u32,
    /// Seconds that one case may take.
    #[arg(long, default_value_t = 900)]
    timeout: u64,
}

fn list_path(release: Release) -> PathBuf {
    root().join("boards/xtask/linux").join(match release {
        Release::Tested => "xtest.list",
        Release::Newest => "xtest-newest.list",
    })
}

/// The image of our TEE that trusts the keys of Debian's TAs: public test keys, so that this image is for tests alone.
fn ours(releases: &[Release]) -> Result<Image> {
    let keys: Vec<PathBuf> = releases.iter().map(|release| peer::test_key(*release)).collect::<Result<_>>()?;
    image::build(Arch::Aarch64, &[], &keys)
}

/// Runs `xtest`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let release = if args.newest { Release::Newest } else { Release::Tested };
    let suite = packages::suite(release)?;
    let all = output::cases(&fs::read(suite.join(PROGRAM)).context("the suite has no program")?);
    let cases = match output::select(&all, &args.cases) {
        Ok(cases) => cases,
        Err(word) => {
            bail!("no case begins with {word}; there are {} to {}", all.first().map_or("", |case| case), all.last().map_or("", |case| case))
        }
    };
    let mut list = List::read(&fs::read_to_string(list_path(release))?)?;
    let (image, tee) = match args.peer {
        true => (peer::image(release)?, format!("OP-TEE {}", peer::version(release))),
        false => (ours(&[release])?, "Oxtee".into()),
    };
    let machine = Machine { smp: args.smp, cpu: args.cpu.clone(), memory: args.mem, ..Machine::default() };
    let mut guest = Guest::new(&image, machine);
    guest.release = release;
    guest.folders.push(suite);
    guest.added = peer::tas(release)?;
    let folder = target_dir().join("xtest");
    fs::create_dir_all(&folder)?;
    let path = folder.join(match (args.peer, args.newest) {
        (false, false) => "log",
        (false, true) => "newest.log",
        (true, false) => "peer.log",
        (true, true) => "peer-newest.log",
    });
    let mut log = Log::to_file(&image, &path)?;
    eprintln!("xtest: {} cases, level {}, on {tee}; log: {}", cases.len(), args.level, path.display());
    let plan = Plan { cases, level: args.level, limit: args.timeout };
    let terminal = std::io::stderr().is_terminal();
    let mut runs: Vec<Run> = Vec::new();
    let begun = |case: &str| {
        if terminal {
            eprint!("{case} ...\r");
            let _ = std::io::stderr().flush();
        }
    };
    boot::run(&guest, &plan, &mut log, begun, |run| {
        let verdict = (!args.peer).then(|| list.verdict(&run));
        eprintln!("[{:>3}/{}] {}", runs.len() + 1, plan.cases.len(), line(&run, verdict, list.reason(&run.name)));
        runs.push(run);
    })?;
    let worse = |run: &&Run| match args.peer {
        true => matches!(run.outcome, Outcome::Failed(_)),
        false => matches!(list.verdict(run), Verdict::Worse | Verdict::Unlisted),
    };
    let bad: Vec<&Run> = runs.iter().filter(worse).collect();
    let better = runs.iter().filter(|run| !args.peer && list.verdict(run) == Verdict::Better).count();
    report(args, &tee, &runs, &bad);
    let status = u8::from(!bad.is_empty() && !args.update);
    if args.update {
        runs.iter().for_each(|run| list.grow(run));
        fs::write(list_path(release), list.text())?;
    } else if better > 0 {
        eprintln!("{better} do better than the list says: --update writes that into it");
    }
    Ok(status)
}

/// A case for a reader.
fn line(run: &Run, verdict: Option<Verdict>, reason: &str) -> String {
    let outcome = match &run.outcome {
        Outcome::Passed => "passed".to_string(),
        Outcome::Skips(reasons) => format!("passed, but skips: {}", reasons.join("; ")),
        Outcome::Failed(why) => format!("FAILED: {why}"),
    };
    let compared = match verdict {
        None | Some(Verdict::AsListed) if reason.is_empty() => String::new(),
        None => String::new(),
        Some(Verdict::AsListed) => format!(" (as listed: {reason})"),
        Some(Verdict::Better) => " (better than listed)".into(),
        Some(Verdict::Worse) => " (WORSE than listed)".into(),
        Some(Verdict::Unlisted) => " (not in the list)".into(),
    };
    format!("{} {outcome}, {} checks, {} s{compared}", run.name, run.subtests, run.seconds)
}

/// Counts, and the whole as JSON.
fn report(args: &Args, tee: &str, runs: &[Run], bad: &[&Run]) {
    let count = |wanted: fn(&Outcome) -> bool| runs.iter().filter(|run| wanted(&run.outcome)).count();
    let passed = count(|outcome| *outcome == Outcome::Passed);
    let skips = count(|outcome| matches!(outcome, Outcome::Skips(_)));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let checks: u32 = runs.iter().map(|run| run.subtests).sum();
    if args.json {
        let cases: Vec<_> = runs
            .iter()
            .map(|run| {
                let (outcome, reasons) = match &run.outcome {
                    Outcome::Passed => ("passed", Vec::new()),
                    Outcome::Skips(reasons) => ("skips", reasons.clone()),
                    Outcome::Failed(why) => ("failed", vec![why.clone()]),
                };
                let (checks, seconds) = (run.subtests, run.seconds);
                serde_json::json!({ "case": run.name, "outcome": outcome, "reasons": reasons, "checks": checks, "seconds": seconds })
            })
            .collect();
        let counts = serde_json::json!({ "passed": passed, "skips": skips, "failed": failed, "checks": checks });
        println!("{}", serde_json::json!({ "tee": tee, "level": args.level, "counts": counts, "cases": cases }));
    }
    for run in bad {
        eprintln!("FAILED {}", line(run, None, ""));
    }
    eprintln!("{tee}: {} cases: {passed} passed, {skips} passed but skip something, {failed} failed; {checks} checks", runs.len());
}

/// Cases that `test` leaves to this command, as they take long.
const LONG: [&str; 6] = ["pkcs11_", "regression_1013", "regression_2002", "regression_4112", "regression_60", "benchmark_"];

/// TAs of the suite that `test` takes from the newest release, so that one image loads both generations of signatures: those of
/// crypto (4000s) and of sessions between TAs.
const NEWER: [&str; 2] = ["cb3e5ba0-adf1-11e0-998b-0002a5d5c51b", "e6a33ed4-562b-463a-bb7e-ff5e15a493c8"];

fn newer_tas() -> Result<Vec<Added>> {
    let suite = packages::suite(Release::Newest)?;
    peer::test_key(Release::Newest)?;
    let ta = |uuid: &str| Added { path: format!("{}/{uuid}.ta", rootfs::TAS), from: suite.join(rootfs::TAS).join(format!("{uuid}.ta")) };
    Ok(NEWER.into_iter().map(ta).collect())
}

/// Boots Debian's Linux on our TEE and runs what must pass of the suite and does not take long, for `test`.
///
/// # Errors
/// When something is not to be had.
pub(crate) fn test(count: &mut Count) -> Result<()> {
    let newer = newer_tas();
    let image = ours(if newer.is_ok() { &[Release::Tested, Release::Newest] } else { &[Release::Tested] })?;
    let mut guest = Guest::new(&image, Machine { smp: 2, cpu: image.arch.cpu().into(), memory: 1024, ..Machine::default() });
    guest.folders.push(packages::suite(Release::Tested)?);
    guest.added = peer::tas(Release::Tested)?;
    match newer {
        Ok(tas) => guest.added.extend(tas),
        // An unstable release does without a package now and then.
        Err(error) => eprintln!("test: LEFT OUT: TAs signed with OP-TEE's newer test key: {error:#}"),
    }
    let list = List::read(&fs::read_to_string(list_path(Release::Tested))?)?;
    let short = |case: &&str| !LONG.iter().any(|long| case.starts_with(long));
    let plan = Plan { cases: list.passing().filter(short).map(String::from).collect(), level: 0, limit: 240 };
    let mut log = Log::keeping(&image)?;
    let (mut passed, mut failed) = (0, Vec::new());
    boot::run(
        &guest,
        &plan,
        &mut log,
        |_| {},
        |run| match list.verdict(&run) {
            Verdict::AsListed | Verdict::Better => passed += 1,
            verdict => failed.push(line(&run, Some(verdict), "")),
        },
    )?;
    count.add("OP-TEE's test suite in Linux, 2 × Cortex-A57", passed, failed, log.kept());
    Ok(())
}
