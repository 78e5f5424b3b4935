// SPDX-License-Identifier: BSD-2-Clause
//! Rows of ciphers and digests, which the TA `conformance` runs over data (`ta-examples/conformance/src/streamed.rs`).

use super::has_goals;
use crate::arch::Arch;
use std::collections::BTreeMap;

/// A row: key, what it is, goal in instructions a byte, what others need.
type Row = (&'static str, &'static str, Option<f64>, &'static str);

/// The sizes, as they end the keys.
const SIZES: [(&str, &str); 3] = [("1k", "1 KiB"), ("64k", "64 KiB"), ("1m", "1 MiB")];

/// OP-TEE's are those of the better of two builds.
const ROWS: [Row; 11] = [
    ("aes-128-cbc", "AES-128-CBC", Some(36.0), "OP-TEE 73"),
    ("aes-128-cbc-decrypt", "  decryption", None, ""),
    ("aes-256-cbc", "AES-256-CBC", None, "OP-TEE 88"),
    ("aes-128-ctr", "AES-128-CTR", None, "OP-TEE 78"),
    ("aes-128-xts", "AES-128-XTS", Some(38.0), "OP-TEE 81"),
    ("aes-128-gcm", "AES-128-GCM", Some(50.0), "OP-TEE 176"),
    ("aes-256-gcm", "AES-256-GCM", None, "OP-TEE 193"),
    ("sha-1", "SHA-1", None, "OP-TEE 37"),
    ("sha-256", "SHA-256", Some(36.0), "OP-TEE 48"),
    ("sha-512", "SHA-512", Some(55.0), "OP-TEE 88"),
    ("hmac-sha-256", "HMAC-SHA-256", None, "OP-TEE 48"),
];

/// Prints the table of what there are figures for, which are thousandths of an instruction. The goal is for the longest data.
pub(super) fn table(figures: &BTreeMap<String, u64>, arch: Arch) {
    let [short, middle, long] = SIZES.map(|(_, size)| size);
    let more = if has_goals(arch) { format!(" {:>10}  others, 1 MiB", "goal") } else { String::new() };
    println!("{:24} {short:>10} {middle:>10} {long:>10}{more}", "a byte, in a TA");
    for (key, what, goal, others) in ROWS {
        let values = SIZES.map(|(size, _)| figures.get(&format!("{key}-{size}")).map(|value| *value as f64 / 1000.0));
        if values.iter().all(Option::is_none) {
            continue;
        }
        let [short, middle, long] = values.map(|value| value.map_or(String::new(), |value| format!("{value:.1}")));
        if !has_goals(arch) {
            println!("{what:24} {short:>10} {middle:>10} {long:>10}");
            continue;
        }
        let mark = if goal.zip(values[2]).is_some_and(|(goal, value)| value > goal) { "  (missed)" } else { "" };
        let goal = goal.map_or(String::new(), |goal| format!("{goal:.0}"));
        println!("{what:24} {short:>10} {middle:>10} {long:>10} {goal:>10}  {others}{mark}");
    }
}
