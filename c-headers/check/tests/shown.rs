// SPDX-License-Identifier: BSD-2-Clause
//! What is said to be tested is tested: each hole of `monitor/docs/holes.md` by the tests that it names, each function of the
//! GlobalPlatform TEE Internal Core API by a call of it.
#![allow(missing_docs)]

use c_headers_check::{compilers, kit};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Sources that try what the functions do: the checks of the TAs in C, and the tests of `libutee`.
const TRIED: &[&str] =
    &["ta-examples/conformance-c/src", "ta-examples/hello-world-c/src", "ta-examples/library-user-c", "utee-abi/user/libutee/src"];

/// The entry points of a TA.
const ENTRIES: [&str; 5] =
    ["TA_CreateEntryPoint", "TA_DestroyEntryPoint", "TA_OpenSessionEntryPoint", "TA_CloseSessionEntryPoint", "TA_InvokeCommandEntryPoint"];

fn root() -> PathBuf {
    kit().join("..")
}

/// The words of a text that may be names.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files(&entry, found);
        } else {
            found.push(entry);
        }
    }
}

/// True for sources that are nothing but tests: C of the TAs, and the modules of `libutee` that are compiled for tests alone.
fn is_test(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    path.extension().is_some_and(|extension| extension == "c") || ["tests.rs", "states.rs"].contains(&name)
}

#[test]
fn every_function_is_called_by_a_test() {
    let header = compilers()[0].run("#include <tee_internal_api.h>\n", &["-E", "-P"]).unwrap();
    let is_declared = |word: &&str| word.starts_with("TEE_") && header.contains(&format!("{word}("));
    let functions: BTreeSet<&str> = words(&header).into_iter().filter(is_declared).collect();
    assert_eq!(functions.len(), 131, "GlobalPlatform's 1.3.1 has 131 functions");
    let mut sources = Vec::new();
    for folder in TRIED {
        files(&root().join(folder), &mut sources);
    }
    let texts: Vec<String> = sources.iter().filter(|path| is_test(path)).map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let called: BTreeSet<&str> = texts.iter().flat_map(|text| words(text)).collect();
    let without: Vec<&str> = functions.into_iter().chain(ENTRIES).filter(|name| !called.contains(name)).collect();
    assert!(without.is_empty(), "no test calls {without:?}");
}

/// What stands between backquotes.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// True when a file has a test, a step of a suite or a case of this name.
fn has(text: &str, name: &str) -> bool {
    [format!("fn {name}("), format!("\"{name}\""), format!("\"{name} "), format!("void {name}(")].iter().any(|form| text.contains(form))
        || text.lines().any(|line| line.split_whitespace().next() == Some(name))
}

/// Rows of the tables of the document: their cells.
fn rows(document: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = document.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

#[test]
fn every_hole_has_the_tests_that_it_names() {
    let document = std::fs::read_to_string(root().join("monitor/docs/holes.md")).unwrap();
    let (mut holes, mut wrong) = (0, Vec::new());
    for row in rows(&document) {
        let [hole, closed, tests] = row[..] else { panic!("not three cells: {row:?}") };
        if tests == "shown by" {
            continue;
        }
        holes += 1;
        // A hole that is not there has no test, and says so.
        if tests == "-" {
            if !closed.starts_with("not here") && !closed.starts_with("not closed") {
                wrong.push(format!("{hole}: neither tested nor said to be absent or open"));
            }
            continue;
        }
        let (mut text, mut file, mut named) = (String::new(), "", 0);
        for span in spans(tests) {
            if span.contains('/') {
                (file, text) = (span, std::fs::read_to_string(root().join(span)).unwrap_or_default());
                if text.is_empty() {
                    wrong.push(format!("{hole}: there is no {span}"));
                }
            } else {
                named += 1;
                if !has(&text, span) {
                    wrong.push(format!("{hole}: no {span} in {file}"));
                }
            }
        }
        if named == 0 {
            wrong.push(format!("{hole}: names no test"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(holes > 70, "{holes}");
}
