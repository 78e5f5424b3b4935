// SPDX-License-Identifier: BSD-2-Clause
//! The boards' images in QEMU: what they say while they boot, compared with a file; the demonstration and the tests of the normal
//! world; the trusted watchdog, serviced and not; reset and power off; the console.

use super::board::Board;
use super::run::words;
use super::system::{Contents, Parts};
use crate::console::golden;
use crate::disk;
use crate::image::Image;
use crate::qemu::{self, End, Machine, World};
use crate::run::Speakers;
use crate::test::Count;
use crate::tools::root;
use anyhow::{Context, Result};
use imx6ul::arguments::OPEN_FIRST;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

/// Lines of the secure world up to this one are compared with the file.
const LAST_OF_BANNER: &str = "I core: boot image: ";
/// A service of the watchdog.
const SERVICED: &str = "I board: trusted watchdog: serviced, ";
/// The warning that is not heard.
const WARNED: &str = "W board: trusted watchdog: warned, not serviced";
/// Set to write the file anew instead of comparing with it.
const BLESS: &str = "OXTEE_BLESS";
/// Services of the watchdog that a run of several of its periods sees at least.
const SERVICES: usize = 3;
/// What the normal world says of the board's lights.
const LIGHTS: &str = "  the white one is the secure world's: Denied; the blue one is lent: Done";
const NO_LIGHTS: &str = "  this board has no lights";
const LIMIT: Duration = Duration::from_secs(240);

/// What a run said, and how it ended.
struct Heard {
    secure: Vec<String>,
    normal: Vec<String>,
    log: String,
    end: End,
}

/// Boots an image and listens until it ends.
fn listen(image: &Image, board: Board, extra: &[&str]) -> Result<Heard> {
    let speakers = Speakers::new(image);
    let machine = Machine { board: Some(board), extra: extra.iter().map(ToString::to_string).collect(), ..Machine::default() };
    let (mut secure, mut normal, mut log) = (Vec::new(), Vec::new(), String::new());
    let end = qemu::run(image, &machine, LIMIT, |world, line| {
        let said = speakers.said(world, line);
        let _ = writeln!(log, "{:>22} | {}", said.who, said.text);
        match world {
            World::Secure => secure.push(line.to_string()),
            World::Normal => normal.push(line.to_string()),
        }
    })?;
    Ok(Heard { secure, normal, log, end })
}

impl Heard {
    /// Counts the steps that passed and names those that did not; `steps` have to pass at least.
    fn steps(&self, steps: usize) -> (u32, Vec<String>) {
        let outcomes = self.normal.iter().filter_map(|line| line.split_once(" ... "));
        let passed = outcomes.clone().filter(|(_, outcome)| *outcome == "ok").count();
        let mut failed: Vec<String> =
            outcomes.filter(|(_, outcome)| *outcome != "ok").map(|(name, why)| format!("{name}: {why}")).collect();
        if (self.end != End::Status(0) || passed < steps) && failed.is_empty() {
            failed.push(format!("the run ended with {:?} after {passed} steps", self.end));
        }
        (passed as u32, failed)
    }

    /// How many lines of the secure world begin so.
    fn count(&self, start: &str) -> usize {
        self.secure.iter().filter(|line| line.starts_with(start)).count()
    }
}

/// Runs them all.
///
/// # Errors
/// When something does not build, or QEMU does not start.
pub(crate) fn run(count: &mut Count) -> Result<()> {
    for board in [Board::Mcimx6ullEvk, Board::UsbArmoryMk2] {
        let parts = Parts::build(board, &Contents::debug(&[], &[], &[]))?;
        let pack = |program: &str, further: &[&str]| {
            let further: Vec<String> = further.iter().map(ToString::to_string).collect();
            parts.pack(&words(&[program.to_string()], &further), "test.imx")
        };
        demonstration(&pack("demo", &["watchdog=3,2", "watchdog-trace"])?, board, count)?;
        bites(&pack("idle", &["watchdog=3,1", "watchdog-stop"])?, board, count)?;
        // The rest is the same code on both boards.
        if board == Board::Mcimx6ullEvk {
            program(&pack("suite", &[])?, board, "suite", 1, count)?;
            program(&pack("reset", &[])?, board, "reset and off", 2, count)?;
            disk::test::run_board(count)?;
        }
        // What QEMU does not have to lend is not lent: all of it but the banner is as without the word.
        let file = format!("boards/xtask/golden/console-{}.txt", board.name());
        let machine = Machine { board: Some(board), ..Machine::default() };
        golden::run_file(&pack("idle", &[OPEN_FIRST])?, &machine, &file, &title(board, "console"), count)?;
    }
    Ok(())
}

fn title(board: Board, what: &str) -> String {
    format!("{what}, {} in QEMU", board.name())
}

/// The banner as the file has it, every step of the demonstration, and a watchdog that is serviced meanwhile.
fn demonstration(image: &Image, board: Board, count: &mut Count) -> Result<()> {
    let heard = listen(image, board, &[])?;
    let (mut passed, mut failed) = heard.steps(1);
    let end = heard.secure.iter().position(|line| line.starts_with(LAST_OF_BANNER)).map_or(heard.secure.len(), |at| at + 1);
    let banner: String = heard.secure[..end].iter().map(|line| golden::mask(line) + "\n").collect();
    let file = format!("boards/xtask/golden/{}.txt", board.name());
    let path = root().join(&file);
    if std::env::var_os(BLESS).is_some() {
        fs::write(&path, &banner)?;
    }
    if fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))? == banner {
        passed += 1;
    } else {
        failed.push(format!("the banner is not as in {file}"));
    }
    let lights = if board.description().leds { LIGHTS } else { NO_LIGHTS };
    if heard.normal.iter().any(|line| line == lights) {
        passed += 1;
    } else {
        failed.push(format!("the normal world does not say `{}`", lights.trim_start()));
    }
    match heard.count(SERVICED) {
        SERVICES.. => passed += 1,
        services => failed.push(format!("the watchdog was serviced {services} times")),
    }
    count.add(&title(board, "demonstration"), passed, failed, &heard.log);
    Ok(())
}

/// A watchdog that nobody serves resets the machine, whatever the normal world does.
fn bites(image: &Image, board: Board, count: &mut Count) -> Result<()> {
    // A reset ends QEMU, and nothing else does here.
    let heard = listen(image, board, &["-no-reboot"])?;
    let mut failed = Vec::new();
    if heard.end != End::Status(0) {
        failed.push(format!("it did not bite: {:?}", heard.end));
    }
    if heard.count(WARNED) != 1 || heard.count(SERVICED) != 0 || !heard.normal.iter().any(|line| line == "normal world: idle") {
        failed.push("it did not warn first while the normal world ran".into());
    }
    count.add(&title(board, "watchdog"), u32::from(failed.is_empty()), failed, &heard.log);
    Ok(())
}

/// A program of the normal world.
fn program(image: &Image, board: Board, what: &str, steps: usize, count: &mut Count) -> Result<()> {
    let heard = listen(image, board, &[])?;
    let (passed, failed) = heard.steps(steps);
    count.add(&title(board, what), passed, failed, &heard.log);
    Ok(())
}
