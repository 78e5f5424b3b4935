// SPDX-License-Identifier: BSD-2-Clause
//! What the test suite prints, and what became of a case.

/// Suites that run when none is named.
const USUAL: [&str; 2] = ["regression", "pkcs11"];
/// Suites that there are.
const SUITES: [&str; 3] = ["regression", "pkcs11", "benchmark"];

/// Names of the cases of a suite's program: they stand in it as texts, as `regression_1006`.
pub(super) fn cases(program: &[u8]) -> Vec<String> {
    let texts = program.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok());
    let mut cases: Vec<String> = texts.filter(|text| is_case(text)).map(String::from).collect();
    cases.sort();
    cases.dedup();
    cases
}

fn is_case(text: &str) -> bool {
    let Some((suite, number)) = text.split_once('_') else { return false };
    let (digits, rest) = number.split_at(number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len()));
    let rest_is_word =
        rest.is_empty() || rest.strip_prefix('_').is_some_and(|word| word.chars().all(|letter| letter.is_ascii_alphanumeric()));
    SUITES.contains(&suite) && digits.len() == 4 && rest_is_word
}

/// The suite of a case.
pub(super) fn suite(case: &str) -> &str {
    case.split_once('_').map_or(case, |(suite, _)| suite)
}

/// Those of the cases that are asked for: `1006` and `4` are the beginnings of numbers of the regression suite, everything else
/// is the beginning of a name. Nothing asked for is what the suite itself runs then, which is all but benchmarks.
///
/// # Errors
/// The first word that no case begins with.
pub(super) fn select(cases: &[String], asked: &[String]) -> Result<Vec<String>, String> {
    let begins = |case: &str, word: &str| {
        let number = word.starts_with(|letter: char| letter.is_ascii_digit());
        if number { case.strip_prefix("regression_").is_some_and(|rest| rest.starts_with(word)) } else { case.starts_with(word) }
    };
    if let Some(word) = asked.iter().find(|word| !cases.iter().any(|case| begins(case, word))) {
        return Err(word.clone());
    }
    let wanted = |case: &&String| {
        if asked.is_empty() { USUAL.contains(&suite(case)) } else { asked.iter().any(|word| begins(case, word)) }
    };
    Ok(cases.iter().filter(wanted).cloned().collect())
}

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All of it ran and is as it should be.
    Passed,
    /// What ran is as it should be, but the suite left something out, and said why.
    Skips(Vec<String>),
    /// It failed, for this reason.
    Failed(String),
}

/// A case that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its name.
    pub(super) name: String,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// Checks that it made.
    pub(super) subtests: u32,
    /// Seconds that it took, on this machine.
    pub(super) seconds: u64,
}

/// Reads the lines of one case, which the program of the suite ended with this status.
pub(super) fn read(name: &str, lines: &[String], status: &str, seconds: u64) -> Run {
    let count = |what: &str| {
        let line = lines.iter().rev().find(|line| line.contains(what) && line.contains(" of which "))?;
        let mut numbers = line.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    let (ran, checks) = (count("test case"), count("subtest"));
    let says = |end: &str| lines.iter().any(|line| line.strip_suffix(end).is_some_and(|case| case.trim() == name));
    let mut skips: Vec<String> = lines.iter().map(|line| line.trim()).filter(|line| says_skip(line)).map(String::from).collect();
    // The cases that were not asked for count as skipped as well.
    skips.retain(|line| !(line.contains(" test case") && line.ends_with(" skipped")));
    skips.dedup();
    if skips.is_empty() && checks.is_some_and(|(all, _)| all == 0) {
        // Storage that the TEE does not have, for instance: the suite says nothing of it.
        skips.push("it checked nothing".into());
    }
    let outcome = match (status, ran) {
        ("137", _) => Outcome::Failed("it did not end in time".into()),
        ("0", Some((1.., 0))) if says(" OK") && skips.is_empty() => Outcome::Passed,
        ("0", Some((1.., 0))) if says(" OK") => Outcome::Skips(skips),
        ("0", _) => Outcome::Failed("the suite does not say that it ran".into()),
        _ => Outcome::Failed(first_failure(lines).unwrap_or_else(|| format!("status {status}"))),
    };
    Run { name: name.into(), outcome, subtests: checks.map_or(0, |(all, _)| all), seconds }
}

/// Whether the suite says in this line that it leaves something out.
fn says_skip(line: &str) -> bool {
    line.to_lowercase().contains("skip") || line.starts_with("Ignore test")
}

/// Letters of a reason at most.
const REASON: usize = 160;

/// The first line that says what is not as it should be: `<file>:<line>: <what>`, or something that could not be done.
fn first_failure(lines: &[String]) -> Option<String> {
    let place = |line: &&String| line.split_once(": ").is_some_and(|(place, _)| place.contains(".c:"));
    let line = lines.iter().find(place).or_else(|| lines.iter().find(|line| line.contains("rror") || line.contains("ailed")))?;
    let text = line.trim();
    // A place is a long path of the machine that built it.
    let text = text.find(".c:").map_or(text, |at| &text[text[..at].rfind('/').map_or(0, |slash| slash + 1)..]);
    Some(text.chars().take(REASON).collect())
}

#[cfg(test)]
mod tests {
    use super::{Outcome, cases, read, select};

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(String::from).collect()
    }

    #[test]
    fn cases_stand_in_the_program() {
        let program = b"\x7fELF\0regression_4007_dh\0regression_1006\0regression_\0pkcs11_1000\0regression_1006\0x regression_1001\0regression_10067\0";
        let found = cases(program);
        assert_eq!(found, ["pkcs11_1000", "regression_1006", "regression_4007_dh"]);
        let asked = |words: &[&str]| select(&found, &words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(asked(&["4"]).unwrap(), ["regression_4007_dh"]);
        assert_eq!(asked(&["pkcs11", "1006"]).unwrap(), ["pkcs11_1000", "regression_1006"]);
        assert_eq!(asked(&[]).unwrap().len(), 3);
        assert_eq!(asked(&["1006", "5000"]), Err("5000".into()));
    }

    #[test]
    fn a_case_passes_skips_or_fails() {
        let good = lines(
            "* regression_1006 Secure Storage\n  regression_1006 OK\n+---\n70 subtests of which 0 failed\n\
            1 test case of which 0 failed\n107 test cases were skipped\nTEE test application done!",
        );
        let run = read("regression_1006", &good, "0", 3);
        assert_eq!((run.outcome, run.subtests, run.seconds), (Outcome::Passed, 70, 3));
        let skipped = lines(
            "* regression_1001 Core\n - 1001 -   skip test, pseudo TA not found\n  regression_1001 OK\n\
            1 subtest of which 0 failed\n1 test case of which 0 failed",
        );
        assert_eq!(
            read("regression_1001", &skipped, "0", 0).outcome,
            Outcome::Skips(vec!["- 1001 -   skip test, pseudo TA not found".into()])
        );
        let bad = lines(
            "/build/host/xtest/regression_1000.c:12: res has an unexpected value\n\
            regression_1006 FAILED\n1 test case of which 1 failed",
        );
        assert_eq!(
            read("regression_1006", &bad, "255", 0).outcome,
            Outcome::Failed("regression_1000.c:12: res has an unexpected value".into())
        );
        assert_eq!(read("regression_1006", &good, "137", 0).outcome, Outcome::Failed("it did not end in time".into()));
        let nothing = lines("regression_1006 OK\n0 subtests of which 0 failed\n1 test case of which 0 failed");
        assert_eq!(read("regression_1006", &nothing, "0", 0).outcome, Outcome::Skips(vec!["it checked nothing".into()]));
        // The suite ends well as well when no case has the name that it was given.
        let none = lines("0 subtests of which 0 failed\n0 test cases of which 0 failed");
        assert!(matches!(read("regression_1006", &none, "0", 0).outcome, Outcome::Failed(_)));
        assert!(matches!(read("regression_1007", &good, "0", 0).outcome, Outcome::Failed(_)));
    }
}
