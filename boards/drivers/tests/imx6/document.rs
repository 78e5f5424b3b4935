// SPDX-License-Identifier: BSD-2-Clause
//! The table of the lock-down in the documents, against the registers of a model that was locked down.
//!
//! `BLESS=1 cargo test -p drivers --test imx6 document` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use drivers::imx6::audit::{Finding, audit};
use drivers::imx6::csu::Access;
use drivers::imx6::lockdown::{Policy, lock_down};
use drivers::imx6::part::Part;
use drivers::imx6::table::Table;

use super::machine::{Fuses, Machine};
use super::model::Actor;
use super::{policy, windows};

const BEGIN: &str = "<!-- the lock-down's table begins -->\n";
const END: &str = "<!-- the lock-down's table ends -->\n";

/// What is found on a part that was locked down without a grant.
fn findings(part: Part) -> Vec<Finding> {
    let windows = windows();
    let policy = Policy { part, table: Table::DENY, ..policy(&windows) };
    let machine = Machine::new(Fuses::new(part));
    let bus = machine.view(Actor::SecureCpu);
    lock_down(&bus, &policy).unwrap();
    let mut all = Vec::new();
    assert_eq!(audit(&bus, &policy, |finding| all.push(*finding)), 0);
    all
}

fn table() -> String {
    let mut out = String::from("\n| register | what | value | of | why |\n| --- | --- | --- | --- | --- |\n");
    let rows = Table::DENY;
    let csl = rows.rows().iter().filter(|row| row.name != "-");
    let names: BTreeMap<&str, bool> = csl.clone().map(|row| (row.name, row.never)).collect();
    let mut lines = Vec::new();
    let parts = [(Part::Ull, "6ULL, 6ULZ"), (Part::Ul, "6UL")].map(|(part, name)| (findings(part), name));
    for finding in parts.iter().flat_map(|(findings, _)| findings) {
        let on = parts.iter().filter(|(findings, _)| findings.contains(finding)).map(|(_, name)| *name);
        let on: Vec<&str> = on.collect();
        let only = if on.len() == parts.len() { String::new() } else { format!(" ({} only)", on.join(", ")) };
        // A slot that is known, and one that no board may grant.
        let slot = finding.register.address() < 0x021C_00A0 && finding.register.address() >= 0x021C_0000;
        if slot && finding.name == "-" || finding.name == "no window" {
            continue;
        }
        let never = if slot && names.get(finding.name) == Some(&true) { "; never granted" } else { "" };
        let line = format!(
            "| {} | {}{only} | `{:#010x}` | `{:#010x}` | {}{never} |",
            finding.register, finding.name, finding.expected, finding.mask, finding.reason
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    for line in lines {
        writeln!(out, "{line}").unwrap();
    }
    out.push('\n');
    out
}

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../monitor/docs/imx6-lockdown.md")
}

#[test]
fn the_document_has_the_table_of_the_code() {
    let text = std::fs::read_to_string(path()).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the table's beginning is marked");
    let (found, after) = rest.split_once(END).expect("its end is marked");
    let expected = table();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path(), [before, BEGIN, &expected, END, after].concat()).unwrap();
        return;
    }
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert_eq!(differs, None, "BLESS=1 writes the table anew");
    assert_eq!(found, expected, "BLESS=1 writes the table anew");
}

/// The table is worth something only if it names every register: each slot that has a name, each stage of the lock-down.
#[test]
fn the_table_names_everything_that_is_set() {
    let text = table();
    for row in Table::DENY.rows().iter().filter(|row| row.name != "-") {
        assert!(text.contains(&format!("| {} | `", row.name)), "{} is missing", row.name);
        assert_eq!(row.access, Access::SecurePrivileged);
    }
    for name in [
        "SA (6UL only)",
        "SA (6ULL, 6ULZ only)",
        "GPR1",
        "GPR9",
        "GPR10",
        "ACTION",
        "region 0",
        "window",
        "LOCKDOWN_RANGE",
        "WDOG2",
        "CAAM (6UL only)",
    ] {
        assert!(text.contains(&format!("| {name} | `")), "{name} is missing");
    }
    assert!(text.lines().filter(|line| line.ends_with("; never granted |")).count() >= 17);
}
