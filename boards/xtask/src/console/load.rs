// SPDX-License-Identifier: BSD-2-Clause
//! The console of a machine that is busy: commands are typed while the demonstration runs, one after the other as long as it does.
//!
//! The demonstration has to pass as it does when nobody types, each command has to be answered, and no log line may be torn.

use super::golden::{LIMIT, PROMPT};
use super::session::Session;
use crate::image::Image;
use crate::linux::boot::Lines;
use crate::qemu::{Machine, World};
use crate::test::Count;
use anyhow::Result;
use std::time::{Duration, Instant};

/// What is typed, and what has to be in the answer.
const COMMANDS: [(&[u8], &str); 3] = [(b"stackall\r", "thread 8 is this console\r\n"), (b"ta\r", "\r\nup for "), (b"log 4096\r", "\r\n")];

/// What the sleeping TA logs, a line a second.
const STEPS: [&str; 5] = ["1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5"];

/// How long the demonstration may take.
const WHOLE: Duration = Duration::from_secs(240);

/// Runs the demonstration with an operator.
///
/// # Errors
/// When the machine does not start.
pub(crate) fn run(image: &Image, smp: u32, count: &mut Count) -> Result<()> {
    let machine = Machine { smp, words: vec!["demo".into()], ..Machine::of(image) };
    let mut session = Session::start(image, &machine)?;
    let (mut normal, mut secure) = (Lines::default(), Vec::new());
    let (mut answered, mut ended, mut failed) = (0, false, Vec::new());
    // Each step of the demonstration is a test.
    let (mut steps, mut wrong) = (0, Vec::new());
    let mut passed = |lines: Vec<String>| {
        steps += lines.iter().filter(|line| line.ends_with(" ... ok")).count() as u32;
        wrong.extend(lines.iter().filter(|line| line.contains(" ... FAILED")).cloned());
        lines.iter().any(|line| line.ends_with(" passed, 0 failed"))
    };
    let start = Instant::now();
    // What is typed before the UART is set up is lost, as it would be on a board.
    while !secure.contains(&b'\n') && start.elapsed() < LIMIT {
        if let Some((World::Secure, bytes)) = session.next(Duration::from_millis(200))? {
            secure.extend(bytes);
        }
    }
    'typing: for (keys, wanted) in COMMANDS.into_iter().cycle() {
        let (typed, from) = (Instant::now(), secure.len());
        if session.press(keys).is_err() {
            break;
        }
        loop {
            match session.next(Duration::from_millis(200)) {
                Ok(Some((World::Secure, bytes))) => secure.extend(bytes),
                Ok(Some((World::Normal, bytes))) => ended |= passed(normal.push(&bytes)),
                Ok(None) => {}
                Err(_) => break 'typing,
            }
            let answer = String::from_utf8_lossy(&secure[from..]);
            if answer.split_once(wanted).is_some_and(|(_, rest)| rest.contains(PROMPT)) {
                answered += 1;
                // A person types more slowly than this still.
                std::thread::sleep(Duration::from_millis(20));
                break;
            }
            if typed.elapsed() > LIMIT || start.elapsed() > WHOLE {
                failed.push(format!("no answer to {:?}, but {answer:?}", String::from_utf8_lossy(keys)));
                break 'typing;
            }
        }
    }
    // What came after the last key that was taken.
    while let Ok(Some((world, bytes))) = session.next(Duration::from_secs(2)) {
        match world {
            World::Secure => secure.extend(bytes),
            World::Normal => ended |= passed(normal.push(&bytes)),
        }
    }
    failed.extend(wrong);
    if !ended {
        failed.push("the demonstration did not pass".into());
    }
    if answered < 2 * COMMANDS.len() {
        failed.push(format!("{answered} commands were answered"));
    }
    let text = String::from_utf8_lossy(&secure).into_owned();
    for step in STEPS {
        let whole = |line: &str| line.starts_with("[ta ") && line.ends_with(&format!("] I/TA: sleeping, step {step}"));
        // Behind what takes the typed line away.
        if !text.split("\r\n").any(|line| whole(line.rsplit("\x1b[K").next().unwrap_or(line))) {
            failed.push(format!("the line of step {step} is torn or missing"));
        }
    }
    let passed = if failed.is_empty() { 2 + STEPS.len() as u32 + steps } else { 0 };
    count.add(&format!("demonstration, console busy, {}", machine.title()), passed, failed, &text);
    Ok(())
}
