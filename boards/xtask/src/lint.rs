// SPDX-License-Identifier: BSD-2-Clause
//! `lint`: clippy for every crate, each for the target that it is made for.

use crate::setup;
use crate::tools::{KERNEL_TARGET, KERNEL_TARGET_A64, cargo, check, target_dir};
use anyhow::Result;

/// Runs `lint`.
pub(crate) fn lint() -> Result<u8> {
    let tools = setup::run()?;
    let deny = ["--", "-D", "warnings"];
    check(cargo(None).args(["clippy", "--quiet", "--all-targets"]).args(deny).env("CARGO_TARGET_DIR", target_dir()))?;
    let kernels = [
        "clippy",
        "--quiet",
        "--release",
        "--target",
        KERNEL_TARGET,
        "-p",
        "tee-arch",
        "-p",
        "monitor",
        "-p",
        "qemu-virt",
        "-p",
        "imx6ul-monitor",
        "-p",
        "usbarmory-mk2",
        "-p",
        "mcimx6ullevk",
        "-p",
        "normal-world",
        // With what only images to debug with have; the host's crates are looked at without.
        "--features",
        "qemu-virt/debug-console,qemu-virt/test-pta",
    ];
    check(cargo(tools.toolchain.as_deref()).args(kernels).args(deny).env("CARGO_TARGET_DIR", target_dir()))?;
    let kernels =
        ["clippy", "--quiet", "--release", "--target", KERNEL_TARGET_A64, "-p", "el3", "-p", "monitor", "-p", "qemu-virt-aarch64"];
    check(
        cargo(tools.toolchain.as_deref())
            .args(kernels)
            .args(["-p", "tee-arch", "-p", "normal-world", "--features", "qemu-virt-aarch64/debug-console,qemu-virt-aarch64/test-pta"])
            .args(deny)
            .env("CARGO_TARGET_DIR", target_dir()),
    )?;
    Ok(0)
}
