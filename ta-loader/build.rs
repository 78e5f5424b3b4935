// SPDX-License-Identifier: BSD-2-Clause
//! Tells the tests whether the C cross compiler is there, so that those that need it are shown as ignored without it.

use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(arm_gcc)");
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rerun-if-changed=build.rs");
    let version = Command::new("arm-linux-gnueabihf-gcc").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if version.is_ok_and(|status| status.success()) {
        println!("cargo::rustc-cfg=arm_gcc");
    }
}
