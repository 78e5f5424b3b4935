// SPDX-License-Identifier: BSD-2-Clause
//! QEMU's `mcimx6ul-evk`, which stands in for both boards. It has no mask ROM: the very `.imx` is put where the ROM would load it,
//! and entered where the ROM would enter it. The DCD is not carried out; QEMU's RAM needs none.

use super::board::Board;
use super::format::Imx;
use anyhow::{Context, Result};
use drivers::imx6::map::{DDR, UART1};
use std::path::Path;
use std::process::Command;

/// The command that starts it; `serials` are those of the normal and the secure world.
///
/// # Errors
/// When the image cannot be read.
pub(crate) fn command(image: &Path, board: Board, serials: [&str; 2]) -> Result<Command> {
    let bytes = std::fs::read(image).with_context(|| format!("cannot read {}", image.display()))?;
    let imx = Imx::read(&bytes)?;
    let mut command = Command::new("qemu-system-arm");
    command.args(["-M", "mcimx6ul-evk", "-display", "none", "-monitor", "none", "-net", "none"]);
    command.args(["-m", &format!("{}M", DDR.size() >> 20)]);
    let path = image.display().to_string().replace(',', ",,");
    command.args(["-device", &format!("loader,file={path},addr={:#x},force-raw=on", imx.own)]);
    command.args(["-device", &format!("loader,addr={:#x},cpu-num=0", imx.entry)]);
    command.args(["-semihosting-config", "enable=on,target=native"]);
    // The first serial line is UART 1, the second UART 2.
    let [normal, secure] = serials;
    let lines = if board.description().console.block == UART1 { [secure, normal] } else { [normal, secure] };
    for line in lines {
        command.args(["-serial", line]);
    }
    Ok(command)
}

/// The words of an image that runs in QEMU, which the normal world ends with a status: further ones come first, so that they decide.
pub(crate) fn words(program: &[String], further: &[String]) -> Vec<String> {
    further.iter().chain(program).cloned().chain(["semihosting".into()]).collect()
}
