// SPDX-License-Identifier: BSD-2-Clause
//! The list of cases: which must pass, and why others do not yet.

use super::output::{Outcome, Run};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is expected of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// It fails, or was not looked at.
    NotYet,
    /// It passes, but the suite leaves something out.
    Skips,
    /// All of it must pass.
    Passes,
}

impl State {
    const NAMES: [(Self, &str); 3] = [(Self::NotYet, "not-yet"), (Self::Skips, "skips"), (Self::Passes, "passes")];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passes,
            Outcome::Skips(_) => Self::Skips,
            Outcome::Failed(_) => Self::NotYet,
        }
    }
}

/// How a case compares with the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it stands there.
    AsListed,
    /// More passes than the list asks for.
    Better,
    /// The list asks for more.
    Worse,
    /// The list does not know it.
    Unlisted,
}

/// The list: `<case> <state> <reason>` in each line, the reason for every state but `passes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    /// Comments at the start.
    head: String,
    cases: BTreeMap<String, (State, String)>,
}

impl List {
    /// Reads it.
    ///
    /// # Errors
    /// The first line that is not in order.
    pub(super) fn read(text: &str) -> Result<Self> {
        let mut list = Self { head: String::new(), cases: BTreeMap::new() };
        for line in text.lines() {
            if line.starts_with('#') || line.is_empty() {
                list.head += &format!("{line}\n");
                continue;
            }
            let mut words = line.splitn(3, ' ');
            let (case, state) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let reason = words.next().unwrap_or_default().trim();
            let state = State::NAMES.iter().find(|(_, name)| *name == state).map(|(state, _)| *state);
            let state = state.with_context(|| format!("the list of cases has no such state: {line}"))?;
            if (state == State::Passes) != reason.is_empty() {
                bail!("a reason belongs to every case that does not pass, and to no other: {line}");
            }
            if list.cases.insert(case.into(), (state, reason.into())).is_some() {
                bail!("the list has {case} twice");
            }
        }
        Ok(list)
    }

    /// Cases of which everything must pass.
    pub(super) fn passing(&self) -> impl Iterator<Item = &str> {
        self.cases.iter().filter(|(_, (state, _))| *state == State::Passes).map(|(case, _)| case.as_str())
    }

    /// Why a case does not pass, as the list says.
    pub(super) fn reason(&self, case: &str) -> &str {
        self.cases.get(case).map_or("", |(_, reason)| reason)
    }

    /// Compares a case that was run.
    pub(super) fn verdict(&self, run: &Run) -> Verdict {
        let now = State::of(&run.outcome);
        match self.cases.get(&run.name) {
            None => Verdict::Unlisted,
            Some((state, _)) if now == *state => Verdict::AsListed,
            Some((state, _)) if now > *state => Verdict::Better,
            Some(_) => Verdict::Worse,
        }
    }

    /// Takes what is better than the list, and what it does not know; nothing else changes.
    pub(super) fn grow(&mut self, run: &Run) {
        if matches!(self.verdict(run), Verdict::Better | Verdict::Unlisted) {
            let reason = match &run.outcome {
                Outcome::Passed => String::new(),
                Outcome::Skips(reasons) => reasons.join("; "),
                Outcome::Failed(why) => why.clone(),
            };
            self.cases.insert(run.name.clone(), (State::of(&run.outcome), reason));
        }
    }

    /// The list as a text.
    pub(super) fn text(&self) -> String {
        let mut text = self.head.clone();
        for (case, (state, reason)) in &self.cases {
            let _ = writeln!(text, "{}", format!("{case} {} {reason}", state.name()).trim_end());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{List, Outcome, Run, Verdict};

    const LIST: &str = include_str!("../../../linux/xtest.list");

    fn run(name: &str, outcome: Outcome) -> Run {
        Run { name: name.into(), outcome, subtests: 1, seconds: 0 }
    }

    #[test]
    fn the_list_in_the_tree_is_in_order() {
        let list = List::read(LIST).unwrap();
        assert_eq!(list.text(), LIST, "cases are in the order of their names");
        assert!(list.passing().next().is_some());
    }

    #[test]
    fn a_list_only_grows() {
        let mut list = List::read("# head\na passes\nb skips no such TA\nc not-yet its algorithm is not there\n").unwrap();
        let failed = || Outcome::Failed("why".into());
        let skips = || Outcome::Skips(vec!["x".into()]);
        let verdicts = [
            ("a", Outcome::Passed),
            ("a", skips()),
            ("b", failed()),
            ("b", Outcome::Passed),
            ("c", failed()),
            ("c", skips()),
            ("d", failed()),
        ]
        .map(|(name, outcome)| run(name, outcome))
        .map(|run| {
            let verdict = list.verdict(&run);
            list.grow(&run);
            verdict
        });
        use Verdict::{AsListed, Better, Unlisted, Worse};
        assert_eq!(verdicts, [AsListed, Worse, Worse, Better, AsListed, Better, Unlisted]);
        assert_eq!(list.text(), "# head\na passes\nb passes\nc skips x\nd not-yet why\n");
        for bad in ["a passes because\n", "a not-yet\n", "a maybe\n", "a passes\na passes\n"] {
            assert!(List::read(bad).is_err(), "{bad}");
        }
    }
}
