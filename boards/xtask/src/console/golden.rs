// SPDX-License-Identifier: BSD-2-Clause
//! The test of the console: keys are typed at the secure UART of a machine, and what comes is compared with a file that
//! holds both (`golden/console.txt`).
//!
//! A line `type <keys>` of the file is typed, with the names of keys as in `\e` (Escape), `^A` (Control-A), `\r` (Enter); the
//! lines after it are what has to come, up to the next prompt: a step has one Enter or Control-C, at its end. After `mask <keys>`
//! numbers are compared as `N`, and lines that are then alike as one; after `some <keys>` these lines have to be among others, and
//! none of these that tells of a hole ([`ALARMS`]) may be. Lines with `# ` at their start are remarks.

use super::session::Session;
use crate::image::Image;
use crate::linux::boot::Lines;
use crate::qemu::{Machine, World};
use crate::symbols::Symbols;
use crate::test::Count;
use crate::tools::root;
use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};

/// The file for QEMU virt.
const FILE: &str = "boards/xtask/golden/console.txt";
/// What ends the answer to a line.
pub(super) const PROMPT: &str = "\r\x1b[K> ";
/// How long an answer may take.
pub(super) const LIMIT: Duration = Duration::from_secs(60);
/// What the host's symbols have to find in the answers to these.
const NAMED: [(&[u8], &str); 2] = [(b"stack\r", "console::commands"), (b"tee\r", "demonstration::read")];
/// Words of lines by which the system says that something came through which should not.
const ALARMS: [&str; 5] = [" READ ", " GOT ", " DERIVED ", " ANOTHER ", " SOMETHING ELSE"];
/// Set to write the file anew instead of comparing with it.
const BLESS: &str = "OXTEE_BLESS";

/// A step of the file.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// As it stands in the file.
    line: String,
    keys: Vec<u8>,
    masked: bool,
    /// The lines come in any order, among others.
    some: bool,
    expected: Vec<String>,
}

/// Types the file at a machine and compares.
///
/// # Errors
/// When the file is missing or the machine does not start.
pub(crate) fn run(image: &Image, count: &mut Count) -> Result<()> {
    let machine = Machine { words: vec!["idle".into()], ..Machine::of(image) };
    run_file(image, &machine, FILE, &format!("console, {}", machine.title()), count)
}

/// Types another file at a machine, whose normal world is idle, and compares.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_file(image: &Image, machine: &Machine, file: &str, title: &str, count: &mut Count) -> Result<()> {
    let path = root().join(file);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let steps = steps(&text)?;
    let mut session = Session::start(image, machine)?;
    let mut symbols = Symbols::new(image.ta_arch.ta_directory(), image.monitor.clone());
    let (mut passed, mut failed, mut log, mut fresh) = (0, Vec::new(), String::new(), String::new());
    await_idle(&mut session)?;
    for step in &steps {
        session.press(&step.keys)?;
        let answer = match answer(&mut session) {
            Ok(answer) => answer,
            Err(error) => {
                failed.push(format!("{}: {error}", step.line));
                break;
            }
        };
        let lines = shown(&answer, step.masked);
        let alarm = lines.iter().find(|line| ALARMS.iter().any(|alarm| line.contains(alarm)) && !step.expected.contains(line));
        failed.extend(alarm.map(|line| format!("{}: {line}", step.line)));
        let lines = if step.some { step.expected.iter().filter(|line| lines.contains(line)).cloned().collect() } else { lines };
        fresh += &format!("{}\n{}", step.line, lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        log += &format!("{} gives\n{answer}\n", step.line);
        if lines == step.expected {
            passed += 1;
        } else {
            failed.push(format!("{}: not as in {file}", step.line));
        }
        let wanted = NAMED.iter().find(|(keys, _)| step.keys == *keys).map(|(_, name)| name);
        if let Some(name) = wanted {
            let named = answer.lines().flat_map(|line| symbols.line(line.trim())).any(|text| text.contains(name));
            if named { passed += 1 } else { failed.push(format!("{}: no address in {name}", step.line)) }
        }
    }
    // The last thing that is typed resets the machine.
    match session.press(b"reboot\r").and_then(|()| await_idle(&mut session)) {
        Ok(()) => passed += 1,
        Err(error) => failed.push(format!("reboot: {error}")),
    }
    if std::env::var_os(BLESS).is_some() {
        let remarks: String = text.lines().filter(|line| line.starts_with("# ")).map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, remarks + &fresh)?;
    }
    count.add(title, passed, failed, &log);
    Ok(())
}

fn await_idle(session: &mut Session) -> Result<()> {
    let (start, mut lines) = (Instant::now(), Lines::default());
    while start.elapsed() < LIMIT {
        if let Some((World::Normal, bytes)) = session.next(Duration::from_millis(200))?
            && lines.push(&bytes).iter().any(|line| line == "normal world: idle")
        {
            return Ok(());
        }
    }
    bail!("the normal world did not get idle")
}

/// What the secure world sends up to the next prompt.
fn answer(session: &mut Session) -> Result<String> {
    let (start, mut bytes) = (Instant::now(), Vec::new());
    while start.elapsed() < LIMIT {
        if let Some((World::Secure, more)) = session.next(Duration::from_millis(200))? {
            bytes.extend(more);
        }
        let entered = bytes.windows(2).any(|pair| pair == b"\r\n");
        if entered && bytes.ends_with(PROMPT.as_bytes()) {
            bytes.truncate(bytes.len() - PROMPT.len());
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    bail!("no prompt in time, but {:?}", String::from_utf8_lossy(&bytes))
}

fn steps(text: &str) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        let typed = line.split_once(' ').filter(|(word, _)| matches!(*word, "type" | "mask" | "some"));
        match (typed, steps.last_mut()) {
            (Some((word, keys)), _) => {
                steps.push(Step {
                    line: line.into(),
                    keys: keys_of(keys),
                    masked: word != "type",
                    some: word == "some",
                    expected: Vec::new(),
                });
            }
            (None, Some(step)) => step.expected.push(line.into()),
            (None, None) => bail!("the file begins with an answer"),
        }
    }
    Ok(steps)
}

/// The bytes of keys that are named.
fn keys_of(text: &str) -> Vec<u8> {
    let mut keys = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        keys.push(match byte {
            b'^' => bytes.next().map_or(byte, |letter| letter & 0x1F),
            b'\\' => match bytes.next() {
                Some(b'e') => 0x1B,
                Some(b'r') => b'\r',
                Some(b'd') => 0x7F,
                // Half of a character that is no ASCII.
                Some(b'x') => 0xC3,
                other => other.unwrap_or(byte),
            },
            _ => byte,
        });
    }
    keys
}

/// Lines as the file has them.
fn shown(answer: &str, masked: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in answer.split_terminator("\r\n") {
        let line = line.replace('\x1b', "\\e").replace('\r', "\\r").replace('\x07', "^G");
        let line = if masked { mask(&line) } else { line };
        if !(masked && lines.last() == Some(&line)) {
            lines.push(line);
        }
    }
    lines
}

/// The line with `N` for each number, and one blank for several.
pub(crate) fn mask(line: &str) -> String {
    let mut out = String::new();
    let mut number = false;
    for word in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.trim_start_matches("0x").bytes().all(|byte| byte.is_ascii_hexdigit());
        out += if is_number { "N" } else { digits };
        out += &word[digits.len()..];
        number |= is_number;
    }
    if number { out.split_whitespace().collect::<Vec<_>>().join(" ") } else { out }
}

#[cfg(test)]
mod tests {
    use super::{Step, keys_of, mask, shown, steps};

    #[test]
    fn steps_are_keys_and_what_comes_then() {
        let text = "# remark\ntype help\\r\nmd\n#0 x\nmask ^A\\e[D\\r\n";
        let step = |line: &str, keys: &[u8], masked, expected: &[&str]| Step {
            line: line.into(),
            keys: keys.into(),
            masked,
            some: false,
            expected: expected.iter().map(ToString::to_string).collect(),
        };
        let wanted = [step("type help\\r", b"help\r", false, &["md", "#0 x"]), step("mask ^A\\e[D\\r", b"\x01\x1b[D\r", true, &[])];
        assert_eq!(steps(text).unwrap(), wanted);
        assert!(steps("an answer\n").is_err());
        assert_eq!(keys_of("a\\d\\x"), [b'a', 0x7F, 0xC3]);
    }

    #[test]
    fn numbers_are_masked_and_controls_are_shown() {
        assert_eq!(mask("#0 0x0e012345 at  12.5"), "#N N at N.N");
        assert_eq!(mask("CSL add face"), "CSL add face");
        assert_eq!(shown("#0 0x1\r\n#1 0x2\r\n\r\x1b[K\x07\r\n", true), ["#N N", "\\r\\e[K^G"]);
        assert_eq!(shown("1\r\n1\r\n", false), ["1", "1"]);
    }
}
