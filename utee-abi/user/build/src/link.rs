// SPDX-License-Identifier: BSD-2-Clause
//! How a TA is linked (OP-TEE ABI, TA ELF and loading).

use std::path::Path;
use utee_abi::ta_head::{TA_HEAD_SYMBOL, TA_LIMITS_SYMBOL};
use utee_abi::ta_objects::ELF_PHDR_INFO_SYMBOL;

/// Width of a TA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// AArch32.
    A32,
    /// AArch64.
    A64,
}

/// The linker script, which C TAs use as well.
pub(crate) const SCRIPT: &str = include_str!("../../../../c-headers/src/ta.ld");

/// The symbols that the loader looks for, and those that OP-TEE's tools do.
pub(crate) fn dynamic_list() -> String {
    format!("{{ {ELF_PHDR_INFO_SYMBOL}; trace_ext_prefix; trace_level; {TA_HEAD_SYMBOL}; {TA_LIMITS_SYMBOL}; }};\n")
}

/// Arguments of the linker.
pub(crate) fn arguments(script: &Path, list: &Path) -> Vec<String> {
    let fixed = [
        "-pie",
        "--no-dynamic-linker",
        "-e__ta_entry",
        "--gc-sections",
        "--hash-style=both",
        "-znorelro",
        "-zmax-page-size=4096",
        "-zcommon-page-size=4096",
        "-zseparate-code",
    ];
    let files = [format!("-T{}", script.display()), format!("--dynamic-list={}", list.display())];
    fixed.into_iter().map(String::from).chain(files).collect()
}
